//! A file into a layer: staging → checks → one transaction. Interrupted means nothing half done; the same
//! file a second time changes nothing.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use indicatif::ProgressBar;
use serde::Serialize;
use serde_json::{Map, Value as Json};
use tokio::sync::mpsc;
use tokio_postgres::Client;

use super::copy::{CopyRow, copy_text};
use super::{SourceFeature, geojson, sql};
use crate::config::{City, limit};
use crate::error::{Error, Result};
use crate::geometry::{GeoJson, ewkb_of_geojson};
use crate::layer::{Layer, Property, Value};

/// What an import is asked to do.
#[derive(Debug, Clone)]
pub struct ImportOptions {
    /// SRID of the file's coordinates, when it does not say or says it wrong.
    pub srid: Option<i32>,
    /// Property by which rows are matched with features that are there.
    pub key: Option<String>,
    /// Check everything, change nothing.
    pub dry_run: bool,
}

/// A row that was refused.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Refusal {
    pub row: i64,
    pub reason: String,
    /// Where, as WKT in CRS84.
    pub place: Option<String>,
}

/// What an import did.
#[derive(Debug, Default, PartialEq, Serialize)]
pub struct Report {
    pub read: i64,
    pub inserted: i64,
    pub updated: i64,
    pub unchanged: i64,
    pub refused: i64,
    /// The first refusals, by row.
    pub refusals: Vec<Refusal>,
    /// Properties that the file fills.
    pub mapped: Vec<String>,
    /// Fields of the file that no property takes.
    pub unmapped: Vec<String>,
}

/// Imports a file into a layer, over one connection.
///
/// # Errors
/// [`Error::Files`] when the file cannot be read as what it is; [`Error::Operator`] for a layer that takes
/// no import or a key that is none.
pub async fn import(
    client: &mut Client,
    layer: &Layer,
    city: &City,
    file: &Path,
    options: &ImportOptions,
    progress: &ProgressBar,
) -> Result<Report> {
    if !layer.is_own() || layer.derived.is_some() {
        let text = format!("the layer {} is read-only: it takes no import", layer.id);
        return Err(Error::Operator(text));
    }
    if let Some(key) = &options.key
        && layer.property(key).is_none()
    {
        return Err(Error::Operator(format!(
            "--key {key}: the layer {} has no such property",
            layer.id
        )));
    }
    let transaction = client.transaction().await?;
    let at = transaction.client();
    crate::change::sql::set_actor(at, "import").await?;
    sql::stage(at, layer).await?;
    let staged = fill(&transaction, layer, city, file, options, progress).await?;
    progress.set_message("checking");
    sql::check(at, layer, city, options.key.as_deref()).await?;
    let mapped: Vec<&Property> =
        layer.properties.iter().filter(|p| staged.mapped.contains(&p.name)).collect();
    let counts = sql::merge(at, layer, &mapped, options.key.as_deref()).await?;
    let mut report = Report {
        read: staged.read,
        inserted: counts.inserted,
        updated: counts.updated,
        unchanged: counts.unchanged,
        refused: counts.refused,
        refusals: sql::refusals(at, limit::IMPORT_REFUSALS_LISTED as i64).await?,
        mapped: mapped.iter().map(|property| property.name.clone()).collect(),
        unmapped: staged.unmapped.into_iter().collect(),
    };
    report.refusals.sort_by_key(|refusal| refusal.row);
    if options.dry_run {
        transaction.rollback().await?;
    } else {
        transaction.commit().await?;
    }
    Ok(report)
}

struct Staged {
    read: i64,
    mapped: BTreeSet<String>,
    unmapped: BTreeSet<String>,
}

/// Reads the file in a thread of its own and copies its rows into the staging table.
async fn fill(
    transaction: &tokio_postgres::Transaction<'_>,
    layer: &Layer,
    city: &City,
    file: &Path,
    options: &ImportOptions,
    progress: &ProgressBar,
) -> Result<Staged> {
    let (send, mut receive) = mpsc::channel::<String>(8);
    let (path, layer, city) = (file.to_path_buf(), layer.clone(), city.clone());
    let (srid, bar) = (options.srid, progress.clone());
    bar.set_length(std::fs::metadata(&path).map_or(0, |meta| meta.len()));
    let text = sql::copy_statement(&layer);
    let reader = tokio::task::spawn_blocking(move || read(path, &layer, &city, srid, &bar, &send));
    let sink = transaction.copy_in::<_, bytes::Bytes>(&text).await?;
    futures_util::pin_mut!(sink);
    while let Some(rows) = receive.recv().await {
        futures_util::SinkExt::send(&mut sink, rows.into()).await?;
    }
    let staged = reader.await.map_err(Error::internal)??;
    sink.finish().await?;
    Ok(staged)
}

