//! Servers under measurement: started on a free port of this machine, stopped when dropped.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A running server.
pub struct Server {
    child: Child,
    pub port: u16,
    pub started: Duration,
}

/// A port that is free now.
pub fn free_port() -> u16 {
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    free.local_addr().expect("an address").port()
}

impl Server {
    /// Starts a program and waits until `ready` answers below 400.
    pub fn start(mut command: Command, port: u16, ready: &str) -> Self {
        let began = Instant::now();
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().expect("a server starts");
        loop {
            assert!(child.try_wait().expect("a state").is_none(), "{command:?} ended");
            assert!(began.elapsed() < Duration::from_secs(900), "{command:?} is not ready");
            let answers = std::net::TcpStream::connect(("127.0.0.1", port)).is_ok();
            if answers && super::load::Connection::open(port).get(ready, "").status < 400 {
                break;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Self { child, port, started: began.elapsed() }
    }

    /// Seconds of processor that the server and its workers have used.
    pub fn cpu(&self) -> f64 {
        let own = self.child.id();
        let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
        let workers = processes
            .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok())
            .filter(|pid| stat(*pid).is_some_and(|(_, numbers)| numbers[0] == i64::from(own)));
        cpu_of(own) + workers.map(cpu_of).sum::<f64>()
    }

    /// Bytes of memory that the server holds.
    pub fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()));
        let status = status.unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or("0");
        line.split_whitespace().next().and_then(|kb| kb.parse::<u64>().ok()).unwrap_or(0) << 10
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let id = self.child.id().to_string();
        let _ = Command::new("kill").args(["-INT", &id]).status();
        let _ = self.child.wait();
    }
}

fn stat(pid: u32) -> Option<(String, Vec<i64>)> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (name, rest) = text.split_once('(')?.1.rsplit_once(')')?;
    let numbers = rest.split_whitespace().skip(1).filter_map(|n| n.parse().ok()).collect();
    Some((name.to_string(), numbers))
}

fn cpu_of(pid: u32) -> f64 {
    // Of the numbers after the state: 10 and 11 are user and system time in hundredths.
    stat(pid).map_or(0.0, |(_, n)| (n[10] + n[11]) as f64 / 100.0)
}

/// Seconds of processor that all living backends of PostgreSQL have used.
pub fn cpu_of_postgres() -> f64 {
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    processes
        .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok())
        .filter(|pid| stat(*pid).is_some_and(|(name, _)| name == "postgres"))
        .map(cpu_of)
        .sum()
}
