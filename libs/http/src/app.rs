use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::thread;

use axum::Router;
use axum::body::Body;
use axum::extract::MatchedPath;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, Request, StatusCode};
use axum::response::{IntoResponse, Response};
use ddb_core::{Account, Error, ErrorCode, NamespaceId, NamespaceName, Principal, RequestId, Result, Tx};
use ddb_database::Authenticator;
use futures::FutureExt;
use futures::future::BoxFuture;
use tower::ServiceExt;
use tracing::Instrument;

use crate::answer::X_DDB_TX;
use crate::context::{self, CONTRACT_VERSION, Context};
use crate::error::{self, ApiError, Carried};
use crate::large_bodies::{LargeBodies, Origin};
use crate::limit::{Class, Limiter, Network, Refused, Standing, TrustedProxies};
use crate::metrics::Metrics;
use crate::refused_origins::RefusedOrigins;
use crate::{CorsOrigins, Routes, caller, cors, metrics, openapi, security_headers, trace};

/// The outermost layer over all routes: request id, headers, panics, errors. Cheap to clone.
#[derive(Clone)]
pub struct App {
    router: Router,
    large_bodies: LargeBodies,
    log: Arc<dyn Log>,
    proxies: Arc<TrustedProxies>,
    limits: Option<Limits>,
    cors: CorsOrigins,
    refused_origins: RefusedOrigins,
    /// None: not over TLS.
    strict_transport: Option<HeaderValue>,
    pub(crate) metrics: Metrics,
}

/// What limits how often callers may ask, and who knows them.
#[derive(Clone)]
struct Limits {
    limiter: Limiter,
    authenticator: Authenticator,
}

/// The namespaces, and how far their logs of transactions have come, as this process knows them.
pub trait Log: Send + Sync {
    /// None where there is no namespace of this name.
    fn namespace<'a>(&'a self, name: &'a NamespaceName) -> BoxFuture<'a, Result<Option<NamespaceId>>>;

    /// The newest transaction that is known to be committed, without asking anybody.
    fn newest(&self, namespace: NamespaceId) -> Tx;

    /// The same, after waiting for a transaction for a limited time.
    fn reach(&self, namespace: NamespaceId, tx: Tx) -> BoxFuture<'_, Tx>;
}

impl App {
    /// `memory_limit` is how many bytes the process may use; large bodies share a part of it.
    pub fn new(routes: Routes, memory_limit: u64, log: impl Log + 'static) -> Self {
        Self {
            router: openapi::router(routes),
            large_bodies: LargeBodies::new(memory_limit, thread::available_parallelism().map_or(1, usize::from)),
            log: Arc::new(log),
            proxies: Arc::default(),
            limits: None,
            cors: CorsOrigins::None,
            refused_origins: RefusedOrigins::default(),
            strict_transport: None,
            metrics: Metrics::new(),
        }
    }

    /// Refuses who asks too often.
    #[must_use]
    pub fn limited(self, limiter: Limiter, authenticator: Authenticator) -> Self {
        Self { limits: Some(Limits { limiter, authenticator }), ..self }
    }

    /// Looks through these proxies.
    #[must_use]
    pub fn behind(self, proxies: TrustedProxies) -> Self {
        Self { proxies: Arc::new(proxies), ..self }
    }

    /// Lets pages of these origins use the server.
    #[must_use]
    pub fn with_cors(self, origins: CorsOrigins) -> Self {
        Self { cors: origins, ..self }
    }

    /// Tells browsers to reach this host over TLS alone for so many seconds; only where it is served over TLS. 0 takes it back.
    #[must_use]
    pub fn with_strict_transport(self, seconds: u32) -> Self {
        let value = HeaderValue::try_from(format!("max-age={seconds}")).expect("words and digits are the value of a header");
        Self { strict_transport: Some(value), ..self }
    }

    /// Whether many clients may stand behind this address.
    pub(crate) fn is_proxy(&self, peer: IpAddr) -> bool {
        self.proxies.trusts(peer)
    }

