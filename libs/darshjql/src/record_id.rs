//! Record ids and keys as text outside of expressions: in paths, in bodies and in casts.
use ddb_core::{Error, RecordId, RecordKey, Result, TableName};

use crate::parse_value;

/// More than the longest text of a key: 512 bytes of sort key hold fifty floats of 330 characters.
const MAX_COMPOSITE_TEXT: usize = 32 << 10;

/// Reads a record id, plain or literal ([`RecordId::parse`]), also with an array or an object as key: `t:my-post`, `t:⟨my-post⟩`,
/// `t:['London', 1]`. 400 where the text is no record id.
pub fn parse_record_id(text: &str) -> Result<RecordId> {
    match text.split_once(':') {
        Some((table, key)) if is_composite(key) => Ok(RecordId::new(TableName::parse(table)?, composite(key)?)),
        _ => RecordId::parse(text),
    }
}

/// Reads what a path names a record of `table` by: its key ([`RecordKey::parse`]), also an array or an object in its literal form, or its full id. 400 for
/// text that is neither.
pub fn parse_record_key(table: &TableName, text: &str) -> Result<RecordKey> {
    key(behind(table, text).unwrap_or(text))
}

/// The key where `text` is a full id of a record of `table`, and None for all other text.
pub fn parse_own_id(table: &TableName, text: &str) -> Option<RecordKey> {
    key(behind(table, text)?).ok()
}

/// What stands behind `table:`.
fn behind<'a>(table: &TableName, text: &'a str) -> Option<&'a str> {
    text.strip_prefix(table.as_str())?.strip_prefix(':')
}

fn key(text: &str) -> Result<RecordKey> {
    if is_composite(text) { composite(text) } else { RecordKey::parse(text) }
}

fn is_composite(key: &str) -> bool {
    key.starts_with(['[', '{'])
}

fn composite(text: &str) -> Result<RecordKey> {
    if text.len() > MAX_COMPOSITE_TEXT {
        return Err(Error::bad_request("the text of the record key has more than 32 KB"));
    }
    let value = parse_value(text).map_err(|error| {
        Error::bad_request(format!(
            "a key that begins with `[` or `{{` is an array or an object of the language (`'…'` forces a string): {}",
            error.message
        ))
    })?;
    RecordKey::from_value(value).map_err(|error| Error::bad_request(error.message()))
}
