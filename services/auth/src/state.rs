use std::num::NonZero;
use std::sync::Arc;
use std::thread;

use axum::extract::FromRef;
use ddb_core::Result;
use ddb_database::{Authenticator, Database};
use ddb_runtime::Shared;

use crate::Config;
use crate::attempts::Attempts;
use crate::hasher::Hasher;
use crate::keys::Signer;
use crate::refresh_token::RefreshTokens;

/// What the handlers need. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Auth {
    pub(crate) database: Database,
    pub(crate) authenticator: Authenticator,
    pub(crate) hasher: Hasher,
    pub(crate) attempts: Arc<Attempts>,
    pub(crate) signer: Arc<Signer>,
    pub(crate) refresh_tokens: RefreshTokens,
    pub(crate) issuer: Arc<str>,
}

impl Auth {
    pub(crate) async fn new(config: &Config, shared: &Shared) -> Result<Self> {
        let cores = thread::available_parallelism().map_or(1, NonZero::get);
        Ok(Self {
            database: shared.database.clone(),
            authenticator: shared.authenticator.clone(),
            hasher: Hasher::new(shared.memory_limit, cores),
            attempts: Arc::new(Attempts::new(config.sign_ups_per_hour)),
            signer: Arc::new(Signer::open(shared.database.store(), &shared.master_key).await?),
            refresh_tokens: RefreshTokens::new(&shared.master_key),
            issuer: config.issuer.as_str().into(),
        })
    }
}

impl FromRef<Auth> for Database {
    fn from_ref(auth: &Auth) -> Self {
        auth.database.clone()
    }
}

impl FromRef<Auth> for Authenticator {
    fn from_ref(auth: &Auth) -> Self {
        auth.authenticator.clone()
    }
}
