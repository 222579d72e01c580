//! What a piece of the city is like: from its place, its neighbours, and how many parcels are wanted.
//!
//! The middle and the estates stand where Kazan has them; the suburbs are filled with private houses
//! and gardens until the wanted number of parcels is reached, the rest is field and forest.

use super::cut::points;
use super::plan::Plan;
use super::plane::{Pt, area, centroid};
use super::rng::Noise;
use super::terrain::{Face, Ground};

/// The character of a sector or block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fabric {
    /// Dense old streets with houses at the pavement and courtyards.
    Historic,
    /// Quarters of three to five floors.
    Mid,
    /// Panel-house estates.
    Micro,
    /// Private houses.
    Houses,
    /// Garden associations.
    Gardens,
    /// Works.
    Industry,
    /// Warehouses and garages.
    Depot,
    /// Offices, trade.
    Business,
    /// Hospitals, universities, stadiums.
    Campus,
    /// Power station, water works.
    Utility,
    /// City parks.
    Park,
    /// City forest.
    Forest,
    /// Fields.
    Field,
    /// Cemeteries.
    Cemetery,
    /// Closed sites.
    Closed,
    /// The railway's land.
    Rail,
    /// The kremlin.
    Kremlin,
    /// Rivers and lakes.
    Water,
}

use Fabric::*;

/// Where what stands: middle and reach on the plan in km, fabric, weight.
const PLACES: &[(f64, f64, f64, Fabric, f64)] = &[
    (0.65, -0.45, 1.25, Historic, 1.5),
    (2.3, 0.6, 0.5, Park, 1.5),
    (0.2, 1.55, 0.5, Business, 1.1),
    (2.9, 3.45, 0.35, Park, 1.3),
    (1.9, 3.6, 0.45, Campus, 1.1),
    (2.9, 0.65, 0.55, Campus, 1.1),
    (4.0, -1.8, 0.5, Campus, 1.1),
    (5.2, 1.6, 0.45, Business, 1.1),
    (-0.9, -1.1, 0.45, Business, 1.0),
    (1.15, -1.5, 0.4, Business, 0.9),
    (2.9, -1.7, 0.42, Cemetery, 1.3),
    (6.4, -5.0, 0.6, Cemetery, 1.3),
    (-1.2, 8.1, 0.5, Cemetery, 1.2),
    (1.2, 2.3, 1.2, Micro, 1.0),
    (1.9, 4.1, 1.1, Micro, 1.0),
    (-1.9, 4.3, 1.0, Micro, 1.0),
    (6.6, -0.5, 1.1, Micro, 1.0),
    (6.4, -2.6, 1.2, Micro, 1.0),
    (4.4, -4.6, 1.3, Micro, 1.0),
    (3.5, -3.3, 0.8, Micro, 0.9),
    (0.9, 6.1, 0.8, Micro, 0.9),
    (5.0, -6.6, 0.8, Micro, 0.8),
    (-4.4, 1.9, 0.5, Micro, 0.7),
    (-7.0, 3.0, 0.6, Micro, 0.7),
    (-0.9, 2.6, 0.8, Mid, 0.9),
    (-0.6, 4.6, 0.8, Mid, 0.9),
    (-0.9, 6.1, 0.9, Mid, 0.9),
    (2.6, -0.9, 1.0, Mid, 0.9),
    (4.2, 1.3, 0.6, Mid, 0.8),
    (-3.1, 2.3, 0.6, Mid, 0.8),
    (1.0, -4.4, 0.6, Mid, 0.7),
    (0.4, -2.2, 0.7, Mid, 0.8),
    (6.6, 1.0, 0.5, Mid, 0.6),
    (-4.6, 3.3, 0.9, Industry, 1.1),
    (-2.9, 6.3, 0.9, Industry, 1.1),
    (-3.1, 4.3, 0.7, Industry, 1.0),
    (-0.2, -4.1, 0.8, Industry, 1.1),
    (0.0, -6.7, 0.9, Industry, 1.0),
    (4.9, -0.4, 0.5, Industry, 1.0),
    (6.9, 2.2, 0.7, Industry, 1.0),
    (8.3, 2.0, 0.7, Industry, 0.9),
    (-0.3, 8.4, 1.0, Industry, 1.0),
    (-5.8, 3.4, 0.5, Depot, 0.9),
    (-1.3, -2.9, 0.6, Depot, 1.0),
    (3.0, -2.4, 0.4, Depot, 0.9),
    (2.2, 7.2, 0.6, Depot, 0.8),
    (7.9, -0.6, 0.6, Depot, 0.9),
    (-1.3, -4.6, 0.5, Utility, 1.2),
    (-1.9, 5.9, 0.35, Utility, 0.9),
    (3.9, 5.9, 0.35, Utility, 0.8),
    (-6.4, 6.0, 1.7, Forest, 1.3),
    (8.6, 4.9, 1.3, Forest, 1.2),
    (5.8, -8.0, 1.2, Forest, 1.2),
    (2.4, 8.6, 1.2, Forest, 1.1),
    (4.5, 5.5, 0.7, Forest, 1.0),
    (-4.9, 4.7, 0.7, Forest, 1.1),
    (3.0, -7.0, 0.6, Forest, 0.9),
    (7.9, 0.6, 0.35, Closed, 0.9),
    (3.4, 6.1, 1.0, Gardens, 0.8),
    (-2.0, -6.6, 0.7, Gardens, 0.8),
    (-5.5, 1.3, 0.6, Gardens, 0.8),
    (-2.0, 1.55, 0.5, Park, 0.9),
    (-1.85, -0.3, 0.45, Park, 0.9),
    (-2.0, -2.6, 0.5, Park, 0.8),
    (4.1, 3.0, 0.6, Gardens, 0.8),
];

