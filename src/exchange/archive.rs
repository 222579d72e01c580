//! Tiles out: an archive of the city for a content network, an offline laptop, or as evidence.
//!
//! Written beside and renamed when it is whole: what stands under the name is never half an archive.
//!
//! # Source
//! PMTiles 3; MBTiles 1.3.

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use indicatif::ProgressBar;
use pmtiles::{Compression, PmTilesStreamWriter, PmTilesWriter, TileCoord, TileId, TileType};
use serde_json::Value;

use crate::config::limit;
use crate::error::{Error, Result};
use crate::geometry::TileAddress;
use crate::tile::{Coding, Tiles, View};

/// Counters of what tiles do not show one by one.
const SHORT: [&str; 2] = ["gathered", "dropped"];

/// What an archive is made of.
pub struct ArchiveOptions {
    /// Least and greatest zoom.
    pub zooms: (u8, u8),
    /// West, south, east, north in CRS84.
    pub bounds: [f64; 4],
    /// TileJSON of the layers.
    pub description: Value,
    /// Ends the writing when it is set; then nothing stays.
    pub stop: Arc<AtomicBool>,
}

/// What the archive says of itself: the zooms that it has, no address of a server, and by zoom and layer how
/// many features its tiles do not show one by one; one that lies in two tiles counts twice.
fn described(tiles: &Tiles, options: &ArchiveOptions) -> Value {
    let mut description = options.description.clone();
    let (least, most) = options.zooms;
    if let Some(fields) = description.as_object_mut() {
        fields.remove("tiles");
        fields.insert("minzoom".into(), least.into());
        fields.insert("maxzoom".into(), most.into());
        for name in SHORT {
            fields.insert(name.into(), tiles.meter.by_zoom(name));
        }
    }
    for layer in description["vector_layers"].as_array_mut().into_iter().flatten() {
        let known = layer["minzoom"].as_u64().unwrap_or_default();
        layer["minzoom"] = known.clamp(u64::from(least), u64::from(most)).into();
        layer["maxzoom"] = most.into();
    }
    description
}

/// What was written.
#[derive(Debug, PartialEq, Eq)]
pub struct Archived {
    pub tiles: u64,
    pub bytes: u64,
}

enum Writer {
    Pmtiles(Box<PmTilesStreamWriter<BufWriter<File>>>),
    Mbtiles(rusqlite::Connection),
}

/// Draws every tile of the box and the zooms and writes those that show something; `tiles` has drawn nothing
/// before.
///
/// # Errors
/// [`Error::Operator`] for too many tiles, or a file that cannot be written.
pub fn export(
    tiles: &Arc<Tiles>,
    views: &[View],
    out: &Path,
    options: &ArchiveOptions,
    progress: &ProgressBar,
) -> Result<Archived> {
    let addresses = addresses(options)?;
    progress.set_length(addresses.len() as u64);
    let beside = part_of(out)?;
    let refused = |error| refused(out, error);
    let written = write(tiles, views, out, &beside, options, &addresses, progress);
    let kept = written.and_then(|written| {
        File::open(&beside).and_then(|file| file.sync_all()).map_err(refused)?;
        std::fs::rename(&beside, out).map_err(refused)?;
        Ok(written)
    });
    if kept.is_err() {
        let _ = std::fs::remove_file(&beside);
    }
    kept
}

fn refused(out: &Path, error: std::io::Error) -> Error {
    Error::Operator(format!("{} cannot be written: {error}", out.display()))
}

/// Where an archive of this name is written until it is whole; found out before anything is read.
///
/// # Errors
/// [`Error::Operator`] for a name that ends in neither `.pmtiles` nor `.mbtiles`, a folder, or a place where
/// nothing can be written.
pub fn part_of(out: &Path) -> Result<PathBuf> {
    let name = out.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let kind = out.extension().and_then(|kind| kind.to_str()).unwrap_or_default();
    if !["pmtiles", "mbtiles"].contains(&kind) {
        let text = format!("{}: an archive ends in .pmtiles or .mbtiles", out.display());
        return Err(Error::Operator(text));
    }
    if out.is_dir() {
        return Err(Error::Operator(format!("{} is a folder", out.display())));
    }
    let beside = out.with_file_name(format!(".{name}.part"));
    let made = File::create(&beside).and_then(|_| std::fs::remove_file(&beside));
    made.map_err(|error| refused(out, error))?;
    Ok(beside)
}

/// Every tile of the box, in the order of the archive.
fn addresses(options: &ArchiveOptions) -> Result<Vec<TileAddress>> {
    let [west, south, east, north] = options.bounds;
    let mut all = Vec::new();
    for z in options.zooms.0..=options.zooms.1 {
        let (first, last) = (TileAddress::at(z, west, north), TileAddress::at(z, east, south));
        let count =
            u64::from(last.row() - first.row() + 1) * u64::from(last.col() - first.col() + 1);
        if all.len() as u64 + count > limit::ARCHIVE_TILES_MAX {
            return Err(Error::Operator(format!(
                "zooms {} to {z} have more than {} tiles: take fewer zooms",
                options.zooms.0,
                limit::ARCHIVE_TILES_MAX
            )));
        }
        for row in first.row()..=last.row() {
            let of_row = (first.col()..=last.col()).filter_map(|col| TileAddress::new(z, row, col));
            all.extend(of_row);
        }
    }
    all.sort_by_cached_key(|at| coordinate(*at).map_or(u64::MAX, |at| TileId::from(at).value()));
    Ok(all)
}

