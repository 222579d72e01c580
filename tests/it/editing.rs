//! Create, replace, patch, delete: with a version, within the rules, or not at all.

use serde_json::{Value, json};

use crate::office::{Office, number_of, problem};
use crate::town::{makes, plot, plots, square, tells};

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

#[tokio::test(flavor = "multi_thread")]
async fn every_method_answers_as_the_standard_says() {
    let office = Office::open().await;
    let items = "/collections/parcel/items";
    let feature = draft(&office, "16:50:1:1").await.to_string();
    let made = office.send("POST", items, &[GEOJSON], feature.clone()).await;
    assert_eq!(made.status(), 201);
    assert!(made.headers().contains_key("location") && made.headers().contains_key("content-crs"));
    let tag = made.headers()["etag"].to_str().expect("text").to_string();
    let item = made.headers()["location"].to_str().expect("text").to_string();
    let item = item.strip_prefix(&office.base).expect("a path").to_string();
    let status = async |method: &str, path: &str, headers: &[(&str, &str)], body: &str| {
        office.send(method, path, headers, body.to_string()).await.status().as_u16()
    };
    let any = [GEOJSON, ("if-match", "*")];
    let gone = "/collections/parcel/items/999";
    for method in ["PUT", "PATCH"] {
        assert_eq!(status(method, gone, &any, &feature).await, 404, "{method}");
        assert_eq!(status(method, gone, &[GEOJSON], &feature).await, 404, "{method}");
        assert_eq!(status(method, &item, &[GEOJSON], &feature).await, 428, "{method}");
        let stale = [GEOJSON, ("if-match", "\"1-1\"")];
        assert_eq!(status(method, &item, &stale, &feature).await, 412, "{method}");
        let text = [("content-type", "text/plain"), ("if-match", "*")];
        assert_eq!(status(method, &item, &text, &feature).await, 415, "{method}");
        assert_eq!(status(method, &item, &any, "{").await, 400, "{method}");
        assert_eq!(status(method, "/collections/nothing/items/1", &any, &feature).await, 404);
    }
    assert_eq!(status("DELETE", gone, &any, "").await, 404);
    assert_eq!(status("POST", &item, &[GEOJSON], &feature).await, 405);
    let wrong = office.send("PATCH", &item, &[("content-type", "text/plain")], "x").await;
    assert!(wrong.headers()["accept-patch"].to_str().expect("text").contains("merge-patch+json"));
    let same = office.get_with(&item, "if-none-match", &tag).await;
    assert_eq!((same.status().as_u16(), same.headers()["etag"].to_str().ok()), (304, Some(&*tag)));
    assert_eq!(same.bytes().await.expect("a body").len(), 0);
    let weak = format!("\"x\", W/{tag}");
    assert_eq!(office.get_with(&item, "if-none-match", &weak).await.status(), 304);
    assert_eq!(office.get_with(&item, "if-none-match", "\"x\"").await.status(), 200);
    let head = office.send("HEAD", &item, &[], "").await;
    assert_eq!((head.status().as_u16(), head.headers()["etag"].to_str().ok()), (200, Some(&*tag)));
    let every = json!({ "type": "Feature", "geometry": null, "properties": {
        "area_doc_m2": "x", "cadastral_number": "x", "colour": 1 } });
    let (code, told) =
        problem(office.send("POST", items, &[GEOJSON], every.to_string()).await).await;
    let pointers: Vec<&str> = told["errors"]
        .as_array()
        .expect("faults")
        .iter()
        .filter_map(|f| f["pointer"].as_str())
        .collect();
    let wanted = ["/properties/colour", "/properties/cadastral_number", "/properties/area_doc_m2"];
    assert_eq!((code.as_u16(), pointers), (422, wanted.to_vec()));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_editor_learns_by_options_what_it_may_do_and_sends_its_system_without_brackets() {
    let office = Office::open().await;
    let planner = office.as_staff(&[imgis::access::Role::Planner]).await;
    let item = "GET, HEAD, PUT, PATCH, DELETE, OPTIONS";
    for (who, path, wanted) in [
        (&office, "/collections/parcel/items", "GET, HEAD, POST, OPTIONS"),
        (&office, "/collections/parcel/items/unknown_id", item),
        (&office, "/collections/parcel/changesets", "POST, OPTIONS"),
        (&office, "/collections/parcel/items/1/split", "POST, OPTIONS"),
        (&office, "/collections/application_site/items", "GET, HEAD, OPTIONS"),
        (&office, "/collections/nothing/items", "GET, HEAD, OPTIONS"),
        (&planner, "/collections/parcel/items", "GET, HEAD, OPTIONS"),
        (&planner, "/collections/parcel/items/1", "GET, HEAD, OPTIONS"),
    ] {
        let answer = who.send("OPTIONS", path, &[], "").await;
        let allow = answer.headers()["allow"].to_str().expect("text").to_string();
        assert_eq!((answer.status().as_u16(), allow.as_str()), (204, wanted), "{path}");
        assert_eq!(answer.headers().contains_key("accept-patch"), wanted == item, "{path}");
    }
    let crs = format!("{}/crs/msk16-1", office.base);
    let headers = [GEOJSON, ("content-crs", crs.as_str())];
    let feature = json!({ "type": "Feature", "properties": {},
                          "geometry": crate::town::square(0.0, 0.0, 5.0, 5.0) });
    let made =
        office.send("POST", "/collections/parcel/items", &headers, feature.to_string()).await;
    assert_eq!(made.status(), 201);
    assert_eq!(made.headers()["content-crs"].to_str().ok(), Some(&*format!("<{crs}>")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merge_patch_changes_what_it_names_and_nothing_else() {
    let (_town, office) = plots("patch").await;
    let (id, mut tag) = makes(&office, "1", &square(0.1, 0.2, 10.3, 10.4)).await;
    let item = format!("/collections/plot/items/{id}");
    let shape = "select st_astext(geometry, 15) from layer.plot";
    let drawn = office.text(shape).await;
    for (patch, wanted) in [
        (json!({}), json!({})),
        (json!({ "properties": { "floors": 2 } }), json!({ "floors": 2 })),
        (
            json!({ "properties": { "since": "2026-01-31", "tags": ["a", "b"] } }),
            json!({ "since": "2026-01-31", "tags": ["a", "b"] }),
        ),
        (json!({ "properties": { "tags": ["c"] } }), json!({ "tags": ["c"] })),
        (json!({ "properties": { "floors": null } }), json!({ "floors": null })),
        (
            json!({ "type": "Feature", "id": id, "properties": { "use": "house", "area_m2": 1 } }),
            json!({ "use": "house" }),
        ),
        (json!({ "id": id.to_string(), "links": [] }), json!({})),
    ] {
        let before = office.json(&item).await;
        let (status, headers, told) = tells(&office, "PATCH", &item, Some(&tag), &patch).await;
        assert_eq!(status, 200, "{patch}: {told}");
        let mut expected = before["properties"].clone();
        for (name, value) in wanted.as_object().expect("an object") {
            expected[name] = value.clone();
        }
        assert_eq!(told["properties"], expected, "{patch}");
        let fresh = headers["etag"].to_str().expect("text").to_string();
        assert_eq!(fresh == tag, before["properties"] == expected, "{patch}");
        tag = fresh;
    }
    let served = tells(&office, "PATCH", &item, Some("*"), &json!({})).await.2["geometry"].clone();
    let (status, ..) =
        tells(&office, "PATCH", &item, Some("*"), &json!({ "geometry": served })).await;
    assert_eq!(
        (status, office.text(shape).await),
        (200, drawn),
        "the geometry stays to the last digit"
    );
    for (patch, pointer) in [
        (json!([1]), ""),
        (json!({ "type": null }), "/type"),
        (json!({ "id": id + 1 }), "/id"),
        (json!({ "properties": 1 }), "/properties"),
        (json!({ "properties": null }), "/properties/use"),
        (json!({ "properties": { "use": null } }), "/properties/use"),
        (json!({ "properties": { "floors": { "a": 1 } } }), "/properties/floors"),
        (json!({ "properties": { "colour": 1 } }), "/properties/colour"),
        (json!({ "properties": { "secret": "x" } }), "/properties/secret"),
        (json!({ "geometry": { "type": "Point" } }), "/geometry/coordinates"),
        (json!({ "geometry": { "coordinates": null } }), "/geometry/coordinates"),
    ] {
        let editor = office.as_staff(&[imgis::access::Role::Editor]).await;
        let (status, _, told) = tells(&editor, "PATCH", &item, Some("*"), &patch).await;
        assert!(status == 422, "{patch}: {status} {told}");
        assert_eq!(told["pointer"], pointer, "{patch}: {told}");
    }
    let moved =
        json!({ "geometry": { "coordinates": [square(0.0, 0.0, 7.0, 7.0)["coordinates"]] } });
    let (status, _, told) = tells(&office, "PATCH", &item, Some("*"), &moved).await;
    assert_eq!((status, told["properties"]["area_m2"].as_f64()), (200, Some(49.0)));
    let (status, _, told) =
        tells(&office, "PATCH", &item, Some("*"), &json!({ "geometry": null })).await;
    assert_eq!((status, &told["geometry"]), (200, &Value::Null));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_twenty_who_patch_the_same_version_one_wins() {
    let office = Office::open().await;
    office.has_parcels(&["A: 0 0, 10 10"]).await;
    let item = "/collections/parcel/items/1";
    let tag = office.get(item).await.headers()["etag"].to_str().expect("text").to_string();
    let patches = (0..20).map(|n| {
        let patch = json!({ "properties": { "address": format!("{n}") } });
        let (office, tag) = (&office, tag.as_str());
        async move {
            let media = ("content-type", "application/merge-patch+json");
            let headers = [media, ("if-match", tag)];
            office.send("PATCH", item, &headers, patch.to_string()).await.status().as_u16()
        }
    });
    let mut codes = futures_util::future::join_all(patches).await;
    codes.sort_unstable();
    assert_eq!(codes, [vec![200], vec![412; 19]].concat());
    let versions = office.text("select count(*)::text from imgis.feature_history").await;
    assert_eq!(versions, "1");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_never_repeats_even_when_the_clock_does() {
    let office = Office::open().await;
    office.has_parcels(&["A: 0 0, 10 10"]).await;
    // As if the clock had been set back since the last edit.
    office
        .sql(
            "alter table layer.parcel disable trigger valid_from_stamped;
             update layer.parcel set valid_from = '2200-01-01';
             alter table layer.parcel enable trigger valid_from_stamped;",
        )
        .await;
    let item = "/collections/parcel/items/1";
    let mut seen = std::collections::HashSet::new();
    for n in 0..5 {
        let patch = json!({ "properties": { "address": format!("{n}") } });
        let headers = [("content-type", "application/json"), ("if-match", "*")];
        let answer = office.send("PATCH", item, &headers, patch.to_string()).await;
        assert!(seen.insert(answer.headers()["etag"].clone()), "version {n} repeats");
    }
    let gaps = "select count(*)::text from imgis.feature_history h
                where valid_from >= valid_to or not exists (
                  select from (select valid_from from imgis.feature_history
                               union all select valid_from from layer.parcel) n
                  where n.valid_from = h.valid_to)";
    // The first row is of the update that stands for the clock.
    assert_eq!(office.text(gaps).await, "0");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_of_the_layer_is_kept_with_the_neighbour_and_the_place() {
    let (_town, office) = plots("rules").await;
    let (first, tag) = makes(&office, "1", &square(0.0, 0.0, 10.0, 10.0)).await;
    let items = "/collections/plot/items";
    makes(&office, "2", &square(10.0, 0.0, 20.0, 10.0)).await;
    let over = plot("3", &square(5.0, 5.0, 15.0, 9.0));
    let (status, _, told) = tells(&office, "POST", items, None, &over).await;
    assert_eq!((status, told["pointer"].as_str()), (422, Some("/geometry")), "{told}");
    assert_eq!(told["errors"][0]["features"], json!([1, 2]));
    assert!(told["detail"].as_str().expect("text").contains("40.00 m²"), "{told}");
    assert!(told["errors"][0]["place"].as_str().expect("text").starts_with("POINT(49."), "{told}");
    for (geometry, words) in [
        (square(30.0, 30.0, 31.0, 31.0), "1.00 m² is less than the 2 m²"),
        (square(990.0, 990.0, 1010.0, 1010.0), "inside the layer municipal_boundary"),
    ] {
        let (status, _, told) = tells(&office, "POST", items, None, &plot("4", &geometry)).await;
        assert_eq!(status, 422, "{told}");
        assert!(told["detail"].as_str().expect("text").contains(words), "{told}");
    }
    let edge = plot("5", &square(980.0, 0.0, 1000.005, 10.0));
    assert_eq!(tells(&office, "POST", items, None, &edge).await.0, 201, "5 mm are tolerated");
    let item = format!("{items}/{first}");
    let wider = json!({ "geometry": square(0.0, 0.0, 11.0, 10.0) });
    let (status, _, told) = tells(&office, "PATCH", &item, Some(&tag), &wider).await;
    assert_eq!((status, &told["errors"][0]["features"]), (422, &json!([2])));
    let (status, _, told) =
        tells(&office, "PUT", &item, Some(&tag), &plot("1", &square(0.0, 0.0, 11.0, 10.0))).await;
    assert_eq!((status, &told["errors"][0]["features"]), (422, &json!([2])));
    // What stands against a rule already may be described anew.
    let wide = crate::office::rectangle("0 0, 11 10");
    office.sql(&format!("update layer.plot set geometry = {wide} where id = {first}")).await;
    let named = json!({ "properties": { "use": "road" } });
    assert_eq!(tells(&office, "PATCH", &item, Some("*"), &named).await.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_draw_on_the_same_land_at_once_one_wins() {
    let (_town, office) = plots("race").await;
    for round in 0..10 {
        let x = f64::from(round) * 20.0;
        let draws = (0..4).map(|n| {
            let feature =
                plot(&format!("{round}/{n}"), &square(x + f64::from(n), 0.0, x + 10.0, 10.0));
            let office = &office;
            async move { tells(office, "POST", "/collections/plot/items", None, &feature).await.0 }
        });
        let mut codes = futures_util::future::join_all(draws).await;
        codes.sort_unstable();
        assert_eq!(codes, [201, 422, 422, 422], "round {round}");
    }
}
