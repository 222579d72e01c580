//! Blocks and parcels: a block is the cell less half of its streets; parcels share its inner lines.
//!
//! How many parcels there are is met by making all of them a little bigger or smaller. Cadastral
//! numbers are given here; what is built is in `buildings.rs`.

use super::cells::{Cell, Cells};
use super::cut::{Corner, Ring, Side, cut, points};
use super::inset::{block, simple};
use super::kinds::Kind;
use super::plan::Plan;
use super::plane::{Frame, Pt, area, contains, key};
use super::rng::Rng;
use super::terrain::{Class, Ground};
use super::topology::node_few;

/// The side of a parcel along a street.
#[derive(Clone, Copy, Debug)]
pub struct Front {
    /// Number of the street.
    pub street: usize,
    /// Middle of the longest side along it.
    pub at: Pt,
    /// Direction of that side; the parcel lies to its left.
    pub way: Pt,
}

/// A parcel.
pub struct Parcel {
    /// Its outline, counter-clockwise.
    pub ring: Vec<Pt>,
    /// Number of its cell.
    pub cell: usize,
    /// What it is.
    pub kind: Kind,
    /// Permitted use (code).
    pub land_use: &'static str,
    /// Cadastral number.
    pub number: String,
    /// The street it lies at.
    pub front: Option<Front>,
}

/// What of each cell is left between its streets.
pub fn blocks(plan: &Cells) -> Vec<Option<Ring>> {
    let by = |side: Side| match side {
        Side::BANK => 16.0,
        Side::RAIL => 5.0,
        Side::LIMIT => 3.0,
        Side::NONE => 1.0,
        other => other.number().map_or(1.0, |n| plan.streets[n].class.width() / 2.0),
    };
    let of = |cell: &Cell| {
        let wide = cell.ring.iter().filter_map(|c| c.side.number());
        let wide = wide.map(|n| plan.streets[n].class).min().unwrap_or(Class::Local);
        let corner = if wide < Class::District { 7.0 } else { 4.0 };
        let corner = if cell.kind == Kind::Rail { 0.5 } else { corner };
        match cell.ground {
            Ground::Volga | Ground::Kazanka => None,
            _ => block(&cell.ring, by, corner),
        }
    };
    plan.cells.iter().map(of).collect()
}

/// The parts of each cell that has any.
type Divided = Vec<(usize, Vec<Ring>)>;

/// All parcels, about as many as wanted.
pub fn parcels(city: &Plan, plan: &Cells, blocks: &[Option<Ring>]) -> Vec<Parcel> {
    let wet: Vec<bool> = plan.cells.iter().map(|c| has_lake(c, plan)).collect();
    let dry: Vec<(usize, &Ring)> = blocks
        .iter()
        .enumerate()
        .filter(|(i, _)| !wet[*i])
        .filter_map(|(i, b)| b.as_ref().map(|b| (i, b)))
        .collect();
    let mut scale = 1.0;
    let wanted = city.parcels as f64;
    let mut best: Option<(f64, Divided)> = None;
    for _ in 0..7 {
        let parts: Divided = dry
            .iter()
            .map(|&(i, b)| (i, divide(b, plan.cells[i].kind, scale, city.seed, i as u64)))
            .collect();
        let count = parts.iter().map(|p| p.1.len()).sum::<usize>() as f64;
        let miss = (count / wanted - 1.0).abs();
        if best.as_ref().is_none_or(|b| miss < b.0) {
            best = Some((miss, parts));
        }
        if miss < 0.02 {
            break;
        }
        scale = (scale * (count / wanted)).clamp(0.2, 8.0);
    }
    let mut out = Vec::new();
    for (cell, mut rings) in best.map_or_else(Vec::new, |b| b.1) {
        node_few(&mut rings);
        out.extend(rings.iter().filter_map(|r| parcel(city.seed, plan, cell, r)));
    }
    out
}

/// Whether a lake reaches into the cell.
pub fn has_lake(cell: &Cell, plan: &Cells) -> bool {
    let ring = points(&cell.ring);
    let (low, high) = super::plane::bounds(&ring);
    plan.lakes.iter().any(|(_, lake)| {
        let (l, h) = super::plane::bounds(lake);
        let near = l.x < high.x && h.x > low.x && l.y < high.y && h.y > low.y;
        near && (lake.iter().any(|p| contains(&ring, *p))
            || ring.iter().any(|p| contains(lake, *p)))
    })
}

