//! Layers made of whole cells: boundaries, quarters, water, zones, red lines, planning documents.
//!
//! Zones with special conditions are in `limits.rs`.

use std::collections::BTreeMap;

use super::cells::Cells;
use super::cut::{Corner, Ring, points};
use super::features::{Layers, Props, day, lines, patch, ring, text};
use super::kinds::Kind;
use super::parcels::has_lake;
use super::plan::Plan;
use super::plane::{Pt, centroid, pt};
use super::rng::Rng;
use super::rules::regulation;
use super::terrain::Ground;
use super::topology::{Patch, union};
use crate::layer::Value;

/// Districts: name, OKTMO, middle in plan km, whether south of the Kazanka.
pub const DISTRICTS: [(&str, &str, f64, f64, bool); 7] = [
    ("Авиастроительный", "92701310", 1.6, 6.2, false),
    ("Вахитовский", "92701330", 0.3, -0.6, true),
    ("Кировский", "92701335", -3.9, 2.0, false),
    ("Московский", "92701350", -1.5, 3.9, false),
    ("Ново-Савиновский", "92701363", 1.3, 2.2, false),
    ("Приволжский", "92701365", 1.4, -4.6, true),
    ("Советский", "92701370", 5.4, -0.4, true),
];

/// Which cells belong together for the layers.
pub struct Districts {
    /// District of each cell.
    pub district: Vec<usize>,
    /// Number of each quarter.
    pub quarter_no: Vec<String>,
}

/// Assigns districts to cells and numbers to quarters.
pub fn assign(plan: &Plan, cells: &Cells, kazanka: &[Pt]) -> Districts {
    let nearest = |p: Pt| {
        let south = !super::line::beside(kazanka, p).1;
        let far = |d: &(&str, &str, f64, f64, bool)| plan.at(d.2, d.3).far(p);
        let all = DISTRICTS.iter().enumerate().filter(|d| d.1.4 != south);
        all.min_by(|a, b| far(a.1).total_cmp(&far(b.1))).map_or(1, |d| d.0)
    };
    let mut of_quarter: Vec<Option<usize>> = vec![None; cells.quarters.max(1)];
    let mut district = Vec::with_capacity(cells.cells.len());
    for cell in &cells.cells {
        district.push(match cell.ground {
            Ground::Land => *of_quarter[cell.quarter].get_or_insert_with(|| nearest(cell.inside)),
            _ => nearest(cell.inside),
        });
        if cell.ground == Ground::Rail {
            of_quarter[cell.quarter] = district.last().copied();
        }
    }
    let mut counts = [0_usize; 7];
    let quarter_no = of_quarter.iter().map(|d| {
        let d = d.unwrap_or(1);
        counts[d] += 1;
        format!("16:50:{:02}{:02}{:02}", d + 1, counts[d] / 60 + 1, counts[d] % 60 + 1)
    });
    Districts { quarter_no: quarter_no.collect(), district }
}

fn rings<'a>(
    cells: &'a Cells,
    which: impl Fn(usize) -> bool + 'a,
) -> impl Iterator<Item = &'a [Corner]> + 'a {
    cells.cells.iter().enumerate().filter(move |c| which(c.0)).map(|c| &c.1.ring[..])
}

/// The union of cells.
pub fn joined(cells: &Cells, which: impl Fn(usize) -> bool) -> Patch {
    union(rings(cells, which))
}

/// City and districts, quarters, water.
pub fn base(out: &mut Layers, cells: &Cells, ground: &Districts) {
    let boundary = |name: &str, oktmo: &str, kind: &str| -> Props {
        vec![("oktmo", text(oktmo)), ("name", text(name)), ("kind", text(kind))]
    };
    let city = joined(cells, |_| true);
    out.add("municipal_boundary", patch(&city), boundary("Казань", "92701000", "city"));
    for (i, d) in DISTRICTS.iter().enumerate() {
        let area = joined(cells, |c| ground.district[c] == i);
        if !area.parts.is_empty() {
            out.add("municipal_boundary", patch(&area), boundary(d.0, d.1, "district"));
        }
    }
    for (what, name) in [(Ground::Volga, "Волга"), (Ground::Kazanka, "Казанка")] {
        let area = joined(cells, |c| cells.cells[c].ground == what);
        if !area.parts.is_empty() {
            let props = vec![("name", text(name)), ("kind", text("river"))];
            out.add("water_body", patch(&area), props);
        }
    }
    for (name, lake) in present(cells) {
        out.add("water_body", ring(lake), vec![("name", text(name)), ("kind", text("lake"))]);
    }
    for (q, members) in by_quarter(cells) {
        let area = union(members.iter().map(|c| &cells.cells[*c].ring[..]));
        let props = vec![("quarter_no", text(ground.quarter_no[q].clone()))];
        out.add("cadastral_quarter", patch(&area), props);
    }
}

