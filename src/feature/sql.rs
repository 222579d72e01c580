//! SQL of features. Identifiers come from layer files, values are always parameters.
//!
//! GeoJSON is written by PostGIS; a polygon predicate is always `geometry && b and st_intersects(…)`.

use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Row};

use crate::db::literal;
use crate::error::Result;
use crate::geometry::Crs;
use crate::layer::{Layer, Property, Value};

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
