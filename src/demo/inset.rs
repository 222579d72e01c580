//! From a cell (bounded by street axes) to the block (bounded by red lines): each side moves inward
//! by half the width of what runs along it.

use super::cut::{Corner, Ring};
use super::cut::{Side, points};
use super::plane::{Pt, area, crossing, key};

/// The block within a cell, or none where the streets leave no land. `by` says how far a side
/// moves; corners where both sides are long are cut off by `corner` metres. The sides of the
/// result are
/// numbered by the cell's edges.
pub fn block(cell: &[Corner], by: impl Fn(Side) -> f64, corner: f64) -> Option<Ring> {
    let mut edges: Vec<Edge> = Vec::new();
    for i in 0..cell.len() {
        let (a, b) = (cell[i].p, cell[(i + 1) % cell.len()].p);
        if a.far(b) > 0.05 {
            let d = (b - a).unit();
            let o = a + d.left() * by(cell[i].side);
            edges.push(Edge { number: i, o, d, by: by(cell[i].side) });
        }
    }
    let corners = shrink(edges)?;
    let ring = cut_corners(&corners, corner);
    let shape = points(&ring);
    (area(&shape) > 150.0 && simple(&shape)).then_some(ring)
}

#[derive(Clone, Copy)]
struct Edge {
    number: usize,
    o: Pt,
    d: Pt,
    by: f64,
}

/// Removes sides that shrank away until all that are left run the way they ran.
fn shrink(mut edges: Vec<Edge>) -> Option<Ring> {
    loop {
        let n = edges.len();
        if n < 3 {
            return None;
        }
        let starts: Vec<Pt> = (0..n).map(|i| meet(edges[(i + n - 1) % n], edges[i])).collect();
        let worst = (0..n)
            .map(|i| ((starts[(i + 1) % n] - starts[i]).dot(edges[i].d), i))
            .min_by(|a, b| a.0.total_cmp(&b.0))?;
        if worst.0 < 0.3 {
            edges.remove(worst.1);
            continue;
        }
        let ring =
            (0..n).map(|i| Corner { p: starts[i].snap(), side: Side::numbered(edges[i].number) });
        return Some(ring.collect());
    }
}

fn meet(a: Edge, b: Edge) -> Pt {
    let det = a.d.cross(b.d);
    if det.abs() < 0.03 {
        // Nearly straight on: the deeper of the two decides.
        let deeper = if a.by > b.by { a } else { b };
        return deeper.o + deeper.d * (b.o - deeper.o).dot(deeper.d);
    }
    let t = (b.o - a.o).cross(b.d) / det;
    a.o + a.d * t
}

fn cut_corners(ring: &[Corner], size: f64) -> Ring {
    let n = ring.len();
    let mut out = Ring::with_capacity(n * 2);
    for i in 0..n {
        let (before, c, after) = (ring[(i + n - 1) % n].p, ring[i], ring[(i + 1) % n].p);
        let (d, e) = ((c.p - before).unit(), (after - c.p).unit());
        let sharp = d.cross(e) > 0.4;
        // A very sharp corner loses more: nobody builds in a spike.
        let size = if d.dot(e) < -0.5 { size * 3.0 } else { size };
        if !sharp || c.p.far(before) < size * 2.6 || c.p.far(after) < size * 2.6 {
            out.push(c);
            continue;
        }
        out.push(Corner { p: (c.p - d * size).snap(), side: c.side });
        out.push(Corner { p: (c.p + e * size).snap(), side: c.side });
    }
    out.dedup_by(|a, b| key(a.p) == key(b.p));
    out
}

/// Whether no two sides of a ring cross.
pub fn simple(ring: &[Pt]) -> bool {
    let n = ring.len();
    for i in 0..n {
        for j in i + 2..n {
            if i == 0 && j + 1 == n {
                continue;
            }
            if crossing(ring[i], ring[i + 1], ring[j], ring[(j + 1) % n]).is_some() {
                return false;
            }
        }
    }
    true
}
