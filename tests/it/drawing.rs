//! What a tile shows, against PostGIS, against another encoder, and under hostile shapes.

use std::collections::HashMap;
use std::sync::Arc;

use fast_mvt::MvtReaderRef;
use geo::{Area, BooleanOps, Distance, Euclidean, Polygon, Validation};
use imgis::access::Caller;
use imgis::config::City;
use imgis::db;
use imgis::demo::load;
use imgis::geometry::TileAddress;
use imgis::layer::{Catalogue, Layer};
use imgis::tile::{Coding, Row, Shape, Store, Tiles, clip};
use indicatif::ProgressBar;
use postgis::ewkb;
use proptest::prelude::*;

use crate::office::{Office, kazan};
use crate::tiles::{Feature, decode};

pub fn soak() -> bool {
    std::env::var_os("IMGIS_SOAK").is_some()
}

/// An office with a demo city of about so many parcels.
pub async fn with_city(parcels: usize) -> Office {
    let office = Office::open().await;
    office.sql("delete from layer.municipal_boundary").await;
    let mut client = db::connect(&office.config).await.expect("the database");
    let (catalogue, city): (&Catalogue, &City) = (&office.imgis.catalogue, &office.imgis.city);
    let bar = ProgressBar::hidden();
    load::load(&mut client, catalogue, city, 1, parcels, &bar).await.expect("a city");
    office.settled().await;
    office
}

/// Area of the rings in square units: holes run the other way.
fn area(feature: &Feature) -> f64 {
    let ring = |ring: &Vec<(i32, i32)>| -> i64 {
        let next = ring.iter().cycle().skip(1);
        ring.iter()
            .zip(next)
            .map(|(a, b)| i64::from(a.0) * i64::from(b.1) - i64::from(b.0) * i64::from(a.1))
            .sum()
    };
    feature.rings.iter().map(ring).sum::<i64>().abs() as f64 / 2.0
}

/// Length of the rings in units.
fn around(feature: &Feature) -> f64 {
    let length = |pair: &[(i32, i32)]| {
        f64::from(pair[0].0 - pair[1].0).hypot(f64::from(pair[0].1 - pair[1].1))
    };
    feature.rings.iter().flat_map(|ring| ring.windows(2)).map(length).sum()
}

/// Small numbers that look random, the same in every run.
struct Lots(u64);

