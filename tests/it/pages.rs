//! Pages for people: every resource as HTML, in words, without a script.

use std::collections::{BTreeSet, VecDeque};

use imgis::access::Role;
use imgis::http::Door;
use serde_json::Value;

use crate::office::Office;

/// Resources that answer people as well as programs.
const RESOURCES: [&str; 17] = [
    "/conformance",
    "/collections",
    "/collections/parcel",
    "/collections/parcel/items",
    "/collections/parcel/items/1",
    "/collections/parcel/items/1/history",
    "/collections/parcel/queryables",
    "/collections/parcel/schema",
    "/collections/parcel/sortables",
    "/collections/parcel/tiles",
    "/collections/parcel/tiles/WebMercatorQuad",
    "/tiles",
    "/tiles/WebMercatorQuad",
    "/tileMatrixSets",
    "/tileMatrixSets/WebMercatorQuad",
    "/styles",
    "/api",
];

/// Elements that have no end.
const VOID: [&str; 6] = ["meta", "link", "input", "br", "img", "source"];

async fn page(office: &Office, path: &str) -> String {
    let response = office.get_with(path, "accept", "text/html").await;
    let (status, headers) = (response.status(), response.headers().clone());
    let text = response.text().await.expect("text");
    assert_eq!(status, 200, "{path}: {text}");
    assert_eq!(headers["content-type"], "text/html; charset=utf-8", "{path}");
    let varies = headers.get_all("vary").iter().any(|value| value == "Accept");
    assert!(varies, "{path} does not say that it varies");
    text
}

/// Every start tag of a page, its name first; the tags must be nested and closed.
fn tags(path: &str, page: &str) -> Vec<String> {
    let mut all = Vec::new();
    let mut open: Vec<String> = Vec::new();
    let mut rest =
        page.strip_prefix("<!DOCTYPE html>").unwrap_or_else(|| panic!("{path}: no doctype"));
    while let Some(start) = rest.find('<') {
        let end = tag_end(&rest[start..]).unwrap_or_else(|| panic!("{path}: an open tag"));
        let tag = &rest[start + 1..start + end];
        rest = &rest[start + end + 1..];
        let name: String = tag.chars().take_while(|c| !c.is_whitespace()).collect();
        if let Some(name) = name.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(name), "{path}: {tag}");
            continue;
        }
        if !VOID.contains(&name.as_str()) {
            open.push(name);
        }
        all.push(tag.to_string());
    }
    assert!(open.is_empty(), "{path}: {open:?} stay open");
    all
}

/// Where a tag ends: `>` outside quotation marks.
fn tag_end(text: &str) -> Option<usize> {
    let mut quoted = false;
    text.char_indices().find_map(|(at, c)| {
        quoted ^= c == '"';
        (c == '>' && !quoted).then_some(at)
    })
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    let (value, _) = rest.split_once('"')?;
    Some(value.replace("&amp;", "&"))
}

/// What every page has, and what none may have.
fn assert_sound(path: &str, page: &str) {
    let tags = tags(path, page);
    let of = |name: &str| tags.iter().filter(|tag| tag.split(' ').next() == Some(name)).count();
    assert!(page.contains("<html lang=\"ru\">"), "{path}: no language");
    assert_eq!((of("h1"), of("title") > 0, of("main")), (1, true, 1), "{path}");
    assert_eq!(of("script"), 0, "{path}");
    assert!(page.contains("class=\"trail\"") && page.contains("aria-current=\"page\""), "{path}");
    assert!(page.contains("class=\"skip\" href=\"#content\""), "{path}: no way past the head");
    let mut level = 0;
    for tag in &tags {
        let name = tag.split(' ').next().unwrap_or_default();
        if let Some(number) = name.strip_prefix('h').and_then(|n| n.parse::<u8>().ok()) {
            assert!(number <= level + 1, "{path}: h{number} after h{level}");
            level = number;
        }
        if name == "th" {
            assert!(attribute(tag, "scope").is_some(), "{path}: a heading cell without scope");
        }
        assert!(attribute(tag, "style").is_none(), "{path}: {tag} is refused by the browser");
        if name == "img" || name == "svg" {
            let told = attribute(tag, "alt").or(attribute(tag, "aria-label"));
            assert!(told.is_some_and(|text| !text.is_empty()), "{path}: {tag} says nothing");
        }
    }
}

