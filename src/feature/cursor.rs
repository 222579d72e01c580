//! The place of the next page: the keys of the last feature, signed so that nobody makes one up.
//!
//! Opaque to clients: base64url of 16 bytes of HMAC-SHA256 and a JSON list of the keys as texts, the
//! last one the feature's id. Signed together with the layer and the order, whose place it is.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::error::{Error, Result};

/// One key of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    pub name: String,
    pub descending: bool,
}

/// The place after a feature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cursor {
    /// As it came; nobody looked into it.
    Unread(String),
    /// Texts of the sort keys, and the id.
    Read(Vec<Option<String>>, i64),
}

const SIGNATURE: usize = 16;

impl Cursor {
    /// As it came.
    pub fn unread(text: &str) -> Self {
        Self::Unread(text.to_string())
    }

    /// Reads what was signed with the key of this database.
    ///
    /// # Errors
    /// 400 `cursor`.
    pub fn read(
        &self,
        secret: &[u8],
        layer: &str,
        sort: &[Key],
    ) -> Result<(Vec<Option<String>>, i64)> {
        let text = match self {
            Self::Read(keys, id) => return Ok((keys.clone(), *id)),
            Self::Unread(text) => text,
        };
        let fault = || Error::parameter("cursor", "is not the place of a page of this question");
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| fault())?;
        let (signature, body) = bytes.split_at_checked(SIGNATURE).ok_or_else(fault)?;
        signed(secret, layer, sort, body)?.verify_truncated_left(signature).map_err(|_| fault())?;
        let (keys, id): (Vec<Option<String>>, i64) =
            serde_json::from_slice(body).map_err(|_| fault())?;
        if keys.len() == sort.len() { Ok((keys, id)) } else { Err(fault()) }
    }

    /// Writes and signs.
    ///
    /// # Errors
    /// [`Error::Internal`].
    pub fn write(
        secret: &[u8],
        layer: &str,
        sort: &[Key],
        keys: &[Option<String>],
        id: i64,
    ) -> Result<String> {
        let body = serde_json::to_vec(&(keys, id)).map_err(Error::internal)?;
        let signature = signed(secret, layer, sort, &body)?.finalize().into_bytes();
        let mut bytes = signature[..SIGNATURE].to_vec();
        bytes.extend_from_slice(&body);
        Ok(URL_SAFE_NO_PAD.encode(bytes))
    }
}

fn signed(secret: &[u8], layer: &str, sort: &[Key], body: &[u8]) -> Result<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).map_err(Error::internal)?;
    mac.update(format!("{layer} {sort:?} ").as_bytes());
    mac.update(body);
    Ok(mac)
}
