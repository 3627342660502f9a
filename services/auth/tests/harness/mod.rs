//! The service in this process, called without a socket, so that a test can come from any address.
#![allow(dead_code, unreachable_pub, reason = "each of the test programs uses a part")]

use std::sync::{Arc, LazyLock, OnceLock};
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, Method, Request};
use ddb_auth::Config;
use ddb_bus::Bus;
use ddb_core::{NamespaceId, Object, Principal, RecordKey, TableName};
use ddb_database::{Authenticator, AuthenticatorConfig, ImplicitTables, MasterKey};
use ddb_http::App;
use ddb_http::limit::{Limiter, RateLimits};
use ddb_runtime::Shared;
use ddb_store::Store;
use ddb_testkit::{Database, Json, json};
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

pub const MEMORY: u64 = 4 << 30;
pub const PASSWORD: &str = "correct horse 42 battery";
pub const MASTER_KEY: [u8; 32] = [42; 32];
/// Where callers come from who do not say.
pub const HERE: &str = "192.0.2.1";

/// Connections belong to the runtime that made them, so all tests share one.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().expect("a runtime"));

pub fn run<T>(test: impl Future<Output = T>) -> T {
    RUNTIME.block_on(test)
}

/// A process that serves sign-in. Its connections are closed with the last value.
#[derive(Clone)]
pub struct Server {
    pub app: App,
    pub shared: Shared,
    pub database: Database,
    _open: Arc<Open>,
}

struct Open {
    store: Store,
    stop: CancellationToken,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.stop.cancel();
        let store = self.store.clone();
        RUNTIME.spawn(async move { store.close().await });
    }
}

impl Server {
    /// The one that most tests share: they do not know each other's accounts.
    pub async fn shared() -> Self {
        static SHARED: OnceLock<Server> = OnceLock::new();
        static MAKING: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
        let _making = MAKING.lock().await;
        if let Some(server) = SHARED.get() {
            return server.clone();
        }
        let server = Self::start(Config { sign_ups_per_hour: 0, ..Config::default() }, MEMORY).await;
        SHARED.get_or_init(|| server).clone()
    }

    pub async fn start(config: Config, memory_limit: u64) -> Self {
        Self::over(&Database::new().await, config, memory_limit, Bus::local()).await
    }

    /// A process on a database that other ones may be on too.
    pub async fn over(database: &Database, config: Config, memory_limit: u64, bus: Bus) -> Self {
        let master_key = MasterKey::new(MASTER_KEY);
        let shared = shared(database, bus, memory_limit, &master_key).await;
        let stop = CancellationToken::new();
        tokio::spawn(shared.authenticator.clone().listen(stop.clone()));
        let service = ddb_auth::service(config, &shared).await.expect("the service starts");
        let open = Arc::new(Open { store: shared.database.store().clone(), stop });
        let store = shared.database.store().clone();
        let app = App::new(service.routes, memory_limit, ddb_runtime::LogOfStore(store));
        Self { app, shared, database: database.clone(), _open: open }
    }

    pub fn pool(&self) -> &ddb_store::Pool {
        self.shared.database.store().pool()
    }

    pub fn anon(&self) -> Client {
        Client { app: self.app.clone(), peer: HERE.to_owned(), token: None, headers: Vec::new() }
    }

    /// Signs up somebody new.
    pub async fn user(&self) -> User {
        let email = format!("user-{}@example.com", unique());
        let answer = self.anon().post("/api/auth/signup", &json!({ "email": email, "password": PASSWORD })).await;
        User::of(self, &answer.expect(201).json)
    }

    /// Another session of the same user.
    pub async fn again(&self, user: &User) -> User {
        let answer = self.anon().post("/api/auth/signin", &json!({ "email": user.email, "password": PASSWORD })).await;
        User::of(self, &answer.expect(200).json)
    }

    /// The record of an account.
    pub async fn profile(&self, id: &str) -> Option<Object> {
        let key = RecordKey::String(id.strip_prefix("user:").expect("a user's id").to_owned());
        let session = self.shared.database.session(Principal::System, NamespaceId::MAIN, None);
        session.get(&TableName::user(), &key).await.ok().map(|answer| answer.data.fields)
    }

    /// Merges into the record of an account, as the system may.
    pub async fn write_profile(&self, user: &User, body: Json) {
        let key = RecordKey::String(user.account().to_owned());
        let session = self.shared.database.session(Principal::System, NamespaceId::MAIN, None);
        let body = ddb_core::json::parse(body.to_string().as_bytes()).expect("JSON");
        let patch = ddb_database::Patch::parse(body).expect("a patch");
        let merge = session.merge(&TableName::user(), &key, patch, None).await.expect("it may be merged");
        merge.run().await.expect("it is merged");
    }

