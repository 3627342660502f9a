use ddb_core::Result;
use sqlx::PgPool;

use crate::Config;

/// The store over one PostgreSQL. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    pool: PgPool,
}

impl Store {
    /// Connects, migrates and starts the readers.
    pub async fn open(config: Config) -> Result<Self> {
        let _ = config;
        todo!()
    }

    /// For the system rows of the services (`services/*/src/db`); records are read and written by the store alone.
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// Answers once PostgreSQL does; `UNAVAILABLE` otherwise.
    pub async fn ping(&self) -> Result<()> {
        todo!()
    }

    /// Finishes what was accepted, then closes every connection.
    pub async fn close(&self) {
        todo!()
    }
}
