//! The embedded default: a private PostgreSQL cluster that lives with the program.
//!
//! No TCP, scram with a secret of mode 0600, UTF-8, a socket in a short folder (its path is limited to
//! 107 bytes). Started as an unprivileged user when the program runs as root. A cluster left by a killed
//! run is adopted. *Not here*: what is inside the database (`migrate.rs`).

use std::fs::{self, File, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use tokio_postgres::Config;

use crate::config::limit;
use crate::error::{Error, Result};

const SOCKET_PATH_MAX: usize = 107;
const SOCKET_NAME: &str = "/.s.PGSQL.5432";

/// The installed PostgreSQL programs.
#[derive(Debug, Clone)]
pub struct Programs {
    bin: PathBuf,
    /// Major version.
    pub version: u32,
}

impl Programs {
    /// The newest installed PostgreSQL ≥ 15 that has PostGIS.
    ///
    /// # Errors
    /// [`Error::Operator`] with the command that installs it.
    pub fn find() -> Result<Self> {
        let mut found: Vec<Self> = fs::read_dir("/usr/lib/postgresql")
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|entry| {
                let version: u32 = entry.file_name().to_str()?.parse().ok()?;
                Some(Self { bin: entry.path().join("bin"), version })
            })
            .filter(|programs| programs.version >= 15 && programs.bin.join("initdb").exists())
            .filter(|programs| {
                let shared = format!("/usr/share/postgresql/{}", programs.version);
                Path::new(&shared).join("extension/postgis.control").exists()
            })
            .collect();
        found.sort_by_key(|programs| programs.version);
        found.pop().ok_or_else(|| {
            Error::Operator(
                "PostgreSQL ≥ 15 with PostGIS is not installed. On Debian 12: \
                 apt-get install postgresql-15-postgis-3; on Ubuntu 24.04: \
                 apt-get install postgresql-16-postgis-3. Or set DATABASE_URL."
                    .into(),
            )
        })
    }

    fn command(&self, name: &str, user: Option<(u32, u32)>) -> Command {
        let mut command = Command::new(self.bin.join(name));
        command.current_dir("/").env_clear().env("PATH", "/usr/bin:/bin").env("LC_ALL", "C.UTF-8");
        if let Some((uid, gid)) = user {
            command.uid(uid).gid(gid);
        }
        command
    }
}

/// A running private cluster.
pub struct Cluster {
    programs: Programs,
    dir: PathBuf,
    data: PathBuf,
    /// Whom the cluster runs as, when not as us.
    user: Option<(u32, u32)>,
    socket: PathBuf,
    secret: String,
    /// Held by the one program that owns the cluster's life; a guest has none.
    lock: Option<File>,
}

impl Cluster {
    /// Starts or joins the cluster of a folder. The first to come owns its life; a later one (an import
    /// beside a running server) is a guest.
    ///
    /// # Errors
    /// [`Error::Operator`] with what to do.
    pub async fn open(dir: &Path) -> Result<Self> {
        let programs = Programs::find()?;
        let user = unprivileged()?;
        fs::create_dir_all(dir).map_err(|error| {
            Error::Operator(format!("DATA_DIR {} cannot be made: {error}", dir.display()))
        })?;
        let dir = fs::canonicalize(dir)?;
        if user.is_some() {
            reachable(&dir)?;
        }
        let lock = File::create(dir.join("lock"))?;
        let owner = flock(&lock, FlockOperation::NonBlockingLockExclusive).is_ok();
        let secret = secret(&dir)?;
        let socket = socket_dir(&dir, user)?;
        let data = dir.join("postgres");
        let mut cluster = Self { programs, dir, data, user, socket, secret, lock: None };
        if owner {
            cluster.lock = Some(lock);
            if !cluster.data.join("PG_VERSION").exists() {
                cluster.init()?;
            }
            cluster.start().await?;
        }
        cluster.answers().await?;
        Ok(cluster)
    }

    /// Whether this program owns the cluster's life.
    pub fn is_owner(&self) -> bool {
        self.lock.is_some()
    }

    /// Connection settings of a role in a database.
    pub fn config(&self, user: &str, database: &str) -> Config {
        let mut config = Config::new();
        config.host_path(&self.socket).user(user).password(&self.secret).dbname(database);
        config.connect_timeout(limit::POOL_WAIT);
        config
    }

    /// The administrator, in the city's database; made on the first start.
    ///
    /// # Errors
    /// [`Error::Operator`].
    pub async fn admin_config(&self) -> Result<Config> {
        let client = super::connect(&self.config("imgis_admin", "postgres")).await?;
        let there = "select from pg_database where datname = 'imgis'";
        if client.query_opt(there, &[]).await?.is_none() {
            client.batch_execute("create database imgis").await?;
        }
        Ok(self.config("imgis_admin", "imgis"))
    }

