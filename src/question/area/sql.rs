//! SQL of areas: the features inside cut by the area, and how they cover it.
//!
//! An area with many vertices is parted before features are cut by it; what is covered is united square by
//! square, so that no union grows.

use tokio_postgres::Client;
use tokio_postgres::types::Type;

use super::super::place::Shape;
use super::super::sql::rows;
use super::super::target::Target;
use crate::config::{City, limit};
use crate::db::Params;
use crate::error::{Error, Result};

/// m² by which pieces of one square may exceed their union before they are looked at one by one.
const DOUBLE_M2: f64 = 1e-6;

/// What of one class lies inside.
pub struct Class {
    pub class: Option<String>,
    pub count: i64,
    /// m², or m of lines, or points.
    pub inside: f64,
    pub whole: f64,
}

/// What lies inside, by class, the largest first.
pub struct Classes {
    pub classes: Vec<Class>,
    pub slivers: i64,
    pub slivers_m2: f64,
    pub sliver_ids: Vec<i64>,
}

/// Measures the features inside an area, each cut by it.
pub async fn classes(
    client: &Client,
    target: &Target,
    city: &City,
    shape: &Shape,
    sliver_m2: f64,
) -> Result<Classes> {
    let mut params = Params::default();
    let q = params.push(shape.ewkb.clone(), Type::BYTEA);
    let rows = rows(target, city, &mut params)?;
    let hit = match target.dimension() {
        2 => {
            let vertices = params.push(limit::QUESTION_PART_VERTICES, Type::INT4);
            let least = params.push(sliver_m2, Type::FLOAT8);
            // Area over half the perimeter is the mean width.
            let half = if sliver_m2 > 0.0 { limit::SLIVER_WIDTH_M / 2.0 } else { 0.0 };
            let width = params.push(half, Type::FLOAT8);
            format!(
                "part as materialized (select p as g from q, st_subdivide(q.g, ${vertices}) p),
                 hit as materialized (
                   select l.id, l.class, l.whole, i.inside,
                          w.covered or (i.inside > 0 and i.inside >= ${least}
                                        and i.inside >= ${width} * i.edge) as kept
                   from q
                   join {rows} l on l.geometry && q.g and st_intersects(l.geometry, q.g)
                   cross join lateral (
                     select st_coveredby(l.geometry, q.g) as covered offset 0
                   ) w
                   cross join lateral (
                     select case when w.covered then l.whole else coalesce(sum(st_area(c.g)), 0)
                            end as inside,
                            coalesce(sum(st_perimeter(c.g)), 0) as edge
                     from part p
                     cross join lateral (select st_intersection(l.geometry, p.g) as g) c
                     where not w.covered and l.geometry && p.g and st_intersects(l.geometry, p.g)
                   ) i
                 )"
            )
        }
        1 => format!(
            "hit as materialized (
               select l.id, l.class, l.whole, i.inside, i.inside > 0 as kept
               from q
               join {rows} l on l.geometry && q.g and st_intersects(l.geometry, q.g)
               cross join lateral (
                 select case when st_coveredby(l.geometry, q.g) then l.whole
                        else st_length(st_intersection(l.geometry, q.g)) end as inside offset 0
               ) i
             )"
        ),
        _ => format!(
            "hit as materialized (
               select l.id, l.class, l.whole, l.whole as inside, true as kept
               from q
               join {rows} l on l.geometry && q.g and st_intersects(l.geometry, q.g)
             )"
        ),
    };
    let most = params.push(limit::QUESTION_CLASSES_MAX as i64 + 1, Type::INT8);
    let text = format!(
        "with q as materialized (select st_geomfromewkb(${q}) as g), {hit}
         select class, count(*) filter (where kept), coalesce(sum(inside) filter (where kept), 0),
                coalesce(sum(whole) filter (where kept), 0),
                count(*) filter (where not kept and inside > {DOUBLE_M2}),
                coalesce(sum(inside) filter (where not kept), 0),
                array_agg(id) filter (where not kept and inside > 0)
         from hit group by class order by 3 desc, 1 limit ${most}"
    );
    let found = params.query(client, &text).await?;
    let mut all =
        Classes { classes: Vec::new(), slivers: 0, slivers_m2: 0.0, sliver_ids: Vec::new() };
    for row in found {
        let class =
            Class { class: row.get(0), count: row.get(1), inside: row.get(2), whole: row.get(3) };
        all.slivers += row.get::<_, i64>(4);
        all.slivers_m2 += row.get::<_, f64>(5);
        all.sliver_ids.extend(row.get::<_, Option<Vec<i64>>>(6).unwrap_or_default());
        if class.count > 0 {
            all.classes.push(class);
        }
    }
    Ok(all)
}

