//! The OpenAPI 3.0 document, made from the catalogue as the caller may see it.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::App;
use super::door::{Base, Query};
use crate::access::Caller;
use crate::config::limit;
use crate::error::Result;
use crate::layer::Layer;

/// The document's media type.
const MEDIA: &str = "application/vnd.oai.openapi+json;version=3.0";

fn answer(description: &str, media: &str, schema: Value) -> Value {
    json!({ "description": description, "content": { media: { "schema": schema } } })
}

fn operation(id: &str, summary: &str, parameters: Value, ok: Value) -> Value {
    let problem = json!({ "$ref": "#/components/responses/Problem" });
    json!({
        "operationId": id, "summary": summary, "parameters": parameters,
        "responses": { "200": ok, "default": problem },
    })
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/parameters/{name}") })
}

fn property_parameters(layer: &Layer, caller: &Caller) -> Vec<Value> {
    layer
        .readable(caller)
        .into_iter()
        .map(|property| {
            json!({
                "name": property.name, "in": "query", "required": false,
                "description": property.label.get("en"), "schema": { "type": property.kind.json() },
                "style": "form", "explode": false,
            })
        })
        .collect()
}

fn components() -> Value {
    let (max, usual) = (limit::PAGE_FEATURES_MAX, limit::PAGE_FEATURES);
    let text = |name: &str, description: &str| {
        json!({ "name": name, "in": "query", "required": false, "description": description,
                "schema": { "type": "string" }, "style": "form", "explode": false })
    };
    json!({
        "parameters": {
            "limit": { "name": "limit", "in": "query", "required": false, "style": "form",
                "explode": false, "description": "features of a page",
                "schema": { "type": "integer", "minimum": 1, "maximum": max, "default": usual } },
            "bbox": { "name": "bbox", "in": "query", "required": false, "style": "form",
                "explode": false, "description": "west, south, east, north",
                "schema": { "type": "array", "minItems": 4, "maxItems": 6,
                            "items": { "type": "number" } } },
            "datetime": text("datetime", "RFC 3339 moment or interval"),
            "crs": text("crs", "coordinate system of the answer"),
            "bbox-crs": text("bbox-crs", "coordinate system of bbox"),
            "cursor": text("cursor", "place of the next page"),
            "offset": text("offset", "features to pass over"),
            "fid": { "name": "fid", "in": "path", "required": true,
                     "schema": { "type": "string" } },
            "tileMatrix": { "name": "tileMatrix", "in": "path", "required": true,
                            "schema": { "type": "string" } },
            "tileRow": { "name": "tileRow", "in": "path", "required": true,
                         "schema": { "type": "integer", "minimum": 0 } },
            "tileCol": { "name": "tileCol", "in": "path", "required": true,
                         "schema": { "type": "integer", "minimum": 0 } },
            "collections": { "name": "collections", "in": "query", "required": false,
                             "style": "form", "explode": false,
                             "schema": { "type": "array", "items": { "type": "string" } } },
        },
        "responses": {
            "Problem": answer("RFC 9457 problem", "application/problem+json", json!({
                "type": "object",
                "properties": {
                    "type": { "type": "string" }, "title": { "type": "string" },
                    "status": { "type": "integer" }, "detail": { "type": "string" },
                    "parameter": { "type": "string" }, "request_id": { "type": "string" },
                },
            })),
        },
    })
}

