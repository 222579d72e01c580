//! Edits that belong together, on the wire: change sets, split, merge.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;
use serde_json::{Value, json};

use super::App;
use super::door::{Base, Body, Path, Query, media_type};
use super::editing::{content_crs, desk, if_match, settled};
use super::items::feature_id;
use crate::access::Caller;
use crate::error::Result;
use crate::feature::{self, Desk, Done};

fn json_body(headers: &HeaderMap) -> Result<()> {
    media_type(headers, "application/json", &["application/json"])
}

/// Makes edits of one layer, all or nothing.
///
/// # Errors
/// 400, 403, 404, 405, 412, 413, 415, 422.
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
    json_body(&headers)?;
    let desk = desk(&imgis, layer, &caller, content_crs(&headers, &imgis, &base)?);
    let mut client = imgis.db.client().await?;
    let done = feature::change_set(&mut client, &desk, &body).await?;
    drop(client);
    told(&imgis, &base, &desk, &done).await
}

/// Splits a feature; `If-Match` is wanted.
///
/// # Errors
/// 400, 403, 404, 405, 412, 415, 422, 428.
pub async fn split(
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
    json_body(&headers)?;
    let desk = desk(&imgis, layer, &caller, content_crs(&headers, &imgis, &base)?);
    let fid = feature_id(&fid)?;
    let mut client = imgis.db.client().await?;
    let done = feature::split(&mut client, &desk, fid, if_match(&headers), &body).await?;
    drop(client);
    told(&imgis, &base, &desk, &done).await
}

/// Merges features.
///
/// # Errors
/// 400, 403, 404, 405, 412, 415, 422.
pub async fn merge(
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
    json_body(&headers)?;
    let desk = desk(&imgis, layer, &caller, content_crs(&headers, &imgis, &base)?);
    let mut client = imgis.db.client().await?;
    let done = feature::merge(&mut client, &desk, &body).await?;
    drop(client);
    told(&imgis, &base, &desk, &done).await
}

/// What was done: ids with their versions, in the order of the members.
async fn told(imgis: &App, base: &Base, desk: &Desk<'_>, done: &Done) -> Result<Response> {
    let client = imgis.db.client().await?;
    let items = format!("{}/collections/{}/items", base.0, desk.layer.id);
    let mut lists = Vec::new();
    for ids in [&done.inserted, &done.replaced, &done.updated] {
        let tags = feature::tags(&client, desk, ids).await?;
        let list: Vec<Value> = ids
            .iter()
            .zip(tags)
            .map(|(id, etag)| json!({ "id": id, "etag": etag, "href": format!("{items}/{id}") }))
            .collect();
        lists.push(list);
    }
    drop(client);
    let gone: Vec<Value> = done.deleted.iter().map(|id| json!({ "id": id })).collect();
    let body = json!({
        "changeset": done.changeset,
        "comment": done.comment,
        "inserted": lists[0],
        "replaced": lists[1],
        "updated": lists[2],
        "deleted": gone,
    });
    let mut response = super::json(&body, "application/json");
    let uri = format!("<{}>", desk.crs.uri(&base.0, &imgis.city));
    if let Ok(value) = HeaderValue::from_str(&uri) {
        response.headers_mut().insert("content-crs", value);
    }
    Ok(settled(imgis, done.token, response).await)
}
