//! Layers as collections: reading them, and editing those that the caller may edit.

use serde_json::{Map, Value, json};

use super::super::items::FORMATS;
use super::operation::{
    GEOJSON, HTML, JSON, Operation, Paths, formats, list, nullable, object, parameter, query,
    schema, text,
};
use crate::access::Caller;
use crate::config::limit;
use crate::filter::Queryables;
use crate::layer::{GeometryType, Layer, Property, PropertyType};

const PAGE: &str = "features";
const ONE: &str = "feature";
const DRAFT: &str = "draft";
const SCHEMA: &str = "application/schema+json";

/// Paths of one layer.
pub fn paths(paths: &mut Paths, layer: &Layer, caller: &Caller) {
    let id = &layer.id;
    let title = layer.title.get("en").or(layer.title.get("ru")).map_or(id.as_str(), String::as_str);
    let here = format!("/collections/{id}");
    let new = |name: &str, what: &str| {
        let tag = if what.is_empty() { "Features" } else { "Editing" };
        let summary = format!("{title}{what}");
        Operation::new(tag, &format!("{id}.{name}"), &summary)
    };
    let of = |kind: &str| schema(&format!("{id}.{kind}"));
    let json = || parameter("f");
    let people = || (HTML, json!({ "type": "string" }));
    let collection = new("collection", "").takes([json()]);
    paths.get(&here, collection.both(schema("Collection")).refuses(&[404]));
    let known = [
        "limit",
        "bbox",
        "datetime",
        "crs",
        "bbox-crs",
        "cursor",
        "offset",
        "filter",
        "filter-lang",
        "filter-crs",
        "skip-geometry",
        "zoom-level",
        "bom",
        "lang",
    ];
    for (word, what) in [
        ("queryables", ": what may be asked of them"),
        ("schema", ": what they are"),
        ("sortables", ": what they can be sorted by"),
    ] {
        let kind = json!({ "type": "object", "required": ["$schema", "$id", "properties"] });
        let told = Operation::new("Features", &format!("{id}.{word}"), &format!("{title}{what}"));
        let told =
            told.takes([json()]).answers(200, "JSON Schema", &[(SCHEMA, kind), people()], &[]);
        paths.get(&format!("{here}/{word}"), told.refuses(&[404]));
    }
    let counts = ["Content-Crs", "OGC-NumberReturned", "OGC-NumberMatched"];
    let items = format!("{here}/items");
    let binary = || json!({ "type": "string", "format": "binary" });
    let mut content = vec![(GEOJSON, of(PAGE))];
    content.extend(FORMATS[1..].iter().map(|(_, media)| (*media, binary())));
    let page = new("items", "")
        .takes(known.into_iter().map(parameter))
        .takes(chosen(layer, caller))
        .takes((!layer.find.is_empty()).then(|| parameter("q")))
        .takes([formats(&FORMATS.map(|(name, _)| name))])
        .takes(layer.readable(caller).into_iter().map(filter))
        .answers(200, "a page, or all of it as a file", &content, &counts)
        .refuses(&[404]);
    paths.get(&items, page);
    let item = format!("{items}/{{fid}}");
    let tagged = ["Content-Crs", "ETag"];
    let one = new("feature", "")
        .takes([parameter("fid"), json()])
        .takes(["crs", "datetime", "skip-geometry", "zoom-level"].map(parameter))
        .takes(chosen(layer, caller).into_iter().skip(1))
        .answers(200, "the feature", &[(GEOJSON, of(ONE)), people()], &tagged)
        .refuses(&[404]);
    paths.get(&item, one);
    let any = || json!({ "type": "object" });
    let history = new("history", ": every version of a feature, the newest first")
        .takes([parameter("fid"), parameter("limit"), parameter("cursor")])
        .takes([query("geometry", "with the geometries", json!({ "type": "boolean" }))])
        .json(any())
        .refuses(&[404]);
    paths.get(&format!("{item}/history"), history);
    let lineage = new("lineage", ": what a feature came from and what came of it")
        .takes([parameter("fid")])
        .json(any())
        .refuses(&[404]);
    paths.get(&format!("{item}/lineage"), lineage);
    if !layer.is_editable() || !caller.has_any(&layer.edit) {
        return;
    }
    let body = [GEOJSON, JSON];
    let create = new("create", ": a new feature")
        .takes([parameter("Content-Crs")])
        .body(&body, &of(DRAFT))
        .answers(
            201,
            "as it is stored",
            &[(GEOJSON, of(ONE))],
            &["Content-Crs", "ETag", "Location"],
        )
        .refuses(&[403, 404, 405, 409, 413, 415, 422]);
    paths.add("post", &items, create);
    let replace = new("replace", ": replace a feature")
        .takes([parameter("fid"), parameter("If-Match"), parameter("Content-Crs")])
        .body(&body, &of(DRAFT))
        .answers(200, "as it is stored", &[(GEOJSON, of(ONE))], &tagged)
        .refuses(&[403, 404, 405, 409, 412, 413, 415, 422, 428]);
    paths.add("put", &item, replace);
    let merge_patch = json!({ "type": "object", "additionalProperties": false, "properties": {
        "type": {}, "id": {}, "geometry": {}, "properties": { "type": "object" }, "links": {},
    } });
    let patch = new("update", ": change what a merge patch names")
        .takes([parameter("fid"), parameter("If-Match"), parameter("Content-Crs")])
        .body(&["application/merge-patch+json", GEOJSON, JSON], &merge_patch)
        .answers(200, "as it is stored", &[(GEOJSON, of(ONE))], &tagged)
        .refuses(&[403, 404, 405, 409, 412, 413, 415, 422, 428]);
    paths.add("patch", &item, patch);
    let refused = [403, 404, 405, 409, 412, 413, 415, 422, 428];
    for (path, name, what) in [
        (format!("{here}/changesets"), "changeset", ": edits all or nothing"),
        (format!("{here}/merge"), "merge", ": one feature of several"),
    ] {
        let many = new(name, what)
            .takes([parameter("Content-Crs")])
            .body(&[JSON], &any())
            .json(any())
            .refuses(&refused);
        paths.add("post", &path, many);
    }
    let split = new("split", ": several features of one")
        .takes([parameter("fid"), parameter("If-Match"), parameter("Content-Crs")])
        .body(&[JSON], &any())
        .json(any())
        .refuses(&refused);
    paths.add("post", &format!("{item}/split"), split);
    let delete = new("delete", ": delete a feature; its last version stays in the history")
        .takes([parameter("fid"), parameter("If-Match")])
        .answers(204, "deleted", &[], &[])
        .refuses(&[403, 404, 405, 412, 428]);
    paths.add("delete", &item, delete);
}

