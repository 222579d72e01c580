//! Everything that a running server hangs on. Imported only by `http` and `cli`; built once.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use tokio::sync::{OnceCell, OwnedSemaphorePermit, Semaphore, broadcast, watch};

use crate::application::Office;
use crate::change::{ChangeToken, Snapshot};
use crate::config::{City, Settings, limit};
use crate::db::Db;
use crate::error::{Error, Result};
use crate::feature;
use crate::geometry::{Crs, TileAddress, ToDegrees, Wire};
use crate::layer::Catalogue;
use crate::style::Styles;
use crate::tile::{self, Tiles, Touched};

/// What changed in one layer.
#[derive(Debug, Clone)]
pub struct Event {
    pub layer: String,
    /// `None`: many.
    pub ids: Option<Vec<i64>>,
    /// West, south, east, north in CRS84; `None`: anywhere.
    pub bbox: Option<[f64; 4]>,
    /// The tiles of zoom 14 that show it; `None`: too many to name.
    pub tiles: Option<Vec<TileAddress>>,
    /// Whether every reader of the layer may know of it; else who may read all of its properties.
    pub open: bool,
}

impl Event {
    /// So much changed that the layer is to be read anew.
    pub(crate) fn all(layer: &str) -> Self {
        Self { layer: layer.into(), ids: None, bbox: None, tiles: None, open: true }
    }

    /// These features changed; `None`: no feature did.
    pub(crate) fn some(layer: &str, touched: &[Touched], open: bool) -> Option<Self> {
        (!touched.is_empty()).then(|| Self {
            layer: layer.into(),
            ids: Some(touched.iter().map(|one| one.id).collect()),
            bbox: tile::around(touched),
            tiles: tile::tiles(touched),
            open,
        })
    }
}

/// An event with its number since this server started, for clients that watch.
#[derive(Debug, Clone)]
pub struct ChangeEvent {
    pub number: u64,
    pub event: Event,
}

/// How far the store is.
#[derive(Debug, Clone, Default)]
pub struct Ready {
    /// What the store has seen; `None` while it is loading.
    pub snapshot: Option<Snapshot>,
    /// The last fault of the follower; `None` while it follows.
    pub fault: Option<String>,
    /// How long reading the city took.
    pub load: Duration,
    /// When the follower last read the database.
    pub seen_at: Option<Instant>,
    /// Layers and features read so far, of how many layers, while loading.
    pub progress: (usize, usize, usize),
}

/// Everything that a running server hangs on.
pub struct Imgis {
    pub city: City,
    pub db: Db,
    pub catalogue: Catalogue,
    pub office: Office,
    pub styles: Styles,
    pub tiles: Arc<Tiles>,
    /// Told apart from other runs in the ids of change events.
    pub boot: String,
    pub settings: Settings,
    degrees: Arc<ToDegrees>,
    exports: Arc<Semaphore>,
    questions: Arc<Semaphore>,
    secret: OnceCell<Vec<u8>>,
    ready: watch::Sender<Ready>,
    events: broadcast::Sender<ChangeEvent>,
    recent: Mutex<VecDeque<ChangeEvent>>,
    closing: watch::Sender<bool>,
}

impl Imgis {
    /// Reads the files of the municipality; the store is empty until [`Imgis::follow`] runs.
    ///
    /// # Errors
    /// [`crate::error::Error::Files`].
    pub fn new(city: City, db: Db, settings: Settings) -> Result<Arc<Self>> {
        let catalogue = Catalogue::read(&city)?;
        let office = Office::read(&city, &catalogue)?;
        let styles = Styles::read(&city.styles_dir())?;
        let now = jiff::Timestamp::now().as_microsecond();
        Ok(Arc::new(Self {
            tiles: Arc::new(Tiles::new(catalogue.layers(), settings.tile_cache_bytes)),
            boot: format!("{:x}-{:x}", now, std::process::id()),
            degrees: Arc::new(ToDegrees::new(&city)?),
            exports: Arc::new(Semaphore::new(limit::EXPORTS)),
            questions: Arc::new(Semaphore::new(limit::QUESTIONS)),
            secret: OnceCell::new(),
            ready: watch::channel(Ready::default()).0,
            events: broadcast::channel(limit::CHANGE_EVENTS_KEPT).0,
            recent: Mutex::new(VecDeque::new()),
            closing: watch::channel(false).0,
            city,
            db,
            catalogue,
            office,
            styles,
            settings,
        }))
    }

