//! Histories and lineages on the wire.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::{Map, Value, json};

use super::App;
use super::door::{Base, JSON_OR_HTML, Path, Query, offered};
use super::items::{content_crs, feature_id};
use crate::access::Caller;
use crate::config::limit;
use crate::error::{Error, Result};
use crate::feature::PROPERTY_CRS;
use crate::feature::history::{self, Entry, HistoryQuery, Kin};
use crate::geometry::Crs;

fn whole(name: &str, text: Option<String>) -> Result<Option<i64>> {
    let Some(text) = text else {
        return Ok(None);
    };
    let number = text.parse::<i64>().ok().filter(|number| *number >= 1);
    let fault = || Error::parameter(name, format!("{text:?} is not a whole number of at least 1"));
    number.map(Some).ok_or_else(fault)
}

/// Every version of a feature, newest first, a page at a time; of a deleted one too.
///
/// # Errors
/// 400, 404.
pub async fn history(
    State(imgis): State<App>,
    caller: Caller,
    base: Base,
    headers: HeaderMap,
    Path((id, fid)): Path<(String, String)>,
    query: Query,
) -> Result<Response> {
    let layer = imgis.catalogue.readable_by(&caller, &id)?;
    let [limit, cursor, geometry, crs, f] =
        query.only(["limit", "cursor", "geometry", PROPERTY_CRS, "f"])?;
    let format = offered(&headers, f.as_deref(), &JSON_OR_HTML)?;
    let uri = crs.clone();
    let crs = match &uri {
        Some(uri) => Crs::parse(PROPERTY_CRS, uri, &base.0, &imgis.city)?,
        None => Crs::Crs84,
    };
    let shown = match geometry.as_deref() {
        None | Some("false") => false,
        Some("true") => true,
        Some(other) => {
            let detail = format!("{other:?} is neither true nor false");
            return Err(Error::parameter("geometry", detail));
        }
    };
    let limit = whole("limit", limit)?.unwrap_or(limit::HISTORY_PAGE).min(limit::HISTORY_PAGE_MAX);
    let asked =
        HistoryQuery { limit, before: whole("cursor", cursor)?, geometry: shown.then_some(crs) };
    let fid = feature_id(&fid)?;
    let client = imgis.db.client().await?;
    let (entries, more) = history::history(&client, layer, &caller, fid, &asked).await?;
    let item = format!("{}/collections/{id}/items/{fid}", base.0);
    let mut links = vec![
        json!({ "rel": "self", "type": "application/json", "href": format!("{item}/history") }),
        json!({ "rel": "alternate", "type": "text/html", "href": format!("{item}/history?f=html") }),
        json!({ "rel": "item", "type": "application/geo+json", "href": item }),
    ];
    if let Some(last) = entries.last().filter(|_| more) {
        let crs = uri.map_or(String::new(), |uri| format!("&crs={uri}"));
        let href =
            format!("{item}/history?limit={limit}&geometry={shown}{crs}&cursor={}", last.place);
        links.push(json!({ "rel": "next", "type": "application/json", "href": href }));
    }
    let entries: Vec<Value> =
        entries.iter().map(|entry| told(entry, shown)).collect::<Result<_>>()?;
    let body = json!({
        "id": fid,
        "entries": entries,
        "numberReturned": entries.len(),
        "links": links,
    });
    let page = |body: &Value| super::pages::history::page(&imgis, layer, fid, body);
    let mut response = super::either(format, &body, "application/json", page);
    if shown {
        content_crs(response.headers_mut(), &imgis, crs, &base.0);
    }
    Ok(response)
}

fn told(entry: &Entry, shown: bool) -> Result<Value> {
    let mut json = json!({
        "operation": entry.operation,
        "valid_from": entry.valid_from,
        "valid_to": entry.valid_to,
        "actor": entry.actor,
        "geometry_changed": entry.geometry_changed,
    });
    if let Some(changeset) = entry.changeset {
        json["changeset"] = changeset.into();
        json["comment"] = entry.comment.clone().into();
    }
    let word = if entry.operation == "delete" { "to" } else { "from" };
    if !entry.kin.is_empty() {
        json["lineage"] = json!({ word: entry.kin });
    }
    let changes: Map<String, Value> = entry
        .changes
        .iter()
        .map(|(name, from, to)| (name.clone(), json!({ "from": from, "to": to })))
        .collect();
    json["changes"] = changes.into();
    if entry.area_before_m2.is_some() || entry.area_after_m2.is_some() {
        json["area_m2"] = json!({ "from": entry.area_before_m2, "to": entry.area_after_m2 });
    }
    if shown {
        let parsed = entry.geometry.as_deref().map(serde_json::from_str::<Value>).transpose();
        json["geometry"] = parsed.map_err(Error::internal)?.unwrap_or(Value::Null);
    }
    Ok(json)
}

/// What a feature came of and what came of it.
///
/// # Errors
/// 400, 404.
pub async fn lineage(
    State(imgis): State<App>,
    caller: Caller,
    base: Base,
    Path((id, fid)): Path<(String, String)>,
    query: Query,
) -> Result<Response> {
    query.json_only()?;
    let layer = imgis.catalogue.readable_by(&caller, &id)?;
    let fid = feature_id(&fid)?;
    let client = imgis.db.client().await?;
    let (ancestors, descendants) = history::lineage(&client, layer, &caller, fid).await?;
    let items = format!("{}/collections/{id}/items", base.0);
    let list = |kin: &[Kin], word: &str| -> Vec<Value> {
        kin.iter()
            .map(|kin| {
                json!({
                    "id": kin.id, "title": kin.title, "present": kin.present, "kind": kin.kind,
                    "date": kin.at, "changeset": kin.changeset, "share_m2": kin.share_m2,
                    "steps": kin.steps, word: kin.beside, "href": format!("{items}/{}", kin.id),
                })
            })
            .collect()
    };
    let body = json!({
        "id": fid,
        "ancestors": list(&ancestors, "to"),
        "descendants": list(&descendants, "from"),
        "links": [
            { "rel": "self", "type": "application/json", "href": format!("{items}/{fid}/lineage") },
            { "rel": "item", "type": "application/geo+json", "href": format!("{items}/{fid}") },
        ],
    });
    Ok(super::json(&body, "application/json"))
}
