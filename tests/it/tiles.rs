//! Tiles: what is in them, and what is not.

use fast_mvt::{MvtReaderRef, MvtValueRef};
use geo::Geometry;
use imgis::layer::{Catalogue, PropertyType};
use imgis::tile::{Change, Raw, Row, Shape, Store};
use postgis::ewkb;
use proptest::prelude::*;

use crate::office::{Office, kazan, tile_at};

/// A decoded feature.
#[derive(Debug)]
pub struct Feature {
    pub id: Option<u64>,
    pub rings: Vec<Vec<(i32, i32)>>,
    properties: Vec<(String, String)>,
}

impl Feature {
    /// A property as text; empty when it is not there.
    pub fn text(&self, name: &str) -> &str {
        self.properties.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }
}

fn rings(geometry: &Geometry<i32>) -> Vec<Vec<(i32, i32)>> {
    let line = |line: &geo::LineString<i32>| line.coords().map(|c| (c.x, c.y)).collect();
    match geometry {
        Geometry::Point(point) => vec![vec![(point.x(), point.y())]],
        Geometry::LineString(one) => vec![line(one)],
        Geometry::MultiLineString(many) => many.iter().map(line).collect(),
        Geometry::Polygon(polygon) => {
            std::iter::once(polygon.exterior()).chain(polygon.interiors()).map(line).collect()
        }
        Geometry::MultiPolygon(many) => many
            .iter()
            .flat_map(|polygon| std::iter::once(polygon.exterior()).chain(polygon.interiors()))
            .map(line)
            .collect(),
        other => panic!("{other:?}"),
    }
}

/// The features of one layer of a tile.
pub fn decode(bytes: &[u8], layer: &str) -> Vec<Feature> {
    if bytes.is_empty() {
        return Vec::new();
    }
    let reader = MvtReaderRef::new(bytes).expect("a tile");
    let layers = reader.layers();
    let mut features = Vec::new();
    for known in layers.filter(|known| known.name() == layer) {
        for feature in known.features() {
            let properties = feature
                .properties()
                .map(|property| {
                    let (key, value) = property.expect("a property");
                    let value = match value {
                        MvtValueRef::String(text) => text.to_string(),
                        MvtValueRef::Int(n) => n.to_string(),
                        MvtValueRef::Double(n) => n.to_string(),
                        MvtValueRef::Bool(yes) => yes.to_string(),
                        _ => "?".into(),
                    };
                    (key.to_string(), value)
                })
                .collect();
            let geometry = feature.geometry().expect("a geometry");
            features.push(Feature { id: feature.id(), rings: rings(&geometry), properties });
        }
    }
    features
}

/// The features of one layer of a tile of an office.
pub async fn features(office: &Office, path: &str, layer: &str) -> Vec<Feature> {
    let response = office.get(path).await;
    assert!(response.status().is_success(), "{path}: {}", response.status());
    decode(&response.bytes().await.expect("bytes"), layer)
}

