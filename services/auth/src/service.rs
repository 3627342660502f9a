use std::sync::Arc;
use std::time::Duration;

use ddb_core::{Error, ErrorCode, NamespaceId, Result};
use ddb_database::MasterKey;
use ddb_runtime::{HasAdmin, Service, Shared, Task};
use ddb_store::job::Recurring;

use crate::config::{Config, FirstAdmin};
use crate::db::{session, signing_key};
use crate::router::routes;
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
    let database = shared.database.clone();
    let has_admin: HasAdmin = Arc::new(move || {
        let database = database.clone();
        Box::pin(async move { admin::exists(&database).await })
    });
    Ok(Service { name: "auth", routes: routes(state), tasks: vec![jobs], has_admin: Some(has_admin) })
}

async fn ensure_admin(shared: &Shared, FirstAdmin { email, password }: FirstAdmin) -> Result<()> {
    if admin::exists(&shared.database).await? {
        return Ok(());
    }
    match admin::create(&shared.database, NamespaceId::MAIN, &email, password).await {
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

#[cfg(test)]
mod tests {
    use ddb_store::Store;
    use ddb_testkit::Database;

    use super::*;

    /// Mutants: a condition of one of the sweeps is missing.
    #[tokio::test]
    async fn the_sweep_deletes_only_what_is_of_no_use_any_more() {
        let store = Store::open(ddb_store::Config::new(Database::new().await.options())).await.expect("the store opens");
        let run = async |statement: &'static str| {
            sqlx::query(statement).execute(store.pool()).await.expect("the statement runs");
        };
        run("insert into ddb.account (namespace, id, email, created_at) values (1, 'a', 'a@x', 1)").await;
        // What is to be kept is called so; the numbers are days ago: made, rotated, ended.
        run("
            insert into ddb.session (id, namespace, account, user_agent, created_at, rotated_at, ended_at)
            select gen_random_uuid(), 1, 'a', name, now - made * day, now - rotated * day, now - ended * day
            from (values
                ('kept: lives', 1, 1, null), ('kept: lives long', 80, 2, null), ('kept: ended lately', 29, 29, 28),
                ('kept: idle, but made lately', 29, 29, null), ('ended', 31, 30, 30), ('idle', 31, 8, null), ('old', 91, 1, null)
            ) as sessions (name, made, rotated, ended),
            (select (extract(epoch from clock_timestamp()) * 1000000)::bigint as now, 86400000000 as day) as clock
        ")
        .await;
        run("
            insert into ddb.signing_key (id, modulus, exponent, private_box, created_at, retired_at)
            select name, '', '', '', 1, now - hours * 3600000000
            from (values ('kept: used', null), ('kept: retired lately', 23), ('retired', 25)) as keys (name, hours),
            (select (extract(epoch from clock_timestamp()) * 1000000)::bigint as now) as clock
        ")
        .await;
        (sweep().run)(store.clone()).await.expect("swept");
        for (statement, kept) in [("select user_agent from ddb.session", 4), ("select id from ddb.signing_key", 2)] {
            let names: Vec<(String,)> = sqlx::query_as(statement).fetch_all(store.pool()).await.expect("rows");
            assert_eq!(names.len(), kept, "{names:?}");
            assert!(names.iter().all(|(name,)| name.starts_with("kept")), "{names:?}");
        }
        store.close().await;
    }
}
