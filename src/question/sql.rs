//! SQL of questions. Identifiers come from layer files, values are always parameters.
//!
//! A predicate over areas is always `g && b and st_intersects(g, b)`. Areas: `area/sql.rs`.

use std::fmt::Write;

use jiff::Timestamp;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Row};

use super::intersections::Intersections;
use super::near::Near;
use super::place::Shape;
use super::target::Target;
use crate::config::{City, limit};
use crate::db::{Ident, Params};
use crate::error::Result;
use crate::filter::Queryables;
use crate::layer::Layer;

/// The united geometry of features, and which of them are there.
pub struct Found {
    pub ids: Vec<i64>,
    /// EWKB.
    pub ewkb: Option<Vec<u8>>,
}

/// Features by their ids.
pub async fn geometry_of(client: &Client, layer: &Layer, ids: &[i64]) -> Result<Found> {
    let text = format!(
        "select array_agg({id}::bigint),
                st_asewkb(case count({geometry}) when 1 then (array_agg({geometry})
                  filter (where {geometry} is not null))[1] else st_union({geometry}) end)
         from {table} where {id} = any($1::bigint[])",
        id = layer.id_column(),
        geometry = layer.geometry_column(),
        table = layer.table(),
    );
    let row = client.query_one(&text, &[&ids]).await?;
    let found: Option<Vec<i64>> = row.get(0);
    Ok(Found { ids: found.unwrap_or_default(), ewkb: row.get(1) })
}

/// A place, with metres around it; `None`: nothing is left. The inner error is why it is not valid.
/// `window`: EWKB of the bounds of the city.
pub async fn shape(
    client: &Client,
    ewkb: &[u8],
    buffer_m: Option<f64>,
    window: &[u8],
) -> Result<std::result::Result<Option<Shape>, String>> {
    let text = "select case when not st_isvalid(g) then st_isvalidreason(g) end
                from (select st_geomfromewkb($1) as g) s";
    let reason: Option<String> = client.query_one(text, &[&ewkb]).await?.get(0);
    if let Some(reason) = reason {
        return Ok(Err(reason));
    }
    let text = "
        with b as materialized (
          select case when $2::float8 is null or $2 = 0 then g else st_buffer(g, $2, 16) end as g
          from (select st_geomfromewkb($1) as g) s
        )
        select st_isempty(g), st_asewkb(g), st_area(g), st_dimension(g)::int,
               case when st_dimension(g) = 2
                 then st_area(st_difference(g, st_geomfromewkb($3))) else 0 end,
               st_xmin(e), st_ymin(e), st_xmax(e), st_ymax(e)
        from b cross join lateral (select st_transform(st_envelope(g), 4326) as e) e";
    let row = client.query_one(text, &[&ewkb, &buffer_m, &window]).await?;
    if row.get(0) {
        return Ok(Ok(None));
    }
    Ok(Ok(Some(Shape {
        ewkb: row.get(1),
        area_m2: row.get(2),
        dimension: row.get(3),
        outside_m2: row.get(4),
        bbox: [row.get(5), row.get(6), row.get(7), row.get(8)],
    })))
}

/// The features of a target as `(id, geometry, class, whole)`: what is measured of each as a whole.
pub(super) fn rows(target: &Target, city: &City, params: &mut Params) -> Result<String> {
    let layer = &target.layer;
    let geometry = layer.geometry_column();
    let filter = condition(target, city, params)?;
    let class = target.by.as_ref().map_or("null", |by| by.sql.as_str());
    let whole = match target.dimension() {
        2 => layer.area_expression(),
        1 => format!("st_length({geometry})"),
        _ => "1::float8".into(),
    };
    Ok(format!(
        "(select {id}::bigint as id, {geometry} as geometry, ({class})::text as class,
                 {whole} as whole
          from {table} where {geometry} is not null and {filter})",
        id = layer.id_column(),
        table = layer.table(),
    ))
}

