//! Zones with special conditions and hazards.
//!
//! Made by buffering what causes them; always cut to the city.

use geo::{BooleanOps, Buffer, MultiPolygon};

use super::cells::Cells;
use super::features::{Layers, list, patch, shape, text, unshape};
use super::kinds::Kind;
use super::plan::Plan;
use super::plane::{Pt, area, pt};
use super::rng::{Rng, cos, sin};
use super::terrain::Ground;
use super::topology::Patch;
use super::zoning::{joined, present};
use crate::layer::Value;

struct Zones<'a> {
    out: &'a mut Layers,
    city: MultiPolygon<f64>,
    count: usize,
}

impl Zones<'_> {
    /// Adds a special zone, cut to the city.
    fn add(&mut self, kind: &'static str, name: &str, area: &MultiPolygon<f64>) {
        let cut = unshape(&area.intersection(&self.city), 60.0);
        if cut.parts.is_empty() {
            return;
        }
        self.count += 1;
        let props = vec![
            ("reg_number", text(format!("16:50-6.{}", 100 + self.count))),
            ("kind", text(kind)),
            ("name", text(name)),
            ("prohibits", list(prohibits(kind))),
            (
                "document",
                text(format!(
                    "Решение от {:02}.06.2019 № {}",
                    self.count % 27 + 1,
                    200 + self.count
                )),
            ),
            ("valid", Value::Boolean(!self.count.is_multiple_of(23))),
        ];
        self.out.add("special_zone", patch(&cut), props);
    }

    fn hazard(&mut self, kind: &'static str, level: &'static str, area: &MultiPolygon<f64>) {
        let cut = unshape(&area.intersection(&self.city), 200.0);
        if !cut.parts.is_empty() {
            let props = vec![("kind", text(kind)), ("level", text(level))];
            self.out.add("hazard_area", patch(&cut), props);
        }
    }
}

fn prohibits(kind: &str) -> &'static [&'static str] {
    match kind {
        "water_protection" => &[
            "Использование сточных вод для удобрения почв",
            "Размещение кладбищ и мест захоронения отходов",
            "Движение и стоянка транспорта вне дорог",
        ],
        "coastal_strip" => {
            &["Распашка земель", "Размещение отвалов размываемых грунтов", "Выпас скота"]
        }
        "power_line" => {
            &["Размещение детских и спортивных площадок", "Складирование горючих материалов"]
        }
        "gas_pipeline" => &["Строительство", "Земляные работы глубже 0,3 м", "Разведение огня"],
        "sanitary" => {
            &["Жилая застройка", "Образовательные и медицинские организации", "Садоводство"]
        }
        "heritage_protection" => &["Здания выше 15 м", "Наружная реклама"],
        "railway_protection" => &["Строительство без согласования с владельцем дороги"],
        "airport" => &["Здания выше 150 м без согласования", "Объекты, привлекающие птиц"],
        "flooding" => &["Строительство без инженерной защиты", "Размещение кладбищ"],
        _ => &["Деятельность, ухудшающая качество воды"],
    }
}

fn disc(middle: Pt, radius: f64) -> MultiPolygon<f64> {
    let ring = (0..72).map(|k| {
        let w = f64::from(k) / 72.0 * std::f64::consts::TAU;
        (middle + pt(cos(w), sin(w)) * radius).snap()
    });
    shape(&Patch::of(ring.collect()))
}

fn strip(plan: &Plan, km: &[(f64, f64)], half: f64) -> MultiPolygon<f64> {
    let line: Vec<Pt> = plan.line(km).into_iter().map(|p| plan.warp.bend(p)).collect();
    let line: geo::LineString<f64> = line.iter().map(|p| geo::Coord { x: p.x, y: p.y }).collect();
    line.buffer(half)
}

