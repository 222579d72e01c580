//! Geometries of a filter brought into the city's system.
//!
//! What lies far outside the city is cut off first: a box of the whole world cannot be projected into a
//! local system, and no feature lies there. Edges are straight in the system they were given in, so long
//! ones are parted before they are projected.

use geo::{
    BooleanOps, BoundingRect, Contains, Coord, Densify, Euclidean, Geometry, GeometryCollection,
    MapCoords, MultiPoint, MultiPolygon, Polygon, Rect,
};

use super::{Fault, Faulty};
use crate::config::City;
use crate::error::Result;
use crate::geometry::{Crs, Projector, ewkb_of_geometry};

/// Degrees around the bounds of the city within which a geometry is kept.
const MARGIN: f64 = 1.0;
/// Longest part of an edge: degrees, metres of EPSG:3857.
const STEP_DEGREES: f64 = 0.01;
const STEP_METRES: f64 = 1_000.0;
const RADIUS: f64 = 6_378_137.0;

/// Brings a geometry, axes east and north, into the city's system.
///
/// # Errors
/// Coordinates that no system has.
pub fn placed(geometry: &Geometry<f64>, crs: Crs, city: &City, at: &str) -> Faulty<Geometry<f64>> {
    if let Crs::City(_) = crs {
        return Ok(geometry.clone());
    }
    let [west, south, east, north] = city.bounds;
    let window = [west - MARGIN, south - MARGIN, east + MARGIN, north + MARGIN];
    let (window, step) = if crs.geographic() {
        let fits = |c: Coord<f64>| c.x.abs() <= 360.0 && c.y.abs() <= 90.0;
        if !geo::CoordsIter::coords_iter(geometry).all(fits) {
            return Err(Fault::new(at, "a position lies outside -180 … 180 and -90 … 90"));
        }
        (window, STEP_DEGREES)
    } else {
        let [x0, y0] = mercator(window[0], window[1]);
        let [x1, y1] = mercator(window[2], window[3]);
        ([x0, y0, x1, y1], STEP_METRES)
    };
    let window = Rect::new((window[0], window[1]), (window[2], window[3]));
    let inside = match geometry.bounding_rect() {
        Some(bounds) if window.contains(&bounds) => geometry.clone(),
        _ => clipped(geometry, &window),
    };
    let parted = dense(&inside, step);
    let projector =
        Projector::new(&city.proj).map_err(|error| Fault::new(at, error.to_string()))?;
    parted.try_map_coords(|coord| {
        let [lng, lat] =
            if crs.geographic() { [coord.x, coord.y] } else { degrees(coord.x, coord.y) };
        match projector.project(lng, lat) {
            Ok((x, y)) => Ok(Coord { x, y }),
            Err(error) => Err(Fault::new(at, error.to_string())),
        }
    })
}

fn mercator(lng: f64, lat: f64) -> [f64; 2] {
    [lng.to_radians() * RADIUS, lat.to_radians().sin().atanh() * RADIUS]
}

fn degrees(x: f64, y: f64) -> [f64; 2] {
    [(x / RADIUS).to_degrees(), (y / RADIUS).tanh().asin().to_degrees()]
}

fn clipped(geometry: &Geometry<f64>, window: &Rect<f64>) -> Geometry<f64> {
    let frame = MultiPolygon(vec![window.to_polygon()]);
    let areas = |many: &MultiPolygon<f64>| Geometry::MultiPolygon(many.intersection(&frame));
    match geometry {
        Geometry::Polygon(one) => areas(&MultiPolygon(vec![one.clone()])),
        Geometry::MultiPolygon(many) => areas(many),
        Geometry::LineString(one) => {
            Geometry::MultiLineString(frame.clip(&geo::MultiLineString(vec![one.clone()]), false))
        }
        Geometry::MultiLineString(many) => Geometry::MultiLineString(frame.clip(many, false)),
        Geometry::Point(point) => Geometry::MultiPoint(MultiPoint(
            vec![*point].into_iter().filter(|p| window.contains(p)).collect(),
        )),
        Geometry::MultiPoint(many) => Geometry::MultiPoint(MultiPoint(
            many.0.iter().copied().filter(|point| window.contains(point)).collect(),
        )),
        Geometry::GeometryCollection(many) => Geometry::GeometryCollection(GeometryCollection(
            many.0.iter().map(|one| clipped(one, window)).collect(),
        )),
        other => other.clone(),
    }
}

fn dense(geometry: &Geometry<f64>, step: f64) -> Geometry<f64> {
    match geometry {
        Geometry::Polygon(one) => Euclidean.densify(one, step).into(),
        Geometry::MultiPolygon(many) => Euclidean.densify(many, step).into(),
        Geometry::LineString(one) => Euclidean.densify(one, step).into(),
        Geometry::MultiLineString(many) => Euclidean.densify(many, step).into(),
        Geometry::GeometryCollection(many) => Geometry::GeometryCollection(GeometryCollection(
            many.0.iter().map(|one| dense(one, step)).collect(),
        )),
        other => other.clone(),
    }
}

/// A box as EWKB in the city's system.
///
/// # Errors
/// 400 naming `parameter`, as [`placed`].
pub fn window(corners: [f64; 4], crs: Crs, city: &City, parameter: &str) -> Result<Vec<u8>> {
    let placed = placed(&boxed(corners), crs, city, "").map_err(|fault| fault.of(parameter))?;
    ewkb_of_geometry(&placed, city.srid)
}

/// A box as polygons: two when it crosses the antimeridian.
pub fn boxed([west, south, east, north]: [f64; 4]) -> Geometry<f64> {
    let one = |west: f64, east: f64| -> Polygon<f64> {
        Rect::new((west, south), (east, north)).to_polygon()
    };
    Geometry::MultiPolygon(MultiPolygon(if west <= east {
        vec![one(west, east)]
    } else {
        vec![one(west, 180.0), one(-180.0, east)]
    }))
}
