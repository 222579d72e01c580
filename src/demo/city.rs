//! The way in: one city of a seed and a size, all its layers.

use super::features::{Layers, lines, text};
use super::line::{dense, parallel};
use super::numbering::{house_numbers, number_parcels};
use super::plan::Plan;
use super::plane::{Pt, contains};
use super::registers::Book;
use super::roads::{chains, streets};
use super::terrain::{Class, Terrain};
use super::{buildings, cells, limits, look, parcels, zoning};

pub use super::features::DemoFeature;

/// A demo city.
pub struct City {
    /// Its layers by id, each with its features.
    pub layers: Vec<(&'static str, Vec<DemoFeature>)>,
}

impl City {
    /// Builds the city of a seed with about so many parcels; the same arguments give the same city.
    pub fn build(seed: u64, parcels: usize) -> City {
        let plan = Plan::new(seed, parcels);
        let terrain = Terrain::new(&plan);
        let cells = cells::lay_out(&plan, &terrain);
        let blocks = parcels::blocks(&cells);
        let kazanka: Vec<Pt> = terrain.kazanka.iter().map(|p| plan.warp.bend(*p)).collect();
        let ground = zoning::assign(&plan, &cells, &kazanka);
        let mut land = parcels::parcels(&plan, &cells, &blocks);
        let mut next = number_parcels(&mut land, &cells, &ground);
        let built = buildings::buildings(seed, &land);
        let houses = house_numbers(&land, &built, &cells);

        let mut out = Layers::default();
        zoning::base(&mut out, &cells, &ground);
        railway(&mut out, &plan, &terrain, &cells);
        streets(&mut out, &cells.streets, seed);
        let book = Book {
            seed,
            cells: &cells,
            ground: &ground,
            parcels: &land,
            buildings: &built,
            houses: &houses,
        };
        book.land(&mut out);
        book.houses(&mut out, &mut next);
        zoning::zones(&mut out, &cells);
        zoning::lines_and_plans(&mut out, &cells, &blocks, seed);
        limits::special(&mut out, &plan, &cells, seed);
        look::sights(&mut out, &plan);
        look::shores(&mut out, &cells, &blocks);
        look::look(&mut out, &cells, seed);
        City { layers: out.0 }
    }
}

/// Tracks of the railway and the tram.
fn railway(out: &mut Layers, plan: &Plan, terrain: &Terrain, cells: &cells::Cells) {
    let city = zoning::joined(cells, |_| true);
    let Some((shell, _)) = city.parts.first() else {
        return;
    };
    let inner = |line: &[Pt]| {
        let mut parts: Vec<Vec<Pt>> = vec![Vec::new()];
        for p in line.iter().map(|p| plan.warp.bend(*p).snap()) {
            if contains(shell, p) {
                if let Some(last) = parts.last_mut() {
                    last.push(p);
                }
            } else {
                parts.push(Vec::new());
            }
        }
        parts.retain(|p| p.len() > 1);
        parts
    };
    let mut add = |line: &[Pt], name: &str, kind: &'static str| {
        let parts = inner(line);
        if !parts.is_empty() {
            out.add("railway", lines(&parts), vec![("name", text(name)), ("kind", text(kind))]);
        }
    };
    for (i, rail) in terrain.rails.iter().enumerate() {
        let name = ["Москва — Казань — Екатеринбург", "Казань — Ульяновск"][i.min(1)];
        let line = dense(rail, 40.0);
        add(&parallel(&line, |_| 2.6), name, "main");
        add(&parallel(&line, |_| -2.6), name, "main");
        let n = line.len();
        for (from, to, by) in [(0.34, 0.48, 8.0), (0.36, 0.46, 13.0), (0.58, 0.66, -9.0)] {
            let part = &line[(n as f64 * from) as usize..(n as f64 * to) as usize];
            if part.len() > 2 {
                add(&parallel(part, |_| by), "Подъездной путь", "siding");
            }
        }
    }
    for (street, n) in cells.streets.iter().filter(|s| s.class == Class::Main).take(3).zip(1..) {
        let near = |e: &&(Pt, Pt)| e.0.len() < plan.km * 4.2;
        let edges: Vec<(Pt, Pt)> = street.edges.iter().filter(near).copied().collect();
        let all = chains(&edges);
        if !all.is_empty() {
            let name = format!("Трамвай, маршрут {n}");
            out.add("railway", lines(&all), vec![("name", text(name)), ("kind", text("tram"))]);
        }
    }
}
