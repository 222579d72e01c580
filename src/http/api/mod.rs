//! The OpenAPI 3.0 document, made from the catalogue as the caller may see it.

mod components;
mod features;
mod operation;
mod rest;
mod tiles;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::door::{Base, Query};
use super::{App, pages};
use crate::access::Caller;
use crate::error::Result;

/// The document's media type.
const MEDIA: &str = "application/vnd.oai.openapi+json;version=3.0";

/// What operations are grouped by, with a sentence each.
const TAGS: [(&str, &str); 7] = [
    ("Features", "Layers and their features, by OGC API Features"),
    ("Editing", "Features made, replaced and deleted under their versions"),
    ("Questions", "How much of what lies where, what is near"),
    ("Tiles", "Vector tiles, by OGC API Tiles and by zoom, x and y"),
    ("Map", "What the map application asks"),
    ("Applications", "Parcels and applications for services"),
    ("Server", "The API itself, and how the server is"),
];

/// The document.
///
/// # Source
/// OGC API Features 1.0 part 1, requirements class OpenAPI 3.0; OpenAPI 3.0.3.
pub async fn document(
    State(imgis): State<App>,
    caller: Caller,
    base: Base,
    headers: HeaderMap,
    query: Query,
) -> Result<Response> {
    let format = query.json_or_html(&headers)?;
    let body = made(&imgis, &caller, &base);
    let page = |body: &Value| pages::api::page(&imgis, body);
    Ok(super::either(format, &body, MEDIA, page))
}

/// The document for people.
///
/// # Errors
/// 400.
pub async fn page(
    State(imgis): State<App>,
    caller: Caller,
    base: Base,
    query: Query,
) -> Result<Response> {
    query.only([])?;
    Ok(pages::api::page(&imgis, &made(&imgis, &caller, &base)).into_response())
}

fn made(imgis: &App, caller: &Caller, base: &Base) -> Value {
    let layers: Vec<_> = imgis.catalogue.readable(caller).collect();
    let ids: Vec<&str> = layers.iter().map(|layer| layer.id.as_str()).collect();
    let mut paths = operation::Paths::default();
    let mut schemas = Map::new();
    rest::about(&mut paths);
    for layer in &layers {
        features::paths(&mut paths, layer, caller);
        schemas.extend(features::schemas(layer, caller));
    }
    tiles::sets(&mut paths, &ids);
    tiles::by_zoom(&mut paths, &ids);
    rest::map(&mut paths, &ids, &imgis.city.crs.id);
    rest::questions(&mut paths);
    rest::look(&mut paths, &ids);
    rest::cases(&mut paths, &imgis.office);
    rest::health(&mut paths);
    let tags: Vec<Value> = TAGS
        .iter()
        .map(|(name, description)| json!({ "name": name, "description": description }))
        .collect();
    json!({
        "openapi": "3.0.3",
        "info": { "title": "IMGIS", "version": env!("CARGO_PKG_VERSION"),
                  "description": "Layers, tiles and feature queries of the municipality",
                  "license": { "name": "MIT OR Apache-2.0" } },
        "servers": [{ "url": base.0 }],
        "tags": tags,
        "paths": paths.0,
        "components": components::components(&base.0, &imgis.city, schemas, &ids),
    })
}
