//! Rows that come one after another: long pages, and what exports stand on.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt};
use tokio_postgres::{Row, RowStream};
use tokio_stream::wrappers::ReceiverStream;

use super::App;
use super::items::Asked;
use crate::config::limit;
use crate::db::{Long, cancellable};
use crate::error::{Error, Result};
use crate::feature::Statement;

impl Asked<'_> {
    /// A long page, sent as it comes.
    ///
    /// # Errors
    /// As a short one; 503 when too many run.
    pub async fn stream(&self, limit: i64) -> Result<Response> {
        let statement = self.statement().await?;
        let permit = self.imgis.export_permit()?;
        let secret = self.imgis.secret().await?.to_vec();
        let mut client = self.imgis.db.client().await?;
        let token = client.cancel_token();
        let counting = statement.matched(&mut client, self.exact);
        let matched = cancellable(token, counting).await?;
        drop(client);
        let mut flow = Flow::begin(self.imgis, &statement, Some(limit), true).await?;
        let mut reading = self.reading();
        // What the end of the body is made from, once the last row is known.
        let (path, params) = (self.path.clone(), self.params.to_vec());
        let (imgis, layer) = (self.imgis.clone(), self.layer.clone());
        let (query, base, again) = (self.query.clone(), self.base.to_string(), self.again.clone());
        let options = self.options;
        let (sender, receiver) = tokio::sync::mpsc::channel::<std::io::Result<Bytes>>(2);
        tokio::spawn(async move {
            let _permit = permit;
            let (imgis, params) = (&imgis, &params[..]);
            let asked = Asked {
                imgis,
                layer: &layer,
                query,
                path,
                params,
                base: &base,
                exact: false,
                again,
                options,
            };
            let mut out = b"{\"type\":\"FeatureCollection\",\"features\":[".to_vec();
            let mut last = None;
            let mut count = 0;
            let work = async {
                while let Some(row) = flow.next().await? {
                    if count == limit as usize {
                        break;
                    }
                    if count > 0 {
                        out.push(b',');
                    }
                    reading.write(&row, &mut out)?;
                    out.push(b'}');
                    count += 1;
                    last = Some(row);
                    if out.len() > limit::CHUNK_BYTES && !send(&sender, &mut out).await {
                        return Ok(false);
                    }
                }
                let more = count == limit as usize && flow.went_on();
                let next = match last.filter(|_| more) {
                    Some(last) => Some(asked.next(&secret, &last)?),
                    None => None,
                };
                out.extend_from_slice(&asked.tail(count, matched, next));
                flow.finish().await?;
                Ok::<bool, Error>(send(&sender, &mut out).await)
            };
            if let Err(error) = work.await {
                broken(&sender, error).await;
            }
        });
        let mut response = Body::from_stream(ReceiverStream::new(receiver)).into_response();
        self.mark(&mut response, None, matched);
        Ok(response)
    }
}

/// Sends what is there; `false`: nobody reads any more.
pub async fn send(
    sender: &tokio::sync::mpsc::Sender<std::io::Result<Bytes>>,
    out: &mut Vec<u8>,
) -> bool {
    let full = Bytes::from(std::mem::take(out));
    sender.send(Ok(full)).await.is_ok()
}

/// Breaks a body off, so that nobody takes it for whole.
pub async fn broken(sender: &tokio::sync::mpsc::Sender<std::io::Result<Bytes>>, error: Error) {
    tracing::warn!(%error, "a stream of features was broken off");
    let _ = sender.send(Err(std::io::Error::other("broken off"))).await;
}

/// Rows that come one after another over a connection of their own.
pub struct Flow {
    client: Long,
    rows: std::pin::Pin<Box<RowStream>>,
    first: Option<Row>,
    ended: bool,
    taken: i64,
    limit: Option<i64>,
}

impl Flow {
    /// Begins; a fault of the question is known before the first byte of the answer.
    ///
    /// # Errors
    /// As any statement.
    pub async fn begin(
        imgis: &App,
        statement: &Statement<'_>,
        limit: Option<i64>,
        more: bool,
    ) -> Result<Self> {
        let client = imgis.db.long(limit::EXPORT_STATEMENT).await?;
        let rows = statement.stream(client.client()?, limit, more).await?;
        let mut rows = Box::pin(rows);
        let first = rows.try_next().await?;
        let ended = first.is_none();
        Ok(Self { client, rows, first, ended, taken: 0, limit })
    }

    /// The next row.
    ///
    /// # Errors
    /// As any statement.
    pub async fn next(&mut self) -> Result<Option<Row>> {
        let row = match self.first.take() {
            Some(row) => Some(row),
            None if self.ended => None,
            None => self.rows.next().await.transpose()?,
        };
        self.ended |= row.is_none();
        self.taken += i64::from(row.is_some());
        Ok(row)
    }

    /// Whether there was a row beyond the limit.
    pub fn went_on(&self) -> bool {
        self.limit.is_some_and(|limit| self.taken > limit)
    }

    /// Gives the connection back.
    ///
    /// # Errors
    /// As any statement.
    pub async fn finish(self) -> Result<()> {
        let Self { client, rows, .. } = self;
        drop(rows);
        client.finish().await
    }
}
