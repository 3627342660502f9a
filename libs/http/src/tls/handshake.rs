use std::io;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::rustls::server::Acceptor;
use tokio_rustls::server::TlsStream;

use super::watch::Tls;

/// How long a client may take for its part.
const LONGEST: Duration = Duration::from_secs(10);

impl Tls {
    /// The server's part of a handshake. Its cost is the signature after the client's first message; as many are computed at a time as there are cores, one
    /// after the other, so that a flood of new connections leaves room between them for the requests of the old ones. Nobody waits for the network in his turn.
    pub(crate) async fn accept<S: AsyncRead + AsyncWrite + Unpin>(&self, stream: S) -> io::Result<TlsStream<S>> {
        let handshake = async {
            let hello = LazyConfigAcceptor::new(Acceptor::default(), stream).await?;
            let turn = self.turns.acquire().await.map_err(io::Error::other)?;
            let mut rest = pin!(hello.into_stream(self.current()));
            let signed = futures::poll!(rest.as_mut());
            drop(turn);
            match signed {
                Poll::Ready(result) => result,
                Poll::Pending => rest.await,
            }
        };
        timeout(LONGEST, handshake).await.map_err(|_| io::ErrorKind::TimedOut)?
    }
}
