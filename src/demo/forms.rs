//! Forms of buildings and how they are laid into a parcel.
//!
//! What is built where is decided in `buildings.rs`.

use super::plane::{Frame, Pt, centroid, contains, crossing, gap, pt};
use super::rng::Rng;
use super::topology::Patch;

/// Outline of a building, within a rectangle; numbers are thicknesses in m.
#[derive(Clone, Copy)]
pub enum Form {
    /// A rectangle.
    Block,
    /// Two wings.
    Ell(f64),
    /// Three wings.
    You(f64),
    /// Four wings round a yard.
    Court(f64),
    /// A wing with a tail.
    Tee(f64),
    /// A tower.
    Notched,
}

/// Where a form should stand.
pub struct Wish {
    /// Middle, along and across the parcel, m.
    pub at: (f64, f64),
    /// Size, m.
    pub size: (f64, f64),
    /// Form.
    pub form: Form,
    /// Least distance to the outline of the parcel, m.
    pub margin: f64,
}

/// A parcel that is being built on.
pub struct Site<'a> {
    /// Outline of the parcel.
    pub ring: &'a [Pt],
    /// Its rectangle along the street.
    pub frame: Frame,
    /// What already stands there.
    pub taken: Vec<Vec<Pt>>,
}

impl Site<'_> {
    /// Places a form, smaller and nearer to the middle if it must be.
    pub fn place(&mut self, wish: &Wish, least: f64) -> Option<Patch> {
        let middle = self.frame.of(centroid(self.ring));
        for k in 0..6 {
            let shrink = 1.0 - 0.09 * f64::from(k);
            let pull = 0.11 * f64::from(k);
            let at = (
                wish.at.0 + (middle.0 - wish.at.0) * pull,
                wish.at.1 + (middle.1 - wish.at.1) * pull,
            );
            let (w, d) = (wish.size.0 * shrink, wish.size.1 * shrink);
            if w < least || d < least {
                return None;
            }
            let to = |p: &Pt| self.frame.at(at.0 + p.x, at.1 + p.y).snap();
            let box_of = |m: f64| {
                let (x, y) = (w / 2.0 + m, d / 2.0 + m);
                [pt(-x, -y), pt(x, -y), pt(x, y), pt(-x, y)].iter().map(to).collect::<Vec<Pt>>()
            };
            let (outer, hole) = form(wish.form, w, d);
            let outer: Vec<Pt> = outer.iter().map(to).collect();
            let hull = box_of(2.0);
            let far =
                outer.iter().all(|p| contains(self.ring, *p) && gap(self.ring, *p) > wish.margin);
            if far && !meets(&outer, self.ring) && self.taken.iter().all(|t| apart(t, &hull)) {
                self.taken.push(box_of(0.0));
                let holes = hole.map(|h| h.iter().rev().map(to).collect()).into_iter().collect();
                return Some(Patch { parts: vec![(outer, holes)] });
            }
        }
        None
    }
}

fn meets(a: &[Pt], b: &[Pt]) -> bool {
    (0..a.len()).any(|i| {
        (0..b.len())
            .any(|j| crossing(a[i], a[(i + 1) % a.len()], b[j], b[(j + 1) % b.len()]).is_some())
    })
}

fn apart(a: &[Pt], b: &[Pt]) -> bool {
    !meets(a, b) && !contains(a, b[0]) && !contains(b, a[0])
}

type Outline = (Vec<Pt>, Option<Vec<Pt>>);

fn form(form: Form, w: f64, d: f64) -> Outline {
    let (x, y) = (w / 2.0, d / 2.0);
    let square = vec![pt(-x, -y), pt(x, -y), pt(x, y), pt(-x, y)];
    let thin = |t: f64| t.min(w * 0.4).min(d * 0.4);
    match form {
        Form::Block => (square, None),
        Form::Ell(t) => {
            let t = thin(t);
            let r = vec![
                pt(-x, -y),
                pt(x, -y),
                pt(x, -y + t),
                pt(-x + t, -y + t),
                pt(-x + t, y),
                pt(-x, y),
            ];
            (r, None)
        }
        Form::You(t) => {
            let t = thin(t);
            let (i, j) = (x - t, -y + t);
            let r = vec![
                pt(-x, -y),
                pt(x, -y),
                pt(x, y),
                pt(i, y),
                pt(i, j),
                pt(-i, j),
                pt(-i, y),
                pt(-x, y),
            ];
            (r, None)
        }
        Form::Court(t) => {
            let t = thin(t);
            let (i, j) = (x - t, y - t);
            (square, Some(vec![pt(-i, -j), pt(i, -j), pt(i, j), pt(-i, j)]))
        }
        Form::Tee(t) => {
            let t = thin(t);
            let (h, j) = (t / 2.0, -y + t);
            let r = vec![
                pt(-x, -y),
                pt(x, -y),
                pt(x, j),
                pt(h, j),
                pt(h, y),
                pt(-h, y),
                pt(-h, j),
                pt(-x, j),
            ];
            (r, None)
        }
        Form::Notched => {
            let (i, j) = (w * 0.18, d * 0.18);
            let r = vec![
                pt(-x + i, -y),
                pt(x - i, -y),
                pt(x - i, -y + j),
                pt(x, -y + j),
                pt(x, y - j),
                pt(x - i, y - j),
                pt(x - i, y),
                pt(-x + i, y),
                pt(-x + i, y - j),
                pt(-x, y - j),
                pt(-x, -y + j),
                pt(-x + i, -y + j),
            ];
            (r, None)
        }
    }
}

