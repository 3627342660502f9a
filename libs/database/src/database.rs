use std::sync::Arc;

use ddb_core::{NamespaceId, Principal, RequestId};
use ddb_store::Store;

use crate::{ImplicitTables, MasterKey, Session};

/// The door. Cheap to clone.
#[derive(Clone)]
pub struct Database {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) store: Store,
    pub(crate) cursor_key: [u8; 32],
    pub(crate) implicit_tables: ImplicitTables,
}

impl Database {
    pub fn new(store: Store, master_key: &MasterKey, implicit_tables: ImplicitTables) -> Self {
        Self { inner: Arc::new(Inner { store, cursor_key: master_key.derive("cursor"), implicit_tables }) }
    }

    pub fn store(&self) -> &Store {
        &self.inner.store
    }

    /// What `principal` may do in `namespace`.
    pub fn session(&self, principal: Principal, namespace: NamespaceId, request: Option<RequestId>) -> Session {
        Session { database: self.clone(), principal, namespace, request }
    }
}
