//! The city in memory, and any tile from it.
//!
//! Never writes. PostGIS stays the truth; this is a follower that can always be rebuilt. The version of
//! a tile is decided before any drawing and depends on content alone (`version.rs`).
//! *Not here*: who may read a layer (`access`), the change log (`change`).

pub mod clip;
mod coding;
mod draw;
mod encode;
mod explain;
mod gather;
mod json;
mod meter;
mod rank;
mod shape;
pub mod sql;
mod store;
mod touched;
mod valid;
mod version;

use std::collections::HashMap;
use std::sync::{Arc, RwLock};

use bytes::Bytes;
use xxhash_rust::xxh3::Xxh3;

pub use coding::Coding;
pub use json::tile_json;
pub use meter::{Meter, NAMES as METER_NAMES};
pub use shape::Shape;
pub use store::{Change, Raw, Row, Store};
pub use touched::{Touched, around, tiles};

use draw::Drawn;

use crate::access::Caller;
use crate::config::limit;
use crate::error::{Error, Result};
use crate::geometry::TileAddress;
use crate::layer::{Layer, Property, TileUse};

/// A tile from this zoom on, of so few layers, takes less time than to hand it to another thread is worth.
const QUICK_ZOOM: u8 = 14;
const QUICK_LAYERS: usize = 4;

/// Raised whenever the same content would be drawn to other bytes.
const ENCODER: u32 = 4;

/// Version of one tile for one class of callers: equal content, equal version, on every server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Version(u128);

impl Version {
    /// The strong entity tag of the tile in a coding.
    pub fn etag(self, coding: Coding) -> String {
        match coding.token() {
            None => format!("\"{:032x}\"", self.0),
            Some(token) => format!("\"{:032x}-{token}\"", self.0),
        }
    }

    /// The one of these tags (`If-None-Match`) that stands for this version, in whatever coding.
    pub fn known_as(self, tags: &str) -> Option<&str> {
        let own = format!("{:032x}", self.0);
        tags.split(',').map(|tag| tag.trim().trim_start_matches("W/")).find(|tag| {
            let plain = tag.trim_matches('"');
            *tag == "*" || plain.split_once('-').map_or(plain, |(version, _)| version) == own
        })
    }
}

/// A finished tile.
#[derive(Debug, Clone)]
pub struct Tile {
    pub version: Version,
    pub coding: Coding,
    /// Empty: nothing is there.
    pub bytes: Bytes,
    /// What was gathered or left out for want of room.
    pub short: Arc<Short>,
}

/// What a tile does not show one by one, as `layer=count, …`; empty: nothing.
#[derive(Debug, Default)]
pub struct Short {
    /// Polygons gathered into squares.
    pub gathered: String,
    /// Lines and points left out.
    pub dropped: String,
}

/// One layer as the caller may see it.
#[derive(Debug, Clone)]
pub struct View {
    pub layer: Arc<Layer>,
    /// Columns of the store that the caller may read.
    columns: Vec<usize>,
    /// Groups of properties that the caller may read.
    groups: Vec<usize>,
}

/// Every layer in memory, and the finished tiles that are kept.
pub struct Tiles {
    stores: HashMap<String, RwLock<Store>>,
    cache: moka::future::Cache<(Version, Coding), Tile>,
    /// Places in the queue of tiles that are packed in brotli beside.
    brotli: Arc<tokio::sync::Semaphore>,
    pub meter: Meter,
}

impl Tiles {
    /// Empty stores for these layers, and room for finished tiles in bytes.
    pub fn new(layers: &[Arc<Layer>], cache_bytes: u64) -> Self {
        let stores = layers
            .iter()
            .map(|layer| (layer.id.clone(), RwLock::new(Store::new(layer, Vec::new()))))
            .collect();
        let cache = moka::future::Cache::builder()
            .max_capacity(cache_bytes)
            .weigher(|_, tile: &Tile| u32::try_from(tile.bytes.len() + 128).unwrap_or(u32::MAX))
            .build();
        let brotli = Arc::new(tokio::sync::Semaphore::new(limit::BROTLI_WAITING));
        Self { stores, cache, brotli, meter: Meter::new(layers) }
    }

    /// Replaces a whole layer.
    pub fn replace(&self, layer: &Layer, store: Store) {
        if let Some(lock) = self.stores.get(&layer.id) {
            *write(lock) = store;
        }
    }

