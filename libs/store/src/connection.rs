//! What an error of PostgreSQL means for the caller.

use ddb_core::Error;

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
            error.code().is_some_and(|code| code.starts_with("08") || code.starts_with("57P"))
        }
        _ => false,
    }
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
    // 53: insufficient resources; 25006: read-only; 58: system errors such as a failing disk; 57014: the statement timed out.
    error.code().is_some_and(|code| code.starts_with("53") || code.starts_with("58") || code == "25006" || code == "57014")
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
