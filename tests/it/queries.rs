//! Questions for features: filters, order, choice of properties, text; tiles by filter; hostile words.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::office::Office;

pub fn ids(page: &Value) -> Vec<i64> {
    let features = page["features"].as_array().expect("features");
    features.iter().filter_map(|feature| feature["id"].as_i64()).collect()
}

pub fn next(page: &Value) -> Option<&Value> {
    page["links"].as_array()?.iter().find(|link| link["rel"] == "next")
}

/// Thirty buildings in a row, some without a name or floors.
pub async fn street() -> Office {
    let office = Office::open().await;
    office
        .sql(
            "insert into layer.building (name, floors, height_m, purpose, year, geometry)
             select case when i % 5 = 0 then null else (array['Ель','ёлка','Дом','дом'])[1 + i % 4] end,
                    case when i % 7 = 0 then null else i % 3 end, i / 4.0, 'жилое', 1900 + i,
                    case when i % 10 = 0 then null else st_multi(st_makeenvelope(
                      1304700 + 20 * i, 476900, 1304710 + 20 * i, 476910, 990161)) end
             from generate_series(1, 30) i",
        )
        .await;
    office
}

async fn found(office: &Office, filter: &str) -> Vec<i64> {
    let filter = percent(filter);
    ids(&office.json(&format!("/collections/building/items?limit=100&filter={filter}")).await)
}

