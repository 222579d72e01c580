//! Raw first: every arrival is kept before anything of it is parsed.

use deadpool_postgres::Object;
use sha2::{Digest, Sha256};

use super::sql;
use crate::access::Caller;
use crate::error::{Error, Result};

/// Something that arrived.
#[derive(Debug, Clone, Copy)]
pub struct Arrival<'a> {
    pub channel: &'static str,
    pub content_type: &'a str,
    pub body: &'a [u8],
    pub idempotency_key: Option<&'a str>,
}

/// An arrival that is kept.
#[derive(Debug)]
pub struct Kept {
    pub id: i64,
    pub sha256: String,
    /// The receipt that was given for the same arrival before.
    pub receipt: Option<serde_json::Value>,
}

/// Keeps the raw bytes and commits.
///
/// # Errors
/// 400 for a key that is too long; 409 when the key came with another body.
pub async fn keep(client: &Object, caller: &Caller, arrival: Arrival<'_>) -> Result<Kept> {
    if let Some(key) = arrival.idempotency_key
        && (key.is_empty() || key.len() > 200 || !key.is_ascii())
    {
        return Err(Error::parameter("Idempotency-Key", "wants 1 … 200 ASCII characters"));
    }
    let hash = Sha256::digest(arrival.body);
    let sha256: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    if let Some(id) = sql::keep(client, caller.name(), &arrival, hash.as_slice()).await? {
        return Ok(Kept { id, sha256, receipt: None });
    }
    let key = arrival.idempotency_key.unwrap_or_default();
    let (id, same, receipt) = sql::kept(client, arrival.channel, key, hash.as_slice()).await?;
    if !same {
        return Err(Error::Conflict(format!(
            "the Idempotency-Key {key} came before with another body"
        )));
    }
    Ok(Kept { id, sha256, receipt })
}
