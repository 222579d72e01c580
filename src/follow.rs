//! The follower: loads the city into the tile store, then gives it every change in commit order.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio_postgres::Client;

use crate::change::{self, Changed, Listener, Snapshot};
use crate::config::limit;
use crate::error::Result;
use crate::imgis::{Event, Imgis, Ready};
use crate::layer::{Follow, Layer};
use crate::tile::{self, Store};

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
                        let fault = Some(error.to_string());
                        self.set_ready(Ready { fault, ..self.ready() });
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
    async fn follow_once(&self, state: &mut Option<(String, Snapshot)>) -> Result<()> {
        let mut listener = Listener::open(&self.db).await?;
        let identity = change::sql::cluster_identity(listener.client()).await?;
        let mut last = match state.take() {
            Some((known, snapshot)) if known == identity => snapshot,
            _ => self.load(listener.client()).await?,
        };
        loop {
            *state = Some((identity.clone(), last.clone()));
            last = self.catch_up(listener.client(), &last).await?;
            *state = Some((identity.clone(), last.clone()));
            if !listener.wait(limit::FOLLOW_POLL).await {
                return Ok(());
            }
        }
    }

    /// Reads every layer in one snapshot.
    async fn load(&self, client: &Client) -> Result<Snapshot> {
        let started = Instant::now();
        client.batch_execute("set statement_timeout = 0").await?;
        change::sql::begin(client).await?;
        let snapshot = change::sql::snapshot(client).await?;
        let mut features = 0;
        for layer in self.catalogue.layers() {
            features += self.load_layer(client, layer).await?;
        }
        change::sql::end(client).await?;
        self.set_ready(Ready { snapshot: Some(snapshot.clone()), fault: None });
        tracing::info!(
            features,
            seconds = started.elapsed().as_secs_f32(),
            "the city is in memory"
        );
        Ok(snapshot)
    }

    async fn load_layer(&self, client: &Client, layer: &Arc<Layer>) -> Result<usize> {
        let rows = tile::sql::all(client, layer).await?;
        let count = rows.len();
        let of = layer.clone();
        let store = tokio::task::spawn_blocking(move || Store::new(&of, rows))
            .await
            .map_err(crate::error::Error::internal)?;
        self.tiles.replace(layer, store);
        Ok(count)
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
        self.set_ready(Ready { snapshot: Some(batch.snapshot.clone()), fault: None });
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
