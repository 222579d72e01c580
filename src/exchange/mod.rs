//! Files in, archives of tiles and tables of features out. Never goes round the checks of feature editing:
//! what an edit would refuse, an import refuses by row.
//!
//! *Seam*: a format that comes in is a way to call [`Sink`] for each feature (`geojson.rs`); the rest does
//! not know it. A format that goes out is a writer of `write/`.

mod archive;
mod copy;
mod geojson;
mod import;
pub mod sql;
pub mod write;

pub use archive::{ArchiveOptions, Archived, export};
pub use copy::{CopyRow, copy_text};
pub use import::{ImportOptions, Refusal, Report, import};

use crate::error::Result;

/// One feature of a file, as the file has it.
#[derive(Debug)]
pub struct SourceFeature {
    /// Place in the file, from 1.
    pub row: u64,
    pub geometry: Option<serde_json::Value>,
    pub properties: serde_json::Map<String, serde_json::Value>,
}

/// What a format says before its first feature.
#[derive(Debug, Default, Clone)]
pub struct SourceHead {
    /// SRID that the file itself names.
    pub srid: Option<i32>,
}

/// Takes the features of a file; an error ends the reading.
pub type Sink<'a> = dyn FnMut(&SourceHead, SourceFeature) -> Result<()> + 'a;
