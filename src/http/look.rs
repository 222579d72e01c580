//! What the map asks beside tiles: the catalogue, what is here, search, and whether the server is well.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::App;
use super::door::Query;
use crate::access::{Caller, Read, Role};
use crate::config::limit;
use crate::error::{Error, Result};
use crate::feature;
use crate::feature::found::sql;
use crate::geometry::Projector;
use crate::layer::Layer;

/// The catalogue for the map, as the caller may see it.
pub async fn layers(State(imgis): State<App>, caller: Caller, query: Query) -> Result<Response> {
    query.only([])?;
    let city = &imgis.city;
    let layers: Vec<Value> =
        imgis.catalogue.readable(&caller).map(|layer| described(&imgis, &caller, layer)).collect();
    let body = json!({
        "city": {
            "id": city.id, "title": city.title, "bounds": city.bounds, "center": city.center,
            "zoom": city.zoom, "version": env!("CARGO_PKG_VERSION"),
            "crs": { "id": city.crs.id, "title": city.crs.title, "proj": city.proj },
        },
        "caller": {
            "name": caller.name(), "roles": caller.roles(), "writes": caller.has(Role::Clerk),
        },
        "groups": imgis.catalogue.groups,
        "layers": layers,
    });
    Ok(super::json(&body, "application/json"))
}

fn described(imgis: &App, caller: &Caller, layer: &Layer) -> Value {
    let properties: Vec<Value> = layer
        .readable(caller)
        .into_iter()
        .map(|property| {
            json!({
                "name": property.name, "type": property.kind, "label": property.label,
                "unit": property.unit, "values": property.values,
                "tile": property.tile != crate::layer::TileUse::No,
            })
        })
        .collect();
    let division = imgis.catalogue.division(&layer.division);
    json!({
        "id": layer.id, "title": layer.title, "description": layer.description,
        "group": layer.group,
        "division": { "id": layer.division, "title": division.map(|division| &division.title) },
        "geometry": layer.geometry, "zoom": layer.zoom, "public": layer.read == Read::Public,
        "editable": layer.is_editable() && caller.has_any(&layer.edit),
        "visible": layer.visible, "title_property": layer.title_property,
        "label_point": layer.label_zoom.is_some(), "currency": layer.currency.map(|date| date.to_string()),
        "count": imgis.tiles.count(&layer.id), "properties": properties,
    })
}

fn number(name: &str, text: Option<String>, low: f64, high: f64) -> Result<f64> {
    let text = text.ok_or_else(|| Error::parameter(name, "is missing"))?;
    let number = text.parse::<f64>().ok().filter(|number| (low..=high).contains(number));
    number.ok_or_else(|| {
        Error::parameter(name, format!("{text:?} is not a number within {low} … {high}"))
    })
}

