//! TileJSON 3.0.0 of one or several layers, as the caller may see them.

use serde_json::{Value, json};

use super::{Tiles, View};
use crate::config::City;
use crate::layer::{Follow, PropertyType};

/// TileJSON; `base` is the server's address without a slash at its end.
pub fn tile_json(tiles: &Tiles, views: &[View], base: &str, city: &City) -> Value {
    let mut layers = Vec::new();
    for view in views {
        let layer = &view.layer;
        let fields = fields(view);
        let follow = match layer.follow {
            Follow::Trigger => json!("trigger"),
            Follow::Every(seconds) => json!({ "refresh_s": seconds }),
        };
        let zooms = (layer.zoom.min, layer.zoom.max);
        layers.push(json!({
            "id": layer.id, "description": layer.title.get("en"), "minzoom": zooms.0,
            "maxzoom": zooms.1, "fields": fields, "follow": follow,
        }));
        if let Some(least) = layer.label_zoom {
            layers.push(json!({
                "id": format!("{}_label", layer.id), "minzoom": least, "maxzoom": zooms.1,
                "fields": fields,
            }));
        }
    }
    let ids: Vec<&str> = views.iter().map(|view| view.layer.id.as_str()).collect();
    let ids = ids.join(",");
    let zoom = |pick: fn(&View) -> u8| views.iter().map(pick);
    json!({
        "tilejson": "3.0.0",
        "name": ids,
        "tiles": [format!("{base}/tiles/{ids}/{{z}}/{{x}}/{{y}}")],
        "scheme": "xyz",
        "minzoom": zoom(|view| view.layer.zoom.min).min().unwrap_or(0),
        "maxzoom": zoom(|view| view.layer.zoom.max).max().unwrap_or(18),
        "bounds": tiles.around(views).unwrap_or(city.bounds),
        "center": [city.center[0], city.center[1], city.zoom],
        "vector_layers": layers,
    })
}

fn fields(view: &View) -> serde_json::Map<String, Value> {
    view.shown()
        .map(|property| {
            let kind = match property.kind {
                PropertyType::Integer | PropertyType::Number => "Number",
                PropertyType::Boolean => "Boolean",
                _ => "String",
            };
            (property.name.clone(), Value::from(kind))
        })
        .collect()
}
