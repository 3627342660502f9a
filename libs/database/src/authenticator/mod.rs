use std::sync::Arc;

use ddb_bus::Bus;
use ddb_core::{Principal, Result};
use ddb_store::Store;
use tokio_util::sync::CancellationToken;

mod config;

pub use config::AuthenticatorConfig;

/// Turns access tokens into principals: verified locally with the public keys, accounts and sessions loaded once per process
/// and dropped when a revocation is heard. Cheap to clone.
#[derive(Clone)]
pub struct Authenticator {
    inner: Arc<Inner>,
}

#[expect(dead_code)]
struct Inner {
    store: Store,
    bus: Bus,
    config: AuthenticatorConfig,
}

impl Authenticator {
    pub fn new(store: Store, bus: Bus, config: AuthenticatorConfig) -> Self {
        Self { inner: Arc::new(Inner { store, bus, config }) }
    }

    /// Hears revocations until `stop`: every process runs this once. Without it nothing that was read is trusted for longer than a second.
    pub async fn listen(self, stop: CancellationToken) -> Result<()> {
        stop.cancelled().await;
        Ok(())
    }

    /// The principal of a bearer token; `UNAUTHENTICATED` for anything that is not a valid, unrevoked access token.
    pub async fn authenticate(&self, token: &str) -> Result<Principal> {
        let _ = (token, &self.inner);
        todo!()
    }
}
