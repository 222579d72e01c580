//! What neighbours share: missing vertices, bending all cells alike, unions of cells.
//!
//! A union takes the edges that have no twin of the other direction; that is exact because shared
//! edges are equal vertex for vertex. *Not here*: cutting (`cut.rs`).

use std::collections::{HashMap, HashSet};

use super::cut::{Corner, Ring};
use super::plane::{Key, Pt, area, contains, key, to_segment, unkey};
use super::rng::Warp;

const CELL_M: f64 = 80.0;

/// Puts every vertex of any ring onto the edges of the others that it lies on.
pub fn node(rings: &mut [Ring]) {
    let mut seen: HashSet<Key> = HashSet::new();
    let mut grid: HashMap<(i32, i32), Vec<Pt>> = HashMap::new();
    for p in rings.iter().flatten().map(|c| c.p) {
        if seen.insert(key(p)) {
            grid.entry(square(p)).or_default().push(p);
        }
    }
    let mut found: Vec<(f64, Pt)> = Vec::new();
    for ring in rings.iter_mut() {
        let mut out = Ring::with_capacity(ring.len() + 4);
        for i in 0..ring.len() {
            let (c, b) = (ring[i], ring[(i + 1) % ring.len()].p);
            out.push(c);
            on_edge(&grid, c.p, b, &mut found);
            out.extend(found.iter().map(|f| Corner { p: f.1, side: c.side }));
        }
        *ring = out;
    }
}

fn square(p: Pt) -> (i32, i32) {
    ((p.x / CELL_M).floor() as i32, (p.y / CELL_M).floor() as i32)
}

fn on_edge(grid: &HashMap<(i32, i32), Vec<Pt>>, a: Pt, b: Pt, found: &mut Vec<(f64, Pt)>) {
    found.clear();
    let (low, high) = (
        square(Pt { x: a.x.min(b.x) - 0.04, y: a.y.min(b.y) - 0.04 }),
        square(Pt { x: a.x.max(b.x) + 0.04, y: a.y.max(b.y) + 0.04 }),
    );
    for i in low.0..=high.0 {
        for j in low.1..=high.1 {
            // A square far from the edge itself is not looked into.
            let middle = Pt { x: (f64::from(i) + 0.5) * CELL_M, y: (f64::from(j) + 0.5) * CELL_M };
            if to_segment(a, b, middle).0 > CELL_M * 0.75 {
                continue;
            }
            for &p in grid.get(&(i, j)).map_or(&[][..], |v| v) {
                let (d, t) = to_segment(a, b, p);
                if d < 0.03 && t > 0.0 && t < 1.0 && key(p) != key(a) && key(p) != key(b) {
                    found.push((t, p));
                }
            }
        }
    }
    found.sort_by(|a, b| a.0.total_cmp(&b.0));
}

/// Puts every vertex of a few rings (the parcels of one block) onto the edges it lies on.
pub fn node_few(rings: &mut [Ring]) {
    let all: Vec<Pt> = rings.iter().flatten().map(|c| c.p).collect();
    let mut found: Vec<(f64, Pt)> = Vec::new();
    for ring in rings.iter_mut() {
        let mut out = Ring::with_capacity(ring.len() + 2);
        for i in 0..ring.len() {
            let (c, b) = (ring[i], ring[(i + 1) % ring.len()].p);
            out.push(c);
            let (low, high) = (c.p.x.min(b.x) - 0.04, c.p.x.max(b.x) + 0.04);
            let (south, north) = (c.p.y.min(b.y) - 0.04, c.p.y.max(b.y) + 0.04);
            found.clear();
            for &p in &all {
                if p.x < low || p.x > high || p.y < south || p.y > north {
                    continue;
                }
                let (d, t) = to_segment(c.p, b, p);
                if d < 0.03 && t > 0.0 && t < 1.0 && key(p) != key(c.p) && key(p) != key(b) {
                    found.push((t, p));
                }
            }
            found.sort_by(|a, b| a.0.total_cmp(&b.0));
            found.dedup_by(|a, b| key(a.1) == key(b.1));
            out.extend(found.iter().map(|f| Corner { p: f.1, side: c.side }));
        }
        *ring = out;
    }
}

