//! SQL of editing. Identifiers come from layer files, values are always parameters.

use std::fmt::Write;

use tokio_postgres::Client;
use tokio_postgres::types::Type;

use crate::config::City;
use crate::db::Params;
use crate::error::Result;
use crate::feature::sql::{bind, sql_type};
use crate::layer::{GeometryType, Layer, Property, Value};

/// Locks a row; whether it is there.
pub async fn lock(client: &Client, layer: &Layer, id: i64) -> Result<bool> {
    let text = format!("select from {} where id = $1 for update", layer.table());
    Ok(client.query_opt(&text, &[&id]).await?.is_some())
}

/// What is wrong with a geometry.
pub struct GeometryReport {
    pub reason: Option<String>,
    pub place: Option<String>,
    pub outside: bool,
}

/// Checks an EWKB geometry given in any system: validity, and whether it leaves the city's bounds.
pub async fn check_geometry(client: &Client, ewkb: &[u8], city: &City) -> Result<GeometryReport> {
    let [west, south, east, north] = city.bounds;
    let row = client
        .query_one(
            "with g as (select st_geomfromewkb($1) as geometry),
                  d as (select (st_isvaliddetail(geometry)).* from g)
             select case when d.valid then null else d.reason end,
                    st_astext(st_transform(st_setsrid(d.location, st_srid(g.geometry)), 4326), 6),
                    not (st_transform(g.geometry, 4326) @ st_makeenvelope($2, $3, $4, $5, 4326))
             from g, d",
            &[&ewkb, &west, &south, &east, &north],
        )
        .await?;
    Ok(GeometryReport { reason: row.get(0), place: row.get(1), outside: row.get(2) })
}

/// What becomes of a geometry.
pub enum Replaced<'a> {
    /// It stays to the last digit.
    Stays,
    /// It is this EWKB, or none.
    By(Option<&'a [u8]>),
}

fn stored(layer: &Layer, srid: i32, number: usize) -> String {
    let geometry = format!("st_transform(st_force2d(st_geomfromewkb(${number})), {srid})");
    match layer.geometry {
        GeometryType::Point => geometry,
        _ => format!("st_multi({geometry})"),
    }
}

/// Inserts a feature; its id.
pub async fn insert(
    client: &Client,
    layer: &Layer,
    srid: i32,
    ewkb: Option<&[u8]>,
    values: &[(&Property, Value)],
) -> Result<i64> {
    let mut columns = String::from("geometry");
    let mut params = Params::default();
    let geometry = params.push(ewkb.map(<[u8]>::to_vec), Type::BYTEA);
    let mut numbers = stored(layer, srid, geometry);
    for (property, value) in values.iter().filter(|(_, value)| *value != Value::Null) {
        let _ = write!(columns, ", {}", property.column());
        let _ = write!(numbers, ", ${}", params.push_boxed(bind(value), sql_type(property)));
    }
    let text = format!("insert into {} ({columns}) values ({numbers}) returning id", layer.table());
    let statement = client.prepare_typed(&text, params.types()).await?;
    Ok(client.query_one(&statement, &params.references()).await?.get(0))
}

/// Replaces the given properties of a feature, and its geometry unless that is to stay.
pub async fn replace(
    client: &Client,
    layer: &Layer,
    srid: i32,
    id: i64,
    geometry: Replaced<'_>,
    values: &[(&Property, Value)],
) -> Result<()> {
    let mut params = Params::default();
    let mut set = Vec::new();
    if let Replaced::By(ewkb) = geometry {
        let number = params.push(ewkb.map(<[u8]>::to_vec), Type::BYTEA);
        set.push(format!("geometry = {}", stored(layer, srid, number)));
    }
    for (property, value) in values {
        let column = property.column();
        set.push(match value {
            Value::Null => format!("{column} = null"),
            _ => format!("{column} = ${}", params.push_boxed(bind(value), sql_type(property))),
        });
    }
    if set.is_empty() {
        return Ok(());
    }
    let id = params.push(id, Type::INT8);
    let text = format!("update {} set {} where id = ${id}", layer.table(), set.join(", "));
    let statement = client.prepare_typed(&text, params.types()).await?;
    client.execute(&statement, &params.references()).await?;
    Ok(())
}

/// Deletes a feature.
pub async fn delete(client: &Client, layer: &Layer, id: i64) -> Result<()> {
    client.execute(&format!("delete from {} where id = $1", layer.table()), &[&id]).await?;
    Ok(())
}
