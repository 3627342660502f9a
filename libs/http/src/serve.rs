use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::App;
use crate::connection::Connections;
use crate::tls::Tls;

/// How long open requests may take once the process is asked to stop.
const DRAIN: Duration = Duration::from_secs(20);
/// How long accepting rests after an error such as "too many open files", which would otherwise repeat at once.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

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
pub async fn serve(listeners: Listeners, app: App, tls: Option<Tls>, shutdown: CancellationToken) {
    let shared = Connections { app, tls: tls.clone(), shutdown: shutdown.clone(), streams: TaskTracker::new() };
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
                connections.spawn(shared.clone().serve(stream, peer));
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
