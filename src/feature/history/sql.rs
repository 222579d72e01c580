//! SQL of histories and lineage. Identifiers come from layer files, values are always parameters.

use serde_json::Value as Json;
use tokio_postgres::{Client, Row};

use super::HistoryQuery;
use crate::config::limit;
use crate::error::{Error, Result};
use crate::feature::sql::geojson;
use crate::layer::{Layer, Property};

/// A version as the caller sees it; it may be several in the table.
pub struct Version {
    /// Numbers of its first and last row; that of the present row is greater than all.
    pub first: i64,
    pub last: i64,
    /// The feature came to be.
    pub made: bool,
    pub actor: Option<String>,
    pub changeset: Option<i64>,
    pub comment: Option<String>,
    pub valid_from: String,
    pub valid_to: Option<String>,
    /// It was the last one.
    pub deleted: bool,
    pub gone_by: Option<String>,
    pub gone_in: Option<i64>,
    pub gone_comment: Option<String>,
    /// When a feature of the same id came back after it.
    pub back_at: Option<String>,
    pub before: Json,
    pub properties: Json,
    pub drawn: bool,
    pub redrawn: bool,
    pub area_before_m2: Option<f64>,
    pub area_m2: Option<f64>,
    pub geometry: Option<String>,
}

fn version(row: &Row) -> Result<Version> {
    let json = |at: usize| -> Result<Json> {
        let text: Option<String> = row.get(at);
        text.map_or(Ok(Json::Null), |text| serde_json::from_str(&text).map_err(Error::internal))
    };
    Ok(Version {
        first: row.get(0),
        last: row.get(1),
        made: row.get(2),
        actor: row.get(3),
        changeset: row.get(4),
        comment: row.get(5),
        valid_from: row.get(6),
        valid_to: row.get(7),
        deleted: row.get(8),
        gone_by: row.get(9),
        gone_in: row.get(10),
        gone_comment: row.get(11),
        back_at: row.get(12),
        before: json(13)?,
        properties: json(14)?,
        drawn: row.get(15),
        redrawn: row.get(16),
        area_before_m2: row.get(17),
        area_m2: row.get(18),
        geometry: row.get(19),
    })
}

fn moment(expression: &str) -> String {
    format!("to_char({expression} at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')")
}

/// The present properties as the triggers write the former ones.
fn present(layer: &Layer) -> String {
    let pairs: Vec<String> = layer
        .properties
        .iter()
        .map(|property| format!("{}, {}", crate::db::literal(&property.name), property.column()))
        .collect();
    let objects: Vec<String> =
        pairs.chunks(50).map(|chunk| format!("jsonb_build_object({})", chunk.join(", "))).collect();
    if objects.is_empty() { "'{}'::jsonb".into() } else { objects.join(" || ") }
}

/// Versions, the newest first: one more than asked for when there are more.
///
/// Rows are numbered by when they were superseded, under the lock of the feature's row. A row that differs
/// from the one before in nothing that the caller may read is one version with it.
pub async fn versions(
    client: &Client,
    layer: &Layer,
    readable: &[&Property],
    id: i64,
    query: &HistoryQuery,
) -> Result<Vec<Version>> {
    let area = if layer.has_area() {
        "round(st_area(geometry)::numeric, 2)::float8"
    } else {
        "null::float8"
    };
    let shape = match query.geometry {
        Some(crs) => geojson("geometry", crs),
        None => "null::text".into(),
    };
    let area_before =
        format!("case when not made then {} end", area.replace("geometry", "geometry_before"));
    let text = format!(
        "with every as (
           select seq, op, actor, changeset, valid_from, valid_to, properties, geometry
           from imgis.feature_history where layer = $1 and feature_id = $2
           union all
           select (select coalesce(max(seq), 0) + 1 from imgis.feature_history
                   where layer = $1 and feature_id = $2),
                  null, null, null, valid_from, null, {present}, geometry
           from {table} where id = $2
         ), seen as (
           select every.*, coalesce((
                    select jsonb_object_agg(key, value) from jsonb_each(properties)
                    where key = any($3) and value <> 'null'), '{{}}') as shown
           from every
         ), compared as (
           select seen.*,
                  lag(op, 1, 'delete') over o = 'delete' as made,
                  lag(actor) over o as actor_before,
                  lag(changeset) over o as changeset_before,
                  lag(shown) over o as shown_before,
                  lag(geometry) over o as geometry_before,
                  lead(valid_from) over o as next_from
           from seen window o as (order by seq)
         ), grouped as (
           select compared.*,
                  sum(case when made or shown is distinct from shown_before
                             or geometry is distinct from geometry_before then 1 else 0 end)
                    over (order by seq) as version
           from compared
         ), joined as (
           select distinct on (version) grouped.*,
                  last_value(seq) over g as last,
                  last_value(op) over g = 'delete' as gone,
                  last_value(actor) over g as gone_by,
                  last_value(changeset) over g as gone_in,
                  last_value(valid_to) over g as until,
                  last_value(next_from) over g as back_at
           from grouped
           window g as (partition by version order by seq
                        rows between unbounded preceding and unbounded following)
           order by version, seq
         ), page as (
           select * from joined where seq * 2 < $4 order by seq desc limit $5
         )
         select seq, last, made, case when made then born.actor else actor_before end,
                case when made then born.changeset else changeset_before end,
                (select comment from imgis.changeset c
                 where c.id = case when made then born.changeset else changeset_before end),
                {valid_from}, {until}, coalesce(gone, false), gone_by, gone_in,
                (select comment from imgis.changeset c where c.id = gone_in),
                case when gone then {back_at} end,
                case when not made then shown_before::text end, shown::text,
                geometry is not null,
                geometry is distinct from case when not made then geometry_before end,
                {area_before}, {area}, {shape}
         from page
         left join lateral (
           select actor, changeset from imgis.feature_change f
           where made and f.layer = $1 and (f.feature_id = $2 or f.feature_id is null)
             and f.op = 'insert' and f.changed_at <= page.valid_from
             and (f.feature_id is not null or f.changed_at = page.valid_from)
           order by f.changed_at desc, f.feature_id nulls last, f.seq desc
           limit 1
         ) born on true
         order by seq desc",
        present = present(layer),
        table = layer.table(),
        valid_from = moment("valid_from"),
        until = moment("until"),
        back_at = moment("back_at"),
    );
    let names: Vec<&str> = readable.iter().map(|property| property.name.as_str()).collect();
    let before = query.before.unwrap_or(i64::MAX);
    let rows = client.query(&text, &[&layer.id, &id, &names, &before, &(query.limit + 1)]).await?;
    rows.iter().map(version).collect()
}

