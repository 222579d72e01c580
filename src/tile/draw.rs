//! Drawing one layer of one tile from memory: what is here, in the tile's integers, as bytes. Order is by id:
//! the same content gives the same bytes.

use std::time::{Duration, Instant};

use super::clip::{self, Vertex};
use super::encode::LayerWriter;
use super::gather::Squares;
use super::rank::size;
use super::store::{Feature, Store};
use super::valid::{self, Edge, Part};
use super::{TileAddress, View};
use crate::layer::GeometryType;

/// What became of one layer of one tile.
#[derive(Debug, Default, Clone)]
pub struct Drawn {
    /// The MVT layer, and its label layer; empty when nothing is there.
    pub bytes: Vec<u8>,
    /// Features near the tile.
    pub near: usize,
    /// Features drawn by themselves.
    pub drawn: usize,
    /// Features that are only part of gathered squares.
    pub gathered: usize,
    /// Lines and points left out: too small to be seen, or for want of room.
    pub dropped: usize,
    /// Features whose rings crossed after snapping and were taken apart.
    pub mended: usize,
    pub times: Times,
}

/// Where the time went.
#[derive(Debug, Default, Clone, Copy)]
pub struct Times {
    /// Finding the features.
    pub query: Duration,
    /// Snapping, clipping, mending.
    pub shape: Duration,
    /// Writing bytes.
    pub encode: Duration,
}

/// Draws a layer.
pub fn layer(store: &Store, view: &View, address: TileAddress) -> Drawn {
    if !view.is_at(address.z()) {
        return Drawn::default();
    }
    let started = Instant::now();
    let frame = Frame::new(address);
    let (x0, y0, x1, y1) = frame.envelope();
    let mut features = store.near(x0, y0, x1, y1);
    if let Some(only) = &view.only {
        features.retain(|feature| only.ids.contains(&feature.id));
    }
    let queried = Instant::now();
    let mut canvas = Canvas::new(store, &frame, features.len());
    for feature in &features {
        canvas.add(feature);
    }
    let shaped = Instant::now();
    let bytes = canvas.encode(view);
    Drawn {
        bytes,
        near: features.len(),
        drawn: canvas.features.len(),
        gathered: canvas.squares.features,
        dropped: canvas.dropped,
        mended: canvas.mended,
        times: Times {
            query: queried - started,
            shape: shaped - queried,
            encode: shaped.elapsed(),
        },
    }
}

struct Frame {
    z: u8,
    origin: (i64, i64),
    shift: u32,
}

impl Frame {
    fn new(address: TileAddress) -> Self {
        Self { z: address.z(), origin: address.origin(), shift: 20 - u32::from(address.z()) }
    }

    fn envelope(&self) -> (f64, f64, f64, f64) {
        let low = clip::LOW << self.shift;
        let high = clip::HIGH << self.shift;
        (
            (self.origin.0 + low) as f64,
            (self.origin.1 + low) as f64,
            (self.origin.0 + high) as f64,
            (self.origin.1 + high) as f64,
        )
    }

    fn vertex(&self, point: [u32; 2]) -> Vertex {
        clip::vertex(point, self.origin, self.shift)
    }
}

/// The features of a layer in the tile's integers.
struct Canvas<'a> {
    store: &'a Store,
    frame: &'a Frame,
    /// The least rank that is drawn by itself.
    least: usize,
    points: Vec<Vertex>,
    parts: Vec<Part>,
    /// Each with the end of its parts.
    features: Vec<(&'a Feature, usize)>,
    squares: Squares,
    dropped: usize,
    mended: usize,
    ring: Vec<Vertex>,
    spare: Vec<Vertex>,
    edges: Vec<Edge>,
}

impl<'a> Canvas<'a> {
    fn new(store: &'a Store, frame: &'a Frame, count: usize) -> Self {
        Self {
            store,
            frame,
            least: store.ranks.least(frame.z),
            points: Vec::with_capacity(count * 8),
            parts: Vec::with_capacity(count),
            features: Vec::with_capacity(count),
            squares: Squares::default(),
            dropped: 0,
            mended: 0,
            ring: Vec::new(),
            spare: Vec::new(),
            edges: Vec::new(),
        }
    }

    fn add(&mut self, feature: &'a Feature) {
        let [width, height] = size(feature.bbox, self.frame.z);
        let seen = match self.store.kind {
            GeometryType::MultiPolygon => width * height >= 1.0,
            GeometryType::MultiLineString => width.max(height) >= 1.0,
            GeometryType::Point => true,
        };
        let (z, least) = (self.frame.z, self.least);
        if !seen || !self.store.ranks.is_drawn(feature, z, [width, height], least) {
            return self.leave_out(feature, width * height);
        }
        let first = self.parts.len();
        match self.store.kind {
            GeometryType::MultiPolygon => self.polygon(feature),
            GeometryType::MultiLineString => self.line(feature),
            GeometryType::Point => self.point(feature),
        }
        if self.parts.len() > first {
            self.features.push((feature, self.parts.len()));
        } else if self.is_within(feature) {
            self.leave_out(feature, width * height); // thinner than a unit
        }
    }

