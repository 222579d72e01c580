//! CSV: `id`, the columns by name, the geometry last as WKT.
//!
//! A text that a spreadsheet would take for a formula gets an apostrophe before it; numbers are left as
//! they are.
//!
//! # Source
//! RFC 4180; OWASP "CSV injection".

use std::borrow::Cow;
use std::fs::File;

use csv::{Terminator, WriterBuilder};

use super::{Options, Writer, digits, joined, values};
use crate::error::{Error, Result};
use crate::feature::{Record, Sheet};
use crate::geometry::wkb;
use crate::layer::Value;

const BOM: &[u8] = b"\xef\xbb\xbf";

pub struct Csv {
    /// The columns' names, until they are written.
    header: Option<Vec<String>>,
    bom: bool,
    columns: usize,
    /// Decimals, and whether north comes first; `None`: there is no geometry.
    geometry: Option<(usize, bool)>,
    /// The text of the geometry at hand.
    text: Vec<u8>,
    builder: WriterBuilder,
}

impl Csv {
    pub fn new(sheet: &Sheet, options: Options) -> Self {
        let names = sheet.columns.iter().map(|column| guarded(&column.name).into_owned());
        let geometry = sheet.geometry.map(|_| "geometry".to_string());
        let mut builder = WriterBuilder::new();
        builder.terminator(Terminator::CRLF).buffer_capacity(1 << 10);
        Self {
            header: Some(std::iter::once("id".to_string()).chain(names).chain(geometry).collect()),
            bom: options.bom,
            columns: sheet.columns.len(),
            geometry: sheet.geometry.map(|_| (digits(sheet.crs), sheet.crs.north_first())),
            text: Vec::new(),
            builder,
        }
    }

    fn head(&mut self, out: &mut Vec<u8>) -> Result<()> {
        let Some(header) = self.header.take() else { return Ok(()) };
        if self.bom {
            out.extend_from_slice(BOM);
        }
        let mut row = self.builder.from_writer(out);
        row.write_record(&header).map_err(Error::internal)?;
        row.flush().map_err(Error::internal)
    }
}

impl Writer for Csv {
    fn push(&mut self, record: &Record, out: &mut Vec<u8>) -> Result<()> {
        self.head(out)?;
        let values = values(record, self.columns)?;
        self.text.clear();
        if let (Some((digits, north_first)), Some(geometry)) = (self.geometry, &record.geometry) {
            wkb::wkt(geometry, digits, north_first, &mut self.text)?;
        }
        let mut row = self.builder.from_writer(out);
        row.write_field(record.id.to_string()).map_err(Error::internal)?;
        for value in values {
            row.write_field(field(value).as_bytes()).map_err(Error::internal)?;
        }
        if self.geometry.is_some() {
            row.write_field(&self.text).map_err(Error::internal)?;
        }
        row.write_record(None::<&[u8]>).map_err(Error::internal)?;
        row.flush().map_err(Error::internal)
    }

    fn finish(mut self: Box<Self>, out: &mut Vec<u8>) -> Result<Option<File>> {
        self.head(out)?;
        Ok(None)
    }
}

fn field(value: &Value) -> Cow<'_, str> {
    match value {
        Value::Null => "".into(),
        Value::Text(text) => guarded(text),
        Value::Integer(number) => number.to_string().into(),
        Value::Number(number) if !number.is_finite() => "".into(),
        Value::Number(number) => number.to_string().into(),
        Value::Boolean(true) => "true".into(),
        Value::Boolean(false) => "false".into(),
        Value::Date(date) => date.to_string().into(),
        Value::List(list) => guarded(&joined(list)).into_owned().into(),
    }
}

/// A text that no spreadsheet takes for a formula.
fn guarded(text: &str) -> Cow<'_, str> {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{text}").into()
    } else {
        text.into()
    }
}
