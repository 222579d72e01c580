//! The embedded cluster: its life belongs to the server, and a killed server is no loss. fsync stays on.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::office::root;

/// A server of its own, and the folder of its cluster.
pub struct House {
    pub data: PathBuf,
    port: u16,
}

impl House {
    pub fn new(name: &str) -> Self {
        let data = std::env::temp_dir().join(format!("imgis-house-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&data);
        let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = free.local_addr().expect("an address").port();
        Self { data, port }
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_imgis"));
        command
            .args(args)
            .current_dir("/")
            .env_remove("DATABASE_URL")
            .env_remove("DATABASE_OWNER_URL")
            .env("IMGIS_CITY", root().join("data/municipality.toml"))
            .env("DATA_DIR", &self.data)
            .env("PORT", self.port.to_string())
            .stdin(Stdio::null());
        command
    }

    pub fn serves(&self) -> Server {
        self.starts(&mut self.command(&["serve"]))
    }

    pub fn starts(&self, command: &mut Command) -> Server {
        let child = command.stdout(Stdio::null()).spawn().expect("a server");
        let mut server = Server(child);
        until("the server is ready", || {
            assert!(server.0.try_wait().expect("a state").is_none(), "the server ended");
            self.is_ready()
        });
        server
    }

    /// A second process over the same database, reached by its URL, behind a port of its own.
    fn second(&self) -> (Self, Server) {
        let second = Self::new("second");
        let url = self.url("imgis_server");
        let server = second.starts(second.command(&["serve"]).env("DATABASE_URL", url));
        (second, server)
    }

    fn imports(&self, layer: &str, geojson: &str) {
        let file = self.data.join("some.geojson");
        std::fs::write(&file, geojson).expect("a file");
        let file = file.to_str().expect("text");
        let imported =
            self.command(&["import", file, "--layer", layer]).output().expect("an import");
        assert!(imported.status.success(), "{}", String::from_utf8_lossy(&imported.stderr));
        assert!(String::from_utf8_lossy(&imported.stdout).contains("(1 new, 0 changed)"));
    }

    fn is_ready(&self) -> bool {
        self.get("/readyz").starts_with("HTTP/1.1 200")
    }

    pub fn get(&self, path: &str) -> String {
        self.send("GET", path, "")
    }

    /// The whole answer; empty: nobody answers.
    pub fn send(&self, method: &str, path: &str, body: &str) -> String {
        use std::io::{Read, Write};
        let Ok(mut stream) = std::net::TcpStream::connect(("127.0.0.1", self.port)) else {
            return String::new();
        };
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
             Content-Type: application/geo+json\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        let mut answer = Vec::new();
        if stream.write_all(request.as_bytes()).is_ok() {
            let _ = stream.read_to_end(&mut answer);
        }
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// Tag and body of a tile; none while nothing is drawn.
    pub fn tile(&self, path: &str) -> Option<(String, String)> {
        let answer = self.get(path);
        let (head, body) = answer.split_once("\r\n\r\n")?;
        let etag = head.lines().find(|line| line.to_lowercase().starts_with("etag:"))?;
        head.starts_with("HTTP/1.1 200").then(|| (etag.to_string(), body.to_string()))
    }

    /// How a role reaches the cluster.
    pub fn url(&self, role: &str) -> String {
        let secret = std::fs::read_to_string(self.data.join("secret")).expect("a secret");
        let run = self.data.join("run");
        format!("host={} user={role} password={secret} dbname=imgis", run.display())
    }

    pub fn postmaster(&self) -> Option<i32> {
        let text = std::fs::read_to_string(self.data.join("postgres/postmaster.pid")).ok()?;
        let pid: i32 = text.lines().next()?.trim().parse().ok()?;
        Path::new(&format!("/proc/{pid}")).exists().then_some(pid)
    }
}

impl Drop for House {
    fn drop(&mut self) {
        if let Some(pid) = self.postmaster() {
            kill(pid, "-INT");
            std::thread::sleep(Duration::from_secs(1));
        }
        let _ = std::fs::remove_dir_all(&self.data);
    }
}

/// A server process; it does not outlive a test that fails.
pub struct Server(Child);

impl Server {
    pub fn is_told(&self, signal: &str) {
        kill(self.0.id() as i32, signal);
    }

    pub fn ends(&mut self) {
        until("the server ends", || self.0.try_wait().expect("a state").is_some());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn kill(pid: i32, signal: &str) {
    let _ = Command::new("kill").args([signal, &pid.to_string()]).status();
}

const KIOSK: &str = r#"{"type":"FeatureCollection","features":[{"type":"Feature",
    "properties":{"kind":"x"},"geometry":{"type":"Point","coordinates":[49.11,55.8]}}]}"#;

/// Waits for something, with a generous guard.
pub fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(60);
    while !holds() {
        assert!(Instant::now() < end, "{what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn two_server_processes_on_one_database_give_equal_tiles_under_equal_tags() {
    let house = House::new("two");
    let mut first = house.serves();
    let (other, mut second) = house.second();
    // The tile of zoom 14 that holds 49.11 E 55.8 N.
    let tile = "/tiles/kiosk/14/10427/5118";
    assert!(house.get(tile).starts_with("HTTP/1.1 204"), "{}", house.get(tile));
    house.imports("kiosk", KIOSK);
    for server in [&house, &other] {
        until("the kiosk is drawn", || server.get(tile).starts_with("HTTP/1.1 200"));
    }
    assert_eq!(house.tile(tile).expect("a tile"), other.tile(tile).expect("a tile"));
    second.is_told("-INT");
    second.ends();
    assert!(house.postmaster().is_some(), "a guest leaves the cluster alone");
    first.is_told("-INT");
    first.ends();
}

#[test]
fn a_cluster_that_dies_under_its_server_is_started_again() {
    let house = House::new("dies");
    let mut server = house.serves();
    house.imports("kiosk", KIOSK);
    let first = house.postmaster().expect("a cluster");
    kill(first, "-KILL");
    until("another postmaster", || house.postmaster().is_some_and(|now| now != first));
    until("it is ready again", || house.is_ready());
    let items = || house.get("/collections/kiosk/items");
    until("nothing was lost", || items().contains("\"numberMatched\":1"));
    server.is_told("-INT");
    server.ends();
    assert_eq!(house.postmaster(), None);
}

#[test]
fn a_server_and_a_cluster_that_are_killed_come_back_with_everything() {
    let house = House::new("kill");
    let mut server = house.serves();
    house.imports("kiosk", KIOSK);
    let first = house.postmaster().expect("a cluster");
    server.is_told("-KILL");
    server.ends();
    assert_eq!(house.postmaster(), Some(first), "the cluster outlives its killed server");
    let mut server = house.serves();
    assert_eq!(house.postmaster(), Some(first), "and is adopted");
    kill(first, "-KILL");
    server.is_told("-KILL");
    server.ends();
    let mut server = house.serves();
    assert_ne!(house.postmaster(), Some(first));
    let items = house.get("/collections/kiosk/items");
    assert!(items.contains("\"numberMatched\":1"), "{items}");
    server.is_told("-TERM");
    server.ends();
    assert_eq!(house.postmaster(), None, "the cluster stops with its server");
}

#[test]
fn the_private_cluster_has_no_tcp_and_a_secret_of_its_own() {
    use std::os::unix::fs::PermissionsExt;
    let house = House::new("private");
    let mut server = house.serves();
    let secret = std::fs::metadata(house.data.join("secret")).expect("a secret");
    assert_eq!(secret.permissions().mode() & 0o777, 0o600);
    let settings = std::fs::read_to_string(house.data.join("postgres/imgis.conf")).expect("text");
    assert!(settings.contains("listen_addresses = ''"));
    let hba = std::fs::read_to_string(house.data.join("postgres/pg_hba.conf")).expect("text");
    let ways: Vec<&str> = hba
        .lines()
        .filter(|line| !line.trim().is_empty() && !line.starts_with('#'))
        .filter_map(|line| line.split_whitespace().last())
        .collect();
    assert!(ways.iter().all(|way| *way == "scram-sha-256"), "{ways:?}");
    let second = house.command(&["serve", "--port", "0"]).output().expect("a second server");
    let told = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(!second.status.success() && told.contains("another imgis serves"), "{told}");
    server.is_told("-INT");
    server.ends();
    assert_eq!(house.postmaster(), None);
}
