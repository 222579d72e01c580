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
mod only;
mod rank;
mod shape;
pub mod sql;
mod store;
mod texts;
mod touched;
mod valid;
mod version;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, RwLock};

use bytes::Bytes;
use xxhash_rust::xxh3::Xxh3;

pub use coding::Coding;
pub use json::tile_json;
pub use meter::{Meter, NAMES as METER_NAMES};
pub use shape::Shape;
pub use store::{Change, Raw, Row, Store};
pub use touched::{Touched, around, tiles};

use draw::Drawn;
use only::Only;

use crate::access::{Caller, Read};
use crate::config::limit;
use crate::error::{Error, Result};
use crate::geometry::TileAddress;
use crate::layer::{Layer, Property};

/// A tile from this zoom on, of so few layers, takes less time than to hand it to another thread is worth.
const QUICK_ZOOM: u8 = 14;
const QUICK_LAYERS: usize = 4;

/// How often a tile is begun anew because the city changed before it was drawn.
const DRAW_ROUNDS: usize = 4;

/// Why a version was not drawn.
enum Undrawn {
    /// It is not the city's any more.
    Changed,
    Failed(String),
}

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
    pub fn known_as(self, tags: &str) -> Option<String> {
        let mut given = tags.split(',').map(|tag| tag.trim().trim_start_matches("W/"));
        let own = Coding::ALL.map(|coding| self.etag(coding));
        given.find_map(|tag| match tag {
            "*" => Some(own[0].clone()),
            tag => own.iter().find(|known| *known == tag).cloned(),
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
    /// Whether everybody sees the same.
    pub is_public: bool,
    /// Of the layer's features these alone; `None`: all.
    only: Option<Arc<Only>>,
}

/// Every layer in memory, and the finished tiles that are kept.
pub struct Tiles {
    stores: HashMap<String, RwLock<Store>>,
    cache: moka::future::Cache<(Version, Coding), Tile>,
    /// Tiles that are being packed in brotli or wait for it, one at a time.
    packing: Mutex<HashSet<Version>>,
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
        let brotli = Arc::new(tokio::sync::Semaphore::new(1));
        let packing = Mutex::new(HashSet::new());
        Self { stores, cache, packing, brotli, meter: Meter::new(layers) }
    }

    /// Replaces a whole layer.
    pub fn replace(&self, layer: &Layer, store: Store) {
        if let Some(lock) = self.stores.get(&layer.id) {
            let before = std::mem::replace(&mut *write(lock), store);
            drop(before); // not under the lock: it may be large
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
        let seen = |caller: &Caller| match self.stores.get(&layer.id) {
            Some(lock) => read(lock).visible_to(caller),
            None => Default::default(),
        };
        let (columns, groups) = seen(caller);
        let is_public = layer.read == Read::Public && seen(&Caller::Public).0 == columns;
        View { layer: layer.clone(), columns, groups, is_public, only: None }
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
        codings: &[Coding],
    ) -> Result<Tile> {
        let brotli = codings.contains(&Coding::Brotli);
        let coding = codings.iter().copied().find(|coding| *coding != Coding::Brotli);
        let coding = coding.unwrap_or(Coding::Identity);
        for _ in 0..DRAW_ROUNDS {
            let version = self.version(&views, address);
            if brotli && let Some(tile) = self.cache.get(&(version, Coding::Brotli)).await {
                self.meter.kept(&views, address.z());
                return Ok(tile);
            }
            if let Some(tile) = self.cache.get(&(version, coding)).await {
                self.meter.kept(&views, address.z());
                if brotli {
                    self.pack_beside(views, address, version);
                }
                return Ok(tile);
            }
            match self.draw_once(&views, address, version, coding).await? {
                Some(tile) => return Ok(tile),
                None => continue, // the city changed meanwhile
            }
        }
        let tiles = self.clone();
        let draw = move || tiles.draw_now(&views, address, coding);
        tokio::task::spawn_blocking(draw).await.map_err(Error::internal)
    }

    /// Draws a version, together with whoever asks for it too. `None`: the city changed before it was drawn;
    /// then nothing is kept, since what was drawn is of another version.
    async fn draw_once(
        self: &Arc<Self>,
        views: &[View],
        address: TileAddress,
        version: Version,
        coding: Coding,
    ) -> Result<Option<Tile>> {
        let (tiles, views) = (self.clone(), views.to_vec());
        let drawn = self.cache.try_get_with((version, coding), async move {
            let quick = address.z() >= QUICK_ZOOM && views.len() <= QUICK_LAYERS;
            let draw = move || tiles.draw_now(&views, address, coding);
            let tile = match quick {
                true => draw(),
                false => tokio::task::spawn_blocking(draw)
                    .await
                    .map_err(|error| Undrawn::Failed(error.to_string()))?,
            };
            if tile.version == version { Ok(tile) } else { Err(Undrawn::Changed) }
        });
        match drawn.await {
            Ok(tile) => Ok(Some(tile)),
            Err(undrawn) => match &*undrawn {
                Undrawn::Changed => Ok(None),
                Undrawn::Failed(error) => Err(Error::internal(error.clone())),
            },
        }
    }

    /// Draws a tile that is asked for again once more, in brotli, while nobody waits for it.
    fn pack_beside(self: &Arc<Self>, views: Vec<View>, address: TileAddress, version: Version) {
        let key = (version, Coding::Brotli);
        if self.packing().len() >= limit::BROTLI_WAITING || !self.packing().insert(version) {
            return;
        }
        let tiles = self.clone();
        tokio::spawn(async move {
            let place = tiles.brotli.clone().acquire_owned().await;
            let of = tiles.clone();
            let draw = move || of.draw_now(&views, address, Coding::Brotli);
            if let Ok(tile) = tokio::task::spawn_blocking(draw).await
                && tile.version == version
            {
                tiles.cache.insert(key, tile).await;
            }
            drop(place);
            tiles.packing().remove(&version);
        });
    }

    fn packing(&self) -> MutexGuard<'_, HashSet<Version>> {
        self.packing.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
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
        let tiled = self.layer.tiled().enumerate();
        tiled.filter(|(at, _)| self.columns.contains(at)).map(|(_, property)| property)
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
