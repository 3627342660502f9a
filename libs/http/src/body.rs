use std::time::Duration;

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use bytes::{Bytes, BytesMut};
use ddb_core::json::{self, Json};
use ddb_core::{Error, ErrorCode, Result};
use ddb_turns::LARGE;
use http_body_util::BodyExt;
use tokio::time::{Instant, timeout, timeout_at};

use crate::ApiError;
use crate::large_bodies::Place;

/// What a body of records may have.
const MAX_BYTES: usize = 16 * 1024 * 1024;
/// How long the client may send nothing.
const IDLE: Duration = Duration::from_secs(10);
/// How long it may take for the whole body, so that a byte every nine seconds does not hold a connection for ever.
const WHOLE: Duration = Duration::from_secs(120);

/// A JSON body of at most `MAX` bytes, 16 MB where nothing else is said: duplicate keys refused, int and float told by notation.
pub struct JsonBody<const MAX: usize = MAX_BYTES>(pub Json);

/// A JSON body of at most 64 KB, for routes whose bodies have a few fields.
pub type SmallJsonBody = JsonBody<LARGE>;

/// A body of at most `MAX` bytes, 16 MB where nothing else is said, that is read once the handler knows that the caller may send it.
pub struct UnreadBody<const MAX: usize = MAX_BYTES>(Request);

/// The same of at most 64 KB.
pub type SmallUnreadBody = UnreadBody<LARGE>;

impl<const MAX: usize, S: Sync> FromRequest<S> for JsonBody<MAX> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        Ok(Self(UnreadBody::<MAX>(request).json().await?))
    }
}

impl<const MAX: usize, S: Sync> FromRequest<S> for UnreadBody<MAX> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        Ok(Self(request))
    }
}

impl<const MAX: usize> UnreadBody<MAX> {
    /// As [`JsonBody`] reads it.
    pub async fn json(self) -> Result<Json> {
        self.read(Ok).await
    }

    /// The same where there is a body; None where there is none.
    pub async fn json_if_any(self) -> Result<Option<Json>> {
        let (mut parts, body) = self.0.into_parts();
        let place: Place = parts.extensions.remove().ok_or_else(|| Error::internal("a request came past the outermost layer"))?;
        let bytes = read(&parts.headers, body, MAX, &place).await?;
        if bytes.is_empty() {
            return Ok(None);
        }
        expect_json(&parts.headers)?;
        place.compute(bytes.len(), move || json::parse(&bytes).map(Some)).await
    }

    /// The same, and what `convert` makes of it: as the parsing of a large body, that keeps nobody else waiting.
    pub async fn read<T>(self, convert: impl FnOnce(Json) -> Result<T>) -> Result<T> {
        self.compute(|bytes| convert(json::parse(bytes)?)).await
    }

    pub(crate) async fn compute<T>(self, work: impl FnOnce(&[u8]) -> Result<T>) -> Result<T> {
        let (mut parts, body) = self.0.into_parts();
        expect_json(&parts.headers)?;
        let place: Place = parts.extensions.remove().ok_or_else(|| Error::internal("a request came past the outermost layer"))?;
        let bytes = read(&parts.headers, body, MAX, &place).await?;
        place.compute(bytes.len(), move || work(&bytes)).await
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

async fn read(headers: &HeaderMap, mut body: Body, max: usize, place: &Place) -> Result<Bytes> {
    let announced = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    let announced = announced.map(|length| usize::try_from(length).unwrap_or(usize::MAX));
    if announced.is_some_and(|length| length > max) {
        return Err(too_large(max));
    }
    let mut free = LARGE;
    if let Some(length) = announced.filter(|length| *length > LARGE) {
        place.reserve(length).await?;
        free = length;
    }
    let end = Instant::now() + WHOLE;
    let Some(first) = next(&mut body, end).await? else { return Ok(Bytes::new()) };
    make_room(first.len(), &mut free, max, place).await?;
    let Some(second) = next(&mut body, end).await? else { return Ok(first) };
    // Most bodies come in one piece and are not copied; these did not.
    let mut whole = BytesMut::from(first);
    let mut piece = Some(second);
    while let Some(bytes) = piece {
        make_room(whole.len() + bytes.len(), &mut free, max, place).await?;
        whole.extend_from_slice(&bytes);
        piece = next(&mut body, end).await?;
    }
    Ok(whole.freeze())
}

/// For a body that has become `length` bytes long, of which `free` need no place any more.
async fn make_room(length: usize, free: &mut usize, max: usize, place: &Place) -> Result<()> {
    if length > max {
        return Err(too_large(max));
    }
    if length > *free {
        // Nobody said how long it would be.
        place.reserve(max).await?;
        *free = max;
    }
    Ok(())
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

fn too_large(max: usize) -> Error {
    let message = if max < 1 << 20 {
        format!("the body has at most {} KB here", max >> 10)
    } else {
        format!("a body has at most {} MB", max >> 20)
    };
    Error::new(ErrorCode::PayloadTooLarge, message)
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
