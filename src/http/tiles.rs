//! Tiles and TileJSON on the wire.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::door::{Base, Path, Query};
use super::{App, tilesets};
use crate::access::{Caller, Read};
use crate::config::limit;
use crate::db::cancellable;
use crate::error::{Error, Result};
use crate::feature::{Asker, FeatureQuery};
use crate::geometry::TileAddress;
use crate::tile::{self, Coding, View};

/// Media type of a tile.
pub const MVT: &str = "application/vnd.mapbox-vector-tile";

/// The layers of a list, as the caller may see them. Unknown and forbidden look the same.
pub fn views(imgis: &App, caller: &Caller, layers: &str) -> Result<Vec<View>> {
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

/// TileJSON of one or several layers; the tile set of the whole city under the name of its grid.
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
    headers: HeaderMap,
    query: Query,
    Path(path): Path<String>,
) -> Result<Response> {
    if path == tilesets::GRID {
        return tilesets::dataset(&imgis, &caller, &base, &headers, query);
    }
    query.only([])?;
    let Some(layers) = path.strip_suffix(".json") else {
        return Err(Error::not_found("resource", format!("tiles/{path}")));
    };
    let views = views(&imgis, &caller, layers)?;
    let json = tile::tile_json(&imgis.tiles, &views, &base.0, &imgis.city);
    Ok(super::json(&json, "application/json"))
}

/// One tile of one or more layers; `?explain` tells staff what drawing it takes.
///
/// # Errors
/// 400 address outside the grid; 403 `explain` for who is not staff; 404 unknown or unreadable layer; 503 the
/// store is still loading.
///
/// # Source
/// MVT 2.1; XYZ addressing as TileJSON 3.0.0 §3.15 (`tiles`).
pub async fn tile(
    State(imgis): State<App>,
    caller: Caller,
    base: Base,
    headers: HeaderMap,
    query: Query,
    Path((layers, z, x, y)): Path<(String, String, String, String)>,
) -> Result<Response> {
    if layers == tilesets::GRID {
        return tilesets::dataset_tile(&imgis, &caller, &base, &headers, query, [&z, &x, &y]).await;
    }
    let [explain, filter, language, crs] =
        query.only(["explain", "filter", "filter-lang", "filter-crs"])?;
    let mut views = views(&imgis, &caller, &layers)?;
    let y = y.trim_end_matches(".mvt").trim_end_matches(".pbf");
    let address = TileAddress::from_xyz(&z, &x, y)?;
    if let Some(filter) = filter {
        let named = [("filter", Some(filter)), ("filter-lang", language), ("filter-crs", crs)];
        let given = named.into_iter().filter_map(|(name, value)| Some((name.to_string(), value?)));
        let params: Vec<(String, String)> = given.collect();
        views = filtered(&imgis, &caller, &base.0, views, &params, address).await?;
    }
    if explain.is_none() {
        return answer(&imgis, &headers, views, address).await;
    }
    if !caller.may_read(&Read::Staff) {
        return Err(Error::Forbidden("explanations of tiles are for staff".into()));
    }
    loaded(&imgis)?;
    let tiles = imgis.tiles.clone();
    let told = tokio::task::spawn_blocking(move || tiles.explain(&views, address)).await;
    Ok(super::json(&told.map_err(Error::internal)?, "application/json"))
}

/// The views with those features alone that a filter finds; the same language as for items.
async fn filtered(
    imgis: &App,
    caller: &Caller,
    base: &str,
    views: Vec<View>,
    params: &[(String, String)],
    address: TileAddress,
) -> Result<Vec<View>> {
    let city = &imgis.city;
    let mut narrowed = Vec::with_capacity(views.len());
    for view in views {
        let layer = view.layer.clone();
        let query = FeatureQuery::parse(Asker { layer: &layer, caller, base, city }, params)?;
        let Some(filter) = &query.filter else { continue };
        let client = imgis.db.client().await?;
        let work = tile::sql::found(&client, &layer, filter, &query.queryables, address, city);
        let ids = cancellable(client.cancel_token(), work).await?;
        narrowed.push(view.only(ids));
    }
    Ok(narrowed)
}

fn loaded(imgis: &App) -> Result<()> {
    match imgis.ready().snapshot {
        Some(_) => Ok(()),
        None => Err(Error::Busy("the city is being read into memory".into())),
    }
}

/// Decides the version, then sends 304, 204 or the tile.
///
/// # Errors
/// 503 the store is still loading.
pub async fn answer(
    imgis: &App,
    headers: &HeaderMap,
    views: Vec<View>,
    address: TileAddress,
) -> Result<Response> {
    loaded(imgis)?;
    let list = |name| {
        let lines =
            headers.get_all(name).iter().filter_map(|value: &HeaderValue| value.to_str().ok());
        lines.collect::<Vec<_>>().join(",")
    };
    let cache = cache_control(&views);
    let tags = list(header::IF_NONE_MATCH);
    if !tags.is_empty()
        && let Some(tag) = imgis.tiles.version(&views, address).known_as(&tags)
    {
        imgis.tiles.meter.not_modified(&views, address.z());
        return Ok(respond(StatusCode::NOT_MODIFIED, tag, &cache).into_response());
    }
    let codings = Coding::accepted(&list(header::ACCEPT_ENCODING));
    let tile = imgis.tiles.draw(views, address, &codings).await?;
    let tag = tile.version.etag(tile.coding);
    if tile.bytes.is_empty() {
        return Ok(respond(StatusCode::NO_CONTENT, tag, &cache).into_response());
    }
    let (status, kept) = respond(StatusCode::OK, tag, &cache);
    let mut response = (status, kept, tile.bytes).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MVT));
    if let Some(token) = tile.coding.token() {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(token));
    }
    for (name, list) in
        [("imgis-gathered", &tile.short.gathered), ("imgis-dropped", &tile.short.dropped)]
    {
        if !list.is_empty()
            && let Ok(value) = HeaderValue::from_str(list)
        {
            headers.insert(name, value);
        }
    }
    Ok(response)
}

/// Kept and asked after each time, unless every layer's file says for how long it may be stale.
fn cache_control(views: &[View]) -> String {
    let public = views.iter().all(|view| view.is_public);
    let scope = if public { "public" } else { "private" };
    match views.iter().map(|view| view.layer.stale_ok_s).min().flatten() {
        Some(seconds) => format!("{scope}, max-age={seconds}"),
        None => format!("{scope}, no-cache"),
    }
}

fn respond(
    status: StatusCode,
    tag: String,
    cache: &str,
) -> (StatusCode, [(header::HeaderName, HeaderValue); 3]) {
    let value = |text: &str| HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static(""));
    let headers = [
        (header::ETAG, value(&tag)),
        (header::CACHE_CONTROL, value(cache)),
        (header::VARY, HeaderValue::from_static("Accept-Encoding")),
    ];
    (status, headers)
}
