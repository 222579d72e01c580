//! SQL of what is found: at a point, by words, by a key, under another feature.

use std::fmt::Write;

use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Row};

use crate::config::City;
use crate::error::Result;
use crate::feature::sql::{containing, geojson, properties};
use crate::geometry::Crs;
use crate::layer::{GeometryType, Layer, Property};

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
    /// West, south, east, north; `None`: it has no geometry.
    pub bbox: Option<[f64; 4]>,
    pub center: Option<[f64; 2]>,
    pub matched: i64,
}

fn found(row: &Row) -> Found {
    let number = |at: usize| row.get::<_, Option<f64>>(at);
    let (west, south, east, north) = (number(4), number(5), number(6), number(7));
    Found {
        id: row.get(0),
        title: row.get(1),
        properties: row.get(2),
        geometry: row.get(3),
        bbox: (|| Some([west?, south?, east?, north?]))(),
        center: (|| Some([number(8)?, number(9)?]))(),
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
    let patterns: Vec<String> = words.iter().map(|word| containing(word)).collect();
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
                null::float8, null::float8, null::float8, null::float8, null::float8, null::float8,
                matched_count,
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
