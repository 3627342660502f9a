use axum::extract::FromRequestParts;
use axum::http::header::ACCEPT;
use axum::http::request::Parts;
use ddb_core::{Error, ErrorCode};
use ddb_http::ApiError;

const TYPED: &str = "application/vnd.ddb.typed+json";

/// The form in which the caller wants records: plain JSON, or JSON that keeps every type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Accept {
    Plain,
    Typed,
}

impl<S: Sync> FromRequestParts<S> for Accept {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let values: Vec<&str> = parts.headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok()).collect();
        if values.is_empty() {
            return Ok(Self::Plain);
        }
        negotiate(&values.join(","))
            .ok_or_else(|| Error::new(ErrorCode::NotAcceptable, format!("answers are application/json or {TYPED}")).into())
    }
}

/// The first form that is both asked for and known. Weights are not compared: who lists both gets the one listed first.
fn negotiate(accept: &str) -> Option<Accept> {
    accept.split(',').find_map(|range| {
        let kind = range.split(';').next().unwrap_or_default().trim();
        match kind.to_ascii_lowercase().as_str() {
            TYPED => Some(Accept::Typed),
            "application/json" | "application/*" | "*/*" => Some(Accept::Plain),
            _ => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_forms_are_found() {
        for (accept, expected) in [
            ("*/*", Some(Accept::Plain)),
            ("application/json", Some(Accept::Plain)),
            ("text/html, application/*;q=0.8", Some(Accept::Plain)),
            ("Application/VND.ddb.typed+JSON", Some(Accept::Typed)),
            ("application/msgpack", None),
            ("text/html", None),
        ] {
            assert_eq!(negotiate(accept), expected, "{accept}");
        }
    }
}
