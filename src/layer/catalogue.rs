//! The catalogue: every layer of the municipality, in drawing order, and who may read which.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Layer, file};
use crate::access::Caller;
use crate::config::{City, Words, read_toml};
use crate::error::{Error, FileFault, Result};

/// A theme group of the layer tree.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    pub id: String,
    pub title: Words,
}

/// A structural division.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Division {
    pub id: String,
    pub title: Words,
    /// The stage in which the division joins.
    pub stage: u8,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Groups {
    group: Vec<Group>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Divisions {
    division: Vec<Division>,
}

/// Every layer, in the order of the groups, then of the files' names.
#[derive(Debug, Clone)]
pub struct Catalogue {
    pub groups: Vec<Group>,
    pub divisions: Vec<Division>,
    layers: Vec<Arc<Layer>>,
    by_id: HashMap<String, usize>,
}

impl Catalogue {
    /// Reads groups, divisions and every layer file of the municipality.
    ///
    /// # Errors
    /// [`Error::Files`] with every fault of every file.
    pub fn read(city: &City) -> Result<Self> {
        let groups = read_toml::<Groups>(&city.data_file("groups.toml"))?.group;
        let divisions = read_toml::<Divisions>(&city.data_file("divisions.toml"))?.division;
        let dir = city.layers_dir();
        let mut layers = Vec::new();
        let mut faults = Vec::new();
        for path in toml_files(&dir)? {
            match file::read(&path) {
                Ok(layer) => {
                    let known = groups.iter().any(|group| group.id == layer.group);
                    let owner = divisions.iter().any(|division| division.id == layer.division);
                    for (fine, word, name) in
                        [(known, "group", &layer.group), (owner, "division", &layer.division)]
                    {
                        if !fine {
                            let detail = format!("{word} {name:?} is not known");
                            let (file, line) = (path.clone(), line_of(&path, word));
                            faults.push(FileFault { file, line, detail });
                        }
                    }
                    layers.push(Arc::new(layer));
                }
                Err(Error::Files(more)) => faults.extend(more),
                Err(other) => return Err(other),
            }
        }
        for at in 0..layers.len() {
            let mut rules = layers[at].rules.clone();
            let named = rules.inside.as_ref().map(|inside| inside.layer.clone());
            let other = layers.iter().find(|other| Some(&other.id) == named.as_ref());
            match rules.resolve(&layers[at].id, other.map(Arc::as_ref)) {
                Ok(()) => Arc::make_mut(&mut layers[at]).rules = rules,
                Err(detail) => {
                    let file = layers[at].file.clone();
                    faults.push(FileFault { line: line_of(&file, "inside"), file, detail });
                }
            }
        }
        if !faults.is_empty() {
            return Err(Error::Files(faults));
        }
        let rank = |layer: &Layer| groups.iter().position(|group| group.id == layer.group);
        layers.sort_by_key(|layer| (rank(layer), layer.id.clone()));
        let by_id = layers.iter().enumerate().map(|(at, layer)| (layer.id.clone(), at)).collect();
        Ok(Self { groups, divisions, layers, by_id })
    }

    /// Every layer.
    pub fn layers(&self) -> &[Arc<Layer>] {
        &self.layers
    }

    /// A layer, whoever asks.
    pub fn layer(&self, id: &str) -> Option<&Arc<Layer>> {
        self.by_id.get(id).map(|at| &self.layers[*at])
    }

    /// The layers that the caller may read.
    pub fn readable<'a>(&'a self, caller: &'a Caller) -> impl Iterator<Item = &'a Arc<Layer>> {
        self.layers.iter().filter(|layer| caller.may_read(&layer.read))
    }

    /// A layer that the caller may read. Unknown and forbidden look the same.
    ///
    /// # Errors
    /// 404.
    pub fn readable_by(&self, caller: &Caller, id: &str) -> Result<&Arc<Layer>> {
        self.layer(id)
            .filter(|layer| caller.may_read(&layer.read))
            .ok_or_else(|| Error::not_found("layer", id))
    }

    /// The place of a layer in the drawing order.
    pub fn rank(&self, id: &str) -> usize {
        self.by_id.get(id).copied().unwrap_or(usize::MAX)
    }

    /// The title of a division.
    pub fn division(&self, id: &str) -> Option<&Division> {
        self.divisions.iter().find(|division| division.id == id)
    }
}

/// The `*.toml` of a folder, by name.
pub(crate) fn toml_files(dir: &Path) -> Result<Vec<std::path::PathBuf>> {
    let entries = std::fs::read_dir(dir)
        .map_err(|error| Error::file(dir, None, format!("cannot be read: {error}")))?;
    let mut files: Vec<_> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .collect();
    files.sort();
    Ok(files)
}

fn line_of(path: &Path, key: &str) -> Option<usize> {
    let text = std::fs::read_to_string(path).ok()?;
    text.lines().position(|line| line.trim_start().starts_with(key)).map(|line| line + 1)
}
