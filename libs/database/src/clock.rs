use std::time::{SystemTime, UNIX_EPOCH};

use ddb_core::Timestamp;

/// The clock of this process: for keys that sort by time and for `time::now()`. What is stored has the time of PostgreSQL.
pub(crate) fn now() -> Timestamp {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since_1970.as_micros()).unwrap_or(i64::MAX))
}
