use std::collections::HashSet;

use ddb_core::{Error, ErrorCode, Object, Result, doc};

/// A record's fields in the form of `doc`, in bytes.
const MAX_RECORD_BYTES: usize = 1 << 20;
/// The records that the steps of one write leave, each time they do: what a write holds in memory and encodes under the lock.
const MAX_WRITE_BYTES: usize = 32 << 20;
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

/// 413 where the records of a write's steps have become too large together.
pub(crate) fn check_total(bytes: usize) -> Result<()> {
    if bytes > MAX_WRITE_BYTES {
        let message = format!(
            "the records of one request have at most {} MB together, each counted as often as it is written",
            MAX_WRITE_BYTES >> 20
        );
        return Err(Error::new(ErrorCode::PayloadTooLarge, message));
    }
    Ok(())
}

pub(crate) fn too_many_fields() -> Error {
    Error::new(ErrorCode::QuotaExceeded, format!("a table can have at most {MAX_FIELDS} different field names over its lifetime"))
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
