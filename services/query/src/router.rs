use axum::Router;
use axum::extract::FromRef;
use axum::routing::{delete, get, post};
use ddb_database::{Authenticator, Database};
use ddb_runtime::Shared;

use crate::routes::{admin, audit, batch, data, jobs, mutate, query, schema};

/// What the handlers need.
#[derive(Clone)]
pub(crate) struct State {
    database: Database,
    authenticator: Authenticator,
}

pub(crate) fn router(shared: &Shared) -> Router {
    let state = State { database: shared.database.clone(), authenticator: shared.authenticator.clone() };
    Router::new()
        .route("/api/data/{table}", post(data::create).get(data::list))
        .route("/api/data/{table}/{key}", get(data::get).patch(data::merge).put(data::replace).delete(data::delete))
        .route("/api/data/{table}/{key}/history", get(data::history))
        .route("/api/data/{table}/{key}/restore", post(data::restore))
        .route("/api/data/{table}/{key}/undelete", post(data::undelete))
        .route("/api/query", post(query))
        .route("/api/batch", post(batch))
        .route("/api/mutate", post(mutate))
        .route("/api/schema", get(schema::list))
        .route("/api/schema/{table}", get(schema::get))
        .route("/api/schema/{table}/indexes", post(schema::define_index).get(schema::list_indexes))
        .route("/api/schema/{table}/indexes/{name}", delete(schema::remove_index))
        .route("/api/audit/activity", get(audit::activity))
        .route("/api/audit/head", get(audit::head))
        .route("/api/audit/tx/{tx}", get(audit::tx))
        .route("/api/audit/proof/{table}/{key}", get(audit::proof))
        .route("/api/audit/verify", post(audit::verify))
        .route("/api/jobs/{job}", get(jobs::get))
        .route("/api/admin/erase", post(admin::erase))
        .route("/api/admin/erasures", get(admin::erasures))
        .route("/api/admin/quotas", get(admin::quotas::get).patch(admin::quotas::change))
        .route("/api/admin/namespaces", post(admin::namespaces::create).get(admin::namespaces::list))
        .route("/api/admin/namespaces/{namespace}", delete(admin::namespaces::remove))
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
