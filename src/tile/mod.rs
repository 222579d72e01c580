//! The city in memory, and any tile from it.
//!
//! Never writes. PostGIS stays the truth; this is a follower that can always be rebuilt. The version of
//! a tile is decided before any drawing and depends on content alone (`version.rs`).
//! *Not here*: who may read a layer (`access`), the change log (`change`).

mod clip;
mod draw;
mod encode;
mod gather;
mod json;
mod shape;
pub mod sql;
mod store;
mod touched;
mod version;

use std::collections::HashMap;
use std::sync::{Arc, RwLock};

use bytes::Bytes;
use xxhash_rust::xxh3::Xxh3;

pub use json::tile_json;
pub use store::{Change, Row, Store};
pub use touched::{Touched, around, tiles};

use crate::access::Caller;
use crate::error::{Error, Result};
use crate::geometry::TileAddress;
use crate::layer::Layer;

/// Raised whenever the same content would be drawn to other bytes.
const ENCODER: u32 = 1;

/// Content coding of a tile's body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Encoding {
    Identity,
    Gzip,
}

/// Version of one tile for one class of callers: equal content, equal version, on every server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Version(u128);

impl Version {
    /// The strong entity tag.
    pub fn etag(self) -> String {
        format!("\"{:032x}\"", self.0)
    }
}

/// A finished tile.
#[derive(Debug, Clone)]
pub struct Tile {
    pub version: Version,
    /// Empty: nothing is there.
    pub bytes: Bytes,
    /// Features that were gathered into squares for want of room, by layer.
    pub gathered: Arc<str>,
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
    cache: moka::future::Cache<(Version, Encoding), Tile>,
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
        Self { stores, cache }
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

    /// What the caller may see of a layer.
    pub fn view(&self, layer: &Arc<Layer>, caller: &Caller) -> View {
        let (columns, groups) = match self.stores.get(&layer.id) {
            Some(lock) => read(lock).visible_to(caller),
            None => Default::default(),
        };
        View { layer: layer.clone(), columns, groups }
    }

    /// The version of a tile: microseconds, nothing is drawn.
    pub fn version(&self, views: &[View], address: TileAddress, encoding: Encoding) -> Version {
        let mut hash = seed(address, encoding);
        for view in views {
            if let Some(lock) = self.stores.get(&view.layer.id) {
                read(lock).hash_version(&mut hash, view, address);
            }
        }
        Version(hash.digest128())
    }

    /// The tile, from the finished ones or drawn now; many who ask at once wait for one drawing.
    ///
    /// # Errors
    /// [`Error::Internal`].
    pub async fn draw(
        self: &Arc<Self>,
        views: Vec<View>,
        address: TileAddress,
        encoding: Encoding,
    ) -> Result<Tile> {
        let version = self.version(&views, address, encoding);
        let tiles = self.clone();
        let key = (version, encoding);
        let drawn = self.cache.try_get_with(key, async move {
            tokio::task::spawn_blocking(move || tiles.draw_now(&views, address, encoding)).await
        });
        let tile = drawn.await.map_err(|error| Error::internal(error.to_string()))?;
        if tile.version != version {
            // The city changed between the version and the drawing: keep each under its own.
            self.cache.invalidate(&key).await;
            self.cache.insert((tile.version, encoding), tile.clone()).await;
        }
        Ok(tile)
    }

    /// Draws; version and rows come from one state of each layer.
    fn draw_now(&self, views: &[View], address: TileAddress, encoding: Encoding) -> Tile {
        let mut hash = seed(address, encoding);
        let mut bytes = Vec::new();
        let mut gathered = Vec::new();
        for view in views {
            let Some(lock) = self.stores.get(&view.layer.id) else {
                continue;
            };
            let store = read(lock);
            store.hash_version(&mut hash, view, address);
            let drawn = draw::layer(&store, view, address);
            if drawn.gathered > 0 {
                gathered.push(format!("{}={}", view.layer.id, drawn.gathered));
            }
            bytes.extend_from_slice(&drawn.bytes);
        }
        let bytes = match encoding {
            Encoding::Gzip if !bytes.is_empty() => encode::gzip(&bytes),
            _ => bytes,
        };
        let version = Version(hash.digest128());
        Tile { version, bytes: bytes.into(), gathered: gathered.join(", ").into() }
    }
}

impl View {
    /// Whether the layer is in tiles of this zoom.
    pub fn is_at(&self, z: u8) -> bool {
        z >= self.layer.zoom.min
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

fn seed(address: TileAddress, encoding: Encoding) -> Xxh3 {
    let mut hash = Xxh3::new();
    hash.update(&ENCODER.to_le_bytes());
    hash.update(&[address.z(), encoding as u8]);
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
