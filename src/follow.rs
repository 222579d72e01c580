//! The follower: loads the city into the tile store, then gives it every change in commit order.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio_postgres::Client;

use crate::change::{self, Changed, Listener, Snapshot};
use crate::error::Result;
use crate::imgis::{Event, Imgis};
use crate::layer::{Follow, Layer};
use crate::tile::{self, Row, Store};

/// Wait before the database is tried again.
const AGAIN: Duration = Duration::from_millis(500);

impl Imgis {
    /// Follows the database until [`Imgis::close`]; a lost connection is made again.
    pub async fn follow(self: Arc<Self>) {
        let mut refreshers = Vec::new();
        for layer in self.catalogue.layers() {
            if let Follow::Every(seconds) = layer.follow {
                let (imgis, layer) = (self.clone(), layer.clone());
                refreshers.push(tokio::spawn(imgis.refresh(layer, Duration::from_secs(seconds))));
            }
        }
        let mut state = None;
        tokio::select! {
            () = self.closed() => {}
            () = async {
                loop {
                    if let Err(error) = self.follow_once(&mut state).await {
                        tracing::warn!(%error, "the follower lost the database; trying again");
                        self.set_ready(|ready| ready.fault = Some(error.to_string()));
                    }
                    tokio::time::sleep(AGAIN).await;
                }
            } => {}
        }
        for refresher in refreshers {
            refresher.abort();
        }
    }

    /// One connection's life. `state` outlives it: cluster identity and last snapshot.
    async fn follow_once(self: &Arc<Self>, state: &mut Option<(String, Snapshot)>) -> Result<()> {
        let mut listener = Listener::open(&self.db).await?;
        let identity = change::sql::cluster_identity(listener.client()).await?;
        let mut last = match state.take() {
            Some((known, snapshot)) if known == identity => snapshot,
            _ => self.load(&listener).await?,
        };
        loop {
            *state = Some((identity.clone(), last.clone()));
            last = self.catch_up(listener.client(), &last).await?;
            *state = Some((identity.clone(), last.clone()));
            if !listener.wait().await {
                return Ok(());
            }
        }
    }

    /// Reads every layer in one snapshot, over two connections.
    async fn load(self: &Arc<Self>, listener: &Listener) -> Result<Snapshot> {
        let (client, started) = (listener.client(), Instant::now());
        client.batch_execute("set statement_timeout = 0").await?;
        change::sql::begin(client).await?;
        let snapshot = listener.snapshot().await?;
        let exported = change::sql::export(client).await?;
        let work = Arc::new(Loading::new(self, client).await?);
        // Ended with this function, however it ends: an old snapshot must not come after a newer one.
        let mut helper = tokio::task::JoinSet::new();
        helper.spawn({
            let (imgis, work) = (self.clone(), work.clone());
            async move {
                let (client, connection) = imgis.db.own_connection("imgis loader").await?;
                tokio::spawn(connection);
                client.batch_execute("set statement_timeout = 0").await?;
                change::sql::join(&client, &exported).await?;
                work.read_all(&client).await
            }
        });
        work.read_all(client).await?;
        while let Some(helped) = helper.join_next().await {
            helped.map_err(crate::error::Error::internal)??;
        }
        change::sql::end(client).await?;
        let features = self.ready().progress.2;
        let load = started.elapsed();
        self.set_ready(|ready| {
            ready.snapshot = Some(snapshot.clone());
            ready.fault = None;
            ready.load = load;
            ready.seen_at = Some(Instant::now());
        });
        tracing::info!(features, seconds = load.as_secs_f32(), "the city is in memory");
        Ok(snapshot)
    }

    async fn load_layer(&self, client: &Client, layer: &Arc<Layer>) -> Result<()> {
        let rows = tile::sql::all(client, layer, None).await?;
        self.put(layer, rows).await
    }

    async fn put(&self, layer: &Arc<Layer>, rows: Vec<Row>) -> Result<()> {
        let of = layer.clone();
        let store = tokio::task::spawn_blocking(move || Store::new(&of, rows));
        self.tiles.replace(layer, store.await.map_err(crate::error::Error::internal)?);
        Ok(())
    }

