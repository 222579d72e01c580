//! Tables of features out, from a stream of records, in memory that does not grow with them.
//!
//! Text formats put bytes out from the first record on, their coordinates in the axis order of the wire
//! (EPSG:4326: north first); file formats write into temporary files (`TMPDIR`), east first as they all
//! demand, and hand over the whole at the end. *Not here*: which records, and who may read which column
//! (`feature/`); GeoJSON pages and HTML (`http/`).
//!
//! *Seam*: a format is a [`Writer`] and a line in [`open`].

mod csv_text;
mod flatgeobuf;
mod geopackage;
mod json_seq;
mod spool;
pub mod sql;
mod xlsx;

use crate::config::{City, Words};
use crate::error::{Error, Result};
use crate::feature::{Column, Record, Sheet};
use crate::geometry::Crs;
use crate::layer::Value;

/// A format of a table of features.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// GeoJSON features one after the other (RFC 8142).
    GeoJsonSeq,
    Csv,
    Xlsx,
    FlatGeobuf,
    GeoPackage,
}

impl Format {
    pub const ALL: [Self; 5] =
        [Self::GeoJsonSeq, Self::Csv, Self::Xlsx, Self::FlatGeobuf, Self::GeoPackage];

    /// Its name as a value of `f`.
    pub fn name(self) -> &'static str {
        match self {
            Self::GeoJsonSeq => "geojsonseq",
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
            Self::FlatGeobuf => "fgb",
            Self::GeoPackage => "gpkg",
        }
    }

    /// The format of a value of `f`.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }

    /// The media type, with its parameters.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::GeoJsonSeq => "application/geo+json-seq",
            Self::Csv => "text/csv; charset=utf-8",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::FlatGeobuf => "application/flatgeobuf",
            Self::GeoPackage => "application/geopackage+sqlite3",
        }
    }

    /// How the name of a file ends, without a dot.
    pub fn extension(self) -> &'static str {
        match self {
            Self::GeoJsonSeq => "geojsons",
            _ => self.name(),
        }
    }

    /// Whether bytes come from the first record on; else [`Writer::finish`] gives a file.
    pub fn streams(self) -> bool {
        matches!(self, Self::GeoJsonSeq | Self::Csv)
    }
}

/// What a caller may choose.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// CSV: a byte order mark at the start, without which Excel does not see UTF-8.
    pub bom: bool,
    /// Language of labels, a key of [`Words`].
    pub language: &'static str,
}

impl Default for Options {
    fn default() -> Self {
        Self { bom: false, language: "ru" }
    }
}

/// Writes the features of one sheet, in the order in which they come.
///
/// Every call may wait for the disk and for the compressor: call it where that is allowed. A writer that
/// failed is of no use any more; what it wrote is gone when it is dropped.
pub trait Writer {
    /// Takes a record and appends to `out` what can be sent already.
    ///
    /// # Errors
    /// [`Error::TooLarge`] when the format holds no more; [`Error::Internal`] for a record that does not
    /// fit the sheet, and for a disk that is full.
    fn push(&mut self, record: &Record, out: &mut Vec<u8>) -> Result<()>;

    /// Ends the table: appends to `out` what is left, or gives the whole as a file at its start that no
    /// folder lists any more.
    ///
    /// # Errors
    /// [`Error::Internal`].
    fn finish(self: Box<Self>, out: &mut Vec<u8>) -> Result<Option<std::fs::File>>;
}

/// Begins a table.
///
/// # Errors
/// 400 `f` when the format cannot hold the sheet; [`Error::Internal`] when no temporary file can be made.
pub fn open(
    format: Format,
    sheet: &Sheet,
    city: &City,
    options: Options,
) -> Result<Box<dyn Writer + Send>> {
    Ok(match format {
        Format::GeoJsonSeq => Box::new(json_seq::JsonSeq::new(sheet)),
        Format::Csv => Box::new(csv_text::Csv::new(sheet, options)),
        Format::Xlsx => Box::new(xlsx::Xlsx::new(sheet, options)?),
        Format::FlatGeobuf => Box::new(flatgeobuf::FlatGeobuf::new(sheet, city, options)?),
        Format::GeoPackage => Box::new(geopackage::GeoPackage::new(sheet, city, options)?),
    })
}

/// The values of a record, which are as many as the columns.
fn values(record: &Record, columns: usize) -> Result<&[Value]> {
    if record.values.len() == columns {
        return Ok(&record.values);
    }
    let (id, found) = (record.id, record.values.len());
    Err(Error::internal(format!("record {id} has {found} values for {columns} columns")))
}

/// Decimals of coordinates as text: about a centimetre in degrees, a millimetre in metres.
fn digits(crs: Crs) -> usize {
    if crs.geographic() { 7 } else { 3 }
}

/// A text in a language, else in any.
fn said<'a>(words: &'a Words, language: &str) -> Option<&'a str> {
    words.get(language).or_else(|| words.values().next()).map(String::as_str)
}

/// What people call a column: label and unit.
fn label(column: &Column, language: &str) -> String {
    let label = said(&column.label, language).unwrap_or(&column.name);
    match &column.unit {
        Some(unit) if language == "ru" => format!("{label}, {}", unit.replace('m', "м")),
        Some(unit) => format!("{label}, {unit}"),
        None => label.to_string(),
    }
}

/// A list as one text.
fn joined(list: &[String]) -> String {
    list.join("; ")
}

/// A list as a JSON array.
fn json_list(list: &[String]) -> String {
    serde_json::Value::from(list).to_string()
}

/// What was asked, as lines of text.
fn about_lines(sheet: &Sheet) -> String {
    let lines: Vec<String> =
        sheet.about.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    lines.join("\n")
}
