use std::time::Duration;

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use bytes::{Bytes, BytesMut};
use ddb_core::json::{self, Json};
use ddb_core::{Error, ErrorCode, Result};
use http_body_util::BodyExt;
use tokio::time::{Instant, timeout, timeout_at};

use crate::ApiError;

const MAX_BYTES: usize = 16 * 1024 * 1024;
/// How long the client may send nothing.
const IDLE: Duration = Duration::from_secs(10);
/// How long it may take for the whole body, so that a byte every nine seconds does not hold a connection for ever.
const WHOLE: Duration = Duration::from_secs(120);

/// A JSON body of at most 16 MB: duplicate keys refused, int and float told by notation.
pub struct JsonBody(pub Json);

impl<S: Sync> FromRequest<S> for JsonBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let (parts, body) = request.into_parts();
        expect_json(&parts.headers)?;
        let bytes = read(&parts.headers, body).await?;
        Ok(Self(json::parse(&bytes)?))
    }
}

fn expect_json(headers: &HeaderMap) -> Result<()> {
    let is_json = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).is_some_and(|text| {
        let kind = text.split(';').next().unwrap_or_default().trim();
        let (main, sub) = kind.split_once('/').unwrap_or_default();
        main.eq_ignore_ascii_case("application")
            && (sub.eq_ignore_ascii_case("json") || sub.len() > 5 && sub.to_ascii_lowercase().ends_with("+json"))
    });
    if !is_json {
        let message = "the body must be JSON, with the header `content-type: application/json`";
        return Err(Error::new(ErrorCode::UnsupportedMediaType, message));
    }
    let mut codings = headers.get_all(CONTENT_ENCODING).iter();
    if codings.any(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Err(Error::new(ErrorCode::UnsupportedMediaType, "the body must not be compressed"));
    }
    Ok(())
}

async fn read(headers: &HeaderMap, mut body: Body) -> Result<Bytes> {
    let announced = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > MAX_BYTES as u64) {
        return Err(too_large());
    }
    let end = Instant::now() + WHOLE;
    let Some(first) = next(&mut body, end).await? else { return Ok(Bytes::new()) };
    let Some(second) = next(&mut body, end).await? else { return Ok(first) };
    // Most bodies come in one piece and are not copied; these did not.
    let mut whole = BytesMut::from(first);
    let mut piece = Some(second);
    while let Some(bytes) = piece {
        if whole.len() + bytes.len() > MAX_BYTES {
            return Err(too_large());
        }
        whole.extend_from_slice(&bytes);
        piece = next(&mut body, end).await?;
    }
    Ok(whole.freeze())
}

/// The next piece; None at the end.
async fn next(body: &mut Body, end: Instant) -> Result<Option<Bytes>> {
    loop {
        let frame = match timeout_at(end, timeout(IDLE, body.frame())).await {
            Ok(Ok(frame)) => frame,
            _ => return Err(Error::new(ErrorCode::RequestTimeout, "the body did not arrive in time")),
        };
        match frame {
            None => return Ok(None),
            Some(Err(_)) => return Err(Error::bad_request("the body was cut off")),
            // Trailers carry nothing that a body needs.
            Some(Ok(frame)) => match frame.into_data() {
                Ok(data) if !data.is_empty() => return Ok(Some(data)),
                _ => continue,
            },
        }
    }
}

fn too_large() -> Error {
    Error::new(ErrorCode::PayloadTooLarge, "a body has at most 16 MB")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepts(content_type: &str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, content_type.parse().expect("a header value"));
        expect_json(&headers).is_ok()
    }

    #[test]
    fn only_json_is_taken() {
        for content_type in ["application/json", "Application/JSON; charset=utf-8", "application/merge-patch+json"] {
            assert!(accepts(content_type), "{content_type}");
        }
        for content_type in
            ["text/plain", "application/x-www-form-urlencoded", "text/json", "application/+json", "application/jsonp", ""]
        {
            assert!(!accepts(content_type), "{content_type}");
        }
        assert!(expect_json(&HeaderMap::new()).is_err());
        for (coding, is_taken) in [("identity", true), ("Identity", true), ("gzip", false), ("identity, gzip", false)] {
            let headers = [(CONTENT_TYPE, "application/json"), (CONTENT_ENCODING, coding)];
            let headers = headers.map(|(name, value)| (name, value.parse().expect("a header value"))).into_iter().collect();
            assert_eq!(expect_json(&headers).is_ok(), is_taken, "{coding}");
        }
    }
}
