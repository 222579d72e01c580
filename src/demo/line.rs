//! Polylines: smoothing, offsetting, measuring along, corridors.
//!
//! Rings and points are in `plane.rs`.

use super::plane::{Pt, to_segment};

/// A smooth line (Catmull-Rom) through the places, with a vertex about every `step` metres.
pub fn smooth(knots: &[Pt], step: f64) -> Vec<Pt> {
    let n = knots.len();
    if n < 3 {
        return dense(knots, step);
    }
    let mut out = vec![knots[0]];
    for i in 0..n - 1 {
        let (b, c) = (knots[i], knots[i + 1]);
        let a = if i == 0 { b + b - c } else { knots[i - 1] };
        let d = if i + 2 == n { c + c - b } else { knots[i + 2] };
        let parts = (b.far(c) / step).ceil().max(1.0) as usize;
        for k in 1..=parts {
            let t = k as f64 / parts as f64;
            let (t2, t3) = (t * t, t * t * t);
            let p = b * 2.0
                + (c - a) * t
                + (a * 2.0 - b * 5.0 + c * 4.0 - d) * t2
                + (b * 3.0 - a - c * 3.0 + d) * t3;
            out.push(p * 0.5);
        }
    }
    out
}

/// The same line with a vertex at least every `step` metres.
pub fn dense(line: &[Pt], step: f64) -> Vec<Pt> {
    let mut out = Vec::new();
    for w in line.windows(2) {
        let parts = (w[0].far(w[1]) / step).ceil().max(1.0) as usize;
        out.extend((0..parts).map(|k| w[0].toward(w[1], k as f64 / parts as f64)));
    }
    out.extend(line.last());
    out
}

/// The parallel line, `by` metres to the left (negative: right); the distance may vary.
pub fn parallel(line: &[Pt], by: impl Fn(usize) -> f64) -> Vec<Pt> {
    let n = line.len();
    let mut out: Vec<Pt> = Vec::with_capacity(n);
    for i in 0..n {
        let before = (line[i] - line[i.saturating_sub(1)]).unit();
        let after = (line[(i + 1).min(n - 1)] - line[i]).unit();
        let way = match i {
            0 => after,
            i if i + 1 == n => before,
            _ => (before + after).unit(),
        };
        let p = line[i] + way.left() * by(i);
        // A tight bend turns the parallel line back: such a vertex is left out.
        let back = out.last().is_some_and(|q: &Pt| (p - *q).dot(way) <= 0.0);
        if !back {
            out.push(p);
        }
    }
    out
}

/// Distance of a place to the line, whether it lies to the left, and how far along.
pub fn beside(line: &[Pt], p: Pt) -> (f64, bool, f64) {
    let mut best = (f64::MAX, false, 0.0);
    let mut s = 0.0;
    for w in line.windows(2) {
        let (d, t) = to_segment(w[0], w[1], p);
        if d < best.0 {
            best = (d, (w[1] - w[0]).cross(p - w[0]) > 0.0, s + t * w[0].far(w[1]));
        }
        s += w[0].far(w[1]);
    }
    best
}
