//! Features: pages, one feature, what is here, search, and editing with history.
//!
//! Knows no application. *Not here*: the wire (`http/`), tiles (`tile/`), the predicate language (`filter/`).

mod around;
mod cursor;
mod edit;
pub mod found;
pub mod history;
pub mod page;
mod query;
mod record;
pub mod sql;

pub use around::{Outline, around};
pub use cursor::{Cursor, Key};
pub use edit::sql::take_turn;
pub use edit::{
    Desk, Done, Edited, change_set, create, delete, merge, parse_feature, patch, replace, split,
    tags,
};
pub use found::{Hit, find};
pub use page::sql::{Rows, Statement};
pub use page::{Reading, place};
pub use query::{Asker, During, FeatureQuery, PARAMETERS, PROPERTY_CRS, Place, searchable, yes};
pub use record::{Column, Record, Sheet};