    /// The way from the city's system into a system of the wire.
    pub fn wire(&self, crs: Crs) -> Wire {
        Wire::new(crs, &self.degrees)
    }

    /// The right to run one of the few exports at a time.
    ///
    /// # Errors
    /// [`Error::Busy`].
    pub fn export_permit(&self) -> Result<OwnedSemaphorePermit> {
        self.exports.clone().try_acquire_owned().map_err(|_| {
            let most = limit::EXPORTS;
            Error::Busy(format!("{most} exports are running already; try again in a while"))
        })
    }

    /// The right to have a question answered, at most [`limit::QUESTIONS`] at a time.
    ///
    /// # Errors
    /// [`Error::Busy`] when none becomes free within [`limit::POOL_WAIT`].
    pub async fn question_permit(&self) -> Result<OwnedSemaphorePermit> {
        let free = self.questions.clone().acquire_owned();
        match tokio::time::timeout(limit::POOL_WAIT, free).await {
            Ok(permit) => permit.map_err(Error::internal),
            Err(_) => {
                let most = limit::QUESTIONS;
                Err(Error::Busy(format!(
                    "{most} questions are being answered; try again in a while"
                )))
            }
        }
    }

    /// The key by which cursors are signed, the same on every server over this database.
    ///
    /// # Errors
    /// As any statement.
    pub async fn secret(&self) -> Result<&[u8]> {
        let read = || async {
            let client = self.db.client().await?;
            feature::sql::secret(&client).await
        };
        self.secret.get_or_try_init(read).await.map(Vec::as_slice)
    }

    /// Waits until the tiles have a transaction, at most [`limit::APPLIED_WAIT`]; `false`: not yet.
    pub async fn applied(&self, token: ChangeToken) -> bool {
        let mut ready = self.ready.subscribe();
        let seen = ready.wait_for(|ready| ready.snapshot.as_ref().is_some_and(|s| s.sees(token)));
        tokio::time::timeout(limit::APPLIED_WAIT, seen).await.is_ok_and(|seen| seen.is_ok())
    }

    /// Waits until the store is loaded.
    pub async fn loaded(&self, wait: Duration) -> bool {
        let mut ready = self.ready.subscribe();
        let loaded = ready.wait_for(|ready| ready.snapshot.is_some());
        tokio::time::timeout(wait, loaded).await.is_ok_and(|loaded| loaded.is_ok())
    }

    /// How far the store is.
    pub fn ready(&self) -> Ready {
        self.ready.borrow().clone()
    }

    pub(crate) fn set_ready(&self, change: impl FnOnce(&mut Ready)) {
        self.ready.send_modify(change);
    }

    /// Tells everyone who watches.
    pub(crate) fn tell(&self, event: Event) {
        let mut recent = self.recent();
        let number = recent.back().map_or(1, |event| event.number + 1);
        let event = ChangeEvent { number, event };
        recent.push_back(event.clone());
        if recent.len() > limit::CHANGE_EVENTS_KEPT {
            recent.pop_front();
        }
        // Nobody listening is no fault.
        let _ = self.events.send(event);
    }

    /// The events to come, those after `number` of this run (`None`: they are not kept any more), and the
    /// number after which the whole goes on.
    pub fn watch(
        &self,
        after: Option<u64>,
    ) -> (broadcast::Receiver<ChangeEvent>, Option<Vec<ChangeEvent>>, u64) {
        let recent = self.recent();
        let receiver = self.events.subscribe();
        let last = recent.back().map_or(0, |event| event.number);
        let first = recent.front().map_or(1, |event| event.number);
        match after {
            None => (receiver, Some(Vec::new()), last),
            Some(after) if after > last || after + 1 < first => (receiver, None, last),
            Some(after) => {
                let missed = recent.iter().filter(|event| event.number > after).cloned();
                (receiver, Some(missed.collect()), after)
            }
        }
    }

    fn recent(&self) -> MutexGuard<'_, VecDeque<ChangeEvent>> {
        self.recent.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Ends streams and the follower.
    pub fn close(&self) {
        self.closing.send_replace(true);
    }

    /// Resolves when [`Imgis::close`] was called.
    pub async fn closed(&self) {
        let mut closing = self.closing.subscribe();
        let _ = closing.wait_for(|closing| *closing).await;
    }
}
