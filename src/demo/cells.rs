//! Cells: what streets cut the land into, each with its kind; streets with their axes.
//! Cutting happens on the straight plan; at the end cells are noded and bent alike, so that
//! neighbours share every vertex. Parcels are in `parcels.rs`.

use super::axes::{axes, edge, quiet};
use super::cut::{Ring, Side, cut, points};
use super::kinds::Kind;
use super::names;
use super::plan::Plan;
use super::plane::{Frame, Pt, area, contains, inside, pt};
use super::rng::{Rng, cos, sin};
use super::terrain::{Class, Ground, Terrain};
use super::topology::{bend, node};

/// Land or water between street axes.
pub struct Cell {
    /// Its outline, bent.
    pub ring: Ring,
    /// What it is.
    pub kind: Kind,
    /// What of the ground it is.
    pub ground: Ground,
    /// Number of the cadastral quarter.
    pub quarter: usize,
    /// Number of the sector: neighbouring cells of one character.
    pub sector: usize,
    /// A place inside.
    pub inside: Pt,
}

/// A street.
pub struct Street {
    /// Its name.
    pub name: String,
    /// Its class.
    pub class: Class,
    /// Its axis where it exists, as single edges, bent.
    pub edges: Vec<(Pt, Pt)>,
    /// The line it was cut along, bent; house numbers run along it.
    pub line: Vec<Pt>,
}

/// The plan of the whole city.
pub struct Cells {
    /// All cells.
    pub cells: Vec<Cell>,
    /// All streets; the number of a side is the index.
    pub streets: Vec<Street>,
    /// Outline of the lakes with their names.
    pub lakes: Vec<(&'static str, Vec<Pt>)>,
    /// How many quarters there are.
    pub quarters: usize,
}

struct Work<'a> {
    plan: &'a Plan,
    terrain: &'a Terrain,
    seed: u64,
    lakes: Vec<(&'static str, Vec<Pt>)>,
    streets: Vec<(Class, Vec<Pt>)>,
    done: Vec<Cell>,
    sectors: usize,
    quarters: usize,
    count: u64,
}
#[derive(Clone, Copy)]
struct State {
    sector: Option<(usize, Kind)>,
    quarter: Option<usize>,
}

/// Lays out the city.
pub fn lay_out(plan: &Plan, terrain: &Terrain) -> Cells {
    let streets = terrain.avenues.iter().map(|a| (a.class, a.line.clone())).collect();
    let mut work = Work {
        plan,
        terrain,
        seed: plan.seed,
        lakes: lakes(plan),
        streets,
        done: Vec::new(),
        sectors: 0,
        quarters: 0,
        count: 0,
    };
    for (ring, ground) in terrain.cells(&plan.outline()) {
        match ground {
            Ground::Land => work.split(ring),
            Ground::Rail => {
                let q = work.next_quarter();
                work.finish(ring, Kind::Rail, ground, State { sector: None, quarter: Some(q) });
            }
            _ => work.finish(ring, Kind::Water, ground, State { sector: None, quarter: Some(0) }),
        }
    }
    work.end()
}

fn lakes(plan: &Plan) -> Vec<(&'static str, Vec<Pt>)> {
    const PLACES: [(&str, f64, f64, f64, f64, f64); 6] = [
        ("озеро Нижний Кабан", 0.62, -0.95, 0.17, 0.48, 0.35),
        ("озеро Средний Кабан", 2.05, -3.35, 0.2, 0.5, 0.6),
        ("озеро Верхний Кабан", 3.2, -5.6, 0.2, 0.5, 0.7),
        ("озеро Лебяжье", -6.3, 3.2, 0.3, 0.45, 0.2),
        ("Голубые озёра", 1.2, 6.6, 0.3, 0.5, 1.0),
        ("озеро Ковалинское", 6.9, -0.4, 0.28, 0.4, 2.0),
    ];
    let noise = plan.noise(5);
    let make = |(name, x, y, a, b, turn): (&'static str, f64, f64, f64, f64, f64)| {
        let middle = plan.at(x, y);
        let size = plan.km;
        let ring = (0..40).map(|k| {
            let w = f64::from(k) / 40.0 * std::f64::consts::TAU;
            let grow = 1.0 + 0.16 * noise.at(middle + pt(cos(w), sin(w)) * 600.0, 330.0);
            let (u, v) = (cos(w) * a * size * grow, sin(w) * b * size * grow);
            let p = pt(u * cos(turn) - v * sin(turn), u * sin(turn) + v * cos(turn));
            (middle + p).snap()
        });
        (name, ring.collect::<Vec<Pt>>())
    };
    PLACES.into_iter().map(make).collect()
}

impl Work<'_> {
    fn next_quarter(&mut self) -> usize {
        self.quarters += 1;
        self.quarters - 1
    }

