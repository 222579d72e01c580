//! Local streets: how a sector of each fabric is divided into the cells of its blocks.
//!
//! Private houses and gardens lie along parallel streets two plots apart; the old town and the
//! estates are divided in halves again and again; works and forests keep large cells.

use super::cut::{Corner, Ring, Side, cut, points};
use super::fabric::Fabric;
use super::line::smooth;
use super::plan::Plan;
use super::plane::{Frame, Pt, area};
use super::rng::Rng;
use super::roads::{Class, Manner, Streets};
use super::sectors::{Junctions, Way, divider};

/// A cell: land between street axes, with what it is like and the sector it belongs to.
#[derive(Clone, Debug)]
pub struct Cell {
    /// Outline along the street axes.
    pub ring: Ring,
    /// Its character.
    pub fabric: Fabric,
    /// The sector's number.
    pub sector: usize,
}

/// Divides one sector into rings.
pub fn lay(
    plan: &Plan,
    sector: usize,
    ring: &Ring,
    fabric: Fabric,
    streets: &mut Streets,
    junctions: &mut Junctions,
) -> Vec<Ring> {
    let mut rng = Rng::of(plan.seed, 30, sector as u64);
    let small = 0.5 + 0.5 * plan.km / 1000.0;
    match fabric {
        Fabric::Houses => {
            let rows = Rows { deep: rng.range(78.0, 98.0), long: 290.0, width: 15.0 };
            rows.lay(ring, streets, Manner::Village, &mut rng)
        }
        Fabric::Gardens => {
            let rows = Rows { deep: rng.range(52.0, 64.0), long: 330.0, width: 8.0 };
            rows.lay(ring, streets, Manner::Garden(sector as u32), &mut rng)
        }
        _ => {
            let Some((size, class, wide, askew)) = grain(fabric) else { return vec![ring.clone()] };
            let size = size * small * small;
            let job = Halves { size, class, wide: wide * small, askew };
            job.lay(ring, streets, junctions, &mut rng)
        }
    }
}

/// Size of a cell (m²), class and width of its streets, how askew they are.
fn grain(fabric: Fabric) -> Option<(f64, Class, f64, f64)> {
    Some(match fabric {
        Fabric::Historic => (13_500.0, Class::Local, 15.0, 0.10),
        Fabric::Mid => (27_000.0, Class::Local, 17.0, 0.07),
        Fabric::Micro => (72_000.0, Class::Local, 20.0, 0.06),
        Fabric::Business => (36_000.0, Class::Local, 20.0, 0.07),
        Fabric::Campus => (95_000.0, Class::Local, 16.0, 0.07),
        Fabric::Industry => (125_000.0, Class::Service, 14.0, 0.05),
        Fabric::Depot => (52_000.0, Class::Service, 12.0, 0.05),
        Fabric::Utility => (150_000.0, Class::Service, 12.0, 0.05),
        Fabric::Park => (120_000.0, Class::Service, 7.0, 0.25),
        Fabric::Forest => (480_000.0, Class::Service, 6.0, 0.15),
        Fabric::Field => (330_000.0, Class::Service, 7.0, 0.08),
        _ => return None,
    })
}

struct Halves {
    size: f64,
    class: Class,
    wide: f64,
    askew: f64,
}

impl Halves {
    fn lay(
        &self,
        ring: &Ring,
        streets: &mut Streets,
        junctions: &mut Junctions,
        rng: &mut Rng,
    ) -> Vec<Ring> {
        let mut out = Vec::new();
        let mut queue = std::collections::VecDeque::from([ring.clone()]);
        while let Some(ring) = queue.pop_front() {
            let size = area(&points(&ring));
            let enough = size < self.size * rng.range(0.8, 1.75);
            let parts = if enough { None } else { self.halve(&ring, streets, junctions, rng) };
            match parts {
                None => out.push(ring),
                Some(parts) => {
                    parts.iter().for_each(|p| junctions.learn(p));
                    queue.extend(parts);
                }
            }
        }
        out
    }

