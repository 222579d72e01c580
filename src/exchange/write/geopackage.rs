//! GeoPackage: one table of features with an R-tree, or one of attributes.
//!
//! Rows are numbered by `fid` as they come (two answers may name one feature); `id` is a column like others.
//!
//! # Source
//! OGC 12-128r18 (GeoPackage 1.3.1).

use std::fs::File;
use std::io::Seek;

use rusqlite::Connection;
use rusqlite::types::{Null, ToSql};
use tempfile::NamedTempFile;

use super::spool::{Kept, Spool};
use super::{Options, Writer, about_lines, json_list, label, sql, values};
use crate::config::City;
use crate::error::{Error, Result};
use crate::feature::{Record, Sheet};
use crate::geometry::{Bbox, Crs, wkb};
use crate::layer::{GeometryType, PropertyType, Value};

const SHAPE: &str = "geometry";

pub struct GeoPackage {
    connection: Connection,
    file: NamedTempFile,
    table: String,
    key: String,
    /// `None`: the records have no geometry.
    srid: Option<i32>,
    columns: usize,
    insert: String,
    boxes: Spool,
    blob: Vec<u8>,
}

impl GeoPackage {
    pub fn new(sheet: &Sheet, city: &City, options: Options) -> Result<Self> {
        let file = tempfile::Builder::new().suffix(".gpkg").tempfile()?;
        let connection = Connection::open(file.path()).map_err(Error::internal)?;
        sql::start(&connection).map_err(Error::internal)?;
        systems(&connection, sheet, city)?;
        let table = table_name(&sheet.name);
        let mut columns: Vec<(String, &str)> = vec![("id".into(), "integer not null")];
        columns.extend(sheet.columns.iter().map(|c| (c.name.clone(), kind(c.kind))));
        let srid = sheet.geometry.map(|_| sheet.crs.srid());
        let shape = sheet.geometry.map(shape);
        columns.extend(shape.map(|shape| (SHAPE.to_string(), shape)));
        let key = key_name(&columns);
        let made = || -> rusqlite::Result<()> {
            sql::create_table(&connection, &table, &key, &columns)?;
            let about = about_lines(sheet);
            sql::describe_table(&connection, &table, &sheet.title, &about, srid)?;
            sql::describe_file(&connection, &about)?;
            if let (Some(shape), Some(srid)) = (shape, srid) {
                sql::start_index(&connection, &table, SHAPE, shape, srid)?;
            }
            for column in &sheet.columns {
                let mime = (column.kind == PropertyType::TextArray).then_some("application/json");
                let label = label(column, options.language);
                sql::describe_column(&connection, &table, &column.name, &label, mime)?;
            }
            Ok(())
        };
        made().map_err(Error::internal)?;
        Ok(Self {
            insert: sql::insert_text(&table, columns.len()),
            connection,
            file,
            table,
            key,
            srid,
            columns: sheet.columns.len(),
            boxes: Spool::new()?,
            blob: Vec::new(),
        })
    }

    /// Fills the R-tree in the order of the plane, which packs it well.
    fn fill_index(&mut self) -> Result<()> {
        let boxes = std::mem::replace(&mut self.boxes, Spool::new()?);
        if let Some(extent) = boxes.extent() {
            sql::set_extent(&self.connection, extent).map_err(Error::internal)?;
        }
        let text = sql::index_text(&self.table, SHAPE);
        for kept in boxes.sorted()?.iter() {
            let kept = kept?;
            if let Some(bbox) = kept.bbox {
                sql::index(&self.connection, &text, kept.from as i64, bbox)
                    .map_err(Error::internal)?;
            }
        }
        sql::keep_index(&self.connection, &self.table, SHAPE, &self.key).map_err(Error::internal)
    }
}

