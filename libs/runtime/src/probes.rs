use std::time::Duration;

use axum::extract::State;
use ddb_core::Error;
use ddb_database::Database;
use ddb_http::{Answer, ApiError, Query, Routes, routes};
use serde::Serialize;
use utoipa::ToSchema;

/// How long PostgreSQL may take before the process counts as not ready.
const PATIENCE: Duration = Duration::from_secs(1);

/// The state of the process.
#[derive(Serialize, ToSchema)]
struct Health {
    #[schema(example = "ok")]
    status: &'static str,
    #[schema(example = "0.1.0")]
    version: &'static str,
}

/// The state of what the process depends on.
#[derive(Serialize, ToSchema)]
struct Readiness {
    #[schema(example = "ok")]
    status: &'static str,
}

pub(crate) fn routes(database: Database) -> Routes {
    Routes::new()
        .chapter("probes", "For programs that supervise the server.")
        .with(routes!(health))
        .with(routes!(ready))
        .with_state(database)
}

/// Tells whether the process runs
#[utoipa::path(
    get,
    path = "/health",
    operation_id = "getHealth",
    tag = "probes",
    responses((status = OK, description = "It runs", body = Health)),
    security(()),
)]
async fn health(_: Query<()>) -> Answer {
    json(&Health { status: "ok", version: env!("CARGO_PKG_VERSION") })
}

/// Tells whether the server can answer requests
///
/// It asks PostgreSQL. 503 while PostgreSQL does not answer.
#[utoipa::path(
    get,
    path = "/ready",
    operation_id = "getReadiness",
    tag = "probes",
    responses((status = OK, description = "It can", body = Readiness)),
    security(()),
)]
async fn ready(_: Query<()>, State(database): State<Database>) -> Result<Answer, ApiError> {
    check(&database).await?;
    Ok(json(&Readiness { status: "ok" }))
}

/// Whether the process can answer requests for records; the error says why it cannot.
pub(crate) async fn check(database: &Database) -> Result<(), Error> {
    match tokio::time::timeout(PATIENCE, database.store().is_reachable()).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(Error::unavailable("PostgreSQL does not answer").with_source(error)),
        Err(_) => Err(Error::unavailable("PostgreSQL did not answer within a second")),
    }
}

fn json(state: &impl Serialize) -> Answer {
    Answer::ok(serde_json::to_vec(state).expect("text can be written as JSON"))
}