/// Every byte as a part of an address.
pub fn percent(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_is_taken_as_text_and_as_json_and_keeps_its_paging() {
    let office = street().await;
    let twice = found(&office, "floors = 2 AND year < 1912").await;
    assert_eq!(twice, [2, 5, 8, 11]);
    let json = json!({ "op": "and", "args": [
        { "op": "=", "args": [{ "property": "floors" }, 2] },
        { "op": "<", "args": [{ "property": "year" }, 1912] }] });
    let path = format!(
        "/collections/building/items?filter-lang=cql2-json&filter={}",
        percent(&json.to_string())
    );
    assert_eq!(ids(&office.json(&path).await), twice);
    assert_eq!(found(&office, "CASEI(name) = CASEI('ДОМ') AND year <= 1910").await, [2, 3, 6, 7]);
    assert_eq!(
        found(&office, "ACCENTI(CASEI(name)) LIKE 'е%' AND year <= 1910").await,
        [1, 4, 8, 9]
    );
    assert_eq!(found(&office, "floors IS NULL").await, [7, 14, 21, 28]);
    assert_eq!(found(&office, "geometry IS NULL").await, [10, 20, 30]);
    let mut page = office
        .json("/collections/building/items?limit=4&filter=floors%3D1&sortby=-year&properties=year")
        .await;
    assert_eq!(page["numberMatched"], 8);
    let mut walked = ids(&page);
    while let Some(link) = next(&page) {
        let href = link["href"].as_str().expect("href").to_string();
        assert!(href.contains("filter=") && href.contains("sortby=-year"), "{href}");
        page = office.json(&href).await;
        assert_eq!(page["numberMatched"], 8);
        walked.extend(ids(&page));
    }
    assert_eq!(walked, [25, 22, 19, 16, 13, 10, 4, 1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_geometry_is_taken_in_its_own_system() {
    let office = street().await;
    let city = format!("{}/crs/msk16-1", office.base);
    let asked = async |filter: &str, crs: &str| {
        let path = format!(
            "/collections/building/items?limit=100&filter={}&filter-crs={}",
            percent(filter),
            percent(crs)
        );
        ids(&office.json(&path).await)
    };
    let near = "S_INTERSECTS(geometry, BBOX(1304715, 476900, 1304741, 476901))";
    assert_eq!(asked(near, &city).await, [1, 2]);
    let point = "S_CONTAINS(geometry, POINT(1304725 476905))";
    assert_eq!(asked(point, &city).await, [1]);
    let touching = "S_TOUCHES(geometry, LINESTRING(1304720 476800, 1304720 477000))";
    assert_eq!(asked(touching, &city).await, [1]);
    let world = "S_WITHIN(geometry, BBOX(-180, -90, 180, 90))";
    assert_eq!(found(&office, world).await.len(), 27);
    let apart = "S_DISJOINT(geometry, POLYGON((170 -80, 180 -80, 180 80, 170 -80)))";
    assert_eq!(found(&office, apart).await.len(), 27);
    let over = "S_INTERSECTS(geometry, BBOX(170, -90, -170, 90))";
    assert_eq!(found(&office, over).await.len(), 0);
    let turned = "S_INTERSECTS(geometry, POLYGON((55 49, 56 49, 56 50, 55 49)))";
    let epsg = "http://www.opengis.net/def/crs/EPSG/0/4326";
    assert!(!asked(turned, epsg).await.is_empty());
    assert!(found(&office, turned).await.is_empty());
    let mercator = "S_INTERSECTS(geometry, BBOX(5000000, 7000000, 6000000, 8000000))";
    let epsg = "http://www.opengis.net/def/crs/EPSG/0/3857";
    assert_eq!(asked(mercator, epsg).await.len(), 27);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_in_any_order_cover_the_set_once() {
    let office = street().await;
    for sort in
        ["name", "-name", "floors,-name", "-floors,name,-height_m", "area_m2", "-id", "valid_from"]
    {
        let mut page =
            office.json(&format!("/collections/building/items?limit=7&sortby={sort}")).await;
        let whole =
            office.json(&format!("/collections/building/items?limit=100&sortby={sort}")).await;
        let mut walked = ids(&page);
        while let Some(link) = next(&page) {
            page = office.json(link["href"].as_str().expect("href")).await;
            walked.extend(ids(&page));
        }
        let once: BTreeSet<i64> = walked.iter().copied().collect();
        assert_eq!((walked.len(), once.len()), (30, 30), "{sort}: {walked:?}");
        assert_eq!(walked, ids(&whole), "{sort}");
    }
    let page = office.json("/collections/building/items?limit=30&sortby=-name,year").await;
    let names: Vec<Option<&str>> = page["features"]
        .as_array()
        .expect("features")
        .iter()
        .map(|feature| feature["properties"]["name"].as_str())
        .collect();
    let last = names.iter().position(Option::is_none).expect("some have no name");
    assert!(names[last..].iter().all(Option::is_none), "what has no value comes last: {names:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_is_of_one_question_and_nobody_makes_one_up() {
    let office = street().await;
    let page = office.json("/collections/building/items?limit=3&sortby=year").await;
    let href = next(&page).expect("a next page")["href"].as_str().expect("href").to_string();
    let cursor = href.split("cursor=").nth(1).expect("a cursor").to_string();
    let taken = |query: &str, cursor: &str| format!("/collections/{query}&cursor={cursor}");
    let fine = office.json(&taken("building/items?sortby=year&limit=5", &cursor)).await;
    assert_eq!(ids(&fine), [4, 5, 6, 7, 8]);
    let mut bent = cursor.clone();
    bent.replace_range(30..31, if &cursor[30..31] == "A" { "B" } else { "A" });
    for (query, cursor) in [
        ("building/items?sortby=-year", cursor.as_str()),
        ("building/items?limit=3", &cursor),
        ("parcel/items?limit=3", &cursor),
        ("building/items?sortby=year", &bent),
        ("building/items?sortby=year", "AAAA"),
        ("building/items?sortby=year", "%27%20or%201=1"),
        ("building/items?sortby=year", &cursor[..20]),
    ] {
        let (status, told) = office.refused(&taken(query, cursor)).await;
        assert_eq!((status.as_u16(), told["parameter"].as_str()), (400, Some("cursor")), "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn properties_are_chosen_and_lines_made_simpler() {
    let office = street().await;
    let keys = async |query: &str| {
        let page = office.json(&format!("/collections/building/items?limit=1&{query}")).await;
        let feature = &page["features"][0];
        let names: Vec<String> =
            feature["properties"].as_object().expect("an object").keys().cloned().collect();
        (names.join(","), feature["geometry"].is_null())
    };
    assert_eq!(keys("properties=year,name").await, ("name,year".into(), false));
    assert_eq!(keys("properties=area_m2&skip-geometry=true").await, ("area_m2".into(), true));
    let (names, bare) = keys("exclude-properties=name,geometry").await;
    assert!(bare && names.contains("floors") && !names.contains("name,"), "{names}");
    let (status, told) = office.refused("/collections/building/items?properties=nam").await;
    assert_eq!((status.as_u16(), told["parameter"].as_str()), (400, Some("properties")));
    assert!(told["detail"].as_str().expect("text").contains("did you mean name"), "{told}");
    let one = office.json("/collections/building/items/3?properties=year").await;
    assert_eq!(one["properties"], json!({ "year": 1903 }));
    office
        .sql(
            "insert into layer.building (geometry) select st_multi(st_buffer(
               st_setsrid(st_makepoint(1304700, 476900), 990161), 50, 64))",
        )
        .await;
    let vertices = async |query: &str| {
        let one = office.json(&format!("/collections/building/items/31{query}")).await;
        one["geometry"]["coordinates"][0][0].as_array().expect("a ring").len()
    };
    let (fine, coarse) = (vertices("").await, vertices("?zoom-level=16").await);
    assert!(coarse * 4 < fine && coarse >= 4, "{coarse} of {fine}");
}

#[tokio::test(flavor = "multi_thread")]
async fn words_are_searched_in_the_layers_text() {
    let office = Office::open().await;
    office
        .sql(
            "insert into layer.parcel (cadastral_number, address) values
             ('16:50:000001:1', 'Казань, ул. Весёлая, 12'), ('16:50:000001:2', 'ул. Весенняя, 1'),
             ('16:50:000001:31', '100% _подвох_')",
        )
        .await;
    let hits = async |q: &str| {
        ids(&office.json(&format!("/collections/parcel/items?q={}", percent(q))).await)
    };
    assert_eq!(hits("веселая 12").await, [1]);
    assert_eq!(hits("ВЕСЁЛАЯ").await, [1]);
    assert_eq!(hits("вес").await, [1, 2]);
    assert_eq!(hits("16:50:000001:3").await, [3]);
    assert_eq!(hits("100% _под").await, [3]);
    assert_eq!(hits("%").await, [3]);
    let (status, told) = office.refused("/collections/red_line/items?q=a").await;
    assert_eq!((status.as_u16(), told["parameter"].as_str()), (400, Some("q")));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_be_asked_is_told_as_json_schema() {
    let office = Office::open().await;
    let told = office.json("/collections/special_zone/queryables").await;
    assert_eq!(told["$schema"], "https://json-schema.org/draft/2020-12/schema");
    assert_eq!(told["$id"], format!("{}/collections/special_zone/queryables", office.base));
    let geometry = &told["properties"]["geometry"];
    assert_eq!(geometry["format"], "geometry-multipolygon");
    assert!(geometry.get("type").is_none());
    assert_eq!(told["properties"]["prohibits"]["items"]["type"], "string");
    assert_eq!(told["additionalProperties"], false);
    let schema = office.json("/collections/building/schema").await;
    assert_eq!(schema["properties"]["id"]["x-ogc-role"], "id");
    assert_eq!(schema["properties"]["floors"]["type"], "integer");
    let sortables = office.json("/collections/special_zone/sortables").await;
    let names = sortables["properties"].as_object().expect("an object");
    assert!(names.contains_key("name") && !names.contains_key("prohibits"), "{sortables}");
    let public = office.by(imgis::http::Door::As(imgis::access::Caller::Public)).await;
    for word in ["queryables", "schema", "sortables"] {
        let seen = public.json(&format!("/collections/parcel/{word}")).await;
        assert!(seen["properties"].get("owner_note").is_none(), "{word}: {seen}");
        let all = office.json(&format!("/collections/parcel/{word}")).await;
        assert!(all["properties"].get("owner_note").is_some(), "{word}: {all}");
    }
    let response = office.get("/collections/parcel/queryables").await;
    assert_eq!(response.headers()["content-type"], "application/schema+json");
    let hidden = "/collections/parcel/items?filter=owner_note%20IS%20NULL";
    assert_eq!(public.refused(hidden).await.0, 400);
    for query in ["sortby=owner_note", "properties=owner_note", "owner_note=x"] {
        let path = format!("/collections/parcel/items?{query}");
        assert_eq!(public.refused(&path).await.0, 400, "{query}");
    }
    assert_eq!(ids(&office.json(hidden).await), [0i64; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_words_are_values_or_refused_and_never_statements() {
    let office = street().await;
    let hostile = [
        "1; drop table layer.building",
        "' or '1'='1",
        "\" or 1=1 --",
        "1 union select null",
        "../../etc/passwd",
        "${jndi:ldap://x}",
        "$1",
        "%00",
        "\u{feff}",
        "sleep(5)",
        "pg_sleep(5)",
    ];
    for word in hostile {
        let word = if word == "%00" { word.to_string() } else { percent(word) };
        for path in [
            format!("/collections/building/items/{word}"),
            format!("/collections/{word}/items"),
            format!("/collections/building/items?{word}=1"),
            format!("/collections/building/items?sortby={word}"),
            format!("/collections/building/items?properties={word}"),
            format!("/collections/building/items?filter={word}"),
            format!("/collections/building/items?filter=name%20%3D%20{word}"),
            format!("/collections/building/items?filter-lang={word}&filter=true"),
            format!("/collections/building/items?filter-crs={word}&filter=true"),
            format!("/collections/building/items?cursor={word}"),
            format!("/collections/building/items?crs={word}"),
            format!("/collections/building/items?bbox={word}"),
            format!("/collections/building/items?limit={word}"),
            format!("/collections/building/items?zoom-level={word}"),
            format!("/collections/building/items?datetime={word}"),
            format!("/collections/building/items?f={word}"),
        ] {
            let (status, told) = office.refused(&path).await;
            assert!([400, 404].contains(&status.as_u16()), "{path}: {status} {told}");
        }
        if word != "%00" {
            let path = format!("/collections/building/items?name={word}");
            assert_eq!(office.json(&path).await["numberMatched"], 0);
            let quoted = percent(&format!("'{}'", "x".repeat(3)));
            let path = format!("/collections/building/items?filter=name%20%3C%3E%20{quoted}");
            assert_eq!(office.json(&path).await["numberMatched"], 24);
        }
    }
    assert_eq!(office.text("select count(*)::text from layer.building").await, "30");
    let (status, told) = office.refused("/collections/building/items?filter=floors%20%3E").await;
    let detail = told["detail"].as_str().expect("text");
    assert!(status == 400 && detail.contains("at byte 8"), "{detail}");
    let beyond = found(&office, "height_m / 0 > 1").await;
    assert!(beyond.is_empty());
    let overflow = percent("height_m ^ 100000 > 1");
    let (status, told) =
        office.refused(&format!("/collections/building/items?filter={overflow}")).await;
    assert_eq!((status.as_u16(), told["parameter"].as_str()), (400, Some("filter")), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feature_that_is_known_is_not_sent_again() {
    let office = street().await;
    let path = "/collections/building/items/3";
    let etag = office.get(path).await.headers()["etag"].to_str().expect("text").to_string();
    let again = office.get_with(path, "if-none-match", &etag).await;
    assert_eq!(again.status(), 304);
    office.sql("update layer.building set floors = 77 where id = 3").await;
    assert_eq!(office.get_with(path, "if-none-match", &etag).await.status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tile_shows_what_a_filter_finds_and_its_version_follows() {
    let office = street().await;
    office.settled().await;
    let (x, y) = crate::office::tile_at(14, 20.0, 5.0);
    let tile = async |filter: &str| {
        let path = format!("/tiles/building/14/{x}/{y}?filter={}", percent(filter));
        let response = office.get(&path).await;
        assert!(response.status().is_success(), "{filter}: {}", response.status());
        let etag = response.headers()["etag"].to_str().expect("text").to_string();
        let bytes = response.bytes().await.expect("a tile");
        (etag, {
            let mut ids: Vec<i64> = crate::tiles::decode(&bytes, "building")
                .iter()
                .filter_map(|one| one.id)
                .map(|id| id as i64)
                .collect();
            ids.sort_unstable();
            ids
        })
    };
    let (all, everything) = tile("true").await;
    let expected: Vec<i64> = (1..=30).filter(|id| id % 10 != 0).collect();
    assert!(
        everything.starts_with(&[1, 2, 3]) && everything.iter().all(|id| expected.contains(id))
    );
    let (some, early) = tile("year < 1904 AND purpose = 'жилое'").await;
    assert_eq!(early, [1, 2, 3]);
    assert_ne!(all, some);
    assert_eq!(tile("year <= 1903").await.0, some, "equal content, equal tag");
    // What no tile holds decides the content too.
    office.sql("update layer.building set purpose = 'нежилое' where id = 2").await;
    office.settled().await;
    let (later, fewer) = tile("year < 1904 AND purpose = 'жилое'").await;
    assert_eq!(fewer, [1, 3]);
    assert_ne!(later, some);
    let (_, none) = tile("false").await;
    assert!(none.is_empty());
    for bad in ["yea = 1", "year >", "owner_note = 1"] {
        let path = format!("/tiles/building/14/{x}/{y}?filter={}", percent(bad));
        let (status, told) = office.refused(&path).await;
        assert_eq!((status.as_u16(), told["parameter"].as_str()), (400, Some("filter")), "{bad}");
    }
}
