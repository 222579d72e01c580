//! What nobody should send: every answer is a refusal with its name and place, none is a 500.

use imgis::access::Role;
use imgis::http::Door;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::office::{Office, problem};

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_is_refused_with_problem_json() {
    let office = Office::open().await;
    office.has_parcels(&["A: 0 0, 50 50"]).await;
    for (path, status, parameter) in [
        ("/find?q=a%00", 400, "q"),
        ("/collections/parcel/items?address=%00", 400, "address"),
        ("/collections/parcel/items?address=%FF", 400, "address"),
        ("/collections/parcel/items?registered_on=7.260.2011", 400, "registered_on"),
        ("/collections/parcel/items?registered_on=2011-04-07zzz", 400, "registered_on"),
        ("/collections/parcel/items?registered_on=31.01.-9999", 400, "registered_on"),
        ("/collections/planning_document/items?valid=foo", 400, "valid"),
        ("/collections/%FF", 400, "path"),
        ("/parcels/%FF", 400, "path"),
        ("/tiles/%FF/1/0/0", 400, "path"),
        ("/tiles/parcel/+14/1/1", 400, "z"),
        ("/tiles/parcel/14/05118/1", 400, "x"),
        ("/tiles/parcel/14/1/1?x=1", 400, "x"),
        ("/identify?lng=49.1&lat=55.8&layers=parcel,parcel", 400, "layers"),
        ("/find?q=abc&limit=1.5", 400, "limit"),
        ("/collections?f=zzz", 400, "f"),
        ("/conformance?f=xml", 400, "f"),
        ("/api?f=zzz", 400, "f"),
    ] {
        let (given, told) = office.refused(path).await;
        let told = told["parameter"].as_str().unwrap_or_default();
        assert_eq!((given.as_u16(), told), (status, parameter), "{path}");
    }
    assert_eq!(office.refused("/applications/%00").await.0, 404);
    let city = format!("{}/crs/msk16-1", office.base);
    for bbox in ["0,0,2e9,2e9", "0,0,1e300,1e300", "1304700,476900,1304710,476910"] {
        let path = format!("/collections/parcel/items?bbox={bbox}&bbox-crs={city}");
        assert_eq!(office.json(&path).await["numberReturned"], 1, "{bbox}");
    }
    let days = office.json("/collections/application_deadline/items?days_left=3").await;
    assert_eq!(days["numberReturned"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_without_land_or_out_of_reach_is_refused() {
    let office = Office::open().await;
    for site in [
        json!({ "type": "Polygon", "coordinates": [] }),
        json!({ "type": "MultiPolygon", "coordinates": [] }),
        json!({ "type": "Polygon", "coordinates": [[[181, 91], [182, 91], [182, 92], [181, 91]]] }),
        json!({ "type": "Polygon", "coordinates": [[[1e308, 0], [1e308, 1], [0, 1], [1e308, 0]]] }),
        json!({ "type": "Polygon", "coordinates": [[[49.1, 55.79], [49.10000000001, 55.79],
            [49.1, 55.79000000001], [49.1, 55.79]]] }),
    ] {
        let (status, told) = problem(office.submits(site.clone()).await).await;
        let pointer = told["pointer"].as_str().unwrap_or_default();
        assert!(status == StatusCode::UNPROCESSABLE_ENTITY, "{site}: {status} {told}");
        assert!(pointer.starts_with("/site"), "{site}: {told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feature_of_absurd_values_is_refused_with_its_pointer() {
    let office = Office::open().await;
    let city = format!("{}/crs/msk16-1", office.base);
    let headers = [("content-type", "application/geo+json"), ("content-crs", city.as_str())];
    let far = json!({ "type": "Polygon",
        "coordinates": [[[1e20, 1e20], [2e20, 1e20], [2e20, 2e20], [1e20, 1e20]]] });
    let empty = json!({ "type": "Polygon", "coordinates": [] });
    let number = "16:50:1:1";
    for (geometry, address, pointer) in [
        (far, "a", "/geometry"),
        (empty, "a", "/geometry/coordinates"),
        (Value::Null, "a\0b", "/properties/address"),
    ] {
        let body = json!({ "type": "Feature", "geometry": geometry,
            "properties": { "cadastral_number": number, "address": address } });
        let sent = office.send("POST", "/collections/parcel/items", &headers, body.to_string());
        let (status, told) = problem(sent.await).await;
        assert_eq!((status.as_u16(), told["pointer"].as_str()), (422, Some(pointer)), "{told}");
    }
    let body = json!({ "service": "draft_project", "site": { "cadastral_numbers": [number] },
        "applicant": { "kind": "person", "name": "a\0b" } });
    let json_body = [("content-type", "application/json")];
    let sent = office.send("POST", "/applications", &json_body, body.to_string()).await;
    assert_eq!(problem(sent).await.0, 422);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_method_that_is_not_taken_is_told_which_are() {
    let office = Office::open().await;
    for (method, path, wanted) in [
        ("DELETE", "/collections/parcel/items", "GET, HEAD, POST, OPTIONS"),
        ("POST", "/collections/parcel/items/1", "GET, HEAD, PUT, PATCH, DELETE, OPTIONS"),
        ("POST", "/layers", "GET, HEAD, OPTIONS"),
    ] {
        let answer = office.send(method, path, &[], "").await;
        assert_eq!(answer.headers()["allow"], wanted, "{method} {path}");
        assert_eq!(problem(answer).await.0, 405);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_what_staff_alone_may_read_is_told_to_staff_alone() {
    let office = Office::open().await;
    office.has_parcels(&["A: 0 0, 50 50"]).await;
    let public = office.by(Door::Open).await;
    let staff = office.as_staff(&[Role::Reviewer]).await;
    let tag = async |who: &Office| {
        let answer = who.get("/collections/parcel/items/1").await;
        answer.headers()["etag"].to_str().expect("text").to_string()
    };
    let (outside, inside) = (tag(&public).await, tag(&staff).await);
    let mut heard = Vec::new();
    for who in [&public, &staff] {
        heard.push(who.get("/changes").await);
    }
    office.sql("update layer.parcel set owner_note = 'another' where id = 1").await;
    office.settled().await;
    office.sql("update layer.parcel set address = 'ул. Баумана, 1' where id = 1").await;
    office.settled().await;
    let mut counts = Vec::new();
    for stream in &mut heard {
        let mut text = String::new();
        // The second change is told to both: what came before it is all that was told of the first.
        while text.matches("event: change").count() < 2 {
            let next =
                tokio::time::timeout(std::time::Duration::from_secs(2), stream.chunk()).await;
            let Ok(Ok(Some(chunk))) = next else { break };
            text.push_str(&String::from_utf8_lossy(&chunk));
        }
        counts.push(text.matches("event: change").count());
        assert!(text.contains("\"tiles\":[[14,"), "{text}");
    }
    assert_eq!(counts, [1, 2]);
    office.sql("update layer.parcel set owner_note = 'a third' where id = 1").await;
    let (outside_now, inside_now) = (tag(&public).await, tag(&staff).await);
    assert_ne!(inside, inside_now);
    assert_ne!(outside, outside_now, "the address is public");
    office.sql("update layer.parcel set owner_note = 'a fourth' where id = 1").await;
    assert_eq!(outside_now, tag(&public).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feature_sent_back_as_it_was_served_keeps_its_boundary_to_the_last_digit() {
    let office = Office::open().await;
    office.has_parcels(&["A: 0.123 0.456, 50.789 50.012"]).await;
    let mut feature = office.json("/collections/parcel/items/1").await;
    feature["properties"]["address"] = "ул. Баумана, 2".into();
    let headers = [("content-type", "application/geo+json"), ("if-match", "*")];
    let before = office.text("select st_asewkt(geometry) from layer.parcel").await;
    let put =
        office.send("PUT", "/collections/parcel/items/1", &headers, feature.to_string()).await;
    assert_eq!(put.status(), 200);
    assert_eq!(office.text("select st_asewkt(geometry) from layer.parcel").await, before);
    assert_eq!(office.text("select address from layer.parcel").await, "ул. Баумана, 2");
}

#[tokio::test(flavor = "multi_thread")]
async fn land_without_a_boundary_has_no_place_on_the_map() {
    let office = Office::open().await;
    office.sql("insert into layer.parcel (cadastral_number) values ('16:50:000001:1')").await;
    let found = office.json("/find?q=16:50:1:1").await;
    assert_eq!(found["hits"][0]["center"], Value::Null);
    let page = office.get_with("/parcels/16:50:1:1", "accept", "text/html").await;
    let html = page.text().await.expect("a page");
    assert!(html.contains("Границы участка не внесены") && !html.contains("?at="), "{html}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_gets_a_page_and_caches_are_told_what_an_answer_depends_on() {
    let office = Office::open().await;
    let page = office.get_with("/applications/2026-AGO-000001", "accept", "text/html").await;
    assert_eq!(page.status(), 404);
    assert!(page.headers()["content-type"].to_str().expect("text").starts_with("text/html"));
    assert_eq!(page.headers()["cache-control"], "private, no-cache");
    let vary: Vec<_> =
        page.headers().get_all("vary").iter().filter_map(|v| v.to_str().ok()).collect();
    assert!(vary.join(", ").contains("Accept"), "{vary:?}");
    assert!(page.text().await.expect("a page").contains("Не найдено"));
    let link = office
        .send(
            "GET",
            "/applications",
            &[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")],
            "",
        )
        .await;
    assert_eq!(link.status(), 200, "a link that a clerk follows");
    let read = office.send("GET", "/applications", &[("sec-fetch-site", "cross-site")], "").await;
    assert_eq!(problem(read).await.0, 403);
}
