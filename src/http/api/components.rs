//! What operations share: parameters, headers, refusals, and the schemas of OGC API.
//!
//! # Source
//! The schemas of OGC API Features 1.0 parts 1 and 2; RFC 9457; RFC 7946.

use serde_json::{Map, Value, json};

use super::operation::{HTML, formats, list, nullable, object, part, query, schema, whole};
use crate::config::{City, limit};
use crate::geometry::{Crs, TileAddress};

/// Everything but the schemas of layers.
pub fn components(base: &str, city: &City, layers: Map<String, Value>, ids: &[&str]) -> Value {
    let mut schemas = schemas();
    schemas.extend(layers);
    json!({
        "parameters": parameters(base, city, ids), "headers": headers(), "responses": refusals(),
        "schemas": schemas,
    })
}

/// The layers that the caller may read, each at most once.
pub fn layers(ids: &[&str]) -> Value {
    json!({
        "type": "array", "uniqueItems": true, "minItems": 1, "maxItems": limit::TILE_LAYERS_MAX,
        "items": { "type": "string", "enum": ids },
    })
}

fn parameters(base: &str, city: &City, ids: &[&str]) -> Value {
    let (max, usual) = (limit::PAGE_FEATURES_MAX, limit::PAGE_FEATURES);
    let systems: Vec<String> = Crs::all(city).iter().map(|crs| crs.uri(base, city)).collect();
    let crs = json!({ "type": "string", "format": "uri", "enum": systems, "default": systems[0] });
    let numbers = json!({
        "type": "array", "items": { "type": "number" }, "minItems": 4, "maxItems": 6,
        "oneOf": [{ "minItems": 4, "maxItems": 4 }, { "minItems": 6, "maxItems": 6 }],
    });
    let header = |name: &str, description: &str, required: bool, schema: Value| {
        json!({ "name": name, "in": "header", "description": description, "required": required,
                "schema": schema })
    };
    let named: Vec<String> = systems.iter().map(|uri| format!("<{uri}>")).collect();
    let matrices: Vec<String> = (0..=TileAddress::ZOOM_MAX).map(|zoom| zoom.to_string()).collect();
    json!({
        "limit": query("limit", "features of a page; a greater number is served as the maximum",
            json!({ "type": "integer", "minimum": 1, "maximum": max, "default": usual })),
        "bbox": query("bbox", "what touches the box, and what has no geometry: the lower corner, then the \
            upper one, in CRS84 (longitude, latitude) or in bbox-crs; west may be greater than east across \
            the antimeridian; heights, where given, are left aside", numbers),
        "datetime": query("datetime", "an RFC 3339 moment or day, or an interval of two with a slash, where \
            `..` or nothing is an open end; what has no time is always there",
            json!({ "type": "string", "format": "datetime-interval",
                    "example": "2026-01-01T00:00:00Z/.." })),
        "crs": query("crs", "coordinate system of the answer", crs.clone()),
        "bbox-crs": query("bbox-crs", "coordinate system of bbox", crs.clone()),
        "cursor": query("cursor", "place of a page, from the link `next`",
            json!({ "type": "string", "format": "cursor" })),
        "filter": query("filter", "a predicate in CQL2", json!({ "type": "string", "format": "cql2" })),
        "filter-lang": query("filter-lang", "the form of the predicate",
            json!({ "type": "string", "enum": ["cql2-text", "cql2-json"], "default": "cql2-text" })),
        "filter-crs": query("filter-crs", "coordinate system of the predicate's geometries", crs.clone()),
        "skip-geometry": query("skip-geometry", "without geometries", json!({ "type": "boolean" })),
        "zoom-level": query("zoom-level", "lines as simple as this zoom of a map shows them",
            json!({ "type": "integer", "minimum": 0, "maximum": 24 })),
        "q": query("q", "words of the layer's search text",
            json!({ "type": "string", "format": "words", "maxLength": limit::FIND_CHARS_MAX })),
        "bom": query("bom", "CSV with a byte order mark", json!({ "type": "boolean" })),
        "lang": query("lang", "language of labels in files",
            json!({ "type": "string", "enum": ["ru", "en"] })),
        "offset": query("offset", "features to pass over, for clients that count pages; cursor is faster",
            whole(0)),
        "f": formats(&["json", "html"]),
        "fid": part("fid", json!({ "type": "integer", "format": "int64" })),
        "tileMatrix": part("tileMatrix", json!({ "type": "string", "enum": matrices })),
        "tileRow": part("tileRow", json!({ "type": "integer", "minimum": 0 })),
        "tileCol": part("tileCol", json!({ "type": "integer", "minimum": 0 })),
        "collections": query("collections", "layers, the first undermost", layers(ids)),
        "If-Match": header("If-Match", "the ETag of the version that is changed, or *", true,
            json!({ "type": "string", "minLength": 1 })),
        "Content-Crs": header("Content-Crs", "coordinate system of the body; CRS84 without it", false,
            json!({ "type": "string", "enum": named })),
    })
}

