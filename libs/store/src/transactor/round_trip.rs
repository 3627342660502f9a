//! Round trips to PostgreSQL, none of which is waited for without end.

use std::time::{Duration, Instant};

use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection};

use super::failure::Failure;

/// When a round trip takes longer than this, PostgreSQL is asked whether it answers at all.
const ASK_AFTER: Duration = Duration::from_secs(1);
/// How long it may take until a new connection is there.
pub(super) const ANSWER_WITHIN: Duration = Duration::from_secs(1);
/// Whatever takes longer counts as a lost connection, also where PostgreSQL answers others. Above the limits of its statements.
const ROUND_TRIP_LIMIT: Duration = Duration::from_secs(20);

/// Waits for a round trip, as [`watched`] does.
pub(super) async fn limited<T>(
    options: &PgConnectOptions,
    round_trip: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, Failure> {
    watched(options, round_trip).await?.map_err(Failure::from_sqlx)
}

/// Waits for a round trip for as long as PostgreSQL answers others meanwhile (its statements have limits of their own): a slow statement is
/// waited for, a connection to a server that has become silent counts as lost.
pub(super) async fn watched<T>(options: &PgConnectOptions, round_trip: impl Future<Output = T>) -> Result<T, Failure> {
    tokio::pin!(round_trip);
    let end = Instant::now() + ROUND_TRIP_LIMIT;
    while Instant::now() < end {
        if let Ok(done) = tokio::time::timeout(ASK_AFTER, &mut round_trip).await {
            return Ok(done);
        }
        tokio::select! {
            biased;
            done = &mut round_trip => return Ok(done),
            answers = answers(options) => if !answers { break },
        }
    }
    Err(Failure::Lost(silent()))
}

/// Whether PostgreSQL answers at all, be it that it takes no more clients.
pub(super) async fn answers(options: &PgConnectOptions) -> bool {
    match tokio::time::timeout(ANSWER_WITHIN, PgConnection::connect_with(options)).await {
        Ok(Ok(_)) => true,
        Ok(Err(error)) => error.as_database_error().is_some(),
        Err(_) => false,
    }
}

pub(super) fn silent() -> sqlx::Error {
    sqlx::Error::Protocol("PostgreSQL did not answer in time".to_owned())
}
