//! SQL of applications, and the only writer of their derived layers.

use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::{Value as Json, json};
use tokio_postgres::{Client, Row};

use super::Arrival;
use crate::config::City;
use crate::db::Ident;
use crate::error::{Error, Result};
use crate::layer::{Catalogue, GeometryType, Layer};

/// Keeps an arrival; `None` when its key is there already.
pub async fn keep(
    client: &Client,
    actor: &str,
    arrival: &Arrival<'_>,
    sha256: &[u8],
) -> Result<Option<i64>> {
    let row = client
        .query_opt(
            "insert into imgis.intake
                 (channel, content_type, body, body_sha256, idempotency_key, actor)
             values ($1, $2, $3, $4, $5, $6)
             on conflict on constraint intake_idempotency do nothing
             returning id",
            &[
                &arrival.channel,
                &arrival.content_type,
                &arrival.body,
                &sha256,
                &arrival.idempotency_key,
                &actor,
            ],
        )
        .await?;
    Ok(row.map(|row| row.get(0)))
}

/// An arrival with this key: id, whether its body is the same, the receipt it got.
pub async fn kept(
    client: &Client,
    channel: &str,
    key: &str,
    sha256: &[u8],
) -> Result<(i64, bool, Option<Json>)> {
    let row = client
        .query_one(
            "select i.id, i.body_sha256 = $3, a.receipt
             from imgis.intake i
             left join imgis.application a on a.id = i.application_id
             where i.channel = $1 and i.idempotency_key = $2",
            &[&channel, &key, &sha256],
        )
        .await?;
    Ok((row.get(0), row.get(1), row.get(2)))
}

/// Locks an arrival for registration; the receipt, if somebody else was first.
pub async fn lock_intake(client: &Client, id: i64) -> Result<Option<Json>> {
    // `for update` needs a right on a column that the server may write.
    client.execute("update imgis.intake set state = state where id = $1", &[&id]).await?;
    let row = client
        .query_one(
            "select a.receipt
             from imgis.intake i
             left join imgis.application a on a.id = i.application_id
             where i.id = $1",
            &[&id],
        )
        .await?;
    Ok(row.get(0))
}

/// Marks an arrival as failed.
pub async fn fail(client: &Client, id: i64, reason: &str) -> Result<()> {
    client
        .execute(
            "update imgis.intake set state = 'failed', reason = $2
             where id = $1 and application_id is null",
            &[&id, &reason],
        )
        .await?;
    Ok(())
}

/// `2026-EP-000123`; gaps are allowed.
pub async fn next_number(client: &Client, year: i16, code: &str) -> Result<String> {
    let row = client.query_one("select nextval('imgis.application_series')", &[]).await?;
    let number: i64 = row.get(0);
    Ok(format!("{year}-{code}-{number:06}"))
}

/// A new case.
pub struct Application<'a> {
    pub number: &'a str,
    pub service: &'a str,
    pub division: &'a str,
    pub applicant: &'a Json,
    pub subject: Option<&'a str>,
    pub submitted_at: Timestamp,
    pub received_on: Date,
    pub due_on: Option<Date>,
    pub deadline: &'a Json,
}

/// Inserts a case with the status `registered`.
pub async fn insert(client: &Client, new: &Application<'_>) -> Result<i64> {
    let row = client
        .query_one(
            "insert into imgis.application
                 (number, service, division, status, applicant, subject, submitted_at,
                  received_on, due_on, deadline)
             values ($1, $2, $3, 'registered', $4, $5, $6, $7, $8, $9)
             returning id",
            &[
                &new.number,
                &new.service,
                &new.division,
                &new.applicant,
                &new.subject,
                &new.submitted_at,
                &new.received_on,
                &new.due_on,
                &new.deadline,
            ],
        )
        .await?;
    Ok(row.get(0))
}

/// The land of an application.
pub struct Site {
    pub id: i64,
    pub area_m2: f64,
    pub source: String,
    pub outside_share: Option<f64>,
    pub geometry: Json,
}

