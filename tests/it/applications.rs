//! One application, whole.

use serde_json::{Value, json};

use crate::office::{Office, number_of, problem};

#[tokio::test(flavor = "multi_thread")]
async fn a_site_is_linked_to_the_parcel_it_overlaps_not_to_the_one_it_only_touches() {
    let office = Office::open().await;
    office.has_parcels(&["A: 0 0, 10 10", "B: 10 0, 20 10"]).await; // neighbours share an edge
    let site = office.site("2 2, 10 8").await;
    let response = office.submits(site).await;
    assert_eq!(response.status(), 201);
    let location = response.headers()["location"].to_str().expect("text").to_string();
    let receipt: Value = response.json().await.expect("a receipt");
    let links = receipt["links"].as_array().expect("links");
    assert_eq!(links.len(), 1, "{links:?}");
    assert_eq!(links[0]["title"], number_of("A"));
    assert_eq!(links[0]["overlap_m2"], 48.0);
    assert_eq!(links[0]["share"], 1.0);
    assert_eq!(links[0]["relation"], "subject");
    let kept = office.json(&location).await;
    assert_eq!(kept["number"], receipt["number"]);
    assert_eq!(kept["links"], receipt["links"]);
    assert_eq!(kept["events"][0]["step"], "register");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_is_in_the_tiles_when_its_receipt_is_given() {
    let office = Office::open().await;
    office.has_parcels(&["A: 0 0, 30 30"]).await;
    let (x, y) = crate::office::tile_at(14, 5.0, 5.0);
    let path = format!("/tiles/application_site/14/{x}/{y}");
    assert_eq!(office.get(&path).await.status(), 204);
    let receipt = office.submits(json!({ "cadastral_numbers": ["16 50 1 1"] })).await;
    let receipt: Value = receipt.json().await.expect("a receipt");
    assert_eq!(receipt["site"]["area_m2"], 900.0);
    assert_eq!(receipt["links"][0]["provenance"], "applicant");
    let features = crate::tiles::features(&office, &path, "application_site").await;
    assert_eq!(features.len(), 1);
    assert_eq!(features[0].text("number"), receipt["number"].as_str().expect("text"));
    assert_eq!(features[0].text("status"), "registered");
}

#[tokio::test(flavor = "multi_thread")]
async fn zones_are_linked_with_area_and_share() {
    let office = Office::open().await;
    office.has_parcels(&["A: 0 0, 20 10"]).await;
    office.has_zone("Ж-1", "-100 -100, 5 100").await;
    let receipt = office.submits(json!({ "cadastral_numbers": [number_of("A")] })).await;
    let receipt: Value = receipt.json().await.expect("a receipt");
    let links = receipt["links"].as_array().expect("links");
    let zone = links.iter().find(|link| link["layer"] == "territorial_zone").expect("the zone");
    assert_eq!((&zone["overlap_m2"], &zone["share"]), (&json!(50.0), &json!(0.25)));
    assert_eq!(zone["relation"], "affected");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_gives_the_same_receipt_and_another_body_is_refused() {
    let office = Office::open().await;
    office.has_parcels(&["A: 0 0, 10 10"]).await;
    let body = |name: &str| {
        json!({ "service": "draft_project", "applicant": { "kind": "person", "name": name },
                "site": { "cadastral_numbers": [number_of("A")] } })
        .to_string()
    };
    let headers = [("content-type", "application/json"), ("idempotency-key", "k-1")];
    let first = office.send("POST", "/applications", &headers, body("А")).await;
    let first: Value = first.json().await.expect("a receipt");
    let again = office.send("POST", "/applications", &headers, body("А")).await;
    assert_eq!(again.status(), 201);
    assert_eq!(again.json::<Value>().await.expect("a receipt"), first);
    let (status, _) =
        problem(office.send("POST", "/applications", &headers, body("Б")).await).await;
    assert_eq!(status, 409);
    let list = office.json("/applications").await;
    assert_eq!(list["applications"].as_array().expect("a list").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_outside_the_city_is_refused_and_the_intake_is_kept() {
    let office = Office::open().await;
    let site = office.site("20000 0, 20010 10").await;
    let (status, told) = problem(office.submits(site).await).await;
    assert_eq!(status, 422);
    assert_eq!(told["pointer"], "/site");
    let client = imgis::db::connect(&office.config).await.expect("the database");
    let row = client
        .query_one("select state, reason, length(body) > 0 from imgis.intake", &[])
        .await
        .expect("the intake");
    assert_eq!(row.get::<_, String>(0), "failed");
    assert!(row.get::<_, String>(1).contains("outside"));
    assert!(row.get::<_, bool>(2));
    let none = client.query_one("select count(*) from imgis.application", &[]).await;
    assert_eq!(none.expect("a count").get::<_, i64>(0), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_of_a_submission_is_named_with_its_pointer() {
    let office = Office::open().await;
    let body = json!({ "service": "x", "applicant": { "kind": "robot" }, "colour": 1,
                       "site": { "cadastral_numbers": ["nonsense"] } });
    let media = [("content-type", "application/json")];
    let response = office.send("POST", "/applications", &media, body.to_string()).await;
    let (status, told) = problem(response).await;
    assert_eq!(status, 422);
    let errors = told["errors"].as_array().expect("errors");
    let mut pointers: Vec<&str> = errors.iter().filter_map(|e| e["pointer"].as_str()).collect();
    pointers.sort_unstable();
    let wanted =
        ["/applicant/kind", "/applicant/name", "/colour", "/service", "/site/cadastral_numbers/0"];
    assert_eq!(pointers, wanted);
    let missing = json!({ "cadastral_numbers": [number_of("Z")] });
    let (status, told) = problem(office.submits(missing).await).await;
    assert_eq!(status, 422);
    assert_eq!(told["pointer"], "/site/cadastral_numbers/0");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_self_crossing_site_is_refused_with_the_place() {
    let office = Office::open().await;
    let bow = json!({ "type": "Polygon", "coordinates": [[
        [49.10, 55.80], [49.11, 55.81], [49.11, 55.80], [49.10, 55.81], [49.10, 55.80]]] });
    let (status, told) = problem(office.submits(bow).await).await;
    assert_eq!(status, 422);
    let place = told["errors"][0]["place"].as_str().expect("a place");
    assert!(place.starts_with("POINT(49.105 55.805"), "{place}");
}
