//! What a caller may ask of a layer: its readable properties, the id, the geometry, and what is computed.

use crate::access::Caller;
use crate::db::Ident;
use crate::layer::{Layer, PropertyType};

/// Kind of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    Text,
    Integer,
    Number,
    Boolean,
    Date,
    Timestamp,
    Interval,
    Geometry,
    List,
}

impl Type {
    /// The kind in a sentence.
    pub fn told(self) -> &'static str {
        match self {
            Self::Text => "a text",
            Self::Integer => "a whole number",
            Self::Number => "a number",
            Self::Boolean => "true or false",
            Self::Date => "a date",
            Self::Timestamp => "a moment",
            Self::Interval => "an interval",
            Self::Geometry => "a geometry",
            Self::List => "a list",
        }
    }

    /// Whether it is a number of either kind.
    pub fn is_number(self) -> bool {
        matches!(self, Self::Integer | Self::Number)
    }

    /// Whether it is a date or a moment.
    pub fn is_instant(self) -> bool {
        matches!(self, Self::Date | Self::Timestamp)
    }
}

/// One thing that may be asked for by name.
#[derive(Debug, Clone)]
pub struct Queryable {
    pub name: String,
    pub kind: Type,
    /// Its values are cadastral numbers, compared in their canonical form.
    pub cadastral: bool,
    /// Whether pages may be sorted by it.
    pub sortable: bool,
    /// SQL expression over a row of the layer.
    pub sql: String,
}

/// Everything that may be asked for, in the order of the layer's file.
#[derive(Debug, Clone)]
pub struct Queryables(Vec<Queryable>);

/// Name of the geometry on the wire.
pub const GEOMETRY: &str = "geometry";

impl Queryables {
    /// Of a layer, for a caller.
    pub fn of(layer: &Layer, caller: &Caller) -> Self {
        let made = |name: &str, kind: Type, sql: String| Queryable {
            name: name.into(),
            kind,
            cadastral: false,
            sortable: !matches!(kind, Type::List | Type::Geometry),
            sql,
        };
        let mut list = vec![made("id", Type::Integer, format!("{}::bigint", layer.id_column()))];
        for property in layer.readable(caller) {
            let column = property.column();
            let (kind, cast) = match property.kind {
                PropertyType::Text => (Type::Text, "text"),
                PropertyType::CadastralNumber => (Type::Text, "text"),
                PropertyType::Integer => (Type::Integer, "bigint"),
                PropertyType::Number => (Type::Number, "double precision"),
                PropertyType::Boolean => (Type::Boolean, "boolean"),
                PropertyType::Date => (Type::Date, "date"),
                PropertyType::TextArray => (Type::List, "text[]"),
            };
            // Columns of published tables may have other, kindred types.
            let sql = if layer.is_own() { column.to_string() } else { format!("{column}::{cast}") };
            let cadastral = property.kind == PropertyType::CadastralNumber;
            list.push(Queryable { cadastral, ..made(&property.name, kind, sql) });
        }
        if layer.has_area() {
            list.push(made("area_m2", Type::Number, layer.area_expression()));
        }
        if layer.is_own() {
            list.push(made("valid_from", Type::Timestamp, Ident::new("valid_from").to_string()));
        }
        list.push(made(GEOMETRY, Type::Geometry, layer.geometry_column().to_string()));
        Self(list)
    }

    /// Every one.
    pub fn iter(&self) -> impl Iterator<Item = &Queryable> {
        self.0.iter()
    }

    /// By its name.
    pub fn get(&self, name: &str) -> Option<&Queryable> {
        self.0.iter().find(|one| one.name == name)
    }

    /// A sentence on a name that is not there, with the nearest that is.
    pub fn unknown(&self, name: &str) -> String {
        let near = self
            .0
            .iter()
            .map(|one| (strsim::damerau_levenshtein(&one.name, &name.to_lowercase()), &one.name))
            .min()
            .filter(|(steps, near)| *steps <= 3 && *steps < near.chars().count());
        match near {
            Some((_, near)) => format!("there is no property {name:?}; did you mean {near}?"),
            None => {
                let names: Vec<&str> = self.0.iter().map(|one| one.name.as_str()).collect();
                format!("there is no property {name:?}; known are {}", names.join(", "))
            }
        }
    }
}
