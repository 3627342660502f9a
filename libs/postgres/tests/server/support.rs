use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use ddb_postgres::{Config, Connection};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Row};

/// A folder that is deleted at the end of the test.
pub(crate) struct Scratch(pub(crate) PathBuf);

impl Scratch {
    pub(crate) fn new() -> Self {
        Self::below(Path::new("/tmp"))
    }

    pub(crate) fn below(parent: &Path) -> Self {
        let path = parent.join(format!("ddb-test-{:016x}", rand::random::<u64>()));
        std::fs::create_dir(&path).expect("a scratch folder can be made");
        fetch();
        Self(path)
    }

    /// A data directory that does not exist yet.
    pub(crate) fn config(&self) -> Config {
        let mut config = Config::new(self.0.join("data"));
        config.memory = Some(512 << 20);
        config
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The pinned PostgreSQL is fetched when it is missing; a failure to do so fails the tests.
pub(crate) fn fetch() {
    static FETCHED: OnceLock<()> = OnceLock::new();
    FETCHED.get_or_init(|| {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("fetch.sh");
        let status = Command::new(&script).stdout(std::process::Stdio::null()).status().expect("fetch.sh can be run");
        assert!(status.success(), "the pinned PostgreSQL is missing, and {} could not fetch it", script.display());
        tracing_subscriber::fmt().with_test_writer().with_max_level(tracing::Level::INFO).try_init().ok();
    });
}

pub(crate) async fn connect(connection: &Connection) -> sqlx::Result<PgConnection> {
    PgConnectOptions::new_without_pgpass()
        .socket(&connection.socket_dir)
        .port(connection.port)
        .username(&connection.user)
        .password(connection.password())
        .database(&connection.database)
        .connect()
        .await
}

/// The first column of the first row, as text.
pub(crate) async fn ask(connection: &Connection, sql: &'static str) -> String {
    let mut session = connect(connection).await.expect("the server takes connections");
    let row = sqlx::query(sql).fetch_one(&mut session).await.expect("the statement runs");
    row.get(0)
}
