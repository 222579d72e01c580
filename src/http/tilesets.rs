//! OGC API Tiles on the wire: the grid, tile sets of one layer and of the whole city, and their tiles by
//! matrix, row and column.
//!
//! # Source
//! OGC API Tiles 1.0 part 1; OGC Two Dimensional Tile Matrix Set 2.0.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::{Map, Value, json};

use super::door::{Base, JSON_OR_HTML, Path, Query, offered};
use super::tiles::{MVT, answer, views};
use super::{App, either, pages};
use crate::access::Caller;
use crate::error::{Error, Result};
use crate::geometry::TileAddress;
use crate::layer::{GeometryType, Layer};
use crate::tile::View;

/// The one grid.
pub const GRID: &str = "WebMercatorQuad";
const GRID_URI: &str = "http://www.opengis.net/def/tilematrixset/OGC/1.0/WebMercatorQuad";
const MERCATOR: &str = "http://www.opengis.net/def/crs/EPSG/0/3857";
const CRS84: &str = "http://www.opengis.net/def/crs/OGC/1.3/CRS84";
const JSON: &str = "application/json";
/// Half the side of the plane in metres, scale and metres per pixel (256 a tile) of matrix 0.
const HALF: f64 = 20_037_508.342_789_2;
const SCALE: f64 = 559_082_264.028_717;
const CELL: f64 = 156_543.033_928_041;

/// A relation of OGC's register.
pub fn relation(name: &str) -> String {
    format!("http://www.opengis.net/def/rel/ogc/1.0/{name}")
}

fn link(rel: &str, href: String, media: &str, title: &str) -> Value {
    json!({ "rel": rel, "href": href, "type": media, "title": title })
}

/// The grids that there are.
pub async fn grids(
    State(imgis): State<App>,
    base: Base,
    headers: HeaderMap,
    query: Query,
) -> Result<Response> {
    let format = query.json_or_html(&headers)?;
    let here = format!("{}/tileMatrixSets/{GRID}", base.0);
    let body = json!({ "tileMatrixSets": [{
        "id": GRID, "title": "Web Mercator, 256 pixels a tile", "uri": GRID_URI, "crs": MERCATOR,
        "links": [link("self", here, JSON, "the grid")],
    }] });
    Ok(either(format, &body, JSON, |body| pages::tiles::grids(&imgis, body)))
}

/// The grid: every matrix that is served.
///
/// # Errors
/// 404 another grid.
pub async fn grid(
    State(imgis): State<App>,
    headers: HeaderMap,
    Path(id): Path<String>,
    query: Query,
) -> Result<Response> {
    let format = query.json_or_html(&headers)?;
    known(&id)?;
    let matrices: Vec<Value> = (0..=TileAddress::ZOOM_MAX)
        .map(|z| {
            let side = 1u32 << z;
            let halved = |value: f64| value / f64::from(side);
            json!({
                "id": z.to_string(), "scaleDenominator": halved(SCALE), "cellSize": halved(CELL),
                "cornerOfOrigin": "topLeft", "pointOfOrigin": [-HALF, HALF],
                "tileWidth": 256, "tileHeight": 256, "matrixWidth": side, "matrixHeight": side,
            })
        })
        .collect();
    let body = json!({
        "id": GRID, "title": "Google Maps Compatible for the World", "uri": GRID_URI,
        "crs": MERCATOR, "orderedAxes": ["X", "Y"],
        "wellKnownScaleSet": "http://www.opengis.net/def/wkss/OGC/1.0/GoogleMapsCompatible",
        "tileMatrices": matrices,
    });
    Ok(either(format, &body, JSON, |body| pages::tiles::grid(&imgis, body)))
}

fn known(grid: &str) -> Result<()> {
    if grid == GRID { Ok(()) } else { Err(Error::not_found("tile matrix set", grid)) }
}

/// What every member of a list of tile sets and every tile set says.
fn described(base: &str, here: &str, title: &str) -> Map<String, Value> {
    let links = json!([
        link("self", format!("{here}/{GRID}"), JSON, "the tile set"),
        link(&relation("tiling-scheme"), format!("{base}/tileMatrixSets/{GRID}"), JSON, "its grid"),
    ]);
    let body = json!({
        "title": title, "dataType": "vector", "crs": MERCATOR, "tileMatrixSetURI": GRID_URI,
        "links": links,
    });
    body.as_object().cloned().unwrap_or_default()
}

fn list(base: &str, here: &str, title: &str) -> Value {
    json!({
        "tilesets": [described(base, here, title)],
        "links": [
            link("self", here.to_string(), JSON, "this document"),
            link("alternate", format!("{here}?f=html"), "text/html", "this document as HTML"),
        ],
    })
}

