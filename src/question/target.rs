//! The features that a question looks at: a layer, what the caller may ask of it, a filter, classes.

use std::sync::Arc;

use serde_json::Value as Json;

use super::Asker;
use super::body::Fields;
use super::place::crs;
use crate::error::{Error, Fault, Result};
use crate::filter::{self, Filter, Queryable, Queryables, Type};
use crate::layer::{GeometryType, Layer};

/// A layer with a filter.
#[derive(Clone)]
pub struct Target {
    pub layer: Arc<Layer>,
    pub queryables: Queryables,
    pub filter: Option<Filter>,
    /// The property whose values are the classes; `None`: all features are one class.
    pub by: Option<Queryable>,
    filter_pointer: String,
}

impl Target {
    /// Reads `layer`, `filter` (CQL2 as text or as JSON), `filter_crs`.
    ///
    /// # Errors
    /// 404 unknown or unreadable layer; 422 with a pointer.
    pub fn parse(fields: &Fields<'_>, asker: &Asker<'_>) -> Result<Self> {
        let id = fields.wanted_text("layer")?;
        let layer = asker.catalogue.readable_by(asker.caller, id)?.clone();
        Self::of(layer, fields, asker)
    }

    /// The same of a layer that is known.
    ///
    /// # Errors
    /// 422 with a pointer.
    pub fn of(layer: Arc<Layer>, fields: &Fields<'_>, asker: &Asker<'_>) -> Result<Self> {
        let queryables = Queryables::of(&layer, asker.caller);
        let filter_pointer = fields.at("filter");
        let system = crs(fields, "filter_crs", asker)?;
        let filter = match fields.get("filter") {
            None => None,
            Some(asked) => {
                let told = |fault: filter::Fault| match asked {
                    Json::String(_) => {
                        let detail = format!("at {}: {}", fault.at, fault.detail);
                        Error::invalid(&filter_pointer, detail)
                    }
                    _ => Error::invalid(format!("{filter_pointer}{}", fault.at), fault.detail),
                };
                let tree = match asked {
                    Json::String(text) => filter::parse_text(text),
                    json => filter::parse_json(json),
                };
                let tree = tree.map_err(told)?;
                Some(Filter::new(tree, &queryables, system, asker.city).map_err(told)?)
            }
        };
        Ok(Self { layer, queryables, filter, by: None, filter_pointer })
    }

    /// Reads `by`: a property whose values are the classes.
    ///
    /// # Errors
    /// 422 with a pointer: unknown or unreadable, or a list.
    pub fn with_classes(mut self, fields: &Fields<'_>) -> Result<Self> {
        let Some(name) = fields.text("by")? else { return Ok(self) };
        let known = self.queryables.get(name);
        let known =
            known.ok_or_else(|| Error::invalid(fields.at("by"), self.queryables.unknown(name)))?;
        if matches!(known.kind, Type::List | Type::Geometry) {
            let detail = format!("{name} is {} and makes no classes", known.kind.told());
            return Err(Error::invalid(fields.at("by"), detail));
        }
        self.by = Some(known.clone());
        Ok(self)
    }

    /// What only the filter can have caused is a fault of the filter.
    pub fn told<T>(&self, result: Result<T>) -> Result<T> {
        match result {
            Err(Error::Invalid { faults }) if self.filter.is_some() => {
                let pointer = self.filter_pointer.clone();
                let told = |fault: Fault| Fault { pointer: pointer.clone(), ..fault };
                Err(Error::Invalid { faults: faults.into_iter().map(told).collect() })
            }
            other => other,
        }
    }

    /// 0 points, 1 lines, 2 areas.
    pub fn dimension(&self) -> u8 {
        match self.layer.geometry {
            GeometryType::Point => 0,
            GeometryType::MultiLineString => 1,
            GeometryType::MultiPolygon => 2,
        }
    }

    /// The words of the layer file for a class.
    pub fn label(&self, class: Option<&str>, russian: bool) -> Option<String> {
        let values = self.layer.property(&self.by.as_ref()?.name)?.values.as_ref()?;
        let known = values.iter().find(|known| Some(known.code.as_str()) == class)?;
        Some(if russian { known.ru.clone() } else { known.en.clone() })
    }

    /// The features in a sentence.
    pub fn told_of(&self, russian: bool) -> String {
        let mut text = format!("«{}»", super::said(&self.layer.title, russian));
        if let Some(filter) = &self.filter {
            let condition = if russian { "при условии" } else { "where" };
            text.push_str(&format!(" {condition} {}", filter.asked.to_text()));
        }
        if let Some(by) = &self.by {
            let property = self.layer.property(&by.name);
            let label = property.map_or(by.name.as_str(), |one| super::said(&one.label, russian));
            let word = if russian { "по полю" } else { "by" };
            text.push_str(&format!(" {word} «{label}»"));
        }
        text
    }
}
