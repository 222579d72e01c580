//! `make bench`: speed as ratios, side by side in one run on the same data. Prints tables and writes them
//! to `target/bench`.
//!
//! Environment: `BENCH_PARCELS` (200000), `BENCH_SECONDS` a measurement lasts (3), `MARTIN` names a martin
//! to be measured over a copy of the same rows in EPSG:3857, `TIPG` and `PYGEOAPI` Python environments.

mod features;
mod fresh;
mod load;
mod server;
mod tiles;

use std::io::Write;

/// A number from the environment.
pub fn setting(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

/// Writes a table to `target/bench` and to the terminal.
pub fn report(name: &str, text: &str) {
    let target = std::env::var("CARGO_TARGET_DIR")
        .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/target").into());
    let folder = std::path::Path::new(&target).join("bench");
    std::fs::create_dir_all(&folder).expect("a folder for the tables");
    let file = folder.join(format!("{name}.md"));
    let mut out = std::fs::File::create(&file).expect("a file for the table");
    out.write_all(text.as_bytes()).expect("the table is written");
    println!("{text}\n({})", file.display());
}

fn main() {
    // `cargo bench` passes flags of the usual harness.
    let filter = std::env::args().skip(1).find(|argument| !argument.starts_with("--"));
    let wants = |name: &str| filter.as_deref().is_none_or(|filter| name.contains(filter));
    let city = tiles::municipality();
    if wants("tiles") {
        tiles::run(&city);
    }
    if wants("features") {
        features::run(&city);
    }
    if wants("fresh") {
        fresh::run(&city);
    }
}