/// Parcels of a hectare of a sector, about.
fn per_hectare(fabric: Fabric) -> f64 {
    match fabric {
        Historic => 4.6,
        Mid => 2.2,
        Micro => 1.15,
        Houses => 8.6,
        Gardens => 13.0,
        Industry => 0.38,
        Depot => 1.6,
        Business | Campus => 0.9,
        Utility | Rail => 0.3,
        Park | Cemetery | Closed => 0.12,
        Forest | Field => 0.05,
        Kremlin | Water => 0.0,
    }
}

/// The fabric of every face, such that about the wanted number of parcels comes out.
pub fn assign(plan: &Plan, faces: &[Face]) -> Vec<Fabric> {
    let noise = plan.noise(20);
    let mut fabrics = Vec::with_capacity(faces.len());
    let mut open: Vec<(f64, usize, f64)> = Vec::new();
    let mut expected = 0.0;
    for (i, face) in faces.iter().enumerate() {
        let shape = points(&face.ring);
        let (middle, size) = (centroid(&shape), area(&shape));
        let fixed = match face.ground {
            Ground::Volga | Ground::River | Ground::Lake => Some(Water),
            Ground::Rail => Some(Rail),
            Ground::Kremlin => Some(Kremlin),
            Ground::Land => placed(plan, noise, middle),
        };
        if fixed.is_none() {
            open.push((wish(plan, noise, middle), i, size / 10_000.0));
        }
        let fabric = fixed.unwrap_or(Field);
        expected += per_hectare(fabric) * size / 10_000.0;
        fabrics.push(fabric);
    }
    open.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    for (_, i, hectares) in open {
        let middle = centroid(&points(&faces[i].ring));
        let garden = garden_here(plan, noise, middle);
        let kind = if garden { Gardens } else { Houses };
        let more = hectares * per_hectare(kind);
        if expected + more * 0.5 < plan.parcels as f64 {
            expected += more;
            fabrics[i] = kind;
        } else {
            fabrics[i] = if noise.at(middle, 2900.0) > -0.05 { Forest } else { Field };
        }
    }
    fabrics
}

fn placed(plan: &Plan, noise: Noise, p: Pt) -> Option<Fabric> {
    let mut best = (0.0, None);
    for &(x, y, reach, fabric, weight) in PLACES {
        let middle = plan.at(x, y);
        let km = pt_len(x, y);
        let scale = if km > 0.3 { middle.len() / km } else { plan.km };
        let near = 1.0 - p.far(middle) / (reach * scale);
        let wave = 900.0 * plan.km / 1000.0;
        let rough = noise.at(Pt { x: p.x + x * 777.0, y: p.y - y * 555.0 }, wave) * 0.30;
        let score = near * weight + if near > -0.4 { rough } else { 0.0 };
        if score > best.0 {
            best = (score, Some(fabric));
        }
    }
    best.1
}

fn pt_len(x: f64, y: f64) -> f64 {
    (x * x + y * y).sqrt()
}

/// How much a place wants to be built on with houses.
fn wish(plan: &Plan, noise: Noise, p: Pt) -> f64 {
    1.25 - plan.out(p) + noise.at(p, 2600.0) * 0.42 + noise.at(p, 1100.0) * 0.16
}

fn garden_here(plan: &Plan, noise: Noise, p: Pt) -> bool {
    let q = Pt { x: p.x + 5000.0, y: p.y + 9000.0 };
    noise.at(q, 1900.0) + (plan.out(p) - 0.62) * 1.5 > 0.28
}
