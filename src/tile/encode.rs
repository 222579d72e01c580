//! Features in tile units → bytes of an MVT layer.
//!
//! Written here and not by a library since it is most of what a tile costs, and since the store knows its
//! texts by number: no text is hashed, and none is copied more than once.
//!
//! # Source
//! Mapbox Vector Tile 2.1 §4 (`vector_tile.proto`).

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use super::View;
use super::clip::{Vertex, area};
use super::gather::Squares;
use super::store::{Cell, Feature, Store};

const EXTENT: u64 = 4096;
const VERSION: u64 = 2;
const MOVE_TO: u32 = 1;
const LINE_TO: u32 = 2;
const CLOSE_PATH: u8 = 15;
/// Tags of fields: number and wire type.
const NAME: u8 = 0x0a;
const FEATURES: u8 = 0x12;
const KEYS: u8 = 0x1a;
const VALUES: u8 = 0x22;
const LAYER: u8 = 0x1a;

/// Kinds of geometry.
#[derive(Clone, Copy)]
enum Kind {
    Point = 1,
    Line = 2,
    Polygon = 3,
}

/// Spreads numbers that are keys already.
#[derive(Default, Clone)]
pub struct Spread(u64);

impl Hasher for Spread {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u64(u64::from(*byte)));
    }

    fn write_u64(&mut self, n: u64) {
        self.0 = (self.0.rotate_left(26) ^ n).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

/// Gives each feature its id and the properties that the caller may read.
#[derive(Clone, Copy)]
pub struct Tags<'a> {
    store: &'a Store,
    columns: &'a [usize],
}

/// Writes one MVT layer.
pub struct LayerWriter<'a> {
    name: String,
    tags: Tags<'a>,
    features: Vec<u8>,
    /// Number of the key of each column, once one is written.
    keys: Vec<Option<u64>>,
    written_keys: Vec<u8>,
    key_count: u64,
    /// Numbers of values by kind and bits.
    values: HashMap<(u64, u64), u64, BuildHasherDefault<Spread>>,
    written_values: Vec<u8>,
    /// The feature at work.
    geometry: Vec<u8>,
    numbers: Vec<u8>,
    at: Vertex,
}

