//! The demo city, put together: plan → parcels → buildings → everything that lies on them.

use geo::{Geometry, LineString, MultiLineString, MultiPolygon, Polygon};
use jiff::ToSpan;
use jiff::civil::{Date, date};

use super::buildings::{self, Building};
use super::extras;
use super::names;
use super::parcels::{self, Block, Parcel};
use super::plan::{Kind, Plan};
use super::rng::Rng;
use super::shape::{Bend, Pt, area, dense};
use crate::layer::Value;

/// A feature of the demo city: metres of the city's own system, east and north.
pub struct DemoFeature {
    pub geometry: Geometry<f64>,
    pub properties: Vec<(&'static str, Value)>,
}

/// A synthetic city: features by layer.
pub struct City {
    pub layers: Vec<(&'static str, Vec<DemoFeature>)>,
}

/// Everything that the layers are made from.
pub struct Ground {
    pub seed: u64,
    pub plan: Plan,
    pub bend: Bend,
    pub blocks: Vec<Block>,
    pub parcels: Vec<Parcel>,
    pub buildings: Vec<Building>,
    /// Name of each street.
    pub streets: Vec<String>,
    /// Cadastral number of each parcel.
    pub numbers: Vec<String>,
    /// Street and house of each parcel.
    pub addresses: Vec<Option<(usize, String)>>,
}

impl City {
    /// The city of a seed with about so many parcels.
    pub fn build(seed: u64, parcels: usize) -> Self {
        let ground = Ground::lay(seed, parcels);
        let mut layers = extras::around(&ground);
        layers.extend(ground.land());
        Self { layers }
    }
}

/// Text as a value.
pub fn text(text: impl Into<String>) -> Value {
    Value::Text(text.into())
}

/// A multipolygon of one ring.
pub fn polygon(ring: &[Pt], holes: &[Vec<Pt>]) -> Geometry<f64> {
    let line = |ring: &[Pt]| LineString::from(ring.iter().map(|p| (p.x, p.y)).collect::<Vec<_>>());
    let holes = holes.iter().map(|hole| line(hole)).collect();
    Geometry::MultiPolygon(MultiPolygon(vec![Polygon::new(line(ring), holes)]))
}

/// A multilinestring of one line.
pub fn line(points: &[Pt]) -> Geometry<f64> {
    let line = LineString::from(points.iter().map(|p| (p.x, p.y)).collect::<Vec<_>>());
    Geometry::MultiLineString(MultiLineString(vec![line]))
}

/// A day between two years.
pub fn day(rng: &mut Rng, from: i16, to: i16) -> Date {
    let days = i64::from(to - from) * 365;
    date(from, 1, 1)
        .checked_add(rng.whole(0, days).days())
        .unwrap_or(date(from, 1, 1))
}

/// A date as a value.
pub fn on(date: Date) -> Value {
    Value::Date(date)
}

impl Ground {
    /// Finds the size that gives the wanted number of parcels, then builds.
    fn lay(seed: u64, wanted: usize) -> Self {
        let mut half = 46.0 * (wanted as f64).sqrt();
        let mut best: Option<(f64, Plan, Bend, Vec<Block>, Vec<Parcel>)> = None;
        for _ in 0..7 {
            let bend = Bend {
                half,
                phase: (seed % 97) as f64 * 0.13,
            };
            let plan = Plan::new(seed, half);
            let (blocks, parcels) = parcels::divide(&plan, bend, seed);
            let share = parcels.len() as f64 / wanted as f64;
            let off = (share - 1.0).abs();
            let better = best.as_ref().is_none_or(|(least, ..)| off < *least);
            if better {
                best = Some((off, plan, bend, blocks, parcels));
            }
            if off < 0.03 {
                break;
            }
            half /= share.max(0.05).sqrt().clamp(0.5, 2.0);
        }
        let (_, plan, bend, blocks, parcels) = best.expect("the loop ran");
        let buildings = buildings::build(&parcels, seed);
        let mut rng = Rng::new(seed, 5);
        let streets: Vec<String> = plan
            .streets
            .iter()
            .enumerate()
            .map(|(number, street)| names::street(number, street.class, &mut rng))
            .collect();
        let numbers = numbers(&parcels, plan.neighbourhoods.len());
        let addresses = addresses(&plan, &parcels, &buildings, &mut rng);
        Self {
            seed,
            plan,
            bend,
            blocks,
            parcels,
            buildings,
            streets,
            numbers,
            addresses,
        }
    }

