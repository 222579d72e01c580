//! What a feature was: every version, who made it, what changed in it, and what it came of.
//!
//! A version differs from the one before in what the caller may read; a change of something else is no
//! version for that caller, and its moment is not told. Written by nobody here: the triggers of the layer
//! tables keep what is superseded (`layer/sql.rs`), `edit/changeset/` keeps the lineage.

pub mod sql;

use serde_json::{Map, Value as Json};
use tokio_postgres::Client;

use crate::access::{Caller, Read};
use crate::error::{Error, Result};
use crate::geometry::Crs;
use crate::layer::{Layer, Property};

pub use sql::Kin;

/// What is asked of a history.
#[derive(Debug, Clone, Copy)]
pub struct HistoryQuery {
    pub limit: i64,
    /// Entries before this place; the newest first.
    pub before: Option<i64>,
    /// The system of the geometries, if they are wanted.
    pub geometry: Option<Crs>,
}

/// Something that happened to a feature: a version came to be, or it was deleted.
#[derive(Debug)]
pub struct Entry {
    /// The place of the entry, for the next page.
    pub place: i64,
    pub operation: &'static str,
    pub valid_from: String,
    /// `None`: until now.
    pub valid_to: Option<String>,
    /// Staff only; `None` too when nobody noted it.
    pub actor: Option<String>,
    pub changeset: Option<i64>,
    /// Staff only.
    pub comment: Option<String>,
    /// Features whose land this one got, by this entry's change set; of a deletion: that got its land.
    pub kin: Vec<i64>,
    /// Property, value before, value after.
    pub changes: Vec<(String, Json, Json)>,
    /// Whether the geometry is another one than before.
    pub geometry_changed: bool,
    pub area_before_m2: Option<f64>,
    pub area_after_m2: Option<f64>,
    /// GeoJSON of the version, if it was asked for.
    pub geometry: Option<String>,
}

/// A page of the history, newest first, and whether there is more.
///
/// # Errors
/// 404 when there never was such a feature, or the layer keeps no history.
pub async fn history(
    client: &Client,
    layer: &Layer,
    caller: &Caller,
    id: i64,
    query: &HistoryQuery,
) -> Result<(Vec<Entry>, bool)> {
    if !layer.is_own() {
        return Err(Error::not_found("history", format!("{}/{id}", layer.id)));
    }
    let readable = layer.readable(caller);
    let versions = sql::versions(client, layer, &readable, id, query).await?;
    if versions.is_empty() && !(query.before.is_some() && sql::was(client, layer, id).await?) {
        return Err(Error::not_found("feature", format!("{}/{id}", layer.id)));
    }
    let kin = sql::direct_kin(client, layer, id).await?;
    let of = |changeset: Option<i64>, down: bool| -> Vec<i64> {
        kin.iter()
            .filter(|kin| Some(kin.0) == changeset && kin.2 == down)
            .map(|kin| kin.1)
            .collect()
    };
    let named = caller.may_read(&Read::Staff);
    let mut entries = Vec::new();
    for version in versions {
        let gone = version.last * 2 + 1;
        if version.deleted && query.before.is_none_or(|before| gone < before) {
            entries.push(Entry {
                place: gone,
                operation: "delete",
                valid_from: version.valid_to.clone().unwrap_or_default(),
                valid_to: version.back_at.clone(),
                actor: version.gone_by.clone().filter(|_| named),
                changeset: version.gone_in,
                comment: version.gone_comment.clone().filter(|_| named),
                kin: of(version.gone_in, true),
                changes: Vec::new(),
                geometry_changed: version.drawn,
                area_before_m2: version.area_m2,
                area_after_m2: None,
                geometry: None,
            });
        }
        entries.push(Entry {
            place: version.first * 2,
            operation: if version.made { "insert" } else { "update" },
            changes: changes(&readable, &version.before, &version.properties),
            valid_from: version.valid_from,
            valid_to: version.valid_to,
            actor: version.actor.filter(|_| named),
            kin: of(version.changeset, false),
            changeset: version.changeset,
            comment: version.comment.filter(|_| named),
            geometry_changed: version.redrawn,
            area_before_m2: version.area_before_m2,
            area_after_m2: version.area_m2,
            geometry: version.geometry,
        });
    }
    let more = entries.len() as i64 > query.limit;
    entries.truncate(query.limit as usize);
    Ok((entries, more))
}

fn changes(readable: &[&Property], before: &Json, after: &Json) -> Vec<(String, Json, Json)> {
    let empty = Map::new();
    let (before, after) =
        (before.as_object().unwrap_or(&empty), after.as_object().unwrap_or(&empty));
    readable
        .iter()
        .filter_map(|property| {
            let name = &property.name;
            let value = |of: &Map<String, Json>| of.get(name).cloned().unwrap_or_default();
            let (from, to) = (value(before), value(after));
            (from != to).then(|| (name.clone(), from, to))
        })
        .collect()
}

/// What a feature came of, and what came of it: the nearest first.
///
/// # Errors
/// 404 when there never was such a feature, or the layer keeps no history.
pub async fn lineage(
    client: &Client,
    layer: &Layer,
    caller: &Caller,
    id: i64,
) -> Result<(Vec<Kin>, Vec<Kin>)> {
    let there = layer.is_own() && sql::was(client, layer, id).await?;
    if !there {
        return Err(Error::not_found("feature", format!("{}/{id}", layer.id)));
    }
    let title = layer.title_property.as_ref().and_then(|name| layer.property(name));
    let title = title.filter(|property| caller.may_read(&property.read));
    let ancestors = sql::kin(client, layer, title, id, false).await?;
    let descendants = sql::kin(client, layer, title, id, true).await?;
    Ok((ancestors, descendants))
}