/// Special zones and hazards.
pub fn special(out: &mut Layers, plan: &Plan, cells: &Cells, seed: u64) {
    let city = shape(&joined(cells, |_| true));
    let mut zones = Zones { out, city, count: 0 };
    water(&mut zones, cells);
    let km = plan.km / 1000.0;
    let rail = shape(&joined(cells, |c| cells.cells[c].ground == Ground::Rail));
    zones.add(
        "railway_protection",
        "Охранная зона железной дороги",
        &rail.buffer(60.0 * km.max(0.5)),
    );
    const POWER: [(&str, &[(f64, f64)]); 3] = [
        (
            "ВЛ 220 кВ Киндери — Центральная",
            &[(10.5, 6.0), (6.6, 5.2), (4.8, 6.4), (0.5, 7.2), (-9.5, 7.4)],
        ),
        (
            "ВЛ 110 кВ Южная — Магистральная",
            &[(10.5, -3.2), (6.9, -3.4), (3.6, -4.6), (1.4, -7.6), (1.0, -10.0)],
        ),
        ("ВЛ 110 кВ Западная — Водозабор", &[(-6.0, 9.0), (-3.9, 4.6), (-3.5, 2.4), (-4.4, 0.9)]),
    ];
    for (name, line) in POWER {
        zones.add("power_line", &format!("Охранная зона {name}"), &strip(plan, line, 24.0));
    }
    const GAS: [&[(f64, f64)]; 2] = [
        &[(-9.5, 6.6), (-2.0, 6.4), (4.0, 7.4), (7.2, 4.8), (7.4, -1.6), (4.9, -6.2), (2.4, -9.8)],
        &[(7.4, 0.6), (4.3, 1.3), (3.6, -1.7), (4.9, -6.2)],
    ];
    for line in GAS {
        zones.add(
            "gas_pipeline",
            "Охранная зона газопровода высокого давления",
            &strip(plan, line, 18.0),
        );
    }
    sanitary(&mut zones, cells, seed);
    let centre = shape(&joined(cells, |c| cells.cells[c].kind == Kind::Centre));
    zones.add("heritage_protection", "Зона охраны Казанского Кремля", &centre);
    let field = plan.warp.bend(plan.at(5.9, -5.4));
    zones.add(
        "airport",
        "Приаэродромная территория аэродрома Казань",
        &disc(field, plan.radius * 0.42),
    );
    let wells = plan.warp.bend(plan.at(7.2, 2.6));
    zones.add(
        "water_intake",
        "Второй пояс ЗСО водозабора «Азино»",
        &disc(wells, plan.radius * 0.13),
    );
}

fn water(zones: &mut Zones, cells: &Cells) {
    let wet = |what: Ground| shape(&joined(cells, |c| cells.cells[c].ground == what));
    let all = shape(&joined(cells, |c| cells.cells[c].kind == Kind::Water));
    for (what, name) in [(Ground::Volga, "Волги"), (Ground::Kazanka, "Казанки")] {
        let river = wet(what);
        if river.0.is_empty() {
            continue;
        }
        let near = |m: f64| river.buffer(m).difference(&all);
        zones.add("water_protection", &format!("Водоохранная зона реки {name}"), &near(200.0));
        zones.add("coastal_strip", &format!("Прибрежная полоса реки {name}"), &near(50.0));
        let flood = near(if what == Ground::Volga { 140.0 } else { 260.0 });
        zones.add("flooding", &format!("Зона затопления реки {name}"), &flood);
        zones.hazard("flooding", "high", &near(90.0));
        zones.hazard("flooding", "medium", &flood.difference(&river.buffer(90.0)));
        if what == Ground::Volga {
            zones.hazard("landslide", "medium", &near(120.0).difference(&river.buffer(40.0)));
        }
    }
    for (name, lake) in present(cells) {
        let lake = shape(&Patch::of(lake.clone()));
        let shore = lake.buffer(50.0).difference(&lake);
        zones.add("water_protection", &format!("Водоохранная зона: {name}"), &shore);
        zones.add("coastal_strip", &format!("Прибрежная полоса: {name}"), &shore);
    }
}

fn sanitary(zones: &mut Zones, cells: &Cells, seed: u64) {
    let sectors =
        cells.cells.iter().map(|c| c.sector).filter(|s| *s != usize::MAX).max().unwrap_or(0);
    let mut works: Vec<Vec<usize>> = vec![Vec::new(); sectors + 1];
    let mut woods: Vec<usize> = Vec::new();
    for (i, c) in cells.cells.iter().enumerate() {
        if c.kind == Kind::Industry || c.kind == Kind::Waste {
            works[c.sector].push(i);
        } else if c.kind == Kind::Forest {
            woods.push(i);
        }
    }
    for (s, members) in works.iter().enumerate().filter(|w| !w.1.is_empty()) {
        let mut rng = Rng::of(seed, 61, s as u64);
        let rings = members.iter().map(|c| &cells.cells[*c].ring[..]);
        let site = shape(&super::topology::union(rings));
        let reach = rng.pick(&[50.0, 100.0, 100.0, 300.0]);
        let name = format!("Санитарно-защитная зона предприятия № {} ({reach} м)", s + 1);
        zones.add("sanitary", &name, &site.buffer(reach));
        if rng.chance(0.25) {
            zones.hazard(
                rng.pick(&["chemical", "explosion"]),
                "extreme",
                &site.buffer(reach * 2.0),
            );
        }
    }
    let wood = shape(&super::topology::union(woods.iter().map(|c| &cells.cells[*c].ring[..])));
    for part in wood.0.iter().filter(|p| area_of(p) > 150_000.0) {
        zones.hazard("fire", "medium", &MultiPolygon(vec![part.clone()]));
    }
    for k in 0..3 {
        let mut rng = Rng::of(seed, 62, k);
        let at = cells.cells[(rng.bits() % cells.cells.len() as u64) as usize].inside;
        zones.hazard("karst", "low", &disc(at, rng.range(250.0, 520.0)));
    }
}

fn area_of(p: &geo::Polygon<f64>) -> f64 {
    area(&p.exterior().0.iter().map(|c| pt(c.x, c.y)).collect::<Vec<Pt>>()).abs()
}
