//! Parcels: blocks divided, neighbours sharing every vertex; then bent.

use geo::{LineString, Polygon, Validation};

use super::plan::{Kind, Neighbourhood, Plan};
use super::rng::Rng;
use super::shape::{Bend, Poly, Pt, Tag, area, node, pt};

/// A parcel of the city, bent.
pub struct Parcel {
    pub neighbourhood: usize,
    pub kind: Kind,
    /// Counter-clockwise, in the city's system.
    pub ring: Vec<Pt>,
    pub tags: Vec<Tag>,
}

/// A block within its red lines, bent.
pub struct Block {
    pub neighbourhood: usize,
    pub ring: Vec<Pt>,
}

fn is_simple(ring: &[Pt]) -> bool {
    let line: LineString<f64> = ring.iter().map(|p| (p.x, p.y)).collect::<Vec<_>>().into();
    Polygon::new(line, Vec::new()).is_valid()
}

/// m² of a usual parcel.
fn usual(kind: Kind) -> f64 {
    match kind {
        Kind::Centre => 1_500.0,
        Kind::Flats => 5_600.0,
        Kind::Houses => 780.0,
        Kind::Business => 3_400.0,
        Kind::Industry => 15_000.0,
        Kind::Garden => 560.0,
        Kind::Park | Kind::Forest | Kind::Lake => f64::MAX,
        Kind::Field => 45_000.0,
    }
}

/// Every block and parcel of a plan.
pub fn divide(plan: &Plan, bend: Bend, seed: u64) -> (Vec<Block>, Vec<Parcel>) {
    let mut blocks = Vec::new();
    let mut parcels = Vec::new();
    for (number, neighbourhood) in plan.neighbourhoods.iter().enumerate() {
        let mut rng = Rng::new(seed ^ 0x70, number as u64);
        for block in &neighbourhood.blocks {
            let mut parts = lots(neighbourhood, block, &mut rng);
            // Long sides bend between their corners too.
            let mut outline = vec![block.dense(60.0)];
            outline.append(&mut parts);
            node(&mut outline);
            for (at, part) in outline.into_iter().enumerate() {
                let ring = bend.line(&part.points);
                // A sliver that the bend folds is left out.
                if ring.len() != part.tags.len() || area(&ring) < 30.0 || !is_simple(&ring) {
                    continue;
                }
                if at == 0 {
                    blocks.push(Block {
                        neighbourhood: number,
                        ring,
                    });
                } else {
                    let kind = neighbourhood.kind;
                    parcels.push(Parcel {
                        neighbourhood: number,
                        kind,
                        ring,
                        tags: part.tags,
                    });
                }
            }
        }
    }
    (blocks, parcels)
}

fn lots(neighbourhood: &Neighbourhood, block: &Poly, rng: &mut Rng) -> Vec<Poly> {
    let kind = neighbourhood.kind;
    let wanted = usual(kind);
    if matches!(kind, Kind::Park | Kind::Forest | Kind::Lake) {
        return vec![block.clone()];
    }
    let rows = matches!(kind, Kind::Houses | Kind::Garden);
    let mut done = Vec::new();
    let mut waiting = Vec::new();
    if rows {
        // Two rows back to back, then lots along the street.
        let (u, _, across) = block.frame();
        let middle = block.middle();
        if across > 45.0 {
            let (a, b) = block.cut(middle, u, None);
            waiting.extend([a, b]);
        } else {
            waiting.push(block.clone());
        }
    } else {
        waiting.push(block.clone());
    }
    while let Some(part) = waiting.pop() {
        if part.points.len() < 3 {
            continue;
        }
        if part.area() < wanted * rng.within(0.95, 1.75) {
            done.push(part);
            continue;
        }
        let (u, along, _) = part.frame();
        let middle = part.middle();
        let shift = rng.within(-0.08, 0.08) * along;
        let angle = if rows { 0.0 } else { rng.within(-0.03, 0.03) };
        let (sin, cos) = angle.sin_cos();
        let at = pt(middle.x + u.x * shift, middle.y + u.y * shift);
        let across = pt(-u.y * cos - u.x * sin, u.x * cos - u.y * sin);
        let (a, b) = part.cut(at, across, None);
        if a.points.len() < 3 || b.points.len() < 3 || a.area() < 80.0 || b.area() < 80.0 {
            done.push(part);
        } else {
            waiting.extend([a, b]);
        }
    }
    done
}
