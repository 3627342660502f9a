//! Record ids and keys as text outside of expressions: in paths, in bodies and in casts.
use ddb_core::{Error, RecordId, RecordKey, Result, TableName};

use crate::parse_value;

/// More than the longest text of a key: 512 bytes of sort key hold fifty floats of 330 characters.
const MAX_COMPOSITE_TEXT: usize = 32 << 10;

/// `table:key` as ids stand in answers ([`RecordId::parse`]), also with an array or an object as key: `t:['London', 1]`. 400 where the text
/// is no record id.
pub fn parse_record_id(text: &str) -> Result<RecordId> {
    match text.split_once(':') {
        Some((table, key)) if is_composite(key) => Ok(RecordId::new(TableName::parse(table)?, composite(key)?)),
        _ => RecordId::parse(text),
    }
}

/// A key as it stands in a path ([`RecordKey::parse_path`]), also an array or an object in its literal form. 400 for text that is no key.
pub fn parse_record_key(text: &str) -> Result<RecordKey> {
    if is_composite(text) { composite(text) } else { RecordKey::parse_path(text) }
}

fn is_composite(key: &str) -> bool {
    key.starts_with(['[', '{'])
}

fn composite(text: &str) -> Result<RecordKey> {
    if text.len() > MAX_COMPOSITE_TEXT {
        return Err(Error::bad_request("the text of the record key is too long"));
    }
    let value = parse_value(text).map_err(|error| {
        Error::bad_request(format!(
            "a key that begins with `[` or `{{` is an array or an object of the language (`'…'` forces a string): {}",
            error.message
        ))
    })?;
    RecordKey::from_value(value).map_err(|error| Error::bad_request(error.message()))
}