    /// Applies changed features; returns what each of them touched.
    pub fn apply(&self, layer: &Layer, changes: Vec<Change>) -> Vec<Touched> {
        self.stores.get(&layer.id).map_or(Vec::new(), |lock| write(lock).apply(changes))
    }

    /// Count of features of a layer.
    pub fn count(&self, layer: &str) -> usize {
        self.stores.get(layer).map_or(0, |lock| read(lock).len())
    }

    /// What the whole layer amounts to: equal content, equal number.
    pub fn content(&self, layer: &str) -> u128 {
        self.stores.get(layer).map_or(0, |lock| read(lock).content())
    }

    /// Box of a layer in CRS84 (west, south, east, north).
    pub fn bounds(&self, layer: &str) -> Option<[f64; 4]> {
        self.stores.get(layer).and_then(|lock| read(lock).bounds())
    }

    /// Box of several layers in CRS84; `None`: all are empty.
    pub fn around(&self, views: &[View]) -> Option<[f64; 4]> {
        let boxes = views.iter().filter_map(|view| self.bounds(&view.layer.id));
        boxes.reduce(|a, b| [a[0].min(b[0]), a[1].min(b[1]), a[2].max(b[2]), a[3].max(b[3])])
    }

    /// What the caller may see of a layer.
    pub fn view(&self, layer: &Arc<Layer>, caller: &Caller) -> View {
        let (columns, groups) = match self.stores.get(&layer.id) {
            Some(lock) => read(lock).visible_to(caller),
            None => Default::default(),
        };
        View { layer: layer.clone(), columns, groups }
    }

    /// The version of a tile: microseconds, nothing is drawn.
    pub fn version(&self, views: &[View], address: TileAddress) -> Version {
        let mut hash = seed(address);
        for view in views {
            if let Some(lock) = self.stores.get(&view.layer.id) {
                read(lock).hash_version(&mut hash, view, address);
            }
        }
        Version(hash.digest128())
    }

    /// The tile in the best of the codings that the client takes, from the finished ones or drawn now; many
    /// who ask at once wait for one drawing. Brotli is sent once it has been made beside.
    ///
    /// # Errors
    /// [`Error::Internal`].
    pub async fn draw(
        self: &Arc<Self>,
        views: Vec<View>,
        address: TileAddress,
        version: Version,
        codings: &[Coding],
    ) -> Result<Tile> {
        if codings.contains(&Coding::Brotli)
            && let Some(tile) = self.cache.get(&(version, Coding::Brotli)).await
        {
            self.meter.kept(&views, address.z());
            return Ok(tile);
        }
        let coding = codings.iter().copied().find(|coding| *coding != Coding::Brotli);
        let coding = coding.unwrap_or(Coding::Identity);
        let key = (version, coding);
        let mut fresh = false;
        let tile = match self.cache.get(&key).await {
            Some(tile) => tile,
            None => {
                let (tiles, views, flag) = (self.clone(), views.clone(), &mut fresh);
                let drawn = self.cache.try_get_with(key, async move {
                    *flag = true;
                    if address.z() >= QUICK_ZOOM && views.len() <= QUICK_LAYERS {
                        return Ok(tiles.draw_now(&views, address, coding));
                    }
                    let draw = move || tiles.draw_now(&views, address, coding);
                    tokio::task::spawn_blocking(draw).await
                });
                drawn.await.map_err(|error| Error::internal(error.to_string()))?
            }
        };
        if !fresh {
            self.meter.kept(&views, address.z());
        }
        if tile.version != version {
            // The city changed between the version and the drawing: keep each under its own.
            self.cache.invalidate(&key).await;
            self.cache.insert((tile.version, coding), tile.clone()).await;
        } else if !fresh && codings.contains(&Coding::Brotli) {
            self.pack_beside(views, address, version);
        }
        Ok(tile)
    }

    /// Draws a tile that is asked for again once more, in brotli, while nobody waits for it.
    fn pack_beside(self: &Arc<Self>, views: Vec<View>, address: TileAddress, version: Version) {
        let Ok(place) = self.brotli.clone().try_acquire_owned() else {
            return;
        };
        let key = (version, Coding::Brotli);
        if self.cache.contains_key(&key) {
            return;
        }
        let tiles = self.clone();
        tokio::spawn(async move {
            let of = tiles.clone();
            let draw = move || of.draw_now(&views, address, Coding::Brotli);
            if let Ok(tile) = tokio::task::spawn_blocking(draw).await
                && tile.version == version
            {
                tiles.cache.insert(key, tile).await;
            }
            drop(place);
        });
    }

