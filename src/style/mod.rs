//! Map styles: one MapLibre style document, one palette, two themes, the legend of each layer; sprites
//! beside them.
//!
//! *Not here*: fonts (they come with the map application, `web/`).

mod legend;
mod swatch;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value as Json;

pub use legend::{Entry, Swatch};

use crate::access::Caller;
use crate::config::read_toml;
use crate::error::{Error, FileFault, Result};
use crate::layer::Catalogue;

/// For the screen in light or dark, or for paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Theme {
    Light,
    Dark,
    /// The colours of light on white.
    Print,
}

/// How a client draws text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Text {
    /// Font files that the browser draws from (`font-faces`).
    Faces,
    /// Ready glyphs (`glyphs`), for QGIS and MapLibre Native.
    Glyphs,
}

impl Theme {
    /// The theme of a name, as it stands in addresses.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "light" => Some(Self::Light),
            "dark" => Some(Self::Dark),
            "print" => Some(Self::Print),
            _ => None,
        }
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Colour {
    light: String,
    dark: String,
}

/// The style document of the municipality.
#[derive(Debug, Clone)]
pub struct Styles {
    document: Json,
    palette: BTreeMap<String, Colour>,
    sprites: PathBuf,
    glyphs: PathBuf,
    file: PathBuf,
}

impl Styles {
    /// Reads `map.json` and `palette.toml`.
    ///
    /// # Errors
    /// [`Error::Files`].
    pub fn read(dir: &Path) -> Result<Self> {
        let file = dir.join("map.json");
        let text = std::fs::read_to_string(&file)
            .map_err(|error| Error::file(&file, None, format!("cannot be read: {error}")))?;
        let document = serde_json::from_str(&text)
            .map_err(|error| Error::file(&file, Some(error.line()), error.to_string()))?;
        let palette = read_toml(&dir.join("palette.toml"))?;
        Ok(Self {
            document,
            palette,
            sprites: dir.join("sprites"),
            glyphs: dir.join("glyphs"),
            file,
        })
    }

    /// What does not agree with the layers: unknown layers, unknown colours.
    pub fn faults(&self, catalogue: &Catalogue) -> Vec<FileFault> {
        let text = std::fs::read_to_string(&self.file).unwrap_or_default();
        let mut faults = Vec::new();
        let mut fault = |needle: &str, detail: String| {
            let line = text.lines().position(|line| line.contains(needle)).map(|line| line + 1);
            faults.push(FileFault { file: self.file.clone(), line, detail });
        };
        let mut colours = Vec::new();
        strings(&self.document, &mut |text| {
            if let Some(name) = text.strip_prefix('$')
                && !self.palette.contains_key(name)
            {
                colours.push(text.to_string());
            }
        });
        for colour in colours {
            fault(&colour, format!("the colour {colour} is not in palette.toml"));
        }
        for layer in self.document["layers"].as_array().into_iter().flatten() {
            let Some(source_layer) = layer["source-layer"].as_str() else {
                continue;
            };
            let name = source_layer.strip_suffix("_label").unwrap_or(source_layer);
            let known = catalogue.layer(source_layer).or_else(|| catalogue.layer(name));
            if known.is_none() {
                fault(source_layer, format!("the style draws {source_layer}, which is no layer"));
            }
        }
        faults
    }

