//! The checks of the standard's own test suite for OGC API Features (ets-ogcapi-features10), each a
//! function of the name that it has there, in Rust's spelling; several over one office.
//!
//! Beyond the suite: coordinates are compared between systems, what has no geometry is looked for in every
//! box, and pages are walked to their end.

mod core;
mod crs;
mod features;

use jiff::Timestamp;
use reqwest::header::HeaderMap;
use serde_json::Value;

use crate::office::Office;

pub const CRS84: &str = "http://www.opengis.net/def/crs/OGC/1.3/CRS84";
pub const JSON: &str = "application/json";
pub const GEOJSON: &str = "application/geo+json";

/// The layers that have features here.
pub const FILLED: [&str; 4] = ["parcel", "address_point", "red_line", "municipal_boundary"];

/// One test of several checks, in order; the last name that it prints is that of the one that failed.
macro_rules! checks {
    ($test:ident: $($check:ident),+ $(,)?) => {
        #[tokio::test(flavor = "multi_thread")]
        async fn $test() {
            let suite = crate::suite::Suite::open().await;
            $(
                eprintln!(stringify!($check));
                $check(&suite).await;
            )+
        }
    };
}
pub(crate) use checks;

/// A server with a few features in several layers, and what it says of itself.
pub struct Suite {
    pub office: Office,
    pub api: Value,
    pub collections: Vec<Value>,
}

/// An answer to a question for features.
pub struct Page {
    pub asked: String,
    pub began: Timestamp,
    pub ended: Timestamp,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Suite {
    pub async fn open() -> Self {
        let office = Office::open().await;
        office
            .sql(
                "insert into layer.parcel (cadastral_number) values ('16:50:000001:98'), ('16:50:000001:99');
                 insert into layer.address_point (street, house, geometry) values
                   ('Баумана', '1', st_setsrid(st_makepoint(1304705, 476905), 990161)),
                   ('Баумана', '2', st_setsrid(st_makepoint(1305705, 477905), 990161));
                 insert into layer.red_line (document, status, geometry) values
                   ('1', 'existing', st_geomfromtext(
                     'multilinestring((1304700 476900, 1304710 476910))', 990161)),
                   ('2', 'planned', st_geomfromtext(
                     'multilinestring((1305700 477900, 1305710 477910))', 990161))",
            )
            .await;
        office
            .has_parcels(&[
                "A: 0 0, 10 10",
                "B: 10 0, 20 10",
                "C: 1000 1000, 1010 1010",
                "D: 1010 1000, 1020 1010",
            ])
            .await;
        let api = office.json("/api").await;
        let list = office.json("/collections").await;
        let collections = list["collections"].as_array().expect("collections").clone();
        Self { office, api, collections }
    }

    /// The collections with features.
    pub fn filled(&self) -> impl Iterator<Item = &Value> {
        self.collections.iter().filter(|collection| FILLED.contains(&id(collection)))
    }

    /// GET of features as GeoJSON.
    pub async fn page(&self, collection: &Value, query: &str) -> Page {
        let items = href(link(collection, "items"));
        let asked = if query.is_empty() { items.to_string() } else { format!("{items}?{query}") };
        self.answer(&asked).await
    }

    /// GET of GeoJSON that must succeed.
    pub async fn answer(&self, url: &str) -> Page {
        let began = Timestamp::now();
        let path = url.strip_prefix(&self.office.base).expect("an address of this server");
        let response = self.office.get_with(path, "accept", GEOJSON).await;
        let ended = Timestamp::now();
        let (status, headers) = (response.status(), response.headers().clone());
        let text = response.text().await.expect("a body");
        assert_eq!(status, 200, "{url}: {text}");
        assert_eq!(headers["content-type"], GEOJSON, "{url}");
        let body = serde_json::from_str(&text).expect("JSON");
        Page { asked: url.into(), began, ended, headers, body }
    }

    /// The status of GET.
    pub async fn status(&self, url: &str) -> u16 {
        self.office.get(url).await.status().as_u16()
    }

    /// The first feature of each collection that has one, with its address.
    pub async fn first_features(&self) -> Vec<(&Value, String)> {
        let mut found = Vec::new();
        for collection in &self.collections {
            let page = self.page(collection, "limit=1").await;
            if let Some(feature) = page.features().first() {
                let items = href(link(collection, "items"));
                found.push((collection, format!("{items}/{}", feature["id"])));
            }
        }
        assert_eq!(found.len(), FILLED.len());
        found
    }

    /// A parameter of the path of a collection's features, in the API definition.
    pub fn parameter(&self, collection: &str, name: &str) -> &Value {
        let list =
            &self.api["paths"][format!("/collections/{collection}/items")]["get"]["parameters"];
        let list = list.as_array().expect("parameters").iter().map(|one| self.resolved(one));
        let mut named = list.filter(|one| one["name"] == name);
        let found = named.next().unwrap_or_else(|| panic!("{collection} has no parameter {name}"));
        assert!(named.next().is_none(), "{name} stands twice");
        found
    }

    /// What a reference of the API definition means.
    pub fn resolved<'a>(&'a self, value: &'a Value) -> &'a Value {
        match value["$ref"].as_str() {
            Some(name) => {
                let pointer = name.strip_prefix('#').expect("a reference within the document");
                self.api.pointer(pointer).unwrap_or_else(|| panic!("{name} leads nowhere"))
            }
            None => value,
        }
    }
}

impl Page {
    pub fn features(&self) -> &[Value] {
        self.body["features"].as_array().expect("features")
    }

