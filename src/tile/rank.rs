//! What a crowded zoom leaves out: features below a rank, the same in every tile of the zoom, so that tiles
//! side by side agree.
//!
//! A feature's rank at a zoom grows with its size there, or with the property that the layer file names.
//! Each cell of the grid keeps how many bytes each rank takes in its tile; the zoom draws the ranks that
//! keep its fullest tile within the limit.

use std::collections::HashMap;

use super::store::Feature;
use super::version;
use crate::config::limit;

/// Deepest zoom that can be crowded; deeper ones show less at a time.
pub const DEEPEST: u8 = 14;
const ZOOMS: usize = DEEPEST as usize + 1;
const RANKS: usize = 32;
/// Of the rank by size: a box of one square unit of a tile.
const ONE_UNIT: i32 = 4;
/// Bytes that a feature takes beside its vertices and properties.
const FEATURE_BYTES: u32 = 24;

/// Bytes of a property of a feature, of a value that no other feature has, and of a number, which few share.
const PROPERTY_BYTES: usize = 5;
const OWN_VALUE_BYTES: usize = 22;
const NUMBER_BYTES: usize = 10;

/// Bytes by rank in one tile.
type Room = [u32; RANKS];

/// What features are ranked by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// The area of the box.
    Area,
    /// The longer side of the box.
    Length,
    /// A number of its own for each feature: half of them have the least rank, half of the others the next.
    Lot,
    /// A property of the layer.
    Importance,
}

/// The ranks of one layer.
pub struct Ranks {
    by: By,
    /// Bytes that the properties of a feature take.
    columns: u32,
    cells: HashMap<u64, Box<Room>>,
    /// How many cells of a zoom need each rank as their least.
    least: Box<[[u32; RANKS]; ZOOMS]>,
}

impl Ranks {
    /// Nothing is ranked yet; how many properties a feature shows, how many of them are values of its own,
    /// and how many are numbers.
    pub fn new(by: By, [properties, own, numbers]: [usize; 3]) -> Self {
        let least = Box::new([[0; RANKS]; ZOOMS]);
        let columns =
            (PROPERTY_BYTES * properties + OWN_VALUE_BYTES * own + NUMBER_BYTES * numbers) as u32;
        Self { by, columns, cells: HashMap::new(), least }
    }

    /// The rank of a feature at a zoom.
    pub fn rank(&self, feature: &Feature, z: u8) -> usize {
        let [width, height] = size(feature.bbox, z);
        let rank = match self.by {
            By::Area => log2(width * height) + ONE_UNIT,
            By::Length => 2 * log2(width.max(height)) + ONE_UNIT,
            By::Lot => {
                // A multiplier that spreads neighbouring ids over all bits.
                let lot = (feature.id as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
                lot.leading_zeros() as i32
            }
            By::Importance => log2(feature.importance.max(1.0)),
        };
        rank.clamp(0, RANKS as i32 - 1) as usize
    }

    /// The least rank that is drawn at a zoom.
    pub fn least(&self, z: u8) -> usize {
        let Some(counts) = self.least.get(usize::from(z)) else {
            return 0;
        };
        counts.iter().rposition(|count| *count > 0).unwrap_or(0)
    }

    /// Whether a feature of this size is drawn by itself, when `least` is the least rank of the zoom.
    pub fn is_drawn(
        &self,
        feature: &Feature,
        z: u8,
        [width, height]: [f64; 2],
        least: usize,
    ) -> bool {
        let limit = |least: usize| f64::from(least as i32 - ONE_UNIT).exp2();
        match self.by {
            _ if least == 0 => true,
            // The same as by rank, without a logarithm for each feature.
            By::Area if least < RANKS - 1 => width * height >= limit(least),
            _ => self.rank(feature, z) >= least,
        }
    }

    /// Takes a feature into account, or out of it.
    pub fn count(&mut self, feature: &Feature, add: bool) {
        for z in 0..=DEEPEST {
            let (rank, bytes) = (self.rank(feature, z), self.room(feature, z));
            version::cells(feature.bbox, z, |col, row| {
                let key = version::key(z, col, row);
                let room = self.cells.entry(key).or_insert_with(|| Box::new([0; RANKS]));
                let before = needed(room);
                room[rank] = if add {
                    room[rank].saturating_add(bytes)
                } else {
                    room[rank].saturating_sub(bytes)
                };
                let after = needed(room);
                if room.iter().all(|bytes| *bytes == 0) {
                    self.cells.remove(&key);
                }
                if before != after {
                    let counts = &mut self.least[usize::from(z)];
                    counts[before] = counts[before].saturating_sub(u32::from(before > 0));
                    counts[after] += u32::from(after > 0);
                }
            });
        }
    }

    /// Bytes that the ranks take.
    pub fn bytes(&self) -> usize {
        self.cells.len() * (size_of::<Room>() + 24)
    }

    /// Bytes that a feature takes in a tile: vertices closer than a unit fall together.
    fn room(&self, feature: &Feature, z: u8) -> u32 {
        let [width, height] = size(feature.bbox, z);
        let around = (4.0 * (width.min(4224.0) + height.min(4224.0))) as usize + 4;
        let vertices = feature.points.len().min(around) as u32;
        FEATURE_BYTES + 3 * vertices + self.columns
    }
}

fn log2(value: f64) -> i32 {
    value.max(1e-9).log2().floor() as i32
}

/// Width and height in units of a tile.
pub fn size(bbox: [u32; 4], z: u8) -> [f64; 2] {
    let unit = (1u64 << (20 - u32::from(z))) as f64;
    [f64::from(bbox[2] - bbox[0]) / unit, f64::from(bbox[3] - bbox[1]) / unit]
}

/// The least rank that a tile has room for, from the greatest down.
fn needed(room: &Room) -> usize {
    let mut bytes = 0usize;
    for rank in (0..RANKS).rev() {
        bytes += room[rank] as usize;
        if bytes > limit::TILE_LAYER_BYTES {
            return (rank + 1).min(RANKS - 1);
        }
    }
    0
}