/// Lakes that lie on land of the city.
pub fn present(cells: &Cells) -> impl Iterator<Item = (&'static str, &Vec<Pt>)> {
    let land: Vec<Vec<Pt>> = cells
        .cells
        .iter()
        .filter(|c| c.ground == Ground::Land && c.kind == Kind::Park)
        .map(|c| points(&c.ring))
        .collect();
    cells.lakes.iter().filter_map(move |(name, lake)| {
        let dry = |p: &Pt| land.iter().any(|l| super::plane::contains(l, *p));
        lake.iter().all(dry).then_some((*name, lake))
    })
}

/// Cells on land by quarter.
pub fn by_quarter(cells: &Cells) -> BTreeMap<usize, Vec<usize>> {
    let mut all: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (i, c) in cells.cells.iter().enumerate() {
        if matches!(c.ground, Ground::Land | Ground::Rail) {
            all.entry(c.quarter).or_default().push(i);
        }
    }
    all
}

/// Territorial and functional zones.
pub fn zones(out: &mut Layers, cells: &Cells) {
    let mut groups: BTreeMap<(Kind, usize), Vec<usize>> = BTreeMap::new();
    let mut functions: BTreeMap<&'static str, Vec<usize>> = BTreeMap::new();
    for (i, c) in cells.cells.iter().enumerate() {
        let spec = c.kind.spec();
        functions.entry(spec.function).or_default().push(i);
        if !spec.zone.is_empty() {
            groups.entry((c.kind, c.sector)).or_default().push(i);
        }
    }
    for ((kind, _), members) in groups {
        let area = union(members.iter().map(|c| &cells.cells[*c].ring[..]));
        for part in area.parts {
            out.add("territorial_zone", patch(&Patch { parts: vec![part] }), regulation(kind));
        }
    }
    let document = "Генеральный план городского округа Казань, решение от 28.02.2020 № 5-38";
    for (code, members) in functions {
        let area = union(members.iter().map(|c| &cells.cells[*c].ring[..]));
        for part in area.parts {
            let props = vec![("code", text(code)), ("document", text(document))];
            out.add("functional_zone", patch(&Patch { parts: vec![part] }), props);
        }
    }
}

/// Red lines and the land between them, planning documents.
pub fn lines_and_plans(out: &mut Layers, cells: &Cells, blocks: &[Option<Ring>], seed: u64) {
    for (q, members) in by_quarter(cells) {
        let mut rng = Rng::of(seed, 51, q as u64);
        let (year, no) = (rng.whole(2008, 2025), rng.whole(40, 5900));
        let document =
            format!("Постановление Исполнительного комитета г. Казани от {year} г. № {no}");
        let status = rng.weighted(&[("existing", 8.0), ("planned", 1.6), ("cancelled", 0.3)]);
        let mut area = union(members.iter().map(|c| &cells.cells[*c].ring[..]));
        let date = day(year, rng.whole(1, 12), rng.whole(1, 28));
        for c in members {
            let cell = &cells.cells[c];
            let shore = cell.kind == Kind::Park && has_lake(cell, cells);
            if cell.ground == Ground::Rail || shore {
                continue;
            }
            let Some(block) = &blocks[c] else { continue };
            let mut line = points(block);
            let middle = centroid(&line);
            let home = area.parts.iter_mut().find(|p| super::plane::contains(&p.0, line[0]));
            if let Some(part) = home {
                part.1.push(line.iter().rev().copied().collect());
            }
            line.push(line[0]);
            let props = vec![
                ("document", text(document.clone())),
                ("date", date.clone()),
                ("status", text(status)),
            ];
            if middle.far(pt(0.0, 0.0)) > 1.0 {
                out.add("red_line", lines(&[line]), props);
            }
        }
        let rail = area.parts.iter().all(|p| p.1.is_empty());
        if !rail {
            out.add("red_line_area", patch(&area), vec![("document", text(document))]);
        }
        if rng.chance(0.12) {
            let kind = rng.pick(&["ppt", "pmt"]);
            let whole = union(
                cells
                    .cells
                    .iter()
                    .filter(|c| c.quarter == q && c.kind != Kind::Water)
                    .map(|c| &c.ring[..]),
            );
            let (y, m, d) = (rng.whole(2012, 2026), rng.whole(1, 6), rng.whole(1, 28));
            let props = vec![
                ("kind", text(kind)),
                ("number", text(format!("{}-{no}/{y}", if kind == "ppt" { "ППТ" } else { "ПМТ" }))),
                ("date", day(y, m, d)),
                ("valid", Value::Boolean(rng.chance(0.9))),
            ];
            out.add("planning_document", patch(&whole), props);
        }
    }
}
