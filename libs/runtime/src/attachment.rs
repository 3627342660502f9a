use std::path::Path;
use std::sync::Arc;

use ddb_core::{Error, Result};
use ddb_database::{Database, ImplicitTables, MasterKey};
use ddb_postgres::{Attached, DataLock, Room, Server, Space};
use ddb_store::{Store, requirements};

use crate::config::Config;

/// Of the process, for each connection of a transactor.
const MEMORY_OF_TRANSACTOR: u64 = 128 << 20;

/// The database in a PostgreSQL: what a command works on, and what a server's ground is over. It neither needs nor makes a master key.
pub struct Attachment {
    /// Its cursors are good in this process only.
    pub database: Database,
    postgres: Option<Attached>,
}

impl Attachment {
    /// For a command: the PostgreSQL of the process that runs on the data directory, or one for the time of the command.
    pub async fn open(config: &Config) -> Result<Self> {
        if config.database_url.is_some() {
            return Self::over_url(config).await;
        }
        let data_dir = data_dir_of(config)?;
        let attached = ddb_postgres::attach_or_start(&postgres_config(config, data_dir)).await?;
        Self::over_embedded(config, attached).await
    }

    /// For a process that serves: the embedded PostgreSQL belongs to it alone.
    pub(crate) async fn start(config: &Config, data_dir: &Path, lock: DataLock) -> Result<Self> {
        let server = Server::start_with(&postgres_config(config, data_dir), lock).await?;
        Self::over_embedded(config, Attached::Started(server)).await
    }

    pub(crate) async fn over_url(config: &Config) -> Result<Self> {
        let store = open_store(store_of_url(config)?).await?;
        Ok(Self::new(store, None))
    }

    async fn over_embedded(config: &Config, postgres: Attached) -> Result<Self> {
        match open_store(store_of_embedded(config, &postgres)?).await {
            Ok(store) => Ok(Self::new(store, Some(postgres))),
            Err(error) => {
                postgres.stop().await?;
                Err(error)
            }
        }
    }

    fn new(store: Store, postgres: Option<Attached>) -> Self {
        Self { database: Database::new(store, &MasterKey::new(rand::random()), ImplicitTables::default(), 0, None), postgres }
    }

    /// Finishes what the store has accepted, then stops the PostgreSQL that was started.
    pub async fn close(self) -> Result<()> {
        self.database.store().close().await;
        match self.postgres {
            Some(postgres) => Ok(postgres.stop().await?),
            None => Ok(()),
        }
    }
}

/// The disk of the embedded PostgreSQL; None where the PostgreSQL is another one's.
pub fn disk(config: &Config) -> Result<Option<Space>> {
    match &config.database_url {
        Some(_) => Ok(None),
        None => Ok(Some(Space::of_cluster(data_dir_of(config)?)?)),
    }
}

pub(crate) fn data_dir_of(config: &Config) -> Result<&Path> {
    let missing = "there is no PostgreSQL to run on: set DATABASE_URL, or name a data directory with --data-dir";
    config.data_dir.as_deref().ok_or_else(|| Error::bad_request(missing))
}

pub(crate) fn store_of_url(config: &Config) -> Result<ddb_store::Config> {
    let url = config.database_url.as_ref().map(|url| url.expose()).unwrap_or_default();
    Ok(planned(ddb_store::Config::over_url(url)?, config))
}

/// A connection of PostgreSQL costs some megabytes, so a small machine has few.
fn planned(mut store: ddb_store::Config, config: &Config) -> ddb_store::Config {
    store.transactors = (config.memory_limit / MEMORY_OF_TRANSACTOR).clamp(4, 12) as u32;
    store
}

pub(crate) fn store_of_embedded(config: &Config, postgres: &Attached) -> Result<ddb_store::Config> {
    let connection = postgres.connection();
    let socket = ddb_store::Socket {
        directory: &connection.socket_dir,
        port: connection.port,
        user: &connection.user,
        password: connection.password(),
        database: &connection.database,
    };
    let mut store = planned(ddb_store::Config::over_socket(socket), config);
    let room = Room::of(data_dir_of(config)?);
    store.is_nearly_full = Arc::new(move || room.is_low());
    Ok(store)
}

async fn open_store(config: ddb_store::Config) -> Result<Store> {
    check_server(&config).await?;
    Store::open(config).await
}

pub(crate) async fn check_server(config: &ddb_store::Config) -> Result<()> {
    let found = requirements::check(config).await?;
    if !found.vectors {
        tracing::warn!(
            "PostgreSQL has no vectors in this database, and this role may not add them; an administrator can: {}",
            requirements::CREATE_VECTOR
        );
    }
    Ok(())
}

pub(crate) fn postgres_config(config: &Config, data_dir: &Path) -> ddb_postgres::Config {
    ddb_postgres::Config {
        data_dir: data_dir.to_owned(),
        binaries: config.postgres_dir.clone(),
        memory: config.memory_limit,
        locks: None,
        beside: config.named_files.clone(),
    }
}
