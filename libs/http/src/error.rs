use std::sync::Arc;

use axum::body::Body;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use ddb_core::{Error, ErrorPlace, RequestId, json};

pub type ApiResult<T = Response> = Result<T, ApiError>;

/// An error on its way out of a handler. It becomes the envelope in the outermost layer, which knows the request id.
#[derive(Debug)]
pub struct ApiError(pub Error);

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

/// The error as it lies in a response's extensions until it is rendered.
#[derive(Clone)]
pub(crate) struct Carried(pub(crate) Arc<Error>);

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = status(&self.0);
        response.extensions_mut().insert(Carried(Arc::new(self.0)));
        response
    }
}

pub(crate) fn status(error: &Error) -> StatusCode {
    StatusCode::from_u16(error.code().http_status()).expect("every code's status is a valid one")
}

/// The body that every error has.
pub(crate) fn envelope(error: &Error, request: &RequestId) -> Vec<u8> {
    let mut out = Vec::with_capacity(256);
    out.extend_from_slice(b"{\"error\":{\"code\":\"");
    out.extend_from_slice(error.code().as_str().as_bytes());
    out.extend_from_slice(b"\",\"message\":");
    json::write_string(error.message(), &mut out);
    out.extend_from_slice(b",\"status\":");
    out.extend_from_slice(error.code().http_status().to_string().as_bytes());
    out.extend_from_slice(b",\"request_id\":\"");
    // A request id needs no escaping: its form has no quotes and no backslashes.
    out.extend_from_slice(request.as_str().as_bytes());
    out.push(b'"');
    if let Some(ErrorPlace { line, column, excerpt }) = error.place() {
        out.extend_from_slice(format!(",\"line\":{line},\"column\":{column},\"excerpt\":").as_bytes());
        json::write_string(excerpt, &mut out);
    }
    out.extend_from_slice(b",\"details\":[");
    for (position, detail) in error.details().iter().enumerate() {
        if position > 0 {
            out.push(b',');
        }
        out.extend_from_slice(b"{\"field\":");
        json::write_string(&detail.field, &mut out);
        out.extend_from_slice(b",\"code\":");
        json::write_string(detail.code, &mut out);
        out.extend_from_slice(b",\"message\":");
        json::write_string(&detail.message, &mut out);
        out.push(b'}');
    }
    out.extend_from_slice(b"]}}");
    out
}

/// The error and what caused it, for the log.
pub(crate) fn chain(error: &Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