/// Paths of OGC API Tiles; names of operations as its requirements class OpenAPI 3.0 wants them.
fn tile_paths(paths: &mut Map<String, Value>, imgis: &App, caller: &Caller) {
    let json_answer = || answer("as asked", "application/json", json!({ "type": "object" }));
    let binary = json!({ "type": "string", "format": "binary" });
    let mut get = |path: String, id: String, summary: &str, parameters: Value, ok: Value| {
        paths.insert(path, json!({ "get": operation(&id, summary, parameters, ok) }));
    };
    let none = || json!([]);
    get(
        "/tileMatrixSets".into(),
        "getTileMatrixSetsList".into(),
        "the grids",
        none(),
        json_answer(),
    );
    let grid = "/tileMatrixSets/WebMercatorQuad".to_string();
    get(grid, "getTileMatrixSet".into(), "the grid", none(), json_answer());
    let layers = imgis.catalogue.readable(caller);
    let sets =
        std::iter::once((String::new(), ".dataset".to_string(), true)).chain(layers.map(|layer| {
            let (id, prefix) = (&layer.id, format!("{}.collection", layer.id));
            (format!("/collections/{id}"), prefix, false)
        }));
    for (root, stem, of_city) in sets {
        let name = |what: &str| format!("{stem}.vector.{what}");
        let (list, set) = (format!("{root}/tiles"), format!("{root}/tiles/WebMercatorQuad"));
        get(list, name("getTileSetsList"), "tile sets", none(), json_answer());
        let chosen = || if of_city { vec![reference("collections")] } else { Vec::new() };
        get(set.clone(), name("getTileSet"), "a tile set", json!(chosen()), json_answer());
        let mut parameters =
            vec![reference("tileMatrix"), reference("tileRow"), reference("tileCol")];
        parameters.extend(chosen());
        let tile = format!("{set}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}");
        let ok = answer("a tile", super::tiles::MVT, binary.clone());
        get(tile, name("getTile"), "a tile", json!(parameters), ok);
    }
}

/// The document.
///
/// # Source
/// OGC API Features 1.0 part 1, requirements class OpenAPI 3.0.
pub async fn document(
    State(imgis): State<App>,
    caller: Caller,
    base: Base,
    headers: HeaderMap,
    query: Query,
) -> Result<Response> {
    let format = query.json_or_html(&headers)?;
    let body = made(&imgis, &caller, &base);
    let page = |body: &Value| super::pages::api::page(&imgis, body);
    Ok(super::either(format, &body, MEDIA, page))
}

/// The document for people.
pub async fn page(
    State(imgis): State<App>,
    caller: Caller,
    base: Base,
    query: Query,
) -> Result<Response> {
    query.only([])?;
    Ok(super::pages::api::page(&imgis, &made(&imgis, &caller, &base)).into_response())
}

fn made(imgis: &App, caller: &Caller, base: &Base) -> Value {
    let object = json!({ "type": "object" });
    let plain = |id: &str, summary: &str| {
        json!({ "get": operation(id, summary, json!([]),
                                 answer("as asked", "application/json", object.clone())) })
    };
    let mut paths = Map::new();
    for (path, id, summary) in [
        ("/", "landing", "landing page"),
        ("/conformance", "conformance", "conformance classes"),
        ("/collections", "collections", "the layers"),
    ] {
        paths.insert(path.into(), plain(id, summary));
    }
    for layer in imgis.catalogue.readable(caller) {
        let id = &layer.id;
        let title = layer.title.get("en").cloned().unwrap_or_default();
        paths.insert(format!("/collections/{id}"), plain(&format!("{id}.collection"), &title));
        let known = ["limit", "bbox", "datetime", "crs", "bbox-crs", "cursor", "offset"];
        let mut parameters: Vec<Value> = known.into_iter().map(reference).collect();
        parameters.extend(property_parameters(layer, caller));
        let geojson = "application/geo+json";
        let page = answer("a page", geojson, object.clone());
        let items = operation(&format!("{id}.items"), &title, json!(parameters), page);
        paths.insert(format!("/collections/{id}/items"), json!({ "get": items }));
        let feature = answer("a feature", geojson, object.clone());
        let one = json!([reference("fid"), reference("crs")]);
        let one = operation(&format!("{id}.feature"), &title, one, feature);
        paths.insert(format!("/collections/{id}/items/{{fid}}"), json!({ "get": one }));
    }
    tile_paths(&mut paths, imgis, caller);
    json!({
        "openapi": "3.0.3",
        "info": { "title": "IMGIS", "version": env!("CARGO_PKG_VERSION"),
                  "license": { "name": "MIT OR Apache-2.0" } },
        "servers": [{ "url": base.0 }],
        "paths": paths,
        "components": components(),
    })
}
