use std::time::{SystemTime, UNIX_EPOCH};

use ddb_core::{Error, RecordId, RecordKey, Result, TableName, Timestamp};

/// A new one: the key of the record that the account will have.
pub(crate) fn new() -> Result<String> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    match RecordKey::generate(Timestamp(now.as_micros() as i64)) {
        RecordKey::String(id) => Ok(id),
        RecordKey::Int(_) | RecordKey::Uuid(_) | RecordKey::Array(_) | RecordKey::Object(_) => {
            Err(Error::internal("a generated key is a string"))
        }
    }
}

/// `user:<id>`, as it stands in answers.
pub(crate) fn shown(id: &str) -> String {
    RecordId::new(TableName::user(), RecordKey::String(id.to_owned())).to_string()
}