/// Tile sets of the whole city.
pub async fn of_city(
    State(imgis): State<App>,
    base: Base,
    headers: HeaderMap,
    query: Query,
) -> Result<Response> {
    let format = query.json_or_html(&headers)?;
    let body = list(&base.0, &format!("{}/tiles", base.0), &city_title(&imgis));
    Ok(either(format, &body, JSON, |body| pages::tiles::sets(&imgis, None, body)))
}

fn city_title(imgis: &App) -> String {
    imgis.city.title.get("en").cloned().unwrap_or_default()
}

/// Tile sets of one layer.
///
/// # Errors
/// 404.
pub async fn of_layer(
    State(imgis): State<App>,
    caller: Caller,
    base: Base,
    headers: HeaderMap,
    Path(id): Path<String>,
    query: Query,
) -> Result<Response> {
    let format = query.json_or_html(&headers)?;
    let layer = imgis.catalogue.readable_by(&caller, &id)?;
    let body = list(&base.0, &format!("{}/collections/{id}/tiles", base.0), &title(layer));
    Ok(either(format, &body, JSON, |body| pages::tiles::sets(&imgis, Some(layer), body)))
}

fn title(layer: &Layer) -> String {
    layer.title.get("en").or(layer.title.get("ru")).cloned().unwrap_or_default()
}

/// The tile set of one layer.
///
/// # Errors
/// 404.
pub async fn layer(
    State(imgis): State<App>,
    caller: Caller,
    base: Base,
    headers: HeaderMap,
    Path((id, grid)): Path<(String, String)>,
    query: Query,
) -> Result<Response> {
    let format = query.json_or_html(&headers)?;
    known(&grid)?;
    let layer = imgis.catalogue.readable_by(&caller, &id)?;
    let views = views(&imgis, &caller, &id)?;
    let here = format!("{}/collections/{id}/tiles", base.0);
    let mut body = tile_set(&imgis, &base.0, &here, &title(&views[0].layer), &views, "");
    if let Some(links) = body["links"].as_array_mut() {
        let collection = format!("{}/collections/{id}", base.0);
        links.push(link(&relation("geodata"), collection, JSON, "the layer"));
    }
    Ok(either(format, &body, JSON, |body| pages::tiles::set(&imgis, Some(layer), "", body)))
}

/// The tile set of the whole city, or of the layers that `collections` names.
///
/// # Errors
/// 400, 404.
pub fn dataset(
    imgis: &App,
    caller: &Caller,
    base: &Base,
    headers: &HeaderMap,
    query: Query,
) -> Result<Response> {
    let [f, collections] = query.only(["f", "collections"])?;
    let format = offered(headers, f.as_deref(), &JSON_OR_HTML)?;
    let views = chosen(imgis, caller, base, collections.as_deref())?;
    let asked = collections.map(|ids| format!("?collections={ids}")).unwrap_or_default();
    let here = format!("{}/tiles", base.0);
    let body = tile_set(imgis, &base.0, &here, &city_title(imgis), &views, &asked);
    Ok(either(format, &body, JSON, |body| pages::tiles::set(imgis, None, &asked, body)))
}

/// The layers of `collections` (ids, or addresses of collections), the first undermost; all without it.
fn chosen(imgis: &App, caller: &Caller, base: &Base, list: Option<&str>) -> Result<Vec<View>> {
    let Some(list) = list else {
        let all = imgis.catalogue.readable(caller);
        return Ok(all.map(|layer| imgis.tiles.view(layer, caller)).collect());
    };
    let prefix = format!("{}/collections/", base.0);
    let ids: Vec<&str> = list.split(',').map(|id| id.strip_prefix(&prefix).unwrap_or(id)).collect();
    views(imgis, caller, &ids.join(",")).map_err(|error| match error {
        Error::Parameter { detail, .. } => Error::parameter("collections", detail),
        Error::NotFound { name, .. } => {
            Error::parameter("collections", format!("there is no collection {name}"))
        }
        other => other,
    })
}

