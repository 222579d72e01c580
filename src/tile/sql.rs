//! SQL of the store: rows of a layer as they are drawn, geometry in EPSG:3857 as EWKB.

use futures_util::TryStreamExt;
use postgis::ewkb;
use tokio_postgres::{Client, types::ToSql};

use super::shape::Shape;
use super::store::{Change, Raw, Row};
use crate::config::{City, limit};
use crate::db::Params;
use crate::error::{Error, Result};
use crate::filter::{self, Filter, Queryables};
use crate::geometry::{Crs, TileAddress};
use crate::layer::{Layer, PropertyType};

fn select(layer: &Layer) -> (String, Vec<PropertyType>) {
    let mut columns = String::new();
    let mut kinds = Vec::new();
    for property in layer.tiled() {
        let column = property.column();
        columns.push_str(&match property.kind {
            PropertyType::Text | PropertyType::CadastralNumber => format!(", {column}::text"),
            PropertyType::Date => format!(", {column}::text"),
            PropertyType::Integer => format!(", {column}::bigint"),
            PropertyType::Number => format!(", {column}::double precision"),
            PropertyType::Boolean => format!(", {column}"),
            PropertyType::TextArray => format!(", array_to_string({column}, '; ')"),
        });
        kinds.push(property.kind);
    }
    let text = format!(
        "select {}::bigint, st_force2d(st_transform({}, 3857)){columns} from {}",
        layer.id_column(),
        layer.geometry_column(),
        layer.table(),
    );
    (text, kinds)
}

fn row(row: &tokio_postgres::Row, kinds: &[PropertyType]) -> Result<Row> {
    let mut shape = Shape::default();
    if let Some(geometry) = row.try_get::<_, Option<ewkb::Geometry>>(1)? {
        shape.add(&geometry);
    }
    let mut values = Vec::with_capacity(kinds.len());
    for (at, kind) in kinds.iter().enumerate() {
        let at = at + 2;
        values.push(match kind {
            PropertyType::Integer => row.try_get::<_, Option<i64>>(at)?.map(Raw::Integer),
            PropertyType::Number => row.try_get::<_, Option<f64>>(at)?.map(Raw::Number),
            PropertyType::Boolean => row.try_get::<_, Option<bool>>(at)?.map(Raw::Boolean),
            _ => row.try_get::<_, Option<String>>(at)?.map(Raw::Text),
        });
    }
    let values = values.into_iter().map(|value| value.unwrap_or(Raw::Null)).collect();
    Ok(Row { id: row.try_get(0)?, shape, values })
}

/// How many rows a layer has, about, as the planner knows; 0 for a view.
pub async fn about(client: &Client, layer: &Layer) -> Result<i64> {
    let text =
        "select coalesce(max(reltuples), 0)::bigint from pg_class where oid = to_regclass($1)";
    let row = client.query_one(text, &[&layer.table().to_string()]).await?;
    Ok(row.get::<_, i64>(0).max(0))
}

/// The ids of a layer in so many parts of about equal width: from, below.
pub async fn ranges(client: &Client, layer: &Layer, parts: i64) -> Result<Vec<Option<(i64, i64)>>> {
    let id = layer.id_column();
    let text = format!("select min({id})::bigint, max({id})::bigint from {}", layer.table());
    let row = client.query_one(&text, &[]).await?;
    let (Some(least), Some(most)) = (row.get::<_, Option<i64>>(0), row.get::<_, Option<i64>>(1))
    else {
        return Ok(vec![None]);
    };
    let width = (most.saturating_sub(least) / parts).max(1);
    let start = |part: i64| if part == 0 { i64::MIN } else { least + part * width };
    let end = |part: i64| if part + 1 == parts { i64::MAX } else { start(part + 1) };
    Ok((0..parts).map(|part| Some((start(part), end(part)))).collect())
}

/// Every row of a layer, or of a part of it by id.
pub async fn all(client: &Client, layer: &Layer, range: Option<(i64, i64)>) -> Result<Vec<Row>> {
    let (mut text, kinds) = select(layer);
    if let Some((from, below)) = range {
        let id = layer.id_column();
        text.push_str(&format!(" where {id} >= {from} and {id} < {below}"));
    }
    let stream = client.query_raw(&text, std::iter::empty::<&(dyn ToSql + Sync)>()).await?;
    futures_util::pin_mut!(stream);
    let mut rows = Vec::new();
    while let Some(found) = stream.try_next().await? {
        rows.push(row(&found, &kinds)?);
    }
    Ok(rows)
}

/// These features as they are now; one without a row is gone.
pub async fn these(client: &Client, layer: &Layer, ids: &[i64]) -> Result<Vec<Change>> {
    let (text, kinds) = select(layer);
    let text = format!("{text} where {} = any($1::bigint[])", layer.id_column());
    let mut changes = Vec::with_capacity(ids.len());
    let mut there = std::collections::HashSet::new();
    for found in client.query(&text, &[&ids]).await? {
        let row = row(&found, &kinds)?;
        there.insert(row.id);
        changes.push(Change::Put(row));
    }
    let gone = ids.iter().filter(|id| !there.contains(id));
    changes.extend(gone.map(|id| Change::Gone(*id)));
    Ok(changes)
}

/// The features of a tile, its buffer included, that a filter finds.
///
/// # Errors
/// 400 `filter` when they are more than [`limit::TILE_FILTER_FEATURES`].
pub async fn found(
    client: &Client,
    layer: &Layer,
    filter: &Filter,
    queryables: &Queryables,
    address: TileAddress,
    city: &City,
) -> Result<Vec<i64>> {
    let corners = address.mercator_box(1.0 / 64.0);
    let ewkb = filter::window(corners, Crs::Epsg3857, city, "tile")?;
    let mut params = Params::default();
    let shape = params.push(ewkb, tokio_postgres::types::Type::BYTEA);
    let condition = filter.sql(queryables, city.srid, &mut params)?;
    let most = limit::TILE_FILTER_FEATURES;
    let text = format!(
        "select {}::bigint from {} where {} && st_geomfromewkb(${shape}) and {condition} limit {}",
        layer.id_column(),
        layer.table(),
        layer.geometry_column(),
        most + 1,
    );
    let rows = params.query(client, &text).await?;
    if rows.len() > most {
        let detail =
            format!("it finds over {most} features in this tile; look closer or ask for less");
        return Err(Error::parameter("filter", detail));
    }
    Ok(rows.iter().map(|row| row.get(0)).collect())
}