/// A form with the usual margin.
pub fn wish(at: (f64, f64), size: (f64, f64), form: Form) -> Wish {
    Wish { at, size, form, margin: 3.0 }
}

/// Long slabs and towers round open ground.
pub fn slabs(w: f64, d: f64, rng: &mut Rng) -> Vec<Wish> {
    let t = rng.range(12.5, 15.0);
    let (lw, ld) = (w - 16.0, d - 16.0);
    match rng.whole(0, 5) {
        0 => vec![
            wish((w / 2.0, 8.0 + t / 2.0), (lw * 0.92, t), Form::Block),
            wish((w / 2.0, d - 8.0 - t / 2.0), (lw * 0.7, t), Form::Block),
        ],
        1 => vec![
            wish((w / 2.0, d / 2.0), (lw * 0.94, ld * 0.9), Form::Ell(t)),
            wish((w * 0.72, d * 0.7), (22.0, 24.0), Form::Notched),
        ],
        2 => vec![wish((w / 2.0, d / 2.0), (lw * 0.95, ld * 0.9), Form::You(t))],
        3 => vec![
            wish((8.0 + t / 2.0, d / 2.0), (t, ld * 0.85), Form::Block),
            wish((w - 8.0 - t / 2.0, d / 2.0), (t, ld * 0.85), Form::Block),
            wish((w / 2.0, d * 0.22), (20.0, 20.0), Form::Notched),
        ],
        4 => vec![
            wish((w * 0.28, d * 0.3), (23.0, 25.0), Form::Notched),
            wish((w * 0.72, d * 0.5), (23.0, 25.0), Form::Notched),
            wish((w * 0.3, d * 0.78), (23.0, 25.0), Form::Notched),
        ],
        _ => vec![wish((w / 2.0, d / 2.0), (lw * 0.95, ld * 0.92), Form::Court(t))],
    }
}

/// Quarters of lower houses round a yard.
pub fn quarters(w: f64, d: f64, rng: &mut Rng) -> Vec<Wish> {
    let t = rng.range(11.0, 13.5);
    let (lw, ld) = (w - 10.0, d - 10.0);
    match rng.whole(0, 3) {
        0 => vec![
            wish((w / 2.0, 5.0 + t / 2.0), (lw * 0.94, t), Form::Block),
            wish((w / 2.0, d - 6.0 - t / 2.0), (lw * 0.8, t), Form::Block),
        ],
        1 => vec![wish((w / 2.0, d / 2.0), (lw * 0.95, ld * 0.9), Form::Ell(t))],
        2 => vec![wish((w / 2.0, d / 2.0), (lw * 0.95, ld * 0.9), Form::You(t))],
        _ => vec![wish((w / 2.0, 5.0 + t / 2.0), (lw * 0.95, t), Form::Block)],
    }
}

/// Houses that fill their parcel but for a yard.
pub fn dense(w: f64, d: f64, rng: &mut Rng) -> Vec<Wish> {
    let t = rng.range(10.0, 14.0);
    let form = match rng.whole(0, 4) {
        0 => Form::Block,
        1 => Form::Ell(t),
        2 => Form::You(t * 0.9),
        3 => Form::Court(t * 0.85),
        _ => Form::Tee(t),
    };
    let deep = if matches!(form, Form::Block) { 0.55 } else { 0.9 };
    let (lw, ld) = ((w - 5.0) * 0.93, (d - 5.0) * deep);
    vec![Wish { at: (w / 2.0, 2.5 + ld / 2.0), size: (lw, ld), form, margin: 1.5 }]
}

/// A school, a hospital or the like on its grounds.
pub fn campus(purpose: &str, w: f64, d: f64, rng: &mut Rng) -> Vec<Wish> {
    let at = (w / 2.0, d * 0.42);
    let (form, width, depth): (Form, f64, f64) = match purpose {
        "kindergarten" => (rng.pick(&[Form::You(11.0), Form::Tee(12.0)]), 44.0, 32.0),
        "school" => (rng.pick(&[Form::You(14.0), Form::Tee(15.0), Form::Court(13.0)]), 66.0, 46.0),
        "hospital" => (rng.pick(&[Form::Tee(15.0), Form::You(15.0)]), 72.0, 44.0),
        "religious" => (Form::Notched, 22.0, 22.0),
        _ => (Form::Block, 48.0, 34.0),
    };
    let size = (width.min(w * 0.8), depth.min(d * 0.75));
    vec![Wish { at, size, form, margin: 5.0 }]
}

/// Works or warehouses.
pub fn halls(w: f64, d: f64, rng: &mut Rng) -> Vec<Wish> {
    let share = rng.range(0.45, 0.62);
    let form = if rng.chance(0.3) { Form::Ell(26.0) } else { Form::Block };
    let mut all = vec![Wish {
        at: (w * 0.5, d * 0.36),
        size: ((w - 14.0) * 0.85, (d - 14.0) * share),
        form,
        margin: 5.0,
    }];
    all.push(wish((w * 0.28, d * 0.83), (w * 0.36, d * 0.17), Form::Block));
    all.push(wish((w * 0.74, d * 0.84), (w * 0.22, d * 0.13), Form::Block));
    all
}
