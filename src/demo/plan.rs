//! The plan: districts, neighbourhoods, streets and blocks, before they are bent.
//!
//! The Volga is the west, the Kazanka a band from west to east; both are straight here and wind with
//! everything else when the plan is bent.

use super::rng::{Rng, noise};
use super::shape::{Poly, Pt, Tag, pt};

/// What a neighbourhood is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Centre,
    Flats,
    Houses,
    Business,
    Industry,
    Garden,
    Park,
    Forest,
    Lake,
    Field,
}

/// A street: a straight axis in the plan.
#[derive(Debug, Clone)]
pub struct Street {
    pub from: Pt,
    pub to: Pt,
    pub class: &'static str,
    /// Between the red lines, m.
    pub width: f64,
}

/// A neighbourhood: one kind, bounded by street axes; also a cadastral quarter and a zone.
#[derive(Debug, Clone)]
pub struct Neighbourhood {
    pub kind: Kind,
    pub outline: Poly,
    pub district: usize,
    /// Blocks within the red lines.
    pub blocks: Vec<Poly>,
}

/// A district: its part of the plan.
#[derive(Debug, Clone)]
pub struct District {
    pub name: &'static str,
    pub outline: Poly,
}

/// The plan of a city.
pub struct Plan {
    pub half: f64,
    pub streets: Vec<Street>,
    pub neighbourhoods: Vec<Neighbourhood>,
    pub districts: Vec<District>,
    seed: u64,
    rng: Rng,
}

/// Half the width of the Kazanka.
pub const KAZANKA: f64 = 190.0;
/// Bank of the Volga, as a share of half the side.
pub const VOLGA: f64 = -0.62;
/// Line of the railway, as a share of half the side.
pub const RAILWAY: f64 = 0.3;

const CLASSES: [(&str, f64); 4] = [
    ("highway", 52.0),
    ("main", 38.0),
    ("district", 27.0),
    ("local", 17.0),
];

impl Plan {
    /// A plan of a square of twice `half` metres.
    pub fn new(seed: u64, half: f64) -> Self {
        let rng = Rng::new(seed, 1);
        let mut plan = Self {
            half,
            streets: Vec::new(),
            neighbourhoods: Vec::new(),
            districts: Vec::new(),
            seed,
            rng,
        };
        let (h, v, r) = (half, half * VOLGA, half * RAILWAY);
        let rail = plan.street(pt(r, -h), pt(r, h), 0);
        let north = half * 0.42;
        let south = half * -0.38;
        let cross_north = plan.street(pt(v, north), pt(h, north), 0);
        let cross_south = plan.street(pt(v, south), pt(h, south), 0);
        let parts = [
            ("Кировский", v, KAZANKA, half * -0.22, north),
            ("Ново-Савиновский", half * -0.22, KAZANKA, r, north),
            ("Московский", v, north, r, h),
            ("Авиастроительный", r, KAZANKA, h, h),
            ("Вахитовский", v, south, r, -KAZANKA),
            ("Советский", r, -h, h, -KAZANKA),
            ("Приволжский", v, -h, r, south),
        ];
        let bridge = plan.street(pt(half * -0.22, -KAZANKA), pt(half * -0.22, north), 1);
        for (at, (name, x0, y0, x1, y1)) in parts.into_iter().enumerate() {
            let mut part = Poly::rectangle(x0, y0, x1, y1);
            part.tags = vec![
                tag(y0, &[(north, cross_north), (south, cross_south)]),
                tag(x1, &[(r, rail), (half * -0.22, bridge)]),
                tag(y1, &[(north, cross_north), (south, cross_south)]),
                tag(x0, &[(r, rail), (half * -0.22, bridge)]),
            ];
            plan.grow(part, at, 1);
            let mid = |y: f64| if y.abs() <= KAZANKA + 1.0 { 0.0 } else { y };
            let west = if x0 <= v + 1.0 { -half } else { x0 };
            let outline = Poly::rectangle(west, mid(y0), x1, mid(y1));
            plan.districts.push(District { name, outline });
        }
        plan
    }

    fn street(&mut self, from: Pt, to: Pt, class: usize) -> usize {
        let (class, width) = CLASSES[class.min(3)];
        self.streets.push(Street {
            from,
            to,
            class,
            width,
        });
        self.streets.len() - 1
    }

    /// Half the street behind an edge; a bank keeps an embankment free.
    pub fn half_width(&self, tag: Tag) -> f64 {
        tag.map_or(25.0, |street| self.streets[street].width / 2.0)
    }

    /// How far out a place is: 0 the kremlin, 1 the rim.
    pub fn out(&self, p: Pt) -> f64 {
        ((p.x + 0.12 * self.half) / (0.9 * self.half)).hypot((p.y + 300.0) / self.half)
    }