fn read(
    file: PathBuf,
    layer: &Layer,
    city: &City,
    srid: Option<i32>,
    bar: &ProgressBar,
    send: &mpsc::Sender<String>,
) -> Result<Staged> {
    let mut staged = Staged { read: 0, mapped: BTreeSet::new(), unmapped: BTreeSet::new() };
    let mut text = String::with_capacity(1 << 20);
    let stopped = || Error::Operator("the import was interrupted".into());
    geojson::read(&file, &|bytes| bar.set_position(bytes), &mut |head, feature| {
        staged.read += 1;
        let srid = srid.or(head.srid).unwrap_or(4326);
        stage(layer, city, srid, feature, &mut staged, &mut text);
        if text.len() > 1 << 19 {
            send.blocking_send(std::mem::take(&mut text)).map_err(|_| stopped())?;
        }
        Ok(())
    })?;
    if !text.is_empty() {
        send.blocking_send(text).map_err(|_| stopped())?;
    }
    Ok(staged)
}

fn stage(
    layer: &Layer,
    city: &City,
    srid: i32,
    mut feature: SourceFeature,
    staged: &mut Staged,
    text: &mut String,
) {
    let mut fault: Option<String> = None;
    let mut values = Vec::with_capacity(layer.properties.len());
    for property in &layer.properties {
        let value = take(&mut feature.properties, property).and_then(|json| {
            staged.mapped.insert(property.name.clone());
            match Value::from_json(&blank_is_null(json), property, &city.cadastral_number) {
                Ok(value) => Some(value),
                Err(reason) => {
                    fault.get_or_insert(reason);
                    None
                }
            }
        });
        values.push(value.unwrap_or(Value::Null));
    }
    for name in feature.properties.keys() {
        if !staged.unmapped.contains(name) {
            staged.unmapped.insert(name.clone());
        }
    }
    let ewkb = feature.geometry.and_then(|geometry| match ewkb(layer, geometry, srid) {
        Ok(ewkb) => Some(ewkb),
        Err(reason) => {
            fault.get_or_insert(reason);
            None
        }
    });
    let lead = [Value::Integer(feature.row as i64), fault.map_or(Value::Null, Value::Text)];
    copy_text(&CopyRow { lead: &lead, ewkb: ewkb.as_deref(), values: &values }, text);
}

/// The field of a property: its own name or one of `from`.
fn take(fields: &mut Map<String, Json>, property: &Property) -> Option<Json> {
    std::iter::once(&property.name).chain(&property.from).find_map(|name| fields.shift_remove(name))
}

fn blank_is_null(json: Json) -> Json {
    match json {
        Json::String(text) if text.trim().is_empty() => Json::Null,
        json => json,
    }
}

fn ewkb(layer: &Layer, geometry: Json, srid: i32) -> Result<Vec<u8>, String> {
    let geometry = closed(geometry);
    let kind = GeoJson(geometry.clone()).check("geometry").map_err(|error| error.to_string())?;
    if !layer.geometry.takes(kind) {
        return Err(format!(
            "the geometry is a {kind}, the layer wants {}",
            layer.geometry.postgis()
        ));
    }
    ewkb_of_geojson(&geometry, srid).map_err(|error| error.to_string())
}

/// Closes open rings: the one repair that changes no land.
fn closed(mut geometry: Json) -> Json {
    let rings = |rings: &mut Json| {
        for ring in rings.as_array_mut().into_iter().flatten() {
            if let Some(positions) = ring.as_array_mut()
                && positions.len() > 2
                && positions.first() != positions.last()
            {
                positions.push(positions[0].clone());
            }
        }
    };
    match geometry["type"].as_str() {
        Some("Polygon") => rings(&mut geometry["coordinates"]),
        Some("MultiPolygon") => {
            geometry["coordinates"].as_array_mut().into_iter().flatten().for_each(rings);
        }
        _ => {}
    }
    geometry
}
