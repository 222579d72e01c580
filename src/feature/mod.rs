//! Features: pages, one feature, what is here, search, and editing with history.
//!
//! Knows no application. *Not here*: the wire (`http/features.rs`, `http/editing.rs`), tiles (`tile/`), CQL2
//! (later, in a room of its own).

mod edit;
pub mod found;
pub mod history;
mod query;
mod record;
pub mod sql;

pub use edit::sql::take_turn;
pub use edit::{
    Desk, Done, Edited, change_set, create, delete, merge, parse_feature, patch, replace, split,
    tags,
};
pub use found::{Hit, find};
pub use query::{FeatureQuery, PROPERTY_CRS};
pub use record::{Column, Record, Sheet};
