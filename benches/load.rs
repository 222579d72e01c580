//! A closed loop of connections: each asks again as soon as it has its answer. A plain HTTP/1.1 client, so
//! that the client takes as little of the two cores as can be.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// An answer.
pub struct Answer {
    pub status: u16,
    pub etag: Option<String>,
    pub bytes: usize,
}

/// A connection that is kept.
pub struct Connection {
    stream: BufReader<TcpStream>,
    body: Vec<u8>,
}

impl Connection {
    /// Connects to a port of this machine.
    pub fn open(port: u16) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).expect("a connection");
        stream.set_nodelay(true).expect("no delay");
        stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a timeout");
        Self { stream: BufReader::with_capacity(1 << 16, stream), body: Vec::new() }
    }

    /// GET; `headers` are whole lines.
    pub fn get(&mut self, path: &str, headers: &str) -> Answer {
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n");
        self.send(request.as_bytes())
    }

    /// Sends a whole request.
    pub fn send(&mut self, request: &[u8]) -> Answer {
        self.stream.get_mut().write_all(request).expect("a request is sent");
        let mut line = String::new();
        self.stream.read_line(&mut line).expect("an answer");
        let status = line.split(' ').nth(1).and_then(|s| s.parse().ok()).expect("a status");
        let (mut length, mut chunked, mut etag) = (0usize, false, None);
        loop {
            line.clear();
            self.stream.read_line(&mut line).expect("a header");
            let Some((name, value)) = line.trim_end().split_once(':') else { break };
            let value = value.trim();
            if name.eq_ignore_ascii_case("content-length") && status != 304 {
                length = value.parse().expect("a length");
            } else if name.eq_ignore_ascii_case("transfer-encoding") {
                chunked = value.eq_ignore_ascii_case("chunked");
            } else if name.eq_ignore_ascii_case("etag") {
                etag = Some(value.to_string());
            }
        }
        let bytes = if chunked { self.chunks() } else { self.take(length) };
        Answer { status, etag, bytes }
    }

    fn take(&mut self, length: usize) -> usize {
        self.body.resize(length, 0);
        self.stream.read_exact(&mut self.body).expect("a body");
        length
    }

    fn chunks(&mut self) -> usize {
        let mut total = 0;
        loop {
            let mut line = String::new();
            self.stream.read_line(&mut line).expect("a chunk");
            let length = usize::from_str_radix(line.trim(), 16).expect("a length");
            self.take(length + 2);
            if length == 0 {
                return total;
            }
            total += length;
        }
    }
}

/// What a measurement found.
pub struct Measured {
    pub per_second: f64,
    pub p50_ms: f64,
    pub p99_ms: f64,
    pub bytes: f64,
    pub requests: usize,
    /// Answers of 400 and above: a peer that gives up under load.
    pub failed: usize,
}

/// Asks for `paths` one after another over `connections` until the time is over. Each path comes with the
/// header lines to send.
pub fn drive(
    port: u16,
    connections: usize,
    time: Duration,
    paths: &[(String, String)],
) -> Measured {
    let next = AtomicUsize::new(0);
    let started = Instant::now();
    let mut taken: Vec<(f64, usize)> = Vec::new();
    let mut failed = 0;
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..connections)
            .map(|_| {
                scope.spawn(|| {
                    let mut connection = Connection::open(port);
                    let mut taken = Vec::new();
                    let mut failed = 0;
                    while started.elapsed() < time {
                        let (path, headers) =
                            &paths[next.fetch_add(1, Ordering::Relaxed) % paths.len()];
                        let asked = Instant::now();
                        let answer = connection.get(path, headers);
                        if answer.status >= 400 {
                            failed += 1;
                            connection = Connection::open(port);
                            continue;
                        }
                        taken.push((asked.elapsed().as_secs_f64() * 1e3, answer.bytes));
                    }
                    (taken, failed)
                })
            })
            .collect();
        for worker in workers {
            let (of_worker, failures) = worker.join().expect("a connection ends well");
            taken.extend(of_worker);
            failed += failures;
        }
    });
    let seconds = started.elapsed().as_secs_f64();
    taken.extend(taken.is_empty().then_some((f64::NAN, 0)));
    let bytes = taken.iter().map(|(_, bytes)| *bytes as f64).sum::<f64>() / taken.len() as f64;
    let mut times: Vec<f64> = taken.iter().map(|(time, _)| *time).collect();
    times.sort_by(f64::total_cmp);
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
    Measured {
        per_second: times.len() as f64 / seconds,
        p50_ms: at(0.5),
        p99_ms: at(0.99),
        bytes,
        requests: times.len(),
        failed,
    }
}
