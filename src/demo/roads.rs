//! The streets of the plan: the large ones as Kazan has them (kilometres from the kremlin), the
//! railway, and the register of all streets.
//!
//! Smaller streets come from dividing sectors (`sectors.rs`) and blocks (`blocks.rs`).

use super::cut::Side;
use super::line::{parallel, smooth};
use super::plan::Plan;
use super::plane::Pt;
use super::terrain::{Face, Ground, Terrain, cut_faces, oval};

/// How large a street is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Radial roads out of the city and the ring.
    Highway,
    /// Main streets.
    Main,
    /// District streets.
    District,
    /// Local streets.
    Local,
    /// Ways within yards, works and forests.
    Service,
}

impl Class {
    /// The code of the layer `street_axis`.
    pub fn code(self) -> &'static str {
        match self {
            Class::Highway => "highway",
            Class::Main => "main",
            Class::District => "district",
            Class::Local => "local",
            Class::Service => "service",
        }
    }

    /// Usual width between the red lines, m.
    pub fn width(self) -> f64 {
        match self {
            Class::Highway => 60.0,
            Class::Main => 42.0,
            Class::District => 28.0,
            Class::Local => 18.0,
            Class::Service => 10.0,
        }
    }
}

/// What a street is like: decides how it is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// A street of the town.
    Town,
    /// A street of private houses.
    Village,
    /// An alley of a garden association, by the sector's number.
    Garden(u32),
    /// A way without a name.
    Nameless,
}

/// One street.
#[derive(Clone, Debug)]
pub struct Street {
    /// Its class.
    pub class: Class,
    /// Width between the red lines, m.
    pub width: f64,
    /// Its name once it has one.
    pub name: String,
    /// How it is named.
    pub manner: Manner,
}

/// All streets; a street's number is its place here.
#[derive(Clone, Debug, Default)]
pub struct Streets {
    /// The streets.
    pub list: Vec<Street>,
}

impl Streets {
    /// A new street; its sides bear the number that is returned.
    pub fn add(&mut self, class: Class, width: f64, name: &str, manner: Manner) -> Side {
        self.list.push(Street { class, width, name: name.to_owned(), manner });
        Side::numbered(self.list.len() - 1)
    }

    /// The street along a side.
    pub fn of(&self, side: Side) -> Option<&Street> {
        side.number().and_then(|n| self.list.get(n))
    }

    /// How far a block stays off the line of its cell along this side, m.
    pub fn half(&self, side: Side) -> f64 {
        match side {
            Side::BANK => 22.0,
            Side::RAIL => 4.0,
            Side::LIMIT => 6.0,
            _ => self.of(side).map_or(0.0, |s| s.width / 2.0),
        }
    }
}

type Course = (Class, &'static str, &'static [(f64, f64)]);

const H: Class = Class::Highway;
const M: Class = Class::Main;
const D: Class = Class::District;