const SITE: &str = "returning id, round(area_m2::numeric, 2)::float8, source,
    st_asgeojson(st_forcepolygonccw(st_transform(geometry, 4326)), 7, 0)::json";

fn site(row: &Row) -> Site {
    Site {
        id: row.get(0),
        area_m2: row.get(1),
        source: row.get(2),
        outside_share: None,
        geometry: row.get(3),
    }
}

/// Why a geometry is not valid, and where (CRS84).
pub async fn defect(client: &Client, ewkb: &[u8]) -> Result<Option<(String, String)>> {
    let row = client
        .query_one(
            "select d.valid, d.reason, st_astext(d.location, 6)
             from st_isvaliddetail(st_geomfromewkb($1)) d",
            &[&ewkb],
        )
        .await?;
    let valid: bool = row.get(0);
    Ok((!valid).then(|| {
        let text = |at: usize| row.get::<_, Option<String>>(at).unwrap_or_default();
        (text(1), text(2))
    }))
}

/// A drawn site, into the city's system.
pub async fn drawn_site(client: &Client, id: i64, ewkb: &[u8], srid: i32) -> Result<Site> {
    let text = format!(
        "insert into imgis.site (application_id, version, source, area_m2, geometry)
         select $1, 1, 'geojson', st_area(g), g
         from (select st_multi(st_transform(st_force2d(st_geomfromewkb($2)), {srid})) as g) s
         {SITE}"
    );
    Ok(site(&client.query_one(&text, &[&id, &ewkb]).await?))
}

/// Which of these parcels have a boundary.
pub async fn parcels(
    client: &Client,
    layer: &Layer,
    key: &str,
    numbers: &[&str],
) -> Result<Vec<String>> {
    let key = Ident::new(key);
    let text = format!(
        "select {key} from {} where {key} = any($1) and geometry is not null order by {key}",
        layer.table()
    );
    Ok(client.query(&text, &[&numbers]).await?.iter().map(|row| row.get(0)).collect())
}

/// A site of whole parcels.
pub async fn parcel_site(
    client: &Client,
    id: i64,
    layer: &Layer,
    key: &str,
    numbers: &[&str],
    srid: i32,
) -> Result<Site> {
    let text = format!(
        "insert into imgis.site (application_id, version, source, area_m2, geometry)
         select $1, 1, 'parcels', st_area(g), g
         from (
           select st_setsrid(st_multi(st_union(geometry)), {srid}) as g
           from {} where {} = any($2)
         ) s
         {SITE}",
        layer.table(),
        Ident::new(key),
    );
    Ok(site(&client.query_one(&text, &[&id, &numbers]).await?))
}

/// The share of a site outside the municipality. `None`: no boundary of kind `city` is known; then the
/// bounds of the municipality file decide whether it is wholly outside.
pub async fn outside_share(
    client: &Client,
    catalogue: &Catalogue,
    city: &City,
    site: i64,
) -> Result<Option<f64>> {
    if catalogue.layer("municipal_boundary").is_some_and(|layer| layer.property("kind").is_some()) {
        let row = client
            .query_one(
                "select 1 - sum(st_area(st_intersection(b.geometry, s.geometry))) / s.area_m2
                 from imgis.site s
                 cross join (
                   select geometry from layer.municipal_boundary where kind = 'city'
                 ) b
                 where s.id = $1
                 group by s.id, s.area_m2
                 union all
                 select null
                 limit 1",
                &[&site],
            )
            .await?;
        if let Some(share) = row.get::<_, Option<f64>>(0) {
            return Ok(Some((share.max(0.0) * 1e6).round() / 1e6));
        }
    }
    let [west, south, east, north] = city.bounds;
    let row = client
        .query_one(
            "select st_transform(geometry, 4326) && st_makeenvelope($2, $3, $4, $5, 4326)
             from imgis.site where id = $1",
            &[&site, &west, &south, &east, &north],
        )
        .await?;
    Ok((!row.get::<_, bool>(0)).then_some(1.0))
}

