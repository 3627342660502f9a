use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::header::IF_NONE_MATCH;
use axum::http::request::Parts;
use ddb_core::{Error, Result};

use crate::{ApiError, context};

/// `If-None-Match: *` on a write: create the record, never replace one. Tags are refused, because a write has no use for them.
pub struct CreateOnly(pub bool);

impl<S: Sync> FromRequestParts<S> for CreateOnly {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        match context::single(&parts.headers, &IF_NONE_MATCH)? {
            None => Ok(Self(false)),
            Some("*") => Ok(Self(true)),
            Some(_) => {
                Err(Error::bad_request("the header `if-none-match` of a PUT must be `*`: create the record if there is none")
                    .into())
            }
        }
    }
}

/// Whether the client has the document with this tag already (RFC 9110, 13.1.2: compared weakly).
pub fn has_already(headers: &HeaderMap, tag: &str) -> bool {
    let tags = headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
    tags.map(str::trim).any(|sent| sent == "*" || sent.trim_start_matches("W/") == tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_found_among_those_that_the_client_has() {
        for (values, expected) in [
            (&["\"a\""][..], true),
            (&["W/\"a\""], true),
            (&["\"b\", W/\"a\""], true),
            (&["\"b\"", "\"a\""], true),
            (&["*"], true),
            (&["\"b\""], false),
            (&["a"], false),
            (&[], false),
        ] {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(IF_NONE_MATCH, value.parse().expect("a header value"));
            }
            assert_eq!(has_already(&headers, "\"a\""), expected, "{values:?}");
        }
    }
}
