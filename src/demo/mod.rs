//! A deterministic synthetic city of any size.
//!
//! The same seed and size give the same bytes. *Not here yet*: applications in every status.

pub mod city;
pub mod load;
