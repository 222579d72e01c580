//! A layer is a file: added, widened, published; what would lose data is refused.

use std::path::Path;

use imgis::config::City;
use imgis::db;
use imgis::error::Error;
use imgis::layer::{Catalogue, table};

use crate::office::{Office, empty_database, prepare};
use crate::town::Town;

async fn refusal(config: &tokio_postgres::Config, city: &City) -> String {
    let client = db::connect(config).await.expect("the database");
    let catalogue = match Catalogue::read(city) {
        Ok(catalogue) => catalogue,
        Err(error) => return error.to_string(),
    };
    match table::compare(&client, city, &catalogue).await {
        Err(error @ Error::Files(_)) => error.to_string(),
        other => panic!("{other:?}"),
    }
}

const NEW: &str = r#"
title = { en = "Bench", ru = "Скамья" }
group = "city"
division = "kvb"
geometry = "point"
zoom = { min = 10, max = 18 }
read = "public"
edit = ["editor"]

[[property]]
name = "kind"
type = "text"
tile = true
label = { en = "Kind", ru = "Вид" }
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_file_makes_a_layer_and_a_property_makes_a_column() {
    let town = Town::new("add", &["kiosk"]);
    let config = empty_database().await;
    prepare(&config, &town.city()).await;
    town.write("bench", |_| NEW.into());
    prepare(&config, &town.city()).await;
    let more = "\n[[property]]\nname = \"seats\"\ntype = \"integer\"\ntile = true\n\
                label = { en = \"Seats\", ru = \"Мест\" }\n";
    town.write("bench", |text| text + more);
    prepare(&config, &town.city()).await;
    let office = Office::over(config, town.city()).await;
    office
        .sql(
            "insert into layer.bench (kind, seats, geometry)
             values ('wood', 3, st_setsrid(st_makepoint(1304705, 476905), 990161))",
        )
        .await;
    office.settled().await;
    let item = office.json("/collections/bench/items/1").await;
    assert_eq!(item["properties"], serde_json::json!({ "kind": "wood", "seats": 3 }));
    let (x, y) = crate::office::tile_at(14, 5.0, 5.0);
    let found = crate::tiles::features(&office, &format!("/tiles/bench/14/{x}/{y}"), "bench").await;
    assert_eq!((found[0].id, found[0].text("seats")), (Some(1), "3"));
    office.sql("delete from layer.bench").await;
    let client = db::connect(&office.config).await.expect("the database");
    let seats: String = client
        .query_one("select properties ->> 'seats' from imgis.feature_history", &[])
        .await
        .expect("the history knows the new property")
        .get(0);
    assert_eq!(seats, "3");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_would_lose_or_change_data_is_refused_with_what_to_do() {
    let town = Town::new("lose", &["kiosk"]);
    let config = empty_database().await;
    town.write("bench", |_| NEW.into());
    prepare(&config, &town.city()).await;
    town.write("bench", |text| text.replace("type = \"text\"", "type = \"integer\""));
    let told = refusal(&config, &town.city()).await;
    assert!(told.contains("bench.toml:11: kind is text in the table"), "{told}");
    town.write("bench", |_| NEW.replace("\"kind\"", "\"sort\""));
    let told = refusal(&config, &town.city()).await;
    assert!(told.contains("alter table layer.bench drop column kind"), "{told}");
    town.write("bench", |_| NEW.replace("\"point\"", "\"multipolygon\""));
    let told = refusal(&config, &town.city()).await;
    assert!(told.contains("add a new layer"), "{told}");
    std::fs::remove_file(town.file("bench")).expect("removed");
    let told = refusal(&config, &town.city()).await;
    assert!(told.contains("drop table layer.bench"), "{told}");
}

#[test]
fn a_fault_of_a_file_is_told_with_its_line() {
    let town = Town::new("fault", &[]);
    let read = |text: String| {
        std::fs::write(town.file("bench"), text).expect("a file");
        Catalogue::read(&town.city()).expect_err("a refusal").to_string()
    };
    for (from, to, line, part) in [
        ("read = ", "colour = 1\nread = ", 7, "unknown field `colour`"),
        ("\"point\"", "\"circle\"", 5, "circle"),
        ("read = \"public\"", "read = \"everyone\"", 7, "neither"),
        ("group = \"city\"", "group = \"none\"", 3, "group \"none\" is not known"),
        ("name = \"kind\"", "name = \"Kind\"", 11, "cannot name a property"),
        ("name = \"kind\"", "name = \"geometry\"", 5, "cannot name a property"),
        ("max = 18", "max = 5", 6, "min ≤ max"),
    ] {
        let told = read(NEW.replace(from, to));
        let place = format!("bench.toml:{line}: ");
        assert!(told.contains(&place) && told.contains(part), "{to}: {told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_is_there_already_is_published_and_followed() {
    let town = Town::new("publish", &["kiosk"]);
    let config = empty_database().await;
    prepare(&config, &town.city()).await;
    let owner = db::connect(&config).await.expect("the database");
    owner
        .batch_execute(
            "create schema survey;
             grant usage on schema survey to imgis_server, imgis_owner;
             create table survey.mark (
               gid int primary key, name text, place geometry(Point, 990161));
             alter table survey.mark owner to imgis_owner;
             grant select on survey.mark to imgis_server",
        )
        .await
        .expect("a table of somebody else");
    let source = "source = { table = \"survey.mark\", id = \"gid\", geometry = \"place\" }\n\
                  follow = \"trigger\"\n";
    town.write("mark", |_| {
        let text = NEW.replace("edit = [\"editor\"]\n", source);
        text.replace("name = \"kind\"", "name = \"name\"")
    });
    prepare(&config, &town.city()).await;
    let office = Office::over(config, town.city()).await;
    office
        .sql(
            "insert into survey.mark values
             (7, 'Пункт 7', st_setsrid(st_makepoint(1304705, 476905), 990161))",
        )
        .await;
    office.settled().await;
    let (x, y) = crate::office::tile_at(14, 5.0, 5.0);
    let found = crate::tiles::features(&office, &format!("/tiles/mark/14/{x}/{y}"), "mark").await;
    assert_eq!((found[0].id, found[0].text("name")), (Some(7), "Пункт 7"));
    let item = office.json("/collections/mark/items/7").await;
    assert_eq!(item["properties"]["name"], "Пункт 7");
    let headers = [("content-type", "application/geo+json")];
    let post = office.send("POST", "/collections/mark/items", &headers, "{}").await;
    assert_eq!(post.status(), 405);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_view_of_deadlines_is_published_by_reading_it_again() {
    let office = Office::open().await;
    office.has_parcels(&["A: 0 0, 10 10"]).await;
    let site = serde_json::json!({ "cadastral_numbers": ["16:50:1:1"] });
    assert_eq!(office.submits(site).await.status(), 201);
    let items = office.json("/collections/application_deadline/items").await;
    let properties = &items["features"][0]["properties"];
    assert!(properties["days_left"].as_i64().is_some_and(|days| days > 0), "{properties}");
    let json = office.json("/tiles/application_deadline.json").await;
    assert_eq!(json["vector_layers"][0]["follow"]["refresh_s"], 30);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_database_is_of_one_municipality() {
    let town = Town::new("other", &["kiosk"]);
    let config = empty_database().await;
    prepare(&config, &town.city()).await;
    let path: &Path = &town.folder.join("municipality.toml");
    let text = std::fs::read_to_string(path).expect("text");
    std::fs::write(path, text.replace("id = \"kazan\"", "id = \"elsewhere\"")).expect("a file");
    let mut client = db::connect(&config).await.expect("the database");
    let refused = db::migrate(&mut client, &town.city()).await.expect_err("a refusal");
    assert!(refused.to_string().contains("belongs to kazan"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_migration_with_another_text_stops_the_start() {
    let town = Town::new("migrate", &["kiosk"]);
    let config = empty_database().await;
    prepare(&config, &town.city()).await;
    let mut client = db::connect(&config).await.expect("the database");
    let again = db::migrate(&mut client, &town.city()).await.expect("nothing to do");
    assert!(again.is_empty());
    client
        .batch_execute("update imgis.migration set checksum = 'x' where version = 2")
        .await
        .expect("spoilt");
    let refused = db::migrate(&mut client, &town.city()).await.expect_err("a refusal");
    assert!(refused.to_string().contains("applied with another text"), "{refused}");
}
