//! Points, rings and lines of the plane, in metres from the kremlin, x east and y north.
//!
//! Places are kept on a grid of 1 cm from the first cut on, so that "the same vertex" is a question
//! of equality ([`key`]). Cutting is in `cut.rs`, joining in `topology.rs`.

use std::ops::{Add, Mul, Sub};

/// A place or a direction.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Pt {
    /// East, m.
    pub x: f64,
    /// North, m.
    pub y: f64,
}

/// A place from its two numbers.
pub const fn pt(x: f64, y: f64) -> Pt {
    Pt { x, y }
}

impl Add for Pt {
    type Output = Pt;
    fn add(self, o: Pt) -> Pt {
        pt(self.x + o.x, self.y + o.y)
    }
}

impl Sub for Pt {
    type Output = Pt;
    fn sub(self, o: Pt) -> Pt {
        pt(self.x - o.x, self.y - o.y)
    }
}

impl Mul<f64> for Pt {
    type Output = Pt;
    fn mul(self, k: f64) -> Pt {
        pt(self.x * k, self.y * k)
    }
}

impl Pt {
    /// Scalar product.
    pub fn dot(self, o: Pt) -> f64 {
        self.x * o.x + self.y * o.y
    }

    /// Vector product; positive when `o` points to the left.
    pub fn cross(self, o: Pt) -> f64 {
        self.x * o.y - self.y * o.x
    }

    /// Length, m.
    pub fn len(self) -> f64 {
        self.dot(self).sqrt()
    }

    /// The same direction of length 1 (east for the null vector).
    pub fn unit(self) -> Pt {
        let l = self.len();
        if l < 1e-12 { pt(1.0, 0.0) } else { self * (1.0 / l) }
    }

    /// Turned left by a right angle.
    pub fn left(self) -> Pt {
        pt(-self.y, self.x)
    }

    /// The place a share `t` of the way to `o`.
    pub fn toward(self, o: Pt, t: f64) -> Pt {
        pt(self.x + (o.x - self.x) * t, self.y + (o.y - self.y) * t)
    }

    /// Distance, m.
    pub fn far(self, o: Pt) -> f64 {
        (o - self).len()
    }

    /// The nearest place of the 1 cm grid.
    pub fn snap(self) -> Pt {
        pt((self.x * 100.0).round() / 100.0, (self.y * 100.0).round() / 100.0)
    }
}

/// A vertex as whole centimetres: equal keys are the same vertex.
pub type Key = (i32, i32);

/// The key of a place.
pub fn key(p: Pt) -> Key {
    ((p.x * 100.0).round() as i32, (p.y * 100.0).round() as i32)
}

/// The place of a key.
pub fn unkey(k: Key) -> Pt {
    pt(f64::from(k.0) / 100.0, f64::from(k.1) / 100.0)
}

/// Signed area of a ring (not closed), m²; positive when it runs counter-clockwise.
pub fn area(ring: &[Pt]) -> f64 {
    let mut sum = 0.0;
    let Some(&o) = ring.first() else { return 0.0 };
    for w in ring.windows(2) {
        sum += (w[0] - o).cross(w[1] - o);
    }
    sum / 2.0
}

/// Centre of gravity.
pub fn centroid(ring: &[Pt]) -> Pt {
    let o = ring[0];
    let (mut sum, mut c) = (0.0, pt(0.0, 0.0));
    for w in ring.windows(2) {
        let (a, b) = (w[0] - o, w[1] - o);
        sum += a.cross(b);
        c = c + (a + b) * a.cross(b);
    }
    if sum.abs() < 1e-9 { o } else { o + c * (1.0 / (3.0 * sum)) }
}

/// Whether a ring holds a place.
pub fn contains(ring: &[Pt], p: Pt) -> bool {
    let mut inside = false;
    let mut a = ring[ring.len() - 1];
    for &b in ring {
        if (a.y > p.y) != (b.y > p.y) && p.x < (b.x - a.x) * (p.y - a.y) / (b.y - a.y) + a.x {
            inside = !inside;
        }
        a = b;
    }
    inside
}

/// A place surely inside a ring: the centre of gravity, else the middle of the widest chord.
pub fn inside(ring: &[Pt]) -> Pt {
    let c = centroid(ring);
    if contains(ring, c) && gap(ring, c) > 2.0 {
        return c;
    }
    let (low, high) = bounds(ring);
    let mut best = (c, 0.0);
    for k in 1..12 {
        let y = low.y + (high.y - low.y) * (f64::from(k) + 0.137) / 12.3;
        let mut xs: Vec<f64> = Vec::new();
        let mut a = ring[ring.len() - 1];
        for &b in ring {
            if (a.y > y) != (b.y > y) {
                xs.push((b.x - a.x) * (y - a.y) / (b.y - a.y) + a.x);
            }
            a = b;
        }
        xs.sort_by(f64::total_cmp);
        for w in xs.chunks_exact(2) {
            if w[1] - w[0] > best.1 {
                best = (pt((w[0] + w[1]) / 2.0, y), w[1] - w[0]);
            }
        }
    }
    best.0
}

