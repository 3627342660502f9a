//! Headers that make a request conditional, or repeatable, are met or refused, never ignored: who sends one relies on it.

use axum::extract::{MatchedPath, Request};
use axum::http::Method;
use axum::http::header::{IF_MATCH, IF_NONE_MATCH, IF_UNMODIFIED_SINCE};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use ddb_core::{Error, Result};

use crate::ApiError;
use crate::idempotency::{self, IDEMPOTENCY_KEY};

/// How the path of a route ends that writes a record which exists.
const WRITES_A_RECORD: [&str; 2] = ["/{table}/{key}", "/{table}/{key}/restore"];

/// Runs once route and method are known, before the extractors: where there is none, that weighs more. The answer carries the route, for who measures it.
pub(crate) async fn refuse_unknown(request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().cloned();
    let mut response = match check(&request) {
        Ok(()) => next.run(request).await,
        Err(error) => ApiError(error).into_response(),
    };
    if let Some(route) = route {
        response.extensions_mut().insert(route);
    }
    response
}

fn check(request: &Request) -> Result<()> {
    let headers = request.headers();
    let no_route = || Error::internal("a request came past the router");
    let path = request.extensions().get::<MatchedPath>().ok_or_else(no_route)?;
    if headers.contains_key(IF_MATCH) && !takes_if_match(request.method(), path.as_str()) {
        return Err(Error::bad_request(
            "the header `if-match` belongs to PATCH, PUT, DELETE and restore of a record that exists; this request does not take it",
        ));
    }
    if headers.contains_key(IDEMPOTENCY_KEY) && !idempotency::is_taken(request.method(), path.as_str()) {
        return Err(Error::bad_request(
            "the header `idempotency-key` belongs to requests that write records; this request does not take it",
        ));
    }
    if headers.contains_key(IF_UNMODIFIED_SINCE) {
        return Err(Error::bad_request(
            "the header `if-unmodified-since` is not known to this version; `if-match` names a version",
        ));
    }
    // A read may answer in full whatever the client has already.
    if is_write(request.method()) && headers.contains_key(IF_NONE_MATCH) && !takes_if_none_match(request.method(), path.as_str())
    {
        return Err(Error::bad_request(
            "the header `if-none-match` belongs to reads and to PUT of a record; this request does not take it",
        ));
    }
    Ok(())
}

/// Whether the route with this path takes `If-Match`.
pub(crate) fn takes_if_match(method: &Method, path: &str) -> bool {
    is_write(method) && WRITES_A_RECORD.iter().any(|end| path.ends_with(end))
}

/// Whether the route with this path takes `If-None-Match: *`.
pub(crate) fn takes_if_none_match(method: &Method, path: &str) -> bool {
    *method == Method::PUT && path.ends_with(WRITES_A_RECORD[0])
}

fn is_write(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD)
}
