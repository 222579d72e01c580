//! A feature of a request, read against the layer: all its faults at once.

use serde_json::{Map, Value as Json};

use crate::access::Caller;
use crate::config::City;
use crate::error::{Error, Fault, Result};
use crate::geometry::GeoJson;
use crate::layer::{Layer, Property, Value};

/// A feature of a request, checked against the layer.
#[derive(Debug)]
pub struct Draft<'a> {
    pub(super) geometry: Drawn,
    pub(super) values: Vec<(&'a Property, Value)>,
}

/// The geometry of a request.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Drawn {
    /// Nothing is said of it.
    Stays,
    Nothing,
    As(Json),
}

/// What a request is read against.
#[derive(Clone, Copy)]
pub(super) struct Form<'a> {
    pub layer: &'a Layer,
    pub caller: &'a Caller,
    pub city: &'a City,
}

/// JSON of a body.
///
/// # Errors
/// 400 with line and column.
pub(super) fn json(body: &[u8]) -> Result<Json> {
    serde_json::from_slice(body)
        .map_err(|error| Error::Malformed { detail: format!("the body is not JSON: {error}") })
}

/// Reads a GeoJSON feature; all its faults at once.
///
/// # Errors
/// 400 when it is not JSON, with line and column; 422 with pointers.
pub fn parse_feature<'a>(
    body: &[u8],
    layer: &'a Layer,
    caller: &'a Caller,
    city: &'a City,
) -> Result<Draft<'a>> {
    let mut faults = Vec::new();
    let form = Form { layer, caller, city };
    let draft = form.feature(&json(body)?, "", &mut faults);
    if faults.is_empty() { Ok(draft) } else { Err(Error::Invalid { faults }) }
}

impl<'a> Form<'a> {
    /// A whole feature; `at` is its place in the body.
    pub fn feature(self, json: &Json, at: &str, faults: &mut Vec<Fault>) -> Draft<'a> {
        if json.get("type").and_then(Json::as_str) != Some("Feature") {
            faults.push(Fault::new(format!("{at}/type"), "a GeoJSON Feature is wanted"));
            return Draft { geometry: Drawn::Nothing, values: Vec::new() };
        }
        let geometry = match json.get("geometry") {
            None => {
                let detail = "is missing (null is allowed)";
                faults.push(Fault::new(format!("{at}/geometry"), detail));
                Drawn::Nothing
            }
            Some(Json::Null) => Drawn::Nothing,
            Some(geometry) => self.geometry(geometry, &format!("{at}/geometry"), faults),
        };
        let empty = Map::new();
        let given = match json.get("properties") {
            None | Some(Json::Null) => &empty,
            Some(Json::Object(given)) => given,
            Some(_) => {
                faults.push(Fault::new(format!("{at}/properties"), "an object is wanted"));
                &empty
            }
        };
        let at = format!("{at}/properties");
        self.known(given, &at, faults);
        let readable = self.layer.readable(self.caller);
        let values = readable.into_iter().filter_map(|property| {
            let json = given.get(&property.name).unwrap_or(&Json::Null);
            self.value(property, json, &at, faults)
        });
        Draft { geometry, values: values.collect() }
    }

    /// A merge patch of the feature `id`, whose geometry is served as `served`.
    ///
    /// # Source
    /// RFC 7396 §2.
    pub fn patch(
        self,
        patch: &Json,
        id: i64,
        served: &Json,
        at: &str,
        faults: &mut Vec<Fault>,
    ) -> Draft<'a> {
        let mut draft = Draft { geometry: Drawn::Stays, values: Vec::new() };
        let Json::Object(members) = patch else {
            faults.push(Fault::new(at, "a merge patch of a feature is an object"));
            return draft;
        };
        if members.get("type").is_some_and(|kind| kind != "Feature") {
            faults.push(Fault::new(format!("{at}/type"), "a feature stays a Feature"));
        }
        let same =
            |given: &Json| given.as_i64().or_else(|| given.as_str()?.parse().ok()) == Some(id);
        if members.get("id").is_some_and(|given| !same(given)) {
            faults.push(Fault::new(format!("{at}/id"), format!("the id stays {id}")));
        }
        if let Some(change) = members.get("geometry") {
            let mut merged = served.clone();
            merge(&mut merged, change);
            draft.geometry = match merged {
                same if same == *served => Drawn::Stays,
                Json::Null => Drawn::Nothing,
                other => self.geometry(&other, &format!("{at}/geometry"), faults),
            };
        }
        let readable = self.layer.readable(self.caller);
        let place = format!("{at}/properties");
        match members.get("properties") {
            None => {}
            Some(Json::Null) => {
                draft.values = readable
                    .into_iter()
                    .filter_map(|property| self.value(property, &Json::Null, &place, faults))
                    .collect();
            }
            Some(Json::Object(given)) => {
                self.known(given, &place, faults);
                draft.values = readable
                    .into_iter()
                    .filter_map(|property| {
                        self.value(property, given.get(&property.name)?, &place, faults)
                    })
                    .collect();
            }
            Some(_) => faults.push(Fault::new(place, "an object is wanted")),
        }
        draft
    }

    /// A geometry of the layer's type, its numbers and rings checked.
    pub fn geometry(self, geometry: &Json, at: &str, faults: &mut Vec<Fault>) -> Drawn {
        match GeoJson(geometry.clone()).check(at) {
            Ok(kind) if self.layer.geometry.takes(kind) => {}
            Ok(kind) => {
                let wanted = self.layer.geometry.postgis();
                let detail = format!("{kind} given, {wanted} is wanted");
                faults.push(Fault::new(format!("{at}/type"), detail));
            }
            Err(Error::Invalid { faults: more }) => faults.extend(more.into_iter().take(1)),
            Err(other) => faults.push(Fault::new(at, other.to_string())),
        }
        Drawn::As(geometry.clone())
    }

    /// Names that are no property, or none that the caller may read.
    pub fn known(self, given: &Map<String, Json>, at: &str, faults: &mut Vec<Fault>) {
        let readable = self.layer.readable(self.caller);
        for name in given.keys() {
            let computed = name == "area_m2" && self.layer.has_area();
            if !computed && !readable.iter().any(|property| property.name == *name) {
                let step = name.replace('~', "~0").replace('/', "~1");
                faults.push(Fault::new(format!("{at}/{step}"), "the layer has no such property"));
            }
        }
    }

    /// The value of a property.
    pub fn value(
        self,
        property: &'a Property,
        json: &Json,
        at: &str,
        faults: &mut Vec<Fault>,
    ) -> Option<(&'a Property, Value)> {
        let pointer = || format!("{at}/{}", property.name);
        match Value::from_json(json, property, &self.city.cadastral_number) {
            Ok(Value::Null) if property.required => {
                faults.push(Fault::new(pointer(), "a value is required"));
                None
            }
            Ok(value) => Some((property, value)),
            Err(detail) => {
                faults.push(Fault::new(pointer(), detail));
                None
            }
        }
    }
}

/// `MergePatch(target, patch)`.
fn merge(target: &mut Json, patch: &Json) {
    let Json::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Json::Object(Map::new());
    }
    let Json::Object(target) = target else {
        return;
    };
    for (name, change) in patch {
        if change.is_null() {
            target.shift_remove(name);
        } else {
            merge(target.entry(name.clone()).or_insert(Json::Null), change);
        }
    }
}
