//! The tests of the whole: over real PostGIS, through the web door where there is one.
//!
//! `scripts/test-cluster` starts the cluster and hands it over in `IMGIS_TEST_CLUSTER`.

mod answers;
mod applications;
mod archives;
mod changes;
mod changesets;
mod clients;
mod cluster;
mod collections;
mod coordinates;
mod deadlines;
mod demo;
mod drawing;
mod editing;
mod exports;
mod exports_files;
mod features;
mod filters;
mod fresh;
mod history;
mod hostile;
mod imports;
mod layers;
mod legend;
mod office;
mod pages;
mod predicates;
mod queries;
mod questions;
mod rights;
mod standby;
mod suite;
mod tidy;
mod tiles;
mod tilesets;
mod town;