    pub async fn execute(&self, statement: &'static str, text: &str) {
        sqlx::query(statement).bind(text).execute(self.pool()).await.expect("the statement runs");
    }
}

pub async fn shared(database: &Database, bus: Bus, memory_limit: u64, master_key: &MasterKey) -> Shared {
    let store = Store::open(ddb_store::Config::new(database.options())).await.expect("the store opens");
    Shared {
        database: ddb_database::Database::new(store.clone(), master_key, ImplicitTables::default(), 0, None),
        authenticator: Authenticator::new(store, bus.clone(), AuthenticatorConfig::default()),
        bus,
        master_key: master_key.clone(),
        limiter: Limiter::new(RateLimits::NONE),
        memory_limit,
    }
}

pub fn unique() -> String {
    uuid::Uuid::new_v4().simple().to_string()
}

/// Somebody who is signed in.
#[derive(Clone)]
pub struct User {
    pub client: Client,
    pub id: String,
    pub email: String,
    pub access_token: String,
    pub refresh_token: String,
}

impl User {
    pub fn of(server: &Server, answer: &Json) -> Self {
        let text = |value: &Json| value.as_str().unwrap_or_else(|| panic!("no tokens in {answer}")).to_owned();
        let access_token = text(&answer["access_token"]);
        Self {
            client: server.anon().with_token(&access_token),
            id: text(&answer["user"]["id"]),
            email: text(&answer["user"]["email"]),
            access_token,
            refresh_token: text(&answer["refresh_token"]),
        }
    }

    /// Whether the access token is accepted.
    pub async fn is_in(&self) -> bool {
        match self.client.get("/api/auth/me").await.status {
            200 => true,
            401 => false,
            other => panic!("{other}"),
        }
    }

    pub fn account(&self) -> &str {
        self.id.strip_prefix("user:").expect("a user's id")
    }
}

#[derive(Clone)]
pub struct Client {
    app: App,
    peer: String,
    token: Option<String>,
    headers: Vec<(&'static str, String)>,
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Arc<[u8]>,
    pub json: Json,
}

impl Client {
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    pub fn with_header(&self, name: &'static str, value: &str) -> Self {
        let mut client = self.clone();
        client.headers.push((name, value.to_owned()));
        client
    }

    /// The same caller at another address.
    pub fn at(&self, address: &str) -> Self {
        Self { peer: address.to_owned(), ..self.clone() }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, None).await
    }

    pub async fn post(&self, path: &str, body: &Json) -> Answer {
        self.send(Method::POST, path, Some(body.to_string())).await
    }

    pub async fn patch(&self, path: &str, body: &Json) -> Answer {
        self.send(Method::PATCH, path, Some(body.to_string())).await
    }

    pub async fn send(&self, method: Method, path: &str, body: Option<String>) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        if body.is_some() {
            request = request.header("content-type", "application/json");
        }
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        let request = request.body(Body::from(body.unwrap_or_default())).expect("a request");
        let peer = self.peer.parse().expect("an address");
        let answer = self.app.clone().answer(peer, request).await;
        let (parts, body) = answer.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.expect("a body");
        let json = serde_json::from_slice(&body).unwrap_or_default();
        Answer { status: parts.status.as_u16(), headers: parts.headers, body: body.as_ref().into(), json }
    }
}

impl Answer {
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text());
        self
    }

    #[track_caller]
    pub fn expect_error(self, status: u16, code: &str) -> Self {
        assert_eq!((self.status, self.json["error"]["code"].as_str()), (status, Some(code)), "{}", self.text());
        self
    }

    /// A 422 about one field.
    #[track_caller]
    pub fn expect_field(self, field: &str) -> Self {
        let answer = self.expect_error(422, "VALIDATION_FAILED");
        assert_eq!(answer.json["error"]["details"][0]["field"], field, "{}", answer.text());
        answer
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn keys(&self) -> Vec<&str> {
        self.json.as_object().map(|object| object.keys().map(String::as_str).collect()).unwrap_or_default()
    }
}

/// Waits until it is so; the time it took. Fails after `limit`.
#[track_caller]
pub fn until(limit: Duration, condition: impl AsyncFnMut() -> bool) -> impl Future<Output = Duration> {
    let place = std::panic::Location::caller();
    async move {
        let mut condition = condition;
        let begin = tokio::time::Instant::now();
        while !condition().await {
            assert!(begin.elapsed() < limit, "not so after {limit:?}, {place}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        begin.elapsed()
    }
}
