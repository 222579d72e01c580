//! Files in: twice the same changes nothing; a bad row is refused with its reason and place.

use std::path::{Path, PathBuf};

use imgis::config::City;
use imgis::db;
use imgis::error::Result;
use imgis::exchange::{ImportOptions, Report, import};
use indicatif::ProgressBar;
use serde_json::json;

use crate::office::{Office, empty_database, prepare, real_data, root};

async fn imports(
    office: &Office,
    file: &Path,
    layer: &str,
    key: Option<&str>,
    dry_run: bool,
) -> Result<Report> {
    let mut client = db::connect(&db::as_server(office.config.clone(), "UTC")).await?;
    let options = ImportOptions { srid: None, key: key.map(str::to_string), dry_run };
    let layer = office.imgis.catalogue.layer(layer).expect("the layer");
    let bar = ProgressBar::hidden();
    import(&mut client, layer, &office.imgis.city, file, &options, &bar).await
}

fn file(name: &str, text: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("imgis-{}-{name}", std::process::id()));
    std::fs::write(&path, text).expect("a file");
    path
}

fn parcel(number: &str, x: f64) -> serde_json::Value {
    let (lng, lat, d) = (49.10 + x, 55.80, 0.0005);
    json!({ "type": "Feature", "properties": { "cad_num": number, "note": "x" },
            "geometry": { "type": "Polygon", "coordinates": [[[lng, lat], [lng + d, lat],
                [lng + d, lat + d], [lng, lat + d], [lng, lat]]] } })
}

