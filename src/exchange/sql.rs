//! SQL of imports (a staging table of the transaction's own, checks by row, one merge) and of archives.

use tokio_postgres::Client;

use super::Refusal;
use crate::config::City;
use crate::db::Ident;
use crate::error::Result;
use crate::geometry::TileAddress;
use crate::layer::{GeometryType, Layer, Property};

/// Makes the staging table.
pub async fn stage(client: &Client, layer: &Layer) -> Result<()> {
    let columns: String = layer
        .properties
        .iter()
        .map(|property| format!(", {} {}", property.column(), property.kind.column()))
        .collect();
    let text = format!(
        "set local statement_timeout = 0;
         create temporary table staged (
           row_number bigint not null, fault text, geometry geometry{columns},
           place geometry, found_id bigint
         ) on commit drop"
    );
    Ok(client.batch_execute(&text).await?)
}

/// COPY into the staging table.
pub fn copy_statement(layer: &Layer) -> String {
    let columns: String =
        layer.properties.iter().map(|property| format!(", {}", property.column())).collect();
    format!("copy staged (row_number, fault, geometry{columns}) from stdin")
}

/// COPY into the layer itself: geometry, then these properties.
pub fn copy_layer_statement(layer: &Layer, names: &[&str]) -> String {
    let columns: String = names.iter().map(|name| format!(", {}", Ident::new(name))).collect();
    format!("copy {} (geometry{columns}) from stdin", layer.table())
}

/// Whether the layer has no row.
pub async fn is_empty(client: &Client, layer: &Layer) -> Result<bool> {
    let text = format!("select not exists (select from {})", layer.table());
    Ok(client.query_one(&text, &[]).await?.get(0))
}

/// Gathers statistics after a large load.
pub async fn analyze(client: &Client, layer: &Layer) -> Result<()> {
    Ok(client.batch_execute(&format!("analyze {}", layer.table())).await?)
}

/// Brings geometries into the city's system and marks the rows that an edit would refuse.
pub async fn check(client: &Client, layer: &Layer, city: &City, key: Option<&str>) -> Result<()> {
    let [west, south, east, north] = city.bounds;
    let srid = city.srid;
    let multi = match layer.geometry {
        GeometryType::Point => "",
        _ => "st_multi",
    };
    let text = format!(
        "update staged set fault = 'the coordinates are out of reach'
         where fault is null and greatest(abs(st_xmin(geometry)), abs(st_xmax(geometry)),
                                          abs(st_ymin(geometry)), abs(st_ymax(geometry))) > 2e7;
         update staged set
           place = st_transform(st_centroid(st_envelope(geometry)), 4326)
         where fault is null and geometry is not null and not st_isempty(geometry);
         update staged set fault = 'the geometry is empty'
         where fault is null and st_isempty(geometry);
         update staged set fault = 'the geometry leaves the bounds of the municipality'
         where fault is null
           and not (st_transform(st_envelope(geometry), 4326)
                    @ st_makeenvelope({west}, {south}, {east}, {north}, 4326));
         update staged set geometry = {multi}(st_transform(st_force2d(geometry), {srid}))
         where fault is null and geometry is not null;
         update staged set fault = 'the geometry is not valid: ' || d.reason,
           place = coalesce(st_transform(st_setsrid(d.location, {srid}), 4326), place)
         from (
           select s.row_number as bad_row, (st_isvaliddetail(s.geometry)).*
           from staged s where s.fault is null and s.geometry is not null
         ) d
         where d.bad_row = row_number and not d.valid"
    );
    client.batch_execute(&text).await?;
    for property in &layer.properties {
        let column = property.column();
        if property.required {
            let text = format!(
                "update staged set fault = '{} wants a value' where fault is null and {column} is null",
                property.name
            );
            client.batch_execute(&text).await?;
        }
        if property.unique || key == Some(property.name.as_str()) {
            unique(client, layer, property, key == Some(property.name.as_str())).await?;
        }
    }
    Ok(())
}

