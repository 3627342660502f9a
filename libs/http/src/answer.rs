use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use ddb_core::{Error, Result, Tx};
use ddb_database::KeptAnswer;

pub(crate) const X_DDB_TX: HeaderName = HeaderName::from_static("x-ddb-tx");
const JSON: HeaderValue = HeaderValue::from_static("application/json");
const PRIVATE: HeaderValue = HeaderValue::from_static("private, no-store");

/// An answer in the making: JSON that no cache may keep.
#[must_use]
pub struct Answer {
    status: StatusCode,
    body: Bytes,
    content_type: Option<HeaderValue>,
    tx: Option<Tx>,
    etag: Option<Tx>,
}

impl Answer {
    /// 200 with JSON that is written already.
    pub fn ok(json: impl Into<Bytes>) -> Self {
        Self { status: StatusCode::OK, body: json.into(), content_type: Some(JSON), tx: None, etag: None }
    }

    /// 201 with JSON that is written already.
    pub fn created(json: impl Into<Bytes>) -> Self {
        Self { status: StatusCode::CREATED, ..Self::ok(json) }
    }

    /// 202 with JSON that is written already.
    pub fn accepted(json: impl Into<Bytes>) -> Self {
        Self { status: StatusCode::ACCEPTED, ..Self::ok(json) }
    }

    /// 204.
    pub fn no_content() -> Self {
        Self { status: StatusCode::NO_CONTENT, body: Bytes::new(), content_type: None, tx: None, etag: None }
    }

    /// Another form of JSON than the plain one.
    pub fn content_type(mut self, content_type: &'static str) -> Self {
        self.content_type = Some(HeaderValue::from_static(content_type));
        self
    }

    /// The transaction whose state the answer shows, or which it made: `X-DDB-Tx`.
    pub fn tx(mut self, tx: Tx) -> Self {
        self.tx = Some(tx);
        self
    }

    /// The transaction of the record's last change: `ETag`.
    pub fn etag(mut self, tx: Tx) -> Self {
        self.etag = Some(tx);
        self
    }

    /// The answer as it is kept for a request that is sent again.
    pub fn kept(&self) -> KeptAnswer {
        let content_type = self.content_type.as_ref().and_then(|value| value.to_str().ok());
        KeptAnswer {
            status: self.status.as_u16(),
            content_type: content_type.map(str::to_owned),
            tx: self.tx,
            etag: self.etag,
            body: self.body.to_vec(),
        }
    }

    /// The answer that was kept.
    pub fn repeated(kept: KeptAnswer) -> Result<Self> {
        let KeptAnswer { status, content_type, tx, etag, body } = kept;
        Ok(Self {
            status: StatusCode::from_u16(status).map_err(Error::internal)?,
            body: body.into(),
            content_type: content_type.map(|text| HeaderValue::try_from(text).map_err(Error::internal)).transpose()?,
            tx,
            etag,
        })
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        if let Some(content_type) = self.content_type {
            headers.insert(CONTENT_TYPE, content_type);
        }
        headers.insert(CACHE_CONTROL, PRIVATE);
        if let Some(Tx(tx)) = self.tx {
            headers.insert(X_DDB_TX, HeaderValue::from(tx));
        }
        if let Some(Tx(tx)) = self.etag {
            let tag = HeaderValue::try_from(format!("\"{tx}\"")).expect("digits in quotes are a header value");
            headers.insert(ETAG, tag);
        }
        response
    }
}
