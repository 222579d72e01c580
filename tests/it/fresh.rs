//! Never an older tile after a newer one, never an old shape after its own edit's answer, whatever happens
//! meanwhile.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use imgis::db;
use serde_json::json;

use crate::drawing::soak;
use crate::office::{Office, kazan, rectangle, tile_at};
use crate::tiles::decode;

const PLACES: usize = 8;

/// What readers and writers know together.
struct Watch {
    /// The newest version of each kiosk that anybody has seen.
    newest: [AtomicI64; PLACES],
    /// What was sent under each tag.
    sent: Mutex<HashMap<String, u64>>,
    over: AtomicBool,
}

impl Watch {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            newest: std::array::from_fn(|_| AtomicI64::new(0)),
            sent: Mutex::new(HashMap::new()),
            over: AtomicBool::new(false),
        })
    }

    /// Reads the tile: nothing in it is older than what was seen before it was asked for.
    async fn reads(&self, office: &Office, path: &str, wanted: Option<(usize, i64)>) {
        let floor: Vec<i64> = self.newest.iter().map(|n| n.load(Ordering::SeqCst)).collect();
        let answer = office.get_with(path, "accept-encoding", "identity").await;
        assert!(answer.status().is_success(), "{}", answer.status());
        let tag = answer.headers()["etag"].to_str().expect("text").to_string();
        let bytes = answer.bytes().await.expect("a tile");
        let sum = xxhash_rust::xxh3::xxh3_64(&bytes);
        let before = *self.sent.lock().expect("a lock").entry(tag.clone()).or_insert(sum);
        assert_eq!(before, sum, "two bodies under {tag}");
        for feature in decode(&bytes, "kiosk") {
            let place = feature.id.expect("an id") as usize - 1;
            let version: i64 = feature.text("kind").parse().expect("a version");
            assert!(version >= floor[place], "{place}: {version} after {}", floor[place]);
            self.newest[place].fetch_max(version, Ordering::SeqCst);
            if let Some((of, least)) = wanted
                && of == place
            {
                assert!(version >= least, "{place}: {version} after its own edit to {least}");
            }
        }
    }
}

