use std::time::Duration;

use bytes::Bytes;
use ddb_core::{Error, Result};
use http_body_util::{BodyExt, Full, Limited};
use hyper::header::{HOST, HeaderValue};
use hyper::{Request, Response, Uri};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::tls::Tls;

/// A larger answer is an error.
const MAX_ANSWER: usize = 64 << 20;

/// A server elsewhere, over HTTP/1.1. A connection for each request: there are few, and proxies may close idle ones. No redirect is followed.
pub struct Upstream {
    authority: String,
    address: (String, u16),
    tls: Option<Tls>,
    prefix: String,
}

/// Without the path, which may hold what is not meant for a log.
impl std::fmt::Debug for Upstream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.authority)
    }
}

impl Upstream {
    /// `https://host[:port][/prefix]`, or `http://`. The error completes a sentence about the URL, and never quotes it.
    pub fn at(url: &str) -> Result<Self> {
        let wrong = |why: &str| Error::bad_request(why.to_owned());
        let uri: Uri = url.parse().map_err(|_| wrong("must have the form https://host:port, or http://"))?;
        let usual_port = match uri.scheme_str() {
            Some("http") => 80,
            Some("https") => 443,
            _ => return Err(wrong("must begin with http:// or https://")),
        };
        let authority = uri.authority().ok_or_else(|| wrong("names no host"))?;
        if authority.as_str().contains('@') {
            return Err(wrong("must not hold a user"));
        }
        if authority.as_str().rsplit_once(':').is_some_and(|(_, port)| !port.ends_with(']') && port.parse::<u16>().is_err()) {
            return Err(wrong("names a port that is none"));
        }
        if uri.query().is_some() {
            return Err(wrong("must not hold a query"));
        }
        let host = authority.host().trim_matches(['[', ']']).to_owned();
        let prefix = uri.path().trim_end_matches('/').to_owned();
        let tls = if usual_port == 443 { Some(Tls::to(&host)?) } else { None };
        let address = (host, authority.port_u16().unwrap_or(usual_port));
        Ok(Self { authority: authority.to_string(), address, tls, prefix })
    }

    /// Host and port, as the URL named them.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// Sends a request whose URI is a path below the prefix, and waits for the whole answer, whatever its status. `UNAVAILABLE` where there is none in time.
    pub async fn send(&self, request: Request<Full<Bytes>>, within: Duration) -> Result<Response<Bytes>> {
        let late = |_| Error::unavailable(format!("{} does not answer", self.authority));
        timeout(within, self.exchange(request)).await.map_err(late)?
    }

    async fn exchange(&self, mut request: Request<Full<Bytes>>) -> Result<Response<Bytes>> {
        let lost = |error: &dyn std::fmt::Display| Error::unavailable(format!("{} cannot be reached: {error}", self.authority));
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
        *request.uri_mut() = format!("{}{path}", self.prefix).parse().map_err(Error::internal)?;
        request.headers_mut().insert(HOST, HeaderValue::from_str(&self.authority).map_err(Error::internal)?);
        let (host, port) = &self.address;
        let stream = TcpStream::connect((host.as_str(), *port)).await.map_err(|error| lost(&error))?;
        let stream: Box<dyn Stream> = match &self.tls {
            None => Box::new(stream),
            Some(tls) => Box::new(tls.connect(stream).await.map_err(|error| lost(&error))?),
        };
        let handshake = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await;
        let (mut sender, connection) = handshake.map_err(|error| lost(&error))?;
        let exchange = async {
            let (head, body) = sender.send_request(request).await.map_err(|error| lost(&error))?.into_parts();
            let body = Limited::new(body, MAX_ANSWER).collect().await.map_err(|error| lost(&error))?.to_bytes();
            Ok(Response::from_parts(head, body))
        };
        tokio::pin!(exchange);
        tokio::select! {
            outcome = &mut exchange => outcome,
            // The connection may end before the answer is read to its end.
            _ = connection => exchange.await,
        }
    }
}

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}
