//! What an operator may set, and every limit of the program with its unit.
//!
//! The municipality is a file (`data/municipality.toml`); settings of one run are flags and
//! environment variables (see `cli`). *Not here*: layers (`layer/`), services (`application/`).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// Every limit. One that is hit says so; nothing is cut silently.
pub mod limit {
    use super::Duration;

    /// Features of one page of items, at most; a larger `limit` is served as this.
    pub const PAGE_FEATURES_MAX: i64 = 10_000;
    /// Features of one page of items when `limit` is absent.
    pub const PAGE_FEATURES: i64 = 10;
    /// Bytes of a JSON body.
    pub const BODY_BYTES_MAX: usize = 4 << 20;
    /// Members of one change set.
    pub const CHANGESET_MEMBERS_MAX: usize = 10_000;
    /// Versions of one page of a history, at most; a larger `limit` is served as this.
    pub const HISTORY_PAGE_MAX: i64 = 1_000;
    /// Versions of one page of a history when `limit` is absent.
    pub const HISTORY_PAGE: i64 = 50;
    /// Ancestors, and descendants, that a lineage lists.
    pub const LINEAGE_FEATURES: i64 = 1_000;
    /// Neighbours that a broken rule names.
    pub const NEIGHBOURS_NAMED: usize = 20;
    /// Vertices of one submitted geometry.
    pub const GEOMETRY_VERTICES_MAX: usize = 100_000;
    /// Area of a site, m².
    pub const SITE_AREA_M2_MIN: f64 = 1.0;
    /// Cadastral numbers of one site.
    pub const SITE_PARCELS_MAX: usize = 200;
    /// Features of one layer that `/identify` lists.
    pub const IDENTIFY_FEATURES: i64 = 20;
    /// Hits of `/find`.
    pub const FIND_HITS_MAX: i64 = 50;
    /// Characters of a search text.
    pub const FIND_CHARS_MAX: usize = 200;
    /// Keys of one order.
    pub const SORT_KEYS_MAX: usize = 6;
    /// Features of one export.
    pub const EXPORT_FEATURES_MAX: i64 = 5_000_000;
    /// Exports that run at the same time.
    pub const EXPORTS: usize = 4;
    /// A statement of an export.
    pub const EXPORT_STATEMENT: Duration = Duration::from_secs(600);
    /// Features of a page that are sent with their count known before; longer ones go out as they come.
    pub const PAGE_KEPT: i64 = 1_000;
    /// Features of a page for people when `limit` is absent; at most [`PAGE_KEPT`].
    pub const PAGE_ROWS: i64 = 50;
    /// Features of one layer that a small plan draws beside its subject.
    pub const PLAN_FEATURES: i64 = 400;
    /// Bytes of a stream that are sent at once.
    pub const CHUNK_BYTES: usize = 64 << 10;
    /// Bytes of a filter as text.
    pub const FILTER_BYTES_MAX: usize = 64 << 10;
    /// Levels of parentheses, calls and NOT in a filter.
    pub const FILTER_DEPTH_MAX: usize = 32;
    /// Height of the tree of a filter, chains of arithmetic included.
    pub const FILTER_HEIGHT_MAX: usize = 100;
    /// Expressions of one filter.
    pub const FILTER_NODES_MAX: usize = 20_000;
    /// Layers of one composite tile.
    pub const TILE_LAYERS_MAX: usize = 40;
    /// Uncompressed bytes of one layer in one tile; above it features go by importance.
    pub const TILE_LAYER_BYTES: usize = 500_000;
    /// Features of one layer that a filter may find in one tile.
    pub const TILE_FILTER_FEATURES: usize = 20_000;
    /// Bytes of finished tiles that are kept.
    pub const TILE_CACHE_BYTES: u64 = 256 << 20;
    /// Connections of the serving pool.
    pub const POOL_CONNECTIONS: usize = 16;
    /// Wait for a connection of the pool.
    pub const POOL_WAIT: Duration = Duration::from_secs(3);
    /// A statement of a page, an item, a search.
    pub const STATEMENT: Duration = Duration::from_secs(15);
    /// The exact count of a page, else it is left out.
    pub const COUNT: Duration = Duration::from_millis(150);
    /// Wait until an edit has reached the tiles before the answer is sent with a note of the lag.
    pub const APPLIED_WAIT: Duration = Duration::from_secs(2);
    /// The follower looks for changes at least this often.
    pub const FOLLOW_POLL: Duration = Duration::from_secs(2);
    /// The same where nothing can be listened to: on a standby.
    pub const FOLLOW_POLL_STANDBY: Duration = Duration::from_millis(500);
    /// A follower that has not read the database for so long is not ready.
    pub const FOLLOW_LAG: Duration = Duration::from_secs(15);
    /// Rows of one statement above which the change log keeps one coarse row.
    pub const CHANGE_ROWS_FINE: i64 = 1_000;
    /// Tiles that wait to be packed in brotli; more are not queued.
    pub const BROTLI_WAITING: usize = 64;
    /// Tiles that one change event names; above it only the box.
    pub const CHANGE_TILES: usize = 256;
    /// Change events kept for a client that reconnects.
    pub const CHANGE_EVENTS_KEPT: usize = 1_024;
    /// Rows of an import that are reported one by one.
    pub const IMPORT_REFUSALS_LISTED: usize = 200;
    /// Tiles of one archive.
    pub const ARCHIVE_TILES_MAX: u64 = 5_000_000;
    /// Tiles of an archive that are drawn before they are written.
    pub const ARCHIVE_BATCH: usize = 512;
    /// Features of one sheet of XLSX: the rows that Excel has, less the header.
    pub const XLSX_FEATURES_MAX: u32 = 1_048_575;
    /// Characters (UTF-16) of one cell of XLSX; a longer text is cut and counted on the second sheet.
    pub const XLSX_CELL_CHARS: usize = 32_767;
    /// Wait until a started cluster answers.
    pub const CLUSTER_START: Duration = Duration::from_secs(60);
    /// A dead postmaster is seen within this time.
    pub const CLUSTER_WATCH: Duration = Duration::from_secs(1);
    /// A page of applications.
    pub const APPLICATIONS_MAX: i64 = 200;
    /// Metres of a buffer around a question's geometry, outwards or inwards.
    pub const QUESTION_BUFFER_M_MAX: f64 = 5_000.0;
    /// Metres within which features near something are sought.
    pub const QUESTION_DISTANCE_M_MAX: f64 = 20_000.0;
    /// Nearest features of one question.
    pub const QUESTION_NEAREST_MAX: i64 = 1_000;
    /// Features that one question names.
    pub const QUESTION_SUBJECTS_MAX: usize = 200;
    /// Rows of an answer when `limit` is absent.
    pub const QUESTION_ROWS: i64 = 1_000;
    /// Rows of an answer, at most; a larger `limit` is refused.
    pub const QUESTION_ROWS_MAX: i64 = 50_000;
    /// Classes of one answer.
    pub const QUESTION_CLASSES_MAX: usize = 1_000;
    /// Metres of a side of the squares in which what is covered is counted.
    pub const QUESTION_CELL_M: f64 = 1_000.0;
    /// Vertices of a part into which a question's area is parted.
    pub const QUESTION_PART_VERTICES: i32 = 256;
    /// m² below which a piece of a feature at the edge of an area is a sliver, when nothing is said.
    pub const SLIVER_M2: f64 = 1.0;
    /// Metres of mean width below which a piece is a sliver, however large.
    pub const SLIVER_WIDTH_M: f64 = 0.1;
    /// A statement of a question.
    pub const QUESTION_STATEMENT: Duration = Duration::from_secs(60);
    /// Questions that are answered at the same time.
    pub const QUESTIONS: usize = 4;
    /// Characters of the name of a saved question.
    pub const QUESTION_NAME_CHARS: usize = 200;
    /// Saved questions of one person.
    pub const QUESTIONS_SAVED_MAX: i64 = 500;
}

