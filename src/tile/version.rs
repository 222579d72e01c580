//! The version pyramid: what every tile's content amounts to, kept up to date by each change.
//!
//! A cell of zoom 0 … 14 holds the sum (mod 2¹²⁸) of the hashes of the features that touch it, grown by
//! the tile's buffer: a function of content alone, equal after a restart, on every server, in whatever
//! order commits came. Deeper tiles take their ancestor's of zoom 14. Each group of properties with one
//! rule of reading has sums of its own, so what a caller may not read never shows in a version.

use std::collections::HashMap;

use crate::geometry::TileAddress;

/// Deepest zoom of the pyramid.
const DEEPEST: u8 = 14;
/// A feature in more cells of a zoom than this counts for the whole zoom.
const WIDE: u64 = 1024;

/// The sums of one layer.
pub struct Pyramid {
    groups: Vec<Group>,
}

#[derive(Default)]
struct Group {
    cells: HashMap<u64, u128>,
    wide: [u128; DEEPEST as usize + 1],
}

impl Pyramid {
    /// All sums zero.
    pub fn new(groups: usize) -> Self {
        Self { groups: (0..groups).map(|_| Group::default()).collect() }
    }

    /// Adds a feature's hash to every cell that its box touches.
    pub fn add(&mut self, group: usize, bbox: [u32; 4], hash: u128) {
        self.groups[group].change(bbox, hash);
    }

    /// Takes it off again.
    pub fn subtract(&mut self, group: usize, bbox: [u32; 4], hash: u128) {
        self.groups[group].change(bbox, hash.wrapping_neg());
    }

    /// Bytes that the sums take.
    pub fn bytes(&self) -> usize {
        let cell = size_of::<(u64, u128)>() + 1;
        self.groups.iter().map(|group| group.cells.capacity() * cell).sum()
    }

    /// The sum of everything.
    pub fn total(&self) -> u128 {
        let sums = self.groups.iter().map(|group| {
            let top = group.cells.get(&key(0, 0, 0)).copied().unwrap_or(0);
            top.wrapping_add(group.wide[0])
        });
        sums.fold(0, |total, sum| total.rotate_left(1) ^ sum)
    }

    /// The sum that decides a tile's content.
    pub fn cell(&self, group: usize, address: TileAddress) -> u128 {
        let address = address.ancestor(DEEPEST);
        let (z, col, row) = (address.z(), u64::from(address.col()), u64::from(address.row()));
        let group = &self.groups[group];
        let cell = group.cells.get(&key(z, col, row)).copied().unwrap_or(0);
        cell.wrapping_add(group.wide[z as usize])
    }
}

impl Group {
    fn change(&mut self, bbox: [u32; 4], amount: u128) {
        for z in 0..=DEEPEST {
            let few = cells(bbox, z, |col, row| {
                let key = key(z, col, row);
                let cell = self.cells.entry(key).or_insert(0);
                *cell = cell.wrapping_add(amount);
                if *cell == 0 {
                    self.cells.remove(&key);
                }
            });
            if !few {
                let wide = &mut self.wide[z as usize];
                *wide = wide.wrapping_add(amount);
            }
        }
    }
}

/// Walks the cells of a zoom that a box touches, grown by the tiles' buffer: column, row. `false`: they are
/// too many, none was walked.
pub fn cells([x0, y0, x1, y1]: [u32; 4], z: u8, mut see: impl FnMut(u64, u64)) -> bool {
    let shift = 32 - u32::from(z);
    let buffer = 1i64 << (shift - 6); // 64 of 4096 units
    let last = (1i64 << z) - 1;
    let at = |n: i64| (n >> shift).clamp(0, last) as u64;
    // A tile draws what lies on its buffer's edge too: the unit before belongs to the neighbour.
    let (left, right) = (at(i64::from(x0) - buffer - 1), at(i64::from(x1) + buffer));
    let (top, bottom) = (at(i64::from(y0) - buffer - 1), at(i64::from(y1) + buffer));
    if (right - left + 1) * (bottom - top + 1) > WIDE {
        return false;
    }
    for row in top..=bottom {
        (left..=right).for_each(|col| see(col, row));
    }
    true
}

/// The key of a cell.
pub fn key(z: u8, col: u64, row: u64) -> u64 {
    u64::from(z) << 56 | col << 28 | row
}
