use std::sync::{Arc, Mutex, PoisonError};

use ddb_core::{GeneratedKeys, RecordKey};

use crate::clock;

/// What generates the keys of one request, in its order whatever transactions they are made in. Clones share it.
#[derive(Clone, Default)]
pub(crate) struct Keys(Arc<Mutex<Option<GeneratedKeys>>>);

impl Keys {
    /// Later than every key that it gave before. The first one takes the time for all.
    pub(crate) fn generate(&self) -> RecordKey {
        let mut keys = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        RecordKey::String(keys.get_or_insert_with(|| GeneratedKeys::at(clock::now())).next_text())
    }
}
