//! Some of a layer's features alone: those that a filter found.

use std::collections::HashSet;
use std::sync::Arc;

use xxhash_rust::xxh3::Xxh3;

use super::View;

/// The features that a filter found, and what they amount to.
#[derive(Debug)]
pub struct Only {
    pub ids: HashSet<i64>,
    pub hash: u128,
}

impl View {
    /// The same with these features alone.
    ///
    /// The version of a tile then depends on them too: a filter may ask for what no tile holds.
    pub fn only(mut self, mut ids: Vec<i64>) -> Self {
        ids.sort_unstable();
        let mut hash = Xxh3::new();
        ids.iter().for_each(|id| hash.update(&id.to_le_bytes()));
        let hash = hash.digest128();
        self.only = Some(Arc::new(Only { ids: ids.into_iter().collect(), hash }));
        self
    }
}
