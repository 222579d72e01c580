//! OGC API Features on the wire: a page, one feature.

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::App;
use super::door::{Base, Path, Query, json_only};
use crate::access::Caller;
use crate::db::cancellable;
use crate::error::{Error, Result};
use crate::feature::{FeatureQuery, PROPERTY_CRS, sql};
use crate::geometry::Crs;

const GEOJSON: &str = "application/geo+json";

/// One page of a layer.
///
/// # Errors
/// 400 naming the parameter; 404 unknown or unreadable layer.
///
/// # Source
/// OGC API Features 1.0 part 1 §7.15; part 2 §6.2.
pub async fn page(
    State(imgis): State<App>,
    caller: Caller,
    base: Base,
    Path(id): Path<String>,
    Query(params): Query,
) -> Result<Response> {
    let layer = imgis.catalogue.readable_by(&caller, &id)?;
    let query = FeatureQuery::parse(layer, &params, &caller, &base.0, &imgis.city)?;
    let readable = layer.readable(&caller);
    let mut client = imgis.db.client().await?;
    let work = sql::page(&client, layer, &readable, &query, &imgis.city);
    let mut items = cancellable(&client, work).await?;
    let more = items.len() as i64 > query.limit;
    items.truncate(query.limit as usize);
    let matched = sql::count(&mut client, layer, &query, &imgis.city).await?;
    let path = format!("{}/collections/{}/items", base.0, layer.id);
    let mut links = vec![json!({
        "rel": "self", "type": GEOJSON, "title": "this page", "href": address(&path, &params, None),
    })];
    if let Some(last) = items.last().filter(|_| more) {
        links.push(json!({
            "rel": "next", "type": GEOJSON, "title": "next page",
            "href": address(&path, &params, Some(last.id)),
        }));
    }
    links.push(json!({
        "rel": "collection", "type": "application/json",
        "href": format!("{}/collections/{}", base.0, layer.id),
    }));
    let mut body = String::from("{\"type\":\"FeatureCollection\",\"features\":[");
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            body.push(',');
        }
        body.push_str(&item.json);
        body.push('}');
    }
    let count = items.len();
    body.push_str(&format!("],\"numberReturned\":{count}"));
    if let Some(matched) = matched {
        body.push_str(&format!(",\"numberMatched\":{matched}"));
    }
    let now = jiff::Timestamp::now();
    body.push_str(&format!(",\"timeStamp\":\"{now:.0}\",\"links\":{}}}", json!(links)));
    let mut response = geojson(StatusCode::OK, body, query.crs, &imgis, &base);
    let headers = response.headers_mut();
    headers.insert("ogc-numberreturned", count.into());
    if let Some(matched) = matched {
        headers.insert("ogc-numbermatched", matched.into());
    }
    Ok(response)
}

/// The address of a page; `next` keeps every parameter but the place.
fn address(path: &str, params: &[(String, String)], after: Option<i64>) -> String {
    let mut pairs: Vec<String> = params
        .iter()
        .filter(|(name, _)| after.is_none() || !["cursor", "offset"].contains(&name.as_str()))
        .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
        .collect();
    if let Some(after) = after {
        pairs.push(format!("cursor={after}"));
    }
    if pairs.is_empty() { path.to_string() } else { format!("{path}?{}", pairs.join("&")) }
}

fn encode(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z'
            | b'A'..=b'Z'
            | b'0'..=b'9'
            | b'-'
            | b'.'
            | b'_'
            | b'~'
            | b','
            | b':'
            | b'/' => (byte as char).to_string(),
            byte => format!("%{byte:02X}"),
        })
        .collect()
}

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

pub(super) fn feature_id(text: &str) -> Result<i64> {
    text.parse().map_err(|_| Error::not_found("feature", text))
}

/// One feature, with the ETag that an edit has to send back.
///
/// # Errors
/// 400, 404.
pub async fn one(
    State(imgis): State<App>,
    caller: Caller,
    base: Base,
    Path((id, fid)): Path<(String, String)>,
    query: Query,
) -> Result<Response> {
    let layer = imgis.catalogue.readable_by(&caller, &id)?;
    let [crs, f] = query.only([PROPERTY_CRS, "f"])?;
    json_only(f.as_deref())?;
    let crs = match crs {
        Some(uri) => Crs::parse(PROPERTY_CRS, &uri, &base.0, &imgis.city)?,
        None => Crs::Crs84,
    };
    answer(&imgis, &caller, &base, &id, layer, feature_id(&fid)?, crs, StatusCode::OK).await
}

#[allow(clippy::too_many_arguments)]
pub(super) async fn answer(
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
