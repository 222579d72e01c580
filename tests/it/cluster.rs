//! The embedded cluster: its life belongs to the server, and a killed server is no loss. fsync stays on.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::office::root;

struct House {
    data: PathBuf,
    port: u16,
}

impl House {
    fn new(name: &str) -> Self {
        let data = std::env::temp_dir().join(format!("imgis-house-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&data);
        let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = free.local_addr().expect("an address").port();
        Self { data, port }
    }

    fn command(&self, args: &[&str]) -> Command {
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

    fn serves(&self) -> Child {
        let mut child = self.command(&["serve"]).stdout(Stdio::null()).spawn().expect("a server");
        let until = Instant::now() + Duration::from_secs(120);
        while !self.is_ready() {
            assert!(child.try_wait().expect("a state").is_none(), "the server ended");
            assert!(Instant::now() < until, "the server is not ready");
            std::thread::sleep(Duration::from_millis(100));
        }
        child
    }

    fn is_ready(&self) -> bool {
        self.get("/readyz").starts_with("HTTP/1.1 200")
    }

    fn get(&self, path: &str) -> String {
        use std::io::{Read, Write};
        let Ok(mut stream) = std::net::TcpStream::connect(("127.0.0.1", self.port)) else {
            return String::new();
        };
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        let mut answer = String::new();
        if stream.write_all(request.as_bytes()).is_ok() {
            let _ = stream.read_to_string(&mut answer);
        }
        answer
    }

    fn postmaster(&self) -> Option<i32> {
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

fn kill(pid: i32, signal: &str) {
    let _ = Command::new("kill").args([signal, &pid.to_string()]).status();
}

fn ends(child: &mut Child) {
    let until = Instant::now() + Duration::from_secs(60);
    while child.try_wait().expect("a state").is_none() {
        assert!(Instant::now() < until, "the server does not end");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_server_and_a_cluster_that_are_killed_come_back_with_everything() {
    let house = House::new("kill");
    let mut server = house.serves();
    let file = house.data.join("one.geojson");
    std::fs::write(
        &file,
        r#"{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"kind":"x"},
            "geometry":{"type":"Point","coordinates":[49.11,55.8]}}]}"#,
    )
    .expect("a file");
    let file = file.to_str().expect("text");
    let imported =
        house.command(&["import", file, "--layer", "kiosk"]).output().expect("an import");
    assert!(imported.status.success(), "{}", String::from_utf8_lossy(&imported.stderr));
    assert!(String::from_utf8_lossy(&imported.stdout).contains("(1 new, 0 changed)"));
    let first = house.postmaster().expect("a cluster");
    kill(server.id() as i32, "-KILL");
    server.wait().expect("ended");
    assert_eq!(house.postmaster(), Some(first), "the cluster outlives its killed server");
    let mut server = house.serves();
    assert_eq!(house.postmaster(), Some(first), "and is adopted");
    kill(first, "-KILL");
    kill(server.id() as i32, "-KILL");
    server.wait().expect("ended");
    let mut server = house.serves();
    assert_ne!(house.postmaster(), Some(first));
    let items = house.get("/collections/kiosk/items");
    assert!(items.contains("\"numberMatched\":1"), "{items}");
    kill(server.id() as i32, "-TERM");
    ends(&mut server);
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
    kill(server.id() as i32, "-INT");
    ends(&mut server);
    assert_eq!(house.postmaster(), None);
}
