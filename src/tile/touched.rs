//! Where a batch of changes was: the box around it and the tiles that show it.

use std::collections::BTreeSet;

use super::shape::degrees;
use super::version::cells;
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
    for bbox in touched.iter().flat_map(Touched::boxes) {
        let few = cells(bbox, ZOOM, |col, row| {
            found.insert((row as u32, col as u32));
        });
        if !few || found.len() > limit::CHANGE_TILES {
            return None;
        }
    }
    found.into_iter().map(|(row, col)| TileAddress::new(ZOOM, row, col)).collect()
}
