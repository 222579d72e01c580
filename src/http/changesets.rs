//! Edits that belong together, on the wire: change sets, split, merge.

use axum::response::Response;
use serde_json::{Value, json};

use super::door::Path;
use super::editing::{Sent, settled};
use super::items::{content_crs, feature_id};
use crate::error::Result;
use crate::feature::{self, Desk, Done};

const MEDIA: &str = "application/json";

/// Makes edits of one layer, all or nothing.
///
/// # Errors
/// 400, 403, 404, 405, 412, 413, 415, 422.
pub async fn create(Path(id): Path<String>, sent: Sent) -> Result<Response> {
    let desk = sent.desk(&id, MEDIA, &[MEDIA])?;
    let mut client = sent.imgis.db.client().await?;
    let done = feature::change_set(&mut client, &desk, &sent.body).await?;
    drop(client);
    told(&sent, &desk, &done).await
}

/// Splits a feature; `If-Match` is wanted.
///
/// # Errors
/// 400, 403, 404, 405, 412, 415, 422, 428.
pub async fn split(Path((id, fid)): Path<(String, String)>, sent: Sent) -> Result<Response> {
    let desk = sent.desk(&id, MEDIA, &[MEDIA])?;
    let fid = feature_id(&fid)?;
    let mut client = sent.imgis.db.client().await?;
    let done = feature::split(&mut client, &desk, fid, sent.if_match(), &sent.body).await?;
    drop(client);
    told(&sent, &desk, &done).await
}

/// Merges features.
///
/// # Errors
/// 400, 403, 404, 405, 412, 415, 422.
pub async fn merge(Path(id): Path<String>, sent: Sent) -> Result<Response> {
    let desk = sent.desk(&id, MEDIA, &[MEDIA])?;
    let mut client = sent.imgis.db.client().await?;
    let done = feature::merge(&mut client, &desk, &sent.body).await?;
    drop(client);
    told(&sent, &desk, &done).await
}

/// What was done: ids with their versions, in the order of the members.
async fn told(sent: &Sent, desk: &Desk<'_>, done: &Done) -> Result<Response> {
    let (imgis, base) = (&sent.imgis, &sent.base);
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
    content_crs(response.headers_mut(), imgis, desk.crs, &base.0);
    Ok(settled(imgis, done.token, response).await)
}
