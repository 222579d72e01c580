//! A deterministic synthetic city of any size: Kazan as it might be.
//!
//! `City::build` is pure: seed and number of parcels in, features of every layer out, in metres of
//! the city's own system. Order of the files: chance and geometry (`rng`, `plane`, `line`, `cut`,
//! `topology`, `inset`); the plan of the land (`plan`, `terrain`, `roads`, `sectors`, `fabric`,
//! `blocks`); what stands on it (`parcels`, `uses`, `shapes`, `buildings`, `addresses`, `names`);
//! what is written about it (`zones`, `regulations`, `lines`, `special`, `heritage`, `permits`,
//! `extras`); and `city`, which calls them in that order.
//! *Not here*: writing the city into the database (`load`).

pub mod blocks;
pub mod city;
pub mod cut;
pub mod fabric;
pub mod inset;
pub mod line;
pub mod plan;
pub mod plane;
pub mod rng;
pub mod roads;
pub mod sectors;
pub mod terrain;
pub mod topology;
