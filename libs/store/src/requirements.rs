//! What a PostgreSQL must have before the store touches it.

use std::time::{Duration, Instant};

use ddb_core::{Error, Result};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{Connection, Row};
use tokio::time::{timeout, timeout_at};

use crate::Config;
use crate::config::place;

/// For an administrator, where the role may not do it itself.
pub const CREATE_VECTOR: &str = "create extension if not exists vector";

const OLDEST: i32 = 16;
/// A server that is being started beside this process gets this long to answer.
const PATIENCE: Duration = Duration::from_secs(15);
const PAUSE: Duration = Duration::from_millis(200);
/// How long a server may keep silent until that is told.
const SILENCE: Duration = Duration::from_secs(1);

/// A PostgreSQL that can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Requirements {
    /// Such as 18.
    pub major: i32,
    /// Whether the database has pgvector.
    pub vectors: bool,
}

/// Refuses a server that is too old and a database in another encoding; adds pgvector where it may.
pub async fn check(config: &Config) -> Result<Requirements> {
    let mut connection = connect(&config.connection).await?;
    let row = sqlx::query(
        "select current_setting('server_version_num')::int / 10000 as major,
                current_setting('server_encoding') as encoding,
                exists (select from pg_extension where extname = 'vector') as vectors,
                current_setting('fsync')::bool and current_setting('full_page_writes')::bool as is_durable",
    )
    .fetch_one(&mut connection)
    .await
    .map_err(Error::internal)?;
    let major: i32 = row.get("major");
    let encoding: String = row.get("encoding");
    let mut vectors: bool = row.get("vectors");
    check_server(major, &encoding)?;
    if !row.get::<bool, _>("is_durable") {
        tracing::warn!(
            "fsync or full_page_writes is off in PostgreSQL: a power failure can lose or destroy all data; turn both on"
        );
    }
    if !vectors {
        vectors = match sqlx::raw_sql(CREATE_VECTOR).execute(&mut connection).await {
            Ok(_) => true,
            Err(error) => {
                tracing::debug!(%error, "cannot add vectors");
                false
            }
        };
    }
    connection.close().await.map_err(Error::internal)?;
    Ok(Requirements { major, vectors })
}

/// What cannot be mended from here.
fn check_server(major: i32, encoding: &str) -> Result<()> {
    if major < OLDEST {
        return Err(Error::bad_request(format!("the server is PostgreSQL {major}, but {OLDEST} or newer is needed")));
    }
    if encoding != "UTF8" {
        return Err(Error::bad_request(format!(
            "the database is encoded in {encoding}, but UTF8 is needed: create database … encoding 'UTF8' template template0"
        )));
    }
    Ok(())
}

/// Waits for a server that is not there yet, and says so at once.
async fn connect(options: &PgConnectOptions) -> Result<PgConnection> {
    let end = Instant::now() + PATIENCE;
    let mut is_told = false;
    let mut tell = |reason: &str| {
        if !std::mem::replace(&mut is_told, true) {
            let (place, seconds) = (place(options), PATIENCE.as_secs());
            tracing::warn!(reason, "waiting for PostgreSQL on {place}, {seconds} s at most");
        }
    };
    let failed = |reason: String| Error::unavailable(format!("cannot connect to PostgreSQL on {}{reason}", place(options)));
    loop {
        let connecting = PgConnection::connect_with(options);
        tokio::pin!(connecting);
        let connected = match timeout(SILENCE, &mut connecting).await {
            Ok(connected) => connected,
            Err(_) => {
                tell("it does not answer");
                let Ok(connected) = timeout_at(end.into(), &mut connecting).await else {
                    return Err(failed(format!(": it did not answer within {} s", PATIENCE.as_secs())));
                };
                connected
            }
        };
        match connected {
            Ok(connection) => return Ok(connection),
            Err(error) if is_starting(&error) && Instant::now() < end => {
                tell("it does not take connections");
                tokio::time::sleep(PAUSE).await;
            }
            Err(error) => return Err(failed(String::new()).with_source(error)),
        }
    }
}

/// Nobody listens yet, or the server says that it starts up (57P03).
fn is_starting(error: &sqlx::Error) -> bool {
    if let sqlx::Error::Io(error) = error {
        return error.kind() == std::io::ErrorKind::ConnectionRefused;
    }
    error.as_database_error().and_then(|error| error.code()).is_some_and(|code| code == "57P03")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Mutants: `<=` for `<`; the encoding not looked at. That the query tells both is tested with a real server in `services/darshjdb/tests/process`.
    #[test]
    fn a_server_older_than_16_and_another_encoding_are_refused() {
        for (major, encoding, word) in [
            (16, "UTF8", None),
            (18, "UTF8", None),
            (99, "UTF8", None),
            (15, "UTF8", Some("PostgreSQL 15")),
            (9, "UTF8", Some("PostgreSQL 9")),
            (15, "LATIN1", Some("PostgreSQL 15")),
            (16, "LATIN1", Some("LATIN1")),
            (18, "SQL_ASCII", Some("SQL_ASCII")),
            (18, "EUC_JP", Some("EUC_JP")),
        ] {
            match (check_server(major, encoding), word) {
                (Ok(()), None) => {}
                (Err(error), Some(word)) => assert!(error.message().contains(word), "{error}"),
                (outcome, _) => panic!("{major} {encoding}: {outcome:?}"),
            }
        }
    }
}
