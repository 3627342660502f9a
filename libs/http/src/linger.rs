use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep};
use tokio_util::sync::CancellationToken;

use crate::slow_reader::SlowReader;

/// How long a client that still sends may go on doing so after it was answered.
const LONGEST: Duration = Duration::from_secs(2);

/// A socket that reads what the client still sends before it closes. Closing with unread bytes makes TCP reset the connection, and the client would lose
/// the answer that tells it why (a body that is too large). A process that shuts down does not wait.
pub(crate) struct Linger {
    stream: SlowReader<TcpStream>,
    shutdown: CancellationToken,
    closing: Option<Pin<Box<Sleep>>>,
}

impl Linger {
    pub(crate) fn new(stream: SlowReader<TcpStream>, shutdown: CancellationToken) -> Self {
        Self { stream, shutdown, closing: None }
    }

    /// Ready at the end of what the client sends, or when it has taken too long.
    fn poll_discard(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(deadline) = self.closing.as_mut() else { return Poll::Ready(()) };
        let mut scratch = [0; 16 * 1024];
        loop {
            if deadline.as_mut().poll(cx).is_ready() {
                return Poll::Ready(());
            }
            let mut buffer = ReadBuf::new(&mut scratch);
            match ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buffer)) {
                Ok(()) if !buffer.filled().is_empty() => continue,
                _ => return Poll::Ready(()),
            }
        }
    }
}

impl AsyncRead for Linger {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Linger {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.closing.is_none() {
            ready!(Pin::new(&mut self.stream).poll_shutdown(cx))?;
            if self.shutdown.is_cancelled() {
                return Poll::Ready(Ok(()));
            }
            self.closing = Some(Box::pin(sleep(LONGEST)));
        }
        ready!(self.poll_discard(cx));
        Poll::Ready(Ok(()))
    }
}