    /// `Республика Татарстан, г. Казань, улица …, д. 5`.
    pub fn address(&self, parcel: usize) -> Value {
        match &self.addresses[parcel] {
            Some((street, house)) => text(format!(
                "Республика Татарстан, г. Казань, {}, д. {house}",
                self.streets[*street]
            )),
            None => Value::Null,
        }
    }

    fn land(&self) -> Vec<(&'static str, Vec<DemoFeature>)> {
        vec![
            ("parcel", self.parcel_features()),
            ("building", self.building_features()),
            ("address_point", self.address_features()),
            ("street_axis", self.street_features()),
        ]
    }

    fn parcel_features(&self) -> Vec<DemoFeature> {
        let mut rng = Rng::new(self.seed, 11);
        let feature = |(number, parcel): (usize, &Parcel)| {
            let (code, words) = names::permitted_use(parcel.kind, &mut rng);
            let true_m2 = area(&parcel.ring);
            let category = match parcel.kind {
                Kind::Field => "agricultural",
                Kind::Industry if rng.chance(0.3) => "industrial",
                _ => "settlement",
            };
            let ownership = match parcel.kind {
                Kind::Houses | Kind::Garden if rng.chance(0.85) => "private",
                Kind::Park | Kind::Forest | Kind::Lake => "municipal",
                _ => *rng.of(&["private", "municipal", "undivided", "regional", "federal"]),
            };
            let price = rng.within(600.0, 5_200.0);
            let document_m2 = (true_m2 * rng.within(0.995, 1.005)).round();
            let status = *rng.of(&[
                "registered",
                "registered",
                "registered",
                "previously_registered",
            ]);
            DemoFeature {
                geometry: polygon(&parcel.ring, &[]),
                properties: vec![
                    ("cadastral_number", text(self.numbers[number].as_str())),
                    ("area_doc_m2", Value::Number(document_m2)),
                    ("category", text(category)),
                    ("permitted_use", text(code)),
                    ("permitted_use_doc", text(words)),
                    ("address", self.address(number)),
                    ("ownership_form", text(ownership)),
                    (
                        "cadastral_value",
                        Value::Number((document_m2 * price * 100.0).round() / 100.0),
                    ),
                    ("status", text(status)),
                    ("registered_on", on(day(&mut rng, 1999, 2025))),
                ],
            }
        };
        self.parcels.iter().enumerate().map(feature).collect()
    }

    fn building_features(&self) -> Vec<DemoFeature> {
        let feature = |(number, building): (usize, &Building)| {
            let footprint = area(&building.ring).abs();
            let gfa = (footprint * building.floors as f64 * 0.92).round();
            let quarter = self.numbers[building.parcel]
                .rsplit_once(':')
                .map_or("", |(q, _)| q);
            let name = match building.purpose {
                "school" => text(format!("Школа № {}", 1 + number % 180)),
                "kindergarten" => text(format!("Детский сад № {}", 1 + number % 400)),
                "hospital" => text(format!("Городская поликлиника № {}", 1 + number % 21)),
                _ => Value::Null,
            };
            DemoFeature {
                geometry: polygon(&building.ring, &[]),
                properties: vec![
                    (
                        "cadastral_number",
                        text(format!("{quarter}:{}", 100_000 + number)),
                    ),
                    ("name", name),
                    ("floors", Value::Integer(building.floors)),
                    ("height_m", Value::Number(building.height_m)),
                    ("gfa_m2", Value::Number(gfa)),
                    ("purpose", text(building.purpose)),
                    ("year", Value::Integer(building.year)),
                    ("address", self.address(building.parcel)),
                ],
            }
        };
        self.buildings.iter().enumerate().map(feature).collect()
    }

