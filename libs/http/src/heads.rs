use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

use crate::ConnectionTimes;
use crate::activity::Activity;

/// The client's side of a connection of HTTP/1.1, which ends where no request comes for too long, or begins and does not go on. What of a
/// head comes together with the request before it has the longer time: where one ends in what was read, only hyper knows.
pub(crate) struct Heads<S> {
    stream: S,
    activity: Arc<Activity>,
    times: ConnectionTimes,
    /// Requests whose head was complete at the last look.
    begun: usize,
    /// Since when the head of the next one comes; None while the client has said nothing of it.
    coming_since: Option<Instant>,
    /// When it was last seen that the connection is used.
    used: Instant,
    /// A write waits for the client.
    writes: bool,
    alarm: Pin<Box<Sleep>>,
}

impl<S> Heads<S> {
    /// The first head is expected at once.
    pub(crate) fn new(stream: S, activity: Arc<Activity>, times: ConnectionTimes) -> Self {
        let now = Instant::now();
        let alarm = Box::pin(sleep_until(now + times.headers));
        Self { stream, activity, times, begun: 0, coming_since: Some(now), used: now, writes: false, alarm }
    }

    /// After something was read.
    fn came(&mut self) {
        self.look();
        if !self.activity.is_open() && self.coming_since.is_none() {
            self.coming_since = Some(Instant::now());
        }
    }

    /// Whether a request has begun since the last look: then its head is there.
    fn look(&mut self) {
        let begun = self.activity.begun();
        if begun != self.begun {
            self.begun = begun;
            self.coming_since = None;
        }
    }

    /// What the client gets that sends nothing.
    fn poll_silent(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.look();
        loop {
            if self.writes || self.activity.is_open() {
                self.used = Instant::now();
                return Poll::Pending;
            }
            let end = match self.coming_since {
                Some(since) => since + self.times.headers,
                None => self.used + self.times.idle,
            };
            // Setting the alarm costs more than letting it ring too early.
            if end < self.alarm.deadline() {
                self.alarm.as_mut().reset(end);
            }
            if self.alarm.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            if Instant::now() >= end {
                return Poll::Ready(match self.coming_since {
                    Some(_) => Err(io::Error::new(io::ErrorKind::TimedOut, "the head of a request does not arrive")),
                    // As if the client had closed it, which is what it could have done.
                    None => Ok(()),
                });
            }
            self.alarm.as_mut().reset(end);
        }
    }

    fn wrote<T>(&mut self, result: Poll<T>) -> Poll<T> {
        self.writes = result.is_pending();
        self.used = Instant::now();
        result
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Heads<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        match Pin::new(&mut self.stream).poll_read(cx, buffer) {
            Poll::Pending => self.poll_silent(cx),
            Poll::Ready(result) => {
                if buffer.filled().len() > before {
                    self.came();
                }
                Poll::Ready(result)
            }
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Heads<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.wrote(result)
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write_vectored(cx, bytes);
        self.wrote(result)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = Pin::new(&mut self.stream).poll_flush(cx);
        self.wrote(result)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
