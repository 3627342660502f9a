use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use axum::routing::{MethodRouter, get, post};
use ddb_core::{Error, ErrorCode, NamespaceId, NamespaceName, Tx};
use ddb_http::{
    Answer, ApiError, App, ConnectionTimes, Context, Fields, IfMatch, JsonBody, Listeners, Log, Query, RecordPath, Routes,
    SmallJsonBody, SocketLimits, Tls, TlsFiles, UnreadBody, serve,
};
use ddb_testkit::{Authority, Client};
use futures::future::BoxFuture;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use utoipa::openapi::{PathItem, PathsBuilder};
use utoipa_axum::router::UtoipaMethodRouter;

/// What the server knows to be committed.
pub(crate) const NEWEST: Tx = Tx(3);

/// Bytes of the large answer: more than the system keeps for a client that does not read.
pub(crate) const LARGE: usize = 64 << 20;

/// Bytes of an answer that is larger than the window that a client of HTTP/2 has at first.
pub(crate) const PAGE: usize = 1 << 20;

/// A log that does not go on.
struct Fixed;

impl Log for Fixed {
    fn namespace<'a>(&'a self, name: &'a NamespaceName) -> BoxFuture<'a, ddb_core::Result<Option<NamespaceId>>> {
        Box::pin(async { Ok((*name == NamespaceName::main()).then_some(NamespaceId::MAIN)) })
    }

    fn newest(&self, _: NamespaceId) -> Tx {
        NEWEST
    }

    fn reach(&self, _: NamespaceId, _: Tx) -> BoxFuture<'_, Tx> {
        Box::pin(async { NEWEST })
    }
}

/// A server with a few routes of its own.
pub(crate) struct Site {
    pub(crate) address: SocketAddr,
    pub(crate) stop: CancellationToken,
    serving: JoinHandle<()>,
}

impl Site {
    pub(crate) async fn start() -> Self {
        Self::with(None, |app| app).await
    }

    /// With a certificate of `authority` that lies in `folder`.
    pub(crate) async fn secure(authority: &Authority, folder: &Path) -> Self {
        let (certificate, key) = authority.issue_into(folder);
        Self::with(Some(Tls::load(TlsFiles { certificate, key }).expect("a certificate and its key")), |app| app).await
    }

    pub(crate) async fn with(tls: Option<Tls>, configure: impl FnOnce(App) -> App) -> Self {
        Self::bounded(tls, configure, SocketLimits { all: 1000, of_network: 1000 }).await
    }

    pub(crate) async fn bounded(tls: Option<Tls>, configure: impl FnOnce(App) -> App, limits: SocketLimits) -> Self {
        Self::waiting(tls, configure, limits, ConnectionTimes::DEFAULT).await
    }

    /// One that waits for its clients so long.
    pub(crate) async fn patient(tls: Option<Tls>, times: ConnectionTimes) -> Self {
        Self::waiting(tls, |app| app, SocketLimits { all: 1000, of_network: 1000 }, times).await
    }

    async fn waiting(tls: Option<Tls>, configure: impl FnOnce(App) -> App, limits: SocketLimits, times: ConnectionTimes) -> Self {
        let routes = Routes::new()
            .with(undescribed("/large", get(async || Answer::ok(vec![b'7'; LARGE]))))
            .with(undescribed("/page", get(async || Answer::ok(vec![b'7'; PAGE]))))
            .with(undescribed("/plain", get(async |_: Query<()>| Answer::ok("{\"ok\":true}").tx(Tx(7)).etag(Tx(5)))))
            .with(undescribed("/panic", get(panics)))
            .with(undescribed("/internal", get(internal)))
            .with(undescribed("/away", get(away)))
            .with(undescribed("/query", get(query)))
            .with(undescribed("/slow", get(slow)))
            .with(undescribed("/context", get(async |context: Context| Answer::ok(format!("\"{}\"", context.request_id)))))
            .with(undescribed(
                "/records/{table}/{key}",
                get(async |path: RecordPath| Answer::ok(format!("\"{:?}\"", path.key)))
                    .patch(async |IfMatch(tx): IfMatch| Answer::ok(format!("{}", tx.map_or(0, |Tx(tx)| tx)))),
            ))
            .with(undescribed("/echo", post(echo)))
            .with(undescribed("/small", post(async |JsonBody(_): SmallJsonBody| Answer::ok("1"))))
            .with(undescribed("/refused", post(async |_: UnreadBody| ApiError(Error::unauthenticated("nobody asked")))));
        let listeners = Listeners::bind("127.0.0.1:0").await.expect("a free port");
        let address = listeners.addresses()[0];
        let stop = CancellationToken::new();
        let serving = tokio::spawn(serve(listeners, configure(App::new(routes, 0, Fixed)), tls, limits, times, stop.clone()));
        Self { address, stop, serving }
    }

    pub(crate) fn client(&self) -> Client {
        Client::new(self.address)
    }

    pub(crate) async fn stopped(self) {
        self.serving.await.expect("serving does not panic");
    }
}

/// What a test serves is in no document.
fn undescribed(path: &str, handlers: MethodRouter) -> UtoipaMethodRouter {
    (Vec::new(), PathsBuilder::new().path(path, PathItem::default()).build(), handlers)
}

async fn panics() -> Answer {
    panic!("a secret of the handler")
}

async fn internal() -> Result<Answer, ApiError> {
    Err(Error::internal("a secret of the database").into())
}

async fn away() -> Result<Answer, ApiError> {
    Err(Error::unavailable("it is away").with_retry_after(Duration::from_millis(1200)).into())
}

async fn query() -> Result<Answer, ApiError> {
    Err(Error::new(ErrorCode::InvalidQuery, "expected `)`").with_place(2, 7, "a = \"x\"").into())
}

async fn slow() -> Answer {
    tokio::time::sleep(Duration::from_millis(500)).await;
    Answer::ok("\"done\"")
}

async fn echo(JsonBody(body): JsonBody) -> Result<Answer, ApiError> {
    let mut fields = Fields::of(body)?;
    let text = fields.string("text")?;
    fields.end()?;
    Ok(Answer::created(format!("{}", text.len())))
}
