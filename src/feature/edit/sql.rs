//! SQL of editing. Identifiers come from layer files, values are always parameters.

use std::fmt::Write as _;

use tokio_postgres::Client;
use tokio_postgres::types::Type;

use super::{Shape, Write};
use crate::config::City;
use crate::db::Params;
use crate::error::Result;
use crate::feature::sql::{bind, properties, sql_type};
use crate::layer::{GeometryType, Inside, Layer, Property, Value};

/// Locks a row; whether it is there.
pub async fn lock(client: &Client, layer: &Layer, id: i64) -> Result<bool> {
    let text = format!("select from {} where id = $1 for update", layer.table());
    Ok(client.query_opt(&text, &[&id]).await?.is_some())
}

/// Waits until no other transaction checks and writes geometries of the layer; until this one ends.
pub async fn take_turn(client: &Client, layer: &Layer) -> Result<()> {
    let text = "select pg_advisory_xact_lock(hashtextextended('imgis.rules/' || $1, 0))";
    client.execute(text, &[&layer.id]).await?;
    Ok(())
}

/// Marks a place to go back to, so that one refused statement does not end the transaction.
pub async fn mark(client: &Client) -> Result<()> {
    Ok(client.batch_execute("savepoint member").await?)
}

/// Keeps what was done since the mark, or takes it back.
pub async fn unmark(client: &Client, keep: bool) -> Result<()> {
    let text = match keep {
        true => "release savepoint member",
        false => "rollback to savepoint member; release savepoint member",
    };
    Ok(client.batch_execute(text).await?)
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

/// Features smaller than `least` m², with their areas.
pub async fn too_small(
    client: &Client,
    layer: &Layer,
    ids: &[i64],
    least: f64,
) -> Result<Vec<(i64, f64)>> {
    let text = format!(
        "select id, st_area(geometry) from {} where id = any($1) and st_area(geometry) < $2",
        layer.table()
    );
    let rows = client.query(&text, &[&ids, &least]).await?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

/// Features that do not lie inside those of another layer, with a place outside.
pub async fn outside(
    client: &Client,
    layer: &Layer,
    inside: &Inside,
    ids: &[i64],
) -> Result<Vec<(i64, Option<String>)>> {
    let text = format!(
        "with whole as materialized (
           select a.id, a.geometry from {table} a
           where a.id = any($1) and a.geometry is not null and not exists (
             select from {other} b
             where b.{column} && a.geometry and st_covers(b.{column}, a.geometry))
         ), reached as materialized (
           select a.id, a.geometry,
                  (select st_buffer(st_union(b.{column}), $2) from {other} b
                   where b.{column} && st_expand(a.geometry, $2)) as reach
           from whole a
         )
         select id, st_astext(st_transform(st_pointonsurface(
                  coalesce(st_difference(geometry, reach), geometry)), 4326), 6)
         from reached
         where reach is null or not st_covers(reach, geometry)
         order by id",
        table = layer.table(),
        other = inside.table,
        column = inside.geometry,
    );
    let rows = client.query(&text, &[&ids, &inside.tolerance_m]).await?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

/// Land of a feature that another one has too.
pub struct Shared {
    pub id: i64,
    pub other: i64,
    pub m2: f64,
    pub place: Option<String>,
}

/// Neighbours that share more than `sliver` m² with these features.
pub async fn overlaps(
    client: &Client,
    layer: &Layer,
    ids: &[i64],
    sliver: f64,
) -> Result<Vec<Shared>> {
    let text = format!(
        "with shared as materialized (
           select a.id, b.id as other, st_intersection(a.geometry, b.geometry) as land
           from {table} a
           join {table} b on a.geometry && b.geometry and a.id <> b.id
             and st_intersects(a.geometry, b.geometry)
           where a.id = any($1)
         )
         select id, other, st_area(land),
                st_astext(st_transform(st_pointonsurface(land), 4326), 6)
         from shared where st_area(land) > $2 order by id, other",
        table = layer.table(),
    );
    let rows = client.query(&text, &[&ids, &sliver]).await?;
    Ok(rows
        .iter()
        .map(|row| Shared { id: row.get(0), other: row.get(1), m2: row.get(2), place: row.get(3) })
        .collect())
}

fn stored(layer: &Layer, srid: i32, number: usize) -> String {
    let geometry = format!("st_transform(st_force2d(st_geomfromewkb(${number})), {srid})");
    match layer.geometry {
        GeometryType::Point => geometry,
        _ => format!("st_multi({geometry})"),
    }
}

/// Inserts a feature; its id.
pub(super) async fn insert(
    client: &Client,
    layer: &Layer,
    srid: i32,
    write: &Write<'_>,
) -> Result<i64> {
    let mut columns = String::from("geometry");
    let mut params = Params::default();
    let ewkb = match &write.shape {
        Shape::Is(Some(ewkb)) => Some(ewkb.clone()),
        Shape::Is(None) | Shape::Stays => None,
    };
    let geometry = params.push(ewkb, Type::BYTEA);
    let mut numbers = stored(layer, srid, geometry);
    for (property, value) in write.values.iter().filter(|(_, value)| *value != Value::Null) {
        let _ = write!(columns, ", {}", property.column());
        let _ = write!(numbers, ", ${}", params.push_boxed(bind(value), sql_type(property)));
    }
    let text = format!("insert into {} ({columns}) values ({numbers}) returning id", layer.table());
    let statement = client.prepare_typed(&text, params.types()).await?;
    Ok(client.query_one(&statement, &params.references()).await?.get(0))
}

/// Replaces the given properties of a feature, and its geometry unless that is to stay.
pub(super) async fn replace(
    client: &Client,
    layer: &Layer,
    srid: i32,
    id: i64,
    write: &Write<'_>,
) -> Result<()> {
    let mut params = Params::default();
    let mut set = Vec::new();
    if let Shape::Is(ewkb) = &write.shape {
        let number = params.push(ewkb.clone(), Type::BYTEA);
        set.push(format!("geometry = {}", stored(layer, srid, number)));
    }
    for (property, value) in &write.values {
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

/// The pieces into which a line, each end a little longer, divides a feature: the largest first.
pub async fn pieces(
    client: &Client,
    layer: &Layer,
    srid: i32,
    id: i64,
    line: &[u8],
    longer_m: f64,
) -> Result<Vec<Vec<u8>>> {
    let text = format!(
        "with given as (
           select st_removerepeatedpoints(
             st_transform(st_force2d(st_geomfromewkb($2)), {srid})) as line
         ), ends as (
           select line, st_startpoint(line) as a, st_pointn(line, 2) as b,
                  st_pointn(line, -2) as y, st_endpoint(line) as z
           from given
         ), blade as (
           select st_makeline(array[
             st_translate(a, (st_x(a) - st_x(b)) / st_distance(a, b) * $3::float8,
                             (st_y(a) - st_y(b)) / st_distance(a, b) * $3::float8),
             line,
             st_translate(z, (st_x(z) - st_x(y)) / st_distance(y, z) * $3::float8,
                             (st_y(z) - st_y(y)) / st_distance(y, z) * $3::float8)]) as line
           from ends where st_distance(a, b) > 0 and st_distance(y, z) > 0
         ), parts as (
           select (st_dump(st_collectionextract(st_split(t.geometry, blade.line), 3))).geom as part
           from {table} t, blade where t.id = $1
         )
         select st_asewkb(part) from parts order by st_area(part) desc, st_xmin(part), st_ymin(part)",
        table = layer.table(),
    );
    let rows = client.query(&text, &[&id, &line, &longer_m]).await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// The land of several features as one.
pub async fn united(client: &Client, layer: &Layer, ids: &[i64]) -> Result<Option<Vec<u8>>> {
    let text = format!(
        "select st_asewkb(st_multi(st_union(geometry))) from {} where id = any($1)",
        layer.table()
    );
    Ok(client.query_one(&text, &[&ids]).await?.get(0))
}

/// Properties of a feature as a JSON object; `None`: it is not there.
pub async fn values(
    client: &Client,
    layer: &Layer,
    of: &[&Property],
    id: i64,
) -> Result<Option<String>> {
    let text =
        format!("select ({})::text from {} where id = $1", properties(layer, of), layer.table());
    Ok(client.query_opt(&text, &[&id]).await?.map(|row| row.get(0)))
}