fn headers() -> Value {
    fn header(description: &str, required: bool, schema: Value) -> Value {
        json!({ "description": description, "required": required, "schema": schema })
    }
    let text = || json!({ "type": "string" });
    json!({
        "Content-Crs": header("coordinate system of the answer, as <URI>; not on pages", false, text()),
        "ETag": header("version of the feature; absent for published tables", false, text()),
        "Location": header("address of what was made", true,
            json!({ "type": "string", "format": "uri" })),
        "OGC-NumberReturned": header("features of this page; absent when it is sent as it comes", false,
            whole(0)),
        "OGC-NumberMatched": header("features of all pages; absent when counting takes too long", false,
            whole(0)),
    })
}

fn refusals() -> Map<String, Value> {
    let known = [
        ("400", "a parameter cannot be used, or the body cannot be read"),
        ("403", "not among the caller's rights"),
        ("404", "there is no such thing, or the caller may not know of it"),
        ("405", "not changed this way"),
        ("409", "contradicts what is there"),
        ("412", "changed meanwhile"),
        ("413", "over a limit"),
        ("415", "media type not taken"),
        ("422", "not acceptable as it is; every fault is listed"),
        ("428", "If-Match is missing"),
        ("5XX", "a fault of the server, or not now"),
    ];
    let refusal = |(status, description): (&str, &str)| {
        let content = json!({
            "application/problem+json": { "schema": schema("Problem") },
            HTML: { "schema": { "type": "string" } },
        });
        (status.to_string(), json!({ "description": description, "content": content }))
    };
    known.into_iter().map(refusal).collect()
}

/// A box: west, south, east, north in CRS84.
pub fn bounds() -> Value {
    json!({ "type": "array", "items": { "type": "number" }, "minItems": 4, "maxItems": 4 })
}

/// A place: longitude, latitude in CRS84.
pub fn place() -> Value {
    json!({ "type": "array", "items": { "type": "number" }, "minItems": 2, "maxItems": 2 })
}

/// A text in each language.
pub fn words() -> Value {
    json!({ "type": "object", "additionalProperties": { "type": "string" } })
}

fn schemas() -> Map<String, Value> {
    let text = || json!({ "type": "string" });
    let uri = || json!({ "type": "string", "format": "uri" });
    let links = || list(schema("Link"));
    let moment = json!({ "type": "string", "format": "date-time", "nullable": true });
    let interval = json!({ "type": "array", "items": moment, "minItems": 2, "maxItems": 2 });
    let extent = object(json!({
        "spatial": object(json!({
            "bbox": { "type": "array", "items": bounds(), "minItems": 1 }, "crs": uri(),
        })),
        "temporal": object(json!({
            "interval": { "type": "array", "items": interval, "minItems": 1 }, "trs": uri(),
        })),
    }));
    let fault = json!({
        "type": "object", "required": ["pointer", "detail"],
        "properties": { "pointer": text(), "detail": text(), "place": text() },
    });
    let all = json!({
        "Link": {
            "type": "object", "required": ["rel", "href"],
            "properties": {
                "rel": text(), "href": text(), "type": text(), "title": text(),
                "templated": { "type": "boolean" },
            },
        },
        "LandingPage": object(json!({ "title": text(), "description": text(), "links": links() })),
        "Conformance": object(json!({ "conformsTo": list(uri()) })),
        "Collections": object(json!({ "links": links(), "collections": list(schema("Collection")) })),
        "Collection": object(json!({
            "id": text(), "title": text(), "description": nullable(text()),
            "itemType": { "type": "string", "enum": ["feature"] }, "extent": extent,
            "crs": list(uri()), "storageCrs": uri(), "links": links(),
        })),
        "TileSets": object(json!({ "tilesets": list(schema("TileSetItem")), "links": links() })),
        "TileSetItem": tile_set(),
        "TileSet": {
            "allOf": [schema("TileSetItem"), object(json!({
                "tileMatrixSetLimits": list(json!({ "type": "object" })), "mediaTypes": list(text()),
                "boundingBox": { "type": "object" },
            }))],
        },
        "Grids": object(json!({ "tileMatrixSets": list(json!({ "type": "object" })) })),
        "Grid": object(json!({
            "id": text(), "title": text(), "uri": uri(), "crs": uri(), "orderedAxes": list(text()),
            "wellKnownScaleSet": uri(), "tileMatrices": list(json!({ "type": "object" })),
        })),
        "Problem": {
            "type": "object", "required": ["type", "title", "status", "detail"],
            "properties": {
                "type": text(), "title": text(), "status": { "type": "integer" }, "detail": text(),
                "request_id": text(), "parameter": text(), "pointer": text(), "errors": list(fault),
            },
        },
    });
    all.as_object().cloned().unwrap_or_default()
}

fn tile_set() -> Value {
    let uri = || json!({ "type": "string", "format": "uri" });
    object(json!({
        "title": { "type": "string" }, "dataType": { "type": "string", "enum": ["vector"] },
        "crs": uri(), "tileMatrixSetURI": uri(), "links": list(schema("Link")),
    }))
}
