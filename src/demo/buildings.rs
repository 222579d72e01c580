//! Buildings: set back from the street, inside their parcel, in the shapes of their time.

use super::parcels::Parcel;
use super::plan::Kind;
use super::rng::Rng;
use super::shape::{Poly, Pt, Tag, area, pt};

/// A building.
pub struct Building {
    pub parcel: usize,
    pub ring: Vec<Pt>,
    pub floors: i64,
    pub height_m: f64,
    pub purpose: &'static str,
    pub year: i64,
    /// The main building of its parcel has the address.
    pub main: bool,
}

/// Footprints in the unit square, street side below.
const SLAB: [(f64, f64); 4] = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)];
const ELL: [(f64, f64); 6] = [
    (0.0, 0.0),
    (1.0, 0.0),
    (1.0, 0.42),
    (0.42, 0.42),
    (0.42, 1.0),
    (0.0, 1.0),
];
const TEE: [(f64, f64); 8] = [
    (0.0, 0.0),
    (1.0, 0.0),
    (1.0, 0.45),
    (0.7, 0.45),
    (0.7, 1.0),
    (0.3, 1.0),
    (0.3, 0.45),
    (0.0, 0.45),
];
const U: [(f64, f64); 8] = [
    (0.0, 0.0),
    (1.0, 0.0),
    (1.0, 1.0),
    (0.72, 1.0),
    (0.72, 0.4),
    (0.28, 0.4),
    (0.28, 1.0),
    (0.0, 1.0),
];

/// The buildings of every parcel.
pub fn build(parcels: &[Parcel], seed: u64) -> Vec<Building> {
    let mut buildings = Vec::new();
    for (number, parcel) in parcels.iter().enumerate() {
        let mut rng = Rng::new(seed ^ 0xb1, number as u64);
        on(number, parcel, &mut rng, &mut buildings);
    }
    buildings
}

/// The edge that the house looks to: the longest one on a street.
pub fn front(parcel: &Parcel) -> Option<(Pt, Pt, usize)> {
    let ring = &parcel.ring;
    let edges = ring
        .iter()
        .zip(ring.iter().cycle().skip(1))
        .zip(&parcel.tags);
    edges
        .filter_map(|((a, b), tag)| tag.map(|street| (*a, *b, street)))
        .max_by(|a, b| a.0.to(a.1).total_cmp(&b.0.to(b.1)))
}