async fn described(office: &Office) {
    office.has_parcels(&["A: 0 0, 30 20", "B: 30 0, 50 20"]).await;
    office
        .sql(
            "update layer.parcel set category = 'settlement', area_doc_m2 = 1234.5,
               address = 'ул. Баумана, 1', registered_on = '2020-01-31', cadastral_value = 1500000
             where id = 1",
        )
        .await;
    office.settled().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_resource_answers_people_and_programs() {
    let office = Office::open().await;
    described(&office).await;
    for path in RESOURCES.into_iter().chain(["/", "/api.html", "/parcels/16:50:1:1"]) {
        let asked = if path == "/" { "/?f=html" } else { path };
        assert_sound(path, &page(&office, asked).await);
        if path == "/api.html" {
            continue;
        }
        let by_name = office.get(&format!("{path}?f=html")).await;
        assert_eq!(by_name.headers()["content-type"], "text/html; charset=utf-8", "{path}");
        let asked = format!("{path}?f=json");
        let named = office.get_with(&asked, "accept", "text/html").await;
        let media = named.headers()["content-type"].to_str().expect("text").to_string();
        assert!(media.contains("json"), "{path}: {media}");
        let header = named.headers().get("link").and_then(|link| link.to_str().ok());
        let header = header.unwrap_or_default().to_string();
        let body: Value = named.json().await.expect("JSON");
        let links = body["links"].as_array().into_iter().flatten();
        let alternate =
            links.clone().any(|link| link["rel"] == "alternate" && link["type"] == "text/html");
        let dossier = path.starts_with("/parcels");
        assert!(
            alternate || dossier || header.contains("rel=\"alternate\""),
            "{path} hides its page"
        );
        let (status, told) = office.refused(&format!("{path}?f=zzz")).await;
        assert_eq!((status.as_u16(), &told["parameter"]), (400, &"f".into()), "{path}");
        assert!(told["detail"].as_str().is_some_and(|text| text.contains("html")), "{told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_format_follows_the_weights_of_accept() {
    let office = Office::open().await;
    let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
    for (accept, html) in [
        (browser, true),
        ("text/html", true),
        ("TEXT/HTML", true),
        ("text/*;q=0.1, text/html", true),
        ("application/json;q=0.5, text/html", true),
        ("application/json;q=0.5, text/html;q=0.8", true),
        ("text/html;q=0.9, application/json", false),
        ("application/json, text/html", false),
        ("text/html, application/json", true),
        ("*/*", false),
        ("application/*", false),
        ("text/html;q=0, */*", false),
        ("image/png", false),
        ("nonsense, text/html;q=2", false),
        ("", false),
    ] {
        for path in ["/collections", "/collections/parcel/items", "/conformance"] {
            let response = office.get_with(path, "accept", accept).await;
            let media = response.headers()["content-type"].to_str().expect("text").to_string();
            assert_eq!(media.starts_with("text/html"), html, "{path} for {accept:?}: {media}");
        }
    }
    let geojson =
        office.get_with("/collections/parcel/items", "accept", "application/geo+json").await;
    assert_eq!(geojson.headers()["content-type"], "application/geo+json");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feature_is_told_in_words_beside_its_plan() {
    let office = Office::open().await;
    described(&office).await;
    let one = page(&office, "/collections/parcel/items/1").await;
    for word in [
        "<h1>16:50:000001:1</h1>",
        "Земли населённых пунктов",
        "1\u{a0}234,5\u{a0}м²",
        "1\u{a0}500\u{a0}000\u{a0}₽",
        "31.01.2020",
        "ул. Баумана, 1",
        "600 м²",
        "МСК-16",
        "href=\"/parcels/16:50:000001:1\"",
        "масштабная линейка",
        "href=\"/collections/parcel/items/2\"",
    ] {
        assert!(one.contains(word), "{word}: {one}");
    }
    assert!(one.contains("f=parcel.1\""), "the map opens at the feature: {one}");
    let table = page(&office, "/collections/parcel/items?limit=1").await;
    for word in [
        "Кадастровый номер",
        "Площадь по документу<span class=\"unit\">, м²</span>",
        "<td class=\"number\">1\u{a0}234,5</td>",
        "Земли населённых пунктов",
        "Найдено: 2\u{a0}объекта",
        "rel=\"next\"",
        "href=\"/collections/parcel/items/1\"",
    ] {
        assert!(table.contains(word), "{word}: {table}");
    }
    office.sql("insert into layer.parcel (cadastral_number) values ('16:50:000001:99')").await;
    let bare = page(&office, "/collections/parcel/items/3").await;
    assert!(bare.contains("Границы не внесены") && !bare.contains("<svg"), "{bare}");
    assert_sound("a feature without a place", &bare);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_is_told_in_words_and_stays_in_the_form() {
    let office = Office::open().await;
    described(&office).await;
    let filter = "filter=area_doc_m2%20%3E%201000%20AND%20category%20=%20'settlement'";
    let path = format!("/collections/parcel/items?category=settlement&{filter}&sortby=-area_m2");
    let found = page(&office, &path).await;
    for word in [
        "<dt>Категория земель</dt><dd>Земли населённых пунктов</dd>",
        "«Площадь по документу» больше 1\u{a0}000\u{a0}м² и «Категория земель» равно «Земли",
        "Площадь по границам, по убыванию",
        "<option value=\"settlement\" selected>",
        "<input type=\"hidden\" name=\"filter\"",
        "Снять все условия",
        "Найдено: 1\u{a0}объект.",
    ] {
        assert!(found.contains(word), "{word}: {found}");
    }
    let json = found.split("href=\"").find(|part| part.contains("f=json")).expect("a link");
    let json = json.split('"').next().expect("an address").replace("&amp;", "&");
    assert_eq!(office.json(&json).await["numberMatched"], 1, "{json}");
    let form = "/collections/parcel/items?q=&category=&status=&sortby=&limit=";
    let all = page(&office, form).await;
    assert!(all.contains("Найдено: 2\u{a0}объекта"), "fields that nobody filled in: {all}");
    let none = page(&office, "/collections/parcel/items?status=archived").await;
    assert!(none.contains("не подходит ни один объект") && none.contains("Архивный"), "{none}");
    let empty = page(&office, "/collections/kiosk/items").await;
    assert!(empty.contains("пока нет ни одного объекта"), "{empty}");
    let strange = "/collections/parcel/items?filter=S_WITHIN(geometry,BBOX(1,2,3,4))";
    let strange = page(&office, strange).await;
    assert!(strange.contains("CQL2") && strange.contains("BBOX(1.0, 2.0"), "{strange}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_earlier_state_says_that_it_is_one() {
    let office = Office::open().await;
    described(&office).await;
    office.sql("delete from layer.parcel where id = 1").await;
    let path = "/collections/parcel/items/1?datetime=2020-01-01/..";
    let then = page(&office, path).await;
    assert!(then.contains("Показано состояние") && then.contains("Нынешнее состояние"), "{then}");
    assert_sound(path, &then);
    let list = page(&office, "/collections/parcel/items?datetime=2020-01-01/..").await;
    assert!(list.contains("/items/1?datetime=2020-01-01/.."), "{list}");
    let path = "/collections/parcel/items/1/history";
    let history = page(&office, path).await;
    for word in ["Удалён", "Изменён", "Внесён", "Земли населённых пунктов", "600 м²"]
    {
        assert!(history.contains(word), "{word}: {history}");
    }
    assert!(!history.contains("Нынешнее состояние"), "a deleted feature has none: {history}");
    assert_sound(path, &history);
}

#[tokio::test(flavor = "multi_thread")]
async fn links_of_the_pages_lead_somewhere() {
    let office = Office::open().await;
    described(&office).await;
    office.has_zone("Ж-1", "-100 -100, 5 100").await;
    let mut waiting: VecDeque<String> = ["/?f=html", "/parcels/16:50:1:1"].map(String::from).into();
    let mut seen = BTreeSet::new();
    while let Some(path) = waiting.pop_front() {
        if seen.len() >= 400 || !seen.insert(path.clone()) {
            continue;
        }
        let response = office.get_with(&path, "accept", "text/html").await;
        assert_eq!(response.status(), 200, "{path}");
        let media = response.headers()["content-type"].to_str().expect("text").to_string();
        // The map is an application of its own.
        if !media.starts_with("text/html") || path == "/" || path.starts_with("/?at=") {
            continue;
        }
        let text = response.text().await.expect("text");
        let tags = tags(&path, &text);
        let ids: BTreeSet<String> = tags.iter().filter_map(|tag| attribute(tag, "id")).collect();
        for tag in &tags {
            let targets = ["href", "src", "srcset", "action"].map(|name| attribute(tag, name));
            for target in targets.into_iter().flatten() {
                let built = ["/page.css", "/favicon.svg"].contains(&target.as_str());
                match target.strip_prefix('#') {
                    Some(id) => assert!(ids.contains(id), "{path}: nothing is called {id}"),
                    None if built => {}
                    None => {
                        assert!(target.starts_with('/'), "{path}: {target} leads elsewhere");
                        waiting.push_back(target);
                    }
                }
            }
        }
    }
    assert!(seen.len() > 150, "{}", seen.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_shows_nothing_that_its_reader_may_not_read() {
    let office = Office::open().await;
    described(&office).await;
    let staff = office.as_staff(&[Role::Planner]).await;
    let known = page(&staff, "/collections/parcel/items/1").await;
    assert!(known.contains("secret of A") && known.contains("Отметка о правообладателе"));
    let public = office.by(Door::Open).await;
    for path in RESOURCES.into_iter().chain(["/?f=html", "/api.html", "/parcels/16:50:1:1"]) {
        let text = page(&public, path).await;
        for hidden in ["owner_note", "secret of", "Отметка о правообладателе", "application_site"]
        {
            assert!(!text.contains(hidden), "{path} tells {hidden}");
        }
    }
    let hidden = "/collections/application_site";
    let refused = public.get_with(hidden, "accept", "text/html").await;
    assert_eq!(refused.status(), 404);
    let nothing = public.get_with("/collections/nothing", "accept", "text/html").await;
    let plain = |text: String| text.replace("application_site", "nothing");
    assert_eq!(
        plain(refused.text().await.expect("text")),
        nothing.text().await.expect("text"),
        "a hidden layer looks like none"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_values_stay_text() {
    let office = Office::open().await;
    office.has_parcels(&["A: 0 0, 30 20"]).await;
    let value = "<script>alert(1)</script>\"'&<img src=x onerror=y>";
    let quoted = value.replace('\'', "''");
    office.sql(&format!("update layer.parcel set address = '{quoted}' where id = 1")).await;
    let asked = "%3Cscript%3Ealert(1)%3C/script%3E%22onfocus=%22";
    for path in [
        "/collections/parcel/items".to_string(),
        "/collections/parcel/items/1".to_string(),
        "/parcels/16:50:1:1".to_string(),
        format!("/collections/parcel/items?q={asked}"),
        format!("/collections/parcel/items?address={asked}"),
        format!("/collections/parcel/items?filter=address%20LIKE%20'{asked}'"),
    ] {
        let text = page(&office, &path).await;
        assert_sound(&path, &text);
        assert!(!text.contains("<script") && !text.contains("<img src=x"), "{path}: {text}");
        assert!(!text.contains("\"onfocus"), "{path}: {text}");
        assert!(text.contains("&lt;script&gt;"), "{path}: {text}");
    }
    for (path, status) in [
        (format!("/collections/{asked}"), 404),
        (format!("/collections/parcel/items?{asked}=1"), 400),
        (format!("/collections/parcel/items?filter={asked}"), 400),
        (format!("/nothing/{asked}"), 404),
    ] {
        let refused = office.get_with(&path, "accept", "text/html").await;
        assert_eq!(refused.status(), status, "{path}");
        let text = refused.text().await.expect("text");
        assert_sound(&path, &text);
        assert!(!text.contains("<script"), "{path}: {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_names_the_parameter_and_the_way_back() {
    let office = Office::open().await;
    let path = "/collections/parcel/items?limit=many";
    let refused = office.get_with(path, "accept", "text/html").await;
    assert_eq!(refused.status(), 400);
    let text = refused.text().await.expect("text");
    for word in ["Запрос не понят", "<code>limit</code>", "/collections/parcel\"", "Земельные"]
    {
        assert!(text.contains(word), "{word}: {text}");
    }
    assert_sound(path, &text);
    let by_name = office.get("/collections/parcel/items?limit=many&f=html").await;
    assert_eq!(by_name.headers()["content-type"], "text/html; charset=utf-8");
    let json = office.get_with(&format!("{path}&f=json"), "accept", "text/html").await;
    assert_eq!(json.headers()["content-type"], "application/problem+json");
}
