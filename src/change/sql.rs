//! SQL of the change log: reading only.

use tokio_postgres::{Client, Row};

use super::{ChangeToken, Snapshot};
use crate::error::{Error, Result};

/// A row of the log.
pub struct Seen {
    pub xid: u64,
    pub layer: String,
    /// `None`: many.
    pub feature: Option<i64>,
    /// Whether every reader of the layer may know of it.
    pub open: bool,
}

/// What the running statement sees.
pub async fn snapshot(client: &Client) -> Result<Snapshot> {
    let text: String = client.query_one("select pg_current_snapshot()::text", &[]).await?.get(0);
    Snapshot::parse(&text)
        .ok_or_else(|| Error::internal(format!("a snapshot of the form {text:?}")))
}

/// Every change that `last` did not see.
///
/// The upper bound also keeps out rows of a restored dump, whose xids may be larger than this cluster's.
pub async fn since(client: &Client, last: &Snapshot) -> Result<Vec<Seen>> {
    let text = last.as_str();
    let rows = match &last.read {
        None => client.query(SINCE, &[&text]).await?,
        Some(read) => {
            let read: Vec<String> = read.iter().map(u64::to_string).collect();
            client.query(SINCE_ON_A_STANDBY, &[&text, &read]).await?
        }
    };
    let seen = |row: &Row| {
        let xid = row.get::<_, String>(0).parse().map_err(Error::internal)?;
        Ok(Seen { xid, layer: row.get(1), feature: row.get(2), open: row.get(3) })
    };
    rows.iter().map(seen).collect()
}

const SINCE: &str = "select xid::text, layer, feature_id, open
     from imgis.feature_change
     where xid >= pg_snapshot_xmax($1::text::pg_snapshot)
       and xid < pg_snapshot_xmax(pg_current_snapshot())
       and pg_visible_in_snapshot(xid, pg_current_snapshot())
     union all
     select xid::text, layer, feature_id, open
     from imgis.feature_change
     where xid = any (array(select pg_snapshot_xip($1::text::pg_snapshot)))
       and pg_visible_in_snapshot(xid, pg_current_snapshot())";

/// What is running is not known there: all from the oldest on, less what was read.
const SINCE_ON_A_STANDBY: &str = "select xid::text, layer, feature_id, open
     from imgis.feature_change
     where xid >= pg_snapshot_xmin($1::text::pg_snapshot)
       and xid < pg_snapshot_xmax(pg_current_snapshot())
       and xid <> all (select unnest($2::text[])::xid8)";

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

/// Which cluster and which timeline this is: another one after a reconnect means reading all anew. The
/// control file of a primary names its timeline only from the first checkpoint on.
pub async fn cluster_identity(client: &Client) -> Result<String> {
    let row = client
        .query_one(
            "select (select system_identifier from pg_control_system())::text || case
               when pg_is_in_recovery()
               then '/standby/' || (select timeline_id from pg_control_checkpoint())
               else '/' || left(pg_walfile_name(pg_current_wal_lsn()), 8) end",
            &[],
        )
        .await?;
    Ok(row.get(0))
}