fn kiosk(place: usize, version: i64, at: [f64; 2]) -> String {
    let step = place as f64 * 1e-5;
    json!({ "type": "Feature", "properties": { "kind": version.to_string() },
            "geometry": { "type": "Point", "coordinates": [at[0] + step, at[1] + step] } })
    .to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_reader_sees_an_older_version_after_a_newer_one() {
    let office = Arc::new(Office::open().await);
    let other = Arc::new(Office::over(office.config.clone(), kazan()).await);
    let time = Duration::from_secs(if soak() { 30 } else { 3 });
    let (x, y) = tile_at(14, 5.0, 5.0);
    let tile = format!("/tiles/kiosk/14/{x}/{y}");
    let projector = imgis::geometry::Projector::new(&kazan().proj).expect("PROJ");
    let (lng, lat) = projector.unproject(1_304_705.0, 476_905.0).expect("a place");
    let geojson = [("content-type", "application/geo+json"), ("if-match", "*")];
    for place in 0..PLACES {
        let made = office.send(
            "POST",
            "/collections/kiosk/items",
            &geojson[..1],
            kiosk(place, 0, [lng, lat]),
        );
        assert_eq!(made.await.status(), 201);
    }
    other.settled().await;
    // Each server is linearizable by itself; readers of one server share what they have seen.
    let (watch, watch_other) = (Watch::new(), Watch::new());
    let mut tasks = Vec::new();
    for place in 0..PLACES {
        let (office, watch, tile) = (office.clone(), watch.clone(), tile.clone());
        tasks.push(tokio::spawn(async move {
            let mut version = 0;
            while !watch.over.load(Ordering::Relaxed) {
                version += 1;
                let path = format!("/collections/kiosk/items/{}", place + 1);
                let put =
                    office.send("PUT", &path, &geojson, kiosk(place, version, [lng, lat])).await;
                assert_eq!(put.status(), 200);
                // While the follower has no connection an answer may say that the tiles are behind.
                let behind = put.headers().get("imgis-tiles").is_some();
                let wanted = (!behind).then_some((place, version));
                watch.reads(&office, &tile, wanted).await;
                tokio::time::sleep(Duration::from_millis(15)).await;
            }
            version
        }));
    }
    for reader in 0..6 {
        let (office, watch) = match reader % 3 {
            0 => (other.clone(), watch_other.clone()),
            _ => (office.clone(), watch.clone()),
        };
        let tile = tile.clone();
        tasks.push(tokio::spawn(async move {
            let mut reads = 0;
            while !watch.over.load(Ordering::Relaxed) {
                watch.reads(&office, &tile, None).await;
                reads += 1;
            }
            reads
        }));
    }
    // The follower loses its connection again and again; nothing is missed.
    let until = Instant::now() + time;
    let client = db::connect(&office.config).await.expect("the database");
    let mut lost = 0;
    while Instant::now() < until {
        tokio::time::sleep(Duration::from_millis(700)).await;
        let end = "select pg_terminate_backend(pid) from pg_stat_activity
                   where datname = current_database() and application_name = 'imgis follower'
                   order by random() limit 1";
        lost += client.query(end, &[]).await.expect("a connection is ended").len();
    }
    assert!(lost > 1, "{lost} connections were ended");
    watch.over.store(true, Ordering::Relaxed);
    watch_other.over.store(true, Ordering::Relaxed);
    let mut done = Vec::new();
    for task in tasks {
        done.push(task.await.expect("nobody saw an older version"));
    }
    assert!(done.iter().all(|count| *count > 3), "{done:?}");
    for of in [&office, &other] {
        of.settled().await;
    }
    let content = |of: &Office| of.imgis.tiles.content("kiosk");
    assert_eq!(content(&office), content(&other));
}

/// A tile draws what lies on the very edge of its buffer: the version must know of it.
#[tokio::test(flavor = "multi_thread")]
async fn what_lies_on_the_edge_of_the_buffer_changes_the_version() {
    let office = Office::open().await;
    let (x, y) = tile_at(14, 5.0, 5.0);
    let path = format!("/tiles/kiosk/14/{x}/{y}");
    let tag =
        async || office.get(&path).await.headers()["etag"].to_str().expect("text").to_string();
    let projector = imgis::geometry::Projector::new(&kazan().proj).expect("PROJ");
    let (_, lat) = projector.unproject(1_304_705.0, 476_905.0).expect("a place");
    let mut before = tag().await;
    for beyond in [4_094i64, 4_095, 4_096, 4_097, 4_098, 9_000] {
        let plane = (i64::from(x + 1) << 18) + beyond;
        let lng = plane as f64 / 4_294_967_296.0 * 360.0 - 180.0;
        let drawn =
            async || office.json(&format!("{path}?explain")).await["layers"][0]["features"].clone();
        let count = drawn().await;
        let insert = format!(
            "insert into layer.kiosk (kind, geometry)
             values ('x', st_transform(st_setsrid(st_makepoint({lng}, {lat}), 4326), 990161))"
        );
        office.sql(&insert).await;
        office.settled().await;
        let after = tag().await;
        assert!(drawn().await == count || after != before, "{beyond}: drawn under the old version");
        before = after;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tiles_are_read_while_a_long_import_comes_in() {
    let office = Arc::new(Office::open().await);
    let rows = if soak() { 200_000 } else { 20_000 };
    let (x, y) = tile_at(14, 5.0, 5.0);
    let over = Arc::new(AtomicBool::new(false));
    let mut readers = Vec::new();
    for _ in 0..4 {
        let (office, over) = (office.clone(), over.clone());
        readers.push(tokio::spawn(async move {
            let mut last = 0;
            while !over.load(Ordering::Relaxed) {
                let answer = office.get(&format!("/tiles/parcel/14/{x}/{y}")).await;
                assert!(answer.status().is_success(), "{}", answer.status());
                let count = decode(&answer.bytes().await.expect("a tile"), "parcel").len();
                assert!(count >= last, "the import is all or nothing: {count} after {last}");
                last = count;
            }
        }));
    }
    let client = db::connect(&office.config).await.expect("the database");
    let one = rectangle("0 0, 3 3");
    let text = format!(
        "insert into layer.parcel (cadastral_number, geometry)
         select format('16:50:000009:%s', n), st_translate({one}, (n % 400) * 4, (n / 400) * 4)
         from generate_series(1, {rows}) n"
    );
    client.batch_execute(&text).await.expect("an import");
    office.settled().await;
    over.store(true, Ordering::Relaxed);
    for reader in readers {
        reader.await.expect("a reader");
    }
    assert_eq!(office.imgis.tiles.count("parcel"), rows);
    let fresh = Office::over(office.config.clone(), kazan()).await;
    assert_eq!(office.imgis.tiles.content("parcel"), fresh.imgis.tiles.content("parcel"));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_address_of_a_tile_is_a_fault_of_the_server() {
    let office = Office::open().await;
    let many = vec!["parcel"; 1_000].join(",");
    let unknown: Vec<String> = (0..1_000).map(|n| format!("layer{n}")).collect();
    let mut paths =
        vec![format!("/tiles/{many}/14/1/1"), format!("/tiles/{}/14/1/1", unknown.join(","))];
    let words = [
        "parcel",
        "parcel,building",
        "",
        ",",
        "parcel,",
        "..",
        "%2e%2e",
        "-1",
        "0",
        "14",
        "99",
        "1e3",
        "4294967296",
        "99999999999999999999",
        "WebMercatorQuad",
        "%00",
        "%FF",
        "a'b",
        "\u{41f}",
        "0x10",
        "NaN",
        "parcel_label",
    ];
    let mut at = 7usize;
    for _ in 0..if soak() { 20_000 } else { 500 } {
        let mut part = || {
            at = at.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            words[(at >> 33) % words.len()]
        };
        paths.push(format!("/tiles/{}/{}/{}/{}", part(), part(), part(), part()));
        paths.push(format!(
            "/collections/{}/tiles/{}/{}/{}/{}",
            part(),
            part(),
            part(),
            part(),
            part()
        ));
    }
    for path in paths {
        let started = Instant::now();
        let status = office.get(&path).await.status().as_u16();
        assert!([200, 204, 400, 404].contains(&status), "{path}: {status}");
        assert!(started.elapsed() < Duration::from_secs(20), "{path} hangs");
    }
}