/// Distance of a place to a ring's outline, m.
pub fn gap(ring: &[Pt], p: Pt) -> f64 {
    let mut best = f64::MAX;
    let mut a = ring[ring.len() - 1];
    for &b in ring {
        best = best.min(to_segment(a, b, p).0);
        a = b;
    }
    best
}

/// South-west and north-east corner of the box of some places.
pub fn bounds(points: &[Pt]) -> (Pt, Pt) {
    let (mut low, mut high) = (pt(f64::MAX, f64::MAX), pt(f64::MIN, f64::MIN));
    for p in points {
        low = pt(low.x.min(p.x), low.y.min(p.y));
        high = pt(high.x.max(p.x), high.y.max(p.y));
    }
    (low, high)
}

/// Distance of `p` to a segment and the share of the way where it is nearest.
pub fn to_segment(a: Pt, b: Pt, p: Pt) -> (f64, f64) {
    let d = b - a;
    let l = d.dot(d);
    let t = if l < 1e-12 { 0.0 } else { ((p - a).dot(d) / l).clamp(0.0, 1.0) };
    (p.far(a + d * t), t)
}

/// Where two segments cross, as shares of both (a little beyond the ends counts).
pub fn crossing(a: Pt, b: Pt, c: Pt, d: Pt) -> Option<(f64, f64)> {
    let (r, s) = (b - a, d - c);
    let det = r.cross(s);
    if det.abs() < 1e-9 {
        return None;
    }
    let (t, u) = ((c - a).cross(s) / det, (c - a).cross(r) / det);
    let (et, eu) = (1e-7, 0.004 / s.len().max(0.01));
    let hit = t > -et && t < 1.0 + et && u > -eu && u < 1.0 + eu;
    hit.then(|| (t.clamp(0.0, 1.0), u.clamp(0.0, 1.0)))
}

/// A rectangle along the long side of something.
#[derive(Clone, Copy, Debug)]
pub struct Frame {
    /// Its corner.
    pub o: Pt,
    /// Direction of the long side.
    pub u: Pt,
    /// Direction of the short side, left of `u`.
    pub v: Pt,
    /// Long side, m.
    pub len: f64,
    /// Short side, m.
    pub wid: f64,
}

impl Frame {
    /// The place at `a` metres along and `b` metres across.
    pub fn at(&self, a: f64, b: f64) -> Pt {
        self.o + self.u * a + self.v * b
    }

    /// How far along and across a place lies.
    pub fn of(&self, p: Pt) -> (f64, f64) {
        ((p - self.o).dot(self.u), (p - self.o).dot(self.v))
    }

    /// The rectangle of a ring along direction `u`, as long as it falls out.
    pub fn along(ring: &[Pt], u: Pt) -> Frame {
        let v = u.left();
        let (mut lo, mut hi) = (pt(f64::MAX, f64::MAX), pt(f64::MIN, f64::MIN));
        for p in ring {
            let q = pt(p.dot(u), p.dot(v));
            lo = pt(lo.x.min(q.x), lo.y.min(q.y));
            hi = pt(hi.x.max(q.x), hi.y.max(q.y));
        }
        Frame { o: u * lo.x + v * lo.y, u, v, len: hi.x - lo.x, wid: hi.y - lo.y }
    }

    /// The smallest rectangle round a ring.
    pub fn tight(ring: &[Pt]) -> Frame {
        let hull = hull(ring);
        let mut best: Option<(f64, Frame)> = None;
        for i in 0..hull.len() {
            let d = hull[(i + 1) % hull.len()] - hull[i];
            if d.len() < 0.5 {
                continue;
            }
            let f = Frame::along(&hull, d.unit());
            if best.as_ref().is_none_or(|b| f.len * f.wid < b.0 - 1e-6) {
                best = Some((f.len * f.wid, f));
            }
        }
        let f = best.map_or_else(|| Frame::along(ring, pt(1.0, 0.0)), |b| b.1);
        if f.len >= f.wid { f } else { Frame::along(ring, f.v) }
    }
}

/// Convex hull, counter-clockwise.
pub fn hull(points: &[Pt]) -> Vec<Pt> {
    let mut p = points.to_vec();
    p.sort_by(|a, b| a.x.total_cmp(&b.x).then(a.y.total_cmp(&b.y)));
    p.dedup();
    if p.len() < 3 {
        return p;
    }
    let mut out: Vec<Pt> = Vec::with_capacity(p.len() + 1);
    let mut chain = |points: &mut dyn Iterator<Item = Pt>| {
        let base = out.len();
        for q in points {
            while out.len() >= base + 2 {
                let (a, b) = (out[out.len() - 2], out[out.len() - 1]);
                if (b - a).cross(q - b) > 1e-9 {
                    break;
                }
                out.pop();
            }
            out.push(q);
        }
        out.pop();
    };
    chain(&mut p.iter().copied());
    chain(&mut p.iter().rev().copied());
    out
}
