//! A town of its own for each test that needs other layers than the shipped ones.

use std::path::PathBuf;

use imgis::config::City;
use serde_json::{Value, json};

use crate::office::{Office, empty_database, prepare, root};

/// A municipality in a folder of its own, with some of the shipped layers.
pub struct Town {
    pub folder: PathBuf,
}

impl Town {
    /// With these of the shipped layers.
    pub fn new(name: &str, layers: &[&str]) -> Self {
        let folder = std::env::temp_dir().join(format!("imgis-town-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(folder.join("layers")).expect("a folder");
        for layer in layers {
            let from = root().join(format!("layers/{layer}.toml"));
            std::fs::copy(from, folder.join(format!("layers/{layer}.toml"))).expect("a copy");
        }
        let text = std::fs::read_to_string(root().join("data/municipality.toml")).expect("text");
        let text = text
            .lines()
            .filter(|line| !["layers =", "styles =", "data ="].iter().any(|k| line.starts_with(k)))
            .map(|line| format!("{line}\n"))
            .collect::<String>();
        // Its own data: no services, which name layers that this town lacks.
        let data = folder.join("data");
        std::fs::create_dir_all(data.join("services")).expect("a folder");
        std::fs::create_dir_all(data.join("calendar")).expect("a folder");
        for name in ["groups.toml", "divisions.toml", "calendar/ru-ta.csv"] {
            std::fs::copy(root().join("data").join(name), data.join(name)).expect("a copy");
        }
        let paths = format!(
            "layers = \"layers\"\nstyles = {:?}\ndata = {:?}\n",
            root().join("styles"),
            data
        );
        let at = text.find("[[further_crs]]").unwrap_or(text.len());
        let text = format!("{}{paths}\n{}", &text[..at], &text[at..]);
        std::fs::write(folder.join("municipality.toml"), text).expect("a file");
        Self { folder }
    }

    /// The municipality.
    pub fn city(&self) -> City {
        City::read(&self.folder.join("municipality.toml")).expect("a municipality")
    }

    /// The file of a layer.
    pub fn file(&self, layer: &str) -> PathBuf {
        self.folder.join(format!("layers/{layer}.toml"))
    }

    /// Writes or changes the file of a layer.
    pub fn write(&self, layer: &str, change: impl Fn(String) -> String) {
        let text = std::fs::read_to_string(self.file(layer)).unwrap_or_default();
        std::fs::write(self.file(layer), change(text)).expect("a file");
    }
}

impl Drop for Town {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Plots: they keep rules, and have a property that their editor may not read.
pub const PLOT: &str = r#"
title = { en = "Plots", ru = "Наделы" }
group = "city"
division = "kvb"
geometry = "multipolygon"
zoom = { min = 10, max = 18 }
read = "public"
edit = ["editor"]
title_property = "number"

[rules]
overlap = "refuse"
inside = "municipal_boundary"
min_area_m2 = 2.0

[[property]]
name = "number"
type = "text"
unique = true
label = { en = "Number", ru = "Номер" }

[[property]]
name = "use"
type = "text"
required = true
label = { en = "Use", ru = "Использование" }

[[property]]
name = "floors"
type = "integer"
label = { en = "Floors", ru = "Этажи" }

[[property]]
name = "since"
type = "date"
label = { en = "Since", ru = "С" }

[[property]]
name = "tags"
type = "text_array"
label = { en = "Tags", ru = "Метки" }

[[property]]
name = "secret"
type = "text"
read = ["head"]
label = { en = "Secret", ru = "Тайна" }
"#;

/// An office whose town has plots, inside a boundary from 0 0 to 1000 1000.
pub async fn plots(name: &str) -> (Town, Office) {
    let town = Town::new(name, &["municipal_boundary"]);
    town.write("plot", |_| PLOT.into());
    let config = empty_database().await;
    prepare(&config, &town.city()).await;
    let office = Office::over(config, town.city()).await;
    let boundary = crate::office::rectangle("0 0, 1000 1000");
    let text = format!(
        "insert into layer.municipal_boundary (name, kind, geometry) values ('T', 'city', {boundary})"
    );
    office.sql(&text).await;
    office.settled().await;
    (town, office)
}

/// A rectangle in metres as GeoJSON of the city's own system: exact.
pub fn square(x0: f64, y0: f64, x1: f64, y1: f64) -> Value {
    let (x, y) = (1_304_700.0, 476_900.0);
    json!({ "type": "Polygon", "coordinates": [[
        [x + x0, y + y0], [x + x1, y + y0], [x + x1, y + y1], [x + x0, y + y1], [x + x0, y + y0]]] })
}

/// A plot.
pub fn plot(number: &str, geometry: &Value) -> Value {
    json!({ "type": "Feature", "geometry": geometry,
            "properties": { "number": number, "use": "garden" } })
}

/// Sends JSON in the city's own system; status, headers and body of the answer.
pub async fn tells(
    office: &Office,
    method: &str,
    path: &str,
    if_match: Option<&str>,
    body: &Value,
) -> (u16, reqwest::header::HeaderMap, Value) {
    let crs = format!("{}/crs/msk16-1", office.base);
    let mut headers = vec![("content-type", "application/json"), ("content-crs", crs.as_str())];
    headers.extend(if_match.map(|tag| ("if-match", tag)));
    let answer = office.send(method, path, &headers, body.to_string()).await;
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    let text = answer.text().await.expect("a body");
    let json = serde_json::from_str(&text).unwrap_or(Value::Null);
    (status, headers, json)
}

/// Makes a plot; its id and ETag.
pub async fn makes(office: &Office, number: &str, geometry: &Value) -> (i64, String) {
    let made =
        tells(office, "POST", "/collections/plot/items", None, &plot(number, geometry)).await;
    let (status, headers, json) = made;
    assert_eq!(status, 201, "{json}");
    let tag = headers["etag"].to_str().expect("text").to_string();
    (json["id"].as_i64().expect("an id"), tag)
}

/// Pointers and details of a refusal.
pub fn faults(told: &Value) -> Vec<(String, String)> {
    let list = told["errors"].as_array().unwrap_or_else(|| panic!("{told}"));
    let text = |value: &Value| value.as_str().expect("text").to_string();
    list.iter().map(|fault| (text(&fault["pointer"]), text(&fault["detail"]))).collect()
}