#[tokio::test(flavor = "multi_thread")]
async fn neighbours_share_their_boundary_in_every_tile() {
    let office = Office::open().await;
    office.has_parcels(&["A: 0 0, 37.3 51.7", "B: 37.3 0, 81.9 51.7"]).await;
    for z in [14, 16, 18, 20] {
        let (x, y) = tile_at(z, 37.3, 20.0);
        let found = features(&office, &format!("/tiles/parcel/{z}/{x}/{y}"), "parcel").await;
        assert_eq!(found.len(), 2, "z{z}");
        let common = |a: &Feature, b: &Feature| {
            a.rings[0].iter().filter(|point| b.rings[0].contains(point)).count()
        };
        assert!(common(&found[0], &found[1]) >= 2, "z{z}: {found:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_label_stands_in_one_tile_only_and_inside() {
    let office = Office::open().await;
    office.has_parcels(&["A: 0 0, 900 900"]).await;
    let (x, y) = tile_at(17, 450.0, 450.0);
    let mut labels = 0;
    for col in x - 2..=x + 2 {
        for row in y - 2..=y + 2 {
            let path = format!("/tiles/parcel/17/{col}/{row}");
            let found = features(&office, &path, "parcel_label").await;
            labels += found.len();
            for label in found {
                assert_eq!(label.text("cadastral_number"), "16:50:000001:1");
            }
        }
    }
    assert_eq!(labels, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn land_too_small_to_be_drawn_is_gathered_and_the_answer_says_so() {
    let office = Office::open().await;
    office
        .sql(
            "insert into layer.parcel (cadastral_number, geometry)
             select format('16:50:000002:%s', n), st_multi(st_makeenvelope(
               1304700 + (n % 50) * 4, 476900 + (n / 50) * 4,
               1304704 + (n % 50) * 4, 476904 + (n / 50) * 4, 990161))
             from generate_series(1, 2000) n",
        )
        .await;
    office.settled().await;
    let (x, y) = tile_at(10, 100.0, 80.0);
    let response = office.get(&format!("/tiles/parcel/10/{x}/{y}")).await;
    let gathered = response.headers()["imgis-gathered"].to_str().expect("text").to_string();
    assert_eq!(gathered, "parcel=2000");
    let found = decode(&response.bytes().await.expect("bytes"), "parcel");
    assert_eq!(found.len(), 1, "one feature of squares");
    assert!(found[0].id.is_none() && !found[0].rings.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_tile_gives_the_same_bytes_twenty_times() {
    let office = Office::open().await;
    office.has_parcels(&["A: 0 0, 10 10", "B: 10 0, 20 10", "C: 20 0, 30 10"]).await;
    let (x, y) = tile_at(14, 5.0, 5.0);
    let path = format!("/tiles/parcel,municipal_boundary/14/{x}/{y}");
    let first = office.get(&path).await.bytes().await.expect("bytes");
    for _ in 0..20 {
        assert_eq!(office.get(&path).await.bytes().await.expect("bytes"), first);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn gzip_is_sent_to_who_accepts_it_under_a_tag_of_its_own() {
    let office = Office::open().await;
    office.has_parcels(&["A: 0 0, 10 10"]).await;
    let (x, y) = tile_at(14, 5.0, 5.0);
    let path = format!("/tiles/parcel/14/{x}/{y}");
    let plain = office.get_with(&path, "accept-encoding", "identity").await;
    let packed = office.get_with(&path, "accept-encoding", "br, gzip").await;
    assert_ne!(plain.headers()["etag"], packed.headers()["etag"]);
    assert_eq!(packed.headers()["content-encoding"], "gzip");
    let vary: Vec<_> = packed.headers().get_all("vary").iter().collect();
    assert!(vary.iter().any(|value| *value == "Accept-Encoding"), "{vary:?}");
    let plain = plain.bytes().await.expect("bytes");
    let packed = packed.bytes().await.expect("bytes");
    let mut unpacked = Vec::new();
    let mut decoder = flate2::read::GzDecoder::new(&packed[..]);
    std::io::Read::read_to_end(&mut decoder, &mut unpacked).expect("gzip");
    assert_eq!(unpacked, plain);
}

#[tokio::test(flavor = "multi_thread")]
async fn tile_json_names_layers_fields_zooms_and_bounds() {
    let office = Office::open().await;
    office.has_parcels(&["A: 0 0, 10 10"]).await;
    let json = office.json("/tiles/parcel,water_body.json").await;
    assert_eq!(json["tilejson"], "3.0.0");
    let layers: Vec<&str> = json["vector_layers"]
        .as_array()
        .expect("layers")
        .iter()
        .filter_map(|layer| layer["id"].as_str())
        .collect();
    assert!(layers.starts_with(&["parcel", "parcel_label", "water_body"]), "{layers:?}");
    assert_eq!(json["vector_layers"][0]["fields"]["cadastral_number"], "String");
    let bounds = json["bounds"].as_array().expect("bounds");
    assert!((bounds[0].as_f64().expect("a number") - 49.1066).abs() < 0.001, "{bounds:?}");
    let template = json["tiles"][0].as_str().expect("a template");
    assert_eq!(template, format!("{}/tiles/parcel,water_body/{{z}}/{{x}}/{{y}}", office.base));
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_addresses_and_layers_are_refused_by_name() {
    let office = Office::open().await;
    for (path, status, parameter) in [
        ("/tiles/nothing/0/0/0", 404, None),
        ("/tiles/parcel/21/0/0", 400, Some("z")),
        ("/tiles/parcel/2/4/0", 400, Some("x")),
        ("/tiles/parcel/2/0/9", 400, Some("y")),
        ("/tiles/parcel/2/a/0", 400, Some("x")),
        ("/tiles/parcel,parcel/2/0/0", 400, Some("layers")),
        ("/tiles/parcel/2/0/0?zzz=1", 400, Some("zzz")),
    ] {
        let (given, told) = office.refused(path).await;
        assert_eq!((given.as_u16(), told["parameter"].as_str()), (status, parameter), "{path}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    /// A tile's ancestor holds the tile.
    #[test]
    fn an_ancestor_holds_its_descendants(
        z in 0u8..=20, x in 0u32..1 << 20, y in 0u32..1 << 20, up in 0u8..=20,
    ) {
        let side = 1u32 << z;
        let (x, y) = (x % side, y % side);
        let text = (z.to_string(), x.to_string(), y.to_string());
        let address = imgis::geometry::TileAddress::from_xyz(&text.0, &text.1, &text.2).expect("inside");
        let above = address.ancestor(up.min(z));
        let (x0, y0) = address.origin();
        let (a0, b0) = above.origin();
        let size = 1i64 << (32 - above.z());
        prop_assert!(a0 <= x0 && x0 < a0 + size && b0 <= y0 && y0 < b0 + size);
    }
}

#[test]
fn a_text_that_no_feature_has_any_more_takes_no_memory() {
    let catalogue = Catalogue::read(&kazan()).expect("the layers");
    let layer = catalogue.layer("kiosk").expect("a layer");
    let row = |id: i64, text: &str| {
        let mut shape = Shape::default();
        let point = ewkb::Point { x: 5_466_889.75 + id as f64, y: 7_518_560.0, srid: None };
        shape.add(&ewkb::GeometryT::Point(point));
        let value = |kind| match kind {
            PropertyType::Text => Raw::Text(text.into()),
            _ => Raw::Null,
        };
        Row { id, shape, values: layer.tiled().map(|property| value(property.kind)).collect() }
    };
    let of = |text: &str| Store::new(layer, (0..100).map(|id| row(id, text)).collect());
    let mut store = of("the same");
    let (before, content) = (store.bytes(), store.content());
    for n in 0..5_000 {
        store.apply(vec![Change::Put(row(1, &format!("{n:0200}")))]);
        assert!(store.bytes() < before + 4_096, "{n}: {} after {before}", store.bytes());
    }
    // Places are taken by others and taken back: each value still has its own text.
    for n in 0..100 {
        store.apply(vec![Change::Put(row(n, "another")), Change::Gone((n * 7) % 100)]);
    }
    store.apply((0..100).map(|id| Change::Put(row(id, "another"))).collect());
    assert_eq!(store.content(), of("another").content());
    store.apply((0..100).map(|id| Change::Put(row(id, "the same"))).collect());
    assert_eq!(store.content(), content);
}