impl Lots {
    fn below(&mut self, most: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % most
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_tiles_show_what_postgis_shows() {
    let office = with_city(if soak() { 20_000 } else { 2_000 }).await;
    let client = db::connect(&office.config).await.expect("the database");
    let [west, south, east, north] = office.imgis.tiles.bounds("parcel").expect("parcels");
    let text = "select coalesce(st_asmvt(t, 'parcel', 4096, 'geom', 'id'), ''::bytea) from (
                  select id, cadastral_number, permitted_use,
                         st_asmvtgeom(st_transform(geometry, 3857), e, 4096, 64, true) as geom
                  from layer.parcel, st_tileenvelope($1, $2, $3) e
                  where geometry && st_transform(st_expand(e, st_xmax(e) - st_xmin(e)), 990161)
                ) t where geom is not null";
    let statement = client.prepare(text).await.expect("a statement");
    let mut lots = Lots(11);
    let mut compared = 0;
    for _ in 0..500 {
        let z = 14 + lots.below(5) as u8;
        let lng = west + (east - west) * lots.below(1_000) as f64 / 1_000.0;
        let lat = south + (north - south) * lots.below(1_000) as f64 / 1_000.0;
        let at = TileAddress::at(z, lng, lat);
        let path = format!("/tiles/parcel/{z}/{}/{}", at.col(), at.row());
        let ours = decode(&office.get(&path).await.bytes().await.expect("a tile"), "parcel");
        let row = client
            .query_one(&statement, &[&i32::from(z), &(at.col() as i32), &(at.row() as i32)])
            .await
            .expect("a tile of PostGIS");
        let theirs = decode(row.get::<_, &[u8]>(0), "parcel");
        let by_id = |list: &[Feature], id: Option<u64>| list.iter().position(|f| f.id == id);
        for (one, other) in [(&ours, &theirs), (&theirs, &ours)] {
            for feature in one.iter() {
                let Some(at) = by_id(other, feature.id) else {
                    // What is thinner than a unit may be nothing to one of them.
                    assert!(
                        area(feature) <= 8.0,
                        "{path}: {:?} is missing: {feature:?}",
                        feature.id
                    );
                    continue;
                };
                let twin = &other[at];
                for name in ["cadastral_number", "permitted_use"] {
                    assert_eq!(feature.text(name), twin.text(name), "{path}");
                }
                // Each snaps its vertices by up to half a unit; ours before clipping, so that tiles meet.
                let (a, b) = (area(feature), area(twin));
                let slack = 0.01 * a.max(b) + 0.5 * around(feature) + 32.0;
                assert!((a - b).abs() <= slack, "{path}: {a} {b} {feature:?} {twin:?}");
                compared += 1;
            }
        }
    }
    assert!(compared > 500, "{compared}");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_encoder_writes_what_the_same_reader_reads() {
    let office = with_city(1_000).await;
    let center = office.imgis.city.center;
    for z in [12, 14, 16] {
        let at = TileAddress::at(z, center[0], center[1]);
        let path = format!("/tiles/parcel/{z}/{}/{}", at.col(), at.row());
        let bytes = office.get(&path).await.bytes().await.expect("a tile");
        let ours = decode(&bytes, "parcel");
        assert!(!ours.is_empty(), "{path}");
        let theirs = decode(&again(&ours), "parcel");
        assert_eq!(format!("{ours:?}"), format!("{theirs:?}"), "{path}");
        let reader = MvtReaderRef::new(&bytes).expect("a tile");
        let mut names: Vec<String> =
            reader.layers().map(|layer| layer.name().to_string()).collect();
        let count = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), count, "a name stands once");
    }
}

/// The same features by the reference encoder.
fn again(features: &[Feature]) -> Vec<u8> {
    let mut tile = mvt::Tile::new(4096);
    let mut layer = tile.create_layer("parcel");
    for feature in features {
        let mut geometry = mvt::GeomEncoder::new(mvt::GeomType::Polygon);
        for ring in &feature.rings {
            // The reader closes rings, the encoder does it by itself.
            for (x, y) in &ring[..ring.len() - 1] {
                geometry = geometry.point(f64::from(*x), f64::from(*y)).expect("a point");
            }
            geometry = geometry.complete().expect("a ring");
        }
        let mut written = layer.into_feature(geometry.encode().expect("a geometry"));
        if let Some(id) = feature.id {
            written.set_id(id);
        }
        for name in ["cadastral_number", "permitted_use"] {
            if !feature.text(name).is_empty() {
                written.add_tag_string(name, feature.text(name));
            }
        }
        layer = written.into_layer();
    }
    tile.add_layer(layer).expect("a layer");
    tile.to_bytes().expect("bytes")
}

fn parcels() -> Arc<Layer> {
    let catalogue = Catalogue::read(&kazan()).expect("the layers");
    catalogue.layer("functional_zone").expect("a layer").clone()
}

/// Metres of EPSG:3857 around the corner of four tiles of zoom 14 in the city.
const CORNER: [f64; 2] = [5_466_889.75, 7_518_560.0];

fn shape(rings: &[Vec<[f64; 2]>]) -> Shape {
    let point = |[x, y]: &[f64; 2]| ewkb::Point { x: *x, y: *y, srid: None };
    let line = |ring: &Vec<[f64; 2]>| {
        let mut points: Vec<_> = ring.iter().map(point).collect();
        points.extend(ring.first().map(point));
        ewkb::LineStringT { points, srid: None }
    };
    let polygon = ewkb::PolygonT { rings: rings.iter().map(line).collect(), srid: None };
    let mut shape = Shape::default();
    shape.add(&ewkb::GeometryT::Polygon(polygon));
    shape
}

