//! A running server elsewhere, over HTTP.

use std::time::Duration;

use ddb_core::{Error, ErrorCode, Result};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use hyper::{Method, Request, Uri};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::tls::Tls;

/// How long one request may take.
const LIMIT: Duration = Duration::from_secs(30);

/// A server and who asks it. A connection for each request: there are few, and proxies may close idle ones.
pub(super) struct Remote {
    authority: String,
    address: (String, u16),
    tls: Option<Tls>,
    prefix: String,
    /// None: `main`.
    namespace: Option<String>,
    token: Zeroizing<String>,
}

impl Remote {
    /// `https://host[:port]`, or `http://`.
    pub(super) fn new(url: &str, namespace: Option<String>, token: Zeroizing<String>) -> Result<Self> {
        let wrong = |why: &str| Error::bad_request(format!("`--url` {why}"));
        let uri: Uri = url.parse().map_err(|_| wrong("must have the form https://host:port"))?;
        let usual_port = match uri.scheme_str() {
            Some("http") => 80,
            Some("https") => 443,
            _ => return Err(wrong("must begin with http:// or https://")),
        };
        let authority = uri.authority().ok_or_else(|| wrong("names no host"))?;
        if authority.as_str().contains('@') {
            return Err(wrong("must not hold a user"));
        }
        let host = authority.host().trim_matches(['[', ']']).to_owned();
        let prefix = uri.path().trim_end_matches('/').to_owned();
        let tls = if usual_port == 443 { Some(Tls::to(&host)?) } else { None };
        Ok(Self {
            authority: authority.to_string(),
            address: (host, authority.port_u16().unwrap_or(usual_port)),
            tls,
            prefix,
            namespace,
            token,
        })
    }

    pub(super) async fn get(&self, path: &str) -> Result<Value> {
        self.send(Method::GET, path, None).await
    }

    pub(super) async fn post(&self, path: &str, body: &Value) -> Result<Value> {
        self.send(Method::POST, path, Some(body)).await
    }

    async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value> {
        let late = |_| Error::unavailable(format!("{} does not answer", self.authority));
        timeout(LIMIT, self.exchange(method, path, body)).await.map_err(late)?
    }

    async fn exchange(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value> {
        let lost = |error: &dyn std::fmt::Display| Error::unavailable(format!("{} cannot be reached: {error}", self.authority));
        let (host, port) = &self.address;
        let stream = TcpStream::connect((host.as_str(), *port)).await.map_err(|error| lost(&error))?;
        let stream: Box<dyn Stream> = match &self.tls {
            None => Box::new(stream),
            Some(tls) => Box::new(tls.connect(stream).await.map_err(|error| lost(&error))?),
        };
        let handshake = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await;
        let (mut sender, connection) = handshake.map_err(|error| lost(&error))?;
        let mut request = Request::builder();
        if let Some(namespace) = &self.namespace {
            request = request.header("x-ddb-namespace", namespace);
        }
        let request = request
            .method(method)
            .uri(format!("{}{path}", self.prefix))
            .header(HOST, &self.authority)
            .header(AUTHORIZATION, format!("Bearer {}", self.token.as_str()))
            .header(CONTENT_TYPE, "application/json")
            .body(Full::new(body.map_or_else(Bytes::new, |body| Bytes::from(body.to_string()))))
            .map_err(|_| Error::bad_request("the token holds characters that no token has"))?;
        let exchange = async {
            let answer = sender.send_request(request).await?;
            let status = answer.status().as_u16();
            Ok((status, answer.into_body().collect().await?.to_bytes()))
        };
        tokio::pin!(exchange);
        let outcome: Result<(u16, Bytes), hyper::Error> = tokio::select! {
            outcome = &mut exchange => outcome,
            // The connection may end before the answer is read to its end.
            _ = connection => exchange.await,
        };
        let (status, bytes) = outcome.map_err(|error| lost(&error))?;
        let answer: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        match (status, answer["error"]["message"].as_str()) {
            (200..300, _) => Ok(answer),
            (status, Some(message)) => Err(Error::new(code(status), format!("{} says: {message}", self.authority))),
            (status, None) => Err(Error::unavailable(format!("{} answers with status {status} and no reason", self.authority))),
        }
    }
}

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// Only whether trying again can help counts here; the words are the server's.
fn code(status: u16) -> ErrorCode {
    if status >= 500 { ErrorCode::Unavailable } else { ErrorCode::BadRequest }
}
