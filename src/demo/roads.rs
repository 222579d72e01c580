//! Street axes and what stands along streets.
//!
//! How streets come to be is in `cells.rs`.

use std::collections::HashMap;

use super::cells::Street;
use super::features::{Layers, day, lines, number, point, text};
use super::plane::{Key, Pt, key, unkey};
use super::rng::Rng;
use super::terrain::Class;

/// Lines made of single edges.
pub fn chains(edges: &[(Pt, Pt)]) -> Vec<Vec<Pt>> {
    let mut ends: HashMap<Key, Vec<usize>> = HashMap::new();
    for (i, e) in edges.iter().enumerate() {
        ends.entry(key(e.0)).or_default().push(i);
        ends.entry(key(e.1)).or_default().push(i);
    }
    let mut used = vec![false; edges.len()];
    let mut out = Vec::new();
    for round in 0..2 {
        for i in 0..edges.len() {
            let start = [key(edges[i].0), key(edges[i].1)].into_iter().find(|k| ends[k].len() == 1);
            let Some(start) = start.or((round == 1).then_some(key(edges[i].0))) else {
                continue;
            };
            let (mut at, mut line, mut next) = (start, vec![unkey(start)], Some(i));
            while let Some(e) = next.filter(|e| !used[*e]) {
                used[e] = true;
                at = if key(edges[e].0) == at { key(edges[e].1) } else { key(edges[e].0) };
                line.push(unkey(at));
                next = ends[&at].iter().copied().find(|e| !used[*e]);
            }
            if line.len() > 1 {
                out.push(line);
            }
        }
    }
    out
}

/// Street axes and what stands along streets.
pub fn streets(out: &mut Layers, streets: &[Street], seed: u64) {
    for (i, street) in streets.iter().enumerate() {
        let chains = chains(&street.edges);
        if chains.is_empty() {
            continue;
        }
        let props = vec![
            ("name", text(street.name.clone())),
            ("class", text(street.class.code())),
            ("width_m", number(street.class.width() - 3.0)),
        ];
        out.add("street_axis", lines(&chains), props);
        if street.class < Class::Local {
            furniture(out, street, &mut Rng::of(seed, 91, i as u64));
        }
    }
}

fn furniture(out: &mut Layers, street: &Street, rng: &mut Rng) {
    for (a, b) in &street.edges {
        let aside = (*b - *a).unit().left() * (street.class.width() / 2.0 - 3.0);
        let at =
            a.toward(*b, rng.range(0.2, 0.8)) + aside * if rng.chance(0.5) { 1.0 } else { -1.0 };
        if rng.chance(0.16) {
            let kind =
                rng.pick(&["billboard", "billboard", "city_format", "pillar", "screen", "panel"]);
            let props = vec![
                ("passport_no", text(format!("К-{:05}", rng.whole(1, 99_999)))),
                ("kind", text(kind)),
                ("valid_to", day(rng.whole(2024, 2031), rng.whole(1, 12), rng.whole(1, 28))),
            ];
            out.add("advertising", point(at), props);
        } else if rng.chance(0.07) {
            let kind = rng.pick(&[
                "kiosk",
                "kiosk",
                "pavilion",
                "trailer",
                "summer_cafe",
                "seasonal",
                "vending",
            ]);
            let props = vec![
                ("scheme_no", text(format!("{}-{}", rng.whole(1, 7), rng.whole(1, 900)))),
                ("kind", text(kind)),
                ("term", day(rng.whole(2025, 2031), 12, 31)),
            ];
            out.add("kiosk", point(at), props);
        }
    }
}