fn city_of(shapes: Vec<Shape>) -> (Arc<Tiles>, Arc<Layer>) {
    let layer = parcels();
    let tiles = Arc::new(Tiles::new(std::slice::from_ref(&layer), 0));
    let columns = layer.properties.iter().filter(|p| p.tile != imgis::layer::TileUse::No).count();
    let rows = shapes
        .into_iter()
        .zip(1..)
        .map(|(shape, id)| Row { id, shape, values: vec![imgis::tile::Raw::Null; columns] })
        .collect();
    tiles.replace(&layer, Store::new(&layer, rows));
    (tiles, layer)
}

fn drawn(tiles: &Arc<Tiles>, layer: &Arc<Layer>, at: TileAddress) -> Vec<Feature> {
    let views = [tiles.view(layer, &Caller::Local)];
    decode(&tiles.draw_now(&views, at, Coding::Identity).bytes, &layer.id)
}

/// Polygons of a drawn feature: an outer ring runs one way, its holes the other.
fn polygons(feature: &Feature) -> Vec<Polygon<f64>> {
    let mut found: Vec<Polygon<f64>> = Vec::new();
    for ring in &feature.rings {
        let line: geo::LineString<f64> =
            ring.iter().map(|(x, y)| (f64::from(*x), f64::from(*y))).collect::<Vec<_>>().into();
        let turn: f64 = line.lines().map(|l| l.start.x * l.end.y - l.end.x * l.start.y).sum();
        assert!(turn != 0.0, "a ring without area: {ring:?}");
        if turn > 0.0 {
            found.push(Polygon::new(line, Vec::new()));
        } else {
            found.last_mut().expect("an outer ring comes first").interiors_push(line);
        }
    }
    found
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if soak() { 3_000 } else { 150 }))]

    /// Whatever a polygon looks like, each tile holds valid polygons whose outer rings are positive, and the
    /// tiles together hold its land to a unit along its edge.
    #[test]
    fn drawn_polygons_are_valid_and_together_are_the_whole(
        spokes in prop::collection::vec((0.02f64..1.0, 0.0f64..1.0), 3..40),
        middle in (-900.0f64..900.0, -900.0f64..900.0),
        size in 2.0f64..1500.0,
        crossed in any::<bool>(),
        z in 9u8..=18,
    ) {
        let count = spokes.len();
        let mut ring: Vec<[f64; 2]> = spokes.iter().enumerate().map(|(at, (far, skew))| {
            let angle = (at as f64 + 0.8 * skew) / count as f64 * std::f64::consts::TAU;
            [CORNER[0] + middle.0 + angle.cos() * far * size, CORNER[1] + middle.1 + angle.sin() * far * size]
        }).collect();
        if crossed && count > 3 {
            ring.swap(0, count / 2);
        }
        let (tiles, layer) = city_of(vec![shape(&[ring.clone()])]);
        let bounds = tiles.bounds(&layer.id).expect("a box");
        let first = TileAddress::at(z, bounds[0], bounds[3]);
        let last = TileAddress::at(z, bounds[2], bounds[1]);
        prop_assume!((last.row() - first.row()) * (last.col() - first.col()) < 400);
        let square = vec![(0.0, 0.0), (4096.0, 0.0), (4096.0, 4096.0), (0.0, 4096.0)];
        let tile = Polygon::new(square.into(), vec![]);
        let mut total = 0.0;
        for row in first.row()..=last.row() {
            for col in first.col()..=last.col() {
                let at = TileAddress::new(z, row, col).expect("inside");
                for feature in drawn(&tiles, &layer, at) {
                    for ring in &feature.rings {
                        prop_assert!(ring.windows(2).all(|pair| pair[0] != pair[1]), "a LineTo of no length");
                    }
                    for polygon in polygons(&feature) {
                        prop_assert!(polygon.is_valid(), "z{z}: {polygon:?}");
                        total += polygon.intersection(&tile).unsigned_area();
                    }
                }
            }
        }
        let unit = 2.0 * 20_037_508.342_789_244 / f64::from(1u32 << z) / 4096.0;
        if !crossed {
            let line: Vec<(f64, f64)> = ring.iter().map(|[x, y]| (x / unit, y / unit)).collect();
            let whole = Polygon::new(line.into(), vec![]);
            let edge: f64 = whole.exterior().lines().map(|l| l.dx().hypot(l.dy())).sum();
            let area = whole.unsigned_area();
            prop_assert!((area - total).abs() <= edge + 4.0, "z{z}: {area} {total}, edge {edge}");
        }
    }

    /// What is clipped is not clipped again.
    #[test]
    fn clipping_twice_is_clipping_once(
        points in prop::collection::vec((-6000i64..10_000, -6000i64..10_000), 3..60),
    ) {
        let mut ring: Vec<clip::Vertex> = points.iter().map(|(x, y)| [*x, *y]).collect();
        let mut spare = Vec::new();
        clip::ring(&mut ring, &mut spare);
        prop_assert!(clip::is_inside(&ring));
        let once = ring.clone();
        clip::ring(&mut ring, &mut spare);
        prop_assert_eq!(once, ring);
    }
}

