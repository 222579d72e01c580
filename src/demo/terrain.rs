//! The ground plan: rivers, railway and avenues, and the first cells they cut the city into.
//!
//! Finer streets are in `cells.rs`. Everything here lies on the straight plan; the bend comes after
//! the last cut.

use super::cut::{Ring, Side, cut, points, ring_of};
use super::line::{beside, smooth};
use super::names::AVENUES;
use super::plan::Plan;
use super::plane::{Pt, inside};

/// Class of a street.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Road through and round the city.
    Highway,
    /// Avenue.
    Main,
    /// Street of a district.
    District,
    /// Street of a neighbourhood.
    Local,
}

impl Class {
    /// Its code.
    pub fn code(self) -> &'static str {
        match self {
            Class::Highway => "highway",
            Class::Main => "main",
            Class::District => "district",
            Class::Local => "local",
        }
    }

    /// From red line to red line, m.
    pub fn width(self) -> f64 {
        match self {
            Class::Highway => 56.0,
            Class::Main => 42.0,
            Class::District => 28.0,
            Class::Local => 15.0,
        }
    }
}

/// What a first cell is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ground {
    /// Land.
    Land,
    /// The Volga.
    Volga,
    /// The Kazanka.
    Kazanka,
    /// The strip of the railway.
    Rail,
}

/// A line of the plan and its class.
pub struct Avenue {
    /// The axis before bending.
    pub line: Vec<Pt>,
    /// Its class.
    pub class: Class,
    /// Its name.
    pub name: &'static str,
}

/// Rivers, railways and avenues before bending.
pub struct Terrain {
    /// The Volga's bank, from north to south; the city lies to its left.
    pub bank: Vec<Pt>,
    /// The middle of the Kazanka, downstream.
    pub kazanka: Vec<Pt>,
    /// The middle of the railways.
    pub rails: Vec<Vec<Pt>>,
    /// Avenues; the side number of a street below this count is its index.
    pub avenues: Vec<Avenue>,
    scale: f64,
}

/// Half of the railway's land, m.
pub const RAIL_HALF: f64 = 22.0;

type Km = &'static [(f64, f64)];

const BANK: Km = &[
    (-6.2, 10.5),
    (-5.4, 7.0),
    (-5.0, 4.6),
    (-4.5, 2.6),
    (-3.5, 1.0),
    (-2.5, -0.5),
    (-2.2, -2.2),
    (-1.7, -4.4),
    (-1.3, -7.0),
    (-0.6, -10.5),
];
const KAZANKA: Km = &[
    (11.0, 4.9),
    (9.0, 4.2),
    (7.4, 4.0),
    (6.3, 2.7),
    (5.1, 3.2),
    (3.9, 2.2),
    (2.7, 2.5),
    (1.6, 1.2),
    (0.5, 0.72),
    (-0.5, 0.78),
    (-1.5, 1.2),
    (-2.6, 0.9),
    (-3.9, 0.5),
    (-5.5, 0.2),
];
const RAILS: [Km; 2] = [
    &[(-9.5, 4.6), (-4.8, 3.7), (-2.2, 3.75), (0.2, 4.0), (2.6, 4.6), (4.4, 5.8), (5.6, 10.5)],
    &[(-4.0, -3.4), (-1.0, -3.5), (1.6, -4.3), (4.2, -3.4), (6.2, -2.3), (10.5, -2.2)],
];
const STREETS: [(Class, Km); 9] = [
    (
        Class::Main,
        &[
            (-1.6, 10.5),
            (-0.8, 6.0),
            (-0.25, 2.8),
            (-0.1, 0.9),
            (0.35, -0.4),
            (0.9, -2.2),
            (1.6, -4.9),
            (2.4, -10.5),
        ],
    ),
    (
        Class::Main,
        &[
            (-5.0, -0.6),
            (-1.5, -0.5),
            (0.35, -0.4),
            (1.8, -0.25),
            (3.4, 0.35),
            (5.6, 0.8),
            (10.5, 1.7),
        ],
    ),
    (
        Class::Main,
        &[(-4.5, -1.2), (-0.6, -1.15), (1.0, -1.5), (2.7, -2.3), (4.6, -4.0), (8.0, -8.0)],
    ),
    (
        Class::Main,
        &[(-5.6, 1.7), (-3.4, 2.1), (-0.2, 1.9), (1.9, 3.0), (3.6, 4.4), (5.6, 7.0), (7.5, 9.5)],
    ),
    (
        Class::Main,
        &[
            (-5.5, 3.0),
            (-1.6, 2.75),
            (0.8, 2.95),
            (2.4, 1.9),
            (3.4, 0.35),
            (3.3, -1.0),
            (2.7, -2.3),
            (0.9, -3.0),
            (-4.0, -2.8),
        ],
    ),
    (
        Class::District,
        &[(1.4, 4.2), (1.75, 1.2), (1.8, -0.25), (1.5, -1.6), (1.2, -3.4), (-3.0, -6.8)],
    ),
    (
        Class::District,
        &[(10.5, -5.0), (6.0, -4.4), (4.6, -1.4), (4.7, 0.6), (5.6, 3.0), (6.2, 4.8)],
    ),
    (
        Class::Highway,
        &[
            (-9.0, 5.6),
            (-5.2, 5.2),
            (-3.0, 5.5),
            (0.0, 5.8),
            (2.6, 5.9),
            (5.0, 4.6),
            (6.0, 2.2),
            (6.2, -0.6),
            (5.7, -2.9),
            (4.2, -5.0),
            (1.8, -6.0),
            (-3.4, -6.0),
        ],
    ),
    (Class::Highway, &[(-0.4, 6.6), (3.0, 2.4), (6.0, 1.2), (10.5, 0.2)]),
];