fn condition(target: &Target, city: &City, params: &mut Params) -> Result<String> {
    match &target.filter {
        Some(filter) => filter.sql(&target.queryables, city.srid, params),
        None => Ok("true".into()),
    }
}

/// What names a feature for people, of what the caller may read.
fn title(layer: &Layer, queryables: &Queryables) -> String {
    let id = format!("'№ ' || {}", layer.id_column());
    let column = |name: &String| Ident::new(name).to_string();
    let known = |name: &&String| queryables.get(name).is_some();
    match layer.title_property.iter().find(known) {
        Some(name) => format!("coalesce({}::text, {id})", column(name)),
        None if layer.title_property.is_some() => id,
        None => {
            let find: Vec<String> = layer.find.iter().filter(known).map(column).collect();
            match find.is_empty() {
                true => id,
                false => {
                    format!("coalesce(nullif(concat_ws(', ', {}), ''), {id})", find.join(", "))
                }
            }
        }
    }
}

/// A feature and a class that it meets.
pub struct Met {
    pub id: i64,
    pub title: String,
    pub class: Option<String>,
    /// Features of the class that it meets.
    pub count: i64,
    /// m², or m of lines.
    pub amount: f64,
    pub share: Option<f64>,
    pub wkb: Option<Vec<u8>>,
}

/// Which part of an answer is wanted.
pub struct Window<'a> {
    /// EWKB of areas that features must meet.
    pub areas: Vec<&'a [u8]>,
    pub after: Option<&'a (i64, Option<String>)>,
    pub limit: i64,
}

/// Features × classes, in the order of ids, then of classes.
pub async fn intersections(
    client: &Client,
    asked: &Intersections,
    city: &City,
    window: &Window<'_>,
    drawn: bool,
) -> Result<Vec<Met>> {
    let (subject, dimension) = (&asked.subject, asked.dimension());
    let layer = &subject.layer;
    let geometry = layer.geometry_column();
    let mut params = Params::default();
    let mut conditions = condition(subject, city, &mut params)?;
    for ewkb in &window.areas {
        let n = params.push(ewkb.to_vec(), Type::BYTEA);
        let shape = format!("st_geomfromewkb(${n})");
        let _ =
            write!(conditions, " and {geometry} && {shape} and st_intersects({geometry}, {shape})");
    }
    let key = |class: &Option<String>| class.as_ref().map_or("".into(), |text| format!("={text}"));
    let first = params.push(window.after.map_or(i64::MIN, |(id, _)| *id), Type::INT8);
    let begun = params.push(window.after.map(|(_, class)| key(class)), Type::TEXT);
    let others = rows(&asked.other, city, &mut params)?;
    let whole = match subject.dimension() {
        2 => layer.area_expression(),
        1 => format!("st_length({geometry})"),
        _ => "1::float8".into(),
    };
    let (common, amount) = match dimension {
        2 => ("st_intersection(l.geometry, f.g)", "st_area(u.g)"),
        1 => ("st_intersection(l.geometry, f.g)", "st_length(u.g)"),
        _ => ("null::geometry", "x.n::float8"),
    };
    let mut least = match dimension {
        0 => "true".to_string(),
        _ => "a.amount > 0".to_string(),
    };
    if dimension == 2 {
        let n = params.push(asked.min_m2, Type::FLOAT8);
        let _ = write!(least, " and a.amount >= ${n}");
        if asked.min_m2 > 0.0 {
            let n = params.push(limit::SLIVER_WIDTH_M / 2.0, Type::FLOAT8);
            let _ = write!(least, " and a.amount >= ${n} * st_perimeter(u.g)");
        }
    }
    let share = if asked.has_share() { "a.amount / nullif(f.whole, 0)" } else { "null::float8" };
    if asked.has_share() && asked.min_share > 0.0 {
        let n = params.push(asked.min_share, Type::FLOAT8);
        let _ = write!(least, " and {share} >= ${n}");
    }
    let wkb = if drawn { "st_asbinary(st_multi(u.g))" } else { "null::bytea" };
    let most = params.push(window.limit, Type::INT8);
    // The lateral steps keep the order of ids, so that a page ends where its limit is reached.
    let text = format!(
        "with m as materialized (
           select {id}::bigint as id from {table}
           where {geometry} is not null and {conditions} and {id} >= ${first}
         )
         select f.id, f.title, x.class, x.n, a.amount, {share}, {wkb}
         from (select id from m order by id) m
         cross join lateral (
           select {id}::bigint as id, {geometry} as g, {title} as title, {whole} as whole
           from {table} where {id} = m.id offset 0
         ) f
         cross join lateral (
           select o.class, count(*) as n, st_collect(o.g) as c,
                  (case when o.class is null then '' else '=' || o.class end) collate \"C\" as key
           from (
             select l.class, {common} as g from {others} l
             where l.geometry && f.g and st_intersects(l.geometry, f.g)
           ) o
           group by o.class
         ) x
         cross join lateral (
           select st_collectionextract(case x.n when 1 then x.c else st_unaryunion(x.c) end, {kind})
                    as g offset 0
         ) u
         cross join lateral (select {amount} as amount offset 0) a
         where {least} and (f.id > ${first} or ${begun}::text is null or x.key > ${begun}::text)
         order by m.id, x.key limit ${most}",
        id = layer.id_column(),
        table = layer.table(),
        title = title(layer, &subject.queryables),
        kind = dimension + 1,
    );
    let rows = params.query(client, &text).await?;
    let met = |row: &Row| Met {
        id: row.get(0),
        title: row.get(1),
        class: row.get(2),
        count: row.get(3),
        amount: row.get(4),
        share: row.get(5),
        wkb: row.get(6),
    };
    Ok(rows.iter().map(met).collect())
}

