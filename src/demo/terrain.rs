//! Water: the wide Volga in the west, the Kazanka winding through the city, a small river in the
//! east, the Kaban lakes; and the first faces of land and water within the municipality.
//!
//! Everything here lies in the plan before it is bent (`plan.rs`, `rng::Warp`).

use super::cut::{Ring, Side, cut, points, ring_of};
use super::line::{parallel, smooth};
use super::plan::Plan;
use super::plane::{Pt, area, contains, inside, pt};
use super::rng::{cos, sin};

/// What a face of the first division is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ground {
    /// Land that will be divided.
    Land,
    /// The Volga: no bridges in this city.
    Volga,
    /// A river with bridges.
    River,
    /// A lake.
    Lake,
    /// Land of the railway.
    Rail,
    /// The kremlin.
    Kremlin,
}

/// A face of the plan.
#[derive(Clone, Debug)]
pub struct Face {
    /// Its outline.
    pub ring: Ring,
    /// What it is.
    pub ground: Ground,
}

/// A river or lake.
#[derive(Clone, Debug)]
pub struct Water {
    /// Its name.
    pub name: &'static str,
    /// `river`, `lake` or `stream`.
    pub kind: &'static str,
    /// Its outline.
    pub ring: Vec<Pt>,
    /// Its banks, each with the land to the left (lakes: one closed bank).
    pub banks: Vec<Vec<Pt>>,
}

/// All water of the plan.
#[derive(Clone, Debug)]
pub struct Terrain {
    /// The Volga first, then the Kazanka, then the small river.
    pub rivers: Vec<Water>,
    /// The Kazanka's middle, from its mouth upstream.
    pub kazanka: Vec<Pt>,
    /// Lakes and their long axis.
    pub lakes: Vec<(Water, Pt, Pt)>,
}

const EAST_BANK: [(f64, f64); 14] = [
    (-14.0, 3.2),
    (-11.0, 3.0),
    (-8.5, 2.1),
    (-6.5, 1.2),
    (-4.8, 0.75),
    (-3.3, 0.3),
    (-2.5, -0.5),
    (-2.15, -1.6),
    (-2.1, -3.0),
    (-2.5, -4.6),
    (-2.2, -6.4),
    (-1.7, -8.0),
    (-1.9, -10.0),
    (-2.4, -14.0),
];

const WEST_BANK: [(f64, f64); 9] = [
    (-14.0, -0.6),
    (-10.0, -0.6),
    (-7.5, -1.4),
    (-5.9, -2.6),
    (-5.1, -4.2),
    (-5.2, -6.0),
    (-5.0, -8.0),
    (-4.6, -10.0),
    (-5.0, -14.0),
];

/// The Kazanka upstream: place, half width in km.
const KAZANKA: [(f64, f64, f64); 16] = [
    (-3.7, -0.1, 0.30),
    (-2.5, 0.52, 0.30),
    (-1.3, 1.0, 0.27),
    (0.1, 1.06, 0.26),
    (1.4, 1.0, 0.24),
    (2.5, 1.35, 0.19),
    (3.25, 2.1, 0.14),
    (3.8, 2.95, 0.10),
    (4.8, 3.35, 0.075),
    (5.5, 4.15, 0.06),
    (6.5, 4.3, 0.05),
    (7.3, 5.15, 0.045),
    (8.4, 5.3, 0.04),
    (9.3, 6.3, 0.04),
    (10.6, 6.5, 0.035),
    (12.5, 8.0, 0.035),
];

const NOKSA: [(f64, f64); 10] = [
    (5.45, 4.1),
    (6.0, 3.2),
    (6.9, 2.4),
    (7.0, 1.5),
    (7.55, 0.5),
    (7.3, -0.6),
    (7.9, -1.4),
    (7.8, -2.8),
    (8.6, -4.2),
    (10.5, -6.5),
];

/// Lakes: name, ends of the long axis, half width, km.
const LAKES: [(&str, (f64, f64), (f64, f64), f64); 7] = [
    ("Нижний Кабан", (0.53, -1.2), (0.72, -2.42), 0.19),
    ("Средний Кабан", (1.32, -3.25), (1.75, -5.35), 0.24),
    ("Верхний Кабан", (2.35, -6.25), (2.6, -7.05), 0.17),
    ("Лебяжье", (-6.1, 5.75), (-5.4, 5.95), 0.13),
    ("Изумрудное", (-4.75, 4.6), (-4.45, 4.9), 0.13),
    ("Глубокое", (-7.6, 4.0), (-7.3, 4.25), 0.12),
    ("Комсомольское", (4.35, 5.6), (4.75, 5.75), 0.11),
];