/// What is at a point: groups in layer order, the first of each layer and how many there are.
///
/// # Errors
/// 400 naming the parameter; 404 unknown or unreadable layer.
pub async fn identify(State(imgis): State<App>, caller: Caller, query: Query) -> Result<Response> {
    let [lng, lat, zoom, layers] = query.only(["lng", "lat", "zoom", "layers"])?;
    let lng = number("lng", lng, -180.0, 180.0)?;
    let lat = number("lat", lat, -85.0, 85.0)?;
    let zoom = number("zoom", zoom.or(Some("16".into())), 0.0, 24.0)?;
    let asked = match layers.as_deref() {
        None => imgis.catalogue.readable(&caller).cloned().collect(),
        Some("") => Vec::new(),
        Some(ids) => {
            let ids: Vec<&str> = ids.split(',').collect();
            if let Some(twice) = (1..ids.len()).find(|at| ids[..*at].contains(&ids[*at])) {
                return Err(Error::parameter("layers", format!("{} stands twice", ids[twice])));
            }
            let layers = ids.iter().map(|id| imgis.catalogue.readable_by(&caller, id).cloned());
            layers.collect::<Result<Vec<_>>>()?
        }
    };
    // 6 px of a map with tiles of 512 px.
    let tolerance_m = 6.0 * lat.to_radians().cos() * 40_075_016.686 / (512.0 * zoom.exp2());
    let client = imgis.db.client().await?;
    let [west, south, east, north] = imgis.city.bounds;
    let near = (west..=east).contains(&lng) && (south..=north).contains(&lat);
    let boundary = imgis.catalogue.layer("municipal_boundary").is_some();
    let inside = match near && boundary {
        true => sql::inside_city(&client, imgis.city.srid, [lng, lat]).await?.unwrap_or(true),
        false => near,
    };
    let mut groups = Vec::new();
    if near {
        for layer in &asked {
            let readable = layer.readable(&caller);
            let limit = limit::IDENTIFY_FEATURES;
            let at = [lng, lat];
            let found =
                sql::here(&client, layer, &readable, &imgis.city, at, tolerance_m, limit).await?;
            if let Some(first) = found.first() {
                let count = first.matched;
                let features: Vec<Value> = found.iter().map(described_feature).collect();
                groups.push(json!({ "layer": layer.id, "count": count, "features": features }));
            }
        }
    }
    groups.sort_by_key(|group| {
        std::cmp::Reverse(imgis.catalogue.rank(group["layer"].as_str().unwrap_or_default()))
    });
    let city = if near { Projector::new(&imgis.city.proj)?.project(lng, lat).ok() } else { None };
    let rounded =
        city.map(|(east, north)| [(east * 100.0).round() / 100.0, (north * 100.0).round() / 100.0]);
    let body = json!({
        "at": [lng, lat], "city_coordinates": rounded, "inside": inside, "groups": groups,
    });
    Ok(super::json(&body, "application/json"))
}

fn described_feature(found: &sql::Found) -> Value {
    let parse = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_default();
    json!({
        "id": found.id, "title": found.title, "properties": parse(&found.properties),
        "geometry": found.geometry.as_deref().map(parse), "bbox": found.bbox,
        "center": found.center,
    })
}

/// Search: cadastral number in any spelling, address, coordinates, application number.
///
/// # Errors
/// 400 naming the parameter.
pub async fn find(State(imgis): State<App>, caller: Caller, query: Query) -> Result<Response> {
    let [q, limit] = query.only(["q", "limit"])?;
    let q = q.ok_or_else(|| Error::parameter("q", "is missing"))?;
    let limit = match limit {
        None => 10,
        Some(text) => text.parse::<i64>().ok().filter(|limit| *limit >= 1).ok_or_else(|| {
            Error::parameter("limit", format!("{text:?} is not a whole number of at least 1"))
        })?,
    };
    let client = imgis.db.client().await?;
    let limit = limit.min(limit::FIND_HITS_MAX);
    let hits = feature::find(&client, &imgis.catalogue, &caller, &imgis.city, &q, limit).await?;
    Ok(super::json(&json!({ "hits": hits }), "application/json"))
}

/// The process lives.
pub async fn health() -> &'static str {
    "ok\n"
}

/// The store is loaded and follows the database.
pub async fn ready(State(imgis): State<App>) -> Response {
    let ready = imgis.ready();
    let lag = ready.seen_at.map(|at| at.elapsed());
    if lag.is_some_and(|lag| lag > limit::FOLLOW_LAG) {
        let text = format!("{} s behind the database\n", lag.unwrap_or_default().as_secs());
        return (StatusCode::SERVICE_UNAVAILABLE, text).into_response();
    }
    match (ready.snapshot, ready.fault) {
        (Some(_), None) => "ready\n".into_response(),
        (None, None) => {
            let (layers, all, features) = ready.progress;
            let text = format!("loading: {layers} of {all} layers, {features} features\n");
            (StatusCode::SERVICE_UNAVAILABLE, text).into_response()
        }
        (_, Some(_)) => (StatusCode::SERVICE_UNAVAILABLE, "behind the database\n").into_response(),
    }
}