/// A text in the languages of the map application, keyed by ISO 639-1 (`ru`, `en`).
pub type Words = BTreeMap<String, String>;

/// The municipality that this database belongs to.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct City {
    /// Short name, `[a-z0-9_-]+`; stored in the database at the first migration.
    pub id: String,
    /// Name in each language.
    pub title: Words,
    /// SRID of the city's own system in PostGIS.
    pub srid: i32,
    /// The system as a PROJ string, axes east, north, metres.
    pub proj: String,
    /// Name of the system on the wire.
    pub crs: CrsName,
    /// Further systems that files may come in.
    #[serde(default)]
    pub further_crs: Vec<FurtherCrs>,
    /// West, south, east, north in CRS84: no feature lies outside.
    pub bounds: [f64; 4],
    /// Longitude, latitude where the map opens.
    pub center: [f64; 2],
    /// Zoom at which the map opens.
    pub zoom: f64,
    /// IANA name of the time zone of the office.
    pub time_zone: String,
    /// Production calendar, a path relative to `data`.
    pub calendar: PathBuf,
    /// What a cadastral number looks like.
    pub cadastral_number: CadastralRule,
    layers: PathBuf,
    styles: PathBuf,
    data: PathBuf,
    /// The file this was read from.
    #[serde(skip)]
    pub file: PathBuf,
}

