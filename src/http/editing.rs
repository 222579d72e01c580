//! Editing on the wire: create, replace, patch, delete.

use axum::extract::{FromRequest, FromRequestParts, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;

use super::App;
use super::door::{Base, Body, Path, Query, media_type};
use super::items::{GEOJSON, feature, feature_id};
use crate::access::Caller;
use crate::change::ChangeToken;
use crate::error::{Error, Result};
use crate::feature::{self, Desk, Edited, FeatureQuery};
use crate::geometry::Crs;
use crate::layer::Layer;

/// What PATCH takes.
pub const PATCH_MEDIA: &str =
    "application/merge-patch+json, application/geo+json, application/json";

/// What a feature is sent as.
const FEATURE_MEDIA: [&str; 2] = [GEOJSON, "application/json"];

/// A request that edits a layer. It takes no parameter.
pub struct Sent {
    pub imgis: App,
    pub base: Base,
    pub body: Bytes,
    caller: Caller,
    headers: HeaderMap,
}

impl FromRequest<App> for Sent {
    type Rejection = Error;

    async fn from_request(request: Request, imgis: &App) -> Result<Self> {
        let (mut parts, body) = request.into_parts();
        let caller = Caller::from_request_parts(&mut parts, imgis).await?;
        let base = Base::from_request_parts(&mut parts, imgis).await?;
        let query = Query::from_request_parts(&mut parts, imgis).await?;
        let headers = parts.headers.clone();
        let Body(body) = Body::from_request(Request::from_parts(parts, body), imgis).await?;
        query.only([])?;
        Ok(Self { imgis: imgis.clone(), base, body, caller, headers })
    }
}

impl Sent {
    /// Where the caller edits; the body is `wanted`, or another media type that is `taken`.
    ///
    /// # Errors
    /// 404 unknown or unreadable layer; 415; 400 `Content-Crs`, which may stand in angle brackets.
    pub fn desk(&self, layer: &str, wanted: &'static str, taken: &[&str]) -> Result<Desk<'_>> {
        let layer = self.imgis.catalogue.readable_by(&self.caller, layer)?;
        media_type(&self.headers, wanted, taken)?;
        let crs = match self.headers.get("content-crs").and_then(|value| value.to_str().ok()) {
            Some(uri) => Crs::parse("Content-Crs", uri, &self.base.0, &self.imgis.city)?,
            None => Crs::Crs84,
        };
        Ok(desk(&self.imgis, layer, &self.caller, crs))
    }

    /// The version that the caller read.
    pub fn if_match(&self) -> Option<&str> {
        if_match(&self.headers)
    }

    /// The feature as it is now stored; `Location` when it is new.
    async fn stored(
        &self,
        desk: &Desk<'_>,
        edited: Edited,
        status: StatusCode,
    ) -> Result<Response> {
        let (imgis, layer, fid) = (&self.imgis, desk.layer, edited.id);
        let query = FeatureQuery { crs: desk.crs, ..FeatureQuery::all(layer, desk.caller) };
        let mut response = feature(imgis, &self.base.0, layer, &query, fid).await?;
        *response.status_mut() = status;
        let here = format!("{}/collections/{}/items/{fid}", self.base.0, layer.id);
        if status == StatusCode::CREATED
            && let Ok(value) = HeaderValue::from_str(&here)
        {
            response.headers_mut().insert(header::LOCATION, value);
        }
        Ok(settled(imgis, edited.token, response).await)
    }
}

fn desk<'a>(imgis: &'a App, layer: &'a Layer, caller: &'a Caller, crs: Crs) -> Desk<'a> {
    Desk { layer, caller, city: &imgis.city, crs, wire: imgis.wire(crs) }
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
pub async fn create(Path(id): Path<String>, sent: Sent) -> Result<Response> {
    let desk = sent.desk(&id, GEOJSON, &FEATURE_MEDIA)?;
    let mut client = sent.imgis.db.client().await?;
    let edited = feature::create(&mut client, &desk, &sent.body).await?;
    drop(client);
    sent.stored(&desk, edited, StatusCode::CREATED).await
}

/// Replaces a feature; `If-Match` is wanted.
///
/// # Errors
/// 400, 403, 404, 405, 409, 412, 415, 422, 428.
pub async fn replace(Path((id, fid)): Path<(String, String)>, sent: Sent) -> Result<Response> {
    let desk = sent.desk(&id, GEOJSON, &FEATURE_MEDIA)?;
    let fid = feature_id(&fid)?;
    let mut client = sent.imgis.db.client().await?;
    let edited = feature::replace(&mut client, &desk, fid, sent.if_match(), &sent.body).await?;
    drop(client);
    sent.stored(&desk, edited, StatusCode::OK).await
}

/// Merges a patch into a feature; `If-Match` is wanted. What the patch does not name stays.
///
/// # Errors
/// 400, 403, 404, 405, 409, 412, 415 (with `Accept-Patch`), 422, 428.
///
/// # Source
/// RFC 7396; RFC 5789 §2.2, §3.1.
pub async fn patch(Path((id, fid)): Path<(String, String)>, sent: Sent) -> Result<Response> {
    let taken: Vec<&str> = PATCH_MEDIA.split(", ").collect();
    let desk = match sent.desk(&id, "application/merge-patch+json", &taken) {
        Err(error @ Error::MediaType { .. }) => {
            let mut response = error.into_response();
            response.headers_mut().insert("accept-patch", HeaderValue::from_static(PATCH_MEDIA));
            return Ok(response);
        }
        desk => desk?,
    };
    let fid = feature_id(&fid)?;
    let mut client = sent.imgis.db.client().await?;
    let edited = feature::patch(&mut client, &desk, fid, sent.if_match(), &sent.body).await?;
    drop(client);
    sent.stored(&desk, edited, StatusCode::OK).await
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