fn counts(report: &Report) -> (i64, i64, i64, i64, i64) {
    (report.read, report.inserted, report.updated, report.unchanged, report.refused)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_run_of_the_same_file_changes_nothing() {
    let office = Office::open().await;
    let features = json!({ "type": "FeatureCollection",
                           "features": [parcel("16:50:1:1", 0.0), parcel("16:50:1:2", 0.001)] });
    let path = file("same.geojson", &features.to_string());
    for key in [Some("cadastral_number"), None] {
        let tried = imports(&office, &path, "parcel", key, true).await.expect("a report");
        let first = imports(&office, &path, "parcel", key, false).await.expect("a report");
        if key.is_some() {
            assert_eq!(counts(&tried), (2, 2, 0, 0, 0));
            assert_eq!(counts(&first), (2, 2, 0, 0, 0));
        }
        let again = imports(&office, &path, "parcel", key, false).await.expect("a report");
        assert_eq!(counts(&again), (2, 0, 0, 2, 0), "{key:?}");
        assert_eq!(
            (again.mapped, again.unmapped),
            (vec!["cadastral_number".into()], vec!["note".into()])
        );
    }
    office.settled().await;
    assert_eq!(office.imgis.tiles.count("parcel"), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_updates_what_differs_and_refuses_what_repeats() {
    let office = Office::open().await;
    let mut lines = vec![parcel("16:50:1:1", 0.0), parcel("16:50:1:2", 0.001)];
    let text = |lines: &[serde_json::Value]| {
        lines.iter().map(|line| format!("\u{1e}{line}\n")).collect::<String>()
    };
    let path = file("key.geojsons", &text(&lines));
    let key = Some("cadastral_number");
    imports(&office, &path, "parcel", key, false).await.expect("a report");
    lines[1] = parcel("16:50:1:2", 0.002);
    lines.push(parcel("16:50:1:3", 0.003));
    lines.push(parcel("16:50:000001:3", 0.004)); // the same number again
    lines.push(parcel("nonsense", 0.005));
    lines.push(json!({ "type": "Feature", "properties": {}, "geometry": null }));
    let mut outside = parcel("16:50:1:4", 10.0);
    outside["properties"]["cad_num"] = "16:50:1:4".into();
    lines.push(outside);
    let mut bow = parcel("16:50:1:5", 0.006);
    bow["geometry"]["coordinates"] =
        json!([[[49.10, 55.80], [49.11, 55.81], [49.11, 55.80], [49.10, 55.81], [49.10, 55.80]]]);
    lines.push(bow);
    std::fs::write(&path, text(&lines)).expect("a file");
    let report = imports(&office, &path, "parcel", key, false).await.expect("a report");
    assert_eq!(counts(&report), (8, 1, 1, 1, 5), "{:?}", report.refusals);
    let reasons: Vec<(i64, &str)> =
        report.refusals.iter().map(|refusal| (refusal.row, refusal.reason.as_str())).collect();
    let told = |row: i64, part: &str| {
        let found = reasons.iter().any(|(known, reason)| *known == row && reason.contains(part));
        assert!(found, "row {row} {part}: {reasons:?}");
    };
    told(4, "stands in row 3 too");
    told(5, "is not a cadastral number");
    told(6, "is empty");
    told(7, "leaves the bounds");
    told(8, "not valid");
    let bow = report.refusals.iter().find(|refusal| refusal.row == 8).expect("the bow");
    assert!(bow.place.as_deref().is_some_and(|place| place.starts_with("POINT(49.105")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_file_is_refused_with_its_line_and_nothing_is_written() {
    let office = Office::open().await;
    let good = parcel("16:50:1:1", 0.0);
    let path = file(
        "broken.geojson",
        &format!("{{\"type\":\"FeatureCollection\",\"features\":[\n{good},\n{{\"type\":]}}"),
    );
    let refused = imports(&office, &path, "parcel", None, false).await.expect_err("a refusal");
    assert!(refused.to_string().contains(":3: not GeoJSON"), "{refused}");
    office.settled().await;
    assert_eq!(office.imgis.tiles.count("parcel"), 0);
    let derived = imports(&office, &path, "application_site", None, false).await;
    assert!(derived.expect_err("a refusal").to_string().contains("read-only"));
}

async fn cambridge() -> Office {
    let city = City::read(&root().join("tests/fixtures/cambridge/municipality.toml"));
    let city = city.expect("the municipality is readable");
    let config = empty_database().await;
    prepare(&config, &city).await;
    Office::over(config, city).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_keeps_the_rules_of_the_layer() {
    let (_town, office) = crate::town::plots("import").await;
    let plot = |number: &str, corners: [f64; 4]| {
        let [x0, y0, x1, y1] = corners;
        crate::town::plot(number, &crate::town::square(x0, y0, x1, y1))
    };
    let features = |list: &[serde_json::Value]| {
        let crs = json!({ "type": "name", "properties": { "name": "EPSG:990161" } });
        json!({ "type": "FeatureCollection", "crs": crs, "features": list }).to_string()
    };
    let a = plot("a", [0.0, 0.0, 10.0, 10.0]);
    let b = plot("b", [10.0, 0.0, 20.0, 10.0]);
    let path = file("rules.geojson", &features(&[a.clone(), b]));
    let key = Some("number");
    let report = imports(&office, &path, "plot", key, false).await.expect("a report");
    assert_eq!(counts(&report), (2, 2, 0, 0, 0), "{report:?}");
    let rows = [
        a,
        plot("b", [5.0, 0.0, 20.0, 10.0]),
        plot("c", [15.0, 0.0, 30.0, 10.0]),
        plot("d", [40.0, 0.0, 50.0, 10.0]),
        plot("e", [45.0, 0.0, 60.0, 10.0]),
        plot("f", [70.0, 0.0, 71.0, 1.0]),
        plot("g", [990.0, 0.0, 1020.0, 10.0]),
    ];
    let path = file("rules2.geojson", &features(&rows));
    let report = imports(&office, &path, "plot", key, false).await.expect("a report");
    assert_eq!(counts(&report), (7, 1, 0, 1, 5), "{report:?}");
    let told: Vec<(i64, &str)> =
        report.refusals.iter().map(|refusal| (refusal.row, refusal.reason.as_str())).collect();
    assert_eq!(told[0], (2, "it overlaps the feature 1: 50.00 m² are shared"));
    assert_eq!(told[2], (5, "it overlaps row 4: 50.00 m² are shared"));
    assert!(told[1].0 == 3 && told[1].1.starts_with("it overlaps"), "{told:?}");
    assert!(told[3].1.contains("less than") && told[4].1.contains("inside"), "{told:?}");
    let free = "select count(*)::text from layer.plot a join layer.plot b on a.id < b.id
                where st_area(st_intersection(a.geometry, b.geometry)) > 0.01";
    assert_eq!(office.text(free).await, "0");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_real_parcels_of_cambridge_come_in_year_by_year_and_link() {
    let Some(folder) = real_data("cambridge") else {
        return;
    };
    let office = cambridge().await;
    let key = Some("cadastral_number");
    let boundary = folder.join("boundary_cityboundary.geojson");
    let report = imports(&office, &boundary, "municipal_boundary", None, false).await;
    assert_eq!(report.expect("a report").inserted, 1);
    office.sql("update layer.municipal_boundary set kind = 'city'").await;
    let first = folder.join("parcels_fy2013.geojson");
    let report = imports(&office, &first, "parcel", key, false).await.expect("a report");
    assert_eq!(report.read, 1318);
    assert!(report.inserted > 1250 && report.inserted + report.refused == 1318, "{report:?}");
    let again = imports(&office, &first, "parcel", key, false).await.expect("a report");
    assert_eq!((again.inserted, again.updated, again.unchanged), (0, 0, report.inserted));
    let second = folder.join("parcels_fy2014.geojson");
    let report = imports(&office, &second, "parcel", key, false).await.expect("a report");
    assert!(report.read == 1314 && report.updated > 0 && report.inserted > 0, "{report:?}");
    let zones = folder.join("cdd_zoningdistricts.geojson");
    let report = imports(&office, &zones, "territorial_zone", None, false).await;
    assert!(report.expect("a report").inserted > 20);
    let permits = folder.join("cdd_specialpermits.geojson");
    let report = imports(&office, &permits, "special_permit", None, false).await;
    assert!(report.expect("a report").inserted > 20);
    office.settled().await;
    let item = office.json("/collections/parcel/items?limit=1&cadastral_number=115-82").await;
    assert_eq!(item["numberReturned"], 1);
    let service = office.json("/services").await[0]["id"].clone();
    let body = json!({ "service": service, "applicant": { "kind": "person", "name": "Ann" },
                       "site": { "cadastral_numbers": ["115-82"] } });
    let media = [("content-type", "application/json")];
    let receipt = office.send("POST", "/applications", &media, body.to_string()).await;
    let status = receipt.status();
    let receipt: serde_json::Value = receipt.json().await.expect("JSON");
    assert_eq!(status, 201, "{receipt}");
    let links = receipt["links"].as_array().expect("links");
    let linked = |layer: &str| links.iter().any(|link| link["layer"] == layer);
    assert!(linked("parcel") && linked("territorial_zone"), "{links:?}");
    let (x, y) = tile(-71.1097, 42.3690, 14);
    let path = format!("/tiles/parcel,territorial_zone,special_permit/14/{x}/{y}");
    let parcels = crate::tiles::features(&office, &path, "parcel").await;
    assert!(parcels.len() > 50, "{}", parcels.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_real_boundary_districts_and_roads_of_kazan_draw_and_answer() {
    let Some(folder) = real_data("kazan") else {
        return;
    };
    let office = Office::open().await;
    office.sql("delete from layer.municipal_boundary").await;
    for (name, layer, least) in [
        ("boundary.geojson", "municipal_boundary", 1),
        ("districts.geojson", "municipal_boundary", 7),
        ("main_roads.geojson", "street_axis", 3_300),
    ] {
        let report = imports(&office, &folder.join(name), layer, None, false).await;
        let report = report.expect("a report");
        assert!(report.inserted >= least, "{name}: {report:?}");
    }
    office.settled().await;
    let city = office.json("/collections/municipal_boundary/items?kind=city").await;
    assert_eq!(city["numberMatched"], 1);
    let here = office.json("/identify?lng=49.1064&lat=55.7989&zoom=12").await;
    assert_eq!(here["inside"], true);
    let group = &here["groups"][0];
    assert_eq!((&group["layer"], &group["count"]), (&json!("municipal_boundary"), &json!(2)));
    let (x, y) = tile(49.1064, 55.7989, 12);
    let path = format!("/tiles/street_axis,municipal_boundary/12/{x}/{y}");
    assert!(crate::tiles::features(&office, &path, "street_axis").await.len() > 20);
    let outside = office.site("20000 0, 20010 10").await;
    assert_eq!(office.submits(outside).await.status(), 422, "the real boundary decides");
}

fn tile(lng: f64, lat: f64, z: u8) -> (u32, u32) {
    let side = f64::from(1u32 << z);
    let lat = lat.to_radians();
    let row = (1.0 - lat.tan().asinh() / std::f64::consts::PI) / 2.0 * side;
    (((lng + 180.0) / 360.0 * side) as u32, row as u32)
}
