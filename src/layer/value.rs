//! A value of a property, and how JSON becomes one.

use jiff::civil::Date;
use serde_json::Value as Json;

use super::{Property, PropertyType};
use crate::config::CadastralRule;
use crate::geometry::CadastralNumber;

/// A value of a property.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Null,
    Text(String),
    Integer(i64),
    Number(f64),
    Boolean(bool),
    Date(Date),
    List(Vec<String>),
}

impl Value {
    /// Reads a JSON value as the property's type.
    ///
    /// # Errors
    /// A sentence saying what was wanted.
    pub fn from_json(
        json: &Json,
        property: &Property,
        rule: &CadastralRule,
    ) -> Result<Self, String> {
        let wrong = |wanted: &str| Err(format!("{} wants {wanted}, not {json}", property.name));
        if has_nul(json) {
            return Err(format!("{} holds the character U+0000", property.name));
        }
        Ok(match (property.kind, json) {
            (_, Json::Null) => Self::Null,
            (PropertyType::Text, Json::String(text)) => Self::Text(text.clone()),
            (PropertyType::Text, Json::Number(number)) => Self::Text(number.to_string()),
            (PropertyType::Text, _) => return wrong("a text"),
            (PropertyType::CadastralNumber, Json::String(text)) => {
                match CadastralNumber::parse(text, rule) {
                    Some(number) => Self::Text(number.to_string()),
                    None => return Err(format!("{text:?} is not a cadastral number")),
                }
            }
            (PropertyType::CadastralNumber, _) => return wrong("a cadastral number as text"),
            (PropertyType::Integer, json) => match whole(json) {
                Some(number) => Self::Integer(number),
                None => return wrong("a whole number"),
            },
            (PropertyType::Number, json) => match number(json) {
                Some(number) => Self::Number(number),
                None => return wrong("a number"),
            },
            (PropertyType::Boolean, Json::Bool(yes)) => Self::Boolean(*yes),
            (PropertyType::Boolean, _) => return wrong("true or false"),
            (PropertyType::Date, Json::String(text)) => match date(text) {
                Some(date) => Self::Date(date),
                None => return wrong("a date as 2026-01-31"),
            },
            (PropertyType::Date, _) => return wrong("a date as 2026-01-31"),
            (PropertyType::TextArray, Json::Array(list)) => {
                match list.iter().map(|item| item.as_str().map(str::to_string)).collect() {
                    Some(list) => Self::List(list),
                    None => return wrong("a list of texts"),
                }
            }
            (PropertyType::TextArray, _) => return wrong("a list of texts"),
        })
    }

    /// The value as a text; `None`: there is none.
    pub fn text(&self) -> Option<String> {
        match self {
            Self::Null => None,
            Self::Text(text) => Some(text.clone()),
            Self::Integer(number) => Some(number.to_string()),
            Self::Number(number) => Some(number.to_string()),
            Self::Boolean(yes) => Some(yes.to_string()),
            Self::Date(date) => Some(date.to_string()),
            Self::List(list) => Some(list.join(", ")),
        }
    }

    /// The value as JSON.
    pub fn to_json(&self) -> Json {
        match self {
            Self::Null => Json::Null,
            Self::Text(text) => Json::from(text.as_str()),
            Self::Integer(number) => Json::from(*number),
            Self::Number(number) => Json::from(*number),
            Self::Boolean(yes) => Json::from(*yes),
            Self::Date(date) => Json::from(date.to_string()),
            Self::List(list) => Json::from(list.clone()),
        }
    }
}

/// Whether a text within holds U+0000, which PostgreSQL cannot keep.
pub fn has_nul(json: &Json) -> bool {
    match json {
        Json::String(text) => text.contains('\0'),
        Json::Array(list) => list.iter().any(has_nul),
        Json::Object(fields) => {
            fields.iter().any(|(name, value)| name.contains('\0') || has_nul(value))
        }
        _ => false,
    }
}

fn whole(json: &Json) -> Option<i64> {
    match json {
        Json::Number(number) => number.as_i64().or_else(|| {
            number.as_f64().filter(|n| n.fract() == 0.0 && n.abs() < 9e15).map(|n| n as i64)
        }),
        Json::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

fn number(json: &Json) -> Option<f64> {
    match json {
        Json::Number(number) => number.as_f64(),
        Json::String(text) => text.trim().replace(',', ".").parse().ok(),
        _ => None,
    }
    .filter(|number| number.is_finite())
}

/// `2026-01-31`, a moment that starts so, or `31.01.2026`; years 1 … 9999.
fn date(text: &str) -> Option<Date> {
    let text = text.trim();
    let date = match text.split_once(['T', ' ']) {
        Some((day, moment)) if moment.starts_with(|c: char| c.is_ascii_digit()) => {
            day.parse().ok()?
        }
        Some(_) => return None,
        None if text.contains('.') => {
            let number = |part: &str, longest: usize| -> Option<i16> {
                let plain = part.len() <= longest && part.bytes().all(|byte| byte.is_ascii_digit());
                part.parse().ok().filter(|_| plain)
            };
            let parts: Vec<&str> = text.split('.').collect();
            let [day, month, year] = parts[..] else { return None };
            let (day, month, year) = (number(day, 2)?, number(month, 2)?, number(year, 4)?);
            Date::new(year, month as i8, day as i8).ok()?
        }
        None => text.parse::<Date>().ok().filter(|_| text.len() == 10)?,
    };
    (1..=9999).contains(&date.year()).then_some(date)
}
