use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use ddb_bus::Bus;
use ddb_core::{Error, Result};
use ddb_database::{Authenticator, Database, MasterKey};
use ddb_http::limit::Limiter;
use ddb_postgres::DataLock;
use ddb_store::{Store, identity};

use crate::attachment::{Attachment, data_dir_of, postgres_config};
use crate::config::Config;
use crate::master_key;
use crate::shared::Shared;

/// What the services stand on: PostgreSQL, the store over it, and what is made from both and the master key.
pub(crate) struct Ground {
    pub(crate) shared: Shared,
    attachment: Attachment,
}

impl Ground {
    /// For a process that serves: an embedded PostgreSQL belongs to it alone, and a master key is made where neither is one nor the database
    /// belongs to one.
    pub(crate) async fn start(config: &Config) -> Result<Self> {
        let attachment = match &config.database_url {
            Some(_) => {
                if config.master_key.is_none() {
                    // Told before a database is looked for that may not be there yet.
                    key_directory(config)?;
                }
                Attachment::over_url(config).await?
            }
            None => {
                let data_dir = data_dir_of(config)?;
                // Taken before anything is made, so that a second process changes nothing.
                let lock = DataLock::acquire(&postgres_config(config, data_dir))?;
                Attachment::start(config, data_dir, lock).await?
            }
        };
        match over(config, attachment.database.store().clone()).await {
            Ok(shared) => Ok(Self { shared, attachment }),
            Err(error) => {
                attachment.close().await?;
                Err(error)
            }
        }
    }

    pub(crate) async fn close(self) -> Result<()> {
        self.attachment.close().await
    }
}

async fn over(config: &Config, store: Store) -> Result<Shared> {
    let master_key = match &config.master_key {
        Some(key) => key.clone(),
        None => of_directory(config, &store).await?,
    };
    let bus = match &config.nats_url {
        Some(url) => Bus::connect(url.expose(), "darshjdb").await?,
        None => Bus::local(),
    };
    Ok(Shared {
        database: Database::new(store.clone(), &master_key, config.implicit_tables, config.answer_cache, config.slow_query),
        authenticator: Authenticator::new(store, bus.clone(), config.authenticator.clone()),
        bus,
        master_key,
        limiter: Limiter::new(config.traffic.rates),
        memory_limit: config.memory_limit,
    })
}

/// Where the key lies or is made.
fn key_directory(config: &Config) -> Result<&Path> {
    let missing = "set DDB_MASTER_KEY to the key that all processes share, or name the directory that has it with --data-dir";
    config.data_dir.as_deref().ok_or_else(|| Error::bad_request(missing))
}

/// The key that lies in the data directory, made where there is none. A new key opens nothing that the database holds already, and once it lay there
/// it would pass for the right one: then it is not made.
async fn of_directory(config: &Config, store: &Store) -> Result<MasterKey> {
    let data_dir = key_directory(config)?;
    if let Some(key) = master_key::find(data_dir)? {
        return Ok(key);
    }
    if identity::has_signing_key(store.pool()).await? {
        return Err(Error::bad_request(format!(
            "the database belongs to a master key that is not in {}: set DDB_MASTER_KEY to it, or name the directory that has its master.key \
             with --data-dir",
            data_dir.display()
        )));
    }
    // With a PostgreSQL elsewhere, the directory holds nothing but the key.
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(data_dir)
        .map_err(|error| Error::internal(format!("cannot make {}: {error}; set DDB_MASTER_KEY instead", data_dir.display())))?;
    master_key::of_directory(data_dir)
}
