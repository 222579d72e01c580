//! Where things are: coordinate systems, boxes, tile addresses, cadastral numbers, codecs, WKB.
//!
//! No I/O here. Axis order is east, north (longitude, latitude) everywhere inside; only the wire of
//! EPSG:4326 is latitude, longitude. *Not here*: anything that PostGIS computes (`*/sql.rs`).

mod bbox;
mod cadastral;
mod codec;
mod crs;
mod flat;
mod grid;
mod wire;
pub mod wkb;

pub use bbox::Bbox;
pub use cadastral::CadastralNumber;
pub use codec::{GeoJson, ewkb_of_geojson, ewkb_of_geometry, geometry_of_geojson};
pub use crs::{Crs, Projector};
pub use flat::Flat;
pub use grid::TileAddress;
pub use wire::{ToDegrees, Wire};
