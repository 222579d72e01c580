//! Features of the layers: from places relative to the kremlin to metres of the city's system.

use geo::{BooleanOps, Validation};

use super::plane::{Pt, area, key};
use super::topology::Patch;
use crate::layer::Value;

/// East and north of the kremlin in МСК-16, zone 1.
const KREMLIN: (f64, f64) = (1_304_700.0, 476_900.0);

/// One feature of a layer.
#[derive(Clone, Debug)]
pub struct DemoFeature {
    /// Its shape in metres of the city's system: x = east, y = north.
    pub geometry: geo::Geometry<f64>,
    /// Its properties, named as in the layer file.
    pub properties: Vec<(&'static str, Value)>,
}

/// Properties in the making.
pub type Props = Vec<(&'static str, Value)>;

/// The layers in the making, in the order in which they were first named.
#[derive(Default)]
pub struct Layers(pub Vec<(&'static str, Vec<DemoFeature>)>);

impl Layers {
    /// Appends a feature, unless it is an area without any part.
    pub fn add(&mut self, layer: &'static str, geometry: geo::Geometry<f64>, properties: Props) {
        let geometry = match geometry {
            // Areas joined of others may come to touch themselves, and holes each other.
            geo::Geometry::MultiPolygon(areas)
                if areas.iter().any(|area| !area.interiors().is_empty()) || !areas.is_valid() =>
            {
                geo::Geometry::MultiPolygon(areas.union(&geo::MultiPolygon(Vec::new())))
            }
            geometry => geometry,
        };
        if matches!(&geometry, geo::Geometry::MultiPolygon(m) if m.0.is_empty()) {
            return;
        }
        let feature = DemoFeature { geometry, properties };
        match self.0.iter_mut().rev().find(|l| l.0 == layer) {
            Some(found) => found.1.push(feature),
            None => self.0.push((layer, vec![feature])),
        }
    }
}

/// Text.
pub fn text(s: impl Into<String>) -> Value {
    Value::Text(s.into())
}

/// A list of texts.
pub fn list(words: &[&str]) -> Value {
    Value::List(words.iter().map(|w| (*w).to_string()).collect())
}

/// A number with two decimals.
pub fn number(n: f64) -> Value {
    Value::Number((n * 100.0).round() / 100.0)
}

/// A day; a day that no calendar has becomes the first of January of that year.
pub fn day(year: i64, month: i64, day: i64) -> Value {
    let found = jiff::civil::Date::new(year as i16, month as i8, day as i8);
    Value::Date(found.unwrap_or_else(|_| jiff::civil::date(year as i16, 1, 1)))
}

fn coord(p: Pt) -> geo::Coord<f64> {
    let round = |v: f64| (v * 100.0).round() / 100.0;
    geo::Coord { x: round(KREMLIN.0 + p.x), y: round(KREMLIN.1 + p.y) }
}

/// A point.
pub fn point(p: Pt) -> geo::Geometry<f64> {
    geo::Geometry::Point(geo::Point(coord(p)))
}

/// Lines.
pub fn lines(all: &[Vec<Pt>]) -> geo::Geometry<f64> {
    let all = all.iter().map(|l| geo::LineString(l.iter().map(|p| coord(*p)).collect()));
    geo::Geometry::MultiLineString(geo::MultiLineString(all.collect()))
}

fn closed(ring: &[Pt]) -> geo::LineString<f64> {
    geo::LineString(ring.iter().chain(ring.first()).map(|p| coord(*p)).collect())
}

/// An area.
pub fn patch(patch: &Patch) -> geo::Geometry<f64> {
    let parts = patch.parts.iter().map(|(shell, holes)| {
        geo::Polygon::new(closed(shell), holes.iter().map(|h| closed(h)).collect())
    });
    geo::Geometry::MultiPolygon(geo::MultiPolygon(parts.collect()))
}

/// An area of one ring.
pub fn ring(ring: &[Pt]) -> geo::Geometry<f64> {
    patch(&Patch::of(ring.to_vec()))
}

/// From areas to the shapes of the geometry library, relative to the kremlin.
pub fn shape(patch: &Patch) -> geo::MultiPolygon<f64> {
    let close = |r: &[Pt]| {
        geo::LineString(r.iter().chain(r.first()).map(|p| geo::Coord { x: p.x, y: p.y }).collect())
    };
    let parts = patch
        .parts
        .iter()
        .map(|(s, h)| geo::Polygon::new(close(s), h.iter().map(|r| close(r)).collect()));
    geo::MultiPolygon(parts.collect())
}

/// Back from the geometry library; parts and holes smaller than `least` m² are dropped.
pub fn unshape(shape: &geo::MultiPolygon<f64>, least: f64) -> Patch {
    let mut parts: Vec<(Vec<Pt>, Vec<Vec<Pt>>)> = Vec::new();
    for p in &shape.0 {
        let shells = simple_loops(p.exterior()).into_iter().filter(|r| area(r) > least);
        let first = parts.len();
        parts.extend(shells.map(|r| (r, Vec::new())));
        let inner = std::iter::once(p.exterior()).chain(p.interiors());
        for hole in inner.flat_map(simple_loops).filter(|r| area(r) < -least) {
            let at = super::plane::inside(&hole);
            let home = parts[first..].iter_mut().find(|s| super::plane::contains(&s.0, at));
            if let Some((_, holes)) = home {
                holes.push(hole);
            }
        }
    }
    Patch { parts }
}

/// The loops of a ring that may touch itself once its places are rounded.
fn simple_loops(line: &geo::LineString<f64>) -> Vec<Vec<Pt>> {
    let mut path: Vec<Pt> = Vec::new();
    let mut seen = std::collections::HashMap::new();
    let mut out = Vec::new();
    for c in &line.0 {
        let p = Pt { x: c.x, y: c.y }.snap();
        if let Some(&i) = seen.get(&key(p)) {
            let ring = path.split_off(i);
            ring.iter().for_each(|q| {
                seen.remove(&key(*q));
            });
            if ring.len() > 2 {
                out.push(ring);
            }
        }
        seen.insert(key(p), path.len());
        path.push(p);
    }
    out
}
