//! Landing page, conformance, collections, and the city's coordinate system.

use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::door::{Base, JSON_OR_HTML, Path, Query, offered};
use super::items::FORMATS;
use super::tilesets::relation;
use super::{App, assets, pages};
use crate::access::Caller;
use crate::error::{Error, Result};
use crate::geometry::{Crs, Projector};
use crate::layer::Layer;

/// Conformance classes with tests behind them, after the common part of their URIs.
const CLASSES: [&str; 41] = [
    "ogcapi-features-1/1.0/conf/core",
    "ogcapi-features-1/1.0/conf/geojson",
    "ogcapi-features-1/1.0/conf/oas30",
    "ogcapi-features-2/1.0/conf/crs",
    "ogcapi-features-3/1.0/conf/queryables",
    "ogcapi-features-3/1.0/conf/queryables-query-parameters",
    "ogcapi-features-3/1.0/conf/filter",
    "ogcapi-features-3/1.0/conf/features-filter",
    "cql2/1.0/conf/cql2-text",
    "cql2/1.0/conf/cql2-json",
    "cql2/1.0/conf/basic-cql2",
    "cql2/1.0/conf/advanced-comparison-operators",
    "cql2/1.0/conf/case-insensitive-comparison",
    "cql2/1.0/conf/accent-insensitive-comparison",
    "cql2/1.0/conf/basic-spatial-functions",
    "cql2/1.0/conf/basic-spatial-functions-plus",
    "cql2/1.0/conf/spatial-functions",
    "cql2/1.0/conf/temporal-functions",
    "cql2/1.0/conf/array-functions",
    "cql2/1.0/conf/property-property",
    "cql2/1.0/conf/functions",
    "cql2/1.0/conf/arithmetic",
    "ogcapi-features-4/1.0/conf/create-replace-delete",
    "ogcapi-features-4/1.0/conf/update",
    "ogcapi-features-4/1.0/conf/features",
    "ogcapi-features-4/1.0/conf/optimistic-locking-etags",
    "ogcapi-features-5/1.0/conf/schemas",
    "ogcapi-features-5/1.0/conf/core-roles-features",
    "ogcapi-features-5/1.0/conf/queryables",
    "ogcapi-features-5/1.0/conf/sortables",
    "ogcapi-common-3/1.0/conf/schemas",
    "ogcapi-features-6/1.0/conf/property-selection",
    "ogcapi-features-8/1.0/conf/sorting",
    "ogcapi-tiles-1/1.0/conf/core",
    "ogcapi-tiles-1/1.0/conf/tileset",
    "ogcapi-tiles-1/1.0/conf/tilesets-list",
    "ogcapi-tiles-1/1.0/conf/dataset-tilesets",
    "ogcapi-tiles-1/1.0/conf/geodata-tilesets",
    "ogcapi-tiles-1/1.0/conf/collections-selection",
    "ogcapi-tiles-1/1.0/conf/mvt",
    "ogcapi-tiles-1/1.0/conf/oas30",
];

fn link(rel: &str, media: &str, title: &str, href: String) -> Value {
    json!({ "rel": rel, "type": media, "title": title, "href": href })
}

/// `/`: the map application for a browser, the landing page for everyone else.
pub async fn landing(
    State(imgis): State<App>,
    caller: Caller,
    base: Base,
    headers: HeaderMap,
    Query(params): Query,
) -> Result<Response> {
    let f = params.iter().find(|(name, _)| name == "f").map(|(_, value)| value.as_str());
    // `f` of the map application names a feature; a format is only what the API calls one.
    let format = f.filter(|f| matches!(*f, "html" | "json"));
    let base = &base.0;
    if offered(&headers, format, &JSON_OR_HTML)? == "html" {
        return Ok(match format {
            Some(_) => pages::about::landing(&imgis, &caller, base).into_response(),
            None => assets::index(),
        });
    }
    offered(&headers, f, &JSON_OR_HTML)?;
    Query(params).only(["f"])?;
    let api = "application/vnd.oai.openapi+json;version=3.0";
    let json_media = "application/json";
    let title = imgis.city.title.get("en").cloned().unwrap_or_default();
    let body = json!({
        "title": format!("IMGIS {title}"),
        "description": "Layers, tiles and feature queries of the municipality",
        "links": [
            link("self", json_media, "this document", format!("{base}/?f=json")),
            link("alternate", "text/html", "this document as HTML", format!("{base}/?f=html")),
            link("service-desc", api, "the API", format!("{base}/api")),
            link("service-doc", "text/html", "the API for people", format!("{base}/api.html")),
            link("conformance", json_media, "conformance classes", format!("{base}/conformance")),
            link("data", json_media, "the layers", format!("{base}/collections")),
            link(&relation("tilesets-vector"), json_media, "the tiles", format!("{base}/tiles")),
            link(&relation("tiling-schemes"), json_media, "the grids of tiles",
                format!("{base}/tileMatrixSets")),
        ],
    });
    Ok(super::json(&body, json_media))
}

/// Declared conformance classes.
pub async fn conformance(
    State(imgis): State<App>,
    headers: HeaderMap,
    query: Query,
) -> Result<Response> {
    let format = query.json_or_html(&headers)?;
    let uris = CLASSES.map(|class| format!("http://www.opengis.net/spec/{class}"));
    let body = json!({ "conformsTo": uris.as_slice() });
    let page = |body: &Value| pages::about::conformance(&imgis, body);
    Ok(super::either(format, &body, "application/json", page))
}

