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
        let values: Vec<&str> = parts.headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok()).collect();
        if values.iter().all(|value| value.trim().is_empty()) {
            return Ok(Self::Plain);
        }
        negotiate(&values.join(","))
            .ok_or_else(|| Error::new(ErrorCode::NotAcceptable, format!("answers are application/json or {TYPED}")).into())
    }
}

/// The form with the greatest weight; plain JSON where the caller likes both the same.
fn negotiate(accept: &str) -> Option<Accept> {
    let plain = weight(accept, &["application/json", "application/*", "*/*"]);
    let typed = weight(accept, &[TYPED]);
    match (plain > 0, typed > 0) {
        (_, true) if typed > plain => Some(Accept::Typed),
        (true, _) => Some(Accept::Plain),
        (false, _) => None,
    }
}

/// What the most exact of the ranges that stands in `accept` weighs, in thousandths (RFC 9110, 12.5.1); 0: not wanted. `ranges` begins with the most exact.
fn weight(accept: &str, ranges: &[&str]) -> u16 {
    let weight_of = |range: &str| {
        accept.split(',').find_map(|item| {
            let mut parts = item.split(';').map(str::trim);
            parts.next().is_some_and(|kind| kind.eq_ignore_ascii_case(range)).then(|| parts.find_map(quality).unwrap_or(1_000))
        })
    };
    ranges.iter().find_map(|range| weight_of(range)).unwrap_or(0)
}

/// `q=0.8`, in thousandths; None for another parameter. What is no number from 0 to 1 counts as nothing.
fn quality(parameter: &str) -> Option<u16> {
    let (name, value) = parameter.split_once('=')?;
    let value: f32 = if name.eq_ignore_ascii_case("q") { value.parse().unwrap_or(0.0) } else { return None };
    Some((value.clamp(0.0, 1.0) * 1_000.0).round() as u16)
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
            assert_eq!(negotiate(accept), expected, "{accept}");
        }
    }
}