#[rustfmt::skip]
const COURSES: &[Course] = &[
    (M, "улица Декабристов", &[(-0.8, -0.4), (-0.74, 0.35), (-0.72, 1.7), (-0.75, 3.0), (-0.5, 4.3),
        (0.05, 5.4)]),
    (H, "улица Копылова", &[(0.05, 5.4), (0.35, 6.6), (0.25, 8.5), (0.6, 11.0), (0.9, 14.0)]),
    (M, "проспект Ямашева", &[(-3.4, 3.75), (-2.75, 3.55), (-1.6, 3.15), (-0.3, 2.95), (1.2, 2.9),
        (2.6, 3.2), (3.4, 3.72)]),
    (M, "проспект Победы", &[(3.3, 3.66), (4.0, 3.85), (4.6, 3.2), (5.3, 2.0), (5.75, 0.6),
        (5.7, -0.9), (5.2, -2.5), (4.4, -3.9), (3.2, -5.0), (2.25, -5.6)]),
    (M, "улица Магистральная", &[(2.3, -5.57), (1.6, -5.9), (0.7, -5.9), (-0.4, -5.4), (-1.9, -5.1)]),
    (M, "улица Чистопольская", &[(-2.3, 2.0), (-0.75, 1.85), (0.9, 1.72), (2.1, 2.0), (2.85, 2.7),
        (3.35, 3.68)]),
    (M, "улица Клары Цеткин", &[(-2.2, 2.02), (-3.2, 1.4), (-4.6, 1.5), (-6.2, 2.1), (-8.2, 3.1),
        (-11.0, 3.9)]),
    (H, "Горьковское шоссе", &[(-0.7, 2.45), (-2.0, 2.75), (-3.4, 3.2), (-5.2, 4.1), (-7.5, 5.3),
        (-12.0, 7.5)]),
    (M, "улица Татарстан", &[(-1.0, -0.4), (-0.5, -0.9), (0.2, -1.06), (0.75, -0.95), (1.0, -0.88)]),
    (M, "улица Пушкина", &[(0.8, -0.95), (1.3, -0.35), (1.55, 0.2), (1.6, 0.6)]),
    (M, "проспект Фатиха Амирхана", &[(1.6, 0.5), (1.62, 1.2), (1.5, 1.8), (1.25, 2.9), (1.1, 4.2),
        (1.2, 5.35)]),
    (M, "улица Николая Ершова", &[(1.2, -0.5), (1.75, -0.42), (2.6, -0.05), (3.65, 0.37)]),
    (H, "Сибирский тракт", &[(3.55, 0.34), (4.8, 0.95), (6.2, 1.85), (7.8, 3.2), (9.5, 4.4),
        (13.0, 6.5)]),
    (H, "Оренбургский тракт", &[(1.05, -2.15), (2.0, -3.35), (2.6, -4.8), (3.4, -6.3), (4.1, -8.0),
        (5.4, -12.0)]),
    (H, "Мамадышский тракт", &[(5.5, -1.35), (7.2, -1.7), (9.0, -2.3), (13.0, -3.2)]),
    (M, "улица Вишневского", &[(1.62, -0.3), (1.55, -1.3), (1.3, -2.0), (1.05, -2.35)]),
    (M, "улица Гвардейская", &[(2.55, 0.0), (3.05, -1.0), (3.5, -2.2), (3.9, -3.4), (4.45, -4.0)]),
    (M, "улица Рихарда Зорге", &[(2.1, -3.55), (3.0, -4.0), (3.9, -4.9), (4.9, -5.7), (6.5, -6.5)]),
    (M, "улица Фучика", &[(5.4, -1.8), (6.1, -3.1), (5.7, -4.6), (4.6, -5.5)]),
    (M, "улица Гагарина", &[(-2.5, 5.3), (-1.2, 5.4), (0.1, 5.45), (1.8, 5.2), (3.2, 4.8),
        (4.05, 3.8)]),
    (M, "улица Восстания", &[(-2.75, 3.5), (-2.65, 4.5), (-2.45, 5.5), (-2.1, 7.25)]),
    (D, "улица Волгоградская", &[(-1.55, 3.1), (-1.5, 4.3), (-1.2, 5.45)]),
    (M, "улица Техническая", &[(0.3, -1.0), (0.13, -2.2), (0.25, -3.4), (0.55, -4.8), (0.72, -6.0),
        (0.9, -8.0), (1.0, -12.0)]),
    (M, "улица Михаила Девятаева", &[(-0.95, -0.45), (-1.62, -1.3), (-1.62, -2.9), (-1.9, -4.6),
        (-1.6, -6.2), (-1.2, -7.8)]),
    (M, "улица Хади Такташа", &[(-1.65, -2.5), (-0.8, -2.2), (0.17, -2.1)]),
    (D, "улица Эсперанто", &[(0.12, -2.62), (0.7, -2.62), (1.2, -2.35)]),
    (H, "Казанское кольцо", &[(-5.5, 4.2), (-4.6, 6.0), (-2.1, 7.2), (0.35, 7.2), (2.8, 6.8),
        (5.0, 6.4), (6.6, 5.7), (7.4, 4.4), (7.95, 3.2), (7.7, 1.2), (7.4, -1.7), (7.0, -4.2),
        (5.9, -6.2), (3.9, -7.5), (1.0, -7.8), (-1.3, -7.7)]),
    (D, "улица Баумана", &[(0.16, -0.22), (0.36, -0.6), (0.68, -1.0)]),
    (D, "улица Кремлёвская", &[(0.2, -0.08), (0.7, -0.3), (1.35, -0.42)]),
    (D, "улица Карла Маркса", &[(-0.8, 0.32), (0.1, 0.3), (0.75, 0.12), (1.5, 0.0), (2.4, 0.0)]),
    (D, "улица Московская", &[(-0.9, -0.2), (-0.3, -0.45), (0.3, -0.5)]),
];

const RAILS: [&[(f64, f64)]; 2] = [
    &[
        (-14.0, 6.2),
        (-9.0, 4.3),
        (-6.0, 3.3),
        (-4.2, 2.6),
        (-3.0, 1.8),
        (-2.25, 1.3),
        (-1.75, 0.75),
        (-1.45, 0.1),
        (-1.2, -0.8),
        (-0.85, -1.7),
        (-0.2, -2.6),
        (0.9, -2.9),
        (2.2, -2.75),
        (3.3, -2.1),
        (4.2, -1.0),
        (5.1, 0.3),
        (6.4, 1.25),
        (8.0, 2.1),
        (10.0, 2.6),
        (14.0, 3.4),
    ],
    &[(-3.1, 1.8), (-3.7, 3.4), (-3.6, 5.0), (-3.0, 6.6), (-2.7, 8.2), (-2.4, 13.0)],
];