/// Repeated values, empty keys, and values that another feature has.
async fn unique(client: &Client, layer: &Layer, property: &Property, is_key: bool) -> Result<()> {
    let (column, name) = (property.column(), &property.name);
    let mut text = format!(
        "update staged s set fault = 'the {name} ' || s.{column} || ' stands in row '
                || d.first || ' too'
         from (
           select {column} as value, min(row_number) as first, count(*) as times
           from staged where fault is null and {column} is not null group by {column}
         ) d
         where s.{column} = d.value and d.times > 1 and s.row_number <> d.first
           and s.fault is null;"
    );
    if is_key {
        text.push_str(&format!(
            "update staged set fault = 'the key {name} is empty'
             where fault is null and {column} is null;
             update staged s set found_id = t.id
             from {table} t
             where s.fault is null and t.{column} = s.{column};
             update staged s set fault = 'the {name} ' || s.{column} || ' stands for several features'
             where s.fault is null
               and (select count(*) from {table} t where t.{column} = s.{column}) > 1;",
            table = layer.table(),
        ));
    }
    Ok(client.batch_execute(&text).await?)
}

/// Marks the rows that break a rule of the layer, as an edit would be refused. A row that changes no
/// geometry is left alone; of two rows that overlap, the first one stays.
async fn rules(client: &Client, layer: &Layer) -> Result<()> {
    let table = layer.table();
    let rules = &layer.rules;
    if rules.is_empty() {
        return Ok(());
    }
    let mut text = format!(
        "create temporary table drawn on commit drop as
           select s.row_number, s.geometry, s.found_id from staged s
           where s.fault is null and s.geometry is not null and not exists (
             select from {table} t where t.id = s.found_id and t.geometry is not distinct from s.geometry);
         create index on drawn using gist (geometry);
         analyze drawn;"
    );
    if let Some(least) = rules.min_area_m2 {
        text.push_str(&format!(
            "update staged s set fault = round(st_area(d.geometry)::numeric, 2)
                    || ' m² is less than the {least} m² of the rule'
             from drawn d
             where d.row_number = s.row_number and s.fault is null and st_area(d.geometry) < {least};"
        ));
    }
    if let Some(inside) = &rules.inside {
        text.push_str(&format!(
            "update staged s set fault = 'it does not lie inside the layer {layer}'
             from drawn d
             where d.row_number = s.row_number and s.fault is null
               and not exists (
                 select from {other} b
                 where b.{column} && d.geometry and st_covers(b.{column}, d.geometry))
               and not coalesce(st_covers((
                 select st_buffer(st_union(b.{column}), {reach}) from {other} b
                 where b.{column} && st_expand(d.geometry, {reach})), d.geometry), false);",
            layer = inside.layer,
            other = inside.table,
            column = inside.geometry,
            reach = inside.tolerance_m,
        ));
    }
    client.batch_execute(&text).await?;
    if let Some(sliver) = rules.overlap_m2 {
        overlaps(client, layer, sliver).await?;
    }
    Ok(client.batch_execute("drop table drawn").await?)
}

/// Marks rows until none is left that overlaps what will stand beside it.
async fn overlaps(client: &Client, layer: &Layer, sliver: f64) -> Result<()> {
    crate::feature::take_turn(client, layer).await?;
    let stand = format!(
        "update staged s set fault = 'it overlaps the feature ' || b.ids || ': '
                || round(b.m2::numeric, 2) || ' m² are shared'
         from (
           select row_number, string_agg(id::text, ', ' order by id) as ids, sum(m2) as m2
           from (
             select d.row_number, t.id, st_area(st_intersection(d.geometry, t.geometry)) as m2
             from drawn d
             join {table} t on t.geometry && d.geometry and st_intersects(t.geometry, d.geometry)
             where not exists (
               select from drawn o join staged p on p.row_number = o.row_number
               where o.found_id = t.id and p.fault is null)
           ) c where m2 > $1 group by row_number
         ) b
         where b.row_number = s.row_number and s.fault is null",
        table = layer.table(),
    );
    let come = "update staged s set fault = 'it overlaps row ' || b.other || ': '
                || round(b.m2::numeric, 2) || ' m² are shared'
         from (
           select distinct on (row_number) row_number, other, m2 from (
             select d.row_number, e.row_number as other,
                    st_area(st_intersection(d.geometry, e.geometry)) as m2
             from drawn d
             join drawn e on e.geometry && d.geometry and e.row_number < d.row_number
               and st_intersects(e.geometry, d.geometry)
             join staged f on f.row_number = e.row_number and f.fault is null
           ) c where m2 > $1 order by row_number, other
         ) b
         where b.row_number = s.row_number and s.fault is null";
    loop {
        let marked =
            client.execute(&stand, &[&sliver]).await? + client.execute(come, &[&sliver]).await?;
        if marked == 0 {
            return Ok(());
        }
    }
}

/// What a merge did.
#[derive(Debug, Default)]
pub struct Counts {
    pub inserted: i64,
    pub updated: i64,
    pub unchanged: i64,
    pub refused: i64,
}

