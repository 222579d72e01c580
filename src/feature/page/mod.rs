//! Pages and single features: rows as they come, written as GeoJSON or turned into records.

pub mod sql;

use std::io::Write;

use tokio_postgres::types::{FromSql, Type};
use tokio_postgres::{Client, Row};

use super::query::FeatureQuery;
use super::record::{Column, Record, Sheet};
use crate::config::Words;
use crate::error::{Error, Result};
use crate::geometry::{Flat, Wire};
use crate::layer::{Layer, Property, PropertyType, Value};

/// How the rows of a question are read.
pub struct Reading {
    names: Vec<(String, PropertyType)>,
    keys: usize,
    wire: Wire,
    flat: Flat,
}

/// Bytes of a geometry as PostGIS sends them.
struct Ewkb<'a>(&'a [u8]);

impl<'a> FromSql<'a> for Ewkb<'a> {
    fn from_sql(
        _: &Type,
        raw: &'a [u8],
    ) -> std::result::Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self(raw))
    }

    fn accepts(kind: &Type) -> bool {
        kind.name() == "geometry"
    }
}

// Columns of a row: count (`sql.rs`), id, version, the keys of the order, geometry, values.
const ID: usize = 1;
const VERSION: usize = 2;
const KEYS: usize = 3;

impl Reading {
    /// For the rows of a question.
    pub fn new(layer: &Layer, query: &FeatureQuery, wire: Wire) -> Self {
        let kind = |name: &String| {
            layer.property(name).map_or(PropertyType::Number, |property| property.kind)
        };
        Self {
            names: query.properties.iter().map(|name| (name.clone(), kind(name))).collect(),
            keys: query.sort.len(),
            wire,
            flat: Flat::default(),
        }
    }

    /// What the records of the answer have in common.
    pub fn sheet(&self, layer: &Layer, query: &FeatureQuery, title: &str) -> Sheet {
        let area = || {
            let words = [("ru", "Площадь по границам"), ("en", "Area of the geometry")];
            Words::from(words.map(|(language, word)| (language.into(), word.into())))
        };
        let column = |(name, kind): &(String, PropertyType)| {
            let property: Option<&Property> = layer.property(name);
            Column {
                name: name.clone(),
                kind: *kind,
                label: property.map_or_else(area, |property| property.label.clone()),
                unit: property.map_or(Some("m²".into()), |property| property.unit.clone()),
            }
        };
        Sheet {
            name: layer.id.clone(),
            title: title.to_string(),
            geometry: query.geometry.then_some(layer.geometry),
            crs: self.wire.crs,
            columns: self.names.iter().map(column).collect(),
            about: Vec::new(),
        }
    }

    /// The feature's id.
    pub fn id(&self, row: &Row) -> Result<i64> {
        Ok(row.try_get(ID)?)
    }

    /// The version for `If-Match`, where the statement asked for it.
    pub fn etag(&self, row: &Row) -> Result<Option<String>> {
        let id = self.id(row)?;
        let version: Option<&str> = row.try_get(VERSION)?;
        Ok(version.map(|version| super::sql::tag(id, version)))
    }