/// Name of a coordinate system on the wire.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct CrsName {
    /// Last part of `{base}/crs/{id}`.
    pub id: String,
    /// Name for people.
    pub title: String,
}

/// A further system of the region.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FurtherCrs {
    pub id: String,
    pub title: String,
    pub srid: i32,
    pub proj: String,
}

/// What a cadastral number looks like in this municipality.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CadastralRule {
    /// What a canonical number looks like.
    pub pattern: Pattern,
    /// Widths to which the leading groups are padded with zeros; empty: as written.
    #[serde(default)]
    pub pad: Vec<usize>,
}

/// A regular expression, compiled once when its file is read.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "String")]
pub struct Pattern(regex::Regex);

impl TryFrom<String> for Pattern {
    type Error = regex::Error;

    fn try_from(text: String) -> Result<Self, regex::Error> {
        regex::Regex::new(&text).map(Self)
    }
}

impl Pattern {
    /// Whether it is found in the text.
    pub fn is_match(&self, text: &str) -> bool {
        self.0.is_match(text)
    }
}

impl City {
    /// Reads a municipality file.
    ///
    /// # Errors
    /// [`Error::Files`] with file and line.
    pub fn read(file: &Path) -> Result<Self> {
        let mut city: Self = read_toml(file)?;
        city.file = file.to_path_buf();
        let fault = |detail: String| Err(Error::file(file, None, detail));
        let [west, south, east, north] = city.bounds;
        if !(west < east && south < north && west >= -180.0 && north <= 90.0) {
            return fault(format!("bounds {:?} are not west, south, east, north", city.bounds));
        }
        if jiff::tz::TimeZone::get(&city.time_zone).is_err() {
            return fault(format!("time_zone {} is not an IANA name", city.time_zone));
        }
        Ok(city)
    }

    /// Folder of the layer files.
    pub fn layers_dir(&self) -> PathBuf {
        self.beside(&self.layers)
    }

    /// Folder of the styles.
    pub fn styles_dir(&self) -> PathBuf {
        self.beside(&self.styles)
    }

    /// A file of the data folder (divisions, services, calendars).
    pub fn data_file(&self, name: impl AsRef<Path>) -> PathBuf {
        self.beside(&self.data).join(name)
    }

    /// The time zone of the office.
    pub fn zone(&self) -> jiff::tz::TimeZone {
        jiff::tz::TimeZone::get(&self.time_zone).unwrap_or(jiff::tz::TimeZone::UTC)
    }

    fn beside(&self, path: &Path) -> PathBuf {
        self.file.parent().unwrap_or(Path::new(".")).join(path)
    }
}

/// Reads a TOML file; an unknown key or a wrong type is a fault with its line.
///
/// # Errors
/// [`Error::Files`].
pub fn read_toml<T: serde::de::DeserializeOwned>(file: &Path) -> Result<T> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| Error::file(file, None, format!("cannot be read: {error}")))?;
    toml::from_str(&text).map_err(|error| {
        let line = error.span().map(|span| text[..span.start].matches('\n').count() + 1);
        Error::file(file, line, error.message().to_string())
    })
}

/// What one run of the server is told.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Address of this server as clients see it.
    pub base_url: Option<String>,
    /// Bytes of finished tiles that are kept.
    pub tile_cache_bytes: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { base_url: None, tile_cache_bytes: limit::TILE_CACHE_BYTES }
    }
}

/// How the program reaches its database.
#[derive(Debug, Clone)]
pub enum Database {
    /// A private cluster in this folder, owned by the running program.
    Embedded(PathBuf),
    /// A PostgreSQL ≥ 15 with PostGIS that somebody else runs.
    External { server: String, owner: Option<String> },
}
