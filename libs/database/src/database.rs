use std::sync::Arc;
use std::time::Duration;

use ddb_core::{NamespaceId, Principal, RequestId, TableId};
use ddb_store::Store;
use quick_cache::sync::Cache;
use tokio_util::sync::CancellationToken;

use crate::answers::Answers;
use crate::metrics::Metrics;
use crate::{ImplicitTables, MasterKey, Session};

/// How often a process looks whether something was erased.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Names of fields that are remembered.
const KNOWN_FIELDS: usize = 10_000;

/// The door. Cheap to clone.
#[derive(Clone)]
pub struct Database {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) store: Store,
    pub(crate) cursor_key: [u8; 32],
    pub(crate) implicit_tables: ImplicitTables,
    pub(crate) answers: Answers,
    pub(crate) metrics: Metrics,
    /// What takes so long is logged; None: nothing is.
    pub(crate) slow: Option<Duration>,
    /// Fields that records of an owner (None: of anybody) have or had.
    pub(crate) known_fields: Cache<KnownField, ()>,
}

/// Namespace, table, the owner's sort key, and the name.
type KnownField = (NamespaceId, TableId, Option<Vec<u8>>, String);

impl Database {
    /// `answer_cache` is the memory for answers that are given again, in bytes; 0: none. Queries and writes that take as long as `slow` are logged.
    pub fn new(
        store: Store,
        master_key: &MasterKey,
        implicit_tables: ImplicitTables,
        answer_cache: u64,
        slow: Option<Duration>,
    ) -> Self {
        let (cursor_key, answers, metrics) = (master_key.derive("cursor"), Answers::new(answer_cache), Metrics::new());
        let known_fields = Cache::new(KNOWN_FIELDS);
        Self { inner: Arc::new(Inner { store, cursor_key, implicit_tables, answers, metrics, slow, known_fields }) }
    }

    pub fn store(&self) -> &Store {
        &self.inner.store
    }

    /// Drops the answers that are kept to be given again, so that nothing of what was erased stays in memory.
    pub fn forget_answers(&self) {
        self.inner.answers.clear();
        self.inner.known_fields.clear();
    }

    /// The same once a second, where another process, or a job of this one, has erased something; until cancelled.
    pub async fn forget_what_is_erased(&self, cancelled: CancellationToken) {
        let mut known = None;
        loop {
            // What does not answer now is asked again.
            if let Ok(newest) = self.inner.store.newest_erasure().await
                && known.replace(newest) != Some(newest)
            {
                self.forget_answers();
            }
            tokio::select! {
                () = tokio::time::sleep(LOOK_EVERY) => {}
                () = cancelled.cancelled() => return,
            }
        }
    }

    /// What `principal` may do in `namespace`.
    pub fn session(&self, principal: Principal, namespace: NamespaceId, request: Option<RequestId>) -> Session {
        Session { database: self.clone(), principal, namespace, request, keys: Default::default() }
    }
}
