//! A layer file, as an operator writes it, and what it must not say.
//!
//! Deny by default: no file, no layer; an unknown key is refused with file and line.

use std::path::{Path, PathBuf};

use jiff::civil::Date;
use serde::Deserialize;

use super::rules::{Rules, RulesFile};
use super::{GeometryType, Layer, Property, PropertyType, TileUse};
use crate::access::{Read, Role};
use crate::config::{Words, read_toml};
use crate::db::Ident;
use crate::error::{Error, FileFault, Result};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LayerFile {
    title: Words,
    description: Option<Words>,
    group: String,
    division: String,
    geometry: GeometryType,
    zoom: Zoom,
    read: Read,
    #[serde(default)]
    edit: Vec<Role>,
    #[serde(default)]
    visible: bool,
    linkable: Option<Linkable>,
    derived: Option<Derived>,
    source: Option<Source>,
    follow: Option<String>,
    refresh_s: Option<u64>,
    title_property: Option<String>,
    #[serde(default)]
    find: Vec<String>,
    #[serde(default)]
    label_point: bool,
    label_zoom: Option<u8>,
    importance: Option<String>,
    currency: Option<Date>,
    stale_ok_s: Option<u32>,
    #[serde(default)]
    rules: RulesFile,
    #[serde(default, rename = "property")]
    properties: Vec<PropertyFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PropertyFile {
    name: String,
    #[serde(rename = "type")]
    kind: PropertyType,
    #[serde(default)]
    unique: bool,
    #[serde(default)]
    required: bool,
    #[serde(default)]
    tile: TileUse,
    read: Option<Read>,
    unit: Option<String>,
    #[serde(default)]
    from: Vec<String>,
    label: Words,
    #[serde(default)]
    values: Option<Vec<Code>>,
}

/// A known code of a property, with its words.
#[derive(Debug, Clone, Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields)]
pub struct Code {
    pub code: String,
    pub en: String,
    pub ru: String,
}

/// Zooms at which a layer is in tiles.
#[derive(Debug, Clone, Copy, Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields)]
pub struct Zoom {
    pub min: u8,
    pub max: u8,
}

/// What a link from a site to a feature of the layer is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Linkable {
    Subject,
    Affected,
}

impl Linkable {
    /// The word of the database and of the wire.
    pub fn relation(self) -> &'static str {
        match self {
            Self::Subject => "subject",
            Self::Affected => "affected",
        }
    }
}

/// Who writes a derived layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Derived {
    /// The steps of applications (`application/sql.rs`).
    Application,
}

/// An existing table or view that a layer publishes.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    pub table: String,
    pub id: String,
    pub geometry: String,
}

/// How the store learns of changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Follow {
    /// The table's statement triggers write the change log.
    Trigger,
    /// The table is read again every so many seconds.
    Every(u64),
}

/// Names that a property may not have.
const RESERVED: [&str; 6] = ["id", "geometry", "valid_from", "area_m2", "find_text", "collection"];

