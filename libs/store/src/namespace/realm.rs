//! What one process has of each namespace that it was asked for.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Instant;

use ddb_core::{Error, NamespaceId, NamespaceName, Result, Tx};

use super::{Namespace, NamespaceInfo, TRUSTED, find_by_id, find_by_name, is_gone};
use crate::Pool;
use crate::transactor::Transactor;

/// A namespace in this process.
pub(crate) struct Realm {
    pub(crate) namespace: Namespace,
    /// See [`crate::Store::newest_known`].
    newest_known: AtomicI64,
    /// Held by who asks PostgreSQL how far the log has come: see [`crate::Store::reach`].
    pub(crate) looking: tokio::sync::Mutex<()>,
    /// Started by the first write, and ended when there is nothing to write for a while.
    transactor: Mutex<Option<Arc<Transactor>>>,
}

impl Realm {
    pub(crate) fn new(namespace: Namespace, newest: Tx) -> Self {
        Self {
            namespace,
            newest_known: AtomicI64::new(newest.0),
            looking: tokio::sync::Mutex::default(),
            transactor: Mutex::new(None),
        }
    }

    pub(crate) fn newest_known(&self) -> Tx {
        Tx(self.newest_known.load(Ordering::Acquire))
    }

    pub(crate) fn learn(&self, Tx(committed): Tx) {
        self.newest_known.fetch_max(committed, Ordering::AcqRel);
    }
}

/// The namespaces that this process has met.
pub(crate) struct Realms {
    main: Arc<Realm>,
    by_id: RwLock<HashMap<NamespaceId, Arc<Realm>>>,
    /// With the moment until which it need not be asked whether the name still means the same.
    by_name: RwLock<HashMap<NamespaceName, (Arc<Realm>, Instant)>>,
    closed: AtomicBool,
}

impl Realms {
    pub(crate) fn new(main: Realm) -> Self {
        let main = Arc::new(main);
        let by_id = RwLock::new(HashMap::from([(main.namespace.id, main.clone())]));
        Self { main, by_id, by_name: RwLock::default(), closed: AtomicBool::new(false) }
    }

    /// The namespace of a name; None where there is none (any more).
    pub(crate) async fn find(&self, pool: &Pool, name: &NamespaceName) -> Result<Option<Arc<Realm>>> {
        if name.as_str() == NamespaceName::MAIN {
            return Ok(Some(self.main.clone()));
        }
        let known = self.by_name.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned();
        if let Some((realm, until)) = &known
            && Instant::now() < *until
        {
            return Ok(Some(realm.clone()));
        }
        // Before the question: what it finds holds from then on.
        let until = Instant::now() + TRUSTED;
        let found = find_by_name(pool, name).await?;
        let before = known.map(|(realm, _)| realm.namespace.id);
        if before.is_some() && before != found.as_ref().map(|found| found.id) {
            before.into_iter().for_each(|id| self.forget(id));
        }
        let Some(found) = found else { return Ok(None) };
        let realm = self.met(&found);
        self.by_name.write().unwrap_or_else(PoisonError::into_inner).insert(name.clone(), (realm.clone(), until));
        Ok(Some(realm))
    }

    /// A namespace that this process has met.
    pub(crate) fn known(&self, id: NamespaceId) -> Option<Arc<Realm>> {
        if id == self.main.namespace.id {
            return Some(self.main.clone());
        }
        self.by_id.read().unwrap_or_else(PoisonError::into_inner).get(&id).cloned()
    }

    /// A namespace by its number; `NAMESPACE_NOT_FOUND` where it was removed.
    pub(crate) async fn get(&self, pool: &Pool, id: NamespaceId) -> Result<Arc<Realm>> {
        if let Some(realm) = self.known(id) {
            return Ok(realm);
        }
        let found = find_by_id(pool, id).await?;
        found.map(|found| self.met(&found)).ok_or_else(is_gone)
    }

    pub(crate) fn forget(&self, id: NamespaceId) {
        self.by_name.write().unwrap_or_else(PoisonError::into_inner).retain(|_, (realm, _)| realm.namespace.id != id);
        self.by_id.write().unwrap_or_else(PoisonError::into_inner).remove(&id);
    }

    /// The transactor of a namespace, started where there is none.
    pub(crate) fn transactor(&self, realm: &Realm, start: impl FnOnce(Namespace) -> Transactor) -> Result<Arc<Transactor>> {
        let mut transactor = realm.transactor.lock().unwrap_or_else(PoisonError::into_inner);
        if self.closed.load(Ordering::Acquire) {
            return Err(Error::unavailable("the server is shutting down"));
        }
        // One that has ended because there was nothing to write makes room for the next.
        if transactor.as_ref().is_some_and(|transactor| transactor.has_ended()) {
            *transactor = None;
        }
        Ok(transactor.get_or_insert_with(|| Arc::new(start(realm.namespace.clone()))).clone())
    }

    /// Finishes what was accepted.
    pub(crate) async fn close(&self) {
        self.closed.store(true, Ordering::Release);
        let realms: Vec<Arc<Realm>> = self.by_id.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect();
        for realm in realms {
            let transactor = realm.transactor.lock().unwrap_or_else(PoisonError::into_inner).take();
            if let Some(transactor) = transactor {
                transactor.stop().await;
            }
        }
    }

    fn met(&self, found: &NamespaceInfo) -> Arc<Realm> {
        let mut realms = self.by_id.write().unwrap_or_else(PoisonError::into_inner);
        let new = || Arc::new(Realm::new(Namespace { id: found.id, uuid: found.uuid }, found.head));
        let realm = realms.entry(found.id).or_insert_with(new).clone();
        realm.learn(found.head);
        realm
    }
}
