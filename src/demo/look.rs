//! Heritage: sights, zones; areas of approved appearance.

use geo::BooleanOps;

use super::cells::Cells;
use super::cut::{Ring, points};
use super::features::{Layers, patch, point, shape, text, unshape};
use super::kinds::Kind;
use super::parcels::has_lake;
use super::plan::Plan;
use super::rng::Rng;
use super::topology::Patch;
use super::zoning::{by_quarter, joined};
use crate::layer::Value;

/// The sights that everybody knows, where the plan has them.
pub fn sights(out: &mut Layers, plan: &Plan) {
    const SIGHTS: [(&str, &str, f64, f64); 6] = [
        ("Спасская башня Казанского Кремля", "federal", 0.12, -0.02),
        ("Башня Сююмбике", "federal", -0.06, 0.16),
        ("Благовещенский собор", "federal", -0.02, 0.1),
        ("Мечеть аль-Марджани", "federal", 0.3, -1.05),
        ("Петропавловский собор", "federal", 0.28, -0.24),
        ("Главное здание Казанского университета", "federal", 0.52, -0.36),
    ];
    for (i, (name, category, x, y)) in SIGHTS.iter().enumerate() {
        let props = vec![
            ("reg_number", text(format!("1617400001{:05}", 10 * i + 6))),
            ("name", text(*name)),
            ("category", text(*category)),
            ("regime", text("Территория объекта: сохранение, реставрация, приспособление")),
        ];
        out.add("heritage_site", point(plan.warp.bend(plan.at(*x, *y)).snap()), props);
    }
}

/// The green shores of the lakes, where no parcels are.
pub fn shores(out: &mut Layers, cells: &Cells, blocks: &[Option<Ring>]) {
    let lakes: Vec<_> = cells.lakes.iter().map(|l| shape(&Patch::of(l.1.clone()))).collect();
    for (cell, block) in cells.cells.iter().zip(blocks) {
        let Some(block) = block else { continue };
        if cell.kind != Kind::Park || !has_lake(cell, cells) {
            continue;
        }
        let mut land = shape(&Patch::of(points(block)));
        for lake in &lakes {
            land = land.difference(lake);
        }
        let land = unshape(&land, 100.0);
        let props = vec![
            ("name", text("Парк у озера")),
            ("kind", text("park")),
            ("program", text("Парки Татарстана")),
            ("year", Value::Integer(2019)),
        ];
        if !land.parts.is_empty() {
            out.add("green_area", patch(&land), props);
        }
    }
}

/// Heritage zones and areas of approved appearance.
pub fn look(out: &mut Layers, cells: &Cells, seed: u64) {
    let centre: Vec<usize> =
        (0..cells.cells.len()).filter(|c| cells.cells[*c].kind == Kind::Centre).collect();
    let zone =
        |out: &mut Layers, area: Patch, n: usize, name: &str, category: &str, regime: &str| {
            let props = vec![
                ("reg_number", text(format!("16:50-8.{n}"))),
                ("name", text(name)),
                ("category", text(category)),
                ("regime", text(regime)),
            ];
            if !area.parts.is_empty() {
                out.add("heritage_zone", patch(&area), props);
            }
        };
    let near = |reach: f64| {
        joined(cells, |c| cells.cells[c].kind != Kind::Water && cells.cells[c].inside.len() < reach)
    };
    zone(out, near(430.0), 1, "Ансамбль Казанского Кремля", "federal", "territory");
    zone(out, near(900.0), 2, "Охранная зона Казанского Кремля", "federal", "protection");
    let all = joined(cells, |c| cells.cells[c].kind == Kind::Centre);
    zone(out, all, 3, "Историческое поселение Казань", "regional", "settlement");
    let mut n = 0;
    for (q, members) in by_quarter(cells) {
        let inner = members.iter().filter(|m| centre.contains(m)).count() * 2 > members.len();
        let busy = cells.cells[members[0]].kind == Kind::Business;
        if !inner && !busy {
            continue;
        }
        n += 1;
        let mut rng = Rng::of(seed, 63, q as u64);
        let area = super::topology::union(members.iter().map(|c| &cells.cells[*c].ring[..]));
        let regime = rng.pick(&["development_control", "protection", "landscape"]);
        if inner {
            let name = format!("Зона регулирования застройки, квартал {n}");
            zone(out, area.clone(), 10 + n, &name, "regional", regime);
        }
        let ask = rng.pick(&[
            "Скатные кровли, штукатурка спокойных тонов, вывески до 0,5 м",
            "Высота карниза по соседним зданиям, без глухих фасадов по улице",
            "Единый фирменный стиль первых этажей, подсветка фасадов",
        ]);
        let props = vec![("index", text(format!("АГО-{n}"))), ("requirements", text(ask))];
        out.add("appearance_area", patch(&area), props);
    }
}