    /// Lets `imgis_server` sign in with the cluster's secret (after the roles were made).
    ///
    /// # Errors
    /// As any statement.
    pub async fn admit_server(&self) -> Result<Config> {
        let client = super::connect(&self.config("imgis_admin", "imgis")).await?;
        let password = super::literal(&self.secret);
        client.batch_execute(&format!("alter role imgis_server login password {password}")).await?;
        Ok(self.config("imgis_server", "imgis"))
    }

    /// Starts a postmaster that died under the program anew, for as long as it owns the cluster.
    pub async fn keep(&self) {
        while self.lock.is_some() {
            tokio::time::sleep(limit::CLUSTER_WATCH).await;
            if self.postmaster().is_none() {
                tracing::warn!("PostgreSQL has ended; starting it again");
                if let Err(error) = self.start().await {
                    tracing::error!(%error, "PostgreSQL does not start again");
                }
            }
        }
        std::future::pending().await
    }

    /// Stops the cluster if this program owns it: connections are ended, nothing is lost.
    pub async fn stop(self) {
        if self.lock.is_none() {
            return;
        }
        let Some(pid) = self.postmaster() else { return };
        let _ = kill_process(pid, Signal::INT);
        let until = Instant::now() + Duration::from_secs(30);
        while self.postmaster().is_some() && Instant::now() < until {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// The living postmaster of this data folder, by its pid file.
    fn postmaster(&self) -> Option<Pid> {
        let text = fs::read_to_string(self.data.join("postmaster.pid")).ok()?;
        let pid = Pid::from_raw(text.lines().next()?.trim().parse().ok()?)?;
        test_kill_process(pid).ok()?;
        let status = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).ok()?;
        if status.rsplit(')').next()?.trim_start().starts_with('Z') {
            return None; // ended, not yet waited for
        }
        let cwd = fs::read_link(format!("/proc/{}/cwd", pid.as_raw_nonzero())).ok()?;
        (cwd == self.data).then_some(pid)
    }

    fn init(&self) -> Result<()> {
        let (dir, user) = (&self.dir, self.user);
        tracing::info!(folder = %dir.display(), "making a private PostgreSQL cluster");
        let fresh = dir.join("postgres.new");
        if fresh.exists() {
            fs::remove_dir_all(&fresh)?; // an interrupted first start
        }
        fs::create_dir(&fresh)?;
        let password = dir.join("postgres.pw");
        write_private(&password, &self.secret)?;
        if let Some((uid, gid)) = user {
            chown(&fresh, Some(uid), Some(gid))?;
            chown(&password, Some(uid), Some(gid))?;
        }
        let output = self
            .programs
            .command("initdb", user)
            .arg("--pgdata")
            .arg(&fresh)
            .args(["--encoding=UTF8", "--locale=C.UTF-8", "--username=imgis_admin"])
            .args(["--auth=scram-sha-256", "--data-checksums", "--no-instructions"])
            .arg("--pwfile")
            .arg(&password)
            .output()?;
        fs::remove_file(&password)?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            return Err(Error::Operator(format!("initdb failed: {said}")));
        }
        let main = fresh.join("postgresql.conf");
        let mut text = fs::read_to_string(&main)?;
        text.push_str("\ninclude_if_exists = 'imgis.conf'  # written anew at every start\n");
        fs::write(&main, text)?;
        fs::rename(fresh, &self.data)?;
        Ok(())
    }

