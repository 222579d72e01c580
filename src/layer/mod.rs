//! A layer: one published set of features, made from one file of `layers/`.
//!
//! Never reads a feature. *Not here*: rows (`feature/`), tiles (`tile/`), who is asking (`access/`).

mod catalogue;
mod file;
mod rules;
pub mod sql;
pub mod table;
mod value;

use std::path::PathBuf;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

pub(crate) use catalogue::toml_files;
pub use catalogue::{Catalogue, Division, Group};
pub use file::{Code, Derived, Follow, Linkable, Source, Zoom};
pub use rules::{Inside, Rules};
pub use value::{Value, has_nul};

use crate::access::{Caller, Read, Role};
use crate::config::Words;
use crate::db::Ident;

/// Kind of geometry of a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum GeometryType {
    Point,
    MultiLineString,
    MultiPolygon,
}

impl GeometryType {
    /// The type's name in PostGIS.
    pub fn postgis(self) -> &'static str {
        match self {
            Self::Point => "Point",
            Self::MultiLineString => "MultiLineString",
            Self::MultiPolygon => "MultiPolygon",
        }
    }

    /// Whether a GeoJSON geometry of this type can be stored here (a single one becomes a multi).
    pub fn takes(self, geojson: &str) -> bool {
        self.postgis() == geojson || self.postgis() == format!("Multi{geojson}")
    }
}

/// Type of a property.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PropertyType {
    Text,
    Integer,
    Number,
    Boolean,
    Date,
    CadastralNumber,
    TextArray,
}

impl PropertyType {
    /// The type of its values in JSON Schema.
    pub fn json(self) -> &'static str {
        match self {
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Boolean => "boolean",
            _ => "string",
        }
    }

    /// The column's type.
    pub fn column(self) -> &'static str {
        match self {
            Self::Text | Self::CadastralNumber => "text",
            Self::Integer => "bigint",
            Self::Number => "double precision",
            Self::Boolean => "boolean",
            Self::Date => "date",
            Self::TextArray => "text[]",
        }
    }
}

/// Whether a property is in tiles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TileUse {
    #[default]
    No,
    Yes,
    /// An array as one text, parted by `; `.
    Joined,
}

impl<'de> Deserialize<'de> for TileUse {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Bool(bool),
            Word(String),
        }
        match Form::deserialize(from)? {
            Form::Bool(false) => Ok(Self::No),
            Form::Bool(true) => Ok(Self::Yes),
            Form::Word(word) if word == "joined" => Ok(Self::Joined),
            Form::Word(word) => {
                Err(serde::de::Error::custom(format!("tile = {word:?} is not true or \"joined\"")))
            }
        }
    }
}

/// One property of a layer.
#[derive(Debug, Clone)]
pub struct Property {
    pub name: String,
    pub kind: PropertyType,
    pub unique: bool,
    pub required: bool,
    pub tile: TileUse,
    pub read: Read,
    pub unit: Option<String>,
    pub from: Vec<String>,
    pub label: Words,
    pub values: Option<Vec<Code>>,
}

impl Property {
    /// The column.
    pub fn column(&self) -> Ident {
        Ident::new(&self.name)
    }
}

/// One layer.
#[derive(Debug, Clone)]
pub struct Layer {
    pub id: String,
    pub file: PathBuf,
    pub title: Words,
    pub description: Option<Words>,
    pub group: String,
    pub division: String,
    pub geometry: GeometryType,
    pub zoom: Zoom,
    pub read: Read,
    pub edit: Vec<Role>,
    pub visible: bool,
    pub linkable: Option<Linkable>,
    pub derived: Option<Derived>,
    pub source: Option<Source>,
    pub follow: Follow,
    pub title_property: Option<String>,
    pub find: Vec<String>,
    /// The least zoom whose tiles have a label point for each feature; `None`: they have none.
    pub label_zoom: Option<u8>,
    pub importance: Option<String>,
    pub currency: Option<Date>,
    /// Seconds for which a client may show a tile without asking; `None`: it asks each time.
    pub stale_ok_s: Option<u32>,
    /// What features keep beyond their schema.
    pub rules: Rules,
    pub properties: Vec<Property>,
}

impl Layer {
    /// The table, qualified and quoted.
    pub fn table(&self) -> Ident {
        match &self.source {
            Some(source) => Ident::qualified(&source.table),
            None => Ident::qualified(&format!("layer.{}", self.id)),
        }
    }

    /// The column of the feature id.
    pub fn id_column(&self) -> Ident {
        Ident::new(self.source.as_ref().map_or("id", |source| &source.id))
    }

    /// The column of the geometry.
    pub fn geometry_column(&self) -> Ident {
        Ident::new(self.source.as_ref().map_or("geometry", |source| &source.geometry))
    }

    /// Whether features have a computed `area_m2`.
    pub fn has_area(&self) -> bool {
        self.geometry == GeometryType::MultiPolygon
    }

    /// `area_m2` of a row in the city's system, as an SQL expression.
    pub fn area_expression(&self) -> String {
        match &self.source {
            Some(_) => format!("st_area({})", self.geometry_column()),
            None => "area_m2".into(),
        }
    }

    /// A property by its name.
    pub fn property(&self, name: &str) -> Option<&Property> {
        self.properties.iter().find(|property| property.name == name)
    }

    /// The properties that the caller may read, in the file's order.
    pub fn readable(&self, caller: &Caller) -> Vec<&Property> {
        self.properties.iter().filter(|property| caller.may_read(&property.read)).collect()
    }

    /// The layer with those of its properties only that the caller may read.
    pub fn seen_by(&self, caller: &Caller) -> Self {
        let properties = self.readable(caller).into_iter().cloned().collect();
        Self { properties, ..self.clone() }
    }

    /// The properties that tiles hold, in the file's order.
    pub fn tiled(&self) -> impl Iterator<Item = &Property> {
        self.properties.iter().filter(|property| property.tile != TileUse::No)
    }

    /// Whether rows are changed through this program's editing.
    pub fn is_editable(&self) -> bool {
        self.source.is_none() && self.derived.is_none() && !self.edit.is_empty()
    }

    /// Whether the caller may edit features of the layer.
    pub fn editable_by(&self, caller: &Caller) -> bool {
        self.is_editable() && caller.has_any(&self.edit)
    }

    /// Whether the server made the table.
    pub fn is_own(&self) -> bool {
        self.source.is_none()
    }
}
