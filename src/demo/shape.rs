//! Convex polygons whose edges know what lies behind them, and the bend that makes a plan a city.

/// A point in metres.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pt {
    pub x: f64,
    pub y: f64,
}

/// A point.
pub fn pt(x: f64, y: f64) -> Pt {
    Pt { x, y }
}

impl Pt {
    /// Distance.
    pub fn to(self, other: Self) -> f64 {
        (self.x - other.x).hypot(self.y - other.y)
    }

    /// The point a share of the way to another.
    pub fn toward(self, other: Self, share: f64) -> Self {
        pt(
            self.x + (other.x - self.x) * share,
            self.y + (other.y - self.y) * share,
        )
    }
}

/// What lies behind an edge: the number of a street, or none.
pub type Tag = Option<usize>;

/// A polygon, counter-clockwise; edge `i` runs from vertex `i` to the next and has tag `i`.
#[derive(Debug, Clone)]
pub struct Poly {
    pub points: Vec<Pt>,
    pub tags: Vec<Tag>,
}

impl Poly {
    /// A rectangle.
    pub fn rectangle(x0: f64, y0: f64, x1: f64, y1: f64) -> Self {
        let points = vec![pt(x0, y0), pt(x1, y0), pt(x1, y1), pt(x0, y1)];
        Self {
            points,
            tags: vec![None; 4],
        }
    }

    /// Area.
    pub fn area(&self) -> f64 {
        area(&self.points)
    }

    /// Mean of the vertices.
    pub fn middle(&self) -> Pt {
        let n = self.points.len() as f64;
        let sum = self
            .points
            .iter()
            .fold(pt(0.0, 0.0), |s, p| pt(s.x + p.x, s.y + p.y));
        pt(sum.x / n, sum.y / n)
    }

    /// Edges with their tags.
    pub fn edges(&self) -> impl Iterator<Item = (Pt, Pt, Tag)> {
        let next = self.points.iter().cycle().skip(1);
        self.points
            .iter()
            .zip(next)
            .zip(&self.tags)
            .map(|((a, b), tag)| (*a, *b, *tag))
    }

    /// The part left of the line through `at` along `along`; the new edge gets `tag`.
    pub fn left_of(&self, at: Pt, along: Pt, tag: Tag) -> Self {
        let side = |p: Pt| along.x * (p.y - at.y) - along.y * (p.x - at.x);
        let mut out = Self {
            points: Vec::new(),
            tags: Vec::new(),
        };
        for (a, b, edge) in self.edges() {
            let (sa, sb) = (side(a), side(b));
            if sa >= 0.0 {
                out.points.push(a);
                out.tags
                    .push(if sb < 0.0 && sa == 0.0 { tag } else { edge });
            }
            if (sa < 0.0 && sb > 0.0) || (sa > 0.0 && sb < 0.0) {
                // The same crossing whichever side asks.
                let share = sa / (sa - sb);
                out.points.push(a.toward(b, share));
                out.tags.push(if sa > 0.0 { tag } else { edge });
            }
        }
        out
    }

    /// Both parts of a cut.
    pub fn cut(&self, at: Pt, along: Pt, tag: Tag) -> (Self, Self) {
        let left = self.left_of(at, along, tag);
        let mut right = self.left_of(at, pt(-along.x, -along.y), tag);
        // The crossings of the right part are those of the left to the last bit.
        for point in &mut right.points {
            if let Some(same) = left.points.iter().find(|p| p.to(*point) < 1e-6) {
                *point = *same;
            }
        }
        (left, right)
    }

    /// Each edge moved inwards by its own distance; empty when nothing is left.
    pub fn inset(&self, distance: impl Fn(Tag) -> f64) -> Self {
        let mut out = self.clone();
        for (a, b, tag) in self.edges() {
            let length = a.to(b);
            if length < 1e-9 {
                continue;
            }
            let (dx, dy) = ((b.x - a.x) / length, (b.y - a.y) / length);
            let d = distance(tag);
            out = out.left_of(pt(a.x - dy * d, a.y + dx * d), pt(dx, dy), tag);
            if out.points.len() < 3 {
                return Self {
                    points: Vec::new(),
                    tags: Vec::new(),
                };
            }
        }
        out
    }

    /// The same with a vertex at least every `step` metres.
    pub fn dense(&self, step: f64) -> Self {
        let mut out = Self {
            points: Vec::new(),
            tags: Vec::new(),
        };
        for (a, b, tag) in self.edges() {
            let pieces = (a.to(b) / step).ceil().max(1.0);
            for n in 0..pieces as usize {
                out.points.push(a.toward(b, n as f64 / pieces));
                out.tags.push(tag);
            }
        }
        out
    }

