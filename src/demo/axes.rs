//! Which edges of cells are streets.

use std::collections::{HashMap, HashSet};

use super::cells::{Cell, Street};
use super::cut::{Corner, points};
use super::kinds::Kind;
use super::plane::{Key, Pt, contains, key, unkey};
use super::terrain::Ground;

/// An edge whichever way it is run.
pub fn edge(ring: &[Corner], i: usize) -> (Key, Key) {
    let (a, b) = (key(ring[i].p), key(ring[(i + 1) % ring.len()].p));
    if a < b { (a, b) } else { (b, a) }
}

/// Edges that are no street after all: within woods, fields and cemeteries, and on lake shores.
pub fn quiet(
    cells: &[Cell],
    avenues: usize,
    lakes: &[(&'static str, Vec<Pt>)],
) -> HashSet<(Key, Key)> {
    let wild = |cell: &Cell| match cell.kind {
        Kind::Forest | Kind::Cemetery => 2,
        Kind::Field => 1,
        Kind::Park if lakes.iter().any(|l| contains(&l.1, cell.inside)) => 2,
        Kind::Park => {
            let ring = points(&cell.ring);
            let wet = lakes.iter().any(|l| l.1.iter().any(|p| contains(&ring, *p)));
            if wet { 2 } else { 0 }
        }
        _ => 0,
    };
    let mut sums: HashMap<(Key, Key), i32> = HashMap::new();
    for cell in cells {
        let wild = wild(cell);
        for (i, c) in cell.ring.iter().enumerate() {
            if wild > 0 && c.side.number().is_some_and(|n| n >= avenues) {
                *sums.entry(edge(&cell.ring, i)).or_default() += wild;
            }
        }
    }
    sums.into_iter().filter(|e| e.1 > 2).map(|e| e.0).collect()
}

/// Gives every street its edges: once each, none across the Volga, none through a lake.
pub fn axes(cells: &[Cell], streets: &mut [Street], lakes: &[(&'static str, Vec<Pt>)]) {
    let mut volga: HashMap<(Key, Key), u8> = HashMap::new();
    for cell in cells.iter().filter(|c| c.ground == Ground::Volga) {
        for i in 0..cell.ring.len() {
            *volga.entry(edge(&cell.ring, i)).or_default() += 1;
        }
    }
    let mut seen: HashSet<(Key, Key)> = HashSet::new();
    for cell in cells {
        for (i, c) in cell.ring.iter().enumerate() {
            let e = edge(&cell.ring, i);
            let Some(n) = c.side.number() else { continue };
            if !seen.insert(e) || volga.get(&e).is_some_and(|k| *k == 2) {
                continue;
            }
            let (a, b) = (unkey(e.0), unkey(e.1));
            let wet = |p: Pt| lakes.iter().any(|l| contains(&l.1, p));
            if !(0..=8).any(|step| wet(a.toward(b, f64::from(step) / 8.0))) {
                streets[n].edges.push((a, b));
            }
        }
    }
}
