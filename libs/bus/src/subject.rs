use std::fmt;
use std::sync::Arc;

use ddb_core::{Error, Result};

const MAX_BYTES: usize = 255;

/// What a message is about: `ddb._.auth.revoked`. One subject, without wildcards. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Subject(Arc<str>);

impl Subject {
    /// Parts of `[A-Za-z0-9_%-]`, separated by dots, at most 255 bytes in all: whatever stands in a part cannot become a wildcard or another part.
    pub fn parse(text: &str) -> Result<Self> {
        let is_part = |part: &str| {
            !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'%'))
        };
        if text.len() <= MAX_BYTES && text.split('.').all(is_part) {
            return Ok(Self(text.into()));
        }
        Err(Error::internal("a bus subject is not well formed"))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::Subject;

    #[test]
    fn subjects_have_one_form_and_no_wildcards() {
        for text in ["a", "ddb._.auth.revoked", "ddb.main.channel.caf%C3%A9", "A-b_9"] {
            assert_eq!(Subject::parse(text).map(|subject| subject.to_string()).ok().as_deref(), Some(text));
        }
        let long = "a".repeat(256);
        for text in ["", ".", "a.", ".a", "a..b", "a.*", "a.>", "a b", "a\r\nPUB", "é", &long] {
            assert!(Subject::parse(text).is_err(), "{text:?}");
        }
    }
}
