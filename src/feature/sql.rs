//! SQL of features. Identifiers come from layer files, values are always parameters.
//!
//! GeoJSON is written by PostGIS; a polygon predicate is always `geometry && b and st_intersects(…)`.

use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Row};

use crate::db::literal;
use crate::error::Result;
use crate::geometry::Crs;
use crate::layer::{Layer, Property, Value};

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

/// The version of what is seen of a row, as an SQL expression; `null` where rows have none.
///
/// Who sees all of it has the moment of the row's last change; else the version is of what is seen, so that
/// it does not tell of what is not.
pub(super) fn version_expression(layer: &Layer, readable: &[&Property]) -> String {
    if !layer.is_own() {
        return "null::text".into();
    }
    if readable.len() == layer.properties.len() {
        return "to_hex((extract(epoch from valid_from) * 1e6)::bigint)".into();
    }
    let seen = readable.iter().map(|property| property.column().to_string());
    let columns: Vec<String> = std::iter::once("geometry".to_string()).chain(seen).collect();
    format!("md5(row({})::text)", columns.join(", "))
}

/// A pattern of LIKE that finds a word anywhere, its own signs taken as they are.
pub(super) fn containing(word: &str) -> String {
    format!("%{}%", word.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_"))
}

/// The entity tag of a version.
pub(super) fn tag(id: i64, version: &str) -> String {
    format!("\"{id:x}-{version}\"")
}

/// The entity tag of a feature as it is seen; `None`: it is not there.
pub async fn version(
    client: &Client,
    layer: &Layer,
    readable: &[&Property],
    id: i64,
) -> Result<Option<String>> {
    let text = format!(
        "select {} from {} where {} = $1::bigint",
        version_expression(layer, readable),
        layer.table(),
        layer.id_column()
    );
    let row = client.query_opt(&text, &[&id]).await?;
    Ok(row.and_then(|row| row.get::<_, Option<String>>(0)).map(|version| tag(id, &version)))
}

/// The geometry of a feature as PostGIS keeps it.
pub async fn geometry(client: &Client, layer: &Layer, id: i64) -> Result<Option<Row>> {
    let text = format!(
        "select {} from {} where {} = $1::bigint",
        layer.geometry_column(),
        layer.table(),
        layer.id_column()
    );
    Ok(client.query_opt(&text, &[&id]).await?)
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
