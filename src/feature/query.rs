//! A question for a page of items: parsed at the door, trusted inside.
//!
//! # Source
//! OGC API Features 1.0 part 1 §7.15, part 2 §6.

use crate::access::Caller;
use crate::config::{City, limit};
use crate::error::{Error, Result};
use crate::geometry::{Bbox, Crs};
use crate::layer::{Layer, Value};

/// Name of the parameter that asks for a coordinate system.
pub const PROPERTY_CRS: &str = "crs";

/// A question for a page.
#[derive(Debug, Clone)]
pub struct FeatureQuery {
    pub limit: i64,
    /// Features with a greater id.
    pub after: Option<i64>,
    /// Features to pass over, for clients that count pages.
    pub offset: i64,
    pub crs: Crs,
    /// Box and its system.
    pub bbox: Option<(Bbox, Crs)>,
    /// Properties that must equal these values.
    pub equal: Vec<(String, Value)>,
}

impl FeatureQuery {
    /// Reads the parameters of `/collections/{id}/items`.
    ///
    /// # Errors
    /// 400 naming the parameter; an unknown one too.
    pub fn parse(
        layer: &Layer,
        params: &[(String, String)],
        caller: &Caller,
        base: &str,
        city: &City,
    ) -> Result<Self> {
        let mut query = Self {
            limit: limit::PAGE_FEATURES,
            after: None,
            offset: 0,
            crs: Crs::Crs84,
            bbox: None,
            equal: Vec::new(),
        };
        let mut bbox = None;
        let mut bbox_crs = Crs::Crs84;
        let mut seen = std::collections::HashSet::new();
        for (name, value) in params {
            if !seen.insert(name.as_str()) {
                return Err(Error::parameter(name, "is given twice"));
            }
            match name.as_str() {
                "limit" => query.limit = whole(name, value, 1)?.min(limit::PAGE_FEATURES_MAX),
                "offset" => query.offset = whole(name, value, 0)?,
                "cursor" => query.after = Some(whole(name, value, i64::MIN)?),
                "crs" => query.crs = Crs::parse(name, value, base, city)?,
                "bbox-crs" => bbox_crs = Crs::parse(name, value, base, city)?,
                "bbox" => bbox = Some(value),
                "datetime" => interval(value)?,
                "f" if value == "json" => {}
                "f" => {
                    return Err(Error::parameter("f", format!("{value:?} is not served; json is")));
                }
                _ => query.equal.push(equality(layer, name, value, caller, city)?),
            }
        }
        if let Some(text) = bbox {
            let parsed = Bbox::parse(text, bbox_crs.north_first(), bbox_crs.geographic())?;
            query.bbox = Some((parsed, bbox_crs));
        }
        Ok(query)
    }
}

fn whole(name: &str, text: &str, least: i64) -> Result<i64> {
    let number = text.parse::<i64>().ok().filter(|number| *number >= least);
    number.ok_or_else(|| {
        let wanted = if least > i64::MIN { format!(" of at least {least}") } else { String::new() };
        Error::parameter(name, format!("{text:?} is not a whole number{wanted}"))
    })
}

/// `datetime` is read and checked; no layer has a time of its own yet, so every feature matches.
fn interval(text: &str) -> Result<()> {
    let fault =
        || Error::parameter("datetime", format!("{text:?} is not an RFC 3339 moment or interval"));
    let moment = |part: &str| -> Result<Option<jiff::Timestamp>> {
        if part.is_empty() || part == ".." {
            return Ok(None);
        }
        let whole_day = format!("{part}T00:00:00Z");
        part.parse().or_else(|_| whole_day.parse()).map(Some).map_err(|_| fault())
    };
    let parts: Vec<&str> = text.split('/').collect();
    match parts[..] {
        [one] => moment(one)?.map(drop).ok_or_else(fault),
        [from, to] => match (moment(from)?, moment(to)?) {
            (None, None) => Err(fault()),
            (Some(from), Some(to)) if from > to => Err(fault()),
            _ => Ok(()),
        },
        _ => Err(fault()),
    }
}

fn equality(
    layer: &Layer,
    name: &str,
    text: &str,
    caller: &Caller,
    city: &City,
) -> Result<(String, Value)> {
    let readable = layer.readable(caller);
    let Some(property) = readable.iter().find(|property| property.name == name) else {
        let known: Vec<&str> = readable.iter().map(|property| property.name.as_str()).collect();
        return Err(Error::parameter(
            name,
            format!(
                "is not a parameter; known are bbox, bbox-crs, crs, cursor, datetime, f, limit, offset \
                 and the properties {}",
                known.join(", ")
            ),
        ));
    };
    let json = match property.kind {
        crate::layer::PropertyType::Boolean => match text {
            "true" => serde_json::Value::from(true),
            "false" => serde_json::Value::from(false),
            _ => serde_json::Value::from(text),
        },
        crate::layer::PropertyType::TextArray => serde_json::json!([text]),
        _ => serde_json::Value::from(text),
    };
    let value = Value::from_json(&json, property, &city.cadastral_number)
        .map_err(|detail| Error::parameter(name, detail))?;
    Ok((name.to_string(), value))
}
