//! Counters of the tile room, by layer and zoom, since the program started.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::Value;

use super::View;
use super::draw::Drawn;
use crate::geometry::TileAddress;
use crate::layer::Layer;

const ZOOMS: usize = TileAddress::ZOOM_MAX as usize + 1;

/// What is counted, in the order of [`NAMES`].
#[derive(Default)]
struct Counts([AtomicU64; 8]);

/// Name and help of each counter.
pub const NAMES: [(&str, &str); 8] = [
    ("drawn", "tiles drawn"),
    ("kept", "tiles answered from the finished ones"),
    ("not_modified", "tiles that the client had already"),
    ("features", "features drawn by themselves"),
    ("bytes", "bytes of drawn layers before packing"),
    ("gathered", "polygons gathered into squares"),
    ("dropped", "lines and points left out"),
    ("microseconds", "time spent drawing"),
];

/// All counters.
pub struct Meter {
    layers: HashMap<String, Box<[Counts; ZOOMS]>>,
}

impl Meter {
    /// All zero.
    pub fn new(layers: &[Arc<Layer>]) -> Self {
        let zero = || Box::new(std::array::from_fn(|_| Counts::default()));
        Self { layers: layers.iter().map(|layer| (layer.id.clone(), zero())).collect() }
    }

    fn add(&self, layer: &str, z: u8, amounts: &[(usize, u64)]) {
        if let Some(counts) = self.layers.get(layer).and_then(|zooms| zooms.get(usize::from(z))) {
            for (at, amount) in amounts {
                counts.0[*at].fetch_add(*amount, Ordering::Relaxed);
            }
        }
    }

    pub(super) fn drawn(&self, view: &View, z: u8, drawn: &Drawn) {
        let times = drawn.times.query + drawn.times.shape + drawn.times.encode;
        let amounts = [
            (0, 1),
            (3, drawn.drawn as u64),
            (4, drawn.bytes.len() as u64),
            (5, drawn.gathered as u64),
            (6, drawn.dropped as u64),
            (7, times.as_micros() as u64),
        ];
        self.add(&view.layer.id, z, &amounts);
    }

    pub(super) fn kept(&self, views: &[View], z: u8) {
        views.iter().for_each(|view| self.add(&view.layer.id, z, &[(1, 1)]));
    }

    /// A client had the tile already.
    pub fn not_modified(&self, views: &[View], z: u8) {
        views.iter().for_each(|view| self.add(&view.layer.id, z, &[(2, 1)]));
    }

    /// A counter by zoom and layer, where it is not zero.
    pub fn by_zoom(&self, name: &str) -> Value {
        let mut zooms: BTreeMap<usize, serde_json::Map<String, Value>> = BTreeMap::new();
        for (at, layer, z, value) in self.read() {
            if NAMES[at].0 == name {
                zooms.entry(z).or_default().insert(layer.into(), value.into());
            }
        }
        zooms.into_iter().map(|(z, layers)| (z.to_string(), Value::from(layers))).collect()
    }

    /// Every counter that is not zero: its number in [`NAMES`], layer, zoom, value.
    pub fn read(&self) -> Vec<(usize, &str, usize, u64)> {
        let mut read = Vec::new();
        for (layer, zooms) in &self.layers {
            for (z, counts) in zooms.iter().enumerate() {
                for (at, count) in counts.0.iter().enumerate() {
                    let value = count.load(Ordering::Relaxed);
                    if value > 0 {
                        read.push((at, layer.as_str(), z, value));
                    }
                }
            }
        }
        read.sort_unstable();
        read
    }
}