/// Half the width of the railway's land, m.
const RAIL_HALF: [f64; 2] = [26.0, 17.0];

/// The lines of the railway.
pub fn rails(plan: &Plan) -> Vec<Vec<Pt>> {
    RAILS.iter().map(|r| smooth(&plan.line(r), 60.0)).collect()
}

/// Cuts the railway's land out of the faces.
pub fn lay_rails(mut faces: Vec<Face>, rails: &[Vec<Pt>]) -> Vec<Face> {
    for (rail, half) in rails.iter().zip(RAIL_HALF) {
        for by in [half, -half] {
            let edge = parallel(rail, |_| by);
            faces = cut_faces(faces, &edge, Side::RAIL, |f| f.ground == Ground::Land);
        }
        for face in &mut faces {
            let p = super::plane::inside(&super::cut::points(&face.ring));
            if face.ground == Ground::Land && super::line::beside(rail, p).0 < half - 0.5 {
                face.ground = Ground::Rail;
            }
        }
    }
    faces
}

/// Cuts the large streets into the faces; the Kazanka gets bridges, the railway crossings.
pub fn lay_courses(
    plan: &Plan,
    terrain: &Terrain,
    mut faces: Vec<Face>,
    streets: &mut Streets,
) -> Vec<Face> {
    for &(class, name, knots) in COURSES {
        let course = longer(&smooth(&plan.line(knots), 60.0), 160.0 * plan.km / 1000.0);
        let side = streets.add(class, width(plan, class), name, Manner::Town);
        let bridge = class <= Class::Main;
        faces = cut_faces(faces, &course, side, |f| match f.ground {
            Ground::Land => true,
            Ground::River | Ground::Rail => bridge,
            _ => false,
        });
    }
    // Embankments: streets along both banks of the Kazanka within the city.
    let middle = &terrain.kazanka;
    let (from, to) = (middle.len() / 8, middle.len() * 4 / 10);
    for (name, by) in [("Адмиралтейская набережная", 1.0), ("Кремлёвская набережная", -1.0)] {
        let reach = 0.27 * plan.km + 95.0;
        let course = parallel(&middle[from..to], |_| by * reach);
        let side = streets.add(D, width(plan, D), name, Manner::Town);
        faces = cut_faces(faces, &course, side, |f| f.ground == Ground::Land);
    }
    faces
}

/// Streets of a small city are a little narrower.
pub fn width(plan: &Plan, class: Class) -> f64 {
    (class.width() * (0.55 + 0.45 * plan.km / 1000.0)).round()
}

fn longer(line: &[Pt], by: f64) -> Vec<Pt> {
    let n = line.len();
    let mut out = vec![line[0] + (line[0] - line[1]).unit() * by];
    out.extend_from_slice(line);
    out.push(line[n - 1] + (line[n - 1] - line[n - 2]).unit() * by);
    out
}

/// Cuts an oval (a lake, the kremlin) out of the land: first its axis, which becomes a street as far
/// as it lies outside, then both halves of the outline.
pub fn carve(
    plan: &Plan,
    faces: Vec<Face>,
    (a, b, half): (Pt, Pt, f64),
    (axis, edge, ground): (Side, Side, Ground),
) -> Vec<Face> {
    let turn = std::f64::consts::TAU;
    let whole = oval(plan, a, b, half, 0.0, turn, 48);
    let left = oval(plan, a, b, half, -0.2, turn / 2.0 + 0.2, 30);
    let right = oval(plan, a, b, half, turn / 2.0 - 0.2, turn + 0.2, 30);
    let long = longer(&[a, a.toward(b, 0.5), b], 5000.0);
    let touched = |f: &Face| {
        let shape = super::cut::points(&f.ring);
        f.ground == Ground::Land && whole.iter().any(|&p| super::plane::contains(&shape, p))
    };
    let (mut mine, mut rest): (Vec<Face>, Vec<Face>) = faces.into_iter().partition(touched);
    mine = cut_faces(mine, &long, axis, |_| true);
    mine = cut_faces(mine, &left, edge, |_| true);
    mine = cut_faces(mine, &right, edge, |_| true);
    for face in &mut mine {
        let p = super::plane::inside(&super::cut::points(&face.ring));
        if super::plane::contains(&whole, p) {
            face.ground = ground;
        }
    }
    rest.extend(mine);
    rest
}
