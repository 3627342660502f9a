use std::path::{Path, PathBuf};

use ddb_core::Result;
use ddb_postgres::{Attached, DataLock, Server};

use crate::attachment::{check_server, data_dir_of, postgres_config, store_of_embedded, store_of_url};
use crate::config::Config;

const LOCK: &str = "ddb.lock";
/// What a PostgreSQL puts into a data directory, and what goes with it. The lock goes last.
const OF_POSTGRES: [&str; 4] = ["postgres", "postgres.password", "postgres.state", LOCK];

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
    let postgres = ddb_postgres::Config { locks: Some(LOCKS), ..postgres_config(config, data_dir) };
    let had_directory = data_dir.exists();
    // Of what another process makes, nothing is looked at or removed.
    let lock = DataLock::acquire(&postgres)?;
    let made = Made::under(lock.share()?, data_dir, had_directory);
    let filled = with_embedded(config, &postgres, lock, fill).await;
    if filled.is_err() {
        made.remove();
    }
    filled
}

async fn with_embedded<T>(
    config: &Config,
    postgres: &ddb_postgres::Config,
    lock: DataLock,
    fill: impl AsyncFnOnce(&ddb_store::Config) -> Result<T>,
) -> Result<T> {
    let server = Attached::Started(Server::start_with(postgres, lock).await?);
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

/// What there was not before. The lock is held until it is removed.
struct Made {
    _lock: DataLock,
    data_dir: PathBuf,
    directory: bool,
    files: Vec<&'static str>,
}

impl Made {
    fn under(lock: DataLock, data_dir: &Path, had_directory: bool) -> Self {
        let is_new = |name: &&str| *name == LOCK || !data_dir.join(name).exists();
        let has_cluster = data_dir.join(OF_POSTGRES[0]).exists();
        let files = if has_cluster { Vec::new() } else { OF_POSTGRES.into_iter().filter(is_new).collect() };
        Self { _lock: lock, data_dir: data_dir.to_owned(), directory: !had_directory, files }
    }

    /// As far as it goes: the failure that led here is what the caller is told.
    fn remove(self) {
        for name in self.files {
            let path = self.data_dir.join(name);
            let _ = if path.is_dir() { std::fs::remove_dir_all(&path) } else { std::fs::remove_file(&path) };
        }
        if self.directory {
            let _ = std::fs::remove_dir(&self.data_dir);
        }
    }
}
