use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use ddb_bus::Bus;
use ddb_core::{Error, Result};
use ddb_database::{Authenticator, Database, MasterKey};
use ddb_postgres::DataLock;
use ddb_store::Store;

use crate::attachment::{Attachment, data_dir_of};
use crate::config::Config;
use crate::master_key;
use crate::shared::Shared;

/// What the services stand on: PostgreSQL, the store over it, and what is made from both and the master key.
pub(crate) struct Ground {
    pub(crate) shared: Shared,
    attachment: Attachment,
}

impl Ground {
    /// For a process that serves: an embedded PostgreSQL belongs to it alone, and a master key is made where there is none.
    pub(crate) async fn start(config: &Config) -> Result<Self> {
        if config.database_url.is_some() {
            let master_key = match &config.master_key {
                Some(key) => key.clone(),
                None => of_chosen_directory(config)?,
            };
            return Self::over(config, Attachment::over_url(config).await?, master_key).await;
        }
        // Taken before the key is made, so that a second process changes nothing.
        let data_dir = data_dir_of(config)?;
        let lock = DataLock::acquire(data_dir)?;
        let master_key = master_key_of(config, data_dir)?;
        Self::over(config, Attachment::start(config, data_dir, lock).await?, master_key).await
    }

    async fn over(config: &Config, attachment: Attachment, master_key: MasterKey) -> Result<Self> {
        match shared(config, attachment.database.store().clone(), master_key).await {
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

async fn shared(config: &Config, store: Store, master_key: MasterKey) -> Result<Shared> {
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

fn master_key_of(config: &Config, data_dir: &Path) -> Result<MasterKey> {
    match &config.master_key {
        Some(key) => Ok(key.clone()),
        None => master_key::of_directory(data_dir),
    }
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
