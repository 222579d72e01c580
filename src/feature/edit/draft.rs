//! A feature of a request, read against the layer: all its faults at once.

use serde_json::Value as Json;

use crate::access::Caller;
use crate::config::City;
use crate::error::{Error, Fault, Result};
use crate::geometry::GeoJson;
use crate::layer::{Layer, Property, Value};

/// A feature of a request, checked against the layer.
pub struct Draft<'a> {
    pub(super) geometry: Option<Json>,
    pub(super) values: Vec<(&'a Property, Value)>,
}

/// Reads a GeoJSON feature; all its faults at once.
///
/// # Errors
/// 400 when it is not JSON, with line and column; 422 with pointers.
pub fn parse_feature<'a>(
    body: &[u8],
    layer: &'a Layer,
    caller: &Caller,
    city: &City,
) -> Result<Draft<'a>> {
    let json: Json = serde_json::from_slice(body)
        .map_err(|error| Error::Malformed { detail: format!("the body is not JSON: {error}") })?;
    if json.get("type").and_then(Json::as_str) != Some("Feature") {
        return Err(Error::invalid("/type", "a GeoJSON Feature is wanted"));
    }
    let mut faults = Vec::new();
    let mut fault = |pointer: String, detail: String| {
        faults.push(Fault { pointer, detail, place: None });
    };
    let geometry = match json.get("geometry") {
        None => {
            fault("/geometry".into(), "is missing (null is allowed)".into());
            None
        }
        Some(Json::Null) => None,
        Some(geometry) => {
            match GeoJson(geometry.clone()).check("/geometry") {
                Ok(kind) if layer.geometry.takes(kind) => {}
                Ok(kind) => {
                    let wanted = layer.geometry.postgis();
                    fault("/geometry/type".into(), format!("{kind} given, {wanted} is wanted"));
                }
                Err(Error::Invalid { faults: mut more }) => {
                    let first = more.swap_remove(0);
                    fault(first.pointer, first.detail);
                }
                Err(other) => return Err(other),
            }
            Some(geometry.clone())
        }
    };
    let readable = layer.readable(caller);
    let empty = serde_json::Map::new();
    let given = match json.get("properties") {
        None | Some(Json::Null) => &empty,
        Some(Json::Object(given)) => given,
        Some(_) => {
            fault("/properties".into(), "an object is wanted".into());
            &empty
        }
    };
    for name in given.keys() {
        let computed = name == "area_m2" && layer.has_area();
        if !computed && !readable.iter().any(|property| property.name == *name) {
            fault(format!("/properties/{name}"), "the layer has no such property".into());
        }
    }
    let mut values = Vec::new();
    for property in readable {
        let json = given.get(&property.name).unwrap_or(&Json::Null);
        match Value::from_json(json, property, &city.cadastral_number) {
            Ok(Value::Null) if property.required => {
                fault(format!("/properties/{}", property.name), "a value is required".into());
            }
            Ok(value) => values.push((property, value)),
            Err(detail) => fault(format!("/properties/{}", property.name), detail),
        }
    }
    if faults.is_empty() { Ok(Draft { geometry, values }) } else { Err(Error::Invalid { faults }) }
}