/// Whether there is, or ever was, such a feature.
pub async fn was(client: &Client, layer: &Layer, id: i64) -> Result<bool> {
    let text = format!(
        "select exists (select from {} where id = $2)
             or exists (select from imgis.feature_history where layer = $1 and feature_id = $2)",
        layer.table()
    );
    Ok(client.query_one(&text, &[&layer.id, &id]).await?.get(0))
}

/// Change set, the other feature, and whether it got the land of this one.
pub async fn direct_kin(client: &Client, layer: &Layer, id: i64) -> Result<Vec<(i64, i64, bool)>> {
    let rows = client
        .query(
            "select changeset, to_id, true from imgis.lineage where layer = $1 and from_id = $2
             union all
             select changeset, from_id, false from imgis.lineage where layer = $1 and to_id = $2
             order by 1, 2",
            &[&layer.id, &id],
        )
        .await?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect())
}

/// A feature that land came from, or went to.
#[derive(Debug)]
pub struct Kin {
    pub id: i64,
    /// The feature beside it on the way to the one asked for.
    pub beside: i64,
    pub title: Option<String>,
    /// Whether it is there now.
    pub present: bool,
    pub kind: String,
    pub at: String,
    pub changeset: i64,
    pub share_m2: Option<f64>,
    /// Steps from the feature that is asked for.
    pub steps: i32,
}

/// Descendants (`down`) or ancestors of a feature.
///
/// What came of a feature came of it by a later change set than the one that it came of: the walk ends.
pub async fn kin(
    client: &Client,
    layer: &Layer,
    title: Option<&Property>,
    id: i64,
    down: bool,
) -> Result<Vec<Kin>> {
    let (here, there, later) =
        if down { ("from_id", "to_id", ">") } else { ("to_id", "from_id", "<") };
    let (now, then) = match title {
        Some(property) => (
            format!("t.{}::text", property.column()),
            format!("h.properties ->> {}", crate::db::literal(&property.name)),
        ),
        None => ("null".into(), "null".into()),
    };
    let text = format!(
        "with recursive way as (
           select changeset, {here} as beside, {there} as id, kind, share_m2, 1 as steps
           from imgis.lineage where layer = $1 and {here} = $2
           union
           select l.changeset, l.{here}, l.{there}, l.kind, l.share_m2, w.steps + 1
           from way w
           join imgis.lineage l on l.layer = $1 and l.{here} = w.id and l.changeset {later} w.changeset
         ), once as (
           select distinct on (changeset, beside, id) * from way order by changeset, beside, id, steps
         )
         select o.id, o.beside,
                case when t.id is not null then {now} else (
                  select {then} from imgis.feature_history h
                  where h.layer = $1 and h.feature_id = o.id order by h.seq desc limit 1) end,
                t.id is not null, o.kind, {at}, o.changeset, o.share_m2, o.steps
         from once o
         join imgis.changeset c on c.id = o.changeset
         left join {table} t on t.id = o.id
         order by o.steps, o.changeset, o.id
         limit {limit}",
        at = moment("c.at"),
        table = layer.table(),
        limit = limit::LINEAGE_FEATURES,
    );
    let rows = client.query(&text, &[&layer.id, &id]).await?;
    Ok(rows
        .iter()
        .map(|row| Kin {
            id: row.get(0),
            beside: row.get(1),
            title: row.get(2),
            present: row.get(3),
            kind: row.get(4),
            at: row.get(5),
            changeset: row.get(6),
            share_m2: row.get(7),
            steps: row.get(8),
        })
        .collect())
}
