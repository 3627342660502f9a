use axum::extract::FromRef;
use ddb_database::{Authenticator, Database};
use ddb_http::limit::Limiter;
use ddb_http::{Routes, routes};
use ddb_runtime::Shared;

use crate::routes::{self, admin, audit, data, jobs, schema};

/// What the handlers need.
#[derive(Clone)]
pub(crate) struct State {
    database: Database,
    authenticator: Authenticator,
    limiter: Limiter,
}

pub(crate) fn routes(shared: &Shared) -> Routes {
    let state =
        State { database: shared.database.clone(), authenticator: shared.authenticator.clone(), limiter: shared.limiter.clone() };
    Routes::new()
        .chapter(
            "records",
            "Records by key, and lists of them. A table comes into being with its first record; a record belongs to who made it.",
        )
        .chapter("queries", "Questions about several tables, and several writes at once.")
        .chapter("schema", "Tables, fields and indexes, for admins.")
        .chapter("audit", "The log of transactions and its hash chain: who did what, and what proves it.")
        .chapter("administration", "Erasure, limits and namespaces, for admins and root.")
        .with(routes!(data::create, data::list))
        .with(routes!(data::get, data::merge, data::replace, data::delete))
        .with(routes!(data::history))
        .with(routes!(data::restore))
        .with(routes!(data::undelete))
        .with(routes!(routes::query))
        .with(routes!(routes::batch))
        .with(routes!(routes::mutate))
        .with(routes!(schema::list, schema::change_all))
        .with(routes!(schema::get, schema::change))
        .with(routes!(schema::define_index, schema::list_indexes))
        .with(routes!(schema::remove_index))
        .with(routes!(audit::activity))
        .with(routes!(audit::head))
        .with(routes!(audit::tx))
        .with(routes!(audit::proof))
        .with(routes!(audit::verify))
        .with(routes!(jobs::get))
        .with(routes!(admin::erase))
        .with(routes!(admin::erasures))
        .with(routes!(admin::limits::get, admin::limits::change))
        .with(routes!(admin::quotas::get, admin::quotas::change))
        .with(routes!(admin::namespaces::create, admin::namespaces::list))
        .with(routes!(admin::namespaces::remove))
        .with_state(state)
}

impl FromRef<State> for Database {
    fn from_ref(state: &State) -> Self {
        state.database.clone()
    }
}

impl FromRef<State> for Authenticator {
    fn from_ref(state: &State) -> Self {
        state.authenticator.clone()
    }
}

impl FromRef<State> for Limiter {
    fn from_ref(state: &State) -> Self {
        state.limiter.clone()
    }
}