    async fn start(&self) -> Result<()> {
        if self.postmaster().is_some() {
            tracing::info!("a running cluster of an earlier run is adopted");
            return Ok(());
        }
        fs::write(self.data.join("imgis.conf"), self.settings())?;
        let pid_file = self.data.join("postmaster.pid");
        if pid_file.exists() {
            fs::remove_file(&pid_file)?; // nobody of that number serves this folder
        }
        let until = Instant::now() + limit::CLUSTER_START;
        let log_file = self.dir.join("postgres.log");
        loop {
            let log = File::options().create(true).append(true).open(&log_file)?;
            let mut child = self
                .programs
                .command("postgres", self.user)
                .arg("-D")
                .arg(&self.data)
                .stdin(Stdio::null())
                .stdout(log.try_clone()?)
                .stderr(log)
                .process_group(0)
                .spawn()?;
            tokio::time::sleep(Duration::from_millis(150)).await;
            while self.try_connect().await.is_err() && child.try_wait()?.is_none() {
                if Instant::now() > until {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            if child.try_wait()?.is_none() {
                tokio::task::spawn_blocking(move || child.wait());
                return Ok(());
            }
            if Instant::now() > until {
                let last = fs::read_to_string(&log_file).unwrap_or_default();
                let last: Vec<&str> = last.lines().rev().take(5).collect();
                return Err(Error::Operator(format!(
                    "PostgreSQL does not start; the end of {}:\n{}",
                    log_file.display(),
                    last.into_iter().rev().collect::<Vec<_>>().join("\n")
                )));
            }
            // Backends of a killed postmaster may hold the shared memory for a moment more.
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }

    async fn try_connect(&self) -> Result<()> {
        let config = self.config("imgis_admin", "postgres");
        config.connect(tokio_postgres::NoTls).await.map(drop).map_err(Error::internal)
    }

    async fn answers(&self) -> Result<()> {
        let until = Instant::now() + limit::CLUSTER_START;
        loop {
            match self.try_connect().await {
                Ok(()) => return Ok(()),
                Err(error) if Instant::now() > until => return Err(error),
                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        }
    }

    /// Settings for this machine. Memory: a quarter for shared buffers, at most 2 GB.
    fn settings(&self) -> String {
        let memory_mb = fs::read_to_string("/proc/meminfo")
            .ok()
            .and_then(|text| text.split_whitespace().nth(1)?.parse::<u64>().ok())
            .map_or(2048, |kb| kb / 1024);
        let shared = (memory_mb / 4).clamp(64, 2048);
        let cores = std::thread::available_parallelism().map_or(2, |n| n.get());
        format!(
            "listen_addresses = ''\n\
             unix_socket_directories = '{}'\n\
             unix_socket_permissions = 0700\n\
             max_connections = 60\n\
             shared_buffers = {shared}MB\n\
             effective_cache_size = {}MB\n\
             work_mem = 16MB\n\
             maintenance_work_mem = {}MB\n\
             max_wal_size = 4GB\n\
             checkpoint_timeout = 15min\n\
             wal_compression = on\n\
             random_page_cost = 1.1\n\
             effective_io_concurrency = 100\n\
             max_worker_processes = {}\n\
             max_parallel_workers_per_gather = 0\n\
             jit = off\n\
             timezone = 'UTC'\n\
             log_timezone = 'UTC'\n\
             log_line_prefix = '%m [%p] '\n",
            self.socket.display(),
            memory_mb / 2,
            (memory_mb / 16).clamp(64, 1024),
            cores.max(2) * 2,
        )
    }
}

/// The user that runs the cluster: none of our choosing unless we are root.
fn unprivileged() -> Result<Option<(u32, u32)>> {
    if !rustix::process::geteuid().is_root() {
        return Ok(None);
    }
    let passwd = fs::read_to_string("/etc/passwd")?;
    let user = passwd.lines().find_map(|line| {
        let parts: Vec<&str> = line.split(':').collect();
        (parts.first() == Some(&"postgres"))
            .then(|| Some((parts.get(2)?.parse().ok()?, parts.get(3)?.parse().ok()?)))
            .flatten()
    });
    user.map(Some).ok_or_else(|| {
        Error::Operator(
            "PostgreSQL refuses to run as root and there is no user `postgres`: \
             adduser --system --group postgres"
                .into(),
        )
    })
}

/// Every folder above must let the unprivileged user through.
fn reachable(dir: &Path) -> Result<()> {
    fs::set_permissions(dir, Permissions::from_mode(0o755))?;
    for folder in dir.ancestors() {
        if fs::metadata(folder)?.mode() & 0o001 == 0 {
            return Err(Error::Operator(format!(
                "the user `postgres`, which runs the cluster, cannot enter {}: set DATA_DIR to \
                 another folder, e.g. /var/lib/imgis",
                folder.display()
            )));
        }
    }
    Ok(())
}

fn secret(dir: &Path) -> Result<String> {
    let file = dir.join("secret");
    if let Ok(text) = fs::read_to_string(&file)
        && !text.trim().is_empty()
    {
        return Ok(text.trim().to_string());
    }
    let mut random = [0u8; 24];
    std::io::Read::read_exact(&mut File::open("/dev/urandom")?, &mut random)?;
    let text: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
    write_private(&file, &text)?;
    Ok(text)
}

fn write_private(file: &Path, text: &str) -> Result<()> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let _ = fs::remove_file(file);
    let mut open = File::options().write(true).create_new(true).mode(0o600).open(file)?;
    open.write_all(text.as_bytes())?;
    Ok(open.sync_all()?)
}

/// A folder for the socket whose path stays within the limit of the operating system.
fn socket_dir(dir: &Path, user: Option<(u32, u32)>) -> Result<PathBuf> {
    let mut socket = dir.join("run");
    if socket.as_os_str().len() + SOCKET_NAME.len() > SOCKET_PATH_MAX {
        let hash = xxhash_rust::xxh3::xxh3_64(dir.as_os_str().as_encoded_bytes());
        socket = PathBuf::from(format!("/tmp/imgis-{hash:016x}"));
    }
    fs::create_dir_all(&socket)?;
    let meta = fs::symlink_metadata(&socket)?;
    let ours = [Some(rustix::process::geteuid().as_raw()), user.map(|(uid, _)| uid)];
    if !meta.is_dir() || !ours.contains(&Some(meta.uid())) {
        let text = format!("{} belongs to another user", socket.display());
        return Err(Error::Operator(text));
    }
    if let Some((uid, gid)) = user {
        chown(&socket, Some(uid), Some(gid))?;
    }
    fs::set_permissions(&socket, Permissions::from_mode(0o700))?;
    Ok(socket)
}
