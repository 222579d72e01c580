//! SQL of the change log: reading only.

use tokio_postgres::Client;

use super::{ChangeToken, Snapshot};
use crate::error::{Error, Result};

/// A row of the log: layer, feature, whether every reader of the layer may know of it.
type Seen = (String, Option<i64>, bool);

/// What the running statement sees.
pub async fn snapshot(client: &Client) -> Result<Snapshot> {
    let text: String = client.query_one("select pg_current_snapshot()::text", &[]).await?.get(0);
    Snapshot::parse(&text)
        .ok_or_else(|| Error::internal(format!("a snapshot of the form {text:?}")))
}

/// Layer, feature and openness of every change that `last` did not see; no feature: many.
///
/// The upper bound also keeps out rows of a restored dump, whose xids may be larger than this cluster's.
pub async fn since(client: &Client, last: &Snapshot) -> Result<Vec<Seen>> {
    let rows = client
        .query(
            "select layer, feature_id, open
             from imgis.feature_change
             where xid >= pg_snapshot_xmax($1::text::pg_snapshot)
               and xid < pg_snapshot_xmax(pg_current_snapshot())
               and pg_visible_in_snapshot(xid, pg_current_snapshot())
             union all
             select layer, feature_id, open
             from imgis.feature_change
             where xid = any (array(select pg_snapshot_xip($1::text::pg_snapshot)))
               and pg_visible_in_snapshot(xid, pg_current_snapshot())",
            &[&last.as_str()],
        )
        .await?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect())
}

/// Starts to listen.
pub async fn listen(client: &Client) -> Result<()> {
    Ok(client.batch_execute("listen imgis_change").await?)
}

/// Begins the read-only transaction in which changes and rows agree.
pub async fn begin(client: &Client) -> Result<()> {
    Ok(client.batch_execute("begin isolation level repeatable read, read only").await?)
}

/// Lets another transaction see just what this one sees; the name of its snapshot.
pub async fn export(client: &Client) -> Result<String> {
    Ok(client.query_one("select pg_export_snapshot()", &[]).await?.get(0))
}

/// Begins a transaction that sees what an exported snapshot sees.
pub async fn join(client: &Client, exported: &str) -> Result<()> {
    begin(client).await?;
    let name = crate::db::literal(exported);
    Ok(client.batch_execute(&format!("set transaction snapshot {name}")).await?)
}

/// Ends it.
pub async fn end(client: &Client) -> Result<()> {
    Ok(client.batch_execute("commit").await?)
}

/// The running transaction, for read-your-writes.
pub async fn token(client: &Client) -> Result<ChangeToken> {
    let text: String = client.query_one("select pg_current_xact_id()::text", &[]).await?.get(0);
    text.parse().map(ChangeToken).map_err(Error::internal)
}

/// Says whose edit the running transaction is.
pub async fn set_actor(client: &Client, actor: &str) -> Result<()> {
    client.execute("select set_config('imgis.actor', $1, true)", &[&actor]).await?;
    Ok(())
}

/// Which cluster and which timeline this is: another one after a reconnect means reading all anew.
pub async fn cluster_identity(client: &Client) -> Result<String> {
    let row = client
        .query_one(
            "select (select system_identifier from pg_control_system())::text
                    || '/' || (select timeline_id from pg_control_checkpoint())",
            &[],
        )
        .await?;
    Ok(row.get(0))
}