fn tile_set(
    imgis: &App,
    base: &str,
    here: &str,
    title: &str,
    views: &[View],
    asked: &str,
) -> Value {
    let mut body = described(base, here, title);
    let template = format!("{here}/{GRID}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}{asked}");
    if let Some(links) = body.get_mut("links").and_then(Value::as_array_mut) {
        let alone = match asked {
            "" => format!("{here}/{GRID}?f=html"),
            asked => format!("{here}/{GRID}{asked}&f=html"),
        };
        links.push(link("alternate", alone, "text/html", "the tile set as HTML"));
        links.push(json!({ "rel": "item", "href": template, "type": MVT, "templated": true }));
    }
    let [west, south, east, north] = bounds(imgis, views);
    let limits: Vec<Value> = zooms(views)
        .map(|z| {
            let [least, most] = rows_and_columns([west, south, east, north], z);
            json!({
                "tileMatrix": z.to_string(), "minTileRow": least.row(), "maxTileRow": most.row(),
                "minTileCol": least.col(), "maxTileCol": most.col(),
            })
        })
        .collect();
    let layers: Vec<Value> = views.iter().map(described_layer).collect();
    body.insert("tileMatrixSetLimits".into(), limits.into());
    body.insert("mediaTypes".into(), json!([MVT]));
    body.insert(
        "boundingBox".into(),
        json!({ "crs": CRS84, "lowerLeft": [west, south], "upperRight": [east, north] }),
    );
    if !layers.is_empty() {
        body.insert("layers".into(), layers.into());
    }
    body.into()
}

fn described_layer(view: &View) -> Value {
    let layer = &view.layer;
    let properties: Map<String, Value> = view
        .shown()
        .map(|property| (property.name.clone(), json!({ "type": property.kind.json() })))
        .collect();
    let dimension = match layer.geometry {
        GeometryType::Point => 0,
        GeometryType::MultiLineString => 1,
        GeometryType::MultiPolygon => 2,
    };
    json!({
        "id": layer.id, "title": title(layer), "dataType": "vector", "geometryDimension": dimension,
        "minTileMatrix": layer.zoom.min.to_string(),
        "maxTileMatrix": TileAddress::ZOOM_MAX.to_string(),
        "propertiesSchema": { "type": "object", "properties": properties },
    })
}

/// Box of the layers in CRS84; the city's where they are empty.
fn bounds(imgis: &App, views: &[View]) -> [f64; 4] {
    imgis.tiles.around(views).unwrap_or(imgis.city.bounds)
}

fn zooms(views: &[View]) -> std::ops::RangeInclusive<u8> {
    views.iter().map(|view| view.layer.zoom.min).min().unwrap_or(0)..=TileAddress::ZOOM_MAX
}

/// The first and the last tile of a zoom over a box in CRS84.
fn rows_and_columns([west, south, east, north]: [f64; 4], z: u8) -> [TileAddress; 2] {
    [TileAddress::at(z, west, north), TileAddress::at(z, east, south)]
}

/// A tile of one layer.
///
/// # Errors
/// 400 outside the grid; 404 outside the limits of the tile set, unknown layer or grid.
pub async fn layer_tile(
    State(imgis): State<App>,
    caller: Caller,
    headers: HeaderMap,
    query: Query,
    Path((id, grid, z, row, col)): Path<(String, String, String, String, String)>,
) -> Result<Response> {
    query.only([])?;
    known(&grid)?;
    imgis.catalogue.readable_by(&caller, &id)?;
    let views = views(&imgis, &caller, &id)?;
    within(&imgis, &headers, views, [&z, &row, &col]).await
}

/// A tile of the whole city, or of the layers that `collections` names.
///
/// # Errors
/// 400, 404.
pub async fn dataset_tile(
    imgis: &App,
    caller: &Caller,
    base: &Base,
    headers: &HeaderMap,
    query: Query,
    place: [&str; 3],
) -> Result<Response> {
    let [collections] = query.only(["collections"])?;
    let views = chosen(imgis, caller, base, collections.as_deref())?;
    within(imgis, headers, views, place).await
}

async fn within(
    imgis: &App,
    headers: &HeaderMap,
    views: Vec<View>,
    [z, row, col]: [&str; 3],
) -> Result<Response> {
    let address = TileAddress::from_xyz(z, col, row).map_err(|error| match error {
        Error::Parameter { parameter, detail } => {
            let name = match parameter.as_str() {
                "x" => "tileCol",
                "y" => "tileRow",
                _ => "tileMatrix",
            };
            Error::parameter(name, detail)
        }
        other => other,
    })?;
    let outside = |what: &str| Error::not_found("tile", format!("{z}/{row}/{col}: outside {what}"));
    if !zooms(&views).contains(&address.z()) {
        return Err(outside("the matrices of the tile set"));
    }
    let [least, most] = rows_and_columns(bounds(imgis, &views), address.z());
    let inside = (least.row()..=most.row()).contains(&address.row())
        && (least.col()..=most.col()).contains(&address.col());
    if !inside {
        return Err(outside("the limits of the tile set"));
    }
    answer(imgis, headers, views, address).await
}
