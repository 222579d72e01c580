//! Tiles: by OGC API Tiles, by zoom, x and y, and TileJSON.
//!
//! # Source
//! OGC API Tiles 1.0 part 1, requirements class OpenAPI 3.0: the names of operations.

use serde_json::{Value, json};

use super::components::{bounds, layers};
use super::operation::{
    JSON, Operation, Paths, list, object, parameter, part, query, schema, text, whole,
};
use crate::http::tiles::MVT;

fn new(id: &str, summary: &str) -> Operation {
    Operation::new("Tiles", id, summary)
}

/// A tile, or that there is nothing in it, or that the client has it.
fn tile(operation: Operation, more: &[(&str, Value)]) -> Operation {
    let mut content = vec![(MVT, json!({ "type": "string", "format": "binary" }))];
    content.extend(more.iter().cloned());
    operation
        .answers(200, "a tile", &content, &["ETag"])
        .answers(204, "nothing is there", &[], &["ETag"])
        .answers(304, "the client has it", &[], &["ETag"])
        .refuses(&[404])
}

/// Tile sets of the city and of each layer.
pub fn sets(paths: &mut Paths, ids: &[&str]) {
    let json = || parameter("f");
    let grids = new("getTileMatrixSetsList", "the grids").takes([json()]);
    paths.get("/tileMatrixSets", grids.both(schema("Grids")));
    let grid = new("getTileMatrixSet", "the grid").takes([json()]);
    paths.get("/tileMatrixSets/WebMercatorQuad", grid.both(schema("Grid")).refuses(&[404]));
    let city = std::iter::once((String::new(), ".dataset".to_string(), true));
    let of_layer = |id: &&str| (format!("/collections/{id}"), format!("{id}.collection"), false);
    for (root, stem, of_city) in city.chain(ids.iter().map(of_layer)) {
        let name = |what: &str| format!("{stem}.vector.{what}");
        let chosen = || of_city.then(|| parameter("collections"));
        let (sets, set) = (format!("{root}/tiles"), format!("{root}/tiles/WebMercatorQuad"));
        let operation = new(&name("getTileSetsList"), "tile sets").takes([json()]);
        paths.get(&sets, operation.both(schema("TileSets")).refuses(&[404]));
        let operation = new(&name("getTileSet"), "a tile set").takes([json()]).takes(chosen());
        paths.get(&set, operation.both(schema("TileSet")).refuses(&[404]));
        let place = ["tileMatrix", "tileRow", "tileCol"].map(parameter);
        let operation = new(&name("getTile"), "a tile").takes(place).takes(chosen());
        paths.get(&format!("{set}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}"), tile(operation, &[]));
    }
}

/// Tiles of one or several layers as maps ask for them.
pub fn by_zoom(paths: &mut Paths, ids: &[&str]) {
    let of = || {
        let mut part = part("layers", layers(ids));
        part["style"] = "simple".into();
        part
    };
    let number = |most: Option<u8>| {
        let mut schema = json!({ "type": "integer", "minimum": 0 });
        if let Some(most) = most {
            schema["maximum"] = most.into();
        }
        schema
    };
    let explain = query("explain", "what drawing it takes, for staff", text());
    let zoom = number(Some(crate::geometry::TileAddress::ZOOM_MAX));
    let operation = new("tile", "a tile of one or several layers").takes([
        of(),
        part("z", zoom),
        part("x", number(None)),
        part("y", number(None)),
        explain,
    ]);
    let operation = tile(operation, &[(JSON, json!({ "type": "object" }))]).refuses(&[403]);
    paths.get("/tiles/{layers}/{z}/{x}/{y}", operation);
    let text = || json!({ "type": "string" });
    let described = object(json!({
        "tilejson": { "type": "string", "enum": ["3.0.0"] }, "name": text(), "tiles": list(text()),
        "scheme": text(), "minzoom": whole(0), "maxzoom": whole(0), "bounds": bounds(),
        "center": list(json!({ "type": "number" })),
        "vector_layers": list(json!({ "type": "object", "required": ["id", "fields"] })),
    }));
    let operation = new("tilejson", "TileJSON of one or several layers").takes([of()]);
    paths.get("/tiles/{layers}.json", operation.json(described).refuses(&[404]));
}
