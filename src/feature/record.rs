//! A feature as it leaves the database: what every format is written from.

use crate::config::Words;
use crate::geometry::Crs;
use crate::layer::{GeometryType, Layer, PropertyType, Value};

/// A column of a table of features.
#[derive(Debug, Clone)]
pub struct Column {
    pub name: String,
    pub kind: PropertyType,
    pub label: Words,
    pub unit: Option<String>,
}

/// What the records of one answer have in common.
#[derive(Debug, Clone)]
pub struct Sheet {
    /// A name that may stand in files: that of the layer, or of the question.
    pub name: String,
    /// The name for people.
    pub title: String,
    /// `None`: the records have no geometry.
    pub geometry: Option<GeometryType>,
    /// System of the records' geometries.
    pub crs: Crs,
    pub columns: Vec<Column>,
    /// What was asked, when, of which versions of the data, and how many: name and value, in order.
    pub about: Vec<(String, String)>,
}

/// A feature: its values in the order of [`Sheet::columns`].
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    pub id: i64,
    /// Little-endian WKB (2D) in the sheet's system, axes east, north; outer rings counter-clockwise.
    pub geometry: Option<Vec<u8>>,
    pub values: Vec<Value>,
}

impl Sheet {
    /// A record's value by the column's name.
    pub fn value<'a>(&self, record: &'a Record, name: &str) -> Option<&'a Value> {
        let at = self.columns.iter().position(|column| column.name == name)?;
        record.values.get(at)
    }

    /// What names a record for people: the property of titles, else what searches look in, else its id.
    pub fn title(&self, layer: &Layer, record: &Record) -> String {
        let text = |name: &String| self.value(record, name).and_then(Value::text);
        let named = match &layer.title_property {
            Some(name) => text(name),
            None => {
                let parts: Vec<String> = layer.find.iter().filter_map(text).collect();
                (!parts.is_empty()).then(|| parts.join(", "))
            }
        };
        named.unwrap_or_else(|| format!("№ {}", record.id))
    }
}
