//! SQL of change sets and lineage. Identifiers come from layer files, values are always parameters.

use std::collections::{BTreeSet, HashMap};

use tokio_postgres::Client;

use crate::error::Result;
use crate::layer::Layer;

/// Writes the change set and lets the running transaction's changes name it; its id.
pub async fn open(
    client: &Client,
    layer: &Layer,
    actor: &str,
    comment: Option<&str>,
    [inserted, replaced, updated, deleted]: [i32; 4],
) -> Result<i64> {
    let row = client
        .query_one(
            "with made as (
               insert into imgis.changeset
                 (layer, actor, comment, inserted, replaced, updated, deleted)
               values ($1, $2, $3, $4, $5, $6, $7) returning id
             )
             select id, set_config('imgis.changeset', id::text, true) from made",
            &[&layer.id, &actor, &comment, &inserted, &replaced, &updated, &deleted],
        )
        .await?;
    Ok(row.get(0))
}

/// Geometries as EWKB, by id.
pub async fn lands(
    client: &Client,
    layer: &Layer,
    ids: &[i64],
) -> Result<HashMap<i64, Option<Vec<u8>>>> {
    let text = format!("select id, st_asewkb(geometry) from {} where id = any($1)", layer.table());
    let rows = client.query(&text, &[&ids]).await?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

/// Land before and after, m².
pub struct Balance {
    pub before_m2: f64,
    /// The sum of what the features have now, each by itself.
    pub after_m2: f64,
    /// What lies in one of them only.
    pub difference_m2: f64,
    /// Where.
    pub place: Option<String>,
}

/// Compares lands with the geometries that features have now.
pub async fn balance(
    client: &Client,
    layer: &Layer,
    from: &[Option<Vec<u8>>],
    to: &[i64],
) -> Result<Balance> {
    let text = format!(
        "with old as (
           select st_union(st_geomfromewkb(land)) as land from unnest($1::bytea[]) as f(land)
         ), new as (
           select st_union(geometry) as land, coalesce(sum(st_area(geometry)), 0) as m2
           from {table} where id = any($2)
         ), compared as materialized (
           select old.land, new.m2,
                  case when old.land is null then new.land when new.land is null then old.land
                       else st_symdifference(old.land, new.land) end as apart
           from old, new
         )
         select coalesce(st_area(land), 0), m2, coalesce(st_area(apart), 0),
                case when not st_isempty(apart)
                     then st_astext(st_transform(st_pointonsurface(apart), 4326), 6) end
         from compared",
        table = layer.table(),
    );
    let row = client.query_one(&text, &[&from, &to]).await?;
    Ok(Balance {
        before_m2: row.get(0),
        after_m2: row.get(1),
        difference_m2: row.get(2),
        place: row.get(3),
    })
}

/// Keeps who got the land of whom; the features that got some.
pub async fn record(
    client: &Client,
    layer: &Layer,
    changeset: i64,
    kind: &str,
    from: &[i64],
    lands: &[Option<Vec<u8>>],
    to: &[i64],
) -> Result<BTreeSet<i64>> {
    let share = match layer.has_area() {
        true => "st_area(st_intersection(st_geomfromewkb(f.land), t.geometry))",
        false => "null::float8",
    };
    let text = format!(
        "insert into imgis.lineage (changeset, layer, from_id, to_id, kind, share_m2)
         select $1, $2, from_id, to_id, $3, share from (
           select f.id as from_id, t.id as to_id, {share} as share
           from unnest($4::bigint[], $5::bytea[]) as f(id, land)
           cross join {table} t
           where t.id = any($6)
         ) s
         where share is null or share > 0.01
         on conflict (changeset, from_id, to_id) do nothing
         returning to_id",
        table = layer.table(),
    );
    let rows = client.query(&text, &[&changeset, &layer.id, &kind, &from, &lands, &to]).await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}
