//! A question for features: parsed at the door, trusted inside.
//!
//! # Source
//! OGC API Features part 1 §7.15, part 2 §6, part 3 (filter, queryables as parameters), part 5 (schemas),
//! part 6 (property selection), part 8 (sorting).

use std::collections::HashSet;

use jiff::Timestamp;
use serde_json::Value as Json;

use super::cursor::{Cursor, Key};
use super::found::needles;
use crate::access::Caller;
use crate::config::{City, limit};
use crate::error::{Error, Result};
use crate::filter::{self, Filter, Queryables};
use crate::geometry::{Bbox, Crs};
use crate::layer::{Layer, PropertyType, Value};

/// Name of the parameter that asks for a coordinate system.
pub const PROPERTY_CRS: &str = "crs";

/// Where a page begins.
#[derive(Debug, Clone)]
pub enum Place {
    /// After so many features, for clients that count pages.
    Offset(i64),
    /// After the feature with these keys.
    After(Cursor),
}

/// Moments of which the features are asked: what was there at `to`, or last between the two.
#[derive(Debug, Clone, Copy)]
pub struct During {
    pub from: Timestamp,
    pub to: Timestamp,
}

/// A question for features of one layer.
#[derive(Debug, Clone)]
pub struct FeatureQuery {
    /// `None`: as many as the format gives by itself.
    pub limit: Option<i64>,
    pub place: Place,
    pub crs: Crs,
    /// Must be met by the geometry, if there is one: EWKB in the city's system.
    pub area: Option<Vec<u8>>,
    pub filter: Option<Filter>,
    /// Properties that must equal these values.
    pub equal: Vec<(String, Value)>,
    /// Words that the search text must have.
    pub words: Vec<String>,
    pub during: Option<During>,
    pub sort: Vec<Key>,
    /// Properties of the answer, in the layer's order.
    pub properties: Vec<String>,
    pub geometry: bool,
    /// Metres by which lines may be made simpler.
    pub tolerance_m: Option<f64>,
    pub queryables: Queryables,
}

/// Who asks of what, and where.
#[derive(Clone, Copy)]
pub struct Asker<'a> {
    pub layer: &'a Layer,
    pub caller: &'a Caller,
    /// Address of the server, for its own coordinate system.
    pub base: &'a str,
    pub city: &'a City,
}

/// Parameters that are not properties.
pub const PARAMETERS: [&str; 19] = [
    "limit",
    "offset",
    "cursor",
    "crs",
    "bbox",
    "bbox-crs",
    "datetime",
    "f",
    "filter",
    "filter-lang",
    "filter-crs",
    "sortby",
    "properties",
    "exclude-properties",
    "skip-geometry",
    "zoom-level",
    "q",
    "bom",
    "lang",
];

/// Metres of a pixel of 256 at zoom 0 at the equator.
const PIXEL_M: f64 = 156_543.033_928;

impl FeatureQuery {
    /// A question for everything.
    pub fn all(layer: &Layer, caller: &Caller) -> Self {
        Self {
            limit: None,
            place: Place::Offset(0),
            crs: Crs::Crs84,
            area: None,
            filter: None,
            equal: Vec::new(),
            words: Vec::new(),
            during: None,
            sort: Vec::new(),
            properties: names(layer, caller),
            geometry: true,
            tolerance_m: None,
            queryables: Queryables::of(layer, caller),
        }
    }

    /// Reads the parameters of `/collections/{id}/items`; `f`, `bom` and `lang` are the door's.
    ///
    /// # Errors
    /// 400 naming the parameter; an unknown one too.
    pub fn parse(asker: Asker<'_>, params: &[(String, String)]) -> Result<Self> {
        Self::parse_with(asker, params, None)
    }