impl Writer for GeoPackage {
    fn push(&mut self, record: &Record, _: &mut Vec<u8>) -> Result<()> {
        let values = values(record, self.columns)?;
        let key = i64::from(self.boxes.count()) + 1;
        self.blob.clear();
        let mut bbox = None;
        if let (Some(srid), Some(wkb)) = (self.srid, &record.geometry) {
            bbox = wkb::envelope(wkb)?;
            head(bbox, srid, &mut self.blob);
            self.blob.extend_from_slice(wkb);
        }
        // What SQLite has no type for is bound as text.
        let texts: Vec<Option<String>> = values
            .iter()
            .map(|value| match value {
                Value::List(list) => Some(json_list(list)),
                Value::Date(date) => Some(date.to_string()),
                _ => None,
            })
            .collect();
        let bound = values.iter().zip(&texts).map(|(value, as_text)| -> &dyn ToSql {
            match value {
                Value::Text(text) => text,
                Value::Integer(number) => number,
                Value::Number(number) if number.is_finite() => number,
                Value::Number(_) | Value::Null => &Null,
                Value::Boolean(yes) => yes,
                Value::Date(_) | Value::List(_) => as_text,
            }
        });
        let id: &dyn ToSql = &record.id;
        let shape: &dyn ToSql = if self.blob.is_empty() { &Null } else { &self.blob };
        let shape = self.srid.map(|_| shape);
        let row = std::iter::once(id).chain(bound).chain(shape);
        sql::insert(&self.connection, &self.insert, key, row).map_err(Error::internal)?;
        self.boxes.push(Kept { bbox, from: key as u64, bytes: 0 })
    }

    fn finish(mut self: Box<Self>, _: &mut Vec<u8>) -> Result<Option<File>> {
        if self.srid.is_some() {
            self.fill_index()?;
        }
        sql::commit(&self.connection).map_err(Error::internal)?;
        self.connection.close().map_err(|(_, error)| Error::internal(error))?;
        let mut file = self.file.into_file();
        file.rewind()?;
        Ok(Some(file))
    }
}

/// The systems that every file names, and the sheet's own.
fn systems(connection: &Connection, sheet: &Sheet, city: &City) -> Result<()> {
    let add = |name: &str, crs: Crs, organization: &str| {
        let wkt = crs.wkt1(city)?;
        sql::add_system(connection, name, crs.srid(), organization, &wkt).map_err(Error::internal)
    };
    add("WGS 84", Crs::Epsg4326, "EPSG")?;
    match sheet.crs {
        Crs::Crs84 | Crs::Epsg4326 => Ok(()),
        Crs::Epsg3857 => add("WGS 84 / Pseudo-Mercator", sheet.crs, "EPSG"),
        Crs::City(_) => add(&city.crs.title, sheet.crs, &city.id),
    }
}

/// The header of a geometry in a GeoPackage, with its envelope unless it is empty.
fn head(bbox: Option<Bbox>, srid: i32, out: &mut Vec<u8>) {
    let flags = if bbox.is_some() { 0b0000_0011 } else { 0b0001_0001 };
    out.extend_from_slice(&[b'G', b'P', 0, flags]);
    out.extend_from_slice(&srid.to_le_bytes());
    for number in bbox.map(|b| [b.west, b.east, b.south, b.north]).into_iter().flatten() {
        out.extend_from_slice(&number.to_le_bytes());
    }
}

/// Names that a GeoPackage keeps for itself are not for tables.
fn table_name(name: &str) -> String {
    let lower = name.to_lowercase();
    let taken = ["gpkg_", "sqlite_", "rtree_"].iter().any(|start| lower.starts_with(start));
    if name.is_empty() || taken { format!("t_{name}") } else { name.to_string() }
}

/// `fid`, or what is still free.
fn key_name(columns: &[(String, &str)]) -> String {
    let mut key = "fid".to_string();
    while columns.iter().any(|(name, _)| name.eq_ignore_ascii_case(&key)) {
        key.push('_');
    }
    key
}

fn shape(kind: GeometryType) -> &'static str {
    match kind {
        GeometryType::Point => "POINT",
        GeometryType::MultiLineString => "MULTILINESTRING",
        GeometryType::MultiPolygon => "MULTIPOLYGON",
    }
}

fn kind(kind: PropertyType) -> &'static str {
    match kind {
        PropertyType::Text | PropertyType::CadastralNumber | PropertyType::TextArray => "text",
        PropertyType::Integer => "integer",
        PropertyType::Number => "double",
        PropertyType::Boolean => "boolean",
        PropertyType::Date => "date",
    }
}