fn divide(block: &Ring, kind: Kind, scale: f64, seed: u64, n: u64) -> Vec<Ring> {
    let (front, depth) = kind.spec().parcel;
    if front == 0.0 {
        return vec![block.clone()];
    }
    let k = scale.sqrt();
    let (front, depth) = (front * k, depth * k);
    let mut rng = Rng::of(seed, 31, n);
    let rows_only = matches!(kind, Kind::Private | Kind::Garden);
    let u = Frame::tight(&points(block)).u;
    let mut stack = vec![block.clone()];
    let mut out = Vec::new();
    while let Some(ring) = stack.pop() {
        let shape = points(&ring);
        let f = Frame::along(&shape, u);
        let (rows, cols) = ((f.wid / depth).round(), (f.len / front).round());
        let size = area(&shape);
        let enough = !rows_only && size < front * depth * 1.9 && rng.chance(0.25);
        let few = rows < 2.0 && cols < 2.0 || size < front * depth * 0.9;
        let spread = if rows_only { 0.012 } else { 0.05 };
        if few || enough {
            if size > 80.0 {
                out.push(ring);
            }
            continue;
        }
        let by_rows = rows >= 2.0 && (rows_only || cols < 2.0 || f.wid > f.len * 0.8);
        let count = if by_rows { rows } else { cols };
        let share = (count / 2.0).floor() / count + rng.range(-spread, spread);
        let (o, way, reach) = if by_rows {
            (f.at(0.0, f.wid * share), f.u, f.len)
        } else {
            (f.at(f.len * share, 0.0), f.v, f.wid)
        };
        let lean = way.left() * (reach * rng.range(-0.02, 0.02));
        let parts = cut(&ring, &[o - way * 5.0 - lean, o + way * (reach + 5.0) + lean], Side::NONE);
        if parts.len() < 2 {
            out.push(ring);
        } else {
            stack.extend(parts);
        }
    }
    out
}

fn parcel(seed: u64, plan: &Cells, cell: usize, ring: &[Corner]) -> Option<Parcel> {
    let mut ring = ring.to_vec();
    ring.dedup_by(|a, b| key(a.p) == key(b.p));
    let shape = points(&ring);
    if shape.len() < 3 || area(&shape) < 60.0 || !simple(&shape) {
        return None;
    }
    let c = &plan.cells[cell];
    let at = super::plane::centroid(&shape);
    let mut rng = Rng::of(seed ^ key(at).0 as u64, 33, key(at).1 as u64);
    let (kind, land_use) = purpose(c.kind, area(&shape), &mut rng);
    Some(Parcel {
        front: front(plan, c, &ring),
        ring: shape,
        cell,
        kind,
        land_use,
        number: String::new(),
    })
}

/// Some parcels of a neighbourhood serve another purpose than the rest.
fn purpose(kind: Kind, size: f64, rng: &mut Rng) -> (Kind, &'static str) {
    let u = rng.unit();
    let kind = match kind {
        Kind::Panel if u < 0.11 => Kind::Public,
        Kind::Panel if u < 0.16 => Kind::Park,
        Kind::Panel if u < 0.2 => Kind::Business,
        Kind::Mid if u < 0.07 => Kind::Public,
        Kind::Mid if u < 0.12 => Kind::Business,
        Kind::Mid if u < 0.15 => Kind::Park,
        Kind::Centre if u < 0.38 => Kind::Mid,
        Kind::Centre if u < 0.45 => Kind::Public,
        Kind::Centre if u < 0.49 => Kind::Park,
        Kind::Private if u < 0.006 && size > 500.0 => Kind::Business,
        Kind::Business if u < 0.06 => Kind::Park,
        Kind::Industry if u < 0.05 => Kind::Utility,
        other => other,
    };
    let code = if rng.chance(0.006) { "reserve" } else { kind.spec().land_use };
    (kind, code)
}

fn front(plan: &Cells, cell: &Cell, ring: &[Corner]) -> Option<Front> {
    let mut best: Option<(f64, Front)> = None;
    for i in 0..ring.len() {
        let (a, b) = (ring[i].p, ring[(i + 1) % ring.len()].p);
        let Some(edge) = ring[i].side.number() else {
            continue;
        };
        let side = cell.ring.get(edge).map(|c| c.side);
        let Some(street) = side.and_then(Side::number) else {
            continue;
        };
        // A street of a higher class is a better address.
        let weight = a.far(b) * if plan.streets[street].class < Class::Local { 1.3 } else { 1.0 };
        if a.far(b) > 3.0 && best.is_none_or(|f| weight > f.0) {
            best = Some((weight, Front { street, at: a.toward(b, 0.5), way: (b - a).unit() }));
        }
    }
    best.map(|f| f.1)
}
