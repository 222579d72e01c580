//! OGC API Features: pages, systems, refusals, and a real client.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::office::{Office, PAGE_MAX, number_of};

fn ids(page: &Value) -> Vec<i64> {
    let features = page["features"].as_array().expect("features");
    features.iter().filter_map(|feature| feature["id"].as_i64()).collect()
}

fn next(page: &Value) -> Option<String> {
    let links = page["links"].as_array().expect("links");
    let next = links.iter().find(|link| link["rel"] == "next")?;
    next["href"].as_str().map(str::to_string)
}

#[tokio::test(flavor = "multi_thread")]
async fn walking_the_pages_gives_the_whole_set_once_while_rows_come_in() {
    let office = Office::open().await;
    office.has_parcels(&["A: 0 0, 5 5", "B: 5 0, 10 5", "C: 10 0, 15 5", "D: 15 0, 20 5"]).await;
    let mut seen = Vec::new();
    let mut page = office.json("/collections/parcel/items?limit=1&bbox=49,55,50,56").await;
    let mut letter = b'E';
    loop {
        seen.extend(ids(&page));
        assert_eq!(page["numberReturned"], 1);
        if letter < b'G' {
            let parcel = format!("{}: 0 {n}, 5 {m}", letter as char, n = letter, m = letter + 5);
            office.has_parcels(&[&parcel]).await;
            letter += 1;
        }
        let Some(url) = next(&page) else { break };
        assert!(url.contains("bbox=49,55,50,56") && url.contains("limit=1"), "{url}");
        page = office.json(&url).await;
    }
    let once: BTreeSet<i64> = seen.iter().copied().collect();
    assert_eq!((seen.len(), once.len()), (6, 6), "{seen:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_point_is_told_in_every_system_in_its_own_axis_order() {
    let office = Office::open().await;
    office
        .sql(
            "insert into layer.address_point (street, house, geometry)
             values ('Баумана', '1', st_setsrid(st_makepoint(1304685.643, 476842.789), 990161))",
        )
        .await;
    let city = format!("{}/crs/msk16-1", office.base);
    for (crs, x, y, tolerance) in [
        ("http://www.opengis.net/def/crs/OGC/1.3/CRS84", 49.1064, 55.7989, 1e-6),
        ("http://www.opengis.net/def/crs/EPSG/0/4326", 55.7989, 49.1064, 1e-6),
        ("http://www.opengis.net/def/crs/EPSG/0/3857", 5466499.4, 7518486.0, 5.0),
        (city.as_str(), 1304685.643, 476842.789, 0.001),
    ] {
        let path = format!("/collections/address_point/items?crs={crs}");
        let response = office.get(&path).await;
        assert_eq!(response.headers()["content-crs"], format!("<{crs}>").as_str());
        let page: Value = response.json().await.expect("a page");
        let point = page["features"][0]["geometry"]["coordinates"].as_array().expect("a point");
        let (given_x, given_y) = (point[0].as_f64(), point[1].as_f64());
        let near = |given: Option<f64>, wanted: f64| {
            given.is_some_and(|given| (given - wanted).abs() < tolerance)
        };
        assert!(near(given_x, x) && near(given_y, y), "{crs}: {point:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_box_finds_what_it_touches_and_what_has_no_geometry() {
    let office = Office::open().await;
    office.has_parcels(&["A: 0 0, 10 10", "B: 500 500, 510 510"]).await;
    let bare = "insert into layer.parcel (cadastral_number) values ('16:50:000001:99')";
    office.sql(bare).await;
    let found = |bbox: &str| format!("/collections/parcel/items?bbox={bbox}");
    let near = office.json(&found("49.1066,55.7994,49.1068,55.7996")).await;
    assert_eq!(ids(&near), [1, 3]);
    assert_eq!(near["numberMatched"], 2);
    for world in ["-180,-90,180,90", "177,-80,179,80", "170,-90,-170,90"] {
        let all = office.json(&found(world)).await;
        let wanted: &[i64] = if world.starts_with("-180") { &[1, 2, 3] } else { &[3] };
        assert_eq!(ids(&all), wanted, "{world}");
    }
    let city =
        format!("{}&bbox-crs={}/crs/msk16-1", found("1304700,476900,1304705,476905"), office.base);
    assert_eq!(ids(&office.json(&city).await), [1, 3]);
    let turned = found("55.7994,49.1066,55.7996,49.1068")
        + "&bbox-crs=http://www.opengis.net/def/crs/EPSG/0/4326";
    assert_eq!(ids(&office.json(&turned).await), [1, 3]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_parameter_is_refused_by_name() {
    let office = Office::open().await;
    for (query, parameter) in [
        ("limit=-1", "limit"),
        ("limit=0", "limit"),
        ("limit=unlimited", "limit"),
        ("limit=1&limit=2", "limit"),
        ("bbox=1,2,3", "bbox"),
        ("bbox=NaN,1,2,3", "bbox"),
        ("bbox=1,5,2,3", "bbox"),
        ("crs=http://example.org/x", "crs"),
        ("datetime=yesterday", "datetime"),
        ("datetime=2021-02-30T00:00:00Z", "datetime"),
        ("cursor=a", "cursor"),
        ("offset=-1", "offset"),
        ("zzz=1", "zzz"),
        ("f=xml", "f"),
    ] {
        let (status, told) = office.refused(&format!("/collections/parcel/items?{query}")).await;
        assert_eq!(
            (status.as_u16(), told["parameter"].as_str()),
            (400, Some(parameter)),
            "{query}"
        );
    }
    for path in [
        "/conformance",
        "/collections",
        "/collections/parcel",
        "/layers",
        "/services",
        "/find?q=ab",
        "/identify?lng=49.1&lat=55.8",
        "/collections/parcel/items/1",
    ] {
        let join = if path.contains('?') { '&' } else { '?' };
        let (status, told) = office.refused(&format!("{path}{join}zzz=1")).await;
        assert_eq!((status.as_u16(), told["parameter"].as_str()), (400, Some("zzz")), "{path}");
    }
    let more = office.json(&format!("/collections/parcel/items?limit={}", PAGE_MAX + 1)).await;
    assert_eq!(more["numberReturned"], 0);
    let (status, _) = office.refused("/collections/nothing").await;
    assert_eq!(status, 404);
    let (status, _) = office.refused("/collections/parcel/items/77").await;
    assert_eq!(status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_property_is_asked_for_by_its_value() {
    let office = Office::open().await;
    office.has_parcels(&["A: 0 0, 10 10", "B: 10 0, 20 10"]).await;
    let path = "/collections/parcel/items?cadastral_number=16:50:1:2";
    let page = office.json(path).await;
    assert_eq!(page["features"][0]["properties"]["cadastral_number"], number_of("B"));
    assert_eq!(page["features"][0]["properties"]["area_m2"], 100.0);
    assert_eq!(ids(&page).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_here_is_grouped_and_outside_is_said() {
    let office = Office::open().await;
    office.has_parcels(&["A: 0 0, 50 50"]).await;
    let here = office.json("/identify?lng=49.1069&lat=55.7996&zoom=16&layers=parcel").await;
    assert_eq!(here["groups"][0]["layer"], "parcel");
    assert_eq!(here["groups"][0]["features"][0]["title"], number_of("A"));
    assert_eq!(here["inside"], true);
    let outside = office.json("/identify?lng=49.44&lat=55.65&zoom=16").await;
    assert_eq!((&outside["inside"], &outside["groups"]), (&false.into(), &serde_json::json!([])));
    let (status, told) = office.refused("/identify?lng=x&lat=55").await;
    assert_eq!((status.as_u16(), told["parameter"].as_str()), (400, Some("lng")));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_search_box_finds_numbers_addresses_and_places() {
    let office = Office::open().await;
    office.has_parcels(&["A: 0 0, 50 50"]).await;
    office
        .sql(
            "insert into layer.address_point (street, house, geometry)
             values ('Николая Ершова', '12', st_setsrid(st_makepoint(1304710, 476910), 990161))",
        )
        .await;
    let hit = async |q: &str| {
        let found = office.json(&format!("/find?q={q}")).await;
        found["hits"][0]["kind"].as_str().unwrap_or_default().to_string()
    };
    assert_eq!(hit("16:50:1:1").await, "parcel");
    assert_eq!(hit("16%2050%2000001%201").await, "parcel");
    assert_eq!(hit("ершова%2012").await, "address");
    assert_eq!(hit("ул.%20Николая%20Ершова,%20д.%2012").await, "address");
    assert_eq!(hit("55.79,49.1").await, "coordinates");
    assert_eq!(hit("476900%201304700").await, "coordinates");
    assert_eq!(hit("ничего%20такого").await, "");
    let (status, told) = office.refused("/find?q=a").await;
    assert_eq!((status.as_u16(), told["parameter"].as_str()), (400, Some("q")));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_link_of_the_api_leads_somewhere() {
    let office = Office::open().await;
    office.has_parcels(&["A: 0 0, 10 10", "B: 10 0, 20 10"]).await;
    let mut waiting = vec![format!("{}/?f=json", office.base)];
    waiting.push(format!("{}/collections/parcel/items?limit=1", office.base));
    let mut seen = BTreeSet::new();
    while let Some(url) = waiting.pop() {
        if !seen.insert(url.clone()) {
            continue;
        }
        let response = office.get(&url).await;
        assert_eq!(response.status(), 200, "{url}");
        let media = response.headers()["content-type"].to_str().expect("text").to_string();
        if media.contains("json") && !media.contains("seq") {
            let body: Value = response.json().await.expect("JSON");
            let mut lists = vec![&body["links"]];
            lists.extend(body["collections"].as_array().into_iter().flatten().map(|c| &c["links"]));
            for link in lists.into_iter().filter_map(Value::as_array).flatten() {
                waiting.push(link["href"].as_str().expect("href").to_string());
            }
        }
    }
    assert!(seen.len() > 60, "{}", seen.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn gdal_lists_every_layer_and_counts_right() {
    let office = Office::open().await;
    office.has_parcels(&["A: 0 0, 10 10", "B: 10 0, 20 10"]).await;
    let run = async |args: &[&str]| {
        let output = tokio::process::Command::new("ogrinfo").args(args).output().await;
        let output = output.expect("ogrinfo is installed (gdal-bin)");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let source = format!("OAPIF:{}", office.base);
    let listed = run(&["-q", &source]).await;
    for layer in office.imgis.catalogue.layers() {
        assert!(listed.contains(&layer.id), "{}: {listed}", layer.id);
    }
    let counted = run(&["-so", &source, "parcel"]).await;
    assert!(counted.contains("Feature Count: 2"), "{counted}");
    let walked = run(&["-q", &source, "parcel", "-oo", "PAGE_SIZE=1"]).await;
    assert_eq!(walked.matches("OGRFeature").count(), 2, "{walked}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dossier_tells_the_zones_and_applications_of_a_parcel() {
    let office = Office::open().await;
    office.has_parcels(&["A: 0 0, 20 10"]).await;
    office.has_zone("Ж-1", "-100 -100, 5 100").await;
    let site = serde_json::json!({ "cadastral_numbers": [number_of("A")] });
    let receipt: Value = office.submits(site).await.json().await.expect("a receipt");
    let path = "/parcels/16:50:1:1";
    let json = office.json(&format!("{path}?f=json")).await;
    assert_eq!(json["overlaps"][0]["title"], "Ж-1");
    assert_eq!(json["overlaps"][0]["overlap_m2"], 50.0);
    assert_eq!(json["applications"][0]["number"], receipt["number"]);
    let page = office.get_with(path, "accept", "text/html").await.text().await.expect("HTML");
    for word in ["Земельный участок", "16:50:000001:1", "Ж-1", "25\u{a0}%", "50 м²"]
    {
        assert!(page.contains(word), "{word}: {page}");
    }
    let (status, _) = office.refused("/parcels/16:50:1:7").await;
    assert_eq!(status, 404);
    let (status, _) = office.refused("/parcels/nonsense").await;
    assert_eq!(status, 400);
}
