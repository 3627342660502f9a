use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use ddb_bus::Bus;
use ddb_core::{Error, Result};
use ddb_database::{Authenticator, Database, MasterKey};
use ddb_postgres::{Attached, DataLock, Server};
use ddb_store::{Store, requirements};

use crate::config::Config;
use crate::master_key;
use crate::shared::Shared;

/// What the services stand on: PostgreSQL, the store over it, and what is made from both.
pub struct Ground {
    pub shared: Shared,
    postgres: Option<Attached>,
}

impl Ground {
    /// For a process that serves: an embedded PostgreSQL belongs to it alone.
    pub async fn start(config: &Config) -> Result<Self> {
        if config.database_url.is_some() {
            return Self::over_url(config).await;
        }
        // Taken before the key is made, so that a second process changes nothing.
        let data_dir = data_dir_of(config)?;
        let lock = DataLock::acquire(data_dir)?;
        let master_key = master_key_of(config, data_dir)?;
        let server = Server::start_with(&postgres_config(config, data_dir), lock).await?;
        Self::over_embedded(config, master_key, Attached::Started(server)).await
    }

    /// For a command: the PostgreSQL of the process that runs on the data directory, or one for the time of the command.
    pub async fn attach(config: &Config) -> Result<Self> {
        if config.database_url.is_some() {
            return Self::over_url(config).await;
        }
        let data_dir = data_dir_of(config)?;
        if !data_dir.is_dir() {
            let place = data_dir.display();
            return Err(Error::bad_request(format!("there is no data directory {place}; name it with --data-dir")));
        }
        let attached = ddb_postgres::attach_or_start(&postgres_config(config, data_dir)).await?;
        let master_key = master_key_of(config, data_dir)?;
        Self::over_embedded(config, master_key, attached).await
    }

    async fn over_url(config: &Config) -> Result<Self> {
        let url = config.database_url.as_ref().map(|url| url.expose()).unwrap_or_default();
        let master_key = match &config.master_key {
            Some(key) => key.clone(),
            None => of_chosen_directory(config)?,
        };
        // The parser's own message may quote the address.
        let connection = url.parse().map_err(|_| Error::bad_request("`database_url` is not an address of PostgreSQL"))?;
        Self::open(config, ddb_store::Config::new(connection), master_key, None).await
    }

    async fn over_embedded(config: &Config, master_key: MasterKey, postgres: Attached) -> Result<Self> {
        let mut store = ddb_store::Config::new("postgres://localhost".parse().map_err(Error::internal)?);
        let connection = postgres.connection();
        store.connection = store
            .connection
            .socket(&connection.socket_dir)
            .port(connection.port)
            .username(&connection.user)
            .password(connection.password())
            .database(&connection.database);
        Self::open(config, store, master_key, Some(postgres)).await
    }

    async fn open(config: &Config, store: ddb_store::Config, master_key: MasterKey, postgres: Option<Attached>) -> Result<Self> {
        match Self::shared(config, store, master_key).await {
            Ok(shared) => Ok(Self { shared, postgres }),
            Err(error) => {
                if let Some(postgres) = postgres {
                    postgres.stop().await?;
                }
                Err(error)
            }
        }
    }

    async fn shared(config: &Config, store: ddb_store::Config, master_key: MasterKey) -> Result<Shared> {
        let found = requirements::check(&store.connection).await?;
        if !found.vectors {
            tracing::warn!(
                "PostgreSQL has no vectors in this database, and this role may not add them; an administrator can: {}",
                requirements::CREATE_VECTOR
            );
        }
        let store = Store::open(store).await?;
        let bus = match &config.nats_url {
            Some(url) => Bus::connect(url.expose(), "darshjdb").await?,
            None => Bus::local(),
        };
        Ok(Shared {
            database: Database::new(store.clone(), &master_key),
            authenticator: Authenticator::new(store, bus.clone(), config.authenticator.clone()),
            bus,
            master_key,
            memory_limit: config.memory_limit,
        })
    }

    /// Finishes what the store has accepted, then stops the PostgreSQL that was started.
    pub async fn close(self) -> Result<()> {
        self.shared.database.store().close().await;
        match self.postgres {
            Some(postgres) => Ok(postgres.stop().await?),
            None => Ok(()),
        }
    }
}

fn master_key_of(config: &Config, data_dir: &Path) -> Result<MasterKey> {
    match &config.master_key {
        Some(key) => Ok(key.clone()),
        None => master_key::of_directory(data_dir),
    }
}

fn data_dir_of(config: &Config) -> Result<&Path> {
    let missing = "there is no PostgreSQL to run on: set DATABASE_URL, or name a data directory with --data-dir";
    config.data_dir.as_deref().ok_or_else(|| Error::bad_request(missing))
}

/// With a PostgreSQL elsewhere, a data directory holds nothing but the key.
fn of_chosen_directory(config: &Config) -> Result<MasterKey> {
    let missing = "set DDB_MASTER_KEY to the key that all processes share, or name the directory that has it with --data-dir";
    let data_dir = config.data_dir.as_deref().ok_or_else(|| Error::bad_request(missing))?;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(data_dir)
        .map_err(|error| Error::internal(format!("cannot make {}: {error}; set DDB_MASTER_KEY instead", data_dir.display())))?;
    master_key::of_directory(data_dir)
}

fn postgres_config(config: &Config, data_dir: &Path) -> ddb_postgres::Config {
    ddb_postgres::Config {
        data_dir: data_dir.to_owned(),
        binaries: config.postgres_dir.clone(),
        memory: Some(config.memory_limit),
    }
}
