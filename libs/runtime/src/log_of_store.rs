use std::time::Duration;

use ddb_core::Tx;
use ddb_http::Log;
use ddb_store::Store;
use futures::future::BoxFuture;

/// How long a request waits for a transaction that it wants to see.
const PATIENCE: Duration = Duration::from_secs(2);

/// The log as the store knows it.
pub struct LogOfStore(pub Store);

impl Log for LogOfStore {
    fn newest(&self) -> Tx {
        self.0.newest_known()
    }

    fn reach(&self, tx: Tx) -> BoxFuture<'_, Tx> {
        Box::pin(self.0.reach(tx, PATIENCE))
    }
}
