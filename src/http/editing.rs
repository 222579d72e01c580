//! Editing on the wire: read under a version, create, replace, patch, delete.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::App;
use super::door::{Base, Body, Path, Query, media_type};
use super::items::{feature, feature_id};
use crate::access::Caller;
use crate::change::ChangeToken;
use crate::error::Result;
use crate::feature::{self, Desk, FeatureQuery};
use crate::geometry::Crs;
use crate::layer::Layer;

/// What PATCH takes.
pub const PATCH_MEDIA: &str =
    "application/merge-patch+json, application/geo+json, application/json";

/// Where the caller edits.
pub(super) fn desk<'a>(imgis: &'a App, layer: &'a Layer, caller: &'a Caller, crs: Crs) -> Desk<'a> {
    Desk { layer, caller, city: &imgis.city, crs, wire: imgis.wire(crs) }
}

/// The system of a submitted feature: `Content-Crs`, with or without angle brackets.
pub(super) fn content_crs(headers: &HeaderMap, imgis: &App, base: &Base) -> Result<Crs> {
    match headers.get("content-crs").and_then(|value| value.to_str().ok()) {
        Some(uri) => Crs::parse("Content-Crs", uri, &base.0, &imgis.city),
        None => Ok(Crs::Crs84),
    }
}

fn feature_body(headers: &HeaderMap) -> Result<()> {
    media_type(headers, "application/geo+json", &["application/geo+json", "application/json"])
}

pub(super) fn if_match(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::IF_MATCH).and_then(|value| value.to_str().ok())
}

/// Waits until the tiles have the edit; says so when they do not yet.
pub async fn settled(imgis: &App, token: ChangeToken, mut response: Response) -> Response {
    if !imgis.applied(token).await {
        response.headers_mut().insert("imgis-tiles", HeaderValue::from_static("behind"));
    }
    response
}

/// The feature as it is now stored; `Location` when it is new.
async fn answer(
    imgis: &App,
    caller: &Caller,
    base: &Base,
    layer: &Layer,
    fid: i64,
    crs: Crs,
    status: StatusCode,
) -> Result<Response> {
    let query = FeatureQuery { crs, ..FeatureQuery::all(layer, caller) };
    let mut response = feature(imgis, &base.0, layer, &query, fid).await?;
    *response.status_mut() = status;
    let here = format!("{}/collections/{}/items/{fid}", base.0, layer.id);
    if status == StatusCode::CREATED
        && let Ok(value) = HeaderValue::from_str(&here)
    {
        response.headers_mut().insert(header::LOCATION, value);
    }
    Ok(response)
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
    let desk = desk(&imgis, layer, &caller, crs);
    let edited = feature::create(&mut client, &desk, &body).await?;
    drop(client);
    let status = StatusCode::CREATED;
    let response = answer(&imgis, &caller, &base, layer, edited.id, crs, status).await?;
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
    let desk = desk(&imgis, layer, &caller, crs);
    let edited = feature::replace(&mut client, &desk, fid, if_match(&headers), &body).await?;
    drop(client);
    let response = answer(&imgis, &caller, &base, layer, fid, crs, StatusCode::OK).await?;
    Ok(settled(&imgis, edited.token, response).await)
}

/// Merges a patch into a feature; `If-Match` is wanted. What the patch does not name stays.
///
/// # Errors
/// 400, 403, 404, 405, 409, 412, 415 (with `Accept-Patch`), 422, 428.
///
/// # Source
/// RFC 7396; RFC 5789 §2.2, §3.1.
pub async fn patch(
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
    let taken: Vec<&str> = PATCH_MEDIA.split(", ").collect();
    if let Err(error) = media_type(&headers, "application/merge-patch+json", &taken) {
        let mut response = error.into_response();
        response.headers_mut().insert("accept-patch", HeaderValue::from_static(PATCH_MEDIA));
        return Ok(response);
    }
    let crs = content_crs(&headers, &imgis, &base)?;
    let fid = feature_id(&fid)?;
    let mut client = imgis.db.client().await?;
    let desk = desk(&imgis, layer, &caller, crs);
    let edited = feature::patch(&mut client, &desk, fid, if_match(&headers), &body).await?;
    drop(client);
    let response = answer(&imgis, &caller, &base, layer, fid, crs, StatusCode::OK).await?;
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
    let desk = desk(&imgis, layer, &caller, Crs::Crs84);
    let edited = feature::delete(&mut client, &desk, fid, if_match(&headers)).await?;
    drop(client);
    Ok(settled(&imgis, edited.token, StatusCode::NO_CONTENT.into_response()).await)
}