fn varint(mut n: u64, out: &mut Vec<u8>) {
    while n >= 0x80 {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

fn varint_len(n: u64) -> usize {
    (70 - (n | 1).leading_zeros() as usize) / 7
}

fn bytes(tag: u8, content: &[u8], out: &mut Vec<u8>) {
    out.push(tag);
    varint(content.len() as u64, out);
    out.extend_from_slice(content);
}

impl<'a> LayerWriter<'a> {
    /// The layer of a view, with room for so many features.
    pub fn new(store: &'a Store, view: &'a View, count: usize) -> Self {
        let mut writer =
            Self::named(view.layer.id.clone(), Tags { store, columns: view.columns() });
        writer.features.reserve(count * (40 + 4 * view.columns().len()));
        writer.values.reserve(2 * count);
        writer
    }

    /// The layer of its label points, with the same properties.
    pub fn labels(layer: &str, tags: Tags<'a>) -> Self {
        Self::named(format!("{layer}_label"), tags)
    }

    fn named(name: String, tags: Tags<'a>) -> Self {
        Self {
            name,
            tags,
            features: Vec::new(),
            keys: vec![None; tags.columns.len()],
            written_keys: Vec::new(),
            key_count: 0,
            values: HashMap::default(),
            written_values: Vec::new(),
            geometry: Vec::new(),
            numbers: Vec::new(),
            at: [0, 0],
        }
    }

    /// A polygon: outer rings, each followed by its holes.
    pub fn polygon<'p>(
        &mut self,
        feature: &Feature,
        rings: impl Iterator<Item = (&'p [Vertex], bool)>,
    ) {
        self.start();
        for (ring, outer) in rings {
            self.ring(ring, outer);
        }
        self.end(Some(feature), Kind::Polygon);
    }

    /// A line in pieces.
    pub fn lines<'p>(&mut self, feature: &Feature, pieces: impl Iterator<Item = &'p [Vertex]>) {
        self.start();
        for piece in pieces {
            self.path(piece.iter());
        }
        self.end(Some(feature), Kind::Line);
    }

    /// Points.
    pub fn points<'p>(&mut self, feature: &Feature, points: impl Iterator<Item = &'p Vertex>) {
        self.start();
        let points: Vec<&Vertex> = points.collect();
        self.command(MOVE_TO, points.len());
        points.into_iter().for_each(|point| self.step(*point));
        self.end(Some(feature), Kind::Point);
    }

    /// All gathered squares as one feature, without id and properties.
    pub fn squares(&mut self, squares: &Squares) {
        self.start();
        squares.rings().iter().for_each(|ring| self.ring(ring, true));
        if !self.geometry.is_empty() {
            self.end(None, Kind::Polygon);
        }
    }

    fn start(&mut self) {
        self.geometry.clear();
        self.at = [0, 0];
    }

    fn command(&mut self, command: u32, count: usize) {
        varint((count as u64) << 3 | u64::from(command), &mut self.geometry);
    }

    fn step(&mut self, to: Vertex) {
        for (to, at) in to.iter().zip(self.at) {
            let by = to - at;
            varint(((by << 1) ^ (by >> 63)) as u64, &mut self.geometry);
        }
        self.at = to;
    }

    fn path<'p>(&mut self, mut points: impl ExactSizeIterator<Item = &'p Vertex>) {
        let Some(first) = points.next() else { return };
        self.command(MOVE_TO, 1);
        self.step(*first);
        self.command(LINE_TO, points.len());
        points.for_each(|point| self.step(*point));
    }

    /// An outer ring has a positive area where y grows to the south, a hole a negative one.
    fn ring(&mut self, ring: &[Vertex], outer: bool) {
        if (area(ring) > 0) == outer {
            self.path(ring.iter());
        } else {
            self.path(ring.iter().rev());
        }
        self.geometry.push(CLOSE_PATH);
    }

    fn end(&mut self, feature: Option<&Feature>, kind: Kind) {
        self.numbers.clear();
        let id = feature.and_then(|feature| u64::try_from(feature.id).ok());
        if let Some(feature) = feature {
            for at in 0..self.tags.columns.len() {
                self.tag(at, feature.values[self.tags.columns[at]]);
            }
        }
        let packed = |content: &[u8]| 1 + varint_len(content.len() as u64) + content.len();
        let tags = if self.numbers.is_empty() { 0 } else { packed(&self.numbers) };
        let length = id.map_or(0, |id| 1 + varint_len(id)) + tags + 2 + packed(&self.geometry);
        let out = &mut self.features;
        out.push(FEATURES);
        varint(length as u64, out);
        if let Some(id) = id {
            out.push(0x08);
            varint(id, out);
        }
        if !self.numbers.is_empty() {
            bytes(0x12, &self.numbers, out);
        }
        out.extend_from_slice(&[0x18, kind as u8]);
        bytes(0x22, &self.geometry, out);
    }

    /// Adds a property to the feature at work: numbers of its key and of its value.
    fn tag(&mut self, at: usize, value: Cell) {
        let id = match value {
            Cell::Null => return,
            Cell::Text(number) => (0, u64::from(number)),
            Cell::Integer(number) => (1, number as u64),
            Cell::Number(number) => (2, number.to_bits()),
            Cell::Boolean(yes) => (3, u64::from(yes)),
        };
        let key = match self.keys[at] {
            Some(key) => key,
            None => {
                let name = &self.tags.store.columns[self.tags.columns[at]].name;
                bytes(KEYS, name.as_bytes(), &mut self.written_keys);
                self.key_count += 1;
                *self.keys[at].insert(self.key_count - 1)
            }
        };
        let next = self.values.len() as u64;
        let number = *self.values.entry(id).or_insert(next);
        if number == next {
            self.value(value);
        }
        varint(key, &mut self.numbers);
        varint(number, &mut self.numbers);
    }

    fn value(&mut self, value: Cell) {
        let out = &mut self.written_values;
        out.push(VALUES);
        match value {
            Cell::Null => {}
            Cell::Text(number) => {
                let text = self.tags.store.text(number).as_bytes();
                varint((1 + varint_len(text.len() as u64) + text.len()) as u64, out);
                bytes(0x0a, text, out);
            }
            Cell::Number(number) => {
                out.extend_from_slice(&[9, 0x19]);
                out.extend_from_slice(&number.to_le_bytes());
            }
            Cell::Integer(number) => {
                varint(1 + varint_len(number as u64) as u64, out);
                out.push(0x20);
                varint(number as u64, out);
            }
            Cell::Boolean(yes) => out.extend_from_slice(&[2, 0x38, u8::from(yes)]),
        }
    }

    /// The bytes; none when no feature was written. The tags are given back for the label layer.
    pub fn finish(self) -> (Vec<u8>, Tags<'a>) {
        if self.features.is_empty() {
            return (Vec::new(), self.tags);
        }
        let mut head = Vec::with_capacity(self.name.len() + 2);
        bytes(NAME, self.name.as_bytes(), &mut head);
        let mut tail = vec![0x28];
        varint(EXTENT, &mut tail);
        tail.extend_from_slice(&[0x78, VERSION as u8]);
        let parts = [&head, &self.features, &self.written_keys, &self.written_values, &tail];
        let length: usize = parts.iter().map(|part| part.len()).sum();
        let mut out = Vec::with_capacity(length + 6);
        out.push(LAYER);
        varint(length as u64, &mut out);
        parts.into_iter().for_each(|part| out.extend_from_slice(part));
        (out, self.tags)
    }
}
