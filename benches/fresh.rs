//! How soon a committed edit is in everybody's tile: edits past the program at a steady pace, clients that read
//! the map meanwhile, and one that watches.

use std::fmt::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::load::Connection;
use super::server::Server;
use super::{report, setting, tiles};

const EDITS_PER_SECOND: u64 = 50;
const READERS: usize = 8;

/// Measures and writes the table.
pub fn run(city: &tiles::Municipality) {
    let cluster = std::env::var("IMGIS_TEST_CLUSTER").expect("run it by `make bench`");
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let url = tiles::database(&runtime, &cluster, "bench_fresh");
    let parcels = setting("BENCH_PARCELS", 200_000).to_string();
    let server = tiles::imgis(city, &url, &["--demo", &parcels]);
    let client = runtime.block_on(tiles::connect(&cluster, "bench_fresh"));
    let rows = runtime
        .block_on(client.query(
            "select id, st_x(p), st_y(p) from (select id, st_transform(st_pointonsurface(geometry), 4326) p
             from layer.parcel order by md5(id::text) limit 500) s",
            &[],
        ))
        .expect("parcels");
    let places: Vec<(i64, f64, f64)> =
        rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect();
    let over = AtomicBool::new(false);
    let count = setting("BENCH_SECONDS", 3) * EDITS_PER_SECOND * 3;
    let mut waits = Vec::new();
    let mut reads = 0;
    std::thread::scope(|scope| {
        let readers: Vec<_> = (0..READERS)
            .map(|n| {
                let (server, places, over) = (&server, &places, &over);
                scope.spawn(move || read(server, places, n, over))
            })
            .collect();
        let pace = Duration::from_millis(1_000 / EDITS_PER_SECOND);
        let mut watcher = Connection::open(server.port);
        let mut next = Instant::now();
        for edit in 0..count {
            let (id, lng, lat) = places[(edit as usize * 7) % places.len()];
            let tile = path(lng, lat);
            let before = watcher.get(&tile, "").etag.expect("a tag");
            let text = format!(
                "update layer.parcel set geometry = st_translate(geometry, 0.01, 0) where id = {id}"
            );
            runtime.block_on(client.batch_execute(&text)).expect("an edit");
            let committed = Instant::now();
            let asked = format!("If-None-Match: {before}\r\n");
            while watcher.get(&tile, &asked).status == 304 {
                assert!(committed.elapsed() < Duration::from_secs(20), "the edit never comes");
            }
            waits.push(committed.elapsed().as_secs_f64() * 1e3);
            next += pace;
            std::thread::sleep(next.saturating_duration_since(Instant::now()));
        }
        over.store(true, Ordering::Relaxed);
        reads = readers.into_iter().map(|reader| reader.join().expect("a reader")).sum();
    });
    waits.sort_by(f64::total_cmp);
    let at = |share: f64| waits[((waits.len() - 1) as f64 * share) as usize];
    let mut text = String::from("# Commit to fresh tile\n\n");
    let _ = writeln!(
        text,
        "{} edits at {EDITS_PER_SECOND}/s over {parcels} parcels, {READERS} clients read {reads} tiles meanwhile\n\n\
         | p50 ms | p90 ms | p99 ms | most |\n|---|---|---|---|\n| {:.1} | {:.1} | {:.1} | {:.1} |",
        waits.len(),
        at(0.5),
        at(0.9),
        at(0.99),
        at(1.0)
    );
    report("fresh", &text);
}

fn path(lng: f64, lat: f64) -> String {
    let side = f64::from(1u32 << 16);
    let row = (1.0 - lat.to_radians().tan().asinh() / std::f64::consts::PI) / 2.0 * side;
    format!("/tiles/parcel/16/{}/{}", ((lng + 180.0) / 360.0 * side) as u32, row as u32)
}

/// A client of the map: a tile, a moment, the next tile.
fn read(server: &Server, places: &[(i64, f64, f64)], first: usize, over: &AtomicBool) -> usize {
    let mut connection = Connection::open(server.port);
    let mut reads = 0;
    while !over.load(Ordering::Relaxed) {
        let (_, lng, lat) = places[(first * 61 + reads * 13) % places.len()];
        connection.get(&path(lng, lat), "Accept-Encoding: gzip\r\n");
        reads += 1;
        std::thread::sleep(Duration::from_millis(5));
    }
    reads
}
