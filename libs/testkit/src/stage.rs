use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::sync::OnceCell;

use crate::{Caller, Client, Server, program};

/// One server and four callers that the tests of a process share: a start and three password hashes are most of what a small test costs. A static of
/// the test program; each test works in a table of its own.
///
/// A static is never dropped, so a helper process ends the server when the test's process is gone, however it ended.
pub struct Stage(OnceCell<Cast>);

/// The server and the callers of a [`Stage`].
pub struct Cast {
    pub server: Server,
    pub anon: Client,
    pub user: Caller,
    pub other_user: Caller,
    pub admin: Caller,
    tables: AtomicU32,
    _keeper: Child,
}

impl Stage {
    #[must_use]
    #[expect(clippy::new_without_default, reason = "it is made in statics only")]
    pub const fn new() -> Self {
        Self(OnceCell::const_new())
    }

    /// Starts the server at the first call.
    pub async fn cast(&self) -> &Cast {
        self.0.get_or_init(Cast::new).await
    }
}

impl Cast {
    async fn new() -> Self {
        let server = Server::start().await;
        let keeper = program::command("ddb-testkit-keeper")
            .arg(server.pid().to_string())
            .arg(server.directory())
            .stdin(Stdio::piped())
            .spawn()
            .expect("the helper can be run");
        let anon = server.anon();
        let (user, other_user, admin) = (server.user().await, server.other_user().await, server.admin().await);
        Self { server, anon, user, other_user, admin, tables: AtomicU32::new(0), _keeper: keeper }
    }

    /// A table's name that no other test of the process has.
    pub fn table(&self) -> String {
        format!("things_{}", self.tables.fetch_add(1, Ordering::Relaxed))
    }

    /// The number of the newest transaction.
    pub async fn head(&self) -> i64 {
        let answer = self.anon.get("/api/data/nothing").await.expect(200);
        answer.header("x-ddb-tx").parse().expect("every answer of a list carries the newest transaction")
    }
}
