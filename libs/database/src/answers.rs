//! Answers that are given again while nothing that they were read from has changed.
//!
//! An answer is kept with what it was read from: tables, the version of the definitions, and when the first of the tables' records expires. Before it is
//! given again PostgreSQL is asked where the log stands, once for all who ask at the same time; it is given where this process made every transaction
//! since and none of them touched one of the tables. So a process that is not alone on its database gives no wrong answers, but few kept ones, and needs to
//! hear of nobody.

use std::any::Any;
use std::fmt::Debug;
use std::sync::Arc;

use ddb_core::{Result, TableId, Timestamp, Tx};
use ddb_store::TableShape;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use sha2::{Digest, Sha256};

use crate::session::{Answer, Session};

/// The part of all memory for answers that one of them may take.
const MAX_SHARE: u64 = 16;
/// About what an entry takes besides the answer.
const ENTRY: u64 = 512;
/// Of an answer, for the cache's own tables.
const TYPICAL: u64 = 8_192;

/// Whose answer to which question: a digest.
type Key = [u8; 32];

/// The answers of one process.
pub(crate) struct Answers {
    kept: Option<Cache<Key, Arc<Kept>, ByWeight>>,
    capacity: u64,
}

struct Kept {
    answer: Arc<dyn Any + Send + Sync>,
    weight: u64,
    tx: Tx,
    source: Source,
    expires: Option<Timestamp>,
}

/// What an answer was read from.
#[derive(Debug, Clone, Default)]
pub(crate) struct Source {
    pub(crate) tables: Vec<TableId>,
    /// The version of the definitions.
    pub(crate) definitions: Option<i64>,
    /// Whether the time or chance had a part in it, a table that did not exist, or several versions of the definitions.
    pub(crate) is_fleeting: bool,
}

impl Source {
    /// A table was looked at, which may not exist.
    pub(crate) fn add(&mut self, table: Option<&TableShape>) {
        let Some(table) = table else {
            self.is_fleeting = true;
            return;
        };
        self.is_fleeting |= self.definitions.is_some_and(|definitions| definitions != table.definitions);
        self.definitions = Some(table.definitions);
        if !self.tables.contains(&table.id) {
            self.tables.push(table.id);
        }
    }
}

#[derive(Clone)]
struct ByWeight;

impl Weighter<Key, Arc<Kept>> for ByWeight {
    fn weight(&self, _: &Key, kept: &Arc<Kept>) -> u64 {
        kept.weight
    }
}

impl Answers {
    /// `capacity` is in bytes of memory, about; 0: no answer is kept.
    pub(crate) fn new(capacity: u64) -> Self {
        let kept = (capacity > 0).then(|| Cache::with_weighter((capacity / TYPICAL).max(1) as usize, capacity, ByWeight));
        Self { kept, capacity }
    }

    /// Drops every answer, so that nothing of what was erased stays in memory.
    pub(crate) fn clear(&self) {
        if let Some(kept) = &self.kept {
            kept.clear();
        }
    }
}

impl Session {
    /// The answer to a question that `read` would give, without reading where it is known. `question` tells it from all others of the caller.
    pub(crate) async fn answered<T: Send + Sync + 'static>(
        &self,
        question: impl Debug,
        weigh: fn(&T) -> usize,
        read: impl Future<Output = Result<(Answer<T>, Source)>>,
    ) -> Result<Answer<Arc<T>>> {
        let answers = &self.database.inner.answers;
        let Some(cache) = &answers.kept else {
            let (Answer { data, tx }, _) = read.await?;
            return Ok(Answer { data: Arc::new(data), tx });
        };
        let key = self.key_of(question);
        if let Some(kept) = cache.get(&key) {
            match self.still(&kept).await {
                Some(tx) => {
                    if let Ok(data) = kept.answer.clone().downcast::<T>() {
                        return Ok(Answer { data, tx });
                    }
                }
                None => {
                    cache.remove(&key);
                }
            }
        }
        let (Answer { data, tx }, source) = read.await?;
        let data = Arc::new(data);
        let weight = weigh(&data) as u64 + ENTRY;
        if weight <= answers.capacity / MAX_SHARE
            && let Some(expires) = self.lasts(&source, tx).await
        {
            let answer: Arc<dyn Any + Send + Sync> = data.clone();
            cache.insert(key, Arc::new(Kept { answer, weight, tx, source, expires }));
        }
        Ok(Answer { data, tx })
    }

    /// Rights are decided before: they are in the key as far as they decide what the caller sees.
    fn key_of(&self, question: impl Debug) -> Key {
        let principal = (self.principal.user_key(), self.principal.is_admin());
        Sha256::digest(format!("{}\n{principal:?}\n{question:?}", self.namespace)).into()
    }

    /// The newest transaction, where the answer is still true at it.
    async fn still(&self, kept: &Kept) -> Option<Tx> {
        let (store, tables) = (self.database.store(), &kept.source.tables);
        if store.have_changed(self.namespace, tables, kept.tx) {
            return None;
        }
        let state = store.table_state(self.namespace, *tables.first()?).await.ok()?;
        let is_true = kept.source.definitions == Some(state.definitions)
            && kept.expires.is_none_or(|expires| expires > state.now)
            && store.are_unchanged(self.namespace, tables, kept.tx, state.tx);
        is_true.then_some(state.tx)
    }

    /// When an answer that was true at `tx` ends to be true though nobody writes: at a time, or never. None where it is not true any more, or is not
    /// to be kept.
    async fn lasts(&self, source: &Source, tx: Tx) -> Option<Option<Timestamp>> {
        let store = self.database.store();
        if source.is_fleeting || source.tables.is_empty() || store.have_changed(self.namespace, &source.tables, tx) {
            return None;
        }
        let mut expires = None;
        for table in &source.tables {
            let state = store.table_state(self.namespace, *table).await.ok()?;
            let is_true = source.definitions == Some(state.definitions)
                && store.are_unchanged(self.namespace, &source.tables, tx, state.tx)
                && state.expires.is_none_or(|expires| expires > state.now);
            if !is_true {
                return None;
            }
            expires = [expires, state.expires].into_iter().flatten().min();
        }
        Some(expires)
    }
}
