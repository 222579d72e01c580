//! Where a batch of changes was: the box around it and the tiles that show it.

use std::collections::BTreeSet;

use super::shape::degrees;
use crate::config::limit;
use crate::geometry::TileAddress;

/// Zoom of the tiles that a change names; deeper ones are inside, shallower ones around.
const ZOOM: u8 = 14;

/// A feature that was changed: its boxes in the plane before and after, where it had a geometry.
#[derive(Debug, Clone, Copy)]
pub struct Touched {
    pub id: i64,
    pub before: Option<[u32; 4]>,
    pub after: Option<[u32; 4]>,
}

impl Touched {
    fn boxes(&self) -> impl Iterator<Item = [u32; 4]> {
        self.before.into_iter().chain(self.after)
    }
}

/// The box around all of them in CRS84: west, south, east, north. `None`: none had a geometry.
pub fn around(touched: &[Touched]) -> Option<[f64; 4]> {
    let boxes = touched.iter().flat_map(Touched::boxes);
    boxes
        .reduce(|a, b| [a[0].min(b[0]), a[1].min(b[1]), a[2].max(b[2]), a[3].max(b[3])])
        .map(degrees)
}

/// The tiles of zoom 14 that show them, at most [`limit::CHANGE_TILES`]; `None`: more.
pub fn tiles(touched: &[Touched]) -> Option<Vec<TileAddress>> {
    let mut found = BTreeSet::new();
    for [x0, y0, x1, y1] in touched.iter().flat_map(Touched::boxes) {
        let shift = 32 - u32::from(ZOOM);
        // 64 of the 4096 units of a tile belong to its neighbours too.
        let buffer = 1u32 << (shift - 6);
        let (left, right) =
            (x0.saturating_sub(buffer + 1) >> shift, x1.saturating_add(buffer) >> shift);
        let (top, bottom) =
            (y0.saturating_sub(buffer + 1) >> shift, y1.saturating_add(buffer) >> shift);
        let count = u64::from(right - left + 1) * u64::from(bottom - top + 1);
        if count > limit::CHANGE_TILES as u64 {
            return None;
        }
        for row in top..=bottom {
            found.extend((left..=right).map(|col| (row, col)));
        }
        if found.len() > limit::CHANGE_TILES {
            return None;
        }
    }
    found.into_iter().map(|(row, col)| TileAddress::new(ZOOM, row, col)).collect()
}
