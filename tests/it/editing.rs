//! Create, replace, delete: with a version, or not at all.

use serde_json::{Value, json};

use crate::office::{Office, number_of, problem};

const GEOJSON: (&str, &str) = ("content-type", "application/geo+json");

async fn draft(office: &Office, number: &str) -> Value {
    json!({ "type": "Feature", "geometry": office.site("0 0, 10 10").await,
            "properties": { "cadastral_number": number, "area_doc_m2": 100 } })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feature_is_created_replaced_and_deleted_under_its_version() {
    let office = Office::open().await;
    let items = "/collections/parcel/items";
    let feature = draft(&office, "16:50:1:1").await;
    let made = office.send("POST", items, &[GEOJSON], feature.to_string()).await;
    assert_eq!(made.status(), 201);
    let location = made.headers()["location"].to_str().expect("text").to_string();
    let first = made.headers()["etag"].to_str().expect("text").to_string();
    let path = location.strip_prefix(&office.base).expect("a path").to_string();
    let kept = office.json(&path).await;
    assert_eq!(kept["properties"]["cadastral_number"], number_of("A"));
    assert!((kept["properties"]["area_m2"].as_f64().expect("a number") - 100.0).abs() < 0.05);
    let put = async |tag: Option<&str>| {
        let mut headers = vec![GEOJSON];
        headers.extend(tag.map(|tag| ("if-match", tag)));
        office.send("PUT", &path, &headers, feature.to_string()).await
    };
    assert_eq!(problem(put(None).await).await.0, 428);
    assert_eq!(problem(put(Some("\"other\"")).await).await.0, 412);
    let mut changed = feature.clone();
    changed["properties"]["address"] = "ул. Баумана, 1".into();
    let headers = [GEOJSON, ("if-match", first.as_str())];
    let replaced = office.send("PUT", &path, &headers, changed.to_string()).await;
    assert_eq!(replaced.status(), 200);
    let second = replaced.headers()["etag"].to_str().expect("text").to_string();
    assert_ne!(first, second);
    assert_eq!(problem(put(Some(&first)).await).await.0, 412);
    let stale = office.send("DELETE", &path, &[("if-match", first.as_str())], "").await;
    assert_eq!(problem(stale).await.0, 412);
    let gone = office.send("DELETE", &path, &[("if-match", second.as_str())], "").await;
    assert_eq!(gone.status(), 204);
    assert_eq!(office.refused(&path).await.0, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_body_is_refused_with_the_place() {
    let office = Office::open().await;
    let items = "/collections/parcel/items";
    let post =
        async |body: String| problem(office.send("POST", items, &[GEOJSON], body).await).await;
    let (status, told) = post("{\"type\": \"Feature\",\n \"geometry\": }".into()).await;
    assert_eq!(status, 400);
    assert!(told["detail"].as_str().expect("text").contains("line 2 column 14"), "{told}");
    let good = draft(&office, "16:50:1:1").await;
    let with = |change: &dyn Fn(&mut Value)| {
        let mut feature = good.clone();
        change(&mut feature);
        feature.to_string()
    };
    for (body, pointer) in [
        (with(&|f| f["properties"]["colour"] = 1.into()), "/properties/colour"),
        (with(&|f| f["properties"]["area_doc_m2"] = "x".into()), "/properties/area_doc_m2"),
        (
            with(&|f| f["properties"]["cadastral_number"] = "x".into()),
            "/properties/cadastral_number",
        ),
        (with(&|f| f["geometry"]["type"] = "Circle".into()), "/geometry/type"),
        (
            with(&|f| f["geometry"] = json!({ "type": "Point", "coordinates": [49.1, 55.8] })),
            "/geometry/type",
        ),
        (
            with(&|f| f["geometry"]["coordinates"][0][1] = json!(["a", 1])),
            "/geometry/coordinates/0/1",
        ),
        (
            with(&|f| {
                f["geometry"] = json!({ "type": "Polygon", "coordinates": [[
            [49.10, 55.80], [49.11, 55.81], [49.11, 55.80], [49.10, 55.81], [49.10, 55.80]]] })
            }),
            "/geometry",
        ),
        (
            with(&|f| {
                f["geometry"] = json!({ "type": "Polygon", "coordinates": [[
            [10.0, 50.0], [10.1, 50.0], [10.1, 50.1], [10.0, 50.0]]] })
            }),
            "/geometry",
        ),
    ] {
        let (status, told) = post(body.clone()).await;
        assert_eq!((status.as_u16(), told["pointer"].as_str()), (422, Some(pointer)), "{body}");
    }
    let text = office.send("POST", items, &[("content-type", "text/plain")], "x").await;
    assert_eq!(problem(text).await.0, 415);
    let huge = "x".repeat(imgis::config::limit::BODY_BYTES_MAX + 1);
    assert_eq!(post(huge).await.0, 413);
    assert_eq!(office.send("POST", items, &[GEOJSON], good.to_string()).await.status(), 201);
    assert_eq!(post(good.to_string()).await.0, 409, "the number exists");
    let derived =
        office.send("POST", "/collections/application_site/items", &[GEOJSON], "{}").await;
    let allow = derived.headers()["allow"].to_str().expect("text").to_string();
    assert_eq!((problem(derived).await.0.as_u16(), allow.as_str()), (405, "GET, HEAD, OPTIONS"));
    let put = office.send("DELETE", "/collections", &[], "").await;
    assert_eq!(problem(put).await.0, 405);
}

#[tokio::test(flavor = "multi_thread")]
async fn coordinates_of_the_city_are_taken_as_they_are() {
    let office = Office::open().await;
    let crs = format!("<{}/crs/msk16-1>", office.base);
    let feature = json!({ "type": "Feature", "properties": { "cadastral_number": "16:50:1:1" },
        "geometry": { "type": "Polygon", "coordinates": [[
            [1304700.01, 476900.02], [1304710.03, 476900.02], [1304710.03, 476910.04],
            [1304700.01, 476910.04], [1304700.01, 476900.02]]] } });
    let headers = [GEOJSON, ("content-crs", crs.as_str())];
    let path = "/collections/parcel/items";
    let made = office.send("POST", path, &headers, feature.to_string()).await;
    assert_eq!(made.status(), 201);
    let client = imgis::db::connect(&office.config).await.expect("the database");
    let row = client
        .query_one("select st_xmin(geometry), st_ymax(geometry) from layer.parcel", &[])
        .await
        .expect("a row");
    assert_eq!((row.get(0), row.get(1)), (1_304_700.01, 476_910.04));
}
