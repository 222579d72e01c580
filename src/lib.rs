//! IMGIS: the land, the rules on it, and the applications that touch it.
//!
//! Read the rooms from top to bottom. A room may use only rooms with a smaller number; `tests/it/tidy.rs`
//! fails on the first line that looks sideways or up.

pub mod error; // 0  how things fail
pub mod config; // 1  what an operator may set; every limit
pub mod geometry; // 2  where things are
pub mod db; // 3  how to reach PostgreSQL
pub mod access; // 3  who is asking
pub mod layer; // 4  what is published
pub mod change; // 5  what changed since
pub mod filter; // 5  what is asked for, as a predicate
pub mod style; // 6  how it looks
pub mod feature; // 6  what is there, one by one
pub mod tile; // 6  the city in memory
pub mod application; // 7  what is asked for
pub mod exchange; // 7  files in, archives and tables out
pub mod question; // 7  how much of what lies where
pub mod demo; // 8  a city that does not exist
pub mod http; // 9  the web door
pub mod cli; // 10  the operator's door

// What a running server hangs on: used by `http` and `cli` only.
mod follow;
mod imgis;

pub use imgis::{ChangeEvent, Imgis, Ready};