    /// The same with a filter that is CQL2 JSON, or CQL2 text as a JSON string.
    ///
    /// # Errors
    /// As [`FeatureQuery::parse`].
    pub fn parse_with(
        asker: Asker<'_>,
        params: &[(String, String)],
        filter_json: Option<&Json>,
    ) -> Result<Self> {
        let Asker { layer, caller, base, city } = asker;
        let mut query = Self::all(layer, caller);
        let (mut bbox, mut bbox_crs) = (None, Crs::Crs84);
        let (mut filter, mut filter_crs, mut filter_lang) = (None, Crs::Crs84, None);
        let (mut cursor, mut chosen, mut left_out) = (None, None, None);
        let mut seen = HashSet::new();
        for (name, value) in params {
            if !seen.insert(name.as_str()) {
                return Err(Error::parameter(name, "is given twice"));
            }
            match name.as_str() {
                "limit" => query.limit = Some(whole(name, value, 1)?),
                "offset" => query.place = Place::Offset(whole(name, value, 0)?),
                "cursor" => cursor = Some(value),
                "crs" => query.crs = Crs::parse(name, value, base, city)?,
                "bbox-crs" => bbox_crs = Crs::parse(name, value, base, city)?,
                "bbox" => bbox = Some(value),
                "datetime" => query.during = interval(value)?,
                "filter" => filter = Some(value),
                "filter-crs" => filter_crs = Crs::parse(name, value, base, city)?,
                "filter-lang" if !["cql2-text", "cql2-json"].contains(&value.as_str()) => {
                    let detail = format!("{value:?} is not known; cql2-text and cql2-json are");
                    return Err(Error::parameter(name, detail));
                }
                "filter-lang" => filter_lang = Some(value),
                "sortby" => query.sort = sorting(value, &query.queryables)?,
                "properties" => chosen = Some(value),
                "exclude-properties" => left_out = Some(value),
                "skip-geometry" => query.geometry = !yes(name, value)?,
                "zoom-level" => query.tolerance_m = Some(tolerance(value, city)?),
                "q" => query.words = words(layer, caller, value)?,
                name if PARAMETERS.contains(&name) => {}
                _ => query.equal.push(equality(asker, name, value)?),
            }
        }
        query.choose(chosen.map(String::as_str), left_out.map(String::as_str))?;
        if let Some(text) = bbox {
            let parsed = Bbox::parse(text, bbox_crs.north_first(), bbox_crs.geographic())?;
            let corners = [parsed.west, parsed.south, parsed.east, parsed.north];
            query.area = Some(filter::window(corners, bbox_crs, city, "bbox")?);
        }
        let asked = match (filter, filter_json) {
            (Some(text), _) => Some(predicate(text, filter_lang.map(String::as_str))?),
            (None, Some(Json::String(text))) => {
                Some(filter::parse_text(text).map_err(|fault| fault.of("filter"))?)
            }
            (None, Some(json)) => {
                Some(filter::parse_json(json).map_err(|fault| fault.of("filter"))?)
            }
            (None, None) => None,
        };
        if let Some(asked) = asked {
            let checked = Filter::new(asked, &query.queryables, filter_crs, city);
            query.filter = Some(checked.map_err(|fault| fault.of("filter"))?);
        }
        if let Some(text) = cursor {
            query.place = Place::After(Cursor::unread(text));
        }
        Ok(query)
    }

    /// Keeps the chosen properties only.
    fn choose(&mut self, chosen: Option<&str>, left_out: Option<&str>) -> Result<()> {
        if let Some(list) = chosen {
            let wanted = self.listed("properties", list)?;
            self.properties.retain(|name| wanted.contains(name));
        }
        if let Some(list) = left_out {
            let unwanted = self.listed("exclude-properties", list)?;
            self.properties.retain(|name| !unwanted.contains(name));
            self.geometry &= !unwanted.iter().any(|name| name == "geometry");
        }
        Ok(())
    }

    fn listed(&self, parameter: &str, list: &str) -> Result<Vec<String>> {
        let names = list.split(',').map(str::trim).filter(|name| !name.is_empty());
        names
            .map(|name| match self.queryables.get(name) {
                Some(_) => Ok(name.to_string()),
                None => Err(Error::parameter(parameter, self.queryables.unknown(name))),
            })
            .collect()
    }

    /// Whether the statement has the same text for everyone who asks so: worth keeping prepared.
    pub fn is_plain(&self) -> bool {
        self.filter.is_none()
            && self.equal.is_empty()
            && self.words.is_empty()
            && self.sort.is_empty()
            && self.during.is_none()
            && self.tolerance_m.is_none()
    }

    /// Whether every feature of the layer is asked for.
    pub fn takes_all(&self) -> bool {
        self.area.is_none()
            && self.filter.is_none()
            && self.equal.is_empty()
            && self.words.is_empty()
            && self.during.is_none()
    }
}

/// The properties that an answer has: the readable ones, and the area.
fn names(layer: &Layer, caller: &Caller) -> Vec<String> {
    let readable = layer.readable(caller).into_iter().map(|property| property.name.clone());
    readable.chain(layer.has_area().then(|| "area_m2".to_string())).collect()
}

/// A filter in the language that it says it is in.
fn predicate(text: &str, language: Option<&str>) -> Result<filter::Expr> {
    let parsed = match language {
        Some("cql2-json") => {
            let json = serde_json::from_str(text)
                .map_err(|error| Error::parameter("filter", format!("not JSON: {error}")))?;
            filter::parse_json(&json)
        }
        _ => filter::parse_text(text),
    };
    parsed.map_err(|fault| fault.of("filter"))
}

fn whole(name: &str, text: &str, least: i64) -> Result<i64> {
    let number = text.parse::<i64>().ok().filter(|number| *number >= least);
    number.ok_or_else(|| {
        Error::parameter(name, format!("{text:?} is not a whole number of at least {least}"))
    })
}

/// `true` or `false`.
pub fn yes(name: &str, text: &str) -> Result<bool> {
    text.parse().map_err(|_| Error::parameter(name, format!("{text:?} is not true or false")))
}

