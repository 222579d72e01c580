//! What changed since: read from the change log in commit order, by snapshots.
//!
//! Knows no consumer: [`since`] gives a batch, `Imgis` hands it on. Written by nobody here: the triggers
//! of the layer tables write the log (`layer/sql.rs`).
//!
//! # Source
//! A transaction is *new* when the last snapshot did not see it and the present one does. Never by
//! sequence or xid order: those are given before the commit.
//!
//! A standby's snapshot does not name what is running, and nobody is notified there: what was read is kept
//! from the oldest running transaction on, and the log is polled. Which of the two it is, [`Listener::open`]
//! decides.

pub mod sql;

use std::collections::{BTreeMap, BTreeSet};

use futures_util::StreamExt;
use tokio::sync::watch;
use tokio_postgres::{AsyncMessage, Client};

use crate::config::limit;
use crate::db::{self, Db};
use crate::error::Result;

/// `pg_snapshot`: which transactions are seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    text: String,
    xmin: u64,
    xmax: u64,
    running: Vec<u64>,
    /// Of a standby: the transactions from `xmin` on whose changes were read.
    read: Option<BTreeSet<u64>>,
}

impl Snapshot {
    /// From the text form `xmin:xmax:xip,…`.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(':');
        let xmin = parts.next()?.parse().ok()?;
        let xmax = parts.next()?.parse().ok()?;
        let running = parts.next()?.split(',').filter_map(|xid| xid.parse().ok()).collect();
        Some(Self { text: text.to_string(), xmin, xmax, running, read: None })
    }

    /// The text form.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether a committed transaction is seen.
    pub fn sees(&self, token: ChangeToken) -> bool {
        match &self.read {
            None => token.0 < self.xmax && !self.running.contains(&token.0),
            Some(read) => token.0 < self.xmin || read.contains(&token.0),
        }
    }
}

/// The transaction of a change: every writing function returns its own, so that the writer can wait until
/// the tiles have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChangeToken(pub u64);

/// What changed in one layer.
#[derive(Debug, Clone, PartialEq)]
pub enum Changed {
    /// These features, each with whether every reader of the layer may know of it; one that has no row
    /// any more was deleted.
    Features(BTreeMap<i64, bool>),
    /// So many that the layer is read anew.
    All,
}

/// Everything that one snapshot sees and the former did not.
#[derive(Debug)]
pub struct Batch {
    pub snapshot: Snapshot,
    pub layers: BTreeMap<String, Changed>,
}

/// Reads what `last` did not see; inside a repeatable-read transaction, in which the caller then reads
/// the named rows.
///
/// # Errors
/// As any statement.
pub async fn since(client: &Client, last: &Snapshot) -> Result<Batch> {
    let mut snapshot = sql::snapshot(client).await?;
    let mut layers: BTreeMap<String, Changed> = BTreeMap::new();
    // A standby's snapshots may be of one text while something was committed between them.
    if last.read.is_some() || snapshot != *last {
        let seen = sql::since(client, last).await?;
        snapshot.read = last.read.as_ref().map(|read| {
            let all = read.iter().copied().chain(seen.iter().map(|change| change.xid));
            all.filter(|xid| *xid >= snapshot.xmin).collect()
        });
        for sql::Seen { layer, feature, open, .. } in seen {
            let entry = layers.entry(layer).or_insert(Changed::Features(BTreeMap::new()));
            match (entry, feature) {
                (Changed::Features(ids), Some(id)) => *ids.entry(id).or_default() |= open,
                (entry, None) => *entry = Changed::All,
                (Changed::All, Some(_)) => {}
            }
        }
    }
    Ok(Batch { snapshot, layers })
}

/// A connection that listens, and a bell that it rings on every notification and when it is lost.
pub struct Listener {
    client: Client,
    bell: watch::Receiver<u64>,
    /// Nothing can be listened to there.
    standby: bool,
}

impl Listener {
    /// Connects and, where it can be done, listens.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn open(db: &Db) -> Result<Self> {
        let (client, mut connection) = db.own_connection("imgis follower").await?;
        let (ring, bell) = watch::channel(0);
        tokio::spawn(async move {
            let mut messages =
                futures_util::stream::poll_fn(move |context| connection.poll_message(context));
            while let Some(message) = messages.next().await {
                match message {
                    Ok(AsyncMessage::Notification(_)) => ring.send_modify(|count| *count += 1),
                    Ok(_) => {}
                    Err(error) => {
                        tracing::warn!(%error, "the listening connection was lost");
                        break;
                    }
                }
            }
        });
        let standby = db::is_standby(&client).await?;
        if !standby {
            sql::listen(&client).await?;
        }
        Ok(Self { client, bell, standby })
    }

    /// The connection, for the follower's own reads.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// What the running transaction sees, for [`since`] to go on from.
    ///
    /// # Errors
    /// As any statement.
    pub async fn snapshot(&self) -> Result<Snapshot> {
        let mut snapshot = sql::snapshot(&self.client).await?;
        if self.standby {
            snapshot.read = Some(BTreeSet::new());
            snapshot = since(&self.client, &snapshot).await?.snapshot;
        }
        Ok(snapshot)
    }

    /// Waits for a notification, at most until the next poll. `false`: the connection is lost, or the standby
    /// has become a primary.
    pub async fn wait(&mut self) -> bool {
        let poll = if self.standby { limit::FOLLOW_POLL_STANDBY } else { limit::FOLLOW_POLL };
        match tokio::time::timeout(poll, self.bell.changed()).await {
            Ok(rung) => rung.is_ok(),
            Err(_) if self.standby => db::is_standby(&self.client).await.unwrap_or_default(),
            Err(_) => !self.client.is_closed(),
        }
    }
}