#[test]
fn labels_stand_inside_whatever_the_shape() {
    let at = |x: f64, y: f64| [CORNER[0] + x, CORNER[1] + y];
    let teeth = (0..90_000).flat_map(|n| {
        let x = f64::from(n) * 0.4;
        [at(x, f64::from(n % 7)), at(x + 0.2, 400.0 + f64::from(n % 5))]
    });
    let comb: Vec<[f64; 2]> = teeth.chain([at(36_001.0, 900.0), at(0.0, 900.0)]).collect();
    let ell = vec![
        at(0.0, 0.0),
        at(900.0, 0.0),
        at(900.0, 90.0),
        at(90.0, 90.0),
        at(90.0, 900.0),
        at(0.0, 900.0),
    ];
    let (outer, inner) = ([0.0, 1_000.0], [100.0, 900.0]);
    let square = |[a, b]: [f64; 2]| vec![at(a, a), at(b, a), at(b, b), at(a, b)];
    let (tiles, layer) =
        city_of(vec![shape(&[comb]), shape(&[ell]), shape(&[square(outer), square(inner)])]);
    let views = [tiles.view(&layer, &Caller::Local)];
    let z = 12;
    let bounds = tiles.bounds(&layer.id).expect("a box");
    let (first, last) =
        (TileAddress::at(z, bounds[0], bounds[3]), TileAddress::at(z, bounds[2], bounds[1]));
    let mut labels = 0;
    for row in first.row()..=last.row() {
        for col in first.col()..=last.col() {
            let tile = tiles.draw_now(
                &views,
                TileAddress::new(z, row, col).expect("inside"),
                Coding::Identity,
            );
            let shapes = decode(&tile.bytes, &layer.id);
            for label in decode(&tile.bytes, &format!("{}_label", layer.id)) {
                let (x, y) = label.rings[0][0];
                let point = geo::Point::new(f64::from(x), f64::from(y));
                let own = shapes.iter().find(|shape| shape.id == label.id).expect("its polygon");
                let near =
                    polygons(own).iter().any(|polygon| Euclidean.distance(polygon, &point) <= 1.0);
                assert!(near, "{:?} is not inside", label.id);
                labels += 1;
            }
        }
    }
    assert_eq!(labels, 3);
}