/// A box of the tile store, which keeps places to a centimetre, grown so that it holds the features as the
/// database has them and a question for the box finds them all.
fn widened([west, south, east, north]: [f64; 4]) -> [f64; 4] {
    const UNIT: f64 = 1e6; // of a degree; about 0.1 m
    let down = |degrees: f64| ((degrees - 3e-7) * UNIT).floor() / UNIT;
    let up = |degrees: f64| ((degrees + 3e-7) * UNIT).ceil() / UNIT;
    [down(west), down(south), up(east), up(north)]
}

/// One collection; the same in the list and alone.
fn collection(imgis: &App, base: &str, layer: &Layer) -> Value {
    let city = &imgis.city;
    let bounds = imgis.tiles.bounds(&layer.id).map_or(city.bounds, widened);
    let here = format!("{base}/collections/{}", layer.id);
    let crs: Vec<String> = Crs::all(city).iter().map(|crs| crs.uri(base, city)).collect();
    let word = |words: &crate::config::Words| words.get("en").or(words.get("ru")).cloned();
    let items = FORMATS.iter().map(|(name, media)| {
        let title = format!("the features as {name}");
        // The usual format needs no name; clients add parameters to this address.
        let query = if *name == "json" { String::new() } else { format!("?f={name}") };
        link("items", media, &title, format!("{here}/items{query}"))
    });
    let schemas = [
        (relation("queryables"), "queryables", "what may be asked of the features"),
        (relation("schema"), "schema", "what the features are"),
        (relation("sortables"), "sortables", "what the features can be sorted by"),
    ];
    let schemas = schemas.iter().map(|(rel, name, title)| {
        link(rel, "application/schema+json", title, format!("{here}/{name}"))
    });
    let more: Vec<Value> = items.chain(schemas).collect();
    let mut collection = json!({
        "id": layer.id,
        "title": word(&layer.title),
        "description": layer.description.as_ref().and_then(word),
        "itemType": "feature",
        "extent": {
            "spatial": {
                "bbox": [bounds], "crs": "http://www.opengis.net/def/crs/OGC/1.3/CRS84",
            },
            "temporal": {
                "interval": [[null, null]],
                "trs": "http://www.opengis.net/def/uom/ISO-8601/0/Gregorian",
            },
        },
        "crs": crs,
        "storageCrs": Crs::City(city.srid).uri(base, city),
        "links": [
            link("self", "application/json", "this collection", here.clone()),
            link("alternate", "text/html", "this collection as HTML", format!("{here}?f=html")),
            link("items", "application/geo+json", "the features", format!("{here}/items")),
            link("items", "text/html", "the features as HTML", format!("{here}/items?f=html")),
            link(&relation("tilesets-vector"), "application/json", "the tile sets",
                format!("{here}/tiles")),
            link("describedby", "application/json", "TileJSON",
                format!("{base}/tiles/{}.json", layer.id)),
        ],
    });
    if let Some(links) = collection["links"].as_array_mut() {
        links.splice(2..3, more);
    }
    collection
}

/// Every collection that the caller may read.
pub async fn list(
    State(imgis): State<App>,
    caller: Caller,
    base: Base,
    headers: HeaderMap,
    query: Query,
) -> Result<Response> {
    let format = query.json_or_html(&headers)?;
    let base = &base.0;
    let collections: Vec<Value> =
        imgis.catalogue.readable(&caller).map(|layer| collection(&imgis, base, layer)).collect();
    let body = json!({
        "links": [
            link("self", "application/json", "this document", format!("{base}/collections")),
            link("alternate", "text/html", "this document as HTML",
                format!("{base}/collections?f=html")),
        ],
        "collections": collections,
    });
    let page = |_: &Value| pages::collections::list(&imgis, &caller);
    Ok(super::either(format, &body, "application/json", page))
}

/// One collection.
///
/// # Errors
/// 404.
pub async fn one(
    State(imgis): State<App>,
    caller: Caller,
    base: Base,
    headers: HeaderMap,
    Path(id): Path<String>,
    query: Query,
) -> Result<Response> {
    let format = query.json_or_html(&headers)?;
    let layer = imgis.catalogue.readable_by(&caller, &id)?;
    if format == "html" {
        let page = pages::collections::one(&imgis, &caller, &base.0, layer).await?;
        return Ok(page.into_response());
    }
    Ok(super::json(&collection(&imgis, &base.0, layer), "application/json"))
}

/// The city's own system: WKT 2, or PROJJSON. Axes east, north; metres.
///
/// # Errors
/// 404.
pub async fn crs(
    State(imgis): State<App>,
    headers: HeaderMap,
    Path(id): Path<String>,
    query: Query,
) -> Result<Response> {
    let [f] = query.only(["f"])?;
    if id != imgis.city.crs.id {
        return Err(Error::not_found("coordinate system", id));
    }
    let (wkt, projjson) = Projector::new(&imgis.city.proj)?.texts()?;
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    let json = match f.as_deref() {
        Some("wkt") => false,
        Some("projjson") => true,
        Some(other) => {
            return Err(Error::parameter("f", format!("{other:?} is not wkt or projjson")));
        }
        None => accept.is_some_and(|accept| accept.contains("json")),
    };
    let (media, body) =
        if json { ("application/projjson", projjson) } else { ("text/plain; charset=utf-8", wkt) };
    Ok(([(header::CONTENT_TYPE, media)], body).into_response())
}
