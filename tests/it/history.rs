//! Every version of a feature, for those who may read what changed in it.

use imgis::access::Role;
use imgis::http::Door;
use serde_json::{Value, json};

use crate::office::Office;
use crate::town::{makes, plots, square, tells};

fn of<'a>(history: &'a Value, name: &str) -> Vec<&'a Value> {
    history["entries"].as_array().expect("entries").iter().map(|entry| &entry[name]).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_life_is_told_newest_first_also_after_its_end() {
    let (_town, office) = plots("life").await;
    let editor = office.as_staff(&[Role::Editor]).await;
    let (id, tag) = makes(&editor, "1", &square(0.0, 0.0, 10.0, 10.0)).await;
    let item = format!("/collections/plot/items/{id}");
    let patch = json!({ "properties": { "use": "house", "floors": 2 } });
    assert_eq!(tells(&editor, "PATCH", &item, Some(&tag), &patch).await.0, 200);
    let patch = json!({ "geometry": square(0.0, 0.0, 20.0, 10.0) });
    // Who sees more has a version of its own.
    let (status, headers, told) = tells(&office, "PATCH", &item, Some("*"), &patch).await;
    assert_eq!(status, 200, "{told}");
    let tag = headers["etag"].to_str().expect("text").to_string();
    let gone = tells(&office, "DELETE", &item, Some(&tag), &json!({})).await;
    assert_eq!(gone.0, 204);
    let path = format!("{item}/history");
    let history = editor.json(&path).await;
    assert_eq!(of(&history, "operation"), ["delete", "update", "update", "insert"]);
    assert_eq!(of(&history, "actor"), ["local", "local", "test", "test"]);
    assert_eq!(
        of(&history, "geometry_changed"),
        [&json!(true), &json!(true), &json!(false), &json!(true)]
    );
    let entries = history["entries"].as_array().expect("entries");
    assert_eq!(entries[0]["valid_to"], Value::Null);
    for pair in entries.windows(2) {
        assert_eq!(pair[1]["valid_to"], pair[0]["valid_from"]);
        assert!(pair[1]["valid_from"].as_str() < pair[0]["valid_from"].as_str());
    }
    assert_eq!(entries[1]["area_m2"], json!({ "from": 100.0, "to": 200.0 }));
    assert_eq!(entries[1]["changes"], json!({}));
    assert_eq!(
        entries[2]["changes"],
        json!({ "use": { "from": "garden", "to": "house" }, "floors": { "from": null, "to": 2 } })
    );
    assert_eq!(entries[3]["changes"]["number"], json!({ "from": null, "to": "1" }));
    let public = office.by(Door::Open).await.json(&path).await;
    assert!(of(&public, "actor").iter().all(|actor| actor.is_null()));
    let drawn = office.json(&format!("{path}?geometry=true")).await;
    assert_eq!(drawn["entries"][0]["geometry"], Value::Null);
    assert_eq!(drawn["entries"][2]["geometry"]["type"], "MultiPolygon");
    assert_eq!(office.refused("/collections/plot/items/99/history").await.0, 404);
    assert_eq!(office.refused(&format!("{path}?limit=0")).await.0, 400);
    assert_eq!(office.refused(&format!("{path}?geometry=yes")).await.0, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_give_every_entry_once_while_the_feature_changes() {
    let (_town, office) = plots("pages").await;
    let (id, _) = makes(&office, "1", &square(0.0, 0.0, 10.0, 10.0)).await;
    let item = format!("/collections/plot/items/{id}");
    let floors = async |n: i64| {
        let patch = json!({ "properties": { "floors": n } });
        assert_eq!(tells(&office, "PATCH", &item, Some("*"), &patch).await.0, 200);
    };
    for n in 0..7 {
        floors(n).await;
    }
    let mut next = Some(format!("{item}/history?limit=3"));
    let mut told = Vec::new();
    let mut pages = 0;
    while let Some(path) = next {
        let page = office.json(&path).await;
        assert!(page["entries"].as_array().expect("entries").len() <= 3);
        told.extend(of(&page, "changes").into_iter().map(|c| c["floors"]["to"].clone()));
        let links = page["links"].as_array().expect("links").clone();
        next = links
            .iter()
            .find(|link| link["rel"] == "next")
            .and_then(|l| l["href"].as_str())
            .map(str::to_string);
        pages += 1;
        floors(100 + pages).await;
    }
    assert_eq!(
        told,
        [6, 5, 4, 3, 2, 1, 0].map(Value::from).into_iter().chain([Value::Null]).collect::<Vec<_>>()
    );
    let gone = tells(&office, "DELETE", &item, Some("*"), &json!({})).await;
    assert_eq!(gone.0, 204);
    let first = office.json(&format!("{item}/history?limit=1")).await;
    assert_eq!(of(&first, "operation"), ["delete"]);
    let links = first["links"].as_array().expect("links");
    let next = links.iter().find(|link| link["rel"] == "next").expect("a next page");
    let next = next["href"].as_str().expect("href").to_string();
    assert_eq!(of(&office.json(&next).await, "operation"), ["update"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_caller_may_not_read_is_no_version() {
    let (_town, office) = plots("hidden").await;
    let (id, _) = makes(&office, "1", &square(0.0, 0.0, 10.0, 10.0)).await;
    let item = format!("/collections/plot/items/{id}");
    let editor = office.as_staff(&[Role::Editor]).await;
    for (name, value) in [("floors", json!(1)), ("secret", json!("hush")), ("floors", json!(2))] {
        let patch = json!({ "properties": { name: value } });
        assert_eq!(tells(&office, "PATCH", &item, Some("*"), &patch).await.0, 200);
    }
    let (status, _, told) =
        tells(&editor, "PATCH", &item, Some("*"), &json!({ "properties": { "secret": "x" } }))
            .await;
    assert_eq!((status, told["pointer"].as_str()), (422, Some("/properties/secret")));
    // The editor edits under the version of what the editor sees; the secret stays.
    let seen = editor.get(&item).await;
    let tag = seen.headers()["etag"].to_str().expect("text").to_string();
    let patch = json!({ "properties": { "use": "house" } });
    assert_eq!(tells(&editor, "PATCH", &item, Some(&tag), &patch).await.0, 200);
    assert_eq!(office.text("select secret from layer.plot").await, "hush");
    let all = office.json(&format!("{item}/history")).await;
    assert_eq!(all["numberReturned"], 5);
    let part = editor.json(&format!("{item}/history")).await;
    assert!(!part.to_string().contains("hush") && !part.to_string().contains("secret"), "{part}");
    assert_eq!(of(&part, "operation"), ["update", "update", "update", "insert"]);
    let secret = all["entries"].as_array().expect("entries")[2]["valid_from"].clone();
    assert!(!part.to_string().contains(secret.as_str().expect("a moment")), "{part}");
    let entries = part["entries"].as_array().expect("entries");
    assert!(entries.windows(2).all(|pair| pair[1]["valid_to"] == pair[0]["valid_from"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_made_many_at_once_is_known_and_a_published_layer_keeps_no_history() {
    let office = Office::open().await;
    office
        .sql(
            "set imgis.actor = 'import';
             insert into layer.kiosk (geometry)
             select st_setsrid(st_makepoint(1304700 + n, 476900), 990161) from generate_series(1, 1500) n",
        )
        .await;
    office.settled().await;
    let history = office.json("/collections/kiosk/items/7/history").await;
    assert_eq!(
        (of(&history, "operation"), of(&history, "actor")),
        (vec![&json!("insert")], vec![&json!("import")])
    );
    let published = "/collections/application_deadline/items/1/history";
    assert_eq!(office.refused(published).await.0, 404);
}