    /// Answers one request that came from `peer`.
    pub async fn answer(self, peer: IpAddr, request: Request<Body>) -> Response {
        let (cors, strict_transport) = (self.cors.clone(), self.strict_transport.clone());
        let allowed = cors.allowed(request.headers());
        let metrics = self.metrics.clone();
        let measured = metrics.begin(request.method());
        let class = Class::of(request.method(), request.uri().path());
        let mut response = self.within_limits(peer, class, request).await;
        // Last, because a page may read every answer or none: also why it is refused.
        cors.tell(allowed, response.headers_mut());
        security_headers::add(response.headers_mut(), strict_transport);
        if response.status() == StatusCode::TOO_MANY_REQUESTS {
            metrics.limited(class);
        }
        measured.answered(response.extensions_mut().remove::<MatchedPath>(), response.status());
        response
    }

    async fn within_limits(self, peer: IpAddr, class: Class, request: Request<Body>) -> Response {
        let request_id = context::request_id(request.headers());
        let is_proxy = self.is_proxy(peer);
        let peer = self.proxies.client(peer, request.headers());
        let account = self.limits.as_ref().and_then(|limits| limits.account(&request));
        let origin = Origin { peer, account };
        let standing = match self.limits.as_ref().map_or(Ok(Standing::UNLIMITED), |limits| limits.take(&origin, class)) {
            Ok(standing) => standing,
            // Before anything is looked up, so that being refused costs next to nothing.
            Err(Refused { error, standing }) => {
                return finish(ApiError(error).into_response(), &request_id, Tx(0), standing);
            }
        };
        let span = tracing::info_span!("request", id = request_id.as_str());
        let method = metrics::known(request.method());
        let trace = trace::begin(method, request.headers(), is_proxy, &request_id);
        let handled = self.route(origin, request_id.clone(), request);
        let (response, newest) = match (span.is_disabled(), trace.is_disabled()) {
            (true, true) => handled.await,
            (false, true) => handled.instrument(span).await,
            (_, false) => handled.instrument(trace.clone()).instrument(span).await,
        };
        let response = finish(response, &request_id, newest, standing);
        trace::end(&trace, method, &response);
        response
    }

    /// Finds the namespace first: every answer names a transaction of it. Of a namespace that is not there, nothing is shown.
    async fn route(self, origin: Origin, request_id: RequestId, request: Request<Body>) -> (Response, Tx) {
        if cors::is_preflight(&request) {
            match self.cors.allowed(request.headers()) {
                Some(_) => return (cors::preflight(), self.log.newest(NamespaceId::MAIN)),
                None => self.refused_origins.tell(&self.cors, request.headers()),
            }
        }
        let refused = |error| (ApiError(error).into_response(), Tx(0));
        let name = match context::namespace(request.headers()) {
            Ok(name) => name,
            Err(error) => return refused(error),
        };
        let namespace = match self.log.namespace(&name).await {
            Ok(Some(namespace)) => namespace,
            Ok(None) => return refused(Error::new(ErrorCode::NamespaceNotFound, format!("there is no namespace `{name}`"))),
            Err(error) => return refused(error),
        };
        // Asked before anything is read: whatever the answer shows then includes this transaction.
        let newest = self.log.newest(namespace);
        (self.within((namespace, name), origin, request_id, request).await, newest)
    }