    fn address_features(&self) -> Vec<DemoFeature> {
        let mut rng = Rng::new(self.seed, 12);
        let main = self.buildings.iter().filter(|building| building.main);
        main.filter_map(|building| {
            let (street, house) = self.addresses[building.parcel].as_ref()?;
            let n = building.ring.len() as f64;
            let sum = building
                .ring
                .iter()
                .fold((0.0, 0.0), |s, p| (s.0 + p.x, s.1 + p.y));
            let (a, b) = (rng.next(), rng.next());
            let guid = format!(
                "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
                a >> 32,
                (a >> 16) & 0xffff,
                a & 0xfff,
                b >> 52,
                b & 0xffff_ffff_ffff
            );
            Some(DemoFeature {
                geometry: Geometry::Point(geo::Point::new(
                    (sum.0 / n * 100.0).round() / 100.0,
                    (sum.1 / n * 100.0).round() / 100.0,
                )),
                properties: vec![
                    ("street", text(self.streets[*street].as_str())),
                    ("house", text(house.as_str())),
                    ("gar_guid", text(guid)),
                ],
            })
        })
        .collect()
    }

    fn street_features(&self) -> Vec<DemoFeature> {
        let streets = self.plan.streets.iter().zip(&self.streets);
        streets
            .filter(|(street, _)| street.from.to(street.to) > 20.0)
            .filter(|(street, _)| self.plan.out(street.from.toward(street.to, 0.5)) < 1.15)
            .filter_map(|(street, name)| {
                let (mut from, mut to) = (street.from, street.to);
                if self.plan.out(from) > 1.1 {
                    from = self.within(to, from);
                }
                if self.plan.out(to) > 1.1 {
                    to = self.within(from, to);
                }
                let axis = self.bend.line(&dense(&[from, to], 55.0, false));
                (axis.len() > 1).then(|| DemoFeature {
                    geometry: line(&axis),
                    properties: vec![
                        ("name", text(name.as_str())),
                        ("class", text(street.class)),
                        ("width_m", Value::Number(street.width)),
                    ],
                })
            })
            .collect()
    }

    /// The last place of a line that is still in the city.
    fn within(&self, inside: Pt, outside: Pt) -> Pt {
        let mut share = 1.0;
        while share > 0.05 && self.plan.out(inside.toward(outside, share)) > 1.1 {
            share -= 0.02;
        }
        inside.toward(outside, share)
    }
}

/// `16:50:QQQQQQ:N`, a quarter for each neighbourhood.
fn numbers(parcels: &[Parcel], neighbourhoods: usize) -> Vec<String> {
    let mut next = vec![0u32; neighbourhoods];
    parcels
        .iter()
        .map(|parcel| {
            next[parcel.neighbourhood] += 1;
            format!(
                "{}:{}",
                quarter(parcel.neighbourhood),
                next[parcel.neighbourhood]
            )
        })
        .collect()
}

/// `16:50:QQQQQQ`.
pub fn quarter(neighbourhood: usize) -> String {
    let (zone, number) = (1 + neighbourhood / 60, 1 + neighbourhood % 60);
    format!("16:50:{zone:02}{:02}{number:02}", 1 + zone % 30)
}

/// Houses along each street: odd on the left, even on the right.
fn addresses(
    plan: &Plan,
    parcels: &[Parcel],
    buildings: &[Building],
    rng: &mut Rng,
) -> Vec<Option<(usize, String)>> {
    let mut addresses = vec![None; parcels.len()];
    let mut by_street: Vec<Vec<(f64, bool, usize)>> = vec![Vec::new(); plan.streets.len()];
    for building in buildings.iter().filter(|building| building.main) {
        let parcel = &parcels[building.parcel];
        let Some((a, b, street)) = buildings::front(parcel) else {
            continue;
        };
        let axis = &plan.streets[street];
        let (dx, dy) = (axis.to.x - axis.from.x, axis.to.y - axis.from.y);
        let along = a.toward(b, 0.5).x * dx + a.toward(b, 0.5).y * dy;
        let left = (b.x - a.x) * dx + (b.y - a.y) * dy < 0.0;
        by_street[street].push((along, left, building.parcel));
    }
    for (street, mut houses) in by_street.into_iter().enumerate() {
        houses.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.2.cmp(&b.2)));
        let (mut odd, mut even) = (1, 2);
        for (_, left, parcel) in houses {
            let next = if left { &mut odd } else { &mut even };
            let house = match rng.unit() {
                u if u < 0.05 => format!("{next}А"),
                u if u < 0.09 => format!("{next}/{}", rng.whole(2, 9)),
                u if u < 0.11 => format!("{next} корп. 2"),
                _ => next.to_string(),
            };
            *next += 2;
            addresses[parcel] = Some((street, house));
        }
    }
    addresses
}