impl Terrain {
    /// The water of a city of this size.
    pub fn new(plan: &Plan) -> Terrain {
        let bank = smooth(&plan.line(&EAST_BANK), 90.0);
        let mut volga = bank.clone();
        volga.extend(smooth(&plan.line(&WEST_BANK), 200.0).into_iter().rev());
        // The bank runs from the west to the south: land lies on its left.
        let volga = Water { name: "Волга", kind: "river", ring: volga, banks: vec![bank] };
        let knots: Vec<(f64, f64)> = KAZANKA.iter().map(|k| (k.0, k.1)).collect();
        let kazanka = meander(plan, &smooth(&plan.line(&knots), 45.0));
        let wide = |i: usize| {
            let at = i as f64 / kazanka.len() as f64 * 15.0;
            let (k, t) = ((at.floor() as usize).min(14), at - at.floor());
            let half = KAZANKA[k].2 * (1.0 - t) + KAZANKA[k + 1].2 * t;
            (half * plan.km).max(24.0)
        };
        let river = river("Казанка", "river", &kazanka, wide);
        let noksa = meander(plan, &smooth(&plan.line(&NOKSA), 40.0));
        let noksa = self::river("Нокса", "stream", &noksa, |_| 7.0);
        let lakes = (0..LAKES.len()).map(|i| lake(plan, i)).collect();
        Terrain { rivers: vec![volga, river, noksa], kazanka, lakes }
    }

    /// The municipality cut into land, Volga and rivers.
    pub fn faces(&self, plan: &Plan) -> Vec<Face> {
        let outline = ring_of(&plan.outline(), Side::LIMIT);
        let west = smooth(&plan.line(&WEST_BANK), 200.0);
        // What lies beyond the Volga belongs to the neighbours.
        let home = cut(&outline, &west, Side::LIMIT);
        let home = home.into_iter().max_by(|a, b| {
            area(&points(a)).total_cmp(&area(&points(b)))
        });
        let mut faces: Vec<Face> =
            home.into_iter().map(|ring| Face { ring, ground: Ground::Land }).collect();
        for (water, ground) in self.rivers.iter().zip([Ground::Volga, Ground::River, Ground::River]) {
            for bank in &water.banks {
                faces = cut_faces(faces, bank, Side::BANK, |f| f.ground == Ground::Land);
            }
            for face in &mut faces {
                let p = inside(&points(&face.ring));
                if face.ground == Ground::Land && contains(&water.ring, p) {
                    face.ground = ground;
                }
            }
        }
        faces
    }

    /// Whether a place lies north of the Kazanka.
    pub fn north(&self, p: Pt) -> bool {
        super::line::beside(&self.kazanka, p).1
    }
}

/// Cuts those faces along a line which `which` names.
pub fn cut_faces(
    faces: Vec<Face>,
    line: &[Pt],
    side: Side,
    which: impl Fn(&Face) -> bool,
) -> Vec<Face> {
    let mut out = Vec::with_capacity(faces.len() + 8);
    for face in faces {
        if which(&face) {
            let ground = face.ground;
            out.extend(cut(&face.ring, line, side).into_iter().map(|ring| Face { ring, ground }));
        } else {
            out.push(face);
        }
    }
    out
}

fn river(
    name: &'static str,
    kind: &'static str,
    middle: &[Pt],
    half: impl Fn(usize) -> f64,
) -> Water {
    let left = parallel(middle, &half);
    let right: Vec<Pt> = parallel(middle, |i| -half(i)).into_iter().rev().collect();
    let mut ring = right.clone();
    ring.extend(left.iter().rev());
    ring.reverse();
    Water { name, kind, ring, banks: vec![left, right] }
}

/// Small bends, smaller near the mouth.
fn meander(plan: &Plan, line: &[Pt]) -> Vec<Pt> {
    let n = line.len() as f64;
    let noise = plan.noise(2);
    parallel(line, |i| {
        let t = (i as f64 / n * 2.2 - 0.5).clamp(0.0, 1.0);
        t * (noise.at(line[i], 420.0) * 120.0 + noise.at(line[i], 170.0) * 45.0) * plan.km / 1000.0
    })
}

/// The outline of a lake round an axis, as two half outlines would cut it (`halves`).
fn lake(plan: &Plan, i: usize) -> (Water, Pt, Pt) {
    let (name, a, b, half) = LAKES[i];
    let (a, b) = (plan.at(a.0, a.1), plan.at(b.0, b.1));
    let ring = oval(plan, a, b, half * plan.km, 0.0, std::f64::consts::TAU, 48);
    let mut bank: Vec<Pt> = ring.iter().rev().copied().collect();
    bank.push(bank[0]);
    (Water { name, kind: "lake", ring, banks: vec![bank] }, a, b)
}

/// Part of a rough oval round the axis `a`-`b`, from one angle to another.
pub fn oval(plan: &Plan, a: Pt, b: Pt, half: f64, from: f64, to: f64, steps: usize) -> Vec<Pt> {
    let noise = plan.noise(3);
    let (middle, u) = (a.toward(b, 0.5), (b - a) * 0.5);
    let v = u.unit().left() * half;
    (0..steps)
        .map(|k| {
            let angle = from + (to - from) * k as f64 / steps as f64;
            let (c, s) = (cos(angle), sin(angle));
            // The same angle a full turn later must give the same place: noise is read on the oval.
            let base = u * c + v * s;
            let rough = 1.0 + 0.13 * noise.at(middle + base * 1.0, half * 1.1);
            let fuller = 1.0 + 0.12 * (1.0 - (c * c - s * s) * (c * c - s * s));
            middle + pt(base.x, base.y) * (rough * fuller)
        })
        .collect()
}