    fn split(&mut self, ring: Ring) {
        let mut stack = vec![(ring, State { sector: None, quarter: None })];
        while let Some((ring, mut state)) = stack.pop() {
            let shape = points(&ring);
            let size = area(&shape);
            self.count += 1;
            let mut rng = Rng::of(self.seed, 11, self.count);
            let most = (self.plan.radius * self.plan.radius / 40.0).min(360_000.0);
            if state.sector.is_none() && size < most * rng.range(0.7, 1.3) {
                let kind = self.character(inside(&shape), &mut rng);
                state.sector = Some((self.sectors, kind));
                self.sectors += 1;
            }
            if state.quarter.is_none() && size < most * 0.5 {
                state.quarter = Some(self.next_quarter());
            }
            match self.halve(&ring, &shape, size, state, &mut rng) {
                Some(parts) => stack.extend(parts.into_iter().map(|p| (p, state))),
                None => self.settle(ring, state, &mut rng),
            }
        }
    }

    /// Cuts a cell along a new street, or says that it is small enough.
    fn halve(
        &mut self,
        ring: &Ring,
        shape: &[Pt],
        size: f64,
        state: State,
        rng: &mut Rng,
    ) -> Option<Vec<Ring>> {
        let f = Frame::tight(shape);
        let (wide, long) = match state.sector {
            Some((_, kind)) => kind.spec().block,
            None => (10.0, 10.0),
        };
        let across =
            if f.len / long >= f.wid / wide || f.len > 2.6 * f.wid { f.len / long } else { 0.0 };
        let lengthwise = across == 0.0;
        let parts = if lengthwise { f.wid / wide } else { across };
        if parts < 1.45 || size < wide * long * 1.15 && f.len < long * 1.9 {
            return None;
        }
        let count = parts.round().max(2.0);
        let share = if count > 6.0 { rng.range(0.43, 0.57) } else { (count / 2.0).floor() / count };
        let share = share + rng.range(-0.02, 0.02);
        let (o, along, reach) = if lengthwise {
            (f.at(0.0, f.wid * share), f.u, f.len)
        } else {
            (f.at(f.len * share, 0.0), f.v, f.wid)
        };
        let tilt = if state.sector.is_some() { 0.015 } else { 0.07 };
        let bow = along.left() * (reach * rng.range(-tilt, tilt));
        let lean = along.left() * (reach * rng.range(-tilt, tilt));
        let line = [
            o - along * 30.0 - lean,
            o + along * (reach * 0.33) + bow,
            o + along * (reach * 0.67) + bow,
            o + along * (reach + 30.0) + lean,
        ];
        let class = if state.sector.is_some() { Class::Local } else { Class::District };
        let parts = cut(ring, &line, Side::numbered(self.streets.len()));
        if parts.len() < 2 {
            return None;
        }
        self.streets.push((class, line.to_vec()));
        Some(parts)
    }

    /// Decides the last things about a cell that is cut no more.
    fn settle(&mut self, ring: Ring, mut state: State, rng: &mut Rng) {
        let p = inside(&points(&ring));
        let (sector, kind) = match state.sector {
            Some(s) => s,
            None => {
                self.sectors += 1;
                (self.sectors - 1, self.character(p, rng))
            }
        };
        let quarter = state.quarter.unwrap_or_else(|| self.next_quarter());
        state = State { sector: Some((sector, kind)), quarter: Some(quarter) };
        let u = rng.unit();
        let last = match kind {
            Kind::Panel | Kind::Mid if u < 0.07 => Kind::Public,
            Kind::Panel | Kind::Mid if u < 0.16 => Kind::Business,
            Kind::Panel | Kind::Mid | Kind::Centre if u > 0.95 => Kind::Park,
            Kind::Centre if u < 0.08 => Kind::Public,
            Kind::Private if u < 0.03 => Kind::Public,
            Kind::Private if u < 0.05 => Kind::Business,
            Kind::Industry if u < 0.08 => Kind::Utility,
            Kind::Industry if u < 0.3 => Kind::Depot,
            other => other,
        };
        let small = area(&points(&ring)) < 1500.0;
        let wet = self.lakes.iter().any(|(_, lake)| {
            lake.iter().any(|q| contains(&points(&ring), *q)) || contains(lake, p)
        });
        let last = if wet || small { Kind::Park } else { last };
        self.finish(ring, last, Ground::Land, state);
    }