/// Metres to the last of so many nearest features, by the index; `None`: there is none.
pub async fn farthest(
    client: &Client,
    asked: &Near,
    city: &City,
    shape: &Shape,
    subjects: &[i64],
    count: i64,
) -> Result<Option<f64>> {
    let mut params = Params::default();
    let q = params.push(shape.ewkb.clone(), Type::BYTEA);
    let layer = &asked.target.layer;
    let conditions = condition(&asked.target, city, &mut params)?;
    let others = params.push(subjects.to_vec(), Type::INT8_ARRAY);
    let most = params.push(count, Type::INT8);
    let text = format!(
        "with q as materialized (select st_geomfromewkb(${q}) as g)
         select max(d)
         from q
         cross join lateral (
           select st_distance({geometry}, q.g) as d
           from {table}
           where {geometry} is not null and {conditions} and {id}::bigint <> all(${others})
           order by {geometry} <-> q.g limit ${most}
         ) k",
        geometry = layer.geometry_column(),
        table = layer.table(),
        id = layer.id_column(),
    );
    let rows = params.query(client, &text).await?;
    Ok(rows.first().and_then(|row| row.get(0)))
}

/// How far, beside which features, and how many.
pub struct Within<'a> {
    pub metres: f64,
    pub subjects: &'a [i64],
    pub limit: i64,
    /// Geometries are wanted.
    pub drawn: bool,
}

/// A feature that is near: its row as `feature::Reading` reads it.
pub struct NearRow {
    pub row: Row,
    pub title: String,
    pub distance_m: f64,
    pub matched: i64,
}