fn on(number: usize, parcel: &Parcel, rng: &mut Rng, out: &mut Vec<Building>) {
    let (street_m, side_m) = match parcel.kind {
        Kind::Centre => (1.0, 1.5),
        Kind::Flats => (8.0, 5.0),
        Kind::Houses | Kind::Garden => (5.0, 3.0),
        Kind::Business => (7.0, 4.0),
        Kind::Industry => (12.0, 8.0),
        Kind::Park | Kind::Forest | Kind::Lake | Kind::Field => return,
    };
    let whole = Poly {
        points: parcel.ring.clone(),
        tags: parcel.tags.clone(),
    };
    let free = whole.inset(|tag: Tag| if tag.is_some() { street_m } else { side_m });
    if free.points.len() < 3 || free.area() < 40.0 {
        return;
    }
    let (a, b) = match front(parcel) {
        Some((a, b, _)) => (a, b),
        None => (parcel.ring[0], parcel.ring[1]),
    };
    let length = a.to(b).max(1e-6);
    let u = pt((b.x - a.x) / length, (b.y - a.y) / length);
    let plot = Plot { free, a, u };
    let mut add = |ring: Vec<Pt>, floors: i64, purpose: &'static str, years: (i64, i64), main| {
        let storey = if purpose == "industry" { 5.4 } else { 3.1 };
        let height_m = (floors as f64 * storey + rng_height(floors)) * 10.0;
        let year =
            years.0 + (ring[0].x as i64 * 7 + ring[0].y as i64).rem_euclid(years.1 - years.0);
        let height_m = height_m.round() / 10.0;
        out.push(Building {
            parcel: number,
            ring,
            floors,
            height_m,
            purpose,
            year,
            main,
        });
    };
    match parcel.kind {
        Kind::Houses | Kind::Garden => {
            let garden = parcel.kind == Kind::Garden;
            if garden && rng.chance(0.25) {
                return;
            }
            let (w, d) = if garden { (6.0, 5.5) } else { (11.0, 9.5) };
            let (w, d) = (w * rng.within(0.8, 1.3), d * rng.within(0.8, 1.3));
            let shape: &[(f64, f64)] = if rng.chance(0.55) { &SLAB } else { &ELL };
            let purpose = if garden { "garden_house" } else { "house" };
            if let Some(ring) = plot.place(rng.within(0.3, 0.7), 0.0, w, d, shape) {
                add(
                    ring,
                    if garden { 1 } else { rng.whole(1, 3) },
                    purpose,
                    (1952, 2024),
                    true,
                );
            }
            if rng.chance(0.6) {
                let at = if rng.chance(0.5) { 0.1 } else { 0.9 };
                if let Some(ring) = plot.place(at, 17.0, 4.5, 5.5, &SLAB) {
                    add(ring, 1, "garage", (1960, 2020), false);
                }
            }
        }
        Kind::Flats => {
            let area_m2 = area(&parcel.ring);
            let social = rng.chance(0.13);
            let tower = !social && rng.chance(0.18);
            let (w, d, shape): (f64, f64, &[(f64, f64)]) = if social {
                (62.0, 34.0, if rng.chance(0.5) { &U } else { &TEE })
            } else if tower {
                (26.0, 24.0, &SLAB)
            } else {
                (rng.within(58.0, 110.0), 13.5, &SLAB)
            };
            let (floors, purpose) = if social {
                (
                    if rng.chance(0.5) { 2 } else { 4 },
                    if rng.chance(0.5) {
                        "kindergarten"
                    } else {
                        "school"
                    },
                )
            } else if tower {
                (rng.whole(14, 22), "apartment")
            } else {
                (*rng.of(&[5, 5, 5, 9, 9, 10]), "apartment")
            };
            if let Some(ring) = plot.place(0.5, 0.0, w, d, shape) {
                add(ring, floors, purpose, (1962, 2023), true);
            }
            if !social && area_m2 > 4_500.0 && rng.chance(0.55) {
                let w = rng.within(30.0, 70.0);
                if let Some(ring) = plot.place(0.5, 48.0, w, 13.5, &SLAB) {
                    add(ring, floors, "apartment", (1962, 2023), false);
                }
            }
        }
        Kind::Centre => {
            let shape: &[(f64, f64)] = *rng.of(&[&SLAB[..], &ELL[..], &U[..], &U[..], &TEE[..]]);
            let purpose = *rng.of(&[
                "office",
                "apartment",
                "shop",
                "culture",
                "public",
                "apartment",
            ]);
            let (w, d) = (rng.within(26.0, 48.0), rng.within(18.0, 34.0));
            if let Some(ring) = plot.place(0.5, 0.0, w, d, shape) {
                add(ring, rng.whole(2, 6), purpose, (1862, 2019), true);
            }
        }
        Kind::Business => {
            let shape: &[(f64, f64)] = *rng.of(&[&SLAB[..], &ELL[..], &TEE[..]]);
            let (w, d) = (rng.within(34.0, 75.0), rng.within(22.0, 40.0));
            if let Some(ring) = plot.place(0.5, 0.0, w, d, shape) {
                let purpose = *rng.of(&["office", "shop", "shop", "sport", "hospital"]);
                add(ring, rng.whole(2, 9), purpose, (1975, 2024), true);
            }
        }
        _ => {
            let shape: &[(f64, f64)] = *rng.of(&[&SLAB[..], &SLAB[..], &ELL[..]]);
            let (w, d) = (rng.within(60.0, 130.0), rng.within(28.0, 60.0));
            if let Some(ring) = plot.place(0.5, 0.0, w, d, shape) {
                add(ring, rng.whole(1, 3), "industry", (1950, 2022), true);
            }
            if let Some(ring) = plot.place(0.5, 85.0, w * 0.7, 18.0, &SLAB) {
                add(ring, 1, "warehouse", (1960, 2022), false);
            }
        }
    }
}

fn rng_height(floors: i64) -> f64 {
    if floors > 3 { 1.8 } else { 2.4 }
}

struct Plot {
    /// Where may be built; convex.
    free: Poly,
    /// Start and direction of the street side.
    a: Pt,
    u: Pt,
}

impl Plot {
    /// A footprint of about this size, `along` the front (0 … 1) and `back` metres behind the building
    /// line; made smaller until it fits, `None` when nothing does.
    fn place(
        &self,
        along: f64,
        back: f64,
        w: f64,
        d: f64,
        shape: &[(f64, f64)],
    ) -> Option<Vec<Pt>> {
        let local = |p: Pt| {
            let (x, y) = (p.x - self.a.x, p.y - self.a.y);
            (x * self.u.x + y * self.u.y, -x * self.u.y + y * self.u.x)
        };
        let corners: Vec<(f64, f64)> = self.free.points.iter().map(|p| local(*p)).collect();
        let low = corners.iter().fold(f64::MAX, |m, c| m.min(c.1));
        let (left, right) = corners
            .iter()
            .fold((f64::MAX, f64::MIN), |(l, r), c| (l.min(c.0), r.max(c.0)));
        for share in [1.0, 0.85, 0.7, 0.55, 0.42] {
            let (w, d) = (w.min(right - left) * share, d * share);
            if w < 3.0 || d < 3.0 {
                return None;
            }
            for nudge in [0.0, 1.5, 4.0] {
                let x0 = left + (right - left - w) * along;
                let y0 = low + back + nudge;
                let ring: Vec<Pt> = shape
                    .iter()
                    .map(|(x, y)| {
                        let (x, y) = (x0 + x * w, y0 + y * d);
                        let p = pt(
                            self.a.x + x * self.u.x - y * self.u.y,
                            self.a.y + x * self.u.y + y * self.u.x,
                        );
                        pt((p.x * 100.0).round() / 100.0, (p.y * 100.0).round() / 100.0)
                    })
                    .collect();
                if ring.iter().all(|p| self.holds(*p)) {
                    return Some(ring);
                }
            }
        }
        None
    }

    fn holds(&self, p: Pt) -> bool {
        self.free
            .edges()
            .all(|(a, b, _)| (b.x - a.x) * (p.y - a.y) - (b.y - a.y) * (p.x - a.x) >= -0.02)
    }
}
