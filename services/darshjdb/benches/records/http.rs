//! A lean HTTP/1.1 client over one keep-alive connection: one request at a time, no pipelining. A request costs one
//! write, one read and a scan of the answer's head, so that the load generator leaves the cores to the servers.

use std::net::SocketAddr;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::{Result, fail};

/// Grows when an answer is larger; answers of one record fit.
const FIRST_BUFFER: usize = 8 * 1024;
/// Seeding answers of 500 records stay far below this; more is a server gone wrong.
const LARGEST_ANSWER: usize = 64 * 1024 * 1024;

pub(crate) struct Connection {
    address: SocketAddr,
    stream: TcpStream,
    buffer: Vec<u8>,
    /// Chunked bodies are put together here.
    joined: Vec<u8>,
    closing: bool,
}

pub(crate) struct Answer<'a> {
    pub(crate) status: u16,
    pub(crate) body: &'a [u8],
}

impl Answer<'_> {
    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> Result<Self> {
        let stream = connect(address).await?;
        Ok(Self { address, stream, buffer: vec![0; FIRST_BUFFER], joined: Vec::new(), closing: false })
    }

    /// Sends the bytes of one request and reads its whole answer.
    pub(crate) async fn exchange(&mut self, request: &[u8]) -> Result<Answer<'_>> {
        if self.closing {
            self.stream = connect(self.address).await?;
            self.closing = false;
        }
        self.stream.write_all(request).await?;

        let mut filled = 0;
        let head = loop {
            filled += self.read_more(filled).await?;
            if let Some(head) = Head::parse(&self.buffer[..filled])? {
                break head;
            }
        };
        self.closing = head.closes;
        let body = match head.body {
            Body::Sized(length) => {
                let end = head.length + length;
                while filled < end {
                    filled += self.read_more(filled).await?;
                }
                &self.buffer[head.length..end]
            }
            Body::Chunked => {
                while !join_chunks(&self.buffer[head.length..filled], &mut self.joined)? {
                    filled += self.read_more(filled).await?;
                }
                &self.joined[..]
            }
        };
        Ok(Answer { status: head.status, body })
    }

    /// One call with a JSON body, for everything that is not measured.
    pub(crate) async fn call(&mut self, method: &str, path: &str, token: Option<&str>, body: &str) -> Result<(u16, Value)> {
        let mut request = Vec::with_capacity(body.len() + 512);
        write_request(&mut request, method, path, token, body.as_bytes());
        let answer = self.exchange(&request).await?;
        let value = serde_json::from_slice(answer.body).unwrap_or(Value::Null);
        Ok((answer.status, value))
    }

    async fn read_more(&mut self, filled: usize) -> Result<usize> {
        if filled == self.buffer.len() {
            if filled >= LARGEST_ANSWER {
                return fail("the answer is larger than 64 MB");
            }
            self.buffer.resize(filled * 2, 0);
        }
        let count = self.stream.read(&mut self.buffer[filled..]).await?;
        if count == 0 { fail("the server closed the connection within an answer") } else { Ok(count) }
    }
}

/// Writes one whole request; the measured loop writes its own from prepared parts.
pub(crate) fn write_request(out: &mut Vec<u8>, method: &str, path: &str, token: Option<&str>, body: &[u8]) {
    out.extend_from_slice(method.as_bytes());
    out.push(b' ');
    out.extend_from_slice(path.as_bytes());
    out.extend_from_slice(request_tail(token, !body.is_empty()).as_bytes());
    if !body.is_empty() {
        out.extend_from_slice(body.len().to_string().as_bytes());
        out.extend_from_slice(b"\r\n\r\n");
        out.extend_from_slice(body);
    }
}

/// Everything from behind the path to the end of the head; with a body it stops where the length's digits follow.
pub(crate) fn request_tail(token: Option<&str>, has_body: bool) -> String {
    let mut tail = String::from(" HTTP/1.1\r\nHost: localhost\r\n");
    if let Some(token) = token {
        tail.push_str("Authorization: Bearer ");
        tail.push_str(token);
        tail.push_str("\r\n");
    }
    tail.push_str(if has_body { "Content-Type: application/json\r\nContent-Length: " } else { "\r\n" });
    tail
}

async fn connect(address: SocketAddr) -> Result<TcpStream> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

struct Head {
    status: u16,
    /// Bytes up to the body.
    length: usize,
    body: Body,
    closes: bool,
}

enum Body {
    Sized(usize),
    Chunked,
}

impl Head {
    fn parse(bytes: &[u8]) -> Result<Option<Self>> {
        let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else { return Ok(None) };
        let mut lines = bytes[..end].split(|byte| *byte == b'\n');
        let status = lines
            .next()
            .filter(|line| line.starts_with(b"HTTP/1.1 "))
            .and_then(|line| line.get(9..12))
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| digits.parse().ok());
        let Some(status) = status else { return fail("the answer has no HTTP/1.1 status line") };

        let mut head = Self { status, length: end + 4, body: Body::Sized(0), closes: false };
        for line in lines {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if let Some(value) = header(line, b"content-length") {
                let length = std::str::from_utf8(value).ok().and_then(|digits| digits.parse().ok());
                let Some(length) = length else { return fail("the answer's Content-Length is no number") };
                head.body = Body::Sized(length);
            } else if header(line, b"transfer-encoding").is_some() {
                head.body = Body::Chunked;
            } else if let Some(value) = header(line, b"connection") {
                head.closes = value.eq_ignore_ascii_case(b"close");
            }
        }
        Ok(Some(head))
    }
}

fn header<'a>(line: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let is_named = line.get(name.len()) == Some(&b':') && line[..name.len()].eq_ignore_ascii_case(name);
    is_named.then(|| line[name.len() + 1..].trim_ascii())
}

/// False while the last chunk is not there yet.
fn join_chunks(mut rest: &[u8], joined: &mut Vec<u8>) -> Result<bool> {
    joined.clear();
    loop {
        let Some(end) = rest.windows(2).position(|window| window == b"\r\n") else { return Ok(false) };
        let size = std::str::from_utf8(&rest[..end]).ok().and_then(|digits| usize::from_str_radix(digits.trim(), 16).ok());
        let Some(size) = size else { return fail("a chunk of the answer has no size") };
        let Some(chunk) = rest.get(end + 2..end + 2 + size + 2) else { return Ok(false) };
        if size == 0 {
            return Ok(true);
        }
        joined.extend_from_slice(&chunk[..size]);
        rest = &rest[end + 2 + size + 2..];
    }
}
