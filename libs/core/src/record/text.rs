//! Record ids and keys as text: in paths and as `table:key`.
use std::fmt::{self, Write};

use super::{RecordId, RecordKey};
use crate::{Error, Result, TableName, Uuid};

const MAX_STRING_KEY_BYTES: usize = 512;

/// Why no record can have this string as its key.
pub(crate) fn string_key_problem(text: &str) -> Option<&'static str> {
    if text.is_empty() {
        Some("a record key cannot be empty")
    } else if text.len() > MAX_STRING_KEY_BYTES {
        Some("a string as record key has at most 512 bytes")
    } else if text.chars().any(char::is_control) {
        Some("a record key cannot hold NUL or control characters")
    } else {
        None
    }
}

pub(super) fn parse_path(text: &str) -> Result<RecordKey> {
    if let Some(int) = parse_int(text) {
        return Ok(RecordKey::Int(int));
    }
    if text.starts_with(['[', '{']) {
        return Err(Error::bad_request(
            "an array or an object as key is not accepted here; write `'…'` for a string key that begins with `[` or `{`",
        ));
    }
    if let Some(uuid) = quoted(text, "u'") {
        return Uuid::try_parse(uuid).map(RecordKey::Uuid).map_err(|_| Error::bad_request("the key `u'…'` does not hold a uuid"));
    }
    string_key(quoted(text, "'").unwrap_or(text))
}

pub(super) fn parse_id(text: &str) -> Result<RecordId> {
    let Some((table, key)) = text.split_once(':') else {
        return Err(Error::bad_request("a record id has the form `table:key`"));
    };
    let table = TableName::parse(table)?;
    let key = match key.strip_prefix('⟨') {
        Some(bracketed) => string_key(&unescape(bracketed)?)?,
        None => parse_path(key)?,
    };
    Ok(RecordId { table, key })
}

/// Digits with an optional minus, without leading zeros, within i64. Anything else, `-0` too, is text.
fn parse_int(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let canonical = digits.bytes().all(|byte| byte.is_ascii_digit()) && (!digits.starts_with('0') || text == "0");
    if canonical { text.parse().ok() } else { None }
}

fn quoted<'a>(text: &'a str, opening: &str) -> Option<&'a str> {
    text.strip_prefix(opening)?.strip_suffix('\'')
}

fn string_key(text: &str) -> Result<RecordKey> {
    match string_key_problem(text) {
        Some(problem) => Err(Error::bad_request(problem)),
        None => Ok(RecordKey::String(text.to_owned())),
    }
}

/// What stands between `⟨` and the closing `⟩`, which must be the end.
fn unescape(bracketed: &str) -> Result<String> {
    let mut text = String::with_capacity(bracketed.len());
    let mut chars = bracketed.chars();
    loop {
        match chars.next() {
            Some('⟩') if chars.as_str().is_empty() => return Ok(text),
            Some('\\') => match chars.next() {
                Some(escaped @ ('⟩' | '\\')) => text.push(escaped),
                Some(_) | None => return Err(Error::bad_request(r"between `⟨` and `⟩` only `\⟩` and `\\` can be escaped")),
            },
            Some('⟩') | None => return Err(Error::bad_request("a key that begins with `⟨` ends with `⟩`")),
            Some(other) => text.push(other),
        }
    }
}

/// `table:key`, as ids stand in answers; `RecordId::parse` reads it back, array and object keys only the parser of the language.
impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.table, self.key)
    }
}

/// Ints and plain text as they are, other text as `⟨…⟩`, uuids as `u'…'`, arrays and objects as literals.
impl fmt::Display for RecordKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int(int) => int.fmt(f),
            Self::String(text) if is_plain(text) => f.write_str(text),
            Self::String(text) => {
                f.write_char('⟨')?;
                for character in text.chars() {
                    if matches!(character, '⟩' | '\\') {
                        f.write_char('\\')?;
                    }
                    f.write_char(character)?;
                }
                f.write_char('⟩')
            }
            Self::Uuid(uuid) => write!(f, "u'{uuid}'"),
            Self::Array(items) => crate::value::write_items(f, items),
            Self::Object(object) => crate::value::write_object(f, object),
        }
    }
}

/// Letters, digits and underscores that do not read as a number.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') && text.bytes().any(|byte| !byte.is_ascii_digit())
}
