//! What a process knows of the tables that it plans reads of.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use ddb_core::{NamespaceId, Result, TableId, TableName};
use sqlx::PgConnection;

use crate::index::{Indexes, TableIndexes};

/// A table at one version of the namespace's definitions.
#[derive(Debug, Clone)]
pub struct TableShape {
    pub id: TableId,
    pub name: TableName,
    pub indexes: Arc<TableIndexes>,
    /// The version of the namespace's definitions.
    pub definitions: i64,
}

/// The shapes that were asked for. They may be out of date: every scan compares.
#[derive(Default)]
pub(crate) struct Shapes {
    known: RwLock<HashMap<(NamespaceId, TableId), Arc<TableShape>>>,
}

impl Shapes {
    pub(crate) fn known(&self, namespace: NamespaceId, table: TableId) -> Option<Arc<TableShape>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).get(&(namespace, table)).cloned()
    }

    pub(crate) fn forget(&self, namespace: NamespaceId, table: TableId) {
        self.known.write().unwrap_or_else(PoisonError::into_inner).remove(&(namespace, table));
    }

    pub(crate) fn forget_all(&self, namespace: NamespaceId) {
        self.known.write().unwrap_or_else(PoisonError::into_inner).retain(|(of, _), _| *of != namespace);
    }

    /// Reads the shape, in one snapshot where the connection has one.
    pub(crate) async fn load(
        &self,
        connection: &mut PgConnection,
        namespace: NamespaceId,
        id: TableId,
        name: &TableName,
    ) -> Result<Arc<TableShape>> {
        let indexes = Indexes::load(connection, namespace).await?;
        let definitions = indexes.version;
        let indexes = indexes.of(id).cloned().unwrap_or_default();
        let shape = Arc::new(TableShape { id, name: name.clone(), indexes, definitions });
        self.known.write().unwrap_or_else(PoisonError::into_inner).insert((namespace, id), shape.clone());
        Ok(shape)
    }
}
