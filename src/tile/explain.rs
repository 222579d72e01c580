//! Why a tile is as it is: drawn anew, with what each stage took.

use std::time::Instant;

use serde_json::{Value, json};

use super::{Coding, Tiles, View};
use crate::geometry::TileAddress;

/// Features, bytes, what was left out, and milliseconds by stage, layer by layer; then each coding.
pub fn explain(tiles: &Tiles, views: &[View], address: TileAddress) -> Value {
    let started = Instant::now();
    let version = tiles.version(views, address);
    let decided = started.elapsed();
    let (_, drawn) = tiles.layers(views, address);
    let ms = |time: std::time::Duration| (time.as_secs_f64() * 1e6).round() / 1e3;
    let mut bytes = Vec::new();
    let layers: Vec<Value> = views
        .iter()
        .zip(&drawn)
        .map(|(view, layer)| {
            bytes.extend_from_slice(&layer.bytes);
            json!({
                "layer": view.layer.id, "in_range": view.is_at(address.z()),
                "features_near": layer.near, "features": layer.drawn, "gathered": layer.gathered,
                "dropped": layer.dropped, "mended": layer.mended, "bytes": layer.bytes.len(),
                "ms": { "query": ms(layer.times.query), "shape": ms(layer.times.shape),
                        "encode": ms(layer.times.encode) },
            })
        })
        .collect();
    let codings: Vec<Value> = [Coding::Gzip, Coding::Zstd, Coding::Brotli]
        .into_iter()
        .map(|coding| {
            let started = Instant::now();
            let packed = coding.pack(bytes.clone());
            json!({ "coding": coding.token(), "bytes": packed.len(), "ms": ms(started.elapsed()) })
        })
        .collect();
    json!({
        "tile": { "z": address.z(), "x": address.col(), "y": address.row() },
        "version": version.etag(Coding::Identity).trim_matches('"'),
        "bytes": bytes.len(), "ms": { "version": ms(decided) },
        "layers": layers, "codings": codings,
    })
}