    pub fn ids(&self) -> Vec<i64> {
        self.features().iter().map(|feature| feature["id"].as_i64().expect("an id")).collect()
    }

    pub fn content_crs(&self) -> &str {
        let header = self.headers.get("content-crs").expect("Content-Crs").to_str().expect("text");
        header.strip_prefix('<').and_then(|uri| uri.strip_suffix('>')).expect("<URI>")
    }
}

pub fn id(collection: &Value) -> &str {
    collection["id"].as_str().expect("an id")
}

pub fn href(link: &Value) -> &str {
    link["href"].as_str().expect("an address")
}

pub fn links(document: &Value) -> &[Value] {
    document["links"].as_array().expect("links")
}

/// The first link of a relation; there is one of each media type.
pub fn link<'a>(document: &'a Value, rel: &str) -> &'a Value {
    let found: Vec<&Value> = links(document).iter().filter(|link| link["rel"] == rel).collect();
    for (at, one) in found.iter().enumerate() {
        let again = found[..at].iter().any(|other| other["type"] == one["type"]);
        assert!(!again, "{rel} stands twice: {document}");
    }
    found.first().unwrap_or_else(|| panic!("no link {rel}: {document}"))
}

/// The box of a collection.
pub fn extent(collection: &Value) -> [f64; 4] {
    let boxes = collection["extent"]["spatial"]["bbox"].as_array().expect("boxes");
    let corners: Vec<f64> =
        boxes[0].as_array().expect("a box").iter().filter_map(Value::as_f64).collect();
    corners.try_into().expect("four numbers")
}

/// Every link tells its relation and its media type.
pub fn links_are_typed(document: &Value) {
    for link in links(document) {
        for name in ["rel", "type", "href"] {
            assert!(link[name].as_str().is_some_and(|text| !text.is_empty()), "{name}: {link}");
        }
    }
}

/// The positions of a geometry, in order; none where there is no geometry.
pub fn positions(geometry: &Value) -> Vec<[f64; 2]> {
    fn walk(value: &Value, into: &mut Vec<[f64; 2]>) {
        let list = value.as_array().expect("an array");
        match list.first() {
            Some(Value::Number(_)) => {
                assert_eq!(list.len(), 2, "{value}");
                into.push([list[0].as_f64().expect("x"), list[1].as_f64().expect("y")]);
            }
            _ => list.iter().for_each(|inner| walk(inner, into)),
        }
    }
    let mut positions = Vec::new();
    if !geometry.is_null() {
        walk(&geometry["coordinates"], &mut positions);
    }
    positions
}
