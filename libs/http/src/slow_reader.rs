use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep};

use crate::sockets::{InUse, User};

/// How long an answer may wait for a client that reads nothing.
const PATIENCE: Duration = Duration::from_secs(20);
/// Bytes that a client must take on average, beyond that.
const BYTES_PER_SECOND: u32 = 4096;

/// A stream that ends where its client does not read what it asked for. Time that a write waits is taken from a patience that what was read fills again.
pub(crate) struct SlowReader<S> {
    stream: S,
    user: User,
    patience: Patience,
    waiting: Option<Waiting>,
}

struct Waiting {
    since: Instant,
    end: Pin<Box<Sleep>>,
    _in_use: InUse,
}

/// How long the next write may wait.
struct Patience(Duration);

impl Patience {
    fn wrote(&mut self, bytes: usize, waited: Duration) {
        let read = Duration::from_secs_f64(bytes as f64 / f64::from(BYTES_PER_SECOND));
        self.0 = (self.0.saturating_sub(waited) + read).min(PATIENCE);
    }
}

impl<S> SlowReader<S> {
    pub(crate) fn new(stream: S, user: User) -> Self {
        Self { stream, user, patience: Patience(PATIENCE), waiting: None }
    }

    fn written(&mut self, result: Poll<io::Result<usize>>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        match result {
            Poll::Ready(Ok(bytes)) => {
                let waited = self.waiting.take().map_or(Duration::ZERO, |waiting| waiting.since.elapsed());
                self.patience.wrote(bytes, waited);
                Poll::Ready(Ok(bytes))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => {
                let waiting = self.waiting.get_or_insert_with(|| Waiting {
                    since: Instant::now(),
                    end: Box::pin(sleep(self.patience.0)),
                    _in_use: self.user.begin(),
                });
                match waiting.end.as_mut().poll(cx) {
                    Poll::Pending => Poll::Pending,
                    Poll::Ready(()) => Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the client does not read"))),
                }
            }
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for SlowReader<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for SlowReader<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.written(result, cx)
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write_vectored(cx, bytes);
        self.written(result, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Mutants: what was read fills the patience whole, however little it was; it is not filled at all.
    #[test]
    fn a_little_now_and_then_uses_the_patience_up_and_going_on_reading_does_not() {
        for (bytes, every, ends) in
            [(100, 5, true), (4000, 1, true), (4096, 1, false), (64 * 1024, 15, false), (1 << 20, 19, false)]
        {
            let mut patience = Patience(PATIENCE);
            let mut seconds = 0;
            while patience.0 > Duration::from_secs(every) && seconds < 10_000 {
                patience.wrote(bytes, Duration::from_secs(every));
                seconds += every;
            }
            assert_eq!(seconds < 10_000, ends, "{bytes} bytes every {every} s");
        }
    }
}