/// Parameters that name properties of the layer: order, and what the answer has.
fn chosen(layer: &Layer, caller: &Caller) -> [Value; 3] {
    let queryables = Queryables::of(layer, caller);
    let sortable = queryables.iter().filter(|one| one.sortable);
    let keys: Vec<String> =
        sortable.flat_map(|one| [one.name.clone(), format!("-{}", one.name)]).collect();
    let names: Vec<&str> = queryables.iter().map(|one| one.name.as_str()).collect();
    let of = |names: Value, most: usize| {
        json!({ "type": "array", "items": { "type": "string", "enum": names },
                "minItems": 1, "maxItems": most, "uniqueItems": true })
    };
    let most = limit::SORT_KEYS_MAX.min(keys.len() / 2);
    [
        query(
            "sortby",
            "keys of the order, each with a minus for the greatest first",
            of(json!(keys), most),
        ),
        query("properties", "properties of the answer", of(json!(names), names.len())),
        query("exclude-properties", "properties that are left out", of(json!(names), names.len())),
    ]
}

/// Schemas of one layer: a page, a feature, and a feature as it is sent.
pub fn schemas(layer: &Layer, caller: &Caller) -> Map<String, Value> {
    let id = &layer.id;
    let readable = layer.readable(caller);
    let values = |sent: bool| -> Map<String, Value> {
        readable.iter().map(|property| (property.name.clone(), value(property, sent))).collect()
    };
    let mut served = values(false);
    if layer.has_area() {
        let area = json!({ "type": "number", "nullable": true, "readOnly": true,
                           "description": "area of the geometry, m²" });
        served.insert("area_m2".into(), area);
    }
    let mut served = object(served.into());
    served["additionalProperties"] = false.into();
    // Which of them an answer has may be chosen.
    served.as_object_mut().map(|schema| schema.remove("required"));
    let feature = |more: Value| {
        let mut feature = json!({
            "type": { "type": "string", "enum": ["Feature"] }, "id": { "type": "integer" },
            "geometry": geometry(layer.geometry, false), "properties": served,
        });
        for (name, schema) in more.as_object().into_iter().flatten() {
            feature[name] = schema.clone();
        }
        object(feature)
    };
    let number = || json!({ "type": "integer", "minimum": 0 });
    let mut page = object(json!({
        "type": { "type": "string", "enum": ["FeatureCollection"] },
        "features": list(feature(json!({}))), "numberReturned": number(),
        "timeStamp": { "type": "string", "format": "date-time" }, "links": list(schema("Link")),
    }));
    page["properties"]["numberMatched"] = number();
    let required: Vec<&str> = readable
        .iter()
        .filter(|property| property.required)
        .map(|property| property.name.as_str())
        .collect();
    let mut properties = json!({
        "type": "object", "properties": values(true), "additionalProperties": false,
    });
    if layer.has_area() {
        properties["properties"]["area_m2"] = json!({ "description": "left aside" });
    }
    if !required.is_empty() {
        properties["required"] = json!(required);
    }
    let draft = object(json!({
        "type": { "type": "string", "enum": ["Feature"] },
        "geometry": geometry(layer.geometry, true), "properties": properties,
    }));
    let one = feature(json!({ "links": list(schema("Link")) }));
    [(PAGE, page), (ONE, one), (DRAFT, draft)]
        .into_iter()
        .map(|(kind, schema)| (format!("{id}.{kind}"), schema))
        .collect()
}

