//! OGC API Features on the wire: a page, one feature, create, replace, delete.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::App;
use super::door::{Base, Body, Path, Query, media_type};
use crate::access::Caller;
use crate::change::ChangeToken;
use crate::error::{Error, Result};
use crate::feature::{self, sql};
use crate::geometry::Crs;

const GEOJSON: &str = "application/geo+json";

fn geojson(status: StatusCode, body: String, crs: Crs, imgis: &App, base: &Base) -> Response {
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(GEOJSON));
    let uri = format!("<{}>", crs.uri(&base.0, &imgis.city));
    if let Ok(value) = HeaderValue::from_str(&uri) {
        headers.insert("content-crs", value);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    response
}

fn feature_id(text: &str) -> Result<i64> {
    text.parse().map_err(|_| Error::not_found("feature", text))
}

#[allow(clippy::too_many_arguments)]
async fn answer(
    imgis: &App,
    caller: &Caller,
    base: &Base,
    id: &str,
    layer: &crate::layer::Layer,
    fid: i64,
    crs: Crs,
    status: StatusCode,
) -> Result<Response> {
    let client = imgis.db.client().await?;
    let item = sql::one(&client, layer, &layer.readable(caller), crs, fid)
        .await?
        .ok_or_else(|| Error::not_found("feature", format!("{id}/{fid}")))?;
    let here = format!("{}/collections/{id}/items/{fid}", base.0);
    let links = json!([
        { "rel": "self", "type": GEOJSON, "href": here },
        { "rel": "collection", "type": "application/json",
          "href": format!("{}/collections/{id}", base.0) },
    ]);
    let body = format!("{},\"links\":{links}}}", item.json);
    let mut response = geojson(status, body, crs, imgis, base);
    let headers = response.headers_mut();
    if let Some(etag) = item.etag.and_then(|etag| HeaderValue::from_str(&etag).ok()) {
        headers.insert(header::ETAG, etag);
    }
    if status == StatusCode::CREATED
        && let Ok(value) = HeaderValue::from_str(&here)
    {
        headers.insert(header::LOCATION, value);
    }
    Ok(response)
}

/// The system of a submitted feature: `Content-Crs`, with or without angle brackets.
fn content_crs(headers: &HeaderMap, imgis: &App, base: &Base) -> Result<Crs> {
    match headers.get("content-crs").and_then(|value| value.to_str().ok()) {
        Some(uri) => Crs::parse("Content-Crs", uri, &base.0, &imgis.city),
        None => Ok(Crs::Crs84),
    }
}

fn feature_body(headers: &HeaderMap) -> Result<()> {
    media_type(headers, "application/geo+json", &["application/geo+json", "application/json"])
}

fn if_match(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::IF_MATCH).and_then(|value| value.to_str().ok())
}

/// Waits until the tiles have the edit; says so when they do not yet.
pub async fn settled(imgis: &App, token: ChangeToken, mut response: Response) -> Response {
    if !imgis.applied(token).await {
        response.headers_mut().insert("imgis-tiles", HeaderValue::from_static("behind"));
    }
    response
}

/// Creates a feature: 201, `Location`, and the feature as it is stored.
///
/// # Errors
/// 400, 403, 404, 405, 409, 415, 422.
pub async fn create(
    State(imgis): State<App>,
    caller: Caller,
    base: Base,
    headers: HeaderMap,
    Path(id): Path<String>,
    query: Query,
    Body(body): Body,
) -> Result<Response> {
    query.only([])?;
    let layer = imgis.catalogue.readable_by(&caller, &id)?;
    feature_body(&headers)?;
    let crs = content_crs(&headers, &imgis, &base)?;
    let mut client = imgis.db.client().await?;
    let edited = feature::create(&mut client, layer, &caller, &imgis.city, crs, &body).await?;
    drop(client);
    let status = StatusCode::CREATED;
    let response = answer(&imgis, &caller, &base, &id, layer, edited.id, crs, status).await?;
    Ok(settled(&imgis, edited.token, response).await)
}

/// Replaces a feature; `If-Match` is wanted.
///
/// # Errors
/// 400, 403, 404, 405, 409, 412, 415, 422, 428.
pub async fn replace(
    State(imgis): State<App>,
    caller: Caller,
    base: Base,
    headers: HeaderMap,
    Path((id, fid)): Path<(String, String)>,
    query: Query,
    Body(body): Body,
) -> Result<Response> {
    query.only([])?;
    let layer = imgis.catalogue.readable_by(&caller, &id)?;
    feature_body(&headers)?;
    let crs = content_crs(&headers, &imgis, &base)?;
    let fid = feature_id(&fid)?;
    let mut client = imgis.db.client().await?;
    let tag = if_match(&headers);
    let city = &imgis.city;
    let edited = feature::replace(&mut client, layer, &caller, city, crs, fid, tag, &body).await?;
    drop(client);
    let response = answer(&imgis, &caller, &base, &id, layer, fid, crs, StatusCode::OK).await?;
    Ok(settled(&imgis, edited.token, response).await)
}

/// Deletes a feature; `If-Match` is wanted. Its last version stays in the history.
///
/// # Errors
/// 403, 404, 405, 412, 428.
pub async fn delete(
    State(imgis): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Path((id, fid)): Path<(String, String)>,
    query: Query,
) -> Result<Response> {
    query.only([])?;
    let layer = imgis.catalogue.readable_by(&caller, &id)?;
    let fid = feature_id(&fid)?;
    let mut client = imgis.db.client().await?;
    let edited = feature::delete(&mut client, layer, &caller, fid, if_match(&headers)).await?;
    drop(client);
    Ok(settled(&imgis, edited.token, StatusCode::NO_CONTENT.into_response()).await)
}