/// Links a site to the features of a layer. An overlap of less than 1 m², or thinner than 0.1 m along
/// its length, is a touch, not a hit.
pub async fn link(
    client: &Client,
    layer: &Layer,
    application: i64,
    site: i64,
    relation: &str,
    provenance: &str,
) -> Result<()> {
    let hit = match layer.geometry {
        GeometryType::MultiPolygon => "o.m2 >= 1 and o.m2 >= 0.05 * st_perimeter(o.g)",
        GeometryType::MultiLineString => "st_length(o.g) >= 0.1",
        GeometryType::Point => "true",
    };
    let text = format!(
        "insert into imgis.link
             (application_id, site_id, layer, feature_id, title, relation, provenance,
              overlap_m2, share)
         select $1, s.id, '{name}', l.{id}, {title}, $3, $4,
                case when st_dimension(l.{g}) = 2 then round(o.m2::numeric, 2)::float8 end,
                case when st_dimension(l.{g}) = 2
                  then round((o.m2 / nullif(s.area_m2, 0))::numeric, 6)::float8 end
         from imgis.site s
         join {table} l on l.{g} && s.geometry and st_intersects(l.{g}, s.geometry)
         cross join lateral (
           select i.g, st_area(i.g) as m2 from (select st_intersection(l.{g}, s.geometry) as g) i
         ) o
         where s.id = $2 and {hit}
         on conflict on constraint link_once do nothing",
        name = layer.id,
        id = layer.id_column(),
        title = title(layer),
        g = layer.geometry_column(),
        table = layer.table(),
    );
    client.execute(&text, &[&application, &site, &relation, &provenance]).await?;
    Ok(())
}

fn title(layer: &Layer) -> String {
    match &layer.title_property {
        Some(name) => format!("l.{}::text", Ident::new(name)),
        None => "null".into(),
    }
}

/// The links of an application, subjects first, the largest first.
pub async fn links(client: &Client, application: i64) -> Result<Vec<Json>> {
    let rows = client
        .query(
            "select layer, feature_id, title, relation, provenance, overlap_m2, share
             from imgis.link
             where application_id = $1
             order by relation <> 'subject', layer, overlap_m2 desc nulls last, feature_id
             limit 1000",
            &[&application],
        )
        .await?;
    Ok(rows
        .iter()
        .map(|row| {
            json!({
                "layer": row.get::<_, String>(0),
                "feature_id": row.get::<_, i64>(1),
                "title": row.get::<_, Option<String>>(2),
                "relation": row.get::<_, String>(3),
                "provenance": row.get::<_, String>(4),
                "overlap_m2": row.get::<_, Option<f64>>(5),
                "share": row.get::<_, Option<f64>>(6),
            })
        })
        .collect())
}

/// Writes the site of an application into its layer, as it stands now.
pub async fn show_site(client: &Client, layer: &Layer, application: i64) -> Result<()> {
    let known = ["number", "service", "status", "due_on", "division"];
    let names: Vec<&str> =
        known.into_iter().filter(|name| layer.property(name).is_some()).collect();
    let columns: String = names.iter().map(|name| format!(", {name}")).collect();
    let values: String = names.iter().map(|name| format!(", a.{name}")).collect();
    let set: String = names.iter().map(|name| format!(", {name} = excluded.{name}")).collect();
    let text = format!(
        "insert into {} (id, geometry{columns})
         select a.id, s.geometry{values}
         from imgis.application a
         join lateral (
           select geometry from imgis.site where application_id = a.id order by version desc limit 1
         ) s on true
         where a.id = $1
         on conflict (id) do update set geometry = excluded.geometry{set}",
        layer.table()
    );
    client.execute(&text, &[&application]).await?;
    Ok(())
}

/// Records an act.
pub async fn event(
    client: &Client,
    application: i64,
    actor: &str,
    step: &str,
    status: &str,
) -> Result<()> {
    client
        .execute(
            "insert into imgis.event (application_id, actor, step, status)
             values ($1, $2, $3, $4)",
            &[&application, &actor, &step, &status],
        )
        .await?;
    Ok(())
}