/// How an area is covered by the features of a layer.
pub struct Cover {
    pub uncovered_m2: f64,
    /// m² under a second, third … feature, counted each time.
    pub double_m2: f64,
    /// m² of land under more than one feature.
    pub double_land_m2: f64,
    /// WKB of the two, when asked for.
    pub uncovered: Option<Vec<u8>>,
    pub double: Option<Vec<u8>>,
}

/// Measures what nothing covers and what is covered again, square by square.
pub async fn cover(
    client: &Client,
    target: &Target,
    city: &City,
    shape: &Shape,
    slivers: &[i64],
    drawn: bool,
) -> Result<Cover> {
    let mut params = Params::default();
    let q = params.push(shape.ewkb.clone(), Type::BYTEA);
    let rows = rows(target, city, &mut params)?;
    let vertices = params.push(limit::QUESTION_PART_VERTICES, Type::INT4);
    let side = params.push(limit::QUESTION_CELL_M, Type::FLOAT8);
    let left_out = params.push(slivers.to_vec(), Type::INT8_ARRAY);
    let united = |from: &str| match drawn {
        true => format!(
            "(select st_asbinary(st_multi(st_collectionextract(st_union(g), 3))) from {from}
              having not st_isempty(st_union(g)))"
        ),
        false => "null::bytea".into(),
    };
    let text = format!(
        "with q as materialized (select st_geomfromewkb(${q}) as g),
         part as materialized (
           select p as g, greatest(st_xmax(p) - st_xmin(p), st_ymax(p) - st_ymin(p)) > ${side} as big
           from q, st_subdivide(q.g, ${vertices}) p
         ),
         cell as materialized (
           select g from part where not big
           union all
           select c.g
           from part p
           cross join lateral st_squaregrid(${side}, p.g) s
           cross join lateral (
             select st_collectionextract(st_intersection(s.geom, p.g), 3) as g offset 0
           ) c
           where p.big and st_intersects(s.geom, p.g) and not st_isempty(c.g)
         ),
         sums as materialized (
           select cell.g, u.u, u.m2, case when u.m2 - st_area(u.u) > {DOUBLE_M2} then u.pieces end as pieces
           from cell
           cross join lateral (
             select st_union(p.g) as u, sum(st_area(p.g)) as m2, array_agg(p.g) as pieces
             from (
               select case when st_coveredby(l.geometry, cell.g) then l.geometry
                      else st_collectionextract(st_intersection(l.geometry, cell.g), 3) end as g
               from {rows} l
               where l.geometry && cell.g and st_intersects(l.geometry, cell.g)
                 and l.id <> all(${left_out})
             ) p
           ) u
         ),
         free as materialized (
           select case when u is null then g
                  else st_collectionextract(st_difference(g, u), 3) end as g
           from sums
         ),
         twice as materialized (
           select t.g
           from sums s
           cross join lateral (
             select st_union(st_collectionextract(st_intersection(a.g, b.g), 3)) as g
             from unnest(s.pieces) with ordinality a (g, i)
             join unnest(s.pieces) with ordinality b (g, i)
               on a.i < b.i and a.g && b.g and st_intersects(a.g, b.g)
           ) t
           where s.pieces is not null and t.g is not null
         )
         select coalesce((select sum(st_area(g)) from free), 0),
                coalesce(sum(m2) - sum(st_area(u)), 0),
                coalesce((select sum(st_area(g)) from twice), 0), {free}, {twice}
         from sums",
        free = united("free"),
        twice = united("twice"),
    );
    let rows = params.query(client, &text).await?;
    let row = rows.first().ok_or_else(|| Error::internal("no row"))?;
    Ok(Cover {
        uncovered_m2: row.get(0),
        double_m2: row.get(1),
        double_land_m2: row.get(2),
        uncovered: row.get(3),
        double: row.get(4),
    })
}

/// The united pieces of each class inside an area, WKB.
pub async fn class_shapes(
    client: &Client,
    target: &Target,
    city: &City,
    shape: &Shape,
    slivers: &[i64],
) -> Result<Vec<(Option<String>, Vec<u8>)>> {
    let mut params = Params::default();
    let q = params.push(shape.ewkb.clone(), Type::BYTEA);
    let rows = rows(target, city, &mut params)?;
    let left_out = params.push(slivers.to_vec(), Type::INT8_ARRAY);
    let (unite, kind) = if target.dimension() == 2 { ("st_union", 3) } else { ("st_collect", 2) };
    let text = format!(
        "with q as materialized (select st_geomfromewkb(${q}) as g),
         piece as (
           select l.class, case when st_coveredby(l.geometry, q.g) then l.geometry
                           else st_intersection(l.geometry, q.g) end as g
           from q
           join {rows} l on l.geometry && q.g and st_intersects(l.geometry, q.g)
           where l.id <> all(${left_out})
         ),
         class as (
           select class, st_multi(st_collectionextract({unite}(g), {kind})) as g
           from piece group by class
         )
         select class, st_asbinary(g) from class where not st_isempty(g)"
    );
    let rows = params.query(client, &text).await?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}
