//! Record ids and keys as text: in paths and as `table:key`.
use std::fmt::{self, Write};

use super::{RecordId, RecordKey};
use crate::{Error, Result, TableName, Uuid};

const MAX_STRING_KEY_BYTES: usize = 512;

/// Why this string cannot be a record's key.
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

pub(super) fn parse_key(text: &str) -> Result<RecordKey> {
    if let Some(int) = parse_int(text) {
        return Ok(RecordKey::Int(int));
    }
    if text.starts_with(['[', '{']) {
        return Err(Error::bad_request(
            "an array or an object as key is not accepted here; write `'…'` for a string key that begins with `[` or `{`",
        ));
    }
    if let Some(bracketed) = text.strip_prefix('⟨') {
        return string_key(&unescape(bracketed)?);
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
    Ok(RecordId { table: TableName::parse(table)?, key: parse_key(key)? })
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

/// A record id as JSON, paths, messages and logs show it.
pub(super) struct PlainId<'a>(pub(super) &'a RecordId);

impl fmt::Display for PlainId<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let RecordId { table, key } = self.0;
        write!(f, "{table}:")?;
        match key {
            RecordKey::String(text) if is_bare(text, table) => f.write_str(text),
            RecordKey::String(text) => write!(f, "'{text}'"),
            key => key.literal().fmt(f),
        }
    }
}

/// A record id as the language prints it.
pub(super) struct LiteralId<'a>(pub(super) &'a RecordId);

impl fmt::Display for LiteralId<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.0.table, self.0.key.literal())
    }
}

/// A key as the language prints it: ints and words as they are, other text as `⟨…⟩`, uuids as `u'…'`, arrays and objects as literals.
pub(super) struct LiteralKey<'a>(pub(super) &'a RecordKey);

impl fmt::Display for LiteralKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            RecordKey::Int(int) => int.fmt(f),
            RecordKey::String(text) if is_word(text) => f.write_str(text),
            RecordKey::String(text) => {
                f.write_char('⟨')?;
                for character in text.chars() {
                    if matches!(character, '⟩' | '\\') {
                        f.write_char('\\')?;
                    }
                    f.write_char(character)?;
                }
                f.write_char('⟩')
            }
            RecordKey::Uuid(uuid) => write!(f, "u'{uuid}'"),
            RecordKey::Array(items) => crate::value::write_items(f, items),
            RecordKey::Object(object) => crate::value::write_object(f, object),
        }
    }
}

/// Letters, digits and underscores that do not read as a number.
fn is_word(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') && text.bytes().any(|byte| !byte.is_ascii_digit())
}

/// Whether a string key stands in a plain id without quotes: text that a path reads as this key, that no client takes for a step up, and
/// that does not read as a full id of the key's own table.
fn is_bare(text: &str, table: &TableName) -> bool {
    let is_own_id = text.strip_prefix(table.as_str()).is_some_and(|rest| rest.starts_with(':'));
    let reads_as_other = text.starts_with(['⟨', '\'', '[', '{']) || parse_int(text).is_some() || quoted(text, "u'").is_some();
    !(text.is_empty() || matches!(text, "." | "..") || is_own_id || reads_as_other)
}
