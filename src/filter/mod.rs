//! One predicate language for items, search, tiles and questions: CQL2, as text and as JSON.
//!
//! Text or JSON → the tree ([`Expr`]) → checked against what the caller may ask of a layer ([`Filter`]) →
//! SQL with every literal bound (`sql.rs`), or a verdict over a feature in memory (`eval.rs`). Both answer
//! alike, in the three-valued logic of SQL. *Not here*: running it (`feature/`, `tile/`).
//!
//! # Source
//! OGC 21-065r2 (CQL2 1.0).

mod ast;
mod check;
mod eval;
mod fold;
mod function;
mod json;
mod lex;
mod place;
mod print;
mod queryable;
mod sql;
mod text;
mod wkt;

pub use ast::{Arithmetic, Array, Compare, Expr, Kind, Spatial, Temporal};
pub use check::Filter;
pub use eval::{Bound, Moment, Scene, Thing};
pub use function::{FUNCTIONS, Function};
pub use place::{boxed, placed, window};
pub use queryable::{Queryable, Queryables, Type};

use crate::error::Error;

/// What is wrong with a filter and where: `byte 12` of the text, or a JSON Pointer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub at: String,
    pub detail: String,
}

/// A result whose error is a [`Fault`].
pub type Faulty<T> = Result<T, Fault>;

impl Fault {
    /// A fault at a place.
    pub fn new(at: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { at: at.into(), detail: detail.into() }
    }

    /// The fault of a parameter.
    pub fn of(self, parameter: &str) -> Error {
        let place = match self.at.as_str() {
            "" => String::new(),
            place => format!("at {place}: "),
        };
        Error::parameter(parameter, format!("{place}{}", self.detail))
    }
}

/// Reads CQL2 text.
///
/// # Errors
/// The place and what was expected there.
pub fn parse_text(text: &str) -> Faulty<Expr> {
    text::parse(text)
}

/// Reads CQL2 JSON.
///
/// # Errors
/// The JSON Pointer and what was expected there.
pub fn parse_json(value: &serde_json::Value) -> Faulty<Expr> {
    json::parse(value)
}

impl Expr {
    /// As CQL2 text.
    pub fn to_text(&self) -> String {
        print::write(self)
    }

    /// As CQL2 JSON.
    pub fn to_json(&self) -> serde_json::Value {
        json::write(self)
    }
}
