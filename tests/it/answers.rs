//! Questions beyond their numbers: rights, faults by name, saved ones by link, answers as files.

use imgis::access::{Caller, Role};
use imgis::http::Door;
use serde_json::{Value, json};

use crate::office::{Office, number_of, problem};
use crate::questions::{CORNER, JSON, ask, drawn, number, refused, sent};

#[tokio::test(flavor = "multi_thread")]
async fn what_a_caller_may_not_read_is_in_no_question_and_no_answer() {
    let office = Office::open().await;
    office.has_parcels(&["A: 0 0, 50 50", "B: 50 0, 90 50"]).await;
    let site = json!({ "cadastral_numbers": [number_of("A")] });
    assert_eq!(office.submits(site).await.status(), 201);
    let within = drawn(&office, [0.0, 0.0, 100.0, 100.0]);
    for outsider in [office.by(Door::Open).await, office.as_staff(&[Role::Applicant]).await] {
        let within = json!({ "geometry": within["geometry"],
                             "crs": format!("{}/crs/msk16-1", outsider.base) });
        let hidden = json!({ "within": within, "layer": "application_site" });
        let nothing = json!({ "within": within, "layer": "no_such_layer" });
        let (status, told) = refused(&outsider, "area", hidden).await;
        let (same, other) = refused(&outsider, "area", nothing).await;
        assert_eq!((status.as_u16(), same.as_u16()), (404, 404));
        let said = |problem: &Value| problem["detail"].as_str().map(str::to_string);
        let plain = said(&told).map(|text| text.replace("application_site", "no_such_layer"));
        assert_eq!(plain, said(&other));
        for (kind, body, status) in [
            ("area", json!({ "within": within, "layer": "parcel", "by": "owner_note" }), 422),
            (
                "area",
                json!({ "within": within, "layer": "parcel", "filter": "owner_note = 'x'" }),
                422,
            ),
            ("area", json!({ "within": "application_site/1", "layer": "parcel" }), 404),
            (
                "intersections",
                json!({ "layer": "parcel", "with": { "layer": "application_site" } }),
                404,
            ),
            (
                "intersections",
                json!({ "layer": "parcel", "with": { "layer": "parcel", "by": "owner_note" } }),
                422,
            ),
            ("near", json!({ "of": within, "layer": "application_site", "nearest": 1 }), 404),
            ("neighbours", json!({ "of": "application_site/1" }), 404),
        ] {
            let (found, told) = refused(&outsider, kind, body.clone()).await;
            assert_eq!(found.as_u16(), status, "{kind} {body}: {told}");
            assert!(!told.to_string().contains("secret of"), "{told}");
        }
        let near = json!({ "of": within, "layer": "parcel", "nearest": 5 });
        for f in ["json", "csv", "geojson", "html"] {
            let body = sent(&outsider, &format!("/near?f={f}"), &near).await;
            assert_eq!(body.status(), 200);
            let text = body.text().await.expect("a body");
            for hidden in ["owner_note", "secret of", "Отметка о правообладателе"]
            {
                assert!(!text.contains(hidden), "{f} tells {hidden}");
            }
        }
        let saved = json!({ "name": "x", "kind": "near", "question": near });
        assert_eq!(problem(sent(&outsider, "", &saved).await).await.0, 403);
        assert_eq!(outsider.refused("/questions").await.0, 403);
    }
    let near = json!({ "of": within, "layer": "parcel", "nearest": 5 });
    let told = ask(&office, "near", near).await;
    assert_eq!(told["rows"][0]["properties"]["owner_note"], "secret of A");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_question_is_refused_by_the_name_of_its_fault() {
    let office = Office::open().await;
    office.has_parcels(&["A: 0 0, 50 50"]).await;
    office.sql("insert into layer.parcel (geometry) values (null)").await;
    let here = drawn(&office, [0.0, 0.0, 10.0, 10.0]);
    let area = |field: &str, value: Value| {
        let mut body = json!({ "within": here, "layer": "parcel" });
        body[field] = value;
        body
    };
    let polygon = |ring: Value| json!({ "geometry": { "type": "Polygon", "coordinates": [ring] } });
    let bow =
        polygon(json!([[49.1, 55.8], [49.2, 55.9], [49.2, 55.8], [49.1, 55.9], [49.1, 55.8]]));
    let far = polygon(json!([[10.0, 50.0], [11.0, 50.0], [11.0, 51.0], [10.0, 50.0]]));
    let open = polygon(json!([[49.1, 55.8], [49.2, 55.9], [49.2, 55.8], [49.1, 55.9]]));
    let crs = json!({ "geometry": here["geometry"], "crs": "http://example.org/x" });
    let with = |more: Value| {
        let mut body = json!({ "layer": "parcel", "with": { "layer": "parcel" } });
        for (name, value) in more.as_object().expect("an object") {
            body[name] = value.clone();
        }
        body
    };
    for (kind, body, status, pointer) in [
        ("area", json!([]), 422, ""),
        ("area", json!({ "within": here }), 422, "/layer"),
        ("area", json!({ "layer": "parcel" }), 422, "/within"),
        ("area", area("zzz", json!(1)), 422, "/zzz"),
        ("area", area("layer", json!(5)), 422, "/layer"),
        ("area", area("by", json!("flors")), 422, "/by"),
        ("area", area("by", json!("geometry")), 422, "/by"),
        ("area", area("buffer_m", json!("x")), 422, "/buffer_m"),
        ("area", area("buffer_m", json!(5001)), 422, "/buffer_m"),
        ("area", area("buffer_m", json!(-1e300)), 422, "/buffer_m"),
        ("area", area("sliver_m2", json!(-1)), 422, "/sliver_m2"),
        ("area", area("filter", json!("area_m2 >")), 422, "/filter"),
        ("area", area("filter", json!({ "op": "=", "args": [1] })), 422, "/filter/args"),
        ("area", area("filter", json!("(area_m2 - area_m2) ^ -1 = 1")), 422, "/filter"),
        ("area", area("within", json!(null)), 422, "/within"),
        ("area", area("within", json!({})), 422, "/within"),
        ("area", area("within", json!({ "feature": "parcel/1", "geometry": {} })), 422, "/within"),
        ("area", area("within", json!("parcel")), 422, "/within"),
        ("area", area("within", json!("parcel/2")), 422, "/within"),
        ("area", area("within", json!([])), 422, "/within"),
        ("area", area("within", bow), 422, "/within"),
        ("area", area("within", far), 422, "/within/geometry"),
        ("area", area("within", open), 422, "/within/geometry/coordinates/0"),
        ("area", area("within", crs), 422, "/within/crs"),
        ("area", area("layer", json!("par\0cel")), 422, ""),
        ("near", json!({ "of": here, "layer": "parcel" }), 422, ""),
        ("near", json!({ "of": here, "layer": "parcel", "nearest": 0 }), 422, "/nearest"),
        ("near", json!({ "of": here, "layer": "parcel", "distance_m": -1 }), 422, "/distance_m"),
        ("near", json!({ "of": here, "layer": "parcel", "distance_m": 1e9 }), 422, "/distance_m"),
        ("neighbours", json!({}), 422, "/of"),
        ("neighbours", json!({ "of": ["parcel/1", "building/1"] }), 422, "/of"),
        ("intersections", json!({ "layer": "parcel" }), 422, "/with"),
        ("intersections", with(json!({ "limit": 0 })), 422, "/limit"),
        ("intersections", with(json!({ "limit": 50001 })), 422, "/limit"),
        ("intersections", with(json!({ "min_share": 2 })), 422, "/min_share"),
        ("intersections", with(json!({ "bbox": [1, 2, 3] })), 422, "/bbox"),
        ("intersections", with(json!({ "bbox": "x" })), 422, "/bbox"),
        ("intersections", with(json!({ "after": 5 })), 422, "/after"),
        ("intersections", with(json!({ "buffer_m": 5 })), 422, "/buffer_m"),
        (
            "intersections",
            with(json!({ "with": { "layer": "kiosk" }, "min_m2": 5 })),
            422,
            "/min_m2",
        ),
    ] {
        let response = sent(&office, &format!("/{kind}"), &body).await;
        let (found, told) = problem(response).await;
        let pointed = told["pointer"].as_str();
        assert_eq!((found.as_u16(), pointed), (status, Some(pointer)), "{kind} {body}: {told}");
    }
    let missing = area("within", json!("parcel/77"));
    assert_eq!(refused(&office, "area", missing).await.0, 404);
    let subjects: Vec<String> = (0..201).map(|n| format!("parcel/{n}")).collect();
    assert_eq!(refused(&office, "neighbours", json!({ "of": subjects })).await.0, 413);
    assert_eq!(refused(&office, "unknown", json!({})).await.0, 404);
    let body = area("buffer_m", json!(1)).to_string();
    let text = office.send("POST", "/questions/area", &[("content-type", "text/plain")], body);
    assert_eq!(problem(text.await).await.0, 415);
    let broken = office.send("POST", "/questions/area", &JSON, "{").await;
    assert_eq!(problem(broken).await.0, 400);
    for (query, parameter) in [("f=xml", "f"), ("lang=tt", "lang"), ("crs=x", "crs"), ("z=1", "z")]
    {
        let asked = sent(&office, &format!("/area?{query}"), &area("buffer_m", json!(1))).await;
        let (status, told) = problem(asked).await;
        assert_eq!((status.as_u16(), told["parameter"].as_str()), (400, Some(parameter)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_saved_question_is_answered_anew_with_the_rights_of_who_opens_it() {
    let office = Office::open().await;
    office.has_parcels(&["A: 0 0, 50 50"]).await;
    let planner = office.as_staff(&[Role::Planner]).await;
    let public = office.by(Door::Open).await;
    let near = json!({ "of": "parcel/1", "layer": "parcel", "distance_m": 5 });
    let body = json!({ "name": "Соседи участка А", "kind": "near", "question": near });
    let made = sent(&planner, "", &body).await;
    assert_eq!(made.status(), 201);
    let place = made.headers()["location"].to_str().expect("text").to_string();
    let made: Value = made.json().await.expect("JSON");
    assert_eq!(place, made["href"]);
    let path = format!("/questions/{}", made["slug"].as_str().expect("a slug"));
    assert_eq!(planner.json(&path).await["returned"], 0);
    office.has_parcels(&["B: 50 0, 90 50"]).await;
    let fresh = planner.json(&path).await;
    assert_eq!((&fresh["question"], &fresh["returned"]), (&near, &json!(1)));
    assert_eq!(fresh["rows"][0]["properties"]["owner_note"], "secret of B");
    let text = public.get(&path).await.text().await.expect("a body");
    assert!(text.contains(&number_of("B")) && !text.contains("owner_note"), "{text}");
    let page = public.get_with(&path, "accept", "text/html").await.text().await.expect("HTML");
    for word in
        ["Соседи участка А", "Итоги", "На каких данных", &number_of("B"), "?f=xlsx", "/?at="]
    {
        assert!(page.contains(word), "{word}: {page}");
    }
    let listed = planner.json("/questions").await;
    assert_eq!(listed["questions"][0]["name"], "Соседи участка А");
    let page = planner.get("/questions?f=html").await.text().await.expect("HTML");
    assert!(page.contains("Соседи участка А"));
    assert_eq!(office.json("/questions").await["questions"], json!([]));
    // A link to what one may not read leads nowhere, and names nothing.
    let hidden = json!({ "name": "x", "kind": "near", "question":
        { "of": "parcel/1", "layer": "parcel", "nearest": 1, "filter": "owner_note = 'x'" } });
    let made: Value = sent(&planner, "", &hidden).await.json().await.expect("JSON");
    let secret = format!("/questions/{}", made["slug"].as_str().expect("a slug"));
    assert_eq!(planner.json(&secret).await["returned"], 0);
    let (status, told) = public.refused(&secret).await;
    assert_eq!(status, 404);
    assert!(!told.to_string().contains("owner_note"), "{told}");
    assert_eq!(public.refused("/questions/0123").await.0, 404);
    for (body, pointer) in [
        (json!({ "name": " ", "kind": "near", "question": near }), "/name"),
        (json!({ "name": "x", "kind": "far", "question": near }), "/kind"),
        (json!({ "name": "x", "kind": "near" }), "/question"),
        (
            json!({ "name": "x", "kind": "near", "question": { "of": 5, "layer": "parcel" } }),
            "/question/of",
        ),
    ] {
        let (status, told) = problem(sent(&planner, "", &body).await).await;
        assert_eq!((status.as_u16(), told["pointer"].as_str()), (422, Some(pointer)), "{told}");
    }
    let other = Door::As(Caller::Staff { name: "b".into(), roles: vec![Role::Editor] });
    let other = office.by(other).await;
    for (office, status) in [(&public, 403), (&other, 403), (&planner, 204), (&planner, 404)] {
        let gone = office.send("DELETE", &path, &[], "").await;
        assert_eq!(gone.status().as_u16(), status);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_taken_along_in_every_format_with_what_was_asked() {
    let office = Office::open().await;
    office.has_zone("Ж-1", "0 0, 50 100").await;
    office.has_zone("Ж-2", "40 0, 80 100").await;
    office.has_parcels(&["A: 0 0, 20 10", "B: 20 0, 60 10"]).await;
    let body = json!({ "within": drawn(&office, [0.0, 0.0, 100.0, 100.0]),
                       "layer": "territorial_zone", "by": "zone_code" });
    let fetched = async |path: &str, body: &Value| {
        let response = sent(&office, path, body).await;
        let status = response.status();
        let bytes = response.bytes().await.expect("a body").to_vec();
        assert_eq!(status, 200, "{path}: {}", String::from_utf8_lossy(&bytes));
        bytes
    };
    let csv = String::from_utf8(fetched("/area?f=csv", &body).await).expect("UTF-8");
    let lines: Vec<&str> = csv.trim_end().split("\r\n").collect();
    assert_eq!(lines[0], "id,row,class,label,count,inside_m2,whole_m2,share");
    assert!(
        lines[1].starts_with("1,class,Ж-1,") && lines[1].ends_with(",1,5000,5000,0.5"),
        "{csv}"
    );
    assert_eq!(lines.len(), 5);
    let collection: Value =
        serde_json::from_slice(&fetched("/area?f=geojson", &body).await).expect("JSON");
    assert_eq!(collection["totals"]["double_m2"], 1_000.0);
    let features = collection["features"].as_array().expect("features");
    assert_eq!(features.len(), 4);
    for feature in features {
        assert_eq!(feature["geometry"]["type"], "MultiPolygon", "{feature}");
    }
    let folder = tempfile::tempdir().expect("a folder");
    let info = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).expect("a file");
        let output = std::process::Command::new("ogrinfo").args(["-al"]).arg(&path).output();
        String::from_utf8_lossy(&output.expect("ogrinfo is installed").stdout).into_owned()
    };
    let book = info("a.xlsx", &fetched("/area?f=xlsx", &body).await);
    for word in ["Вопрос (JSON)", "Дата ответа", "Допуск невязки", "Feature Count: 4", "Ж-2"]
    {
        assert!(book.contains(word), "{word}: {book}");
    }
    let map = info("a.gpkg", &fetched("/area?f=gpkg", &body).await);
    assert!(map.contains("Feature Count: 4") && map.contains("Multi Polygon"), "{map}");
    let city = format!("{}/crs/msk16-1", office.base);
    let met =
        json!({ "layer": "parcel", "with": { "layer": "territorial_zone", "by": "zone_code" } });
    let met = fetched(&format!("/intersections?f=geojson&crs={city}"), &met).await;
    let met: Value = serde_json::from_slice(&met).expect("JSON");
    assert_eq!(met["features"].as_array().map(Vec::len), Some(3));
    let first = &met["features"][0]["geometry"]["coordinates"][0][0][0];
    assert!(number(&first[0]) >= CORNER.0, "{first}");
    let near = json!({ "of": "parcel/1", "layer": "parcel", "nearest": 1 });
    let near = info("b.gpkg", &fetched("/near?f=gpkg", &near).await);
    assert!(near.contains("distance_m (Real) = 0") && near.contains(&number_of("B")), "{near}");
}
