//! The demo city: a believable city round Kazan's kremlin, from a seed and a number of parcels.
//!
//! Pure and deterministic: no files, no clock, no database. `city` is the way in; the other modules
//! go from the ground (`terrain`, `cells`) over `parcels` and `buildings` to the layers. Writing
//! it into a database is `load`.

pub mod city;
pub mod load;

mod axes;
mod buildings;
mod cells;
mod cut;
mod features;
mod forms;
mod inset;
mod kinds;
mod limits;
mod line;
mod look;
mod names;
mod numbering;
mod parcels;
mod plan;
mod plane;
mod registers;
mod rng;
mod roads;
mod rules;
mod terrain;
mod topology;
mod zoning;