/// Bends the cells: every edge is divided alike from both sides, then all vertices are moved.
pub fn bend(rings: &mut [Ring], warp: Warp, step: f64) {
    for ring in rings.iter_mut() {
        let mut out = Ring::with_capacity(ring.len() * 2);
        for i in 0..ring.len() {
            let (c, b) = (ring[i], ring[(i + 1) % ring.len()].p);
            out.push(Corner { p: warp.bend(c.p).snap(), side: c.side });
            let forward = key(c.p) < key(b);
            let (from, to) = if forward { (c.p, b) } else { (b, c.p) };
            let parts = (from.far(to) / step).ceil().max(1.0) as usize;
            for k in 1..parts {
                let k = if forward { k } else { parts - k };
                let p = warp.bend(from.toward(to, k as f64 / parts as f64)).snap();
                out.push(Corner { p, side: c.side });
            }
        }
        out.dedup_by(|a, b| key(a.p) == key(b.p));
        *ring = out;
    }
}

/// An area: outlines with their holes, none of which is closed.
#[derive(Clone, Debug, Default)]
pub struct Patch {
    /// Each shell counter-clockwise, with its holes clockwise.
    pub parts: Vec<(Vec<Pt>, Vec<Vec<Pt>>)>,
}

/// The union of rings that share their edges vertex for vertex.
pub fn union<'a>(rings: impl Iterator<Item = &'a [Corner]>) -> Patch {
    let mut edges: HashSet<(Key, Key)> = HashSet::new();
    for ring in rings {
        for i in 0..ring.len() {
            let (a, b) = (key(ring[i].p), key(ring[(i + 1) % ring.len()].p));
            if a != b && !edges.remove(&(b, a)) {
                edges.insert((a, b));
            }
        }
    }
    let mut edges: Vec<(Key, Key)> = edges.into_iter().collect();
    edges.sort_unstable();
    assemble(loops(&edges))
}

/// Simple closed loops of directed edges.
fn loops(edges: &[(Key, Key)]) -> Vec<Vec<Pt>> {
    let mut next: HashMap<Key, Vec<Key>> = HashMap::new();
    for &(a, b) in edges.iter().rev() {
        next.entry(a).or_default().push(b);
    }
    let mut out = Vec::new();
    for &(start, _) in edges {
        let mut path: Vec<Key> = vec![start];
        let mut at: HashMap<Key, usize> = HashMap::from([(start, 0)]);
        while let Some(to) = path.last().and_then(|k| next.get_mut(k)).and_then(Vec::pop) {
            // A vertex met again closes a loop of its own.
            if let Some(&i) = at.get(&to) {
                let tail = path.split_off(i + 1);
                for k in &tail {
                    at.remove(k);
                }
                let ring: Vec<Pt> = std::iter::once(to).chain(tail).map(unkey).collect();
                if ring.len() >= 3 {
                    out.push(ring);
                }
            } else {
                at.insert(to, path.len());
                path.push(to);
            }
        }
    }
    out
}

fn assemble(loops: Vec<Vec<Pt>>) -> Patch {
    let (shells, holes): (Vec<_>, Vec<_>) = loops.into_iter().partition(|r| area(r) > 0.0);
    let mut parts: Vec<(Vec<Pt>, Vec<Vec<Pt>>)> =
        shells.into_iter().filter(|r| area(r) > 0.5).map(|r| (r, Vec::new())).collect();
    parts.sort_by(|a, b| area(&b.0).total_cmp(&area(&a.0)));
    for hole in holes.into_iter().filter(|r| area(r) < -0.5) {
        let p = super::plane::inside(&hole);
        let home = parts.iter_mut().rev().find(|(shell, _)| contains(shell, p));
        if let Some((_, holes)) = home {
            holes.push(hole);
        }
    }
    Patch { parts }
}

impl Patch {
    /// One ring.
    pub fn of(ring: Vec<Pt>) -> Patch {
        let ring = if area(&ring) < 0.0 { ring.into_iter().rev().collect() } else { ring };
        Patch { parts: vec![(ring, Vec::new())] }
    }

    /// Area, m².
    pub fn area(&self) -> f64 {
        let holes = |h: &[Vec<Pt>]| h.iter().map(|r| area(r)).sum::<f64>();
        self.parts.iter().map(|(shell, h)| area(shell) + holes(h)).sum()
    }
}