    /// Cuts a part along streets until it is a neighbourhood.
    fn grow(&mut self, part: Poly, district: usize, depth: usize) {
        let middle = part.middle();
        let out = self.out(middle);
        let wanted = if out < 0.2 {
            140_000.0
        } else {
            260_000.0 + 240_000.0 * out
        };
        if part.area() > wanted * self.rng.within(0.8, 1.5) {
            let class = if part.area() > 5e6 { 1 } else { 2 };
            let (left, right) = self.divide(&part, class, 0.12);
            if left.points.len() > 2 && right.points.len() > 2 {
                self.grow(left, district, depth + 1);
                self.grow(right, district, depth + 1);
                return;
            }
        }
        if part.points.iter().any(|p| self.out(*p) > 1.12) {
            return;
        }
        let kind = self.kind(middle, out);
        let mut blocks = Vec::new();
        self.blocks(part.clone(), kind, &mut blocks);
        self.neighbourhoods.push(Neighbourhood {
            kind,
            outline: part,
            district,
            blocks,
        });
    }

    /// One cut across the long side, a little askew.
    fn divide(&mut self, part: &Poly, class: usize, skew: f64) -> (Poly, Poly) {
        let (u, along, _) = part.frame();
        let middle = part.middle();
        let shift = self.rng.within(-0.13, 0.13) * along;
        let at = pt(middle.x + u.x * shift, middle.y + u.y * shift);
        let angle = self.rng.within(-skew, skew);
        let (sin, cos) = angle.sin_cos();
        let across = pt(-u.y * cos - u.x * sin, u.x * cos - u.y * sin);
        let number = self.streets.len();
        let (left, right) = part.cut(at, across, Some(number));
        let mut ends: Vec<Pt> = left
            .edges()
            .filter(|(_, _, tag)| *tag == Some(number))
            .flat_map(|(a, b, _)| [a, b])
            .collect();
        ends.dedup();
        if let [from, .., to] = ends[..] {
            self.street(from, to, class);
        } else {
            self.street(at, at, class);
        }
        (left, right)
    }

    fn blocks(&mut self, part: Poly, kind: Kind, blocks: &mut Vec<Poly>) {
        let wanted = match kind {
            Kind::Centre => 17_000.0,
            Kind::Houses => 21_000.0,
            Kind::Garden => 26_000.0,
            Kind::Business => 34_000.0,
            Kind::Flats => 75_000.0,
            Kind::Industry => 120_000.0,
            Kind::Park | Kind::Forest | Kind::Lake | Kind::Field => f64::MAX,
        };
        if part.area() > wanted * self.rng.within(0.9, 1.7) {
            let (left, right) = self.divide(&part, 3, 0.07);
            if left.points.len() > 2 && right.points.len() > 2 {
                self.blocks(left, kind, blocks);
                self.blocks(right, kind, blocks);
                return;
            }
        }
        let block = part.inset(|tag| self.half_width(tag));
        if block.points.len() > 2 && block.area() > 900.0 {
            blocks.push(block);
        }
    }

    fn kind(&mut self, p: Pt, out: f64) -> Kind {
        let size = self.half * 0.34;
        let a = noise(self.seed, p.x, p.y, size);
        let b = noise(self.seed ^ 77, p.x, p.y, size * 0.7);
        let chance = self.rng.unit();
        let near_rail = (p.x - self.half * RAILWAY).abs() < self.half * 0.09;
        let bank = p.y.abs() < KAZANKA + 600.0 || p.x < self.half * VOLGA + 500.0;
        if out > 0.16 && bank && chance < 0.3 {
            return Kind::Park;
        }
        match out {
            o if o < 0.2 => {
                if chance < 0.06 {
                    Kind::Park
                } else {
                    Kind::Centre
                }
            }
            o if o < 0.55 => match chance {
                c if c < 0.05 => Kind::Park,
                c if c < 0.065 => Kind::Lake,
                c if c < 0.13 => Kind::Business,
                _ if near_rail && b > 0.4 => Kind::Industry,
                _ if a > 0.47 => Kind::Flats,
                _ => Kind::Houses,
            },
            o if o < 0.88 => match chance {
                c if c < 0.06 => Kind::Forest,
                c if c < 0.075 => Kind::Lake,
                c if c < 0.1 => Kind::Business,
                _ if near_rail || b > 0.72 => Kind::Industry,
                _ if a > 0.6 => Kind::Flats,
                _ if a < 0.28 => Kind::Garden,
                _ => Kind::Houses,
            },
            _ => match chance {
                c if c < 0.3 => Kind::Forest,
                c if c < 0.48 => Kind::Field,
                _ if b > 0.7 => Kind::Industry,
                _ if a < 0.55 => Kind::Garden,
                _ => Kind::Houses,
            },
        }
    }
}

fn tag(place: f64, known: &[(f64, usize)]) -> Tag {
    known
        .iter()
        .find(|(at, _)| (at - place).abs() < 1.0)
        .map(|(_, street)| *street)
}
