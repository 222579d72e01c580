//! SQL of GeoPackage files (SQLite, not the database of the city).
//!
//! # Source
//! OGC 12-128r18 (GeoPackage 1.3.1): tables of Annex C, triggers of the R-tree extension of Annex F.3.

use rusqlite::types::ToSql;
use rusqlite::{Connection, Result, params};

use crate::geometry::Bbox;

/// Makes the tables that every GeoPackage has; all up to [`commit`] is one transaction.
pub fn start(file: &Connection) -> Result<()> {
    file.execute_batch(
        "pragma page_size = 4096;
         pragma journal_mode = off;
         pragma synchronous = off;
         pragma locking_mode = exclusive;
         pragma cache_size = -16000;
         pragma application_id = 0x47504b47;
         pragma user_version = 10300;
         begin;
         create table gpkg_spatial_ref_sys (
           srs_name text not null, srs_id integer not null primary key, organization text not null,
           organization_coordsys_id integer not null, definition text not null, description text
         );
         create table gpkg_contents (
           table_name text not null primary key, data_type text not null, identifier text unique,
           description text default '',
           last_change datetime not null default (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
           min_x double, min_y double, max_x double, max_y double, srs_id integer,
           constraint fk_gc_r_srs_id foreign key (srs_id) references gpkg_spatial_ref_sys(srs_id)
         );
         create table gpkg_geometry_columns (
           table_name text not null, column_name text not null, geometry_type_name text not null,
           srs_id integer not null, z tinyint not null, m tinyint not null,
           constraint pk_geom_cols primary key (table_name, column_name),
           constraint uk_gc_table_name unique (table_name),
           constraint fk_gc_tn foreign key (table_name) references gpkg_contents(table_name),
           constraint fk_gc_srs foreign key (srs_id) references gpkg_spatial_ref_sys(srs_id)
         );
         create table gpkg_extensions (
           table_name text, column_name text, extension_name text not null, definition text not null,
           scope text not null, constraint ge_tce unique (table_name, column_name, extension_name)
         );
         create table gpkg_data_columns (
           table_name text not null, column_name text not null, name text, title text, description text,
           mime_type text, constraint_name text,
           constraint pk_gdc primary key (table_name, column_name),
           constraint gdc_tn unique (table_name, name)
         );
         create table gpkg_data_column_constraints (
           constraint_name text not null, constraint_type text not null, value text, min numeric,
           min_is_inclusive boolean, max numeric, max_is_inclusive boolean, description text,
           constraint gdcc_ntv unique (constraint_name, constraint_type, value)
         );
         create table gpkg_metadata (
           id integer constraint m_pk primary key asc not null, md_scope text not null default 'dataset',
           md_standard_uri text not null, mime_type text not null default 'text/xml',
           metadata text not null default ''
         );
         create table gpkg_metadata_reference (
           reference_scope text not null, table_name text, column_name text, row_id_value integer,
           timestamp datetime not null default (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
           md_file_id integer not null, md_parent_id integer,
           constraint crmr_mfi_fk foreign key (md_file_id) references gpkg_metadata(id),
           constraint crmr_mpi_fk foreign key (md_parent_id) references gpkg_metadata(id)
         );
         insert into gpkg_spatial_ref_sys values
           ('Undefined cartesian SRS', -1, 'NONE', -1, 'undefined', 'undefined cartesian coordinates'),
           ('Undefined geographic SRS', 0, 'NONE', 0, 'undefined', 'undefined geographic coordinates');
         insert into gpkg_extensions values
           ('gpkg_data_columns', null, 'gpkg_schema',
            'http://www.geopackage.org/spec130/#extension_schema', 'read-write'),
           ('gpkg_data_column_constraints', null, 'gpkg_schema',
            'http://www.geopackage.org/spec130/#extension_schema', 'read-write'),
           ('gpkg_metadata', null, 'gpkg_metadata',
            'http://www.geopackage.org/spec130/#extension_metadata', 'read-write'),
           ('gpkg_metadata_reference', null, 'gpkg_metadata',
            'http://www.geopackage.org/spec130/#extension_metadata', 'read-write')",
    )
}

/// A coordinate system, with its WKT 1.
pub fn add_system(
    file: &Connection,
    name: &str,
    srid: i32,
    organization: &str,
    definition: &str,
) -> Result<()> {
    file.execute(
        "insert into gpkg_spatial_ref_sys values (?1, ?2, ?3, ?2, ?4, null)",
        params![name, srid, organization, definition],
    )?;
    Ok(())
}

/// A name as SQL.
pub fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// The table itself; `columns` are names and types, in order, after the key.
pub fn create_table(
    file: &Connection,
    table: &str,
    key: &str,
    columns: &[(String, &str)],
) -> Result<()> {
    let columns: String =
        columns.iter().map(|(name, kind)| format!(", {} {kind}", quoted(name))).collect();
    let (table, key) = (quoted(table), quoted(key));
    let text =
        format!("create table {table} ({key} integer primary key autoincrement not null{columns})");
    file.execute_batch(&text)
}

/// Text of [`insert`]: the key and this many values.
pub fn insert_text(table: &str, values: usize) -> String {
    let marks = vec!["?"; values + 1].join(", ");
    format!("insert into {} values ({marks})", quoted(table))
}

/// One row: its key, then its values in order.
pub fn insert<'a>(
    file: &Connection,
    text: &str,
    key: i64,
    values: impl Iterator<Item = &'a dyn ToSql>,
) -> Result<()> {
    let mut statement = file.prepare_cached(text)?;
    statement.raw_bind_parameter(1, key)?;
    for (at, value) in (2..).zip(values) {
        statement.raw_bind_parameter(at, value)?;
    }
    statement.raw_execute()?;
    Ok(())
}

/// Says what the table is; `srid`: features, else attributes.
pub fn describe_table(
    file: &Connection,
    table: &str,
    title: &str,
    about: &str,
    srid: Option<i32>,
) -> Result<()> {
    let kind = if srid.is_some() { "features" } else { "attributes" };
    file.execute(
        "insert into gpkg_contents (table_name, data_type, identifier, description, srs_id)
         values (?1, ?2, ?3, ?4, ?5)",
        params![table, kind, title, about, srid],
    )?;
    Ok(())
}

/// The box around all that the table holds.
pub fn set_extent(file: &Connection, b: Bbox) -> Result<()> {
    file.execute(
        "update gpkg_contents set min_x = ?1, min_y = ?2, max_x = ?3, max_y = ?4",
        [b.west, b.south, b.east, b.north],
    )?;
    Ok(())
}

/// A column's name for people and, where it is not plain, what its text is.
pub fn describe_column(
    file: &Connection,
    table: &str,
    column: &str,
    title: &str,
    mime: Option<&str>,
) -> Result<()> {
    file.execute(
        "insert into gpkg_data_columns (table_name, column_name, title, mime_type)
         values (?1, ?2, ?3, ?4)",
        params![table, column, title, mime],
    )?;
    Ok(())
}

/// What was asked, as metadata of the whole file.
pub fn describe_file(file: &Connection, about: &str) -> Result<()> {
    file.execute(
        "insert into gpkg_metadata values
           (1, 'dataset', 'https://www.iana.org/assignments/media-types/text/plain', 'text/plain', ?1)",
        [about],
    )?;
    file.execute_batch(
        "insert into gpkg_metadata_reference (reference_scope, md_file_id) values ('geopackage', 1)",
    )
}

/// The geometry column, and its R-tree without content and without triggers.
pub fn start_index(
    file: &Connection,
    table: &str,
    column: &str,
    kind: &str,
    srid: i32,
) -> Result<()> {
    file.execute(
        "insert into gpkg_geometry_columns values (?1, ?2, ?3, ?4, 0, 0)",
        params![table, column, kind, srid],
    )?;
    file.execute(
        "insert into gpkg_extensions values
           (?1, ?2, 'gpkg_rtree_index', 'http://www.geopackage.org/spec130/#extension_rtree',
            'write-only')",
        [table, column],
    )?;
    let index = quoted(&format!("rtree_{table}_{column}"));
    file.execute_batch(&format!(
        "create virtual table {index} using rtree(id, minx, maxx, miny, maxy)"
    ))
}

/// Text of [`index`].
pub fn index_text(table: &str, column: &str) -> String {
    format!("insert into {} values (?, ?, ?, ?, ?)", quoted(&format!("rtree_{table}_{column}")))
}

/// One box of the R-tree.
pub fn index(file: &Connection, text: &str, key: i64, b: Bbox) -> Result<()> {
    file.prepare_cached(text)?.execute(params![key, b.west, b.east, b.south, b.north])?;
    Ok(())
}

/// Triggers by which whoever edits the file keeps its R-tree true.
pub fn keep_index(file: &Connection, table: &str, column: &str, key: &str) -> Result<()> {
    let name = |end: &str| quoted(&format!("rtree_{table}_{column}{end}"));
    let (rtree, t, c, i) = (name(""), quoted(table), quoted(column), quoted(key));
    let put = format!(
        "insert or replace into {rtree} values (
           new.{i}, st_minx(new.{c}), st_maxx(new.{c}), st_miny(new.{c}), st_maxy(new.{c}));"
    );
    let full = format!("new.{c} not null and not st_isempty(new.{c})");
    let empty = format!("(new.{c} is null or st_isempty(new.{c}))");
    let text = format!(
        "create trigger {insert} after insert on {t} when ({full}) begin {put} end;
         create trigger {update1} after update of {c} on {t} when old.{i} = new.{i} and ({full})
         begin {put} end;
         create trigger {update2} after update of {c} on {t} when old.{i} = new.{i} and {empty}
         begin delete from {rtree} where id = old.{i}; end;
         create trigger {update3} after update on {t} when old.{i} != new.{i} and ({full})
         begin delete from {rtree} where id = old.{i}; {put} end;
         create trigger {update4} after update on {t} when old.{i} != new.{i} and {empty}
         begin delete from {rtree} where id in (old.{i}, new.{i}); end;
         create trigger {delete} after delete on {t} when old.{c} not null
         begin delete from {rtree} where id = old.{i}; end",
        insert = name("_insert"),
        update1 = name("_update1"),
        update2 = name("_update2"),
        update3 = name("_update3"),
        update4 = name("_update4"),
        delete = name("_delete"),
    );
    file.execute_batch(&text)
}

/// Ends the writing.
pub fn commit(file: &Connection) -> Result<()> {
    file.execute_batch("commit")
}
