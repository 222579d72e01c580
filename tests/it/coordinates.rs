//! The city's own system, by PROJ in Rust and by PostGIS.

use imgis::config::City;
use imgis::geometry::{CadastralNumber, Projector};

use crate::office::{Office, kazan};

const VECTORS: [(usize, f64, f64, f64, f64); 3] = [
    (0, 49.1064, 55.7989, 1_304_685.643, 476_842.789),
    (0, 49.033_333_333_33, 55.75, 1_300_103.152, 471_395.981),
    (1, 52.40, 55.74, 2_323_129.134, 470_338.327),
];

fn systems(city: &City) -> Vec<(i32, String)> {
    let mut all = vec![(city.srid, city.proj.clone())];
    all.extend(city.further_crs.iter().map(|further| (further.srid, further.proj.clone())));
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn the_known_points_of_msk_16_are_met_within_a_millimetre_by_both() {
    let office = Office::open().await;
    let client = imgis::db::connect(&office.config).await.expect("the database");
    let systems = systems(&kazan());
    for (system, lng, lat, east, north) in VECTORS {
        let (srid, proj) = &systems[system];
        let here = Projector::new(proj).expect("PROJ").project(lng, lat).expect("a point");
        let text = format!(
            "select st_x(p), st_y(p)
             from (select st_transform(st_setsrid(st_makepoint({lng}, {lat}), 4326), {srid}) as p) t"
        );
        let row = client.query_one(&text, &[]).await.expect("a point");
        for (x, y) in [here, (row.get(0), row.get(1))] {
            assert!((x - east).abs() < 0.001 && (y - north).abs() < 0.001, "{srid}: {x} {y}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn proj_and_postgis_agree_on_a_thousand_points() {
    let office = Office::open().await;
    let client = imgis::db::connect(&office.config).await.expect("the database");
    let city = kazan();
    let projector = Projector::new(&city.proj).expect("PROJ");
    let [west, south, east, north] = city.bounds;
    let mut state = 42u64;
    let mut random = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1u64 << 53) as f64
    };
    let text = "select st_x(p), st_y(p)
        from (select st_transform(st_setsrid(st_makepoint($1, $2), 4326), 990161) as p) t";
    let statement = client.prepare(text).await.expect("a statement");
    for _ in 0..1_000 {
        let (lng, lat) = (west + random() * (east - west), south + random() * (north - south));
        let (x, y) = projector.project(lng, lat).expect("a point");
        let row = client.query_one(&statement, &[&lng, &lat]).await.expect("a point");
        let (dx, dy) = (x - row.get::<_, f64>(0), y - row.get::<_, f64>(1));
        assert!(dx.abs() < 0.001 && dy.abs() < 0.001, "{lng} {lat}: {dx} {dy}");
        let (back_lng, back_lat) = projector.unproject(x, y).expect("a point");
        assert!((back_lng - lng).abs() < 1e-8 && (back_lat - lat).abs() < 1e-8);
    }
}

#[test]
fn a_cadastral_number_is_read_in_any_spelling() {
    let rule = kazan().cadastral_number;
    let read = |text: &str| CadastralNumber::parse(text, &rule).map(|number| number.to_string());
    for text in ["16:50:010101:12", "16:50:10101:12", "16 50 010101 12", "16_50_10101_0012"] {
        assert_eq!(read(text).as_deref(), Some("16:50:010101:12"), "{text}");
    }
    for text in ["", "16:50", "16:50:010101:", "a:b:c:d", "16:50:010101:12:1"] {
        assert_eq!(read(text), None, "{text}");
    }
}
