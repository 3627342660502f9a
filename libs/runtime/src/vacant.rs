use std::path::{Path, PathBuf};

use ddb_core::Result;
use ddb_postgres::{Attached, DataLock, Server};

use crate::attachment::{check_server, data_dir_of, postgres_config, store_of_embedded, store_of_url};
use crate::config::Config;

/// What a PostgreSQL puts into a data directory, and what goes with it.
const OF_POSTGRES: [&str; 4] = ["postgres", "postgres.password", "postgres.state", "ddb.lock"];

/// Everything is made in one transaction, which holds about seven locks for each table: enough for 6,000 tables.
const LOCKS: u32 = 1_024;

/// Fills a PostgreSQL over which no store is open: the one of `DATABASE_URL`, or an embedded one, which is made where there is none. Where `fill`
/// fails, what was made for it is removed again.
pub async fn with_vacant_database<T>(config: &Config, fill: impl AsyncFnOnce(&ddb_store::Config) -> Result<T>) -> Result<T> {
    if config.database_url.is_some() {
        let store = store_of_url(config)?;
        check_server(&store).await?;
        return fill(&store).await;
    }
    let data_dir = data_dir_of(config)?;
    let made = Made::before(data_dir);
    let filled = with_embedded(config, data_dir, fill).await;
    if filled.is_err() {
        made.remove();
    }
    filled
}

async fn with_embedded<T>(
    config: &Config,
    data_dir: &Path,
    fill: impl AsyncFnOnce(&ddb_store::Config) -> Result<T>,
) -> Result<T> {
    let postgres = ddb_postgres::Config { locks: Some(LOCKS), ..postgres_config(config, data_dir) };
    let lock = DataLock::acquire(&postgres)?;
    let server = Attached::Started(Server::start_with(&postgres, lock).await?);
    let store = store_of_embedded(config, &server)?;
    let filled = match check_server(&store).await {
        Ok(()) => fill(&store).await,
        Err(error) => Err(error),
    };
    let stopped = server.stop().await;
    let value = filled?;
    stopped?;
    Ok(value)
}

/// What there was not before.
struct Made {
    data_dir: PathBuf,
    directory: bool,
    postgres: bool,
}

impl Made {
    fn before(data_dir: &Path) -> Self {
        let postgres = !data_dir.join(OF_POSTGRES[0]).exists() && !data_dir.join(OF_POSTGRES[3]).exists();
        Self { data_dir: data_dir.to_owned(), directory: !data_dir.exists(), postgres }
    }

    /// As far as it goes: the failure that led here is what the caller is told.
    fn remove(&self) {
        if self.postgres {
            for name in OF_POSTGRES {
                let path = self.data_dir.join(name);
                let _ = if path.is_dir() { std::fs::remove_dir_all(&path) } else { std::fs::remove_file(&path) };
            }
        }
        if self.directory {
            let _ = std::fs::remove_dir(&self.data_dir);
        }
    }
}
