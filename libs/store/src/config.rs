use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;

use crate::IsNearlyFull;

/// How the store reaches PostgreSQL.
#[derive(Clone)]
pub struct Config {
    pub connection: PgConnectOptions,
    /// Connections for reads by key, each with its own batching reader.
    pub readers: u32,
    /// Pooled connections for everything else that reads.
    pub pool: u32,
    /// For lists that an index serves.
    pub lists: u32,
    /// For reads that may take long, apart from the others, so that they keep nobody else waiting.
    pub scans: u32,
    /// For writing to namespaces other than `main`, which has its own.
    pub transactors: u32,
    /// How long a request waits for a PostgreSQL that is away before it is answered 503.
    pub patience: Duration,
    /// Asked before each group of writes: whether the database's disk is so full that they are refused.
    pub is_nearly_full: IsNearlyFull,
}

impl Config {
    pub fn new(connection: PgConnectOptions) -> Self {
        Self {
            connection,
            readers: 2,
            pool: 5,
            lists: 3,
            scans: 3,
            transactors: 4,
            patience: Duration::from_secs(2),
            is_nearly_full: Arc::new(|| false),
        }
    }
}
