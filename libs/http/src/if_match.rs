use axum::extract::FromRequestParts;
use axum::http::header::IF_MATCH;
use axum::http::request::Parts;
use ddb_core::{Error, Result, Tx};

use crate::{ApiError, context};

/// `If-Match: "<tx>"`: write only if the record's last change is that tx. A weak tag counts like a strong one, because proxies that compress answers make
/// the one of the other. `*` and lists are refused: a write of a record that does not exist is 404 anyway, and a record has one last change.
pub struct IfMatch(pub Option<Tx>);

impl<S: Sync> FromRequestParts<S> for IfMatch {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        Ok(Self(context::single(&parts.headers, &IF_MATCH)?.map(parse).transpose()?))
    }
}

fn parse(text: &str) -> Result<Tx> {
    let text = text.trim_matches(' ');
    text.strip_prefix("W/")
        .unwrap_or(text)
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'))
        .filter(|digits| !digits.starts_with('0') && !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
        .and_then(|digits| digits.parse().ok())
        .map(Tx)
        .ok_or_else(|| Error::bad_request("the header `if-match` must be one tag with a transaction's number, such as \"42\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_tag_is_read() {
        for text in ["\"42\"", "W/\"42\"", " W/\"42\" "] {
            assert_eq!(parse(text).expect("no error"), Tx(42), "{text}");
        }
    }

    #[test]
    fn other_forms_are_refused() {
        for text in [
            "42",
            "W/42",
            "w/\"42\"",
            "W/W/\"42\"",
            "W/ \"42\"",
            "W/\"0\"",
            "W/\"1\", W/\"2\"",
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
