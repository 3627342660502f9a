use std::convert::Infallible;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use axum::body::Body;
use hyper::Request;
use hyper::body::Incoming;
use hyper::rt::Executor;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::activity::Activity;
use crate::answer_body::AnswerBody;
use crate::heads::Heads;
use crate::linger::Linger;
use crate::slow_reader::SlowReader;
use crate::sockets::User;
use crate::tls::Tls;
use crate::unread::{UNREAD, Unread, Watch};
use crate::{App, ConnectionTimes};

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
/// How long a client may go on reading answers once its connection closes.
const CLOSING: Duration = Duration::from_secs(300);

/// What all connections share. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Connections {
    pub(crate) app: App,
    pub(crate) tls: Option<Tls>,
    pub(crate) times: ConnectionTimes,
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
        let stream = Linger::new(SlowReader::new(stream, user.clone(), self.times.unread), self.shutdown.clone());
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
        let (app, activity) = (self.app, Arc::new(Activity::default()));
        let stream = Heads::new(stream, activity.clone(), self.times);
        let service = service_fn(move |request: Request<Incoming>| {
            let (app, open) = (app.clone(), activity.begin(&user));
            async move {
                let answer = app.answer(peer.ip(), request.map(Body::new)).await;
                Ok::<_, Infallible>(answer.map(|body| AnswerBody::new(body, open, None)))
            }
        });
        let mut builder = http1::Builder::new();
        // hyper has one time for the headers and for waiting for them, and `Heads`, which closes before, has two. But only with a time of its own hyper
        // reads on after each answer, and so asks `Heads`.
        builder.timer(TokioTimer::new()).header_read_timeout(self.times.idle + self.times.headers);
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
        let (app, activity, times) = (self.app, Arc::new(Activity::default()), self.times);
        let seen = activity.clone();
        let service = service_fn(move |request: Request<Incoming>| {
            let (app, open) = (app.clone(), seen.begin(&user));
            async move {
                let answer = app.answer(peer.ip(), request.map(Body::new)).await;
                Ok::<_, Infallible>(answer.map(|body| AnswerBody::new(body, open, UNREAD.try_with(Arc::clone).ok())))
            }
        });
        let mut builder = http2::Builder::new(Streams { tasks: self.streams, patience: times.unread });
        builder
            .timer(TokioTimer::new())
            .max_concurrent_streams(STREAMS)
            .max_pending_accept_reset_streams(UNSEEN_RESETS)
            .max_local_error_reset_streams(RESETS_FOR_ERRORS)
            .max_header_list_size(HEADERS_BYTES)
            .initial_stream_window_size(WINDOW)
            .initial_connection_window_size(WINDOW)
            .keep_alive_interval(times.ping_every)
            .keep_alive_timeout(times.pong_within);
        let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
        tokio::select! {
            biased;
            result = connection.as_mut() => return result,
            () = self.shutdown.cancelled() => {}
            () = activity.ceases(times.idle) => {}
        }
        if activity.begun() == 0 {
            // Perhaps the client has not even said that it speaks HTTP/2; nobody waits for an answer.
            return Ok(());
        }
        connection.as_mut().graceful_shutdown();
        // Also a client that has stopped reading holds a connection for a limited time.
        timeout(CLOSING, connection).await.unwrap_or(Ok(()))
    }
}

/// Runs the requests of HTTP/2 as tasks that the server waits for at its end, each as long as its client takes what it asked for.
#[derive(Clone)]
struct Streams {
    tasks: TaskTracker,
    patience: Duration,
}

impl<F: Future<Output = ()> + Send + 'static> Executor<F> for Streams {
    fn execute(&self, stream: F) {
        let unread = Arc::new(Unread::default());
        let mut watch = Watch::new(unread.clone(), self.patience);
        // A stream ends with its connection, and the tracker knows it until then.
        drop(self.tasks.spawn(UNREAD.scope(unread, async move {
            let mut stream = pin!(stream);
            // A stream that is dropped is reset.
            poll_fn(|cx| if stream.as_mut().poll(cx).is_ready() { Poll::Ready(()) } else { watch.poll_over(cx) }).await;
        })));
    }
}
