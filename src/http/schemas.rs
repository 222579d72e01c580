//! What a layer's features look like, what may be asked of them, and what they can be sorted by: JSON
//! Schema.
//!
//! # Source
//! OGC API Features part 3 (queryables), part 5 (schemas, sortables); OGC API Common part 3.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::{Map, Value, json};

use super::App;
use super::door::{Base, Path, Query};
use crate::access::Caller;
use crate::error::Result;
use crate::filter::{FUNCTIONS, Queryables, Type};
use crate::layer::{GeometryType, Layer, Property, PropertyType};

const SCHEMA: &str = "application/schema+json";
const DRAFT: &str = "https://json-schema.org/draft/2020-12/schema";

/// Which of the three documents.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Schema,
    Queryables,
    Sortables,
}

/// What a feature of the layer is.
///
/// # Errors
/// 404.
pub async fn schema(
    State(imgis): State<App>,
    caller: Caller,
    base: Base,
    headers: HeaderMap,
    Path(id): Path<String>,
    query: Query,
) -> Result<Response> {
    let format = query.json_or_html(&headers)?;
    answer(&imgis, &caller, &base, &id, format, Kind::Schema)
}

/// What may be asked of a layer in `filter` and as parameters.
///
/// # Errors
/// 404.
pub async fn queryables(
    State(imgis): State<App>,
    caller: Caller,
    base: Base,
    headers: HeaderMap,
    Path(id): Path<String>,
    query: Query,
) -> Result<Response> {
    let format = query.json_or_html(&headers)?;
    answer(&imgis, &caller, &base, &id, format, Kind::Queryables)
}

/// What a layer's pages can be sorted by.
///
/// # Errors
/// 404.
pub async fn sortables(
    State(imgis): State<App>,
    caller: Caller,
    base: Base,
    headers: HeaderMap,
    Path(id): Path<String>,
    query: Query,
) -> Result<Response> {
    let format = query.json_or_html(&headers)?;
    answer(&imgis, &caller, &base, &id, format, Kind::Sortables)
}

/// The functions that a filter may call.
///
/// # Errors
/// 400.
pub async fn functions(query: Query) -> Result<Response> {
    query.json_only()?;
    let list: Vec<Value> = FUNCTIONS
        .iter()
        .map(|function| {
            let arguments: Vec<Value> =
                function.takes.iter().map(|kind| json!({ "type": [name(*kind)] })).collect();
            json!({
                "name": function.name, "description": function.title,
                "returns": [name(function.gives)], "arguments": arguments,
            })
        })
        .collect();
    Ok(super::json(&json!({ "functions": list }), "application/json"))
}

fn name(kind: Type) -> &'static str {
    match kind {
        Type::Text => "string",
        Type::Integer => "integer",
        Type::Number => "number",
        Type::Boolean => "boolean",
        Type::Date | Type::Timestamp | Type::Interval => "datetime",
        Type::Geometry => "geometry",
        Type::List => "array",
    }
}

fn answer(
    imgis: &App,
    caller: &Caller,
    base: &Base,
    id: &str,
    format: &str,
    kind: Kind,
) -> Result<Response> {
    let layer = imgis.catalogue.readable_by(caller, id)?;
    let word = match kind {
        Kind::Schema => "schema",
        Kind::Queryables => "queryables",
        Kind::Sortables => "sortables",
    };
    let address = format!("{}/collections/{id}/{word}", base.0);
    let body = json!({
        "$schema": DRAFT, "$id": address, "type": "object",
        "title": layer.title.get("en"), "description": layer.description.as_ref().and_then(|d| d.get("en")),
        "properties": properties(layer, caller, kind),
        "required": required(layer, caller, kind),
        "additionalProperties": false,
    });
    let page = |body: &Value| super::pages::schemas::page(imgis, layer, word, body);
    Ok(super::either(format, &body, SCHEMA, page))
}

fn required(layer: &Layer, caller: &Caller, kind: Kind) -> Vec<String> {
    let needed = layer.readable(caller).into_iter().filter(|one| one.required);
    match kind {
        Kind::Schema => needed.map(|one| one.name.clone()).collect(),
        _ => Vec::new(),
    }
}

/// The properties of a document, in the layer's order.
fn properties(layer: &Layer, caller: &Caller, kind: Kind) -> Value {
    let mut all = Map::new();
    for known in Queryables::of(layer, caller).iter() {
        let shown = match kind {
            Kind::Schema => known.name != "valid_from",
            Kind::Queryables => true,
            Kind::Sortables => known.sortable,
        };
        if shown {
            all.insert(known.name.clone(), described(layer, &known.name));
        }
    }
    Value::Object(all)
}

fn described(layer: &Layer, name: &str) -> Value {
    if let Some(property) = layer.property(name) {
        return of_property(property);
    }
    match name {
        "id" => json!({
            "title": "id", "type": "integer", "format": "int64", "readOnly": true,
            "x-ogc-role": "id",
        }),
        "area_m2" => json!({
            "title": "Area of the geometry", "type": "number", "readOnly": true,
            "x-ogc-unit": "m2", "x-ogc-unitLang": "UCUM",
        }),
        "valid_from" => json!({
            "title": "Time of the last change", "type": "string", "format": "date-time",
            "readOnly": true, "x-ogc-role": "primary-instant",
        }),
        _ => json!({
            "title": "Geometry", "x-ogc-role": "primary-geometry",
            "format": match layer.geometry {
                GeometryType::Point => "geometry-point",
                GeometryType::MultiLineString => "geometry-multilinestring",
                GeometryType::MultiPolygon => "geometry-multipolygon",
            },
        }),
    }
}

fn of_property(property: &Property) -> Value {
    let mut schema = match property.kind {
        PropertyType::TextArray => json!({ "type": "array", "items": { "type": "string" } }),
        kind => json!({ "type": kind.json() }),
    };
    schema["title"] = json!(property.label.get("en"));
    if property.kind == PropertyType::Date {
        schema["format"] = "date".into();
    }
    if property.kind == PropertyType::Integer {
        schema["format"] = "int64".into();
    }
    match property.unit.as_deref() {
        Some("m²") => schema["x-ogc-unit"] = "m2".into(),
        Some(unit) => schema["x-ogc-unit"] = unit.into(),
        None => {}
    }
    if let Some(values) = &property.values {
        // Known codes with their words; files of other offices may bring more.
        let codes = values
            .iter()
            .map(|one| json!({ "const": one.code, "title": one.en, "title_ru": one.ru }));
        schema["x-imgis-codes"] = Value::Array(codes.collect());
    }
    if let Some(title) = property.label.get("ru") {
        schema["x-imgis-title-ru"] = title.as_str().into();
    }
    schema
}
