use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::sync::OnceLock;

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, Connection};

use crate::program;

/// An empty database for one test. It is not dropped, which would take longer than the test: it goes with the PostgreSQL.
#[derive(Debug, Clone)]
pub struct Database {
    url: String,
}

impl Database {
    pub async fn new() -> Self {
        let server = server();
        let name = format!("test_{:016x}", rand::random::<u64>());
        let options: PgConnectOptions = server.parse().expect("the helper prints an address");
        let mut connection = PgConnection::connect_with(&options).await.expect("the kit's PostgreSQL can be reached");
        sqlx::raw_sql(AssertSqlSafe(format!("create database {name}")))
            .execute(&mut connection)
            .await
            .expect("a database can be made");
        connection.close().await.expect("a connection can be closed");
        Self { url: server.replacen("/postgres?", &format!("/{name}?"), 1) }
    }

    /// As `DATABASE_URL` takes it.
    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn options(&self) -> PgConnectOptions {
        self.url.parse().expect("the address is one of PostgreSQL")
    }
}

/// The address of the one PostgreSQL of this process. The helper ends it when the pipe to it closes, however this process ends.
fn server() -> &'static str {
    static SERVER: OnceLock<(String, Child)> = OnceLock::new();
    let (url, _) = SERVER.get_or_init(|| {
        let mut command = program::command("ddb-testkit-postgres");
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the helper can be run");
        let mut url = String::new();
        let stdout = child.stdout.take().expect("a pipe");
        BufReader::new(stdout).read_line(&mut url).expect("the helper prints a line");
        assert!(url.starts_with("postgres://"), "the helper did not start PostgreSQL");
        (url.trim_end().to_owned(), child)
    });
    url
}
