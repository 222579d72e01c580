//! A deterministic synthetic city of any size, drawn from a seed.
//!
//! The same seed and size give the same bytes. *Not here yet*: applications in every status.

mod buildings;
pub mod city;
mod extras;
pub mod load;
mod names;
mod parcels;
mod plan;
mod rng;
mod shape;
