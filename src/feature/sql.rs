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
use crate::geometry::{Bbox, Crs};
use crate::layer::{GeometryType, Layer, Property, Value};

/// A feature as GeoJSON text, with what the door needs to know of it.
pub struct Item {
    pub id: i64,
    pub json: String,
    /// Version for `If-Match`; published tables have none.
    pub etag: Option<String>,
}

/// A value of a property as a parameter.
fn bind(value: &Value) -> Box<dyn ToSql + Sync + Send> {
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

fn geojson(column: &str, crs: Crs) -> String {
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

fn properties(layer: &Layer, readable: &[&Property]) -> String {
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

fn item(row: &Row) -> Item {
    let id = row.get(0);
    let stamp: Option<i64> = row.get(2);
    Item { id, json: row.get(1), etag: stamp.map(|stamp| format!("\"{id:x}-{stamp:x}\"")) }
}

type Params = Vec<Box<dyn ToSql + Sync + Send>>;

fn references(params: &Params) -> Vec<&(dyn ToSql + Sync)> {
    params.iter().map(|param| param.as_ref() as &(dyn ToSql + Sync)).collect()
}

/// Conditions of a page, beside the place of the cursor.
fn conditions(layer: &Layer, query: &FeatureQuery, city: &City) -> (String, Params) {
    let mut text = String::from(" where true");
    let mut params: Params = Vec::new();
    if let Some((bbox, crs)) = &query.bbox {
        let geometry = layer.geometry_column();
        let mut any = vec![format!("{geometry} is null")];
        for part in bbox.parts() {
            let Some(part) = within_city(part, *crs, city) else {
                continue;
            };
            let first = params.len() + 1;
            for number in [part.west, part.south, part.east, part.north] {
                params.push(Box::new(number));
            }
            let corners: Vec<String> =
                (first..first + 4).map(|n| format!("${n}::double precision")).collect();
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
        params.push(bind(value));
        let n = params.len();
        let column = property.column();
        let _ = match value {
            Value::List(_) => write!(text, " and {column} @> ${n}"),
            Value::Null => write!(text, " and {column} is null and ${n}::text is null"),
            _ => write!(text, " and {column} = ${n}"),
        };
    }
    (text, params)
}

/// The part of a box near the city: a box of the whole world cannot be projected into a local system, and
/// no feature lies outside the bounds.
fn within_city(bbox: Bbox, crs: Crs, city: &City) -> Option<Bbox> {
    let [west, south, east, north] = city.bounds;
    let (west, south, east, north) = match crs {
        Crs::City(_) => return Some(bbox),
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
    (part.west <= part.east && part.south <= part.north).then_some(part)
}

/// One page and, as its last member, one more feature when there is a next page.
pub async fn page(
    client: &Client,
    layer: &Layer,
    readable: &[&Property],
    query: &FeatureQuery,
    city: &City,
) -> Result<Vec<Item>> {
    let (conditions, mut params) = conditions(layer, query, city);
    let mut text = select(layer, readable, query.crs) + &conditions;
    let id = layer.id_column();
    if let Some(after) = query.after {
        params.push(Box::new(after));
        let _ = write!(text, " and {id} > ${}::bigint", params.len());
    }
    params.push(Box::new(query.limit + 1));
    let _ = write!(text, " order by {id} limit ${}", params.len());
    if query.offset > 0 {
        params.push(Box::new(query.offset));
        let _ = write!(text, " offset ${}", params.len());
    }
    let rows = client.query(&text, &references(&params)).await?;
    Ok(rows.iter().map(item).collect())
}

/// How many features a question matches; `None` when counting takes too long.
pub async fn count(
    client: &mut Client,
    layer: &Layer,
    query: &FeatureQuery,
    city: &City,
) -> Result<Option<i64>> {
    let (conditions, params) = conditions(layer, query, city);
    let text = format!("select count(*) from {}{conditions}", layer.table());
    let transaction = client.transaction().await?;
    crate::db::local_timeout(transaction.client(), crate::config::limit::COUNT).await?;
    let counted = transaction.query_one(&text, &references(&params)).await;
    match counted {
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
    Ok(client.query_opt(&text, &[&id]).await?.as_ref().map(item))
}

/// Locks a row; its version.
pub async fn lock(client: &Client, layer: &Layer, id: i64) -> Result<Option<String>> {
    let text = format!(
        "select (extract(epoch from valid_from) * 1e6)::bigint from {} where id = $1 for update",
        layer.table()
    );
    let row = client.query_opt(&text, &[&id]).await?;
    Ok(row.map(|row| format!("\"{id:x}-{:x}\"", row.get::<_, i64>(0))))
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

fn stored(layer: &Layer, srid: i32) -> String {
    let geometry = format!("st_transform(st_force2d(st_geomfromewkb($1)), {srid})");
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
    let mut numbers = stored(layer, srid);
    let mut params: Params = vec![Box::new(ewkb.map(<[u8]>::to_vec))];
    let mut types = vec![Type::BYTEA];
    for (property, value) in values.iter().filter(|(_, value)| *value != Value::Null) {
        params.push(bind(value));
        types.push(sql_type(property));
        let _ = write!(columns, ", {}", property.column());
        let _ = write!(numbers, ", ${}", params.len());
    }
    let text = format!("insert into {} ({columns}) values ({numbers}) returning id", layer.table());
    let statement = client.prepare_typed(&text, &types).await?;
    Ok(client.query_one(&statement, &references(&params)).await?.get(0))
}

/// Replaces the geometry and the given properties of a feature.
pub async fn replace(
    client: &Client,
    layer: &Layer,
    srid: i32,
    id: i64,
    ewkb: Option<&[u8]>,
    values: &[(&Property, Value)],
) -> Result<()> {
    let mut set = format!("geometry = {}", stored(layer, srid));
    let mut params: Params = vec![Box::new(ewkb.map(<[u8]>::to_vec))];
    let mut types = vec![Type::BYTEA];
    for (property, value) in values {
        let column = property.column();
        if *value == Value::Null {
            let _ = write!(set, ", {column} = null");
            continue;
        }
        params.push(bind(value));
        types.push(sql_type(property));
        let _ = write!(set, ", {column} = ${}", params.len());
    }
    params.push(Box::new(id));
    types.push(Type::INT8);
    let text = format!("update {} set {set} where id = ${}", layer.table(), params.len());
    let statement = client.prepare_typed(&text, &types).await?;
    client.execute(&statement, &references(&params)).await?;
    Ok(())
}

/// Deletes a feature.
pub async fn delete(client: &Client, layer: &Layer, id: i64) -> Result<()> {
    client.execute(&format!("delete from {} where id = $1", layer.table()), &[&id]).await?;
    Ok(())
}

fn sql_type(property: &Property) -> Type {
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

/// What names a feature for people, as an SQL expression.
pub fn title(layer: &Layer) -> String {
    match (&layer.title_property, &layer.find[..]) {
        (Some(name), _) => {
            let column = crate::db::Ident::new(name);
            format!("coalesce({column}::text, '№ ' || {})", layer.id_column())
        }
        (None, []) => format!("'№ ' || {}", layer.id_column()),
        (None, find) => {
            let columns: Vec<String> =
                find.iter().map(|name| crate::db::Ident::new(name).to_string()).collect();
            format!("concat_ws(', ', {})", columns.join(", "))
        }
    }
}

/// A feature that is here, or that a search found.
pub struct Found {
    pub id: i64,
    pub title: String,
    pub properties: String,
    pub geometry: Option<String>,
    pub bbox: [f64; 4],
    pub center: [f64; 2],
    pub matched: i64,
}

fn found(row: &Row) -> Found {
    let number = |at: usize| row.get::<_, Option<f64>>(at).unwrap_or_default();
    Found {
        id: row.get(0),
        title: row.get(1),
        properties: row.get(2),
        geometry: row.get(3),
        bbox: [number(4), number(5), number(6), number(7)],
        center: [number(8), number(9)],
        matched: row.get(10),
    }
}

fn select_found(layer: &Layer, readable: &[&Property], conditions: &str, order: &str) -> String {
    format!(
        "with hit as (
           select *, count(*) over () as matched_count from {table} where {conditions}
           order by {order}
           limit $1
         )
         select {id}::bigint, {title}, ({properties})::text, {geojson},
                st_xmin(b.e), st_ymin(b.e), st_xmax(b.e), st_ymax(b.e),
                st_x(b.p), st_y(b.p), matched_count
         from hit
         cross join lateral (
           select st_envelope(st_transform({geometry}, 4326)) as e,
                  st_transform(st_pointonsurface({geometry}), 4326) as p
         ) b
         order by {order}",
        table = layer.table(),
        id = layer.id_column(),
        title = title(layer),
        properties = properties(layer, readable),
        geojson = geojson(&layer.geometry_column().to_string(), Crs::Crs84),
        geometry = layer.geometry_column(),
    )
}

/// Features of a layer at a point (CRS84); lines and points within `tolerance_m`.
pub async fn here(
    client: &Client,
    layer: &Layer,
    readable: &[&Property],
    city: &City,
    at: [f64; 2],
    tolerance_m: f64,
    limit: i64,
) -> Result<Vec<Found>> {
    let geometry = layer.geometry_column();
    let tolerance = if layer.geometry == GeometryType::MultiPolygon { 0.0 } else { tolerance_m };
    let point = format!("st_transform(st_setsrid(st_makepoint($2, $3), 4326), {})", city.srid);
    let conditions =
        format!("{geometry} && st_expand({point}, $4) and st_dwithin({geometry}, {point}, $4)");
    let order =
        if layer.has_area() { layer.area_expression() } else { layer.id_column().to_string() };
    let text = select_found(layer, readable, &conditions, &order);
    let rows = client.query(&text, &[&limit, &at[0], &at[1], &tolerance]).await?;
    Ok(rows.iter().map(found).collect())
}

/// Features of a layer whose search text has every word.
pub async fn search(
    client: &Client,
    layer: &Layer,
    readable: &[&Property],
    words: &[String],
    limit: i64,
) -> Result<Vec<Found>> {
    let mut conditions = String::from("geometry is not null");
    let patterns: Vec<String> = words
        .iter()
        .map(|word| {
            let escaped = word.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
            format!("%{escaped}%")
        })
        .collect();
    for at in 0..patterns.len() {
        let _ = write!(conditions, " and find_text like ${}", at + 2);
    }
    let text = select_found(layer, readable, &conditions, "length(find_text), id");
    let mut params: Vec<&(dyn ToSql + Sync)> = vec![&limit];
    params.extend(patterns.iter().map(|pattern| pattern as &(dyn ToSql + Sync)));
    let rows = client.query(&text, &params).await?;
    Ok(rows.iter().map(found).collect())
}

/// The feature of a layer with this value in a unique property.
pub async fn by_key(
    client: &Client,
    layer: &Layer,
    readable: &[&Property],
    key: &Property,
    value: &str,
) -> Result<Option<Found>> {
    let conditions = format!("{} = $2", key.column());
    let text = select_found(layer, readable, &conditions, "id");
    Ok(client.query_opt(&text, &[&1i64, &value]).await?.as_ref().map(found))
}

/// Features of a layer that overlap a feature of another: id, title, properties, m² in common, share.
pub async fn overlapping(
    client: &Client,
    layer: &Layer,
    readable: &[&Property],
    subject: &Layer,
    id: i64,
    limit: i64,
) -> Result<Vec<(Found, f64, f64)>> {
    let geometry = layer.geometry_column();
    let text = format!(
        "with s as (select {sg} as geometry from {subject} where {sid} = $2::bigint),
         hit as (
           select l.*, o.m2, o.share, count(*) over () as matched_count
           from {table} l
           join s on l.{geometry} && s.geometry and st_intersects(l.{geometry}, s.geometry)
           cross join lateral (
             select st_area(i.g) as m2, st_area(i.g) / nullif(st_area(s.geometry), 0) as share,
                    st_perimeter(i.g) as edge
             from (select st_intersection(l.{geometry}, s.geometry) as g) i
           ) o
           where st_dimension(l.{geometry}) < 2 or (o.m2 >= 1 and o.m2 >= 0.05 * o.edge)
           order by o.m2 desc, l.{lid}
           limit $1
         )
         select {lid}::bigint, {title}, ({properties})::text, null::text,
                0::float8, 0::float8, 0::float8, 0::float8, 0::float8, 0::float8, matched_count,
                m2, coalesce(share, 0)
         from hit
         order by m2 desc, {lid}",
        sg = subject.geometry_column(),
        subject = subject.table(),
        sid = subject.id_column(),
        table = layer.table(),
        lid = layer.id_column(),
        title = title(layer),
        properties = properties(layer, readable),
    );
    let rows = client.query(&text, &[&limit, &id]).await?;
    Ok(rows.iter().map(|row| (found(row), row.get(11), row.get(12))).collect())
}

/// Whether a point (CRS84) lies in a polygon of kind `city` of the boundary layer; `None`: no boundary.
pub async fn inside_city(client: &Client, srid: i32, at: [f64; 2]) -> Result<Option<bool>> {
    let text = format!(
        "select bool_or(st_intersects(
                  geometry, st_transform(st_setsrid(st_makepoint($1, $2), 4326), {srid})))
         from layer.municipal_boundary
         where kind = 'city'"
    );
    Ok(client.query_one(&text, &[&at[0], &at[1]]).await?.get(0))
}
