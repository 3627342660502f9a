use std::sync::Arc;

use ddb_bus::Bus;
use ddb_core::{Principal, Result};
use ddb_store::Store;

/// Turns access tokens into principals: verified locally with the public keys, accounts and sessions loaded once per process
/// and dropped when a revocation is heard. Cheap to clone.
#[derive(Clone)]
pub struct Authenticator {
    inner: Arc<Inner>,
}

struct Inner {
    #[expect(dead_code)]
    store: Store,
}

impl Authenticator {
    pub fn new(store: Store, bus: Bus) -> Self {
        let _ = bus;
        Self { inner: Arc::new(Inner { store }) }
    }

    /// The principal of a bearer token; `UNAUTHENTICATED` for anything that is not a valid, unrevoked access token.
    pub async fn authenticate(&self, token: &str) -> Result<Principal> {
        let _ = (token, &self.inner);
        todo!()
    }
}
