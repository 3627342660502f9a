use std::time::Duration;

use ddb_testkit::Authority;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::site::Site;

pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
pub(crate) const RST_STREAM: u8 = 3;
pub(crate) const SETTINGS: u8 = 4;
pub(crate) const PING: u8 = 6;
pub(crate) const GOAWAY: u8 = 7;
pub(crate) const WINDOW_UPDATE: u8 = 8;
pub(crate) const CONTINUATION: u8 = 9;
pub(crate) const END_STREAM: u8 = 1;
pub(crate) const END_HEADERS: u8 = 4;

/// HTTP/2 frame by frame, for what no client library would send.
pub(crate) struct Frames(tokio_rustls::client::TlsStream<TcpStream>);

#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) kind: u8,
    pub(crate) stream: u32,
    pub(crate) payload: Vec<u8>,
}

impl Frames {
    pub(crate) async fn connect(authority: &Authority, site: &Site) -> Self {
        let mut stream = authority.connect(site.address, &["h2"]).await.expect("a handshake");
        stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.expect("the preface is sent");
        let mut frames = Self(stream);
        assert!(frames.send(&[frame(SETTINGS, 0, 0, &[])]).await);
        frames
    }

    /// Whether all were sent: a server that has had enough closes.
    pub(crate) async fn send(&mut self, frames: &[Vec<u8>]) -> bool {
        self.0.write_all(&frames.concat()).await.is_ok() && self.0.flush().await.is_ok()
    }

    /// The next frame; None at the end.
    pub(crate) async fn next(&mut self) -> Option<Frame> {
        timeout(Duration::from_secs(20), self.read()).await.expect("the server says something")
    }

    async fn read(&mut self) -> Option<Frame> {
        let mut head = [0; 9];
        self.0.read_exact(&mut head).await.ok()?;
        let mut payload = vec![0; usize::from(head[0]) << 16 | usize::from(head[1]) << 8 | usize::from(head[2])];
        self.0.read_exact(&mut payload).await.ok()?;
        let stream = u32::from_be_bytes([head[5], head[6], head[7], head[8]]) & 0x7fff_ffff;
        Some(Frame { kind: head[3], stream, payload })
    }

    /// The next frame of a kind; None at the end.
    pub(crate) async fn next_of(&mut self, kind: u8) -> Option<Frame> {
        loop {
            let frame = self.next().await?;
            if frame.kind == kind {
                return Some(frame);
            }
        }
    }
}

impl Frame {
    /// The error that a GOAWAY (after the last stream's number) or a RST_STREAM names.
    pub(crate) fn error(&self) -> u32 {
        let position = if self.kind == GOAWAY { 4 } else { 0 };
        let code = self.payload.get(position..position + 4).expect("a frame with a code");
        u32::from_be_bytes(code.try_into().expect("four bytes"))
    }
}

pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("a short frame").to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// Headers as HPACK's literals without an index.
pub(crate) fn fields(fields: &[(&str, &str)]) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in fields {
        block.push(0);
        for text in [name, value] {
            assert!(text.len() < 127, "a length of one byte");
            block.push(text.len() as u8);
            block.extend_from_slice(text.as_bytes());
        }
    }
    block
}

pub(crate) fn get(path: &str) -> Vec<u8> {
    fields(&[(":method", "GET"), (":scheme", "https"), (":path", path), (":authority", "localhost")])
}
