//! What is too small or too many to be drawn one by one: its area is gathered into squares, so that
//! built-up land does not vanish at low zooms.
//!
//! Squares lie on a grid of whole cells of a tile, so neighbours in two tiles never share one.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;

use super::clip::{HIGH, LOW, Vertex};
use super::encode::Spread;

/// Side of a cell of the grid, in tile units.
const CELL: i64 = 8;

/// Areas by cell.
#[derive(Default)]
pub struct Squares {
    area: HashMap<u64, f64, BuildHasherDefault<Spread>>,
    /// Count of the features that were gathered.
    pub features: usize,
}

impl Squares {
    /// Adds the area (square tile units) of a feature whose middle is here.
    pub fn add(&mut self, middle: Vertex, area: f64) {
        if middle.iter().all(|n| (LOW..HIGH).contains(n)) {
            let [col, row] = middle.map(|n| (n - LOW) / CELL);
            *self.area.entry((row as u64) << 32 | col as u64).or_insert(0.0) += area;
            self.features += 1;
        }
    }

    /// A square of the gathered area in each cell, at least one unit; from the north, then from the west.
    pub fn rings(&self) -> Vec<[Vertex; 4]> {
        let mut cells: Vec<(u64, f64)> = self
            .area
            .iter()
            .map(|(cell, area)| (*cell, *area))
            .filter(|(_, area)| *area >= 0.5)
            .collect();
        cells.sort_unstable_by_key(|(cell, _)| *cell);
        let ring = |(cell, area): (u64, f64)| {
            let side = (area.sqrt().round() as i64).clamp(1, CELL);
            let inset = (CELL - side) / 2;
            let (col, row) = ((cell & 0xffff_ffff) as i64, (cell >> 32) as i64);
            let (x, y) = (LOW + col * CELL + inset, LOW + row * CELL + inset);
            [[x, y], [x + side, y], [x + side, y + side], [x, y + side]]
        };
        cells.into_iter().map(ring).collect()
    }
}