    /// Whether there is a geometry, now in `self.flat`.
    fn read(&mut self, row: &Row) -> Result<bool> {
        match row.try_get::<_, Option<Ewkb<'_>>>(KEYS + self.keys)? {
            Some(ewkb) => {
                self.flat.read(ewkb.0)?;
                self.flat.bring(&self.wire)?;
                Ok(true)
            }
            None => Ok(false),
        }
    }

    /// Writes the feature as GeoJSON, its last brace still open.
    ///
    /// # Errors
    /// [`Error::Internal`].
    pub fn write(&mut self, row: &Row, out: &mut Vec<u8>) -> Result<()> {
        out.extend_from_slice(b"{\"type\":\"Feature\",\"id\":");
        out.extend_from_slice(itoa::Buffer::new().format(self.id(row)?).as_bytes());
        out.extend_from_slice(b",\"geometry\":");
        if self.read(row)? {
            self.flat.write_geojson(self.wire.crs.digits(), self.wire.crs.north_first(), out);
        } else {
            out.extend_from_slice(b"null");
        }
        out.extend_from_slice(b",\"properties\":{");
        for (at, (name, kind)) in self.names.iter().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            out.push(b'"');
            out.extend_from_slice(name.as_bytes());
            out.extend_from_slice(b"\":");
            value(row, KEYS + self.keys + 1 + at, *kind, out)?;
        }
        out.push(b'}');
        Ok(())
    }

    /// The feature as a record.
    ///
    /// # Errors
    /// [`Error::Internal`].
    pub fn record(&mut self, row: &Row) -> Result<Record> {
        let geometry = self.read(row)?.then(|| self.flat.to_wkb());
        let mut values = Vec::with_capacity(self.names.len());
        for (at, (_, kind)) in self.names.iter().enumerate() {
            let at = KEYS + self.keys + 1 + at;
            let value = match kind {
                PropertyType::Integer => row.try_get::<_, Option<i64>>(at)?.map(Value::Integer),
                PropertyType::Number => row.try_get::<_, Option<f64>>(at)?.map(Value::Number),
                PropertyType::Boolean => row.try_get::<_, Option<bool>>(at)?.map(Value::Boolean),
                PropertyType::Date => row.try_get::<_, Option<_>>(at)?.map(Value::Date),
                PropertyType::TextArray => row.try_get::<_, Option<_>>(at)?.map(Value::List),
                PropertyType::Text | PropertyType::CadastralNumber => {
                    row.try_get::<_, Option<String>>(at)?.map(Value::Text)
                }
            };
            values.push(value.unwrap_or(Value::Null));
        }
        Ok(Record { id: self.id(row)?, geometry, values })
    }
}

/// Where a page after this row begins: the keys of the order as texts, and the id.
///
/// # Errors
/// [`Error::Internal`].
pub fn place(row: &Row, query: &FeatureQuery) -> Result<(Vec<Option<String>>, i64)> {
    let keys = (KEYS..KEYS + query.sort.len()).map(|at| Ok(row.try_get(at)?));
    Ok((keys.collect::<Result<_>>()?, row.try_get(ID)?))
}

/// The geometry of a feature as it is served in a system; `None`: there is none.
///
/// # Errors
/// As any statement.
pub async fn served(
    client: &Client,
    layer: &Layer,
    wire: &Wire,
    id: i64,
) -> Result<Option<serde_json::Value>> {
    let row = super::sql::geometry(client, layer, id).await?;
    let Some(row) = row else { return Ok(None) };
    let Some(ewkb) = row.try_get::<_, Option<Ewkb<'_>>>(0)? else { return Ok(None) };
    let (mut flat, mut out) = (Flat::default(), Vec::new());
    flat.read(ewkb.0)?;
    flat.bring(wire)?;
    flat.write_geojson(wire.crs.digits(), wire.crs.north_first(), &mut out);
    serde_json::from_slice(&out).map(Some).map_err(Error::internal)
}

/// Writes a value as JSON.
fn value(row: &Row, at: usize, kind: PropertyType, out: &mut Vec<u8>) -> Result<()> {
    let null = |out: &mut Vec<u8>| out.extend_from_slice(b"null");
    match kind {
        PropertyType::Text | PropertyType::CadastralNumber => {
            match row.try_get::<_, Option<&str>>(at)? {
                Some(text) => serde_json::to_writer(out, text).map_err(Error::internal)?,
                None => null(out),
            }
        }
        PropertyType::Integer => match row.try_get::<_, Option<i64>>(at)? {
            Some(number) => out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes()),
            None => null(out),
        },
        PropertyType::Number => match row.try_get::<_, Option<f64>>(at)? {
            Some(number) if number.fract() == 0.0 && number.abs() < 1e15 => {
                let whole = number as i64;
                out.extend_from_slice(itoa::Buffer::new().format(whole).as_bytes());
            }
            Some(number) => serde_json::to_writer(out, &number).map_err(Error::internal)?,
            None => null(out),
        },
        PropertyType::Boolean => match row.try_get::<_, Option<bool>>(at)? {
            Some(yes) => out.extend_from_slice(if yes { b"true" } else { b"false" }),
            None => null(out),
        },
        PropertyType::Date => match row.try_get::<_, Option<jiff::civil::Date>>(at)? {
            Some(date) => write!(out, "\"{date}\"").map_err(Error::internal)?,
            None => null(out),
        },
        PropertyType::TextArray => match row.try_get::<_, Option<Vec<Option<String>>>>(at)? {
            Some(list) => serde_json::to_writer(out, &list).map_err(Error::internal)?,
            None => null(out),
        },
    }
    Ok(())
}