impl Terrain {
    /// The lines of a city of that size.
    pub fn new(plan: &Plan) -> Terrain {
        let scale = plan.km / 1000.0;
        let lay = |km: Km| smooth(&plan.line(km), 90.0);
        let avenues = STREETS
            .iter()
            .zip(AVENUES)
            .map(|(s, name)| Avenue { line: lay(s.1), class: s.0, name })
            .collect();
        Terrain {
            bank: lay(BANK),
            kazanka: lay(KAZANKA),
            rails: RAILS.iter().map(|r| lay(r)).collect(),
            avenues,
            scale,
        }
    }

    /// Half the width of the Kazanka at a vertex of its middle, m.
    pub fn kazanka_half(&self, i: usize) -> f64 {
        let t = i as f64 / self.kazanka.len() as f64;
        (38.0 + 95.0 * t * t) * self.scale.max(0.5)
    }

    /// Cuts the outline into cells of one ground each.
    pub fn cells(&self, outline: &[Pt]) -> Vec<(Ring, Ground)> {
        let mut cells = vec![ring_of(outline, Side::LIMIT)];
        let mut by = |line: &[Pt], side: Side| {
            cells = cells.iter().flat_map(|c| cut(c, line, side)).collect();
        };
        by(&self.bank, Side::BANK);
        let half = |i: usize| self.kazanka_half(i);
        by(&super::line::parallel(&self.kazanka, half), Side::BANK);
        by(&super::line::parallel(&self.kazanka, |i| -half(i)), Side::BANK);
        for rail in &self.rails {
            by(&super::line::parallel(rail, |_| RAIL_HALF), Side::RAIL);
            by(&super::line::parallel(rail, |_| -RAIL_HALF), Side::RAIL);
        }
        for (i, avenue) in self.avenues.iter().enumerate() {
            by(&avenue.line, Side::numbered(i));
        }
        cells
            .into_iter()
            .map(|c| (self.ground(inside(&points(&c))), c))
            .map(|(g, c)| (c, g))
            .collect()
    }

    fn ground(&self, p: Pt) -> Ground {
        if !beside(&self.bank, p).1 {
            return Ground::Volga;
        }
        let near = self.kazanka.iter().enumerate().map(|(i, q)| (q.far(p), i));
        let near = near.min_by(|a, b| a.0.total_cmp(&b.0));
        let half = near.map_or(0.0, |n| self.kazanka_half(n.1));
        if beside(&self.kazanka, p).0 < half {
            Ground::Kazanka
        } else if self.rails.iter().any(|r| beside(r, p).0 < RAIL_HALF) {
            Ground::Rail
        } else {
            Ground::Land
        }
    }
}