    /// Direction of the longest edge, and the extent along and across it.
    pub fn frame(&self) -> (Pt, f64, f64) {
        let longest = self
            .edges()
            .max_by(|a, b| a.0.to(a.1).total_cmp(&b.0.to(b.1)));
        let Some((a, b, _)) = longest else {
            return (pt(1.0, 0.0), 0.0, 0.0);
        };
        let length = a.to(b).max(1e-9);
        let u = pt((b.x - a.x) / length, (b.y - a.y) / length);
        let (along, across) = (span(&self.points, u), span(&self.points, pt(-u.y, u.x)));
        (u, along, across)
    }
}

fn span(points: &[Pt], u: Pt) -> f64 {
    let on = points.iter().map(|p| p.x * u.x + p.y * u.y);
    let (low, high) = on.fold((f64::MAX, f64::MIN), |(l, h), n| (l.min(n), h.max(n)));
    high - low
}

/// Area of a ring.
pub fn area(points: &[Pt]) -> f64 {
    let next = points.iter().cycle().skip(1);
    points
        .iter()
        .zip(next)
        .map(|(a, b)| a.x * b.y - b.x * a.y)
        .sum::<f64>()
        / 2.0
}

/// A line with a vertex at least every `step` metres.
pub fn dense(points: &[Pt], step: f64, closed: bool) -> Vec<Pt> {
    let mut out = Vec::new();
    let count = if closed {
        points.len()
    } else {
        points.len() - 1
    };
    for at in 0..count {
        let (a, b) = (points[at], points[(at + 1) % points.len()]);
        let pieces = (a.to(b) / step).ceil().max(1.0);
        let whole = pieces as usize;
        out.extend((0..whole).map(|n| a.toward(b, n as f64 / pieces)));
    }
    if !closed {
        out.push(points[points.len() - 1]);
    }
    out
}

/// Puts every vertex of the parts on each edge that it lies on, so that neighbours share vertices.
pub fn node(parts: &mut [Poly]) {
    let mut all: Vec<Pt> = parts
        .iter()
        .flat_map(|part| part.points.iter().copied())
        .collect();
    all.sort_by(|a, b| a.x.total_cmp(&b.x).then(a.y.total_cmp(&b.y)));
    all.dedup();
    for part in parts {
        let mut out = Poly {
            points: Vec::new(),
            tags: Vec::new(),
        };
        for (a, b, tag) in part.edges() {
            let length = a.to(b);
            let mut on: Vec<(f64, Pt)> = vec![(0.0, a)];
            for p in &all {
                let (ux, uy) = ((b.x - a.x) / length, (b.y - a.y) / length);
                let t = (p.x - a.x) * ux + (p.y - a.y) * uy;
                let off = (p.x - a.x) * uy - (p.y - a.y) * ux;
                if t > 1e-3 && t < length - 1e-3 && off.abs() < 1e-5 {
                    on.push((t, *p));
                }
            }
            on.sort_by(|a, b| a.0.total_cmp(&b.0));
            for (_, p) in on {
                out.points.push(p);
                out.tags.push(tag);
            }
        }
        *part = out;
    }
}

/// The bend of the whole plan: streets, banks and boundaries wind together.
#[derive(Debug, Clone, Copy)]
pub struct Bend {
    /// Half the side of the plan.
    pub half: f64,
    pub phase: f64,
}

/// The kremlin in the city's system: east, north.
const KREMLIN: Pt = Pt {
    x: 1_304_700.0,
    y: 476_900.0,
};

impl Bend {
    /// Plan → city, to the centimetre.
    pub fn bend(self, p: Pt) -> Pt {
        let k = self.half / 6500.0;
        let wave = |t: f64, length: f64, phase: f64| {
            (t / (length * k) * std::f64::consts::TAU + phase + self.phase).sin()
        };
        let dx = 330.0 * k * wave(p.y, 7900.0, 0.4)
            + 90.0 * k * wave(p.y + 0.5 * p.x, 2900.0, 1.7)
            + 7.0 * wave(p.y, 760.0, 2.2);
        let dy = 620.0 * k * wave(p.x, 8300.0, 2.6)
            + 120.0 * k * wave(p.x - 0.4 * p.y, 3100.0, 0.3)
            + 7.0 * wave(p.x, 820.0, 1.1);
        let at = pt(KREMLIN.x + p.x + dx, KREMLIN.y + p.y + dy);
        pt(
            (at.x * 100.0).round() / 100.0,
            (at.y * 100.0).round() / 100.0,
        )
    }

    /// A whole line.
    pub fn line(self, points: &[Pt]) -> Vec<Pt> {
        let mut out: Vec<Pt> = points.iter().map(|p| self.bend(*p)).collect();
        out.dedup();
        out
    }
}
