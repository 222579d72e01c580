//! The whole city, in the order in which it comes to be.

use super::blocks::{Cell, lay};
use super::cut::{Side, points};
use super::fabric::{Fabric, assign};
use super::plan::Plan;
use super::roads::{Class, Manner, Streets, carve, lay_courses, lay_rails, rails, width};
use super::sectors::{Junctions, divide};
use super::terrain::{Ground, Terrain};
use super::topology::{bend, node};

/// The ground plan: cells, streets, sectors.
pub struct Ground0 {
    pub cells: Vec<Cell>,
    pub streets: Streets,
}

pub fn ground(plan: &Plan) -> Ground0 {
    let terrain = Terrain::new(plan);
    let mut streets = Streets::default();
    let mut faces = terrain.faces(plan);
    let rails = rails(plan);
    faces = lay_rails(faces, &rails);
    faces = lay_courses(plan, &terrain, faces, &mut streets);
    for (lake, a, b) in &terrain.lakes {
        let axis = streets.add(Class::District, width(plan, Class::District), "", Manner::Town);
        let half = 0.2 * plan.km;
        faces = carve(plan, faces, (*a, *b, half), (axis, Side::BANK, Ground::Lake));
    }
    let mut junctions = Junctions::default();
    let faces = divide(plan, faces, &mut streets, &mut junctions);
    let fabrics = assign(plan, &faces);
    let mut cells = Vec::new();
    for (sector, (face, fabric)) in faces.iter().zip(&fabrics).enumerate() {
        for ring in lay(plan, sector, &face.ring, *fabric, &mut streets, &mut junctions) {
            cells.push(Cell { ring, fabric: *fabric, sector });
        }
    }
    let mut rings: Vec<_> = cells.iter().map(|c| c.ring.clone()).collect();
    node(&mut rings);
    bend(&mut rings, plan.warp, 60.0);
    for (c, r) in cells.iter_mut().zip(rings) { c.ring = r; }
    let _ = (Fabric::Water, points(&cells[0].ring));
    Ground0 { cells, streets }
}