    async fn within(
        self,
        (namespace, namespace_name): (NamespaceId, NamespaceName),
        origin: Origin,
        request_id: RequestId,
        mut request: Request<Body>,
    ) -> Response {
        let min_tx = match context::check_headers(request.headers()) {
            Ok(min_tx) => min_tx,
            Err(error) => return ApiError(error).into_response(),
        };
        if let Some(min_tx) = min_tx {
            let reached = self.log.reach(namespace, min_tx).await;
            if reached < min_tx {
                let message = format!("transaction {min_tx} is not there yet; the newest is {reached}");
                let mut response = ApiError(Error::unavailable(message)).into_response();
                response.headers_mut().insert(X_DDB_TX, HeaderValue::from(reached.0));
                return response;
            }
        }
        request.extensions_mut().insert(Context { request_id, namespace, namespace_name, peer: origin.peer });
        // Held until the answer is made: what was parsed lives as long as the handler.
        let place = self.large_bodies.place(origin);
        request.extensions_mut().insert(place.clone());
        let handled = AssertUnwindSafe(self.router.oneshot(request)).catch_unwind().await;
        drop(place);
        let mut response = match handled {
            Ok(Ok(response)) => response,
            Ok(Err(never)) => match never {},
            // The hook has logged where it happened; what it said stays in the log.
            Err(_) => ApiError(Error::internal("a handler panicked")).into_response(),
        };
        if let Some(Tx(min_tx)) = min_tx {
            response.headers_mut().entry(X_DDB_TX).or_insert_with(|| HeaderValue::from(min_tx));
        }
        response
    }
}

impl Limits {
    /// Who asks, where his access token is known to be good.
    fn account(&self, request: &Request<Body>) -> Option<Arc<Account>> {
        let token = caller::bearer(request.headers()).ok().flatten()?;
        match self.authenticator.remembered(token)? {
            Principal::Account(account) | Principal::Root(account) => Some(account),
            Principal::Anonymous | Principal::System => None,
        }
    }

    fn take(&self, origin: &Origin, class: Class) -> Result<Standing, Refused> {
        self.limiter.take(Network::of(origin.peer), origin.account.as_deref(), class)
    }
}

/// Gives every answer its id, its version, how its caller stands and, where it does not name one itself, a transaction; and every error its envelope and its log line.
fn finish(mut response: Response, request_id: &RequestId, Tx(newest): Tx, standing: Standing) -> Response {
    if response.status().is_client_error() || response.status().is_server_error() {
        render(&mut response, request_id);
    }
    let headers = response.headers_mut();
    let id = HeaderValue::from_str(request_id.as_str()).expect("the form of a request id is that of a header value");
    headers.insert(context::REQUEST_ID, id);
    headers.insert(context::VERSION, HeaderValue::from_static(CONTRACT_VERSION));
    headers.entry(X_DDB_TX).or_insert_with(|| HeaderValue::from(newest));
    standing.write(headers);
    response
}

fn render(response: &mut Response, request_id: &RequestId) {
    let status = response.status();
    let carried = response.extensions_mut().remove::<Carried>();
    let own;
    let error: &Error = match &carried {
        Some(Carried(error)) => error,
        None => {
            own = of_router(status);
            &own
        }
    };
    error::log(error, request_id);
    let status = error::status(error);
    *response.status_mut() = status;
    *response.body_mut() = Body::from(error::envelope(error, request_id));
    let headers = response.headers_mut();
    headers.remove(axum::http::header::CONTENT_LENGTH);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    if status == StatusCode::UNAUTHORIZED {
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    if let Some(after) = error.retry_after() {
        // Rounded up: a client that comes back too early is refused again.
        let seconds = after.as_secs() + u64::from(after.subsec_nanos() > 0);
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds.max(1)));
    }
}

/// The error that an answer of the router itself stands for.
fn of_router(status: StatusCode) -> Error {
    match status {
        StatusCode::NOT_FOUND => Error::not_found("there is no such route"),
        StatusCode::METHOD_NOT_ALLOWED => {
            Error::new(ErrorCode::MethodNotAllowed, "this route does not know the method; see the header `allow`")
        }
        StatusCode::PAYLOAD_TOO_LARGE => Error::new(ErrorCode::PayloadTooLarge, "a body has at most 16 MB"),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => {
            Error::new(ErrorCode::UnsupportedMediaType, "the body is of a kind that is not taken here")
        }
        status if status.is_client_error() => Error::bad_request("the request is not understood"),
        status => Error::internal(format!("an answer with the status {status} and no error")),
    }
}
