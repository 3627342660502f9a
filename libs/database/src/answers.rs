//! Answers that are given again while nothing that they were read from has changed.
//!
//! An answer that is asked for a second time is kept, as the bytes that were sent, with what it was read from: tables, the version of the definitions, and
//! when the first of the tables' records expires. Before it is given again PostgreSQL is asked where the log stands, once for all who ask at the same time; it
//! is given where this process made every transaction since and none of them touched one of the tables. So a process that is not alone on its database gives no
//! wrong answers, but few kept ones, and needs to hear of nobody.

use std::fmt::{self, Debug, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ddb_core::{NamespaceId, Principal, RecordKey, Result, TableId, Timestamp, Tx};
use ddb_store::{LogPlace, TableShape};
use ddb_turns::{LARGE, aside_if};
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use sha2::{Digest, Sha256};

use crate::session::{Answer, Session};

/// The part of all memory for answers that one of them may take.
const MAX_SHARE: u64 = 16;
/// About what an entry takes besides the answer.
const ENTRY: u64 = 512;
/// Of an answer, for the cache's own tables.
const TYPICAL: u64 = 4_096;

/// Whose answer to which question in which form: a digest.
pub(crate) type Key = [u8; 32];

/// The answers of one process.
pub(crate) struct Answers {
    kept: Option<Cache<Key, Entry, ByWeight>>,
    capacity: u64,
    /// How often they were dropped.
    cleared: AtomicU64,
}

#[derive(Clone)]
enum Entry {
    /// The question was asked once. Most are not asked again, so nothing more is done for it.
    Asked,
    Kept(Arc<Kept>),
}

struct Kept {
    answer: Arc<[u8]>,
    place: LogPlace,
    source: Source,
    expires: Option<Timestamp>,
}

/// What an answer was read from.
#[derive(Debug, Clone, Default)]
pub(crate) struct Source {
    pub(crate) tables: Vec<TableId>,
    /// The version of the definitions.
    pub(crate) definitions: Option<i64>,
    /// The clock by which records had expired.
    pub(crate) now: Option<Timestamp>,
    /// Of the documents that were read.
    pub(crate) bytes: usize,
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

impl Weighter<Key, Entry> for ByWeight {
    fn weight(&self, _: &Key, entry: &Entry) -> u64 {
        match entry {
            Entry::Asked => ENTRY / 4,
            Entry::Kept(kept) => ENTRY + kept.answer.len() as u64,
        }
    }
}

impl Answers {
    /// `capacity` is in bytes of memory, about; 0: no answer is kept.
    pub(crate) fn new(capacity: u64) -> Self {
        let kept = (capacity > 0).then(|| Cache::with_weighter((capacity / TYPICAL).max(1) as usize, capacity, ByWeight));
        Self { kept, capacity, cleared: AtomicU64::new(0) }
    }

    /// Drops every answer, also those that are being read, so that nothing of what was erased stays in memory.
    pub(crate) fn clear(&self) {
        self.cleared.fetch_add(1, Ordering::SeqCst);
        if let Some(kept) = &self.kept {
            kept.clear();
        }
    }
}

/// How a question that was asked before stands.
enum Known {
    /// It may be kept under this key.
    Asked(Key),
    Answer(Answer<Arc<[u8]>>),
    No,
}

impl Session {
    /// The digest of the caller's question, where answers are kept. Rights are decided before: they are in it as far as they decide what the caller sees.
    pub(crate) fn key_of(&self, question: &impl Debug) -> Option<Key> {
        self.database.inner.answers.kept.as_ref()?;
        let mut digest = Writer(Sha256::new());
        let principal = (account(&self.principal), self.principal.is_admin());
        // A digest takes everything.
        let _ = write!(digest, "{}\n{principal:?}\n{question:?}", self.namespace);
        Some(digest.0.finalize().into())
    }

    /// The answer that `read` and `render` would give, without reading where it is known; `key` tells the question and the form.
    pub(crate) async fn answered<T>(
        &self,
        key: Option<Key>,
        read: impl Future<Output = Result<(Answer<T>, Source)>>,
        render: impl FnOnce(&T) -> Vec<u8>,
    ) -> Result<Answer<Arc<[u8]>>> {
        let answers = &self.database.inner.answers;
        let cleared = answers.cleared.load(Ordering::SeqCst);
        let known = match (&answers.kept, key) {
            (Some(cache), Some(key)) => self.known(cache, key).await,
            _ => Known::No,
        };
        let metrics = &self.database.inner.metrics;
        if answers.kept.is_some() {
            metrics.answer_cache(matches!(known, Known::Answer(_)));
        }
        if let Known::Answer(answer) = known {
            return Ok(answer);
        }
        let (Answer { data, tx }, source) = read.await?;
        let answer: Arc<[u8]> = aside_if(source.bytes > LARGE, || {
            let answer = render(&data).into();
            drop(data);
            answer
        });
        if let (Some(cache), Known::Asked(key)) = (&answers.kept, known)
            && answer.len() as u64 + ENTRY <= answers.capacity / MAX_SHARE
            && let Some((place, expires)) = self.lasts(&source, tx).await
        {
            let kept = Kept { answer: answer.clone(), place, source, expires };
            cache.insert(key, Entry::Kept(Arc::new(kept)));
            if answers.cleared.load(Ordering::SeqCst) != cleared {
                cache.remove(&key);
            }
        }
        Ok(Answer { data: answer, tx })
    }

    async fn known(&self, cache: &Cache<Key, Entry, ByWeight>, key: Key) -> Known {
        match cache.get(&key) {
            None => {
                cache.insert(key, Entry::Asked);
                Known::No
            }
            Some(Entry::Asked) => Known::Asked(key),
            Some(Entry::Kept(kept)) => match self.still(&kept).await {
                Ok(Some(tx)) => Known::Answer(Answer { data: kept.answer.clone(), tx }),
                Ok(None) => {
                    cache.insert(key, Entry::Asked);
                    Known::Asked(key)
                }
                // Whether it is true cannot be told: it is not given, and not dropped.
                Err(_) => Known::No,
            },
        }
    }

    /// The newest transaction, where the answer is still true at it.
    async fn still(&self, kept: &Kept) -> Result<Option<Tx>> {
        let (store, tables) = (self.database.store(), &kept.source.tables);
        if store.have_changed(self.namespace, tables, kept.place) {
            return Ok(None);
        }
        let state = store.log_state(self.namespace).await?;
        let is_true = kept.source.definitions == Some(state.definitions)
            && kept.source.now.is_some_and(|now| now <= state.now)
            && kept.expires.is_none_or(|expires| expires > state.now)
            && store.are_unchanged(self.namespace, tables, kept.place, state.head);
        Ok(is_true.then_some(state.head.tx))
    }

    /// For an answer that was true at `tx` and still is: where the log stands, and when it ends to be true though nobody writes.
    async fn lasts(&self, source: &Source, tx: Tx) -> Option<(LogPlace, Option<Timestamp>)> {
        if source.is_fleeting || source.tables.is_empty() {
            return None;
        }
        let store = self.database.store();
        let (state, expires) = store.log_state_with_expiry(self.namespace, &source.tables).await.ok()?;
        let is_true = source.definitions == Some(state.definitions)
            && source.now.is_some_and(|now| now <= state.now)
            && expires.is_none_or(|expires| expires > state.now)
            && state.head.tx == tx;
        is_true.then(|| (store.place(self.namespace, state.head), expires))
    }
}

struct Writer(Sha256);

impl fmt::Write for Writer {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.update(text);
        Ok(())
    }
}

/// An answer holds cursors, which are good for one account only.
fn account(principal: &Principal) -> Option<(NamespaceId, &RecordKey)> {
    match principal {
        Principal::Anonymous | Principal::System => None,
        Principal::Account(account) | Principal::Root(account) => Some((account.namespace, &account.key)),
    }
}
