//! Archives of tiles: what they say of themselves, and what is refused before anything is read.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use imgis::access::Caller;
use imgis::exchange::{ArchiveOptions, export};
use imgis::layer::Catalogue;
use imgis::tile::{self, Raw, Row, Shape, Store, Tiles};
use postgis::ewkb;
use serde_json::{Value, json};

use crate::office::{kazan, root};

/// A folder of one test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("imgis-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        Self(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A square of so many metres of EPSG:3857 in the city.
fn square(x: f64, side: f64) -> Shape {
    let (x, y) = (5_466_889.75 + x, 7_518_560.0);
    let corners = [[x, y], [x + side, y], [x + side, y + side], [x, y + side], [x, y]];
    let points = corners.map(|[x, y]| ewkb::Point { x, y, srid: None }).to_vec();
    let rings = vec![ewkb::LineStringT { points, srid: None }];
    let mut shape = Shape::default();
    shape.add(&ewkb::GeometryT::Polygon(ewkb::PolygonT { rings, srid: None }));
    shape
}

/// The metadata of a PMTiles archive, found by its header.
fn metadata(file: &Path) -> Value {
    let archive = std::fs::read(file).expect("an archive");
    let number = |at: usize| {
        u64::from_le_bytes(archive[at..at + 8].try_into().expect("eight bytes")) as usize
    };
    let (offset, length) = (number(24), number(32));
    let mut text = String::new();
    flate2::read::GzDecoder::new(&archive[offset..offset + length])
        .read_to_string(&mut text)
        .expect("gzip");
    serde_json::from_str(&text).expect("JSON")
}

#[test]
fn an_archive_says_what_each_zoom_does_not_show_one_by_one() {
    let city = kazan();
    let catalogue = Catalogue::read(&city).expect("the layers");
    let layer = catalogue.layer("functional_zone").expect("a layer").clone();
    let columns = layer.tiled().count();
    let row = |id: i64, shape| Row { id, shape, values: vec![Raw::Null; columns] };
    let rows = || -> Vec<Row> {
        let small = (1..=7).map(|n| row(n, square(n as f64 * 10.0, 2.0)));
        small.chain([row(8, square(0.0, 4_000.0))]).collect()
    };
    let folder = Folder::new("archive");
    for name in ["city.pmtiles", "city.mbtiles"] {
        let tiles = Arc::new(Tiles::new(std::slice::from_ref(&layer), 0));
        tiles.replace(&layer, Store::new(&layer, rows()));
        let views = [tiles.view(&layer, &Caller::Public)];
        let options = ArchiveOptions {
            zooms: (9, 17),
            bounds: tiles.around(&views).expect("a box"),
            description: tile::tile_json(&tiles, &views, "", &city),
            stop: Arc::default(),
        };
        let out = folder.0.join(name);
        let bar = indicatif::ProgressBar::hidden();
        export(&tiles, &views, &out, &options, &bar).expect("an archive");
        let told = match name {
            "city.pmtiles" => metadata(&out),
            _ => {
                let archive = rusqlite::Connection::open(&out).expect("an archive");
                let json = "select value from metadata where name = 'json'";
                let text: String = archive.query_row(json, [], |row| row.get(0)).expect("text");
                serde_json::from_str(&text).expect("JSON")
            }
        };
        assert_eq!(told["vector_layers"][0]["id"], "functional_zone", "{told}");
        assert_eq!(told["gathered"]["9"], json!({ "functional_zone": 7 }), "{told}");
        assert_eq!(told["gathered"]["17"], Value::Null, "each is drawn by itself: {told}");
        assert_eq!(told["dropped"], json!({}), "{told}");
    }
}

#[test]
fn an_archive_that_cannot_be_written_is_refused_before_the_city_is_read() {
    let folder = Folder::new("refused");
    std::fs::create_dir_all(folder.0.join("folder.pmtiles")).expect("a folder");
    for (name, told) in [
        ("city.zip", "an archive ends in .pmtiles or .mbtiles"),
        ("city", "an archive ends in .pmtiles or .mbtiles"),
        ("folder.pmtiles", "is a folder"),
        ("nowhere/city.pmtiles", "cannot be written"),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_imgis"))
            .args(["tiles", "export"])
            .arg(folder.0.join(name))
            .env("IMGIS_CITY", root().join("data/municipality.toml"))
            .env("DATABASE_URL", "host=/nowhere user=nobody")
            .output()
            .expect("the program runs");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && said.contains(told), "{name}: {said}");
    }
}