fn coordinate(at: TileAddress) -> Result<TileCoord> {
    TileCoord::new(at.z(), at.col(), at.row()).map_err(Error::internal)
}

fn write(
    tiles: &Arc<Tiles>,
    views: &[View],
    out: &Path,
    beside: &Path,
    options: &ArchiveOptions,
    addresses: &[TileAddress],
    progress: &ProgressBar,
) -> Result<Archived> {
    let mut writer = match out.extension().and_then(|extension| extension.to_str()) {
        Some("pmtiles") => pmtiles(beside, options)?,
        _ => mbtiles(beside)?,
    };
    let mut archived = Archived { tiles: 0, bytes: 0 };
    for batch in addresses.chunks(limit::ARCHIVE_BATCH) {
        if options.stop.load(Ordering::Relaxed) {
            return Err(Error::Operator("stopped; nothing was written".into()));
        }
        for (at, bytes) in batch.iter().zip(drawn(tiles, views, batch)) {
            if !bytes.is_empty() {
                writer.add(*at, &bytes)?;
                archived.tiles += 1;
                archived.bytes += bytes.len() as u64;
            }
        }
        progress.inc(batch.len() as u64);
    }
    if archived.tiles == 0 {
        let (least, most) = options.zooms;
        let text =
            format!("the layers show nothing at zooms {least} to {most}: nothing was written");
        return Err(Error::Operator(text));
    }
    writer.finish(options, described(tiles, options))?;
    Ok(archived)
}

/// Draws a batch on every core, in order.
fn drawn(tiles: &Arc<Tiles>, views: &[View], batch: &[TileAddress]) -> Vec<bytes::Bytes> {
    let cores = std::thread::available_parallelism().map_or(2, |n| n.get());
    let share = batch.len().div_ceil(cores).max(1);
    std::thread::scope(|scope| {
        let draw = |part: &[TileAddress]| -> Vec<bytes::Bytes> {
            part.iter().map(|at| tiles.draw_now(views, *at, Coding::Gzip).bytes).collect()
        };
        let workers: Vec<_> =
            batch.chunks(share).map(|part| scope.spawn(move || draw(part))).collect();
        let done = workers.into_iter().flat_map(|worker| match worker.join() {
            Ok(drawn) => drawn,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        done.collect()
    })
}

fn pmtiles(beside: &Path, options: &ArchiveOptions) -> Result<Writer> {
    let [west, south, east, north] = options.bounds;
    let writer = PmTilesWriter::new(TileType::Mvt)
        .precompressed(Compression::Gzip)
        .min_zoom(options.zooms.0)
        .max_zoom(options.zooms.1)
        .bounds(west, south, east, north)
        .center((west + east) / 2.0, (south + north) / 2.0)
        .center_zoom(options.zooms.0)
        .create(BufWriter::new(File::create(beside)?))
        .map_err(Error::internal)?;
    Ok(Writer::Pmtiles(Box::new(writer)))
}

fn mbtiles(beside: &Path) -> Result<Writer> {
    let connection = rusqlite::Connection::open(beside).map_err(Error::internal)?;
    super::sql::start_mbtiles(&connection).map_err(Error::internal)?;
    Ok(Writer::Mbtiles(connection))
}

/// Writes the description of an MBTiles archive.
fn describe(
    archive: &rusqlite::Connection,
    options: &ArchiveOptions,
    description: &Value,
) -> Result<()> {
    let [west, south, east, north] = options.bounds;
    let told = ["vector_layers"].into_iter().chain(SHORT);
    let told: serde_json::Map<String, Value> =
        told.map(|name| (name.to_string(), description[name].clone())).collect();
    for (name, value) in [
        ("name", description["name"].as_str().unwrap_or_default().to_string()),
        ("format", "pbf".into()),
        ("bounds", format!("{west},{south},{east},{north}")),
        (
            "center",
            format!("{},{},{}", (west + east) / 2.0, (south + north) / 2.0, options.zooms.0),
        ),
        ("minzoom", options.zooms.0.to_string()),
        ("maxzoom", options.zooms.1.to_string()),
        ("type", "overlay".into()),
        ("json", Value::from(told).to_string()),
    ] {
        super::sql::describe_mbtiles(archive, name, &value).map_err(Error::internal)?;
    }
    Ok(())
}

impl Writer {
    fn add(&mut self, at: TileAddress, bytes: &[u8]) -> Result<()> {
        match self {
            Self::Pmtiles(writer) => {
                writer.add_tile(coordinate(at)?, bytes).map_err(Error::internal)
            }
            Self::Mbtiles(connection) => {
                super::sql::add_mbtile(connection, at, bytes).map_err(Error::internal)
            }
        }
    }

    fn finish(self, options: &ArchiveOptions, description: Value) -> Result<()> {
        match self {
            Self::Pmtiles(mut writer) => {
                writer.set_metadata(description.to_string());
                writer.finalize().map_err(Error::internal)
            }
            Self::Mbtiles(connection) => {
                describe(&connection, options, &description)?;
                super::sql::finish_mbtiles(&connection).map_err(Error::internal)?;
                connection.close().map_err(|(_, error)| Error::internal(error))
            }
        }
    }
}