    fn is_within(&self, feature: &Feature) -> bool {
        let low = [feature.bbox[0], feature.bbox[1]];
        let high = [feature.bbox[2], feature.bbox[3]];
        clip::is_inside(&[self.frame.vertex(low), self.frame.vertex(high)])
    }

    fn leave_out(&mut self, feature: &Feature, area: f64) {
        if self.store.kind == GeometryType::MultiPolygon {
            let [x0, y0, x1, y1] = feature.bbox.map(i64::from);
            let at =
                |low: i64, high: i64, origin: i64| ((low + high) / 2 - origin) >> self.frame.shift;
            let middle = [at(x0, x1, self.frame.origin.0), at(y0, y1, self.frame.origin.1)];
            self.squares.add(middle, area);
        } else {
            self.dropped += 1;
        }
    }

    fn polygon(&mut self, feature: &Feature) {
        let (start, first) = (self.points.len(), self.parts.len());
        let mut skip_holes = false;
        for (ring, outer) in feature.rings() {
            if !outer && skip_holes {
                continue;
            }
            clip::snap(ring, self.frame.origin, self.frame.shift, &mut self.ring);
            if !clip::is_inside(&self.ring) {
                clip::ring(&mut self.ring, &mut self.spare);
            }
            let kept = clip::tidy(&mut self.ring, &mut self.spare);
            if outer {
                skip_holes = !kept;
            }
            if kept {
                self.points.extend_from_slice(&self.ring);
                self.parts.push((self.points.len(), outer));
            }
        }
        let mended = valid::mend(&mut self.points, &mut self.parts, start, first, &mut self.edges);
        self.mended += usize::from(mended);
    }

    fn line(&mut self, feature: &Feature) {
        for (line, _) in feature.rings() {
            clip::snap(line, self.frame.origin, self.frame.shift, &mut self.ring);
            for piece in clip::line(&self.ring) {
                self.points.extend_from_slice(&piece);
                self.parts.push((self.points.len(), false));
            }
        }
    }

    fn point(&mut self, feature: &Feature) {
        let before = self.points.len();
        for point in &feature.points {
            let vertex = self.frame.vertex(*point);
            if clip::is_inside(std::slice::from_ref(&vertex)) {
                self.points.push(vertex);
            }
        }
        if self.points.len() > before {
            self.parts.push((self.points.len(), false));
        }
    }

    /// Each feature with its parts.
    fn each(&self, mut see: impl FnMut(&'a Feature, Parts<'_>)) {
        let (mut part, mut point) = (0, 0);
        for (feature, end) in &self.features {
            let parts = &self.parts[part..*end];
            see(feature, Parts { points: &self.points, parts, start: point });
            part = *end;
            point = parts.last().map_or(point, |(end, _)| *end);
        }
    }

    fn encode(&self, view: &View) -> Vec<u8> {
        let mut writer = LayerWriter::new(self.store, view, self.features.len());
        self.each(|feature, parts| match self.store.kind {
            GeometryType::MultiPolygon => writer.polygon(feature, parts.each()),
            GeometryType::MultiLineString => {
                writer.lines(feature, parts.each().map(|(part, _)| part))
            }
            GeometryType::Point => writer.points(feature, parts.each().flat_map(|(part, _)| part)),
        });
        writer.squares(&self.squares);
        let (mut bytes, tags) = writer.finish();
        if view.layer.label_zoom.is_some_and(|least| self.frame.z >= least) {
            let mut labels = LayerWriter::labels(&view.layer.id, tags);
            for (feature, _) in &self.features {
                let at = self.frame.vertex(feature.label);
                if at.iter().all(|n| (0..4096).contains(n)) {
                    labels.points(feature, [at].iter());
                }
            }
            bytes.extend_from_slice(&labels.finish().0);
        }
        bytes
    }
}

/// The parts of one feature.
struct Parts<'a> {
    points: &'a [Vertex],
    parts: &'a [Part],
    start: usize,
}

impl<'a> Parts<'a> {
    fn each(&self) -> impl Iterator<Item = (&'a [Vertex], bool)> {
        let (points, mut start) = (self.points, self.start);
        self.parts.iter().map(move |(end, outer)| {
            let part = &points[start..*end];
            start = *end;
            (part, *outer)
        })
    }
}
