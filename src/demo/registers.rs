//! The registers: parcels, buildings, addresses, and what the divisions keep about them.
//!
//! Streets are in `roads.rs`.

use std::collections::HashMap;

use super::buildings::Building;
use super::cells::Cells;
use super::features::{Layers, Props, day, number, patch, point, ring, text};
use super::kinds::{Kind, use_words};
use super::names;
use super::parcels::Parcel;
use super::plane::{Pt, area, inside};
use super::rng::Rng;
use super::zoning::{DISTRICTS, Districts};
use crate::layer::Value;

/// Everything the registers need to know.
pub struct Book<'a> {
    /// The seed.
    pub seed: u64,
    /// Cells and streets.
    pub cells: &'a Cells,
    /// Districts and quarters.
    pub ground: &'a Districts,
    /// Parcels.
    pub parcels: &'a [Parcel],
    /// Buildings.
    pub buildings: &'a [Building],
    /// House number of each parcel; 0 without one.
    pub houses: &'a [usize],
}

impl Book<'_> {
    fn place(&self, parcel: usize) -> String {
        let p = &self.parcels[parcel];
        match (p.front, self.houses[parcel]) {
            (Some(f), 0) => self.cells.streets[f.street].name.clone(),
            (Some(f), n) => format!("{}, д. {n}", self.cells.streets[f.street].name),
            (None, _) => String::from("без адреса"),
        }
    }

    /// Parcels and what is kept by parcel.
    pub fn land(&self, out: &mut Layers) {
        for (i, p) in self.parcels.iter().enumerate() {
            let mut rng = Rng::of(self.seed, 81, i as u64);
            let own = ownership(p.land_use, &mut rng);
            out.add("parcel", ring(&p.ring), self.parcel(i, p, own, &mut rng));
        }
        for (i, p) in self.parcels.iter().enumerate() {
            let mut rng = Rng::of(self.seed, 81, i as u64);
            let own = ownership(p.land_use, &mut rng);
            self.cases(out, p, own, &mut Rng::of(self.seed, 82, i as u64));
        }
    }

    fn parcel(&self, i: usize, p: &Parcel, own: &'static str, rng: &mut Rng) -> Props {
        let size = area(&p.ring);
        let district = DISTRICTS[self.ground.district[p.cell]].0;
        let value = size.round() * p.kind.spec().value * rng.range(0.85, 1.18);
        let category = match p.kind {
            Kind::Forest => "forest",
            Kind::Field => "agricultural",
            _ => "settlement",
        };
        let status = rng.weighted(&[
            ("registered", 76.0),
            ("previously_registered", 22.0),
            ("temporary", 1.2),
            ("archived", 0.5),
        ]);
        let on = day(rng.whole(1996, 2025), rng.whole(1, 12), rng.whole(1, 28));
        let note = if rng.chance(0.08) {
            text(rng.pick(&["Наложен арест", "Ипотека", "Доля в праве", "Уточнить границы"]))
        } else {
            Value::Null
        };
        vec![
            ("cadastral_number", text(p.number.clone())),
            (
                "area_doc_m2",
                number((size * if rng.chance(0.9) { 1.0 } else { rng.range(0.97, 1.03) }).round()),
            ),
            ("category", text(category)),
            ("permitted_use", text(p.land_use)),
            ("permitted_use_doc", text(rng.pick(use_words(p.land_use)))),
            (
                "address",
                text(format!(
                    "Республика Татарстан, г. Казань, {district} район, {}",
                    self.place(i)
                )),
            ),
            ("ownership_form", text(own)),
            ("cadastral_value", number(value)),
            ("status", text(status)),
            ("registered_on", on),
            ("owner_note", note),
        ]
    }

    /// Plans, permits, contracts, works on one parcel.
    fn cases(&self, out: &mut Layers, p: &Parcel, own: &str, rng: &mut Rng) {
        let built =
            matches!(p.land_use, "izhs" | "mkd" | "business" | "industry" | "public_service");
        let (y, m, d) = (rng.whole(2023, 2026), rng.whole(1, 6), rng.whole(1, 28));
        let n = rng.whole(100, 9999);
        let dated = |no: String, years: i64| -> Props {
            vec![
                ("number", text(no)),
                ("date", day(y, m, d)),
                ("valid_to", day(y + years, m, d)),
                ("cadastral_number", text(p.number.clone())),
            ]
        };
        if built && rng.chance(0.025) {
            let no = format!("РФ-16-2-01-0-00-{y}-{n:04}-0");
            out.add("land_plan", ring(&p.ring), dated(no, 3));
        }
        if built && rng.chance(0.014) {
            let no = format!("16-50-{n}-{y}");
            out.add("building_permit", ring(&p.ring), dated(no, 2));
        }
        if own != "private" && rng.chance(0.3) {
            let kind = match own {
                "municipal" => rng.pick(&["lease", "lease", "free_use", "perpetual_use"]),
                _ => rng.pick(&["lease", "lease", "easement", "sale"]),
            };
            let props = vec![
                ("number", text(format!("{}/{y}", 10_000 + n))),
                ("kind", text(kind)),
                ("holder", text(names::holder(rng))),
                ("term", day(rng.whole(2026, 2049), m, d)),
            ];
            out.add("land_contract", ring(&p.ring), props);
        }
        self.works(out, p, y, rng);
    }

    fn works(&self, out: &mut Layers, p: &Parcel, year: i64, rng: &mut Rng) {
        let (kind, title, share) = match p.kind {
            Kind::Park => ("park", "Сквер", 0.3),
            Kind::Panel => ("yard", "Двор", 0.05),
            Kind::Mid => ("yard", "Двор", 0.04),
            _ => ("playground", "Площадка", 0.001),
        };
        if p.kind != Kind::Forest && rng.chance(share) {
            let program = rng.pick(&[
                "Наш двор",
                "Формирование комфортной городской среды",
                "Парки Татарстана",
            ]);
            let name = p.front.map_or("Казань", |f| &self.cells.streets[f.street].name);
            let props = vec![
                ("name", text(format!("{title}, {name}"))),
                ("kind", text(kind)),
                ("program", text(program)),
                ("year", Value::Integer(year)),
            ];
            out.add("improvement", ring(&p.ring), props);
        }
        if p.kind == Kind::Public && rng.chance(0.12) {
            let what = rng.pick(&[
                "Школа на 1224 места",
                "Детский сад на 260 мест",
                "Поликлиника",
                "Бассейн",
            ]);
            let stage = rng.pick(&["planned", "design", "tender", "construction", "commissioned"]);
            let props = vec![
                ("name", text(what)),
                (
                    "program",
                    text(rng.pick(&[
                        "Национальный проект «Семья»",
                        "Адресная инвестиционная программа",
                    ])),
                ),
                ("stage", text(stage)),
            ];
            out.add("capital_project", ring(&p.ring), props);
        }
        self.green(out, p, rng);
    }

    /// Woods, parks and cemeteries.
    fn green(&self, out: &mut Layers, p: &Parcel, rng: &mut Rng) {
        let green = match p.kind {
            Kind::Forest => Some(("forest", "Городские леса")),
            Kind::Park if area(&p.ring) > 30_000.0 => Some(("park", "Парк")),
            Kind::Park => Some(("square", "Сквер")),
            Kind::Cemetery => Some(("cemetery", "Кладбище")),
            _ => None,
        };
        if let Some((kind, title)) = green {
            let near = p
                .front
                .map_or_else(String::new, |f| format!(", {}", self.cells.streets[f.street].name));
            let props = vec![
                ("name", text(format!("{title}{near}"))),
                ("kind", text(kind)),
                (
                    "program",
                    if rng.chance(0.3) {
                        text("Парки Татарстана")
                    } else {
                        Value::Null
                    },
                ),
                ("year", Value::Integer(rng.whole(2015, 2026))),
            ];
            out.add("green_area", ring(&p.ring), props);
        }
    }

    /// Buildings, addresses, heritage sites and municipal property.
    pub fn houses(&self, out: &mut Layers, next: &mut [usize]) {
        let mut corpus: HashMap<usize, usize> = HashMap::new();
        for (i, b) in self.buildings.iter().enumerate() {
            let mut rng = Rng::of(self.seed, 83, i as u64);
            let p = &self.parcels[b.parcel];
            let q = self.cells.cells[p.cell].quarter;
            next[q] += 1;
            let size = b.shape.area();
            let height = b.floors as f64 * if b.purpose == "industry" { 5.5 } else { 3.0 }
                + rng.range(0.8, 3.0);
            let house = self.houses[b.parcel];
            let addressed = b.main && house > 0 && p.front.is_some();
            let k = corpus.entry(b.parcel).or_default();
            *k += usize::from(addressed);
            let tail = if *k > 1 { format!("к{k}") } else { String::new() };
            let address = if addressed {
                text(format!("{}{tail}", self.place(b.parcel)))
            } else {
                Value::Null
            };
            let props = vec![
                ("cadastral_number", text(format!("{}:{}", self.ground.quarter_no[q], next[q]))),
                ("name", b.name.clone().map_or(Value::Null, Value::Text)),
                ("floors", Value::Integer(b.floors)),
                ("height_m", number((height * 10.0).round() / 10.0)),
                ("gfa_m2", number((size * b.floors as f64 * 0.92).round())),
                ("purpose", text(b.purpose)),
                ("year", Value::Integer(b.year)),
                ("address", address),
            ];
            out.add("building", patch(&b.shape), props);
            let at = inside(&b.shape.parts[0].0);
            if let (true, Some(f)) = (addressed, p.front) {
                let props = vec![
                    ("street", text(self.cells.streets[f.street].name.clone())),
                    ("house", text(format!("{house}{tail}"))),
                    ("gar_guid", text(names::guid(&mut rng))),
                ];
                out.add("address_point", point(at), props);
            }
            self.things(out, b, at, &mut rng);
        }
    }

    fn things(&self, out: &mut Layers, b: &Building, at: Pt, rng: &mut Rng) {
        let kind = self.cells.cells[self.parcels[b.parcel].cell].kind;
        if kind == Kind::Centre && b.year < 1918 && rng.chance(0.6) {
            let owner = rng.pick(&[
                "Апанаева",
                "Крупеникова",
                "Юнусова",
                "Галеева",
                "Дрябловых",
                "Осокина",
            ]);
            let props = vec![
                ("reg_number", text(format!("1617{:011}", rng.whole(10_000, 99_999_999)))),
                (
                    "name",
                    text(format!(
                        "{} {owner}, {} г.",
                        rng.pick(&["Дом", "Усадьба", "Доходный дом"]),
                        b.year
                    )),
                ),
                (
                    "category",
                    text(rng.pick(&["federal", "regional", "regional", "municipal", "identified"])),
                ),
                ("regime", text("Сохранение фасадов и объёма; работы по разрешению органа охраны")),
            ];
            out.add("heritage_site", point(at), props);
        }
        let public = matches!(
            b.purpose,
            "school" | "kindergarten" | "sport" | "culture" | "hospital" | "public"
        );
        if public && rng.chance(0.8) || b.purpose == "office" && rng.chance(0.05) {
            let kind = rng.pick(&[
                "operational",
                "operational",
                "economic",
                "free_use",
                "lease",
                "treasury",
            ]);
            let props = vec![
                ("number", text(format!("РМИ-{:06}", rng.whole(1000, 999_999)))),
                ("kind", text(kind)),
                ("holder", text(names::institution(rng))),
                (
                    "term",
                    if kind == "lease" { day(rng.whole(2026, 2036), 12, 31) } else { Value::Null },
                ),
            ];
            out.add("municipal_property", point(at), props);
        }
    }
}

fn ownership(land_use: &str, rng: &mut Rng) -> &'static str {
    match land_use {
        "izhs" | "garden" => {
            rng.weighted(&[("private", 92.0), ("undivided", 6.0), ("municipal", 2.0)])
        }
        "mkd" => rng.weighted(&[("private", 86.0), ("municipal", 9.0), ("undivided", 5.0)]),
        "business" | "industry" => rng.weighted(&[
            ("private", 60.0),
            ("municipal", 15.0),
            ("undivided", 18.0),
            ("federal", 4.0),
            ("regional", 3.0),
        ]),
        "forest" | "transport" => "federal",
        "public_service" => {
            rng.weighted(&[("municipal", 78.0), ("regional", 16.0), ("federal", 6.0)])
        }
        "agriculture" => {
            rng.weighted(&[("private", 50.0), ("undivided", 35.0), ("regional", 15.0)])
        }
        _ => rng.weighted(&[("municipal", 70.0), ("undivided", 30.0)]),
    }
}
