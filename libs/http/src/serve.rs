use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use ddb_core::Error;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::connection::Connections;
use crate::metrics::Connected;
use crate::sockets::{Seat, SocketLimits, Sockets};
use crate::tls::Tls;
use crate::{App, ConnectionTimes, context, error};

/// How long open requests may take once the process is asked to stop.
const DRAIN: Duration = Duration::from_secs(20);
/// How long accepting rests after an error such as "too many open files", which would otherwise repeat at once.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// Clients at a time that are told why they are not served; others are only closed.
const REFUSALS: usize = 64;
/// How long such a client has to read it.
const REFUSAL: Duration = Duration::from_secs(1);

/// Bound sockets. `localhost` is both 127.0.0.1 and, where the machine has it, ::1.
pub struct Listeners(Vec<TcpListener>);

impl Listeners {
    /// `address` is `host:port`; with port 0 the system chooses one.
    pub async fn bind(address: &str) -> io::Result<Self> {
        let Some(port) = address.strip_prefix("localhost:") else {
            return Ok(Self(vec![TcpListener::bind(address).await?]));
        };
        let port =
            port.parse().map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, "the port is not a number up to 65535"))?;
        let first = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let same = SocketAddr::from((Ipv6Addr::LOCALHOST, first.local_addr()?.port()));
        match TcpListener::bind(same).await {
            Ok(second) => Ok(Self(vec![first, second])),
            // Taken by another program: half of the clients would reach that one.
            Err(error) if error.kind() == io::ErrorKind::AddrInUse && port != 0 => Err(error),
            Err(error) => {
                tracing::debug!(%error, "not listening on ::1");
                Ok(Self(vec![first]))
            }
        }
    }

    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.0.iter().filter_map(|listener| listener.local_addr().ok()).collect()
    }
}

/// Serves until `shutdown`, then lets open requests finish for at most 20 s. With `tls` all sockets speak TLS, and nothing else.
pub async fn serve(
    listeners: Listeners,
    app: App,
    tls: Option<Tls>,
    limits: SocketLimits,
    times: ConnectionTimes,
    shutdown: CancellationToken,
) {
    let sockets = Sockets::new(limits);
    let refusals = Arc::new(Semaphore::new(REFUSALS));
    let speaks_tls = tls.is_some();
    let shared = Connections { app, tls: tls.clone(), times, shutdown: shutdown.clone(), streams: TaskTracker::new() };
    let mut connections = JoinSet::new();
    let (sender, mut accepted) = tokio::sync::mpsc::channel(64);
    let mut acceptors = JoinSet::new();
    for listener in listeners.0 {
        acceptors.spawn(accept(listener, sender.clone()));
    }
    drop(sender);
    if let Some(tls) = tls {
        // Beside the acceptors, because it ends with them.
        acceptors.spawn(async move { tls.follow().await });
    }
    loop {
        tokio::select! {
            () = shutdown.cancelled() => break,
            Some((stream, peer)) = accepted.recv() => {
                let from = (!shared.app.is_proxy(peer.ip())).then_some(peer.ip());
                match sockets.admit(from) {
                    Ok(seat) => {
                        let served = shared.clone().serve(stream, peer, seat.user());
                        connections.spawn(seated(seat, shared.app.metrics.connected(), served));
                    }
                    // A handshake would cost more than the answer is worth.
                    Err(_) if speaks_tls => shared.app.metrics.turned_away(),
                    Err(error) => {
                        shared.app.metrics.turned_away();
                        if let Ok(permit) = refusals.clone().try_acquire_owned() {
                            connections.spawn(refuse(stream, error, permit));
                        }
                    }
                }
            }
            // Finished connections are taken out as they end.
            Some(_) = connections.join_next() => {}
        }
    }
    // The sockets are closed first, so that nobody new waits for an answer that will not come.
    acceptors.shutdown().await;
    drop(accepted);
    let ended = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(DRAIN, ended).await.is_err() {
        tracing::warn!(seconds = DRAIN.as_secs(), "some requests did not finish in time and were cut off");
        connections.shutdown().await;
    }
    shared.streams.close();
    shared.streams.wait().await;
}

async fn accept(listener: TcpListener, accepted: tokio::sync::mpsc::Sender<(TcpStream, SocketAddr)>) {
    loop {
        match listener.accept().await {
            Ok(connection) => {
                if accepted.send(connection).await.is_err() {
                    return;
                }
            }
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// Serves a connection until it has to give way to others.
async fn seated(seat: Seat, _counted: Connected, connection: impl Future<Output = ()>) {
    tokio::select! {
        () = connection => {}
        () = seat.taken() => {}
    }
}

/// Tells a client why it is not served. Whether it hears it depends on how soon it reads.
async fn refuse(mut stream: TcpStream, error: Error, _permit: OwnedSemaphorePermit) {
    let request_id = context::new_request_id();
    // Not a warning: whoever opens too many would fill the log too.
    tracing::debug!(%error, "connection refused");
    let body = error::envelope(&error, &request_id);
    let head = format!(
        "HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\ncontent-length: {}\r\nretry-after: 1\r\nx-request-id: {}\r\n\
         connection: close\r\n\r\n",
        body.len(),
        request_id.as_str()
    );
    let answered = async {
        // An answer to what was not asked yet would not be understood. `readable` may be told too early.
        stream.peek(&mut [0]).await?;
        stream.write_all(&[head.as_bytes(), &body].concat()).await?;
        stream.shutdown().await?;
        // Closing with something unread would take the answer away again.
        tokio::io::copy(&mut stream, &mut tokio::io::sink()).await
    };
    let _ = tokio::time::timeout(REFUSAL, answered).await;
}
