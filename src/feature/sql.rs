//! SQL of features. Identifiers come from layer files, values are always parameters.
//!
//! GeoJSON is written by PostGIS; a polygon predicate is always `geometry && b and st_intersects(…)`.

use std::fmt::Write;

use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Row};

use crate::config::City;
use crate::db::{Params, literal};
use crate::error::Result;
use crate::geometry::Crs;
use crate::layer::{GeometryType, Layer, Property, Value};

/// A feature as GeoJSON text, with what the door needs to know of it.
pub struct Item {
    pub id: i64,
    pub json: String,
    /// Version for `If-Match`; published tables have none.
    pub etag: Option<String>,
}

/// A value of a property as a parameter.
pub(super) fn bind(value: &Value) -> Box<dyn ToSql + Sync + Send> {
    match value {
        Value::Null => Box::new(None::<String>),
        Value::Text(text) => Box::new(text.clone()),
        Value::Integer(number) => Box::new(*number),
        Value::Number(number) => Box::new(*number),
        Value::Boolean(yes) => Box::new(*yes),
        Value::Date(date) => Box::new(*date),
        Value::List(list) => Box::new(list.clone()),
    }
}

pub(super) fn geojson(column: &str, crs: Crs) -> String {
    match crs {
        Crs::Crs84 => {
            format!("st_asgeojson(st_forcepolygonccw(st_transform({column}, 4326)), 7, 0)")
        }
        Crs::Epsg4326 => {
            format!(
                "st_asgeojson(st_flipcoordinates(st_forcepolygonccw(st_transform({column}, 4326))), 7, 0)"
            )
        }
        Crs::Epsg3857 => {
            format!("st_asgeojson(st_forcepolygonccw(st_transform({column}, 3857)), 2, 0)")
        }
        Crs::City(_) => format!("st_asgeojson(st_forcepolygonccw({column}), 3, 0)"),
    }
}

pub(super) fn properties(layer: &Layer, readable: &[&Property]) -> String {
    let mut pairs: Vec<String> = readable
        .iter()
        .map(|property| format!("{}, {}", literal(&property.name), property.column()))
        .collect();
    if layer.has_area() {
        pairs.push(format!("'area_m2', round(({})::numeric, 2)", layer.area_expression()));
    }
    match pairs.len() {
        0 => "'{}'::json".into(),
        1..=50 => format!("json_build_object({})", pairs.join(", ")),
        _ => {
            let objects: Vec<String> = pairs
                .chunks(50)
                .map(|chunk| format!("jsonb_build_object({})", chunk.join(", ")))
                .collect();
            objects.join(" || ")
        }
    }
}

fn select(layer: &Layer, readable: &[&Property], crs: Crs) -> String {
    let geometry = layer.geometry_column().to_string();
    let stamp = if layer.is_own() {
        "(extract(epoch from valid_from) * 1e6)::bigint"
    } else {
        "null::bigint"
    };
    format!(
        "select {id}::bigint,
                '{{\"type\":\"Feature\",\"id\":' || {id} || ',\"geometry\":'
                || coalesce({geojson}, 'null') || ',\"properties\":' || ({properties})::text,
                {stamp}
         from {table}",
        id = layer.id_column(),
        geojson = geojson(&geometry, crs),
        properties = properties(layer, readable),
        table = layer.table(),
    )
}

/// `all`: the reader sees every property. Else the version is of what is seen, so that it does not tell
/// of what is not.
fn item(row: &Row, all: bool) -> Item {
    let (id, json): (i64, String) = (row.get(0), row.get(1));
    let stamp: Option<i64> = row.get(2);
    let etag = stamp.map(|stamp| match all {
        true => format!("\"{id:x}-{stamp:x}\""),
        false => format!("\"{id:x}-{:032x}\"", xxhash_rust::xxh3::xxh3_128(json.as_bytes())),
    });
    Item { id, json, etag }
}

/// One feature.
pub async fn one(
    client: &Client,
    layer: &Layer,
    readable: &[&Property],
    crs: Crs,
    id: i64,
) -> Result<Option<Item>> {
    let text = format!("{} where {} = $1::bigint", select(layer, readable, crs), layer.id_column());
    let all = readable.len() == layer.properties.len();
    Ok(client.query_opt(&text, &[&id]).await?.map(|row| item(&row, all)))
}

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

pub(super) fn sql_type(property: &Property) -> Type {
    use crate::layer::PropertyType as P;
    match property.kind {
        P::Text | P::CadastralNumber => Type::TEXT,
        P::Integer => Type::INT8,
        P::Number => Type::FLOAT8,
        P::Boolean => Type::BOOL,
        P::Date => Type::DATE,
        P::TextArray => Type::TEXT_ARRAY,
    }
}

/// The key by which cursors are signed.
pub async fn secret(client: &Client) -> Result<Vec<u8>> {
    let text = "select value from imgis.secret where name = 'cursor'";
    Ok(client.query_one(text, &[]).await?.get(0))
}