/// Features within a distance, nearest first, then by id.
pub async fn near(
    client: &Client,
    asked: &Near,
    city: &City,
    shape: &Shape,
    window: &Within<'_>,
) -> Result<Vec<NearRow>> {
    let mut params = Params::default();
    let q = params.push(shape.ewkb.clone(), Type::BYTEA);
    let layer = &asked.target.layer;
    let geometry = layer.geometry_column();
    let conditions = condition(&asked.target, city, &mut params)?;
    let metres = params.push(window.metres, Type::FLOAT8);
    let others = params.push(window.subjects.to_vec(), Type::INT8_ARRAY);
    let most = params.push(window.limit, Type::INT8);
    let properties = asked.properties();
    let values: String = properties.iter().map(|sql| format!(", {sql}")).collect();
    let shown = if window.drawn { geometry.to_string() } else { "null::geometry".into() };
    // st_intersects is the one that prepares a place of many vertices.
    let text = format!(
        "with q as materialized (select st_geomfromewkb(${q}) as g),
         m as materialized (
           select n.id, n.d, count(*) over () as n
           from q
           cross join lateral (
             select {id}::bigint as id, case when st_intersects({geometry}, q.g) then 0
                                        else st_distance({geometry}, q.g) end as d
             from {table}
             where {geometry} is not null and {conditions} and {id}::bigint <> all(${others})
               and {geometry} && st_expand(q.g, ${metres})
               and (st_intersects({geometry}, q.g) or st_dwithin({geometry}, q.g, ${metres}))
           ) n
           order by n.d, n.id limit ${most}
         )
         select f.*, m.d, m.n
         from m
         cross join lateral (
           select null::bigint, {id}::bigint, null::bigint, {shown}{values}, {title}
           from {table} where {id} = m.id offset 0
         ) f
         order by m.d, m.id",
        id = layer.id_column(),
        table = layer.table(),
        title = title(layer, &asked.target.queryables),
    );
    let at = 4 + properties.len();
    let rows = params.query(client, &text).await?;
    let near = |row: Row| NearRow {
        title: row.get(at),
        distance_m: row.get(at + 1),
        matched: row.get(at + 2),
        row,
    };
    Ok(rows.into_iter().map(near).collect())
}

/// The last change of a layer; `all`: also of what only some callers may read.
pub async fn changed_at(client: &Client, layer: &Layer, all: bool) -> Result<Option<Timestamp>> {
    let text = "select max(changed_at) from imgis.feature_change where layer = $1 and (open or $2)";
    Ok(client.query_one(text, &[&layer.id, &all]).await?.get(0))
}

/// A saved question.
pub struct Kept {
    pub slug: String,
    pub name: String,
    pub kind: String,
    pub body: serde_json::Value,
    pub owner: String,
    pub at: Timestamp,
}

fn kept(row: &Row) -> Kept {
    Kept {
        slug: row.get(0),
        name: row.get(1),
        kind: row.get(2),
        body: row.get(3),
        owner: row.get(4),
        at: row.get(5),
    }
}

/// Saves a question; `None`: its owner has as many as one may have.
pub async fn save(
    client: &Client,
    owner: &str,
    name: &str,
    kind: &str,
    body: &serde_json::Value,
) -> Result<Option<Kept>> {
    let text = "insert into imgis.question (name, kind, body, owner)
                select $1, $2, $3, $4
                where (select count(*) from imgis.question where owner = $4) < $5
                returning slug, name, kind, body, owner, at";
    let most = limit::QUESTIONS_SAVED_MAX;
    let row = client.query_opt(text, &[&name, &kind, &body, &owner, &most]).await?;
    Ok(row.as_ref().map(kept))
}

/// The saved questions of a person, the newest first, without their bodies.
pub async fn of_owner(client: &Client, owner: &str) -> Result<Vec<Kept>> {
    let text = "select slug, name, kind, 'null'::jsonb, owner, at
                from imgis.question where owner = $1 order by id desc";
    Ok(client.query(text, &[&owner]).await?.iter().map(kept).collect())
}

/// A saved question by its slug.
pub async fn by_slug(client: &Client, slug: &str) -> Result<Option<Kept>> {
    let text = "select slug, name, kind, body, owner, at from imgis.question where slug = $1";
    Ok(client.query_opt(text, &[&slug]).await?.as_ref().map(kept))
}

/// Forgets a saved question.
pub async fn forget(client: &Client, slug: &str) -> Result<()> {
    client.execute("delete from imgis.question where slug = $1", &[&slug]).await?;
    Ok(())
}