    /// The style of a theme for a caller; URLs are made absolute with `base`.
    pub fn style(
        &self,
        theme: Theme,
        text: Text,
        catalogue: &Catalogue,
        caller: &Caller,
        base: &str,
    ) -> Json {
        let mut style = self.document.clone();
        if text == Text::Glyphs
            && let Some(style) = style.as_object_mut()
        {
            style.remove("font-faces");
            style.insert("glyphs".into(), "/glyphs/{fontstack}/{range}.pbf".into());
        }
        if theme == Theme::Print {
            let layers = style["layers"].as_array_mut().into_iter().flatten();
            for layer in layers.filter(|layer| layer["type"] == "background") {
                layer["paint"]["background-color"] = "#ffffff".into();
            }
        }
        let readable = |id: &str| catalogue.readable_by(caller, id).is_ok();
        if let Some(sources) = style["sources"].as_object_mut() {
            sources.retain(|_, source| {
                let Some(url) = source["url"].as_str() else {
                    return true;
                };
                let Some(ids) = url.strip_prefix("/tiles/").and_then(|u| u.strip_suffix(".json"))
                else {
                    return true;
                };
                let kept: Vec<&str> = ids.split(',').filter(|id| readable(id)).collect();
                if kept.is_empty() {
                    return false;
                }
                source["url"] = format!("/tiles/{}.json", kept.join(",")).into();
                true
            });
        }
        let sources = style["sources"].clone();
        if let Some(layers) = style["layers"].as_array_mut() {
            layers.retain(|layer| {
                let source = layer["source"].as_str().is_none_or(|s| sources.get(s).is_some());
                let id =
                    layer["metadata"]["imgis:layer"].as_str().or(layer["source-layer"].as_str());
                source && id.is_none_or(readable)
            });
        }
        replace(&mut style, &|text| {
            if let Some(colour) = self.colour(theme, text) {
                return Some(colour);
            }
            let rooted = ["/tiles/", "/sprites/", "/fonts/", "/glyphs/"];
            rooted.iter().any(|root| text.starts_with(root)).then(|| format!("{base}{text}"))
        });
        style
    }

    fn colour(&self, theme: Theme, text: &str) -> Option<String> {
        let colour = self.palette.get(text.strip_prefix('$')?)?;
        Some(match theme {
            Theme::Light | Theme::Print => colour.light.clone(),
            Theme::Dark => colour.dark.clone(),
        })
    }

    /// Glyphs of a range of a font, for clients that draw text from them; a font of a list (`A,B`) stands
    /// for the whole. A range without glyphs is empty.
    ///
    /// # Errors
    /// 404 an unknown font or a range that is none.
    ///
    /// # Source
    /// MapLibre Style Specification, `glyphs`.
    pub fn glyphs(&self, fonts: &str, range: &str) -> Result<Vec<u8>> {
        let missing = || Error::not_found("glyphs", format!("{fonts}/{range}"));
        let bounds = range.strip_suffix(".pbf").and_then(|range| range.split_once('-'));
        let (from, to) = bounds.ok_or_else(missing)?;
        let (Ok(from), Ok(to)) = (from.parse::<u32>(), to.parse::<u32>()) else {
            return Err(missing());
        };
        if from % 256 != 0 || to != from.saturating_add(255) || to > 65_535 {
            return Err(missing());
        }
        let plain = |font: &str| {
            let plain = font.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b' ');
            plain.then(|| self.glyphs.join(font.to_lowercase().replace(' ', "_")))
        };
        let folder = fonts.split(',').filter_map(plain).find(|folder| folder.is_dir());
        let file = folder.ok_or_else(missing)?.join(format!("{from}-{to}.pbf"));
        Ok(std::fs::read(file).unwrap_or_default())
    }

    /// A sprite file.
    ///
    /// # Errors
    /// 404.
    pub fn sprite(&self, name: &str) -> Result<Vec<u8>> {
        let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || "-_@.".contains(c));
        if !plain || name.contains("..") {
            return Err(Error::not_found("sprite", name));
        }
        std::fs::read(self.sprites.join(name)).map_err(|_| Error::not_found("sprite", name))
    }
}

fn strings(json: &Json, see: &mut dyn FnMut(&str)) {
    match json {
        Json::String(text) => see(text),
        Json::Array(list) => list.iter().for_each(|item| strings(item, see)),
        Json::Object(object) => object.values().for_each(|item| strings(item, see)),
        _ => {}
    }
}

fn replace(json: &mut Json, change: &dyn Fn(&str) -> Option<String>) {
    match json {
        Json::String(text) => {
            if let Some(new) = change(text) {
                *text = new;
            }
        }
        Json::Array(list) => list.iter_mut().for_each(|item| replace(item, change)),
        Json::Object(object) => object.values_mut().for_each(|item| replace(item, change)),
        _ => {}
    }
}
