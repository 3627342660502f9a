use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderName, Method, Uri};
use ddb_core::json::{self, Json};
use ddb_core::{Error, Result};
use ddb_database::OnceKey;

use crate::{ApiError, UnreadBody, context};

pub(crate) const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const MAX_BYTES: usize = 255;

/// `Idempotency-Key`: the same request with the same key happens once, and is answered as the first time.
pub struct Idempotency {
    key: Option<String>,
    method: Method,
    uri: Uri,
}

impl<S: Sync> FromRequestParts<S> for Idempotency {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let key = context::single(&parts.headers, &IDEMPOTENCY_KEY)?.map(parse).transpose()?;
        Ok(Self { key, method: parts.method.clone(), uri: parts.uri.clone() })
    }
}

impl Idempotency {
    /// What `convert` makes of the body of the request, and what the request is where it shall happen once.
    pub async fn read<T>(self, body: UnreadBody, convert: impl FnOnce(Json) -> Result<T>) -> Result<(T, Option<OnceKey>)> {
        body.compute(|bytes| Ok((convert(json::parse(bytes)?)?, self.of(bytes)))).await
    }

    /// A request whose body says nothing.
    pub fn without_body(self) -> Option<OnceKey> {
        self.of(b"")
    }

    fn of(self, body: &[u8]) -> Option<OnceKey> {
        let (path, query) = (self.uri.path(), self.uri.query().unwrap_or_default());
        Some(OnceKey::new(self.key?, [self.method.as_str().as_bytes(), path.as_bytes(), query.as_bytes(), body]))
    }
}

/// Whether the route with this path takes the header: the ones whose handlers have the extractor.
pub(crate) fn is_taken(method: &Method, path: &str) -> bool {
    let writes = matches!(*method, Method::POST | Method::PATCH | Method::PUT | Method::DELETE);
    writes && (path.starts_with("/api/data/") || matches!(path, "/api/mutate" | "/api/batch"))
}

fn parse(text: &str) -> Result<String> {
    if (1..=MAX_BYTES).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(text.to_owned());
    }
    Err(Error::bad_request(format!("the header `idempotency-key` must be 1 to {MAX_BYTES} visible ASCII characters")))
}