#[test]
fn hostile_shapes_are_drawn_or_left_out_but_never_panic() {
    let at = |x: f64, y: f64| [CORNER[0] + x, CORNER[1] + y];
    let half = 20_037_508.0;
    let huge = vec![[-half, -half], [half, -half], [half, half], [-half, half]];
    let comb: Vec<[f64; 2]> = (0..100_000)
        .map(|n| at(f64::from(n) * 0.01, if n % 2 == 0 { 0.0 } else { 500.0 }))
        .chain([at(1_000.0, 900.0), at(0.0, 900.0)])
        .collect();
    let shapes = vec![
        shape(&[vec![at(0.0, 0.0)]]),
        shape(&[vec![at(0.0, 0.0), at(0.0, 0.0), at(0.0, 0.0)]]),
        shape(&[vec![at(0.0, 0.0), at(100.0, 100.0), at(0.0, 0.0)]]),
        shape(&[vec![at(0.0, 0.0), at(100.0, 100.0), at(100.0, 0.0), at(0.0, 100.0)]]),
        shape(&[
            vec![at(0.0, 0.0), at(50.0, 0.0), at(50.0, 50.0)],
            vec![at(-9.0, -9.0), at(90.0, 0.0), at(0.0, 90.0)],
        ]),
        shape(&[huge]),
        shape(&[comb]),
        shape(&[vec![[f64::MAX, f64::MAX], [f64::MIN, 0.0], [0.0, f64::NAN]]]),
        Shape::default(),
    ];
    let count = shapes.len() - 1;
    let (tiles, layer) = city_of(shapes);
    assert!(tiles.count(&layer.id) <= count);
    let (lng, lat) = (49.11, 55.79);
    for z in 0..=TileAddress::ZOOM_MAX {
        for feature in drawn(&tiles, &layer, TileAddress::at(z, lng, lat)) {
            for polygon in polygons(&feature) {
                assert!(polygon.is_valid(), "z{z}: {:?}", feature.id);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crowded_zoom_leaves_out_the_same_on_both_sides_of_an_edge() {
    let office = with_city(if soak() { 60_000 } else { 15_000 }).await;
    let [west, south, east, north] = office.imgis.tiles.bounds("parcel").expect("parcels");
    let mut checked = 0;
    for z in [10, 11, 12] {
        let (first, last) = (TileAddress::at(z, west, north), TileAddress::at(z, east, south));
        let mut drawn: HashMap<(u32, u32), Vec<Feature>> = HashMap::new();
        for row in first.row()..=last.row() {
            for col in first.col()..=last.col() {
                let path = format!("/tiles/parcel/{z}/{col}/{row}");
                let answer = office.get_with(&path, "accept-encoding", "identity").await;
                let bytes = answer.bytes().await.expect("a tile");
                assert!(bytes.len() <= 700_000, "{path}: {} bytes", bytes.len());
                let features = decode(&bytes, "parcel").into_iter().filter(|f| f.id.is_some());
                drawn.insert((col, row), features.collect());
            }
        }
        let inside = |n: i32| (0..4096).contains(&n);
        for ((col, row), features) in &drawn {
            for feature in features {
                for (x, y) in feature.rings.iter().flatten() {
                    let beside = match (x, y) {
                        (x, y) if *x < 0 && inside(*y) => (col - 1, *row),
                        (x, y) if *x >= 4096 && inside(*y) => (col + 1, *row),
                        (x, y) if *y < 0 && inside(*x) => (*col, row - 1),
                        (x, y) if *y >= 4096 && inside(*x) => (*col, row + 1),
                        _ => continue,
                    };
                    let there =
                        drawn.get(&beside).is_some_and(|f| f.iter().any(|f| f.id == feature.id));
                    assert!(there, "z{z}: {:?} of {col}/{row} is not in {beside:?}", feature.id);
                    checked += 1;
                }
            }
        }
    }
    assert!(checked > 50, "{checked}");
}
