use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use ddb_core::{Error, ErrorCode};
use ddb_http::{Accepted, ApiError};

const TYPED: &str = "application/vnd.ddb.typed+json";

/// The form in which the caller wants records: plain JSON, or JSON that keeps every type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Accept {
    Plain,
    Typed,
}

impl Accept {
    pub(crate) fn content_type(self) -> &'static str {
        match self {
            Self::Plain => "application/json",
            Self::Typed => TYPED,
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Accept {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let Some(accepted) = Accepted::of(&parts.headers) else { return Ok(Self::Plain) };
        negotiate(&accepted)
            .ok_or_else(|| Error::new(ErrorCode::NotAcceptable, format!("answers are application/json or {TYPED}")).into())
    }
}

/// The form with the greatest weight; plain JSON where the caller likes both the same.
fn negotiate(accepted: &Accepted) -> Option<Accept> {
    let plain = accepted.weight(&["application/json", "application/*", "*/*"]);
    let typed = accepted.weight(&[TYPED]);
    match (plain > 0, typed > 0) {
        (_, true) if typed > plain => Some(Accept::Typed),
        (true, _) => Some(Accept::Plain),
        (false, _) => None,
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use axum::http::header::ACCEPT;

    use super::*;

    #[test]
    fn known_forms_are_found() {
        for (accept, expected) in [
            ("*/*", Some(Accept::Plain)),
            ("application/json", Some(Accept::Plain)),
            ("text/html, application/*;q=0.8", Some(Accept::Plain)),
            ("Application/VND.ddb.typed+JSON", Some(Accept::Typed)),
            ("application/json, application/vnd.ddb.typed+json", Some(Accept::Plain)),
            ("application/json;q=0.1, application/vnd.ddb.typed+json", Some(Accept::Typed)),
            ("application/vnd.ddb.typed+json, */*;q=0.1", Some(Accept::Typed)),
            ("application/vnd.ddb.typed+json;q=0, */*", Some(Accept::Plain)),
            ("application/json;q=0, */*", None),
            ("application/vnd.ddb.typed+json;q=0", None),
            ("application/json;q=NaN", None),
            ("application/msgpack", None),
            ("text/html", None),
        ] {
            let headers = [(ACCEPT, HeaderValue::from_static(accept))].into_iter().collect();
            let accepted = Accepted::of(&headers).expect("a header");
            assert_eq!(negotiate(&accepted), expected, "{accept}");
        }
    }
}
