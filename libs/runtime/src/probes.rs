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
        .chapter("probes", "For whoever supervises the process.")
        .with(routes!(health))
        .with(routes!(ready))
        .with_state(database)
}

/// Whether the process lives
#[utoipa::path(
    get,
    path = "/health",
    operation_id = "getHealth",
    tag = "probes",
    responses((status = OK, description = "It lives", body = Health)),
    security(()),
)]
async fn health(_: Query<()>) -> Answer {
    json(&Health { status: "ok", version: env!("CARGO_PKG_VERSION") })
}

/// Whether what the process depends on answers
///
/// 503 while it does not.
#[utoipa::path(
    get,
    path = "/ready",
    operation_id = "getReadiness",
    tag = "probes",
    responses((status = OK, description = "It answers", body = Readiness)),
    security(()),
)]
async fn ready(_: Query<()>, State(database): State<Database>) -> Result<Answer, ApiError> {
    match tokio::time::timeout(PATIENCE, database.store().is_reachable()).await {
        Ok(Ok(())) => Ok(json(&Readiness { status: "ok" })),
        Ok(Err(error)) => Err(Error::unavailable("PostgreSQL does not answer").with_source(error).into()),
        Err(_) => Err(Error::unavailable("PostgreSQL did not answer within a second").into()),
    }
}

fn json(state: &impl Serialize) -> Answer {
    Answer::ok(serde_json::to_vec(state).expect("text can be written as JSON"))
}
