use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderName, HeaderValue};
use hyper::{HeaderMap, Method, Request, Response, Version};
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::rustls::ClientConfig;

use crate::Authority;
use crate::tls;

/// A small HTTP client: a connection for each request, so that no test depends on what another left in a pool.
#[derive(Debug, Clone)]
pub struct Client {
    pub address: SocketAddr,
    pub token: Option<String>,
    headers: Vec<(String, String)>,
    /// None: plain HTTP.
    tls: Option<Arc<ClientConfig>>,
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
    /// Null where the body is not JSON.
    pub json: Value,
}

impl Answer {
    /// The answers in what a server sent over one connection; none of them may be chunked or without a body where one is announced.
    #[track_caller]
    pub fn parse_all(mut bytes: &[u8]) -> Vec<Self> {
        let mut answers = Vec::new();
        while !bytes.is_empty() {
            let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").expect("an answer has a head");
            let head = std::str::from_utf8(&bytes[..end]).expect("a head is ASCII");
            let mut lines = head.split("\r\n");
            let status = lines.next().and_then(|line| line.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()).expect("a status");
            let mut headers = HeaderMap::new();
            for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
                headers.append(HeaderName::try_from(name).expect("a name"), HeaderValue::try_from(value).expect("a value"));
            }
            let length = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok()).unwrap_or(0);
            let (body, rest) = bytes[end + 4..].split_at(length);
            let json = serde_json::from_slice(body).unwrap_or_default();
            answers.push(Self { status, headers, body: Bytes::copy_from_slice(body), json });
            bytes = rest;
        }
        answers
    }

    /// Empty where the header is absent.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The error's code; empty where the answer is no error.
    pub fn code(&self) -> &str {
        self.json["error"]["code"].as_str().unwrap_or_default()
    }

    /// The path of the one record that the answer holds; its key must be one that reads as itself.
    #[track_caller]
    pub fn path(&self) -> String {
        let id = self.json["data"]["id"].as_str().unwrap_or_else(|| panic!("no record: {}", self.text()));
        format!("/api/data/{}", id.replacen(':', "/", 1))
    }

    /// The transaction that the answer's body names.
    #[track_caller]
    pub fn tx(&self) -> i64 {
        self.json["tx"].as_i64().unwrap_or_else(|| panic!("no tx: {}", self.text()))
    }

    /// The records of a list.
    #[track_caller]
    pub fn records(&self) -> &[Value] {
        self.json["data"].as_array().unwrap_or_else(|| panic!("no list: {}", self.text()))
    }

    /// The ids of a list's records, in its order.
    #[track_caller]
    pub fn ids(&self) -> Vec<&str> {
        self.records().iter().map(|record| record["id"].as_str().expect("a record has an id")).collect()
    }

    /// All that a caller can tell from the answer, without what is different each time: the time, the request id, the transaction that the server
    /// happens to know as its newest (other tests write meanwhile), and `words`, the names of what was asked for.
    pub fn blind(&self, words: &[&str]) -> String {
        let unequal = ["date", "x-request-id", "x-ddb-tx"];
        let mut headers: Vec<String> = self
            .headers
            .iter()
            .filter(|(name, _)| !unequal.contains(&name.as_str()))
            .map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(value.as_bytes())))
            .collect();
        headers.sort();
        // The id first: a short word may stand in its digits.
        let mut body = self.text();
        for word in [self.header("x-request-id")].iter().chain(words).filter(|word| !word.is_empty()) {
            body = body.replace(word, "…");
        }
        format!("{}\n{}\n{body}", self.status, headers.join("\n"))
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Asserts the status, with the body in the message.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text());
        self
    }

    /// Asserts that this is an error with the whole envelope.
    #[track_caller]
    pub fn expect_error(self, status: u16, code: &str) -> Self {
        assert_eq!((self.status, self.code()), (status, code), "{}", self.text());
        let error = &self.json["error"];
        assert_eq!(error["status"], status, "{error}");
        assert!(error["message"].is_string() && error["details"].is_array(), "{error}");
        assert_eq!(error["request_id"].as_str(), Some(self.header("x-request-id")), "{error}");
        self
    }
}

impl Client {
    pub fn new(address: SocketAddr) -> Self {
        Self { address, token: None, headers: Vec::new(), tls: None }
    }

    #[must_use]
    pub fn with_token(&self, token: impl Into<String>) -> Self {
        Self { token: Some(token.into()), ..self.clone() }
    }

    /// None: anonymous.
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// The same client, with one more header on each request.
    #[must_use]
    pub fn with_header(&self, name: &str, value: &str) -> Self {
        let mut client = self.clone();
        client.headers.push((name.to_owned(), value.to_owned()));
        client
    }

    /// The same client over TLS, which trusts the certificates of `authority`; `protocols` are offered by ALPN, `h2` and `http/1.1`.
    #[must_use]
    pub fn over_tls(&self, authority: &Authority, protocols: &[&str]) -> Self {
        self.over(Some(authority.client(protocols)))
    }

