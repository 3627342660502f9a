use std::fmt;
use std::sync::Arc;

use crate::{Error, Result};

const MAX_IDENTIFIER_BYTES: usize = 63;
const MAX_FIELD_BYTES: usize = 128;
/// System values of a record: an app cannot have fields of these names.
const RESERVED_FIELDS: [&str; 6] = ["id", "in", "out", "_owner", "_tx", "_expires"];

/// A table's name: `[A-Za-z_][A-Za-z0-9_]{0,62}`. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TableName(Arc<str>);

/// A namespace's name, of the same form as a table's.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NamespaceName(Arc<str>);

/// A top-level field's name: 1 to 128 bytes, no control characters, no leading `$`, none of the system's names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldName(Arc<str>);

impl TableName {
    pub fn parse(text: &str) -> Result<Self> {
        if is_identifier(text) {
            return Ok(Self(text.into()));
        }
        Err(bad_identifier("table", text))
    }

    /// The table of the accounts' profiles.
    pub fn user() -> Self {
        Self("user".into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl NamespaceName {
    pub fn parse(text: &str) -> Result<Self> {
        if is_identifier(text) {
            return Ok(Self(text.into()));
        }
        Err(bad_identifier("namespace", text))
    }

    /// The namespace that always exists.
    pub const MAIN: &str = "main";

    pub fn main() -> Self {
        Self(Self::MAIN.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FieldName {
    /// 422 for a name of the system, and for a name that is not well formed.
    pub fn parse(text: &str) -> Result<Self> {
        if RESERVED_FIELDS.contains(&text) {
            return Err(Error::invalid(text, "RESERVED", format!("`{text}` is set by the server and cannot be written")));
        }
        let problem = if text.is_empty() {
            "a field name cannot be empty"
        } else if text.len() > MAX_FIELD_BYTES {
            "a field name has at most 128 bytes"
        } else if text.starts_with('$') {
            "a field name cannot begin with `$`"
        } else if text.chars().any(char::is_control) {
            "a field name cannot hold NUL or control characters"
        } else {
            return Ok(Self(text.into()));
        };
        Err(Error::invalid(shown(text), "FIELD_NAME", problem))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_identifier(text: &str) -> bool {
    let bytes = text.as_bytes();
    (1..=MAX_IDENTIFIER_BYTES).contains(&bytes.len())
        && !bytes[0].is_ascii_digit()
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
}

fn bad_identifier(what: &str, text: &str) -> Error {
    Error::bad_request(format!(
        "`{}` is not a {what} name: a letter or underscore, then letters, digits or underscores, at most {MAX_IDENTIFIER_BYTES} in all",
        shown(text)
    ))
}

/// Input as it may stand in a message: short and without control characters.
fn shown(text: &str) -> String {
    text.chars().take(64).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

macro_rules! display {
    ($($name:ident),*) => {
        $(impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        })*
    };
}

display!(TableName, NamespaceName, FieldName);