/// Reads one layer file; all its faults at once.
///
/// # Errors
/// [`Error::Files`].
pub fn read(file: &Path) -> Result<Layer> {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let read: LayerFile = read_toml(file)?;
    let id = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default().to_string();
    let mut faults = Faults { file, text: &text, list: Vec::new() };
    if !Ident::plain(&id) {
        faults.add("", format!("the file's name {id:?} does not match [a-z][a-z0-9_]{{0,62}}"));
    }
    if id == "WebMercatorQuad" || id.len() > 50 {
        faults.add("", format!("{id} cannot name a layer"));
    }
    if read.zoom.min > read.zoom.max || read.zoom.max > 20 {
        faults.add("zoom", "zoom wants min ≤ max ≤ 20".into());
    }
    if read.source.is_some() && read.derived.is_some() {
        faults.add("source", "source and derived exclude each other".into());
    }
    if (read.source.is_some() || read.derived.is_some()) && !read.edit.is_empty() {
        faults.add("edit", "a published or derived layer is read-only: drop edit".into());
    }
    for (at, property) in read.properties.iter().enumerate() {
        if !Ident::plain(&property.name) || RESERVED.contains(&property.name.as_str()) {
            faults.add(&property.name, format!("{:?} cannot name a property", property.name));
        }
        if read.properties[..at].iter().any(|other| other.name == property.name) {
            faults.add(&property.name, format!("{} stands twice", property.name));
        }
        if property.kind == PropertyType::TextArray && property.tile == TileUse::Yes {
            faults.add(&property.name, "an array goes into tiles as tile = \"joined\" only".into());
        }
    }
    let known = |name: &String| read.properties.iter().any(|property| property.name == *name);
    for name in read.title_property.iter().chain(&read.find) {
        if !known(name) {
            faults.add(name, format!("{name} is not a property of the layer"));
        }
    }
    if let Some(importance) =
        read.importance.as_ref().filter(|name| *name != "area" && !known(name))
    {
        faults.add("importance", format!("{importance} is neither \"area\" nor a property"));
    }
    let hidden = |name: &String| {
        let property = read.properties.iter().find(|property| property.name == *name);
        property.and_then(|property| property.read.as_ref()).is_some_and(|own| *own != read.read)
    };
    if read.importance.as_ref().is_some_and(hidden) {
        let detail = "importance wants a property that every reader of the layer may read";
        faults.add("importance", detail.into());
    }
    if read.label_zoom.is_some() && !read.label_point {
        faults.add("label_zoom", "label_zoom wants label_point = true".into());
    }
    let follow = match (&read.source, read.refresh_s, read.follow.as_deref()) {
        (None, None, None) | (Some(_), None, Some("trigger")) => Follow::Trigger,
        (Some(_), Some(seconds @ 1..=86_400), None) => Follow::Every(seconds),
        _ => {
            faults.add("source", "source wants refresh_s = 1…86400 or follow = \"trigger\"".into());
            Follow::Trigger
        }
    };
    let (rules, broken) = read.rules.check(read.geometry);
    for (key, detail) in broken {
        faults.add(key, detail);
    }
    if !rules.is_empty() && read.source.is_some() {
        faults.add("[rules]", "a published layer has no rules: nobody edits it here".into());
    }
    if !faults.list.is_empty() {
        return Err(Error::Files(faults.list));
    }
    Ok(layer(id, file.to_path_buf(), read, follow, rules))
}

fn layer(id: String, file: PathBuf, read: LayerFile, follow: Follow, rules: Rules) -> Layer {
    let properties = read
        .properties
        .into_iter()
        .map(|property| Property {
            read: property.read.unwrap_or_else(|| read.read.clone()),
            name: property.name,
            kind: property.kind,
            unique: property.unique,
            required: property.required,
            tile: property.tile,
            unit: property.unit,
            from: property.from,
            label: property.label,
            values: property.values,
        })
        .collect();
    Layer {
        id,
        file,
        title: read.title,
        description: read.description,
        group: read.group,
        division: read.division,
        geometry: read.geometry,
        zoom: read.zoom,
        read: read.read,
        edit: read.edit,
        visible: read.visible,
        linkable: read.linkable,
        derived: read.derived,
        source: read.source,
        follow,
        title_property: read.title_property,
        find: read.find,
        label_zoom: read.label_point.then(|| read.label_zoom.unwrap_or(read.zoom.min)),
        importance: read.importance,
        currency: read.currency,
        stale_ok_s: read.stale_ok_s,
        rules,
        properties,
    }
}

struct Faults<'a> {
    file: &'a Path,
    text: &'a str,
    list: Vec<FileFault>,
}

impl Faults<'_> {
    /// Adds a fault at the first line that names the key.
    fn add(&mut self, key: &str, detail: String) {
        let line = self.text.lines().position(|line| !key.is_empty() && line.contains(key));
        let file = self.file.to_path_buf();
        self.list.push(FileFault { file, line: line.map(|line| line + 1), detail });
    }
}
