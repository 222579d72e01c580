//! SQL of features. Identifiers come from layer files, values are always parameters.
//!
//! GeoJSON is written by PostGIS; a polygon predicate is always `geometry && b and st_intersects(…)`.

use std::fmt::Write;

use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Row};

use super::FeatureQuery;
use crate::config::City;
use crate::db::literal;
use crate::error::Result;
use crate::geometry::{Bbox, Crs, Projector};
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

/// Parameters of a statement with their types: columns of published tables may have other, kindred ones.
#[derive(Default)]
pub(super) struct Params {
    values: Vec<Box<dyn ToSql + Sync + Send>>,
    pub(super) types: Vec<Type>,
}

impl Params {
    /// Adds a parameter; its number.
    pub(super) fn push(&mut self, value: impl ToSql + Sync + Send + 'static, kind: Type) -> usize {
        self.push_boxed(Box::new(value), kind)
    }

    pub(super) fn push_boxed(&mut self, value: Box<dyn ToSql + Sync + Send>, kind: Type) -> usize {
        self.values.push(value);
        self.types.push(kind);
        self.values.len()
    }

    pub(super) fn references(&self) -> Vec<&(dyn ToSql + Sync)> {
        self.values.iter().map(|value| value.as_ref() as &(dyn ToSql + Sync)).collect()
    }

    async fn query(&self, client: &Client, text: &str) -> Result<Vec<Row>> {
        let statement = client.prepare_typed(text, &self.types).await?;
        Ok(client.query(&statement, &self.references()).await?)
    }
}

/// Conditions of a page, beside the place of the cursor.
fn conditions(layer: &Layer, query: &FeatureQuery, city: &City) -> Result<(String, Params)> {
    let mut text = String::from(" where true");
    let mut params = Params::default();
    if let Some((bbox, crs)) = &query.bbox {
        let geometry = layer.geometry_column();
        let mut any = vec![format!("{geometry} is null")];
        for part in bbox.parts() {
            let Some(part) = within_city(part, *crs, city)? else {
                continue;
            };
            let corners = [part.west, part.south, part.east, part.north]
                .map(|number| format!("${}", params.push(number, Type::FLOAT8)));
            let step = if crs.geographic() { 0.01 } else { 1000.0 };
            let shape = format!(
                "st_transform(st_segmentize(st_makeenvelope({}, {}), {step}), {})",
                corners.join(", "),
                crs.srid(),
                city.srid,
            );
            any.push(format!("({geometry} && {shape} and st_intersects({geometry}, {shape}))"));
        }
        let _ = write!(text, " and ({})", any.join(" or "));
    }
    for (name, value) in &query.equal {
        let Some(property) = layer.property(name) else {
            continue;
        };
        let n = params.push_boxed(bind(value), sql_type(property));
        let column = property.column();
        let _ = match value {
            Value::List(_) => write!(text, " and {column} @> ${n}"),
            Value::Null => write!(text, " and {column} is null and ${n} is null"),
            _ => write!(text, " and {column} = ${n}"),
        };
    }
    Ok((text, params))
}

/// The part of a box near the city: a box of the whole world cannot be projected into a local system, and
/// no feature lies outside the bounds.
fn within_city(bbox: Bbox, crs: Crs, city: &City) -> Result<Option<Bbox>> {
    let [west, south, east, north] = city.bounds;
    let (west, south, east, north) = match crs {
        Crs::City(_) => {
            let projector = Projector::new(&city.proj)?;
            let corners = [(west, south), (west, north), (east, south), (east, north)];
            let margin = 10_000.0; // metres; the edges between the corners are nearly straight
            let mut reach = (f64::MAX, f64::MAX, f64::MIN, f64::MIN);
            for (lng, lat) in corners {
                let (x, y) = projector.project(lng, lat)?;
                reach = (
                    reach.0.min(x - margin),
                    reach.1.min(y - margin),
                    reach.2.max(x + margin),
                    reach.3.max(y + margin),
                );
            }
            reach
        }
        Crs::Crs84 | Crs::Epsg4326 => (west - 1.0, south - 1.0, east + 1.0, north + 1.0),
        Crs::Epsg3857 => {
            let x = |lng: f64| lng.to_radians() * 6_378_137.0;
            let y = |lat: f64| lat.to_radians().sin().atanh() * 6_378_137.0;
            (x(west - 1.0), y(south - 1.0), x(east + 1.0), y(north + 1.0))
        }
    };
    let part = Bbox {
        west: bbox.west.max(west),
        south: bbox.south.max(south),
        east: bbox.east.min(east),
        north: bbox.north.min(north),
    };
    Ok((part.west <= part.east && part.south <= part.north).then_some(part))
}

/// One page and, as its last member, one more feature when there is a next page.
pub async fn page(
    client: &Client,
    layer: &Layer,
    readable: &[&Property],
    query: &FeatureQuery,
    city: &City,
) -> Result<Vec<Item>> {
    let (conditions, mut params) = conditions(layer, query, city)?;
    let mut text = select(layer, readable, query.crs) + &conditions;
    let id = layer.id_column();
    if let Some(after) = query.after {
        let _ = write!(text, " and {id} > ${}", params.push(after, Type::INT8));
    }
    let limit = params.push(query.limit + 1, Type::INT8);
    let _ = write!(text, " order by {id} limit ${limit}");
    if query.offset > 0 {
        let _ = write!(text, " offset ${}", params.push(query.offset, Type::INT8));
    }
    let all = readable.len() == layer.properties.len();
    Ok(params.query(client, &text).await?.iter().map(|row| item(row, all)).collect())
}

/// How many features a question matches; `None` when counting takes too long.
pub async fn count(
    client: &mut Client,
    layer: &Layer,
    query: &FeatureQuery,
    city: &City,
) -> Result<Option<i64>> {
    let (conditions, params) = conditions(layer, query, city)?;
    let text = format!("select count(*) from {}{conditions}", layer.table());
    let transaction = client.transaction().await?;
    crate::db::local_timeout(transaction.client(), crate::config::limit::COUNT).await?;
    let statement = transaction.prepare_typed(&text, &params.types).await?;
    match transaction.query_one(&statement, &params.references()).await {
        Ok(row) => {
            transaction.commit().await?;
            Ok(Some(row.get(0)))
        }
        Err(error) if crate::db::is_timeout(&error) => {
            transaction.rollback().await?;
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
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
