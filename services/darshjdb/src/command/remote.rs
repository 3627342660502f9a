//! A running server elsewhere, over HTTP.

use std::time::Duration;

use ddb_core::{Error, ErrorCode, Result};
use ddb_http::Upstream;
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE};
use hyper::{Method, Request};
use serde_json::Value;
use zeroize::Zeroizing;

/// How long one request may take.
const LIMIT: Duration = Duration::from_secs(30);

/// A server, and the token of the caller.
pub(super) struct Remote {
    server: Upstream,
    /// None: `main`.
    namespace: Option<String>,
    token: Zeroizing<String>,
}

impl Remote {
    /// `https://host[:port]`, or `http://`.
    pub(super) fn new(url: &str, namespace: Option<String>, token: Zeroizing<String>) -> Result<Self> {
        let server = Upstream::at(url).map_err(|error| Error::bad_request(format!("`--url` {}", error.message())))?;
        Ok(Self { server, namespace, token })
    }

    pub(super) async fn get(&self, path: &str) -> Result<Value> {
        self.send(Method::GET, path, None).await
    }

    pub(super) async fn post(&self, path: &str, body: &Value) -> Result<Value> {
        self.send(Method::POST, path, Some(body)).await
    }

    async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value> {
        let mut request = Request::builder();
        if let Some(namespace) = &self.namespace {
            request = request.header("x-ddb-namespace", namespace);
        }
        let request = request
            .method(method)
            .uri(path)
            .header(AUTHORIZATION, format!("Bearer {}", self.token.as_str()))
            .header(CONTENT_TYPE, "application/json")
            .body(Full::new(body.map_or_else(Bytes::new, |body| Bytes::from(body.to_string()))))
            .map_err(|_| Error::bad_request("the token holds characters that no token has"))?;
        let answer = self.server.send(request, LIMIT).await?;
        let status = answer.status().as_u16();
        let answer: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
        let authority = self.server.authority();
        match (status, answer["error"]["message"].as_str()) {
            (200..300, _) => Ok(answer),
            (status, Some(message)) => Err(Error::new(code(status), format!("{authority} says: {message}"))),
            (status, None) => Err(Error::unavailable(format!("{authority} answers with status {status} and no reason"))),
        }
    }
}

/// The code tells only whether another attempt can help; the words are the server's.
fn code(status: u16) -> ErrorCode {
    if status >= 500 { ErrorCode::Unavailable } else { ErrorCode::BadRequest }
}
