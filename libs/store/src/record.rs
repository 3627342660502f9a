use std::collections::HashSet;

use ddb_core::{Error, ErrorCode, Object, RecordId, RecordKey, Result, Timestamp, Tx, doc};

/// A record's fields in the form of `doc`, in bytes.
const MAX_RECORD_BYTES: usize = 1 << 20;
/// Names of fields that a table can have had.
pub const MAX_FIELDS: usize = 1_000;

/// A record as the projection has it.
#[derive(Debug, Clone)]
pub struct Record {
    pub id: RecordId,
    pub fields: Object,
    /// The key of the owner's record in the table `user`; None where the system made it.
    pub owner: Option<RecordKey>,
    pub created: Timestamp,
    pub updated: Timestamp,
    /// The transaction of the last change.
    pub tx: Tx,
    pub expires: Option<Timestamp>,
    pub shadowed: Shadowed,
}

/// Which names of system values mean a field in the record's whole table, because it has had a field of that name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Shadowed {
    pub created: bool,
    pub updated: bool,
}

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
