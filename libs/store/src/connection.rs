//! What an error of PostgreSQL means for the caller.

use std::path::{Path, PathBuf};

use ddb_core::Error;
use sqlx::postgres::{PgConnectOptions, PgDatabaseError, PgSeverity};
use tokio::net::{TcpStream, UnixStream};

/// Whether the connection is gone, so that nobody knows what the server did with the last statement.
#[expect(clippy::wildcard_enum_match_arm, reason = "all others come with a connection that lives; the enum is not exhaustive")]
pub(crate) fn is_lost(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(error) => {
            // 08: connection exceptions; 57P01 to 57P05: the server is going down, starting up or dropped the session.
            error.code().is_some_and(|code| code.starts_with("08") || code.starts_with("57P")) || ended_session(&**error)
        }
        _ => false,
    }
}

/// Whether PostgreSQL ended the session, or itself, over this error, such as one of its disk: a commit that met it may have taken effect.
/// A session that never began (28: who is it; 53: there are too many) is none that ended.
fn ended_session(error: &(dyn sqlx::error::DatabaseError + 'static)) -> bool {
    let severity = error.try_downcast_ref::<PgDatabaseError>().map(PgDatabaseError::severity);
    let has_begun = !error.code().is_some_and(|code| code.starts_with("28") || code.starts_with("53"));
    severity == Some(PgSeverity::Panic) || severity == Some(PgSeverity::Fatal) && has_begun
}

/// Whether PostgreSQL said its last word in the session: what it was about to do may be done.
pub(crate) fn is_last_word(error: &sqlx::Error) -> bool {
    let severity =
        error.as_database_error().and_then(|error| error.try_downcast_ref::<PgDatabaseError>()).map(PgDatabaseError::severity);
    matches!(severity, Some(PgSeverity::Panic | PgSeverity::Fatal))
}

/// Whether a connection turned out to be dead at its first statement, as those of a pool are after PostgreSQL was restarted: whatever only reads can be
/// asked again on another.
pub(crate) fn was_dead(error: &Error) -> bool {
    let cause = std::error::Error::source(error).and_then(|source| source.downcast_ref::<sqlx::Error>());
    cause.is_some_and(|cause| matches!(cause, sqlx::Error::Io(_) | sqlx::Error::Database(_)) && is_lost(cause))
}

/// Whether PostgreSQL answers but cannot store: the disk is full or read-only, memory or connections are exhausted.
pub(crate) fn is_refusing(error: &sqlx::Error) -> bool {
    let sqlx::Error::Database(error) = error else { return false };
    // 53: insufficient resources; 25006: read-only; 58: system errors such as a failing disk; 57014: the statement timed out. What a file system that
    // became read-only refuses has the code of a missing privilege.
    let code = error.code().unwrap_or_default();
    let is_read_only = code == "42501" && error.message().contains("Read-only file system");
    code.starts_with("53") || code.starts_with("58") || code == "25006" || code == "57014" || is_read_only
}

/// Whether anybody listens where PostgreSQL is to be, without a session: one that is closed before it has begun leaves no trace there.
pub(crate) async fn knock(options: &PgConnectOptions) -> std::io::Result<()> {
    let host = options.get_host();
    let directory = options.get_socket().map(PathBuf::as_path).or_else(|| host.starts_with('/').then(|| Path::new(host)));
    match directory {
        Some(directory) => UnixStream::connect(directory.join(format!(".s.PGSQL.{}", options.get_port()))).await.map(drop),
        None => TcpStream::connect((host, options.get_port())).await.map(drop),
    }
}

/// What PostgreSQL calls the error, for the log: its details hold values.
pub(crate) fn sql_state(error: &Error) -> Option<String> {
    let cause = std::error::Error::source(error).and_then(|source| source.downcast_ref::<sqlx::Error>())?;
    cause.as_database_error()?.code().map(|code| code.into_owned())
}

/// The error that the caller reads: 503 where trying again can help, otherwise an opaque 500.
pub fn to_error(error: sqlx::Error) -> Error {
    if is_lost(&error) {
        return Error::unavailable("the database is not reachable at the moment").with_source(error);
    }
    if is_refusing(&error) {
        return Error::unavailable("the database cannot store anything at the moment").with_source(error);
    }
    Error::internal(error)
}
