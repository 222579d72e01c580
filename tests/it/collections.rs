//! Questions for features: moments, long pages, searches, coordinates.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use crate::office::Office;
use crate::queries::{ids, next, street};

#[tokio::test(flavor = "multi_thread")]
async fn a_moment_shows_the_layer_as_it_was() {
    let office = Office::open().await;
    office.has_parcels(&["A: 0 0, 10 10", "B: 10 0, 20 10"]).await;
    let now = async || {
        tokio::time::sleep(Duration::from_millis(20)).await;
        let text = office
            .text(
                "select to_char(clock_timestamp() at time zone 'UTC',
            'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')",
            )
            .await;
        tokio::time::sleep(Duration::from_millis(20)).await;
        text
    };
    let first = now().await;
    office.sql("update layer.parcel set address = 'новый' where id = 1").await;
    let second = now().await;
    office.sql("delete from layer.parcel where id = 1").await;
    let third = now().await;
    let seen = async |when: &str| {
        let page = office.json(&format!("/collections/parcel/items?datetime={when}")).await;
        let addresses = page["features"].as_array().expect("features").iter();
        let told: Vec<String> = addresses
            .map(|f| format!("{}{}", f["id"], f["properties"]["address"].as_str().unwrap_or("-")))
            .collect();
        assert_eq!(page["numberMatched"], told.len(), "{page}");
        told.join(" ")
    };
    let before = "2001-01-01T00:00:00Z";
    assert_eq!(seen(before).await, "");
    assert_eq!(seen(&first).await, "1- 2-");
    assert_eq!(seen(&second).await, "1новый 2-");
    assert_eq!(seen(&third).await, "2-");
    assert_eq!(seen(&format!("../{before}")).await, "");
    assert_eq!(seen(&format!("../{first}")).await, "1- 2-");
    assert_eq!(seen(&format!("{first}/{second}")).await, "1новый 2-");
    assert_eq!(seen(&format!("{second}/..")).await, "1новый 2-");
    assert_eq!(seen(&format!("{third}/..")).await, "2-");
    assert_eq!(seen(&format!("{before}/{third}")).await, "1новый 2-");
    let today = &first[..10];
    assert_eq!(seen(today).await, "1новый 2-");
    let area = format!("/collections/parcel/items?datetime={first}&filter=area_m2%3E50&sortby=-id");
    assert_eq!(ids(&office.json(&area).await), [2, 1]);
    let one = office.json(&format!("/collections/parcel/items/1?datetime={second}")).await;
    assert_eq!(one["properties"]["address"], "новый");
    assert!(one["geometry"].is_object() && one["properties"]["area_m2"] == 100, "{one}");
    assert_eq!(office.refused("/collections/parcel/items/1").await.0, 404);
    let late = format!("/collections/parcel/items/1?datetime={third}");
    assert_eq!(office.refused(&late).await.0, 404);
    for bad in ["..", "/", "../..", "2021-13-01", "2021-01-01/2020-01-01", "now", "a/b/c"] {
        let (status, told) =
            office.refused(&format!("/collections/parcel/items?datetime={bad}")).await;
        assert_eq!((status.as_u16(), told["parameter"].as_str()), (400, Some("datetime")), "{bad}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn long_pages_go_out_as_they_come_and_have_a_next() {
    let office = Office::open().await;
    office
        .sql(
            "insert into layer.parcel (cadastral_number, geometry)
             select '16:50:000001:' || i, st_multi(st_makeenvelope(1304700 + i % 60, 476900 + i / 60,
               1304701 + i % 60, 476901 + i / 60, 990161)) from generate_series(1, 3000) i",
        )
        .await;
    let page = office.json("/collections/parcel/items?limit=2500").await;
    assert_eq!((&page["numberReturned"], &page["numberMatched"]), (&json!(2500), &json!(3000)));
    let rest = office.json(next(&page).expect("more")["href"].as_str().expect("href")).await;
    let walked: BTreeSet<i64> = ids(&page).into_iter().chain(ids(&rest)).collect();
    assert_eq!((ids(&rest).len(), walked.len()), (500, 3000));
    assert!(next(&rest).is_none());
    let whole = office.json("/collections/parcel/items?limit=3000&filter=id%3C%3D2000").await;
    assert_eq!(ids(&whole).len(), 2000);
    assert!(next(&whole).is_none());
    // One who leaves in the middle leaves no statement behind.
    for _ in 0..6 {
        let mut response = office.get("/collections/parcel/items?limit=10000").await;
        response.chunk().await.expect("a chunk");
        drop(response);
    }
    let mut active = String::new();
    for _ in 0..50 {
        active = office
            .text(
                "select count(*)::text from pg_stat_activity where datname = current_database()
                 and state = 'active' and pid <> pg_backend_pid() and query like '%parcel%'",
            )
            .await;
        if active == "0" {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(active, "0");
    let page = office.json("/collections/parcel/items?limit=2000").await;
    assert_eq!(page["numberReturned"], 2000, "exports are free again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_takes_what_no_address_holds() {
    let office = street().await;
    let ring: Vec<[f64; 2]> = (0..=4000)
        .map(|at| {
            let angle = f64::from(at % 4000) * std::f64::consts::TAU / 4000.0;
            [1_304_900.0 + 100.0 * angle.cos(), 476_905.0 + 100.0 * angle.sin()]
        })
        .collect();
    let body = json!({
        "collection": "building", "limit": 4, "sortby": "-year", "properties": ["year"],
        "filter-crs": format!("{}/crs/msk16-1", office.base),
        "filter": { "op": "s_within", "args": [
            { "property": "geometry" }, { "type": "Polygon", "coordinates": [ring] }] },
    });
    let media = [("content-type", "application/json")];
    let ask = async |body: &Value| -> Value {
        let response = office.send("POST", "/search", &media, body.to_string()).await;
        assert_eq!(response.status(), 200, "{}", response.text().await.unwrap_or_default());
        response.json().await.expect("JSON")
    };
    let mut page = ask(&body).await;
    let mut walked = ids(&page);
    assert_eq!(page["numberMatched"], 8, "{page}");
    while let Some(link) = next(&page).cloned() {
        assert_eq!(link["method"], "POST");
        page = ask(&link["body"]).await;
        walked.extend(ids(&page));
    }
    assert_eq!(walked, [14, 13, 12, 11, 9, 8, 7, 6]);
    for (change, parameter) in [
        (json!({ "collection": "nothing" }), ""),
        (json!({ "collection": 5 }), "collection"),
        (json!({ "limit": 0 }), "limit"),
        (json!({ "zzz": 1 }), "zzz"),
        (json!({ "filter": { "op": "=", "args": [{ "property": "yea" }, 1] } }), "filter"),
        (json!({ "filter": "year >" }), "filter"),
        (json!({ "bbox": { "a": 1 } }), "bbox"),
    ] {
        let mut bad = json!({ "collection": "building" });
        let members = change.as_object().expect("an object").clone();
        bad.as_object_mut().expect("an object").extend(members);
        let refused = office.send("POST", "/search", &media, bad.to_string()).await;
        let (status, told) = crate::office::problem(refused).await;
        let wanted = if parameter.is_empty() { 404 } else { 400 };
        assert_eq!(status, wanted, "{change}: {told}");
        assert_eq!(told["parameter"].as_str().unwrap_or_default(), parameter, "{told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn coordinates_are_those_of_postgis_in_every_system() {
    let office = Office::open().await;
    office
        .sql(
            "insert into layer.parcel (geometry)
             select st_multi(st_reverse(st_difference(
               st_buffer(p, 20 + i, 8), st_buffer(p, 5, 3)))) from (
               select i, st_setsrid(st_makepoint(1290000 + (i * 7919) % 30000, 466000 + (i * 104729) % 24000),
                 990161) as p from generate_series(1, 120) i) s",
        )
        .await;
    let client = imgis::db::connect(&office.config).await.expect("the database");
    for (crs, srid, digits, near, turned) in [
        ("http://www.opengis.net/def/crs/OGC/1.3/CRS84".to_string(), 4326, 7, 1.01e-7, false),
        ("http://www.opengis.net/def/crs/EPSG/0/4326".to_string(), 4326, 7, 1.01e-7, true),
        ("http://www.opengis.net/def/crs/EPSG/0/3857".to_string(), 3857, 2, 0.0101, false),
        (format!("{}/crs/msk16-1", office.base), 990_161, 3, 0.00101, false),
    ] {
        let page = office.json(&format!("/collections/parcel/items?limit=1000&crs={crs}")).await;
        let features = page["features"].as_array().expect("features");
        assert_eq!(features.len(), 120);
        for feature in features {
            let shape = if turned { "st_flipcoordinates(g)" } else { "g" };
            let text = format!(
                "select st_asgeojson({shape}, {digits}, 0) from (
                   select st_forcepolygonccw(st_transform(geometry, {srid})) g
                   from layer.parcel where id = $1) s"
            );
            let id = feature["id"].as_i64().expect("an id");
            let wanted: String = client.query_one(&text, &[&id]).await.expect("a row").get(0);
            let wanted: Value = serde_json::from_str(&wanted).expect("GeoJSON");
            let flat = |value: &Value| -> Vec<f64> {
                fn walk(value: &Value, out: &mut Vec<f64>) {
                    match value {
                        Value::Array(list) => list.iter().for_each(|one| walk(one, out)),
                        other => out.extend(other.as_f64()),
                    }
                }
                let mut out = Vec::new();
                walk(&value["coordinates"], &mut out);
                out
            };
            let (given, wanted) = (flat(&feature["geometry"]), flat(&wanted));
            assert_eq!(given.len(), wanted.len());
            // Rings may begin elsewhere when they were turned round: compare as sets of positions.
            let sorted = |list: &[f64]| {
                let mut pairs: Vec<[f64; 2]> = list.chunks(2).map(|p| [p[0], p[1]]).collect();
                pairs.sort_by(|a, b| a[0].total_cmp(&b[0]).then(a[1].total_cmp(&b[1])));
                pairs
            };
            let far = |a: &[f64; 2], list: &[[f64; 2]]| {
                !list.iter().any(|b| (a[0] - b[0]).abs() <= near && (a[1] - b[1]).abs() <= near)
            };
            let (given, wanted) = (sorted(&given), sorted(&wanted));
            let lost = given.iter().find(|one| far(one, &wanted));
            assert!(lost.is_none(), "{crs} {id}: {lost:?}");
        }
    }
}