/// Writes what is new or different, in one go.
pub async fn merge(
    client: &Client,
    layer: &Layer,
    mapped: &[&Property],
    key: Option<&str>,
) -> Result<Counts> {
    let table = layer.table();
    let columns: Vec<String> = std::iter::once("geometry".to_string())
        .chain(mapped.iter().map(|property| property.column().to_string()))
        .collect();
    let row = |of: &str| {
        let list: Vec<String> = columns.iter().map(|column| format!("{of}.{column}")).collect();
        list.join(", ")
    };
    // Without a key a row that stands already, equal in all that the file says, is unchanged. A unique
    // value of another feature is a refusal, not a failure of the whole file.
    if key.is_none() {
        let same: Vec<String> =
            columns.iter().map(|c| format!("t.{c} is not distinct from s.{c}")).collect();
        let text = format!(
            "update staged s set found_id = t.id
             from {table} t
             where s.fault is null and t.geometry && s.geometry and {}",
            same.join(" and ")
        );
        client.batch_execute(&text).await?;
        for property in layer.properties.iter().filter(|property| property.unique) {
            let (column, name) = (property.column(), &property.name);
            let text = format!(
                "update staged s set fault = 'the {name} ' || s.{column} || ' exists: use --key {name}'
                 from {table} t
                 where s.fault is null and s.found_id is null and t.{column} = s.{column}"
            );
            client.batch_execute(&text).await?;
        }
    }
    rules(client, layer).await?;
    let updated = if key.is_some() {
        let set: Vec<String> = columns.iter().map(|c| format!("{c} = s.{c}")).collect();
        let text = format!(
            "update {table} t set {}
             from staged s
             where s.found_id = t.id and s.fault is null
               and row({}) is distinct from row({})",
            set.join(", "),
            row("t"),
            row("s"),
        );
        client.execute(&text, &[]).await? as i64
    } else {
        0
    };
    let text = format!(
        "insert into {table} ({}) select {} from staged s
         where s.fault is null and s.found_id is null order by s.row_number",
        columns.join(", "),
        row("s"),
    );
    let inserted = client.execute(&text, &[]).await? as i64;
    let counted = client
        .query_one(
            "select count(*) filter (where fault is null and found_id is not null),
                    count(*) filter (where fault is not null)
             from staged",
            &[],
        )
        .await?;
    let known: i64 = counted.get(0);
    Ok(Counts { inserted, updated, unchanged: known - updated, refused: counted.get(1) })
}

/// The refused rows, the first ones.
pub async fn refusals(client: &Client, limit: i64) -> Result<Vec<Refusal>> {
    let rows = client
        .query(
            "select row_number, fault, case when not st_isempty(place) then st_astext(place, 6) end
             from staged where fault is not null order by row_number limit $1",
            &[&limit],
        )
        .await?;
    Ok(rows
        .iter()
        .map(|row| Refusal { row: row.get(0), reason: row.get(1), place: row.get(2) })
        .collect())
}

/// Tables of an MBTiles archive; everything up to [`finish_mbtiles`] is one transaction of SQLite.
pub fn start_mbtiles(archive: &rusqlite::Connection) -> rusqlite::Result<()> {
    archive.execute_batch(
        "pragma journal_mode = off;
         pragma synchronous = off;
         pragma application_id = 0x4d504258;
         begin;
         create table metadata (name text, value text);
         create table tiles (
           zoom_level integer, tile_column integer, tile_row integer, tile_data blob,
           primary key (zoom_level, tile_column, tile_row)
         ) without rowid",
    )
}

/// One line of the description of an MBTiles archive.
pub fn describe_mbtiles(
    archive: &rusqlite::Connection,
    name: &str,
    value: &str,
) -> rusqlite::Result<()> {
    archive.execute("insert into metadata (name, value) values (?1, ?2)", [name, value])?;
    Ok(())
}

/// One tile; rows of MBTiles count from the south.
pub fn add_mbtile(
    archive: &rusqlite::Connection,
    at: TileAddress,
    bytes: &[u8],
) -> rusqlite::Result<()> {
    let row = (1u32 << at.z()) - 1 - at.row();
    archive
        .prepare_cached("insert into tiles values (?1, ?2, ?3, ?4)")?
        .execute(rusqlite::params![at.z(), at.col(), row, bytes])?;
    Ok(())
}

/// Ends the writing.
pub fn finish_mbtiles(archive: &rusqlite::Connection) -> rusqlite::Result<()> {
    archive.execute_batch("commit")
}