    /// Applies what the last snapshot did not see; rows and changes are of one snapshot.
    async fn catch_up(&self, client: &Client, last: &Snapshot) -> Result<Snapshot> {
        change::sql::begin(client).await?;
        let batch = change::since(client, last).await?;
        let mut told = Vec::new();
        for (id, changed) in batch.layers {
            let Some(layer) = self.catalogue.layer(&id) else {
                continue;
            };
            match changed {
                Changed::All => {
                    self.load_layer(client, layer).await?;
                    told.push(Event::all(&id));
                }
                Changed::Features(known) => {
                    let ids: Vec<i64> = known.keys().copied().collect();
                    let rows = tile::sql::these(client, layer, &ids).await?;
                    let touched = self.tiles.apply(layer, rows);
                    let is_open = |one: &tile::Touched| known.get(&one.id).copied() != Some(false);
                    let (open, closed): (Vec<_>, Vec<_>) = touched.into_iter().partition(is_open);
                    told.extend(Event::some(&id, &open, true));
                    told.extend(Event::some(&id, &closed, false));
                }
            }
        }
        change::sql::end(client).await?;
        self.set_ready(|ready| {
            ready.snapshot = Some(batch.snapshot.clone());
            ready.fault = None;
            ready.seen_at = Some(Instant::now());
        });
        told.into_iter().for_each(|event| self.tell(event));
        Ok(batch.snapshot)
    }

    /// Reads a published layer anew every so often; clients are told when it differs.
    async fn refresh(self: Arc<Self>, layer: Arc<Layer>, every: Duration) {
        loop {
            tokio::time::sleep(every).await;
            let before = self.tiles.content(&layer.id);
            let read = async {
                let client = self.db.client().await?;
                self.load_layer(&client, &layer).await
            };
            match read.await {
                Ok(_) if self.tiles.content(&layer.id) != before => {
                    self.tell(Event::all(&layer.id));
                }
                Ok(_) => {}
                Err(error) => tracing::warn!(%error, layer = layer.id, "not read anew"),
            }
        }
    }
}

/// A layer from this count on is told of in the log when it is read.
const TOLD_ROWS: usize = 10_000;
/// A layer above this count is read in parts.
const PART_ROWS: i64 = 50_000;

/// A layer, and the ids of the part that is to be read: from, below.
type Job = (Arc<Layer>, Option<(i64, i64)>);

/// The layers still to be read, the largest last, and the parts of layers that are not whole yet.
struct Loading {
    imgis: Arc<Imgis>,
    jobs: Mutex<Vec<Job>>,
    /// Parts that are missing, and the rows that are there.
    parts: Mutex<HashMap<String, (usize, Vec<Row>)>>,
}

impl Loading {
    async fn new(imgis: &Arc<Imgis>, client: &Client) -> Result<Self> {
        let mut sized = Vec::new();
        for layer in imgis.catalogue.layers() {
            sized.push((tile::sql::about(client, layer).await?, layer.clone()));
        }
        sized.sort_by_key(|(count, _)| *count);
        let (mut jobs, mut parts) = (Vec::new(), HashMap::new());
        for (count, layer) in sized {
            let ranges = match count > PART_ROWS {
                true => tile::sql::ranges(client, &layer, count / PART_ROWS + 1).await?,
                false => vec![None],
            };
            parts.insert(layer.id.clone(), (ranges.len(), Vec::new()));
            jobs.extend(ranges.into_iter().map(|range| (layer.clone(), range)));
        }
        imgis.set_ready(|ready| ready.progress = (0, parts.len(), 0));
        Ok(Self { imgis: imgis.clone(), jobs: Mutex::new(jobs), parts: Mutex::new(parts) })
    }

    /// Reads what nobody reads yet, until nothing is left.
    async fn read_all(&self, client: &Client) -> Result<()> {
        loop {
            let job = self.jobs.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let Some((layer, range)) = job else { return Ok(()) };
            let rows = tile::sql::all(client, &layer, range).await?;
            let count = rows.len();
            if let Some(rows) = self.whole(&layer.id, rows) {
                self.imgis.put(&layer, rows).await?;
                self.imgis.set_ready(|ready| ready.progress.0 += 1);
                let features = self.imgis.tiles.count(&layer.id);
                if features >= TOLD_ROWS {
                    tracing::info!(layer = layer.id, features, "read into memory");
                }
            }
            self.imgis.set_ready(|ready| ready.progress.2 += count);
        }
    }

    /// All rows of a layer, when these were its last part.
    fn whole(&self, layer: &str, mut rows: Vec<Row>) -> Option<Vec<Row>> {
        let mut parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        let (missing, there) = parts.get_mut(layer)?;
        *missing -= 1;
        if there.is_empty() {
            std::mem::swap(there, &mut rows);
        } else {
            there.append(&mut rows);
        }
        (*missing == 0).then(|| std::mem::take(there))
    }
}
