//! `/metrics`: what the server counts, for Prometheus.
//!
//! # Source
//! Prometheus text exposition format 0.0.4.

use std::fmt::Write;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};

use super::App;
use super::door::Query;
use crate::access::{Caller, Read};
use crate::error::{Error, Result};
use crate::tile::METER_NAMES;

/// The counters.
///
/// # Errors
/// 403 for who is not staff.
pub async fn metrics(State(imgis): State<App>, caller: Caller, query: Query) -> Result<Response> {
    query.only([])?;
    if !caller.may_read(&Read::Staff) {
        return Err(Error::Forbidden("counters are for staff".into()));
    }
    let mut text = String::new();
    let mut last = usize::MAX;
    for (at, layer, zoom, value) in imgis.tiles.meter.read() {
        let (name, help) = METER_NAMES[at];
        if at != last {
            head(&mut text, &format!("imgis_tiles_{name}_total"), help, "counter");
            last = at;
        }
        let _ =
            writeln!(text, "imgis_tiles_{name}_total{{layer=\"{layer}\",zoom=\"{zoom}\"}} {value}");
    }
    let sizes = imgis.tiles.sizes();
    head(&mut text, "imgis_store_features", "features in memory", "gauge");
    for (layer, features, _) in &sizes {
        let _ = writeln!(text, "imgis_store_features{{layer=\"{layer}\"}} {features}");
    }
    head(&mut text, "imgis_store_bytes", "bytes of features and index in memory, about", "gauge");
    for (layer, _, bytes) in &sizes {
        let _ = writeln!(text, "imgis_store_bytes{{layer=\"{layer}\"}} {bytes}");
    }
    let ready = imgis.ready();
    head(&mut text, "imgis_store_load_seconds", "time that reading the city took", "gauge");
    let _ = writeln!(text, "imgis_store_load_seconds {}", ready.load.as_secs_f64());
    head(&mut text, "imgis_follower_lag_seconds", "time since the database was last read", "gauge");
    let lag = ready.seen_at.map_or(f64::NAN, |at| at.elapsed().as_secs_f64());
    let _ = writeln!(text, "imgis_follower_lag_seconds {lag}");
    let media = [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    Ok((media, text).into_response())
}

fn head(text: &mut String, name: &str, help: &str, kind: &str) {
    let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
}
