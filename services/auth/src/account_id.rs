use std::time::{SystemTime, UNIX_EPOCH};

use ddb_core::{GeneratedKeys, RecordId, RecordKey, TableName, Timestamp};

/// A new one: the key of the record that the account will have.
pub(crate) fn new() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    GeneratedKeys::at(Timestamp(now.as_micros() as i64)).next_text()
}

/// `user:<id>`, as it stands in answers.
pub(crate) fn shown(id: &str) -> String {
    RecordId::new(TableName::user(), RecordKey::String(id.to_owned())).plain().to_string()
}
