use std::collections::HashSet;

use ddb_core::{Error, ErrorCode, Object, Result, doc};

/// A record's fields in the form of `doc`, in bytes.
const MAX_RECORD_BYTES: usize = 1 << 20;
/// Names of fields that a table can have had.
pub const MAX_FIELDS: usize = 1_000;

/// The document of a record that is not too large (413).
pub(crate) fn doc(fields: &Object) -> Result<String> {
    let doc = doc::encode(fields);
    if doc.len() > MAX_RECORD_BYTES {
        return Err(Error::new(ErrorCode::PayloadTooLarge, "a record has at most 1 MB"));
    }
    Ok(doc)
}

pub(crate) fn too_many_fields() -> Error {
    Error::new(ErrorCode::QuotaExceeded, format!("a table can have had {MAX_FIELDS} different fields at most"))
}

/// What makes it impossible to create these records in one table, whatever is stored there: one of them is too large, or they have
/// too many different fields.
pub fn check_new<'a>(records: impl IntoIterator<Item = &'a Object>) -> Result<()> {
    let mut names = HashSet::new();
    for fields in records {
        doc(fields)?;
        names.extend(fields.keys());
        if names.len() > MAX_FIELDS {
            return Err(too_many_fields());
        }
    }
    Ok(())
}
