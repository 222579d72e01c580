//! The body of a question, read field by field: every fault names its place by a JSON Pointer.

use serde_json::{Map, Value as Json};

use crate::error::{Error, Result};

/// The fields of one object of a body.
pub struct Fields<'a> {
    map: &'a Map<String, Json>,
    pointer: String,
}

impl<'a> Fields<'a> {
    /// Takes an object that has no other fields than these.
    ///
    /// # Errors
    /// 422 with the pointer of the first unknown field.
    pub fn of(json: &'a Json, pointer: &str, known: &[&str]) -> Result<Self> {
        let Some(map) = json.as_object() else {
            return Err(Error::invalid(pointer, "an object is wanted"));
        };
        if let Some(name) = map.keys().find(|name| !known.contains(&name.as_str())) {
            let step = name.replace('~', "~0").replace('/', "~1").replace('\0', "");
            let detail = format!("there is no such field; known are {}", known.join(", "));
            return Err(Error::invalid(format!("{pointer}/{step}"), detail));
        }
        Ok(Self { map, pointer: pointer.to_string() })
    }

    /// The pointer of a field.
    pub fn at(&self, name: &str) -> String {
        format!("{}/{name}", self.pointer)
    }

    /// A field; null is as good as absent.
    pub fn get(&self, name: &str) -> Option<&'a Json> {
        self.map.get(name).filter(|value| !value.is_null())
    }

    /// A field that must be there.
    ///
    /// # Errors
    /// 422.
    pub fn wanted(&self, name: &str) -> Result<&'a Json> {
        self.get(name).ok_or_else(|| Error::invalid(self.at(name), "is missing"))
    }

    /// A text.
    ///
    /// # Errors
    /// 422.
    pub fn text(&self, name: &str) -> Result<Option<&'a str>> {
        let Some(value) = self.get(name) else { return Ok(None) };
        match value.as_str() {
            Some(text) => Ok(Some(text)),
            None => Err(Error::invalid(self.at(name), format!("{value} is not a text"))),
        }
    }

    /// A text that must be there.
    ///
    /// # Errors
    /// 422.
    pub fn wanted_text(&self, name: &str) -> Result<&'a str> {
        self.wanted(name)?;
        self.text(name).map(Option::unwrap_or_default)
    }

    /// A finite number within bounds, both taken; `unit` for the words of a fault.
    ///
    /// # Errors
    /// 422.
    pub fn number(&self, name: &str, bounds: (f64, f64), unit: &str) -> Result<Option<f64>> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let (least, most) = bounds;
        match value.as_f64().filter(|number| (least..=most).contains(number)) {
            Some(number) => Ok(Some(number)),
            None => {
                let detail = format!("{value} is not a number of {least} … {most}{unit}");
                Err(Error::invalid(self.at(name), detail))
            }
        }
    }

    /// A whole number within bounds, both taken.
    ///
    /// # Errors
    /// 422.
    pub fn whole(&self, name: &str, least: i64, most: i64) -> Result<Option<i64>> {
        let Some(value) = self.get(name) else { return Ok(None) };
        match value.as_i64().filter(|number| (least..=most).contains(number)) {
            Some(number) => Ok(Some(number)),
            None => {
                let detail = format!("{value} is not a whole number of {least} … {most}");
                Err(Error::invalid(self.at(name), detail))
            }
        }
    }
}