/// Ends a registration: the receipt is kept, the arrival points to its case.
pub async fn finish(client: &Client, id: i64, intake: i64, receipt: &Json) -> Result<()> {
    client
        .execute("update imgis.application set receipt = $2 where id = $1", &[&id, &receipt])
        .await?;
    client
        .execute(
            "update imgis.intake set state = 'registered', reason = null, application_id = $2
             where id = $1",
            &[&intake, &id],
        )
        .await?;
    Ok(())
}

/// One application as staff see it.
pub async fn one(client: &Client, number: &str) -> Result<Json> {
    let row = client
        .query_opt(
            "select a.id, a.number, a.service, a.status, a.applicant, a.subject,
                    a.submitted_at, a.received_on, a.due_on, a.deadline,
                    s.area_m2, s.source, s.version,
                    st_asgeojson(st_forcepolygonccw(st_transform(s.geometry, 4326)), 7, 0)::json,
                    a.receipt
             from imgis.application a
             join lateral (
               select * from imgis.site where application_id = a.id order by version desc limit 1
             ) s on true
             where a.number = $1",
            &[&number],
        )
        .await?
        .ok_or_else(|| Error::not_found("application", number))?;
    let id: i64 = row.get(0);
    let receipt: Option<Json> = row.get(14);
    Ok(json!({
        "number": row.get::<_, String>(1),
        "service": row.get::<_, String>(2),
        "status": row.get::<_, String>(3),
        "applicant": row.get::<_, Json>(4),
        "subject": row.get::<_, Option<String>>(5),
        "submitted_at": row.get::<_, Timestamp>(6).to_string(),
        "received_on": row.get::<_, Date>(7).to_string(),
        "due_on": row.get::<_, Option<Date>>(8).map(|date| date.to_string()),
        "deadline": row.get::<_, Json>(9),
        "site": {
            "area_m2": (row.get::<_, f64>(10) * 100.0).round() / 100.0,
            "source": row.get::<_, String>(11),
            "version": row.get::<_, i32>(12),
            "geometry": row.get::<_, Json>(13),
        },
        "links": links(client, id).await?,
        "events": events(client, id).await?,
        "body_sha256": receipt.map(|receipt| receipt["body_sha256"].clone()),
    }))
}

async fn events(client: &Client, application: i64) -> Result<Vec<Json>> {
    let rows = client
        .query(
            "select at, actor, step, status, note from imgis.event
             where application_id = $1 order by id limit 1000",
            &[&application],
        )
        .await?;
    Ok(rows
        .iter()
        .map(|row| {
            json!({
                "at": row.get::<_, Timestamp>(0).to_string(),
                "actor": row.get::<_, String>(1),
                "step": row.get::<_, String>(2),
                "status": row.get::<_, String>(3),
                "note": row.get::<_, Option<String>>(4),
            })
        })
        .collect())
}

/// The newest applications, and those on a feature when one is given.
pub async fn newest(client: &Client, limit: i64, on: Option<(&str, i64)>) -> Result<Vec<Json>> {
    let (layer, feature) = on.unzip();
    let rows = client
        .query(
            "select a.number, a.service, a.status, a.received_on, a.due_on,
                    st_x(c.p), st_y(c.p)
             from imgis.application a
             join lateral (
               select st_transform(st_pointonsurface(geometry), 4326) as p
               from imgis.site where application_id = a.id order by version desc limit 1
             ) c on true
             where $2::text is null or exists (
               select from imgis.link l
               where l.application_id = a.id and l.layer = $2 and l.feature_id = $3
             )
             order by a.id desc
             limit $1",
            &[&limit, &layer, &feature],
        )
        .await?;
    Ok(rows
        .iter()
        .map(|row| {
            json!({
                "number": row.get::<_, String>(0),
                "service": row.get::<_, String>(1),
                "status": row.get::<_, String>(2),
                "received_on": row.get::<_, Date>(3).to_string(),
                "due_on": row.get::<_, Option<Date>>(4).map(|date| date.to_string()),
                "center": [row.get::<_, f64>(5), row.get::<_, f64>(6)],
            })
        })
        .collect())
}
