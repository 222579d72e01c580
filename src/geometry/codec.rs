//! GeoJSON in, EWKB out. *Not here*: GeoJSON out (PostGIS writes it, `feature/sql.rs`).

use geozero::{CoordDimensions, ToGeo, ToWkb, geojson::GeoJsonString};
use serde::Deserialize;

use crate::config::limit;
use crate::error::{Error, Result};

/// A GeoJSON geometry as it was sent, with the count of its vertices known to be within the limit.
#[derive(Debug, Clone, Deserialize)]
#[serde(transparent)]
pub struct GeoJson(pub serde_json::Value);

const TYPES: [&str; 6] =
    ["Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon"];

impl GeoJson {
    /// Checks type, nesting, numbers, and closure of rings; `pointer` says where it stands in the body.
    ///
    /// # Errors
    /// 422 with the pointer of the first fault.
    ///
    /// # Source
    /// RFC 7946 §3.1.
    pub fn check(&self, pointer: &str) -> Result<&'static str> {
        let kind = self.0.get("type").and_then(serde_json::Value::as_str).unwrap_or_default();
        let Some(kind) = TYPES.into_iter().find(|known| *known == kind) else {
            let detail = format!("{kind:?} is not a geometry type; one of {}", TYPES.join(", "));
            return Err(Error::invalid(format!("{pointer}/type"), detail));
        };
        let depth = match kind {
            "Point" => 0,
            "MultiPoint" | "LineString" => 1,
            "MultiLineString" | "Polygon" => 2,
            _ => 3,
        };
        let coordinates = &self.0["coordinates"];
        let mut count = 0;
        let ring = kind.ends_with("Polygon");
        let line = kind.ends_with("LineString");
        let least = if ring {
            4
        } else if line {
            2
        } else {
            0
        };
        walk(coordinates, depth, least, &mut count).map_err(|fault| {
            let steps: String = fault.steps.iter().rev().map(|step| format!("/{step}")).collect();
            Error::invalid(format!("{pointer}/coordinates{steps}"), fault.detail)
        })?;
        if count > limit::GEOMETRY_VERTICES_MAX {
            return Err(Error::TooLarge {
                what: "the number of vertices",
                limit: limit::GEOMETRY_VERTICES_MAX.to_string(),
            });
        }
        Ok(kind)
    }
}

impl GeoJson {
    /// Checks a geometry that may be a collection of geometries.
    ///
    /// # Errors
    /// As [`GeoJson::check`].
    pub fn check_any(&self, pointer: &str) -> Result<()> {
        if self.0.get("type").and_then(serde_json::Value::as_str) != Some("GeometryCollection") {
            return self.check(pointer).map(drop);
        }
        let here = format!("{pointer}/geometries");
        let Some(list) = self.0["geometries"].as_array() else {
            return Err(Error::invalid(here, "a list of geometries is wanted"));
        };
        for (index, one) in list.iter().enumerate() {
            // A collection within a collection is of no use to anybody.
            Self(one.clone()).check(&format!("{here}/{index}"))?;
        }
        Ok(())
    }
}

/// What is wrong with coordinates, and where: indices from the inside out.
struct Fault {
    steps: Vec<usize>,
    detail: String,
}

fn walk(
    value: &serde_json::Value,
    depth: usize,
    least: usize,
    count: &mut usize,
) -> Result<(), Fault> {
    let fault = |detail: &str| Err(Fault { steps: Vec::new(), detail: detail.to_string() });
    let Some(list) = value.as_array() else {
        return fault("an array of coordinates is wanted");
    };
    if depth == 0 {
        *count += 1;
        let numbers = list.iter().filter(|n| n.is_number()).count();
        if numbers != list.len() || !(2..=3).contains(&numbers) {
            return fault("a position is two numbers: longitude, latitude");
        }
        return Ok(());
    }
    if depth > 0 && list.is_empty() {
        return fault("there are no coordinates");
    }
    if depth == 1 && list.len() < least {
        let few = list.len();
        return fault(&format!("{few} positions are too few, at least {least} are wanted"));
    }
    for (index, item) in list.iter().enumerate() {
        walk(item, depth - 1, least, count).map_err(|mut fault| {
            fault.steps.push(index);
            fault
        })?;
    }
    if depth == 1 && least == 4 && list.first() != list.last() {
        return fault("the ring is not closed: first and last positions differ");
    }
    Ok(())
}

/// EWKB (2D) of a GeoJSON geometry, its numbers taken as they stand, marked with `srid`.
///
/// # Errors
/// [`Error::Malformed`].
pub fn ewkb_of_geojson(geometry: &serde_json::Value, srid: i32) -> Result<Vec<u8>> {
    GeoJsonString(geometry.to_string())
        .to_ewkb(CoordDimensions::xy(), Some(srid))
        .map_err(|error| Error::Malformed { detail: format!("geometry: {error}") })
}

/// A GeoJSON geometry in memory, its numbers taken as they stand, heights left aside.
///
/// # Errors
/// [`Error::Malformed`].
pub fn geometry_of_geojson(geometry: &serde_json::Value) -> Result<geo::Geometry<f64>> {
    GeoJsonString(geometry.to_string())
        .to_geo()
        .map_err(|error| Error::Malformed { detail: format!("geometry: {error}") })
}

/// EWKB (2D) of a geometry in memory.
pub fn ewkb_of_geometry(geometry: &geo::Geometry<f64>, srid: i32) -> Result<Vec<u8>> {
    geometry.to_ewkb(CoordDimensions::xy(), Some(srid)).map_err(Error::internal)
}
