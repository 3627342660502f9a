use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use ddb_core::Error;
use ddb_database::Database;
use ddb_http::{Answer, ApiError, Query};

/// How long PostgreSQL may take before the process counts as not ready.
const PATIENCE: Duration = Duration::from_secs(1);
const HEALTHY: &str = concat!("{\"status\":\"ok\",\"version\":\"", env!("CARGO_PKG_VERSION"), "\"}");
const READY: &str = "{\"status\":\"ok\"}";

pub(crate) fn router(database: Database) -> Router {
    Router::new().route("/health", get(health)).route("/ready", get(ready)).with_state(database)
}

/// The process lives.
async fn health(_: Query<()>) -> Answer {
    Answer::ok(HEALTHY)
}

/// What it depends on answers.
async fn ready(_: Query<()>, State(database): State<Database>) -> Result<Answer, ApiError> {
    match tokio::time::timeout(PATIENCE, database.store().ping()).await {
        Ok(Ok(())) => Ok(Answer::ok(READY)),
        Ok(Err(error)) => Err(Error::unavailable("PostgreSQL does not answer").with_source(error).into()),
        Err(_) => Err(Error::unavailable("PostgreSQL did not answer within a second").into()),
    }
}
