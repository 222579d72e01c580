//! The demo city into the layers' tables, through COPY, in one transaction.

use futures_util::SinkExt;
use indicatif::ProgressBar;
use tokio_postgres::Client;

use super::city::City as DemoCity;
use crate::change;
use crate::config::City;
use crate::error::{Error, Result};
use crate::exchange::{CopyRow, copy_text, sql};
use crate::geometry::ewkb_of_geometry;
use crate::layer::{Catalogue, Layer, Value};

/// Whether no layer of the municipality has a row.
///
/// # Errors
/// As any statement.
pub async fn is_empty(client: &Client, catalogue: &Catalogue) -> Result<bool> {
    for layer in catalogue.layers().iter().filter(|layer| layer.is_own()) {
        if !sql::is_empty(client, layer).await? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Makes the city and writes it; the count of features.
///
/// # Errors
/// [`Error::Operator`] when a layer has rows already.
pub async fn load(
    client: &mut Client,
    catalogue: &Catalogue,
    city: &City,
    seed: u64,
    parcels: usize,
    progress: &ProgressBar,
) -> Result<u64> {
    if !is_empty(client, catalogue).await? {
        let text = "the layers are not empty: the demo city is made in an empty database only";
        return Err(Error::Operator(text.into()));
    }
    progress.set_message("drawing the city");
    let demo = tokio::task::spawn_blocking(move || DemoCity::build(seed, parcels))
        .await
        .map_err(Error::internal)?;
    let total: usize = demo.layers.iter().map(|(_, features)| features.len()).sum();
    progress.set_length(total as u64);
    let transaction = client.transaction().await?;
    change::sql::set_actor(transaction.client(), "demo").await?;
    crate::db::local_timeout(transaction.client(), std::time::Duration::ZERO).await?;
    let mut written = 0;
    for (name, features) in &demo.layers {
        let Some(layer) = catalogue.layer(name).filter(|layer| layer.is_own()) else {
            continue;
        };
        progress.set_message(layer.title.get("en").cloned().unwrap_or_default());
        written += copy(&transaction, layer, city.srid, features, progress).await?;
    }
    transaction.commit().await?;
    for (name, _) in &demo.layers {
        if let Some(layer) = catalogue.layer(name).filter(|layer| layer.is_own()) {
            sql::analyze(client, layer).await?;
        }
    }
    Ok(written)
}

async fn copy(
    transaction: &tokio_postgres::Transaction<'_>,
    layer: &Layer,
    srid: i32,
    features: &[super::city::DemoFeature],
    progress: &ProgressBar,
) -> Result<u64> {
    let names: Vec<&str> = layer.properties.iter().map(|property| property.name.as_str()).collect();
    let text = sql::copy_layer_statement(layer, &names);
    let sink = transaction.copy_in::<_, bytes::Bytes>(&text).await?;
    futures_util::pin_mut!(sink);
    let mut rows = String::with_capacity(1 << 20);
    for feature in features {
        let ewkb = ewkb_of_geometry(&feature.geometry, srid)?;
        let values: Vec<Value> = names
            .iter()
            .map(|name| {
                let known = feature.properties.iter().find(|(known, _)| known == name);
                known.map_or(Value::Null, |(_, value)| value.clone())
            })
            .collect();
        copy_text(&CopyRow { lead: &[], ewkb: Some(&ewkb), values: &values }, &mut rows);
        if rows.len() > 1 << 19 {
            sink.send(std::mem::take(&mut rows).into()).await?;
        }
        progress.inc(1);
    }
    sink.send(rows.into()).await?;
    Ok(sink.finish().await?)
}