fn label(property: &Property) -> String {
    let label = property.label.get("en").or(property.label.get("ru")).cloned().unwrap_or_default();
    match &property.unit {
        Some(unit) => format!("{label}, {unit}"),
        None => label,
    }
}

fn kind(property: &Property, sent: bool) -> Value {
    match property.kind {
        PropertyType::Date => json!({ "type": "string", "format": "date" }),
        PropertyType::CadastralNumber if sent => {
            json!({ "type": "string", "format": "cadastral-number" })
        }
        PropertyType::Integer => json!({ "type": "integer", "format": "int64" }),
        PropertyType::Text | PropertyType::TextArray if sent => text(),
        other => json!({ "type": other.json() }),
    }
}

/// A property in an answer, or in a body.
fn value(property: &Property, sent: bool) -> Value {
    let kind = kind(property, sent);
    let mut schema = match property.kind {
        PropertyType::TextArray => nullable(list(kind)),
        _ if sent && property.required => kind,
        _ => nullable(kind),
    };
    schema["description"] = label(property).into();
    schema
}

/// A property as a parameter: features whose value is this.
fn filter(property: &Property) -> Value {
    query(&property.name, &label(property), kind(property, true))
}

/// A geometry; one that is sent may be single where many are kept.
fn geometry(kind: GeometryType, sent: bool) -> Value {
    let position = || json!({ "type": "array", "items": { "type": "number" }, "minItems": 2 });
    let (single, coordinates) = match kind {
        GeometryType::Point => (None, position()),
        GeometryType::MultiLineString => (Some("LineString"), list(list(position()))),
        GeometryType::MultiPolygon => (Some("Polygon"), list(list(list(position())))),
    };
    let mut kinds = vec![kind.postgis()];
    let mut coordinates = coordinates;
    if let (true, Some(single)) = (sent, single) {
        kinds.insert(0, single);
        coordinates = json!({ "type": "array", "items": { "type": "array" }, "minItems": 1 });
    }
    nullable(object(json!({
        "type": { "type": "string", "enum": kinds }, "coordinates": coordinates,
    })))
}
