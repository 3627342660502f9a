use std::sync::Arc;

use axum::body::Body;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use ddb_core::{Error, ErrorCode, ErrorPlace, RequestId, json};

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
    out.extend_from_slice(b"{\"error\":");
    write(error, request, &mut out);
    out.push(b'}');
    out
}

/// The error as it stands in an envelope.
pub(crate) fn write(error: &Error, request: &RequestId, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"code\":\"");
    out.extend_from_slice(error.code().as_str().as_bytes());
    out.extend_from_slice(b"\",\"message\":");
    json::write_string(error.message(), out);
    out.extend_from_slice(b",\"status\":");
    out.extend_from_slice(error.code().http_status().to_string().as_bytes());
    out.extend_from_slice(b",\"request_id\":\"");
    // A request id needs no escaping: its form has no quotes and no backslashes.
    out.extend_from_slice(request.as_str().as_bytes());
    out.push(b'"');
    if let Some(ErrorPlace { line, column, excerpt }) = error.place() {
        out.extend_from_slice(format!(",\"line\":{line},\"column\":{column},\"excerpt\":").as_bytes());
        json::write_string(excerpt, out);
    }
    out.extend_from_slice(b",\"details\":[");
    for (position, detail) in error.details().iter().enumerate() {
        if position > 0 {
            out.push(b',');
        }
        out.extend_from_slice(b"{\"field\":");
        json::write_string(&detail.field, out);
        out.extend_from_slice(b",\"code\":");
        json::write_string(detail.code, out);
        out.extend_from_slice(b",\"message\":");
        json::write_string(&detail.message, out);
        out.push(b'}');
    }
    out.extend_from_slice(b"]}");
}

/// The error of a part of a request whose other parts are answered: it is logged here, and stands in the answer as in an envelope.
pub fn write_error_of_part(error: &Error, request: &RequestId, out: &mut Vec<u8>) {
    log(error, request);
    write(error, request, out);
}

/// Once, here: whoever made the error did not log it. Neither values nor tokens nor bodies are in it.
pub(crate) fn log(error: &Error, request_id: &RequestId) {
    let request_id = request_id.as_str();
    let code = error.code();
    if code == ErrorCode::Internal {
        tracing::error!(request_id, "{}: {}", code.as_str(), error.told());
    } else if code.http_status() >= 500 {
        tracing::warn!(request_id, "{}: {}", code.as_str(), error.told());
    } else {
        tracing::debug!(request_id, code = code.as_str(), "request refused");
    }
}
