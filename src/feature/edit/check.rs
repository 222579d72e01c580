//! Checks of editing that need the database: a geometry by itself, and the rules of the layer.

use std::collections::BTreeMap;

use serde_json::Value as Json;
use tokio_postgres::Client;

use super::draft::Drawn;
use super::{Desk, Shape, sql};
use crate::config::limit;
use crate::error::{Error, Fault, Result};
use crate::geometry::ewkb_of_geojson;
use crate::layer::Layer;

/// The geometry of a request as it will be stored; its faults, with their place.
pub(super) async fn shaped(
    client: &Client,
    desk: &Desk<'_>,
    drawn: &Drawn,
    at: &str,
    faults: &mut Vec<Fault>,
) -> Result<Shape> {
    let geometry = match drawn {
        Drawn::Stays => return Ok(Shape::Stays),
        Drawn::Nothing => return Ok(Shape::Is(None)),
        Drawn::As(geometry) => geometry,
    };
    let ewkb = ewkb(desk, geometry)?;
    match sql::check_geometry(client, &ewkb, desk.city).await {
        Ok(report) => {
            if let Some(reason) = report.reason {
                let detail = format!("the geometry is not valid: {reason}");
                faults.push(Fault { place: report.place, ..Fault::new(at, detail) });
            } else if report.outside {
                let detail = "the geometry leaves the bounds of the municipality";
                faults.push(Fault::new(at, detail));
            }
        }
        Err(Error::Invalid { faults: more }) => {
            faults.extend(more.into_iter().map(|fault| Fault::new(at, fault.detail)));
        }
        Err(other) => return Err(other),
    }
    Ok(Shape::Is(Some(ewkb)))
}

/// A geometry of the wire as EWKB of its own system.
pub(super) fn ewkb(desk: &Desk<'_>, geometry: &Json) -> Result<Vec<u8>> {
    match desk.crs.north_first() {
        true => ewkb_of_geojson(&flipped(geometry), desk.crs.srid()),
        false => ewkb_of_geojson(geometry, desk.crs.srid()),
    }
}

/// Coordinates in the order latitude, longitude turned round.
fn flipped(geometry: &Json) -> Json {
    fn turn(value: &mut Json) {
        if let Json::Array(list) = value {
            if list.first().is_some_and(Json::is_number) && list.len() >= 2 {
                list.swap(0, 1);
            } else {
                list.iter_mut().for_each(turn);
            }
        }
    }
    let mut geometry = geometry.clone();
    if let Some(coordinates) = geometry.get_mut("coordinates") {
        turn(coordinates);
    }
    geometry
}

/// The rules of the layer that these features, as they stand now, break: each with its pointer.
pub(super) async fn kept(
    client: &Client,
    layer: &Layer,
    written: &[(i64, String)],
) -> Result<Vec<Fault>> {
    let ids: Vec<i64> = written.iter().map(|(id, _)| *id).collect();
    let mut broken: BTreeMap<i64, Vec<Fault>> = BTreeMap::new();
    let mut add = |id, detail: String, place, features| {
        let fault = Fault { place, features, ..Fault::new("", detail) };
        broken.entry(id).or_default().push(fault);
    };
    if let Some(least) = layer.rules.min_area_m2 {
        for (id, area) in sql::too_small(client, layer, &ids, least).await? {
            add(id, format!("{area:.2} m² is less than the {least} m² of the rule"), None, vec![]);
        }
    }
    if let Some(inside) = &layer.rules.inside {
        for (id, place) in sql::outside(client, layer, inside, &ids).await? {
            let detail = format!("it does not lie inside the layer {}", inside.layer);
            add(id, detail, place, vec![]);
        }
    }
    if let Some(sliver) = layer.rules.overlap_m2 {
        let mut shared: BTreeMap<i64, Vec<sql::Shared>> = BTreeMap::new();
        for found in sql::overlaps(client, layer, &ids, sliver).await? {
            shared.entry(found.id).or_default().push(found);
        }
        for (id, mut found) in shared {
            found.sort_by(|a, b| b.m2.total_cmp(&a.m2));
            let all: f64 = found.iter().map(|shared| shared.m2).sum();
            let count = found.len();
            let place = found.first().and_then(|shared| shared.place.clone());
            found.truncate(limit::NEIGHBOURS_NAMED);
            let ids: Vec<i64> = found.iter().map(|shared| shared.other).collect();
            let mut names: Vec<String> = ids.iter().map(ToString::to_string).collect();
            if count > ids.len() {
                names.push(format!("and {} more", count - ids.len()));
            }
            let detail = format!("it overlaps {}: {all:.2} m² are shared", names.join(", "));
            add(id, detail, place, ids);
        }
    }
    let mut faults = Vec::new();
    for (id, pointer) in written {
        let found = broken.remove(id).unwrap_or_default();
        faults.extend(found.into_iter().map(|fault| Fault { pointer: pointer.clone(), ..fault }));
    }
    Ok(faults)
}
