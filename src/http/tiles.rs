//! Tiles and TileJSON on the wire.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::App;
use super::door::{Base, Path, Query};
use crate::access::{Caller, Read};
use crate::config::limit;
use crate::error::{Error, Result};
use crate::geometry::TileAddress;
use crate::tile::{self, Encoding, Version, View};

/// The layers of a path, as the caller may see them. Unknown and forbidden look the same.
fn views(imgis: &App, caller: &Caller, layers: &str) -> Result<Vec<View>> {
    let ids: Vec<&str> = layers.split(',').collect();
    if ids.len() > limit::TILE_LAYERS_MAX {
        let detail = format!("{} are too many, at most {}", ids.len(), limit::TILE_LAYERS_MAX);
        return Err(Error::parameter("layers", detail));
    }
    let mut views = Vec::with_capacity(ids.len());
    for (at, id) in ids.iter().enumerate() {
        if ids[..at].contains(id) {
            return Err(Error::parameter("layers", format!("{id} stands twice")));
        }
        let layer = imgis.catalogue.readable_by(caller, id)?;
        views.push(imgis.tiles.view(layer, caller));
    }
    Ok(views)
}

/// TileJSON of one or several layers.
///
/// # Errors
/// 404 unknown or unreadable layer.
///
/// # Source
/// TileJSON 3.0.0.
pub async fn tile_json(
    State(imgis): State<App>,
    caller: Caller,
    base: Base,
    query: Query,
    Path(path): Path<String>,
) -> Result<Response> {
    query.only([])?;
    let Some(layers) = path.strip_suffix(".json") else {
        return Err(Error::not_found("resource", format!("tiles/{path}")));
    };
    let views = views(&imgis, &caller, layers)?;
    let json = tile::tile_json(&imgis.tiles, &views, &base.0, &imgis.city);
    Ok(super::json(&json, "application/json"))
}

/// One tile of one or more layers.
///
/// # Errors
/// 400 address outside the grid; 404 unknown or unreadable layer; 503 the store is still loading.
///
/// # Source
/// MVT 2.1; XYZ addressing as TileJSON 3.0.0 §3.15 (`tiles`).
pub async fn tile(
    State(imgis): State<App>,
    caller: Caller,
    headers: HeaderMap,
    query: Query,
    Path((layers, z, x, y)): Path<(String, String, String, String)>,
) -> Result<Response> {
    query.only([])?;
    let views = views(&imgis, &caller, &layers)?;
    let y = y.trim_end_matches(".mvt").trim_end_matches(".pbf");
    let address = TileAddress::from_xyz(&z, &x, y)?;
    if imgis.ready().snapshot.is_none() {
        return Err(Error::Busy("the city is being read into memory".into()));
    }
    let encoding = encoding(&headers);
    let public = views.iter().all(|view| view.layer.read == Read::Public);
    let version = imgis.tiles.version(&views, address, encoding);
    if already_has(&headers, version) {
        return Ok(respond(StatusCode::NOT_MODIFIED, version, public).into_response());
    }
    let tile = Arc::clone(&imgis.tiles).draw(views, address, encoding).await?;
    if tile.bytes.is_empty() {
        return Ok(respond(StatusCode::NO_CONTENT, tile.version, public).into_response());
    }
    let (status, kept) = respond(StatusCode::OK, tile.version, public);
    let mut response = (status, kept, tile.bytes).into_response();
    let headers = response.headers_mut();
    let media = HeaderValue::from_static("application/vnd.mapbox-vector-tile");
    headers.insert(header::CONTENT_TYPE, media);
    if encoding == Encoding::Gzip {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    if !tile.gathered.is_empty()
        && let Ok(value) = HeaderValue::from_str(&tile.gathered)
    {
        headers.insert("imgis-gathered", value);
    }
    Ok(response)
}

fn encoding(headers: &HeaderMap) -> Encoding {
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
    let gzip = accepted.unwrap_or_default().split(',').any(|part| {
        let mut words = part.split(';').map(str::trim);
        words.next() == Some("gzip") && words.next() != Some("q=0")
    });
    if gzip { Encoding::Gzip } else { Encoding::Identity }
}

fn already_has(headers: &HeaderMap, version: Version) -> bool {
    let Some(tags) = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok())
    else {
        return false;
    };
    let etag = version.etag();
    tags.split(',')
        .map(|tag| tag.trim().trim_start_matches("W/"))
        .any(|tag| tag == etag || tag == "*")
}

fn respond(
    status: StatusCode,
    version: Version,
    public: bool,
) -> (StatusCode, [(header::HeaderName, HeaderValue); 3]) {
    let cache = if public { "public, no-cache" } else { "private, no-cache" };
    let etag = HeaderValue::from_str(&version.etag()).unwrap_or(HeaderValue::from_static(""));
    let headers = [
        (header::ETAG, etag),
        (header::CACHE_CONTROL, HeaderValue::from_static(cache)),
        (header::VARY, HeaderValue::from_static("Accept-Encoding")),
    ];
    (status, headers)
}
