//! What is too small or too many to be drawn one by one: its area is gathered into squares, so that
//! built-up land does not vanish at low zooms.
//!
//! Squares lie on a grid of whole cells of a tile, so neighbours in two tiles never share one.

use std::collections::BTreeMap;

use super::clip::{HIGH, LOW, Vertex};

/// Side of a cell of the grid, in tile units.
const CELL: i64 = 8;

/// Areas by cell.
#[derive(Default)]
pub struct Squares {
    area: BTreeMap<(i64, i64), f64>,
    /// Count of the features that were gathered.
    pub features: usize,
}

impl Squares {
    /// Adds the area (square tile units) of a feature whose middle is here.
    pub fn add(&mut self, middle: Vertex, area: f64) {
        if middle.iter().all(|n| (LOW..HIGH).contains(n)) {
            let cell = (middle[1].div_euclid(CELL), middle[0].div_euclid(CELL));
            *self.area.entry(cell).or_insert(0.0) += area;
            self.features += 1;
        }
    }

    /// A square of the gathered area in each cell, at least one unit.
    pub fn rings(&self) -> impl Iterator<Item = [Vertex; 4]> {
        self.area.iter().filter(|(_, area)| **area >= 0.5).map(|((row, col), area)| {
            let side = (area.sqrt().round() as i64).clamp(1, CELL);
            let inset = (CELL - side) / 2;
            let (x, y) = (col * CELL + inset, row * CELL + inset);
            [[x, y], [x + side, y], [x + side, y + side], [x, y + side]]
        })
    }
}