    pub(crate) fn over(&self, tls: Option<Arc<ClientConfig>>) -> Self {
        Self { tls, ..self.clone() }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, None).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send_json(Method::POST, path, body).await
    }

    pub async fn patch(&self, path: &str, body: &Value) -> Answer {
        self.send_json(Method::PATCH, path, body).await
    }

    pub async fn put(&self, path: &str, body: &Value) -> Answer {
        self.send_json(Method::PUT, path, body).await
    }

    pub async fn send_json(&self, method: Method, path: &str, body: &Value) -> Answer {
        self.send(method, path, Some(("application/json", body.to_string().into()))).await
    }

    /// JSON as it is written, for what no serializer would write.
    pub async fn send_text(&self, method: Method, path: &str, json: impl Into<Bytes>) -> Answer {
        self.send(method, path, Some(("application/json", json.into()))).await
    }

    /// `body` with its content type.
    pub async fn send(&self, method: Method, path: &str, body: Option<(&str, Bytes)>) -> Answer {
        self.try_send(method.clone(), path, body).await.unwrap_or_else(|error| panic!("{method} {path}: {error}"))
    }

    /// For servers that may be away.
    pub async fn try_send(&self, method: Method, path: &str, body: Option<(&str, Bytes)>) -> Result<Answer, Failure> {
        let stream = TcpStream::connect(self.address).await?;
        let mut request = Request::builder().method(method).uri(path);
        if let Some(token) = &self.token {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let bytes = match body {
            Some((content_type, bytes)) => {
                request = request.header(CONTENT_TYPE, content_type);
                bytes
            }
            None => Bytes::new(),
        };
        let mut request = request.body(Full::new(bytes))?;
        let host = self.address.to_string();
        let Some(tls) = &self.tls else {
            request.headers_mut().insert(HOST, host.try_into()?);
            return over_http1(stream, request).await;
        };
        let stream = tls::connect(tls.clone(), stream).await?;
        if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
            *request.uri_mut() = format!("https://{host}{path}").parse()?;
            *request.version_mut() = Version::HTTP_2;
            over_http2(stream, request).await
        } else {
            request.headers_mut().insert(HOST, host.try_into()?);
            over_http1(stream, request).await
        }
    }

    /// Writes a request of any length piece by piece and reads the answer meanwhile, as a client does that sends a large body.
    pub async fn upload(&self, head: &[u8], pieces: impl Iterator<Item = Bytes>) -> std::io::Result<Vec<u8>> {
        let mut stream = TcpStream::connect(self.address).await?;
        let (mut reader, mut writer) = stream.split();
        let writing = async {
            writer.write_all(head).await?;
            for piece in pieces {
                writer.write_all(&piece).await?;
            }
            Ok::<_, std::io::Error>(())
        };
        let reading = async {
            let mut answer = Vec::new();
            reader.read_to_end(&mut answer).await?;
            Ok::<_, std::io::Error>(answer)
        };
        // A server that has answered may close before it has read everything.
        let (_, answer) = tokio::join!(writing, reading);
        answer
    }

    /// Sends bytes as they are and no more; whatever comes back, and however the connection ends, is fine.
    pub async fn cut_off(&self, bytes: &[u8]) {
        let mut stream = TcpStream::connect(self.address).await.expect("the server takes connections");
        if stream.write_all(bytes).await.is_ok() && stream.shutdown().await.is_ok() {
            let _ = stream.read_to_end(&mut Vec::new()).await;
        }
    }

    /// Sends bytes as they are and reads to the end, for requests that no client library would send. `connection: close` is up to the bytes.
    pub async fn raw(&self, bytes: &[u8]) -> std::io::Result<Vec<u8>> {
        let mut stream = TcpStream::connect(self.address).await?;
        stream.write_all(bytes).await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        Ok(answer)
    }
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

async fn over_http1(stream: impl Stream, request: Request<Full<Bytes>>) -> Result<Answer, Failure> {
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    exchange(async move { sender.send_request(request).await }, connection).await
}

async fn over_http2(stream: impl Stream, request: Request<Full<Bytes>>) -> Result<Answer, Failure> {
    let (mut sender, connection) = hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await?;
    exchange(async move { sender.send_request(request).await }, connection).await
}

async fn exchange(
    sent: impl Future<Output = hyper::Result<Response<Incoming>>>,
    connection: impl Future<Output = hyper::Result<()>>,
) -> Result<Answer, Failure> {
    let exchange = async {
        let (parts, body) = sent.await?.into_parts();
        let body = body.collect().await?.to_bytes();
        let json = serde_json::from_slice(&body).unwrap_or_default();
        Ok(Answer { status: parts.status.as_u16(), headers: parts.headers, body, json })
    };
    tokio::pin!(exchange);
    tokio::select! {
        answer = &mut exchange => answer,
        // The connection may end before the answer is read to its end.
        _ = connection => exchange.await,
    }
}

trait Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> Stream for S {}
