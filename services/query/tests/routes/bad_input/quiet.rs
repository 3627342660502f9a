//! A server on which a refused request must change nothing.

use ddb_testkit::{Answer, Bytes, Cast, Method, Stage, json};
use tokio::sync::{Mutex, MutexGuard};

/// A server on which nobody writes but the test whose turn it is.
static QUIET: Stage = Stage::new();
static TURN: Mutex<()> = Mutex::const_new(());

pub(super) const WRITES: [Method; 3] = [Method::POST, Method::PATCH, Method::PUT];

pub(super) struct Quiet {
    pub(super) cast: &'static Cast,
    pub(super) table: String,
    /// A record of the user.
    pub(super) path: String,
    before: String,
    _turn: MutexGuard<'static, ()>,
}

impl Quiet {
    pub(super) async fn enter() -> Self {
        let turn = TURN.lock().await;
        let cast = QUIET.cast().await;
        let table = cast.table();
        let path = cast.user.post(&format!("/api/data/{table}"), &json!({ "a": 1 })).await.expect(201).path();
        let mut quiet = Self { cast, table, path, before: String::new(), _turn: turn };
        quiet.before = quiet.state().await;
        quiet
    }

    /// What was written meanwhile was meant to be.
    pub(super) async fn accepted(mut self) -> Self {
        self.before = self.state().await;
        self
    }

    /// The path to which a method writes.
    pub(super) fn path(&self, method: &Method) -> String {
        if *method == Method::POST { format!("/api/data/{}", self.table) } else { self.path.clone() }
    }

    /// The newest transaction and the table.
    pub(super) async fn state(&self) -> String {
        let list = self.cast.admin.get(&format!("/api/data/{}?limit=1000", self.table)).await.expect(200);
        list.text()
    }

    /// The answer is this error, and nothing has changed.
    pub(super) async fn refused(&self, answer: Answer, status: u16, code: &str, what: &str) -> Answer {
        assert_eq!((answer.status, answer.code()), (status, code), "{what}: {}", answer.text());
        let answer = answer.expect_error(status, code);
        assert_eq!(answer.header("content-type"), "application/json", "{what}");
        assert_eq!(answer.header("cache-control"), "private, no-store", "{what}");
        assert!(!answer.header("x-request-id").is_empty() && !answer.header("x-ddb-version").is_empty(), "{what}");
        assert!(answer.body.len() < 4_096, "{what}: an error of {} bytes", answer.body.len());
        assert_eq!(self.state().await, self.before, "{what}");
        answer
    }

    /// Sends the user's body as it is to every route that takes one.
    pub(super) async fn refuse_body(&self, body: impl Into<Bytes>, status: u16, code: &str) {
        let body = body.into();
        let shown = String::from_utf8_lossy(&body[..body.len().min(80)]).into_owned();
        for method in WRITES {
            let answer = self.cast.user.send_text(method.clone(), &self.path(&method), body.clone()).await;
            self.refused(answer, status, code, &format!("{method} {shown}")).await;
        }
    }

    /// The process lives, and its data is sound.
    pub(super) async fn leave(self) {
        self.cast.anon.get("/health").await.expect(200);
        assert_eq!(self.state().await, self.before);
        let verified = self.cast.server.ddb(&["verify"]);
        assert_eq!(verified.code, Some(0), "{}{}", verified.stdout, verified.stderr);
        assert!(!self.cast.server.log().contains("panicked"), "{}", self.cast.server.log());
    }
}