fn tolerance(text: &str, city: &City) -> Result<f64> {
    let zoom = whole("zoom-level", text, 0)?;
    if zoom > 24 {
        return Err(Error::parameter("zoom-level", format!("{zoom} is above 24")));
    }
    let along = city.center[1].to_radians().cos();
    Ok(PIXEL_M * along / f64::from(1u32 << zoom) / 2.0)
}

/// Whether `q` looks into a layer: it keeps a text for it, of nothing that the caller may not read.
pub fn searchable(layer: &Layer, caller: &Caller) -> bool {
    let readable = layer.readable(caller);
    let open = layer.find.iter().all(|name| readable.iter().any(|p| p.name == *name));
    !layer.find.is_empty() && layer.is_own() && open
}

fn words(layer: &Layer, caller: &Caller, text: &str) -> Result<Vec<String>> {
    if !searchable(layer, caller) {
        return Err(Error::parameter("q", format!("{} has no text to search in", layer.id)));
    }
    if text.chars().count() > limit::FIND_CHARS_MAX {
        let detail = format!("at most {} characters are taken", limit::FIND_CHARS_MAX);
        return Err(Error::parameter("q", detail));
    }
    let words = needles(text);
    let plain = text.trim().to_lowercase().replace('ё', "е");
    // A word that only says what follows is looked for when it stands alone.
    Ok(if words.is_empty() && !plain.is_empty() { vec![plain] } else { words })
}

fn sorting(text: &str, queryables: &Queryables) -> Result<Vec<Key>> {
    let mut keys: Vec<Key> = Vec::new();
    for part in text.split(',').map(str::trim) {
        let (name, descending) = match part.strip_prefix('-') {
            Some(name) => (name, true),
            // A plus that nobody encoded arrives as a space.
            None => (part.trim_start_matches(['+', ' ']), false),
        };
        let known = queryables
            .get(name)
            .ok_or_else(|| Error::parameter("sortby", queryables.unknown(name)))?;
        if !known.sortable {
            return Err(Error::parameter("sortby", format!("{name} has no order")));
        }
        if keys.iter().any(|key| key.name == name) {
            return Err(Error::parameter("sortby", format!("{name} stands twice")));
        }
        if keys.len() == limit::SORT_KEYS_MAX {
            let detail = format!("at most {} keys are taken", limit::SORT_KEYS_MAX);
            return Err(Error::parameter("sortby", detail));
        }
        keys.push(Key { name: name.into(), descending });
    }
    Ok(keys)
}

/// `datetime`: a moment, an interval, or one with an open end; ends are included.
fn interval(text: &str) -> Result<Option<During>> {
    let fault =
        || Error::parameter("datetime", format!("{text:?} is not an RFC 3339 moment or interval"));
    // A day is its whole day.
    let moment = |part: &str, clock: &str| -> Result<Option<Timestamp>> {
        if part.is_empty() || part == ".." {
            return Ok(None);
        }
        let whole_day = format!("{part}T{clock}Z");
        let parsed = if part.len() == 10 { whole_day.parse() } else { part.parse() };
        parsed.map(Some).map_err(|_| fault())
    };
    let (first, last) = ("00:00:00", "23:59:59.999999");
    let parts: Vec<&str> = text.split('/').collect();
    let (from, to) = match parts[..] {
        [one] if one != ".." && !one.is_empty() => (moment(one, first)?, moment(one, last)?),
        [from, to] => (moment(from, first)?, moment(to, last)?),
        _ => return Err(fault()),
    };
    match (from, to) {
        (None, None) => Err(fault()),
        (Some(from), Some(to)) if from > to => Err(fault()),
        // No layer has a version before 1970; up to now and on is what is there now, and what has gone.
        (from, to) => Ok(Some(During {
            from: from.unwrap_or(Timestamp::UNIX_EPOCH).max(Timestamp::UNIX_EPOCH),
            to: to.unwrap_or_else(Timestamp::now).max(Timestamp::UNIX_EPOCH),
        })),
    }
}

fn equality(asker: Asker<'_>, name: &str, text: &str) -> Result<(String, Value)> {
    let readable = asker.layer.readable(asker.caller);
    let Some(property) = readable.iter().find(|property| property.name == name) else {
        let known: Vec<&str> = readable.iter().map(|property| property.name.as_str()).collect();
        let detail = format!(
            "is not a parameter; known are {} and the properties {}",
            PARAMETERS.join(", "),
            known.join(", ")
        );
        return Err(Error::parameter(name, detail));
    };
    let json = match property.kind {
        PropertyType::Boolean => match text {
            "true" => Json::from(true),
            "false" => Json::from(false),
            _ => Json::from(text),
        },
        PropertyType::TextArray => serde_json::json!([text]),
        _ => Json::from(text),
    };
    let value = Value::from_json(&json, property, &asker.city.cadastral_number)
        .map_err(|detail| Error::parameter(name, detail))?;
    Ok((name.to_string(), value))
}