    fn finish(&mut self, ring: Ring, kind: Kind, ground: Ground, state: State) {
        self.done.push(Cell {
            inside: pt(0.0, 0.0),
            ring,
            kind,
            ground,
            quarter: state.quarter.unwrap_or(0),
            sector: state.sector.map_or(usize::MAX, |s| s.0),
        });
    }

    /// What a part of the city is like.
    fn character(&self, p: Pt, rng: &mut Rng) -> Kind {
        let out = self.plan.out(p);
        let km = p.len() / self.plan.km;
        if km < 1.25 && p.y < self.plan.km * 0.6 || km < 0.5 {
            return rng.weighted(&[(Kind::Centre, 8.0), (Kind::Business, 0.7), (Kind::Park, 0.6)]);
        }
        let far = |line: &[Pt]| super::line::beside(line, p).0;
        let rail = self.terrain.rails.iter().map(|r| far(r)).fold(f64::MAX, f64::min);
        let work = self.plan.noise(21).at(p, 1900.0);
        let wood = self.plan.noise(22).at(p, 2300.0);
        if out > 0.5 && wood > 0.5 - out * 0.45 {
            return rng.weighted(&[(Kind::Forest, 8.0), (Kind::Garden, 0.8), (Kind::Park, 0.4)]);
        }
        if (rail < 420.0 || work > 0.62) && km > 1.6 {
            return rng.weighted(&[
                (Kind::Industry, 7.0),
                (Kind::Depot, 2.0),
                (Kind::Waste, if out > 0.6 { 0.4 } else { 0.0 }),
                (Kind::Mid, 1.0),
            ]);
        }
        let home = self.plan.noise(23).at(p, 1500.0);
        let table: &[(Kind, f64)] = match () {
            () if out > 0.84 => &[
                (Kind::Field, 5.0),
                (Kind::Forest, 2.0),
                (Kind::Garden, 1.4),
                (Kind::Private, 1.2),
                (Kind::Cemetery, 0.3),
            ],
            () if out > 0.62 && home > 0.1 => {
                &[(Kind::Private, 5.0), (Kind::Low, 0.6), (Kind::Garden, 1.5)]
            }
            () if out > 0.62 => &[
                (Kind::Panel, 2.4),
                (Kind::Field, 1.6),
                (Kind::Garden, 1.4),
                (Kind::Private, 1.0),
                (Kind::Cemetery, 0.2),
            ],
            () if home > 0.3 => &[(Kind::Private, 5.0), (Kind::Low, 1.0), (Kind::Public, 0.2)],
            () if home > -0.15 => {
                &[(Kind::Mid, 4.0), (Kind::Business, 0.7), (Kind::Park, 0.7), (Kind::Low, 0.5)]
            }
            () => {
                &[(Kind::Panel, 6.0), (Kind::Business, 0.6), (Kind::Park, 0.8), (Kind::Public, 0.3)]
            }
        };
        rng.weighted(table)
    }

    /// Nodes and bends all cells and names the streets.
    fn end(mut self) -> Cells {
        let mut rings: Vec<Ring> =
            self.done.iter_mut().map(|c| std::mem::take(&mut c.ring)).collect();
        node(&mut rings);
        let warp = self.plan.warp;
        bend(&mut rings, warp, 55.0);
        for (cell, ring) in self.done.iter_mut().zip(rings) {
            cell.inside = inside(&points(&ring));
            cell.ring = ring;
        }
        for (_, lake) in &mut self.lakes {
            lake.iter_mut().for_each(|p| *p = warp.bend(*p).snap());
        }
        let names = self.terrain.avenues.iter().map(|a| a.name.to_string());
        let first = self.terrain.avenues.len();
        let later = (0..self.streets.len() - first).map(|n| names::street(self.seed, n));
        let mut streets: Vec<Street> = names
            .chain(later)
            .zip(&self.streets)
            .map(|(name, (class, line))| {
                let line = super::line::dense(line, 80.0);
                let line = line.into_iter().map(|p| warp.bend(p).snap()).collect();
                Street { name, class: *class, edges: Vec::new(), line }
            })
            .collect();
        let quiet = quiet(&self.done, self.terrain.avenues.len(), &self.lakes);
        for cell in &mut self.done {
            for i in 0..cell.ring.len() {
                if quiet.contains(&edge(&cell.ring, i)) {
                    cell.ring[i].side = Side::NONE;
                }
            }
        }
        axes(&self.done, &mut streets, &self.lakes);
        Cells { cells: self.done, streets, lakes: self.lakes, quarters: self.quarters }
    }
}
