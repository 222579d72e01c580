//! Rules that the features of a layer keep beyond their schema: the table `[rules]` of a layer file.
//!
//! ```toml
//! [rules]
//! overlap = "refuse"            # interiors of two features share nothing …
//! overlap_sliver_m2 = 0.01      # … above this (0.01 m² unless said otherwise)
//! inside = "municipal_boundary" # lies inside the features of that layer …
//! inside_tolerance_m = 0.01     # … or beyond them by at most this (0.01 m)
//! min_area_m2 = 1.0
//! ```
//!
//! Whoever edits or imports through this program keeps them; what stood before a rule was written stays
//! until its geometry is changed. *Not here*: how they are measured (`feature/edit/sql.rs`).

use serde::Deserialize;

use super::{GeometryType, Layer};
use crate::db::Ident;

/// `[rules]` as an operator writes it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RulesFile {
    overlap: Option<Overlap>,
    overlap_sliver_m2: Option<f64>,
    inside: Option<String>,
    inside_tolerance_m: Option<f64>,
    min_area_m2: Option<f64>,
}

/// The one thing that can be said of overlaps.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Overlap {
    Refuse,
}

/// The rules of a layer.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rules {
    /// Features of the layer share no more than these m² with another; `None`: they may.
    pub overlap_m2: Option<f64>,
    pub inside: Option<Inside>,
    pub min_area_m2: Option<f64>,
}

/// Features lie inside those of another layer.
#[derive(Debug, Clone, PartialEq)]
pub struct Inside {
    pub layer: String,
    pub tolerance_m: f64,
    /// Table and column of the geometries, known when every file is read.
    pub table: Ident,
    pub geometry: Ident,
}

impl Rules {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Resolves the other layer.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn resolve(&mut self, of: &str, other: Option<&Layer>) -> Result<(), String> {
        let Some(inside) = &mut self.inside else {
            return Ok(());
        };
        let name = &inside.layer;
        match other {
            Some(other) if other.geometry == GeometryType::MultiPolygon && other.id != of => {
                inside.table = other.table();
                inside.geometry = other.geometry_column();
                Ok(())
            }
            _ => Err(format!("inside = {name:?} is not another layer of polygons")),
        }
    }
}

impl RulesFile {
    /// The rules, and what is wrong with them: the key and a sentence.
    pub(super) fn check(&self, geometry: GeometryType) -> (Rules, Vec<(&'static str, String)>) {
        let mut faults = Vec::new();
        let measures = [
            ("overlap_sliver_m2", self.overlap_sliver_m2),
            ("inside_tolerance_m", self.inside_tolerance_m),
            ("min_area_m2", self.min_area_m2),
        ];
        for (key, value) in measures {
            if value.is_some_and(|value| !(value.is_finite() && value >= 0.0)) {
                faults.push((key, format!("{key} is not a number of at least 0")));
            }
        }
        let area = geometry == GeometryType::MultiPolygon;
        if !area && self.overlap.is_some() {
            faults.push(("overlap", "overlap is a rule of polygons".into()));
        }
        if !area && self.min_area_m2.is_some() {
            faults.push(("min_area_m2", "min_area_m2 is a rule of polygons".into()));
        }
        if self.overlap.is_none() && self.overlap_sliver_m2.is_some() {
            let detail = "overlap_sliver_m2 wants overlap = \"refuse\"";
            faults.push(("overlap_sliver_m2", detail.into()));
        }
        if self.inside.is_none() && self.inside_tolerance_m.is_some() {
            faults.push(("inside_tolerance_m", "inside_tolerance_m wants inside".into()));
        }
        let rules = Rules {
            overlap_m2: self.overlap.map(|Overlap::Refuse| self.overlap_sliver_m2.unwrap_or(0.01)),
            inside: self.inside.as_ref().map(|layer| Inside {
                layer: layer.clone(),
                tolerance_m: self.inside_tolerance_m.unwrap_or(0.01),
                table: Ident::new(""),
                geometry: Ident::new(""),
            }),
            min_area_m2: self.min_area_m2,
        };
        (rules, faults)
    }
}
