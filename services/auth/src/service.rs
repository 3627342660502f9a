use std::time::Duration;

use ddb_core::{Error, ErrorCode, Result};
use ddb_database::MasterKey;
use ddb_runtime::{Service, Shared, Task};
use ddb_store::job::Recurring;

use crate::config::{Config, FirstAdmin};
use crate::db::{session, signing_key};
use crate::router::router;
use crate::state::Auth;
use crate::{admin, keys};

const SWEEP_EVERY: Duration = Duration::from_secs(3600);
const LOOK_AT_KEYS_EVERY: Duration = Duration::from_secs(3600);

/// Reads or makes the signing key and the first admin, and gives the routes and the background work.
pub async fn service(config: Config, shared: &Shared) -> Result<Service> {
    let state = Auth::new(&config, shared).await?;
    if let Some(first_admin) = config.first_admin {
        ensure_admin(shared, first_admin).await?;
    }
    let store = shared.database.store().clone();
    let master_key = shared.master_key.clone();
    let jobs = Task::new("auth jobs", async move |cancelled| {
        store.run_jobs(&[sweep(), look_at_keys(master_key)], cancelled).await;
        Ok(())
    });
    Ok(Service { name: "auth", router: router(state), tasks: vec![jobs] })
}

async fn ensure_admin(shared: &Shared, FirstAdmin { email, password }: FirstAdmin) -> Result<()> {
    if admin::exists(&shared.database).await? {
        return Ok(());
    }
    match admin::create(&shared.database, &email, password).await {
        Ok(admin) => {
            tracing::info!(id = admin.id, "the first admin");
            Ok(())
        }
        // Another process that starts with the same settings was faster.
        Err(error) if error.code() == ErrorCode::Conflict && admin::exists(&shared.database).await? => Ok(()),
        Err(error) if error.code() == ErrorCode::Conflict => {
            Err(Error::bad_request("`admin_email` belongs to an account that is no admin: choose another address"))
        }
        Err(error) => Err(error),
    }
}

fn sweep() -> Recurring {
    Recurring {
        kind: "auth.sweep",
        every: SWEEP_EVERY,
        run: Box::new(|store| {
            Box::pin(async move {
                let sessions = session::sweep(store.pool()).await?;
                let keys = signing_key::sweep(store.pool()).await?;
                tracing::debug!(sessions, keys, "swept");
                Ok(())
            })
        }),
    }
}

fn look_at_keys(master_key: MasterKey) -> Recurring {
    Recurring {
        kind: "auth.keys",
        every: LOOK_AT_KEYS_EVERY,
        run: Box::new(move |store| {
            let master_key = master_key.clone();
            Box::pin(async move { keys::rotate_if_old(&store, &master_key).await })
        }),
    }
}
