//! Dividing the land between the large streets into sectors, the pieces that have one character.
//!
//! A dividing street is laid across the middle of a face; where a street from the other side meets
//! its edge nearby, it is carried on, so that crossings have four arms as often as three.

use std::collections::HashMap;

use super::cut::{Corner, Ring, Side, cut, points};
use super::line::smooth;
use super::plan::Plan;
use super::plane::{Frame, Pt, area, centroid, gap, key};
use super::rng::Rng;
use super::roads::{Class, Manner, Streets, width};
use super::terrain::{Face, Ground};

/// Places where a street meets an edge, by squares of 250 m.
#[derive(Default)]
pub struct Junctions {
    grid: HashMap<(i32, i32), Vec<Pt>>,
}

const SQUARE_M: f64 = 250.0;

impl Junctions {
    /// Remembers the ends of the streets of a ring.
    pub fn learn(&mut self, ring: &[Corner]) {
        for i in 0..ring.len() {
            let before = ring[(i + ring.len() - 1) % ring.len()];
            if before.side != ring[i].side {
                let list = self.grid.entry(square(ring[i].p)).or_default();
                if !list.iter().any(|p| key(*p) == key(ring[i].p)) {
                    list.push(ring[i].p);
                }
            }
        }
    }

    /// The junction nearest to `p` within `reach` metres that lies on a straight stretch of the ring.
    fn near(&self, shape: &[Pt], p: Pt, reach: f64) -> Option<Pt> {
        let (i, j) = square(p);
        let span = (reach / SQUARE_M).ceil() as i32;
        let mut best: Option<(f64, Pt)> = None;
        for x in i - span..=i + span {
            for y in j - span..=j + span {
                for &q in self.grid.get(&(x, y)).map_or(&[][..], |v| v) {
                    let d = q.far(p);
                    if d < reach && best.is_none_or(|b| d < b.0) && straight_at(shape, q) {
                        best = Some((d, q));
                    }
                }
            }
        }
        best.map(|b| b.1)
    }
}

fn square(p: Pt) -> (i32, i32) {
    ((p.x / SQUARE_M).floor() as i32, (p.y / SQUARE_M).floor() as i32)
}

/// Whether `q` lies on the outline, not at one of its turns.
fn straight_at(shape: &[Pt], q: Pt) -> bool {
    let n = shape.len();
    let turn_near = (0..n).any(|i| {
        let (a, b, c) = (shape[(i + n - 1) % n], shape[i], shape[(i + 1) % n]);
        b.far(q) < 25.0 && (b - a).unit().cross((c - b).unit()).abs() > 0.35
    });
    !turn_near && gap(shape, q) < 0.05
}

/// How a division is made.
pub struct Way<'a> {
    /// Where other streets end.
    pub junctions: &'a Junctions,
    /// How far a junction draws a cut, as a share of the ring's length.
    pub draw: f64,
    /// How much a street bends, as a share of its length.
    pub bend: f64,
    /// How much it may be askew, radians.
    pub askew: f64,
}

/// A line that divides a ring about in the middle, across its long side.
pub fn divider(ring: &[Corner], way: &Way<'_>, rng: &mut Rng) -> Vec<Pt> {
    let shape = points(ring);
    let frame = Frame::tight(&shape);
    let t = rng.range(0.42, 0.58);
    let slant = rng.range(-way.askew, way.askew);
    let d = (frame.v + frame.u * slant).unit();
    let middle = frame.at(frame.len * t, frame.wid / 2.0);
    let reach = frame.wid * 0.75 + 20.0;
    let (low, high) = (middle - d * reach, middle + d * reach);
    let ends: Vec<Pt> = ends_within(&shape, low, high);
    let (Some(&first), Some(&last)) = (ends.first(), ends.last()) else { return vec![low, high] };
    let pull = |p: Pt| way.junctions.near(&shape, p, frame.len * way.draw).unwrap_or(p);
    let (a, b) = (pull(first), pull(last));
    let across = (b - a).unit();
    let sag = across.left() * (a.far(b) * rng.range(-way.bend, way.bend));
    let knots = [a, a.toward(b, 0.33) + sag, a.toward(b, 0.67) + sag * rng.range(-0.6, 1.0), b];
    let mut line = smooth(&knots, 70.0);
    let n = line.len();
    let (head, tail) = ((line[1] - line[0]).unit(), (line[n - 1] - line[n - 2]).unit());
    line.insert(0, a - head * 8.0);
    line.push(b + tail * 8.0);
    line
}

fn ends_within(shape: &[Pt], a: Pt, b: Pt) -> Vec<Pt> {
    let n = shape.len();
    let mut hits: Vec<(f64, Pt)> = (0..n)
        .filter_map(|i| super::plane::crossing(a, b, shape[i], shape[(i + 1) % n]))
        .map(|(t, _)| (t, a.toward(b, t)))
        .collect();
    hits.sort_by(|a, b| a.0.total_cmp(&b.0));
    hits.into_iter().map(|h| h.1).collect()
}

/// How large a sector is here, m².
fn sector_area(plan: &Plan, p: Pt) -> f64 {
    let scale = (plan.km / 1000.0) * (plan.km / 1000.0);
    let far = p.len() / plan.km;
    let base = match far {
        f if f < 1.2 => 110_000.0,
        f if f < 2.6 => 210_000.0 + (f - 1.2) * 60_000.0,
        f if f < 6.0 => 300_000.0 + (f - 2.6) * 60_000.0,
        f => (500_000.0 + (f - 6.0) * 70_000.0).min(900_000.0),
    };
    base * scale
}

/// Divides every land face until each is a sector.
pub fn divide(
    plan: &Plan,
    faces: Vec<Face>,
    streets: &mut Streets,
    junctions: &mut Junctions,
) -> Vec<Face> {
    let mut out = Vec::new();
    for face in &faces {
        junctions.learn(&face.ring);
    }
    let mut queue: std::collections::VecDeque<Face> = faces.into();
    let mut count = 0;
    while let Some(face) = queue.pop_front() {
        let shape = points(&face.ring);
        let (size, middle) = (area(&shape), centroid(&shape));
        count += 1;
        let mut rng = Rng::of(plan.seed, 10, count);
        if face.ground != Ground::Land || size < sector_area(plan, middle) * rng.range(0.8, 1.7) {
            out.push(face);
            continue;
        }
        let class = match size / (plan.km * plan.km) {
            s if s > 3.2 => Class::Main,
            s if s > 0.9 => Class::District,
            _ => Class::Local,
        };
        match split(plan, &face.ring, class, streets, junctions, &mut rng) {
            Some(parts) => {
                parts.iter().for_each(|p| junctions.learn(p));
                queue.extend(parts.into_iter().map(|ring| Face { ring, ground: Ground::Land }));
            }
            None => out.push(face),
        }
    }
    out
}

fn split(
    plan: &Plan,
    ring: &Ring,
    class: Class,
    streets: &mut Streets,
    junctions: &Junctions,
    rng: &mut Rng,
) -> Option<Vec<Ring>> {
    let size = area(&points(ring));
    let way = Way { junctions, draw: 0.14, bend: 0.06, askew: 0.12 };
    for _ in 0..4 {
        let line = divider(ring, &way, rng);
        // The street is entered in the register only when it is laid.
        let parts = cut(ring, &line, Side::numbered(streets.list.len()));
        let least = parts.iter().map(|p| area(&points(p))).fold(f64::MAX, f64::min);
        if parts.len() > 1 && least > size * 0.12 {
            streets.add(class, width(plan, class), "", Manner::Town);
            return Some(parts);
        }
    }
    None
}
