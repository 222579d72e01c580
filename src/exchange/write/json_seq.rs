//! GeoJSON text sequences: each feature between a record separator and a line feed.
//!
//! # Source
//! RFC 8142, RFC 7946.

use std::fs::File;

use super::{Writer, values};
use crate::error::{Error, Result};
use crate::feature::{Record, Sheet};
use crate::geometry::wkb::{self, Part, Place, Visitor, decimal};
use crate::layer::Value;

pub struct JsonSeq {
    /// Each column's name as JSON, with its comma and colon.
    names: Vec<Vec<u8>>,
    digits: usize,
    north_first: bool,
    geometry: bool,
}

impl JsonSeq {
    pub fn new(sheet: &Sheet) -> Self {
        let name = |(at, name): (usize, &str)| {
            let comma = if at > 0 { "," } else { "" };
            format!("{comma}{}:", serde_json::Value::from(name)).into_bytes()
        };
        Self {
            names: sheet.columns.iter().map(|c| c.name.as_str()).enumerate().map(name).collect(),
            digits: sheet.crs.digits(),
            north_first: sheet.crs.north_first(),
            geometry: sheet.geometry.is_some(),
        }
    }
}

impl Writer for JsonSeq {
    fn push(&mut self, record: &Record, out: &mut Vec<u8>) -> Result<()> {
        let values = values(record, self.names.len())?;
        let head = format!("\x1e{{\"type\":\"Feature\",\"id\":{},\"geometry\":", record.id);
        out.extend_from_slice(head.as_bytes());
        match record.geometry.as_ref().filter(|_| self.geometry) {
            Some(wkb) => geometry(wkb, self.digits, self.north_first, out)?,
            None => out.extend_from_slice(b"null"),
        }
        out.extend_from_slice(b",\"properties\":{");
        for (name, value) in self.names.iter().zip(values) {
            out.extend_from_slice(name);
            json(value, out)?;
        }
        out.extend_from_slice(b"}}\n");
        Ok(())
    }

    fn finish(self: Box<Self>, _: &mut Vec<u8>) -> Result<Option<File>> {
        Ok(None)
    }
}

fn json(value: &Value, out: &mut Vec<u8>) -> Result<()> {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Text(text) => serde_json::to_writer(out, text).map_err(Error::internal)?,
        Value::Integer(number) => out.extend_from_slice(number.to_string().as_bytes()),
        Value::Number(number) => serde_json::to_writer(out, number).map_err(Error::internal)?,
        Value::Boolean(yes) => out.extend_from_slice(if *yes { b"true" } else { b"false" }),
        Value::Date(date) => out.extend_from_slice(format!("\"{date}\"").as_bytes()),
        Value::List(list) => serde_json::to_writer(out, list).map_err(Error::internal)?,
    }
    Ok(())
}

/// Appends the geometry as GeoJSON, with at most `digits` decimals.
fn geometry(wkb: &[u8], digits: usize, north_first: bool, out: &mut Vec<u8>) -> Result<()> {
    struct Json<'a> {
        digits: usize,
        north_first: bool,
        out: &'a mut Vec<u8>,
    }
    impl Visitor for Json<'_> {
        fn begin(&mut self, part: Part, count: u32, place: Place) {
            if place.depth == 0 {
                let head = format!("{{\"type\":\"{}\",\"coordinates\":", part.name());
                self.out.extend_from_slice(head.as_bytes());
            } else if place.index > 0 {
                self.out.push(b',');
            }
            // A position brings brackets of its own.
            if part != Part::Point || count == 0 {
                self.out.push(b'[');
            }
        }
        fn vertex(&mut self, east: f64, north: f64, index: u32) {
            self.out.extend_from_slice(if index > 0 { b",[" } else { b"[" });
            let (first, second) = if self.north_first { (north, east) } else { (east, north) };
            decimal(first, self.digits, self.out);
            self.out.push(b',');
            decimal(second, self.digits, self.out);
            self.out.push(b']');
        }
        fn end(&mut self, part: Part, place: Place) {
            if part != Part::Point || self.out.last() == Some(&b'[') {
                self.out.push(b']');
            }
            if place.depth == 0 {
                self.out.push(b'}');
            }
        }
    }
    wkb::walk(wkb, &mut Json { digits, north_first, out })
}
