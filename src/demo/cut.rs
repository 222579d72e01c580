//! Cutting a ring along a line: the one operation that makes faces, blocks and parcels.
//!
//! Neighbours share vertices because every cut puts the same snapped vertices into both parts; a
//! vertex that only one side of an older edge knows is added by `topology.rs`.

use super::plane::{Key, Pt, area, contains, crossing, key};

/// What runs along a side of a ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Side(pub u32);

impl Side {
    /// Nothing: a line between two parcels, or one that is only in our heads.
    pub const NONE: Side = Side(0);
    /// The edge of a water body.
    pub const BANK: Side = Side(1);
    /// The edge of the railway's land.
    pub const RAIL: Side = Side(2);
    /// The municipal boundary.
    pub const LIMIT: Side = Side(3);
    const FIRST: u32 = 16;

    /// The side along the street (or, within a block, the front) with that number.
    pub fn numbered(n: usize) -> Side {
        Side(n as u32 + Side::FIRST)
    }

    /// The number of the street or front.
    pub fn number(self) -> Option<usize> {
        self.0.checked_sub(Side::FIRST).map(|n| n as usize)
    }
}

/// A vertex and what runs along the side from it to the next.
#[derive(Clone, Copy, Debug)]
pub struct Corner {
    /// Where.
    pub p: Pt,
    /// What runs along the side that starts here.
    pub side: Side,
}

/// A ring, counter-clockwise, not closed.
pub type Ring = Vec<Corner>;

/// The places of a ring.
pub fn points(ring: &[Corner]) -> Vec<Pt> {
    ring.iter().map(|c| c.p).collect()
}

/// A ring with the same thing on every side.
pub fn ring_of(points: &[Pt], side: Side) -> Ring {
    points.iter().map(|p| Corner { p: p.snap(), side }).collect()
}

struct Hit {
    along: f64,
    edge: usize,
    share: f64,
    p: Pt,
}

/// Cuts a ring along a line; the new sides get `side`. A line that does not cross it leaves it.
pub fn cut(ring: &[Corner], line: &[Pt], side: Side) -> Vec<Ring> {
    let hits = hits(ring, line);
    if hits.len() < 2 {
        return vec![ring.to_vec()];
    }
    let shape = points(ring);
    let mut pieces = vec![with_hits(ring, &hits)];
    for pair in hits.windows(2) {
        let (a, b) = (&pair[0], &pair[1]);
        let middle = at(line, (a.along + b.along) / 2.0);
        if key(a.p) == key(b.p) || !contains(&shape, middle) {
            continue;
        }
        let path = path_between(line, a, b);
        let found = pieces.iter().position(|piece| {
            let ends = [key(a.p), key(b.p)].map(|k| piece.iter().any(|c| key(c.p) == k));
            ends == [true, true] && contains(&points(piece), middle)
        });
        if let Some(i) = found
            && let Some((one, two)) = halves(&pieces[i], key(a.p), key(b.p), &path, side)
        {
            pieces[i] = one;
            pieces.push(two);
        }
    }
    pieces
}

fn hits(ring: &[Corner], line: &[Pt]) -> Vec<Hit> {
    let mut out: Vec<Hit> = Vec::new();
    for (s, w) in line.windows(2).enumerate() {
        let (lx, hx) = (w[0].x.min(w[1].x) - 0.01, w[0].x.max(w[1].x) + 0.01);
        let (ly, hy) = (w[0].y.min(w[1].y) - 0.01, w[0].y.max(w[1].y) + 0.01);
        for edge in 0..ring.len() {
            let (a, b) = (ring[edge].p, ring[(edge + 1) % ring.len()].p);
            let aside = (a.x < lx && b.x < lx) || (a.x > hx && b.x > hx);
            if aside || (a.y < ly && b.y < ly) || (a.y > hy && b.y > hy) {
                continue;
            }
            let Some((t, u)) = crossing(w[0], w[1], a, b) else {
                continue;
            };
            // An existing corner within reach is taken instead of a new one beside it.
            let len = a.far(b);
            let near = if u * len < 0.6 {
                a
            } else if (1.0 - u) * len < 0.6 {
                b
            } else {
                a.toward(b, u).snap()
            };
            out.push(Hit { along: s as f64 + t, edge, share: u, p: near });
        }
    }
    out.sort_by(|a, b| a.along.total_cmp(&b.along));
    out.dedup_by(|a, b| key(a.p) == key(b.p));
    out
}

fn with_hits(ring: &[Corner], hits: &[Hit]) -> Ring {
    let mut out = Ring::with_capacity(ring.len() + hits.len());
    for (edge, c) in ring.iter().enumerate() {
        out.push(*c);
        let next = key(ring[(edge + 1) % ring.len()].p);
        let mut here: Vec<&Hit> = hits.iter().filter(|h| h.edge == edge).collect();
        here.sort_by(|a, b| a.share.total_cmp(&b.share));
        for h in here {
            let last = out.last().map(|c| key(c.p));
            if last != Some(key(h.p)) && key(h.p) != next {
                out.push(Corner { p: h.p, side: c.side });
            }
        }
    }
    out
}

fn at(line: &[Pt], along: f64) -> Pt {
    let i = (along.floor() as usize).min(line.len() - 2);
    line[i].toward(line[i + 1], along - i as f64)
}

fn path_between(line: &[Pt], a: &Hit, b: &Hit) -> Vec<Pt> {
    let mut path: Vec<Pt> = Vec::new();
    for (i, p) in line.iter().enumerate() {
        let inner = i as f64 > a.along && (i as f64) < b.along;
        if inner && p.far(a.p) > 1.5 && p.far(b.p) > 1.5 {
            path.push(p.snap());
        }
    }
    path.dedup();
    path
}

fn halves(ring: &[Corner], a: Key, b: Key, path: &[Pt], side: Side) -> Option<(Ring, Ring)> {
    let from = ring.iter().position(|c| key(c.p) == a)?;
    let turned: Ring = ring[from..].iter().chain(&ring[..from]).copied().collect();
    let to = turned.iter().position(|c| key(c.p) == b)?;
    let mut one: Ring = turned[..to].to_vec();
    one.push(Corner { p: turned[to].p, side });
    one.extend(path.iter().rev().map(|&p| Corner { p, side }));
    let mut two: Ring = turned[to..].to_vec();
    two.push(Corner { p: turned[0].p, side });
    two.extend(path.iter().map(|&p| Corner { p, side }));
    let fine = |r: &Ring| r.len() >= 3 && area(&points(r)) > 0.5;
    (fine(&one) && fine(&two)).then_some((one, two))
}