    /// Draws on this thread; version and rows come from one state of each layer.
    pub fn draw_now(&self, views: &[View], address: TileAddress, coding: Coding) -> Tile {
        let (version, drawn) = self.layers(views, address);
        let mut short = Short::default();
        for (view, layer) in views.iter().zip(&drawn) {
            note(&mut short.gathered, &view.layer.id, layer.gathered);
            note(&mut short.dropped, &view.layer.id, layer.dropped);
            self.meter.drawn(view, address.z(), layer);
        }
        let mut layers = drawn.into_iter().map(|layer| layer.bytes);
        let mut bytes = layers.next().unwrap_or_default();
        layers.for_each(|layer| bytes.extend_from_slice(&layer));
        Tile { version, coding, bytes: coding.pack(bytes).into(), short: Arc::new(short) }
    }

    /// Each layer of a tile, drawn now, and the version of just this state.
    fn layers(&self, views: &[View], address: TileAddress) -> (Version, Vec<Drawn>) {
        let mut hash = seed(address);
        let drawn = views.iter().map(|view| {
            let Some(lock) = self.stores.get(&view.layer.id) else {
                return Drawn::default();
            };
            let store = read(lock);
            store.hash_version(&mut hash, view, address);
            draw::layer(&store, view, address)
        });
        let drawn = drawn.collect();
        (Version(hash.digest128()), drawn)
    }

    /// Draws a tile anew and tells what it took: for who asks why a tile is slow or short of something.
    pub fn explain(&self, views: &[View], address: TileAddress) -> serde_json::Value {
        explain::explain(self, views, address)
    }

    /// Bytes and features of every layer in memory.
    pub fn sizes(&self) -> Vec<(&str, usize, usize)> {
        let mut sizes: Vec<_> = self
            .stores
            .iter()
            .map(|(id, lock)| {
                let store = read(lock);
                (id.as_str(), store.len(), store.bytes())
            })
            .collect();
        sizes.sort_unstable();
        sizes
    }
}

fn note(text: &mut String, layer: &str, count: usize) {
    if count > 0 {
        let comma = if text.is_empty() { "" } else { ", " };
        text.push_str(&format!("{comma}{layer}={count}"));
    }
}

/// Reads layers into their stores, all in one snapshot.
///
/// # Errors
/// As any statement.
pub async fn load(
    client: &tokio_postgres::Client,
    tiles: &Tiles,
    layers: &[Arc<Layer>],
) -> Result<()> {
    client.batch_execute("set statement_timeout = 0").await?;
    crate::change::sql::begin(client).await?;
    for layer in layers {
        let rows = sql::all(client, layer, None).await?;
        tiles.replace(layer, Store::new(layer, rows));
    }
    crate::change::sql::end(client).await
}

impl View {
    /// Whether the layer is in tiles of this zoom.
    pub fn is_at(&self, z: u8) -> bool {
        z >= self.layer.zoom.min
    }

    /// The properties that a tile shows to the caller.
    pub fn shown(&self) -> impl Iterator<Item = &Property> {
        let tiled = self.layer.properties.iter().filter(|property| property.tile != TileUse::No);
        tiled.enumerate().filter(|(at, _)| self.columns.contains(at)).map(|(_, property)| property)
    }

    /// Columns of the store that the caller may read.
    pub fn columns(&self) -> &[usize] {
        &self.columns
    }

    /// Groups of properties that the caller may read.
    pub fn groups(&self) -> &[usize] {
        &self.groups
    }
}

fn seed(address: TileAddress) -> Xxh3 {
    let mut hash = Xxh3::new();
    hash.update(&ENCODER.to_le_bytes());
    hash.update(&[address.z()]);
    hash.update(&address.row().to_le_bytes());
    hash.update(&address.col().to_le_bytes());
    hash
}

fn read(lock: &RwLock<Store>) -> std::sync::RwLockReadGuard<'_, Store> {
    lock.read().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn write(lock: &RwLock<Store>) -> std::sync::RwLockWriteGuard<'_, Store> {
    lock.write().unwrap_or_else(std::sync::PoisonError::into_inner)
}
