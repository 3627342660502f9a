use axum::Router;
use axum::extract::FromRef;
use axum::routing::{get, post};
use ddb_database::{Authenticator, Database};
use ddb_runtime::Shared;

use crate::routes::data;

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