    fn halve(
        &self,
        ring: &Ring,
        streets: &mut Streets,
        junctions: &Junctions,
        rng: &mut Rng,
    ) -> Option<Vec<Ring>> {
        let size = area(&points(ring));
        let way = Way { junctions, draw: 0.2, bend: 0.015, askew: self.askew };
        for _ in 0..3 {
            let line = divider(ring, &way, rng);
            let parts = cut(ring, &line, Side::numbered(streets.list.len()));
            let least = parts.iter().map(|p| area(&points(p))).fold(f64::MAX, f64::min);
            if parts.len() > 1 && least > size * 0.2 {
                let nameless = self.class == Class::Service;
                let manner = if nameless { Manner::Nameless } else { Manner::Town };
                streets.add(self.class, self.wide.round(), "", manner);
                return Some(parts);
            }
        }
        None
    }
}

/// Parallel streets.
struct Rows {
    /// From street to street, m.
    deep: f64,
    /// From cross street to cross street, m.
    long: f64,
    /// Width of the streets, m.
    width: f64,
}

impl Rows {
    fn lay(&self, ring: &Ring, streets: &mut Streets, manner: Manner, rng: &mut Rng) -> Vec<Ring> {
        let shape = points(ring);
        let frame = Frame::tight(&shape);
        // A garden association or village has a few columns, each with its own rows.
        let columns = (frame.len / (self.long * rng.range(0.85, 1.25))).round().max(1.0) as usize;
        let mut parts = vec![ring.clone()];
        for k in 1..columns {
            let at = frame.len * (k as f64 + rng.range(-0.12, 0.12)) / columns as f64;
            let line = bent(&frame, at, true, rng);
            parts = across(parts, &line, streets, (Class::Local, self.width + 2.0, manner));
        }
        // Rows run through neighbouring columns more often than not.
        let shared = rng.chance(0.6).then_some(frame);
        let shift = rng.range(0.0, 0.3);
        let mut out = Vec::new();
        if let Some(frame) = shared {
            return self.rows(parts, &frame, shift, streets, manner, rng);
        }
        for part in parts {
            let own = Frame::tight(&points(&part));
            out.extend(self.rows(vec![part], &own, shift, streets, manner, rng));
        }
        out
    }

    fn rows(
        &self,
        mut parts: Vec<Ring>,
        frame: &Frame,
        shift: f64,
        streets: &mut Streets,
        manner: Manner,
        rng: &mut Rng,
    ) -> Vec<Ring> {
        let rows = (frame.wid / self.deep + shift - 0.15).round().max(1.0) as usize;
        for k in 1..rows {
            let at = frame.wid * (k as f64 + rng.range(-0.05, 0.05)) / rows as f64;
            let line = bent(frame, at, false, rng);
            parts = across(parts, &line, streets, (Class::Local, self.width, manner));
        }
        parts
    }
}

/// A slightly bent line across a frame (`along` its short side or its long one).
fn bent(frame: &Frame, at: f64, short: bool, rng: &mut Rng) -> Vec<Pt> {
    let span = if short { frame.wid } else { frame.len };
    let sag = span.min(900.0) * rng.range(-0.012, 0.012);
    let place = |t: f64, off: f64| {
        if short { frame.at(at + off, span * t) } else { frame.at(span * t, at + off) }
    };
    smooth(&[place(-0.08, 0.0), place(0.3, sag), place(0.7, sag), place(1.08, 0.0)], 80.0)
}

/// Cuts all parts along a line unless that leaves splinters.
fn across(
    parts: Vec<Ring>,
    line: &[Pt],
    streets: &mut Streets,
    (class, width, manner): (Class, f64, Manner),
) -> Vec<Ring> {
    let side = Side::numbered(streets.list.len());
    let mut laid = false;
    let mut out = Vec::with_capacity(parts.len() + 2);
    for part in parts {
        let pieces = cut(&part, line, side);
        let fine = pieces.iter().all(|p: &Vec<Corner>| roomy(p, width));
        if pieces.len() > 1 && fine {
            laid = true;
            out.extend(pieces);
        } else {
            out.push(part);
        }
    }
    if laid {
        streets.add(class, width.round(), "", manner);
    }
    out
}

/// Whether a piece still holds plots beside its streets.
fn roomy(ring: &[Corner], street: f64) -> bool {
    let shape = points(ring);
    area(&shape) > 2200.0 && Frame::tight(&shape).wid > street + 26.0
}
