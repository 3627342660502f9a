use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use hyper::Request;
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::rt::Executor;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{Instant, interval_at, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::App;
use crate::linger::Linger;
use crate::slow_reader::SlowReader;
use crate::sockets::{InUse, User};
use crate::tls::Tls;

/// How long headers may take in HTTP/1.1, and how long such a connection may stay without a request.
const HEADERS_TIMEOUT: Duration = Duration::from_secs(10);

/// Requests that are open at a time on a connection of HTTP/2.
const STREAMS: u32 = 100;
/// Streams that were reset before they were looked at; a client that has more is cut off (CVE-2023-44487).
const UNSEEN_RESETS: usize = 20;
/// Streams that were reset for errors of the client; one that has more is cut off (CVE-2025-8671).
const RESETS_FOR_ERRORS: usize = 100;
/// Bytes of headers as HTTP/2 counts them: above what `App` refuses with the envelope, so that this bound answers only what is far beyond.
const HEADERS_BYTES: u32 = 32 * 1024;
/// Bytes that a connection may send before somebody reads them.
const WINDOW: u32 = 256 * 1024;
const PING_EVERY: Duration = Duration::from_secs(30);
const PONG_WITHIN: Duration = Duration::from_secs(10);
/// A connection of HTTP/2 without a request for this long, up to twice, is closed.
const IDLE: Duration = Duration::from_secs(60);
/// How long a client may go on reading answers once its connection closes.
const CLOSING: Duration = Duration::from_secs(300);

/// What all connections share. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Connections {
    pub(crate) app: App,
    pub(crate) tls: Option<Tls>,
    pub(crate) shutdown: CancellationToken,
    /// The requests of HTTP/2, each a task of its own.
    pub(crate) streams: TaskTracker,
}

impl Connections {
    /// Serves one connection to its end. At the shutdown its open requests are answered, without a limit of time here.
    pub(crate) async fn serve(self, stream: TcpStream, peer: SocketAddr, user: User) {
        // Answers are small and written at once; waiting to fill a packet would only delay them.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "cannot set TCP_NODELAY");
        }
        let stream = Linger::new(SlowReader::new(stream, user.clone()), self.shutdown.clone());
        let result = match self.tls.clone() {
            // Without TLS nothing tells the version before it is spoken, and browsers speak HTTP/1.1 there.
            None => self.http1(stream, peer, user).await,
            Some(tls) => match self.shutdown.run_until_cancelled(tls.accept(stream)).await {
                Some(Ok(stream)) if stream.get_ref().1.alpn_protocol() == Some(b"h2") => self.http2(stream, peer, user).await,
                Some(Ok(stream)) => self.http1(stream, peer, user).await,
                Some(Err(error)) => return tracing::debug!(%error, "handshake failed"),
                None => return,
            },
        };
        if let Err(error) = result {
            // A client that went away or did not speak HTTP; it has had its answer where there was one.
            tracing::debug!(%error, "connection ended");
        }
    }

    async fn http1(
        self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        peer: SocketAddr,
        user: User,
    ) -> hyper::Result<()> {
        let app = self.app;
        let service = service_fn(move |request: Request<Incoming>| {
            let (app, in_use) = (app.clone(), user.begin());
            async move {
                let answer = app.answer(peer.ip(), request.map(Body::new)).await;
                drop(in_use);
                Ok::<_, Infallible>(answer)
            }
        });
        let mut builder = http1::Builder::new();
        builder.timer(TokioTimer::new()).header_read_timeout(HEADERS_TIMEOUT);
        let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
        // A token of its own: all connections would contend for the lock of a shared one each time that they are polled.
        let shutdown = self.shutdown.child_token();
        tokio::select! {
            biased;
            result = connection.as_mut() => return result,
            () = shutdown.cancelled() => connection.as_mut().graceful_shutdown(),
        }
        connection.await
    }

    async fn http2(
        self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        peer: SocketAddr,
        user: User,
    ) -> hyper::Result<()> {
        let (app, activity) = (self.app, Arc::new(Activity::default()));
        let seen = activity.clone();
        let service = service_fn(move |request: Request<Incoming>| {
            let (app, open) = (app.clone(), OpenRequest::begin(&seen, user.begin()));
            async move {
                let answer = app.answer(peer.ip(), request.map(Body::new)).await;
                Ok::<_, Infallible>(answer.map(|body| OpenBody { body, _open: open }))
            }
        });
        let mut builder = http2::Builder::new(Streams(self.streams));
        builder
            .timer(TokioTimer::new())
            .max_concurrent_streams(STREAMS)
            .max_pending_accept_reset_streams(UNSEEN_RESETS)
            .max_local_error_reset_streams(RESETS_FOR_ERRORS)
            .max_header_list_size(HEADERS_BYTES)
            .initial_stream_window_size(WINDOW)
            .initial_connection_window_size(WINDOW)
            .keep_alive_interval(PING_EVERY)
            .keep_alive_timeout(PONG_WITHIN);
        let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
        tokio::select! {
            biased;
            result = connection.as_mut() => return result,
            () = self.shutdown.cancelled() => {}
            () = activity.ceases() => {}
        }
        if !activity.ever.load(Ordering::Relaxed) {
            // Perhaps the client has not even said that it speaks HTTP/2; nobody waits for an answer.
            return Ok(());
        }
        connection.as_mut().graceful_shutdown();
        // Also a client that has stopped reading holds a connection for a limited time.
        timeout(CLOSING, connection).await.unwrap_or(Ok(()))
    }
}

/// Whether a connection of HTTP/2 is used. HTTP/1.1 has a timeout for the next head instead.
#[derive(Default)]
struct Activity {
    open: AtomicUsize,
    /// Since the last look.
    used: AtomicBool,
    /// Since the connection was made.
    ever: AtomicBool,
}

impl Activity {
    /// Waits until no request was open for a whole interval.
    async fn ceases(&self) {
        let mut looks = interval_at(Instant::now() + IDLE, IDLE);
        loop {
            looks.tick().await;
            if !self.used.swap(false, Ordering::Relaxed) && self.open.load(Ordering::Relaxed) == 0 {
                return;
            }
        }
    }
}

struct OpenRequest(Arc<Activity>, #[expect(dead_code, reason = "it is held")] InUse);

impl OpenRequest {
    fn begin(activity: &Arc<Activity>, in_use: InUse) -> Self {
        activity.used.store(true, Ordering::Relaxed);
        activity.ever.store(true, Ordering::Relaxed);
        activity.open.fetch_add(1, Ordering::Relaxed);
        Self(activity.clone(), in_use)
    }
}

impl Drop for OpenRequest {
    fn drop(&mut self) {
        self.0.used.store(true, Ordering::Relaxed);
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The body of an answer; its request is open until it is handed over.
struct OpenBody {
    body: Body,
    _open: OpenRequest,
}

impl hyper::body::Body for OpenBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Runs the requests of HTTP/2 as tasks that the server waits for at its end.
#[derive(Clone)]
struct Streams(TaskTracker);

impl<F: Future<Output = ()> + Send + 'static> Executor<F> for Streams {
    fn execute(&self, stream: F) {
        // A stream ends with its connection, and the tracker knows it until then.
        drop(self.0.spawn(stream));
    }
}
