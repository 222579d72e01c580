//! Drawing one layer of one tile from memory. Order is by id: the same content gives the same bytes.

use super::clip::{self, Vertex};
use super::encode::LayerWriter;
use super::gather::Squares;
use super::store::{Feature, Store};
use super::{TileAddress, View};
use crate::config::limit;
use crate::layer::GeometryType;

/// One drawn layer.
pub struct Drawn {
    /// The MVT layer, and its label layer; empty when nothing is there.
    pub bytes: Vec<u8>,
    /// Features that are only part of gathered squares.
    pub gathered: usize,
}

/// Bytes that a feature takes beside its vertices and properties.
const FEATURE_BYTES: usize = 24;

/// Draws a layer.
pub fn layer(store: &Store, view: &View, address: TileAddress) -> Drawn {
    if !view.is_at(address.z()) {
        return Drawn { bytes: Vec::new(), gathered: 0 };
    }
    let frame = Frame::new(address);
    let (x0, y0, x1, y1) = frame.envelope();
    let features = store.near(x0, y0, x1, y1);
    let writer = LayerWriter::new(store, view);
    match store.kind {
        GeometryType::MultiPolygon => polygons(&frame, &features, view, writer),
        GeometryType::MultiLineString => lines(&frame, &features, writer),
        GeometryType::Point => points(&frame, &features, writer),
    }
}

struct Frame {
    origin: (i64, i64),
    shift: u32,
}

impl Frame {
    fn new(address: TileAddress) -> Self {
        Self { origin: address.origin(), shift: 20 - u32::from(address.z()) }
    }

    fn envelope(&self) -> (f64, f64, f64, f64) {
        let low = i64::from(clip::LOW) << self.shift;
        let high = i64::from(clip::HIGH) << self.shift;
        (
            (self.origin.0 + low) as f64,
            (self.origin.1 + low) as f64,
            (self.origin.0 + high) as f64,
            (self.origin.1 + high) as f64,
        )
    }

    fn vertex(&self, [x, y]: [u32; 2]) -> Vertex {
        let mut out = Vec::with_capacity(1);
        clip::snap(&[[x, y]], self.origin, self.shift, &mut out);
        out[0]
    }

    /// Area of a feature's importance-by-area in square tile units.
    fn area(&self, feature: &Feature) -> f64 {
        let unit = (1u64 << self.shift) as f64;
        let [x0, y0, x1, y1] = feature.bbox.map(f64::from);
        ((x1 - x0) / unit) * ((y1 - y0) / unit)
    }
}

/// The least box, in square tile units, that is drawn by itself: doubled until the layer keeps its room.
/// The steps are coarse so that tiles side by side choose alike.
fn threshold(frame: &Frame, features: &[&Feature], columns: usize) -> f64 {
    let mut least = 1.0;
    loop {
        let bytes: usize = features
            .iter()
            .filter(|feature| frame.area(feature) >= least)
            .map(|feature| FEATURE_BYTES + 3 * feature.points.len() + 6 * columns)
            .sum();
        if bytes <= limit::TILE_LAYER_BYTES || least > 1e6 {
            return least;
        }
        least *= 2.0;
    }
}

fn polygons(frame: &Frame, features: &[&Feature], view: &View, mut writer: LayerWriter) -> Drawn {
    let least = threshold(frame, features, view.columns().len());
    let mut squares = Squares::default();
    let (mut points, mut spare, mut rings) = (Vec::new(), Vec::new(), Vec::new());
    let mut labels = Vec::new();
    for feature in features {
        let area = frame.area(feature);
        if area < least {
            let [x0, y0, x1, y1] = feature.bbox;
            squares.add(frame.vertex([x0 / 2 + x1 / 2, y0 / 2 + y1 / 2]), area);
            continue;
        }
        rings.clear();
        let mut skip_holes = false;
        for (ring, outer) in feature.rings() {
            if !outer && skip_holes {
                continue;
            }
            clip::snap(ring, frame.origin, frame.shift, &mut points);
            if !clip::is_inside(&points) {
                clip::ring(&mut points, &mut spare);
            }
            let kept = clip::tidy(&mut points);
            if outer {
                skip_holes = !kept;
            }
            if kept {
                rings.push((points.clone(), outer));
            }
        }
        if !rings.is_empty() {
            writer.polygon(feature, &rings);
        }
        if view.layer.label_point {
            let at = frame.vertex(feature.label);
            if at.iter().all(|n| (0..4096).contains(n)) {
                labels.push((*feature, at));
            }
        }
    }
    writer.squares(&squares);
    let mut bytes = writer.finish();
    if !labels.is_empty() {
        let mut label_writer = LayerWriter::labels(&view.layer.id, bytes.1);
        for (feature, at) in labels {
            label_writer.points(feature, &[at]);
        }
        bytes.0.extend_from_slice(&label_writer.finish().0);
    }
    Drawn { bytes: bytes.0, gathered: squares.features }
}

fn lines(frame: &Frame, features: &[&Feature], mut writer: LayerWriter) -> Drawn {
    let mut points = Vec::new();
    let mut pieces = Vec::new();
    for feature in features {
        pieces.clear();
        for (line, _) in feature.rings() {
            clip::snap(line, frame.origin, frame.shift, &mut points);
            pieces.extend(clip::line(&points));
        }
        if !pieces.is_empty() {
            writer.lines(feature, &pieces);
        }
    }
    Drawn { bytes: writer.finish().0, gathered: 0 }
}

fn points(frame: &Frame, features: &[&Feature], mut writer: LayerWriter) -> Drawn {
    for feature in features {
        let drawn: Vec<Vertex> = feature
            .points
            .iter()
            .map(|point| frame.vertex(*point))
            .filter(|vertex| clip::is_inside(std::slice::from_ref(vertex)))
            .collect();
        if !drawn.is_empty() {
            writer.points(feature, &drawn);
        }
    }
    Drawn { bytes: writer.finish().0, gathered: 0 }
}
