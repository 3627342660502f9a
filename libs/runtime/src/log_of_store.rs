use std::time::Duration;

use ddb_core::{NamespaceId, NamespaceName, Result, Tx};
use ddb_http::Log;
use ddb_store::Store;
use futures::future::BoxFuture;

/// How long a request waits for a transaction that it wants to see.
const PATIENCE: Duration = Duration::from_secs(2);

/// The namespaces and their logs as the store knows them.
pub struct LogOfStore(pub Store);

impl Log for LogOfStore {
    fn namespace<'a>(&'a self, name: &'a NamespaceName) -> BoxFuture<'a, Result<Option<NamespaceId>>> {
        Box::pin(self.0.namespace(name))
    }

    fn newest(&self, namespace: NamespaceId) -> Tx {
        self.0.newest_known(namespace)
    }

    fn reach(&self, namespace: NamespaceId, tx: Tx) -> BoxFuture<'_, Tx> {
        Box::pin(self.0.reach(namespace, tx, PATIENCE))
    }
}
