use axum::extract::FromRequestParts;
use axum::http::header::IF_MATCH;
use axum::http::request::Parts;
use ddb_core::{Error, Result, Tx};

use crate::{ApiError, context};

/// `If-Match: "<tx>"`: write only if the record's last change is that tx. `*`, lists and weak tags are refused: a write of a record that does not exist
/// is 404 anyway, and a tag that could not match would be a condition that silently always fails.
pub struct IfMatch(pub Option<Tx>);

impl<S: Sync> FromRequestParts<S> for IfMatch {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        Ok(Self(context::single(&parts.headers, &IF_MATCH)?.map(parse).transpose()?))
    }
}

fn parse(text: &str) -> Result<Tx> {
    text.trim_matches(' ')
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'))
        .filter(|digits| !digits.starts_with('0') && !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
        .and_then(|digits| digits.parse().ok())
        .map(Tx)
        .ok_or_else(|| {
            Error::bad_request("the header `if-match` must be one strong tag with a transaction's number, such as \"42\"")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_strong_tag_is_read() {
        assert_eq!(parse("\"42\"").expect("no error"), Tx(42));
    }

    #[test]
    fn other_forms_are_refused() {
        for text in [
            "42",
            "W/\"42\"",
            "*",
            "\"1\", \"2\"",
            "\"\"",
            "\"-1\"",
            "\"+1\"",
            "\"01\"",
            "\"0\"",
            "\"9223372036854775808\"",
            "\"a\"",
            "",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
