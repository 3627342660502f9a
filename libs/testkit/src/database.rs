use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::OnceLock;

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, Connection, Row};

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

    /// One that is reached as `DATABASE_URL` usually names it, `postgres://<user>:<password>@localhost:<port>/<database>`, with a password that is
    /// asked for. The user owns the database and is no superuser.
    pub async fn over_tcp(user: &str, password: &str, database: &str) -> Self {
        let server = tcp_server();
        let options: PgConnectOptions = server.parse().expect("the helper prints an address");
        let port = options.get_port();
        let mut admin = Session(PgConnection::connect_with(&options).await.expect("the kit's PostgreSQL can be reached"));
        admin.execute(&format!("create role {user} login password '{password}'")).await;
        admin.execute(&format!("create database {database} owner {user}")).await;
        Self { url: format!("postgres://{user}:{password}@localhost:{port}/{database}") }
    }

    /// Another database with the same content. No session may be connected to this one.
    pub async fn copy(&self) -> Self {
        let name = format!("test_{:016x}", rand::random::<u64>());
        let template = self.options().get_database().expect("the address names one").to_owned();
        let options = self.options().database("postgres");
        let mut connection = PgConnection::connect_with(&options).await.expect("the kit's PostgreSQL can be reached");
        let statement = format!("create database {name} template {template}");
        // A session that has just been closed may take a moment to be gone.
        for _ in 0..100 {
            if sqlx::raw_sql(AssertSqlSafe(statement.clone())).execute(&mut connection).await.is_ok() {
                return Self { url: self.url.replacen(&format!("/{template}?"), &format!("/{name}?"), 1) };
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        panic!("a session is still connected to the database that the test copies");
    }

    /// A session of its own.
    pub async fn connect(&self) -> Session {
        Session(PgConnection::connect_with(&self.options()).await.expect("the database can be reached"))
    }

    /// The same, where the database can be reached.
    pub async fn try_connect(&self) -> Option<Session> {
        PgConnection::connect_with(&self.options()).await.ok().map(Session)
    }

    /// A session of its own in another database of the same server.
    pub async fn connect_to(&self, database: &str) -> Session {
        let options = self.options().database(database);
        Session(PgConnection::connect_with(&options).await.expect("the database can be reached"))
    }

    /// The same database by another socket.
    pub(crate) fn through(&self, folder: &Path, port: u16) -> Self {
        let address = self.url.split('?').next().expect("a part before the parameters");
        Self { url: format!("{address}?host={}&port={port}", folder.display()) }
    }

    /// The file of the server's socket.
    pub(crate) fn socket(&self) -> PathBuf {
        let options = self.options();
        options.get_socket().expect("the kit's PostgreSQL has a socket").join(format!(".s.PGSQL.{}", options.get_port()))
    }

    pub(crate) fn of(connection: &ddb_postgres::Connection, database: &str) -> Self {
        Self {
            url: format!(
                "postgres://{}:{}@localhost/{database}?host={}&port={}",
                connection.user,
                connection.password(),
                connection.socket_dir.display(),
                connection.port
            ),
        }
    }

    /// As `DATABASE_URL` takes it.
    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn options(&self) -> PgConnectOptions {
        self.url.parse().expect("the address is one of PostgreSQL")
    }
}

/// A session in a database, for what a test looks at or spoils behind the back of `ddb`.
pub struct Session(PgConnection);

impl Session {
    /// Executes statements; gives the number of rows that they changed.
    pub async fn execute(&mut self, sql: &str) -> u64 {
        let executed = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut self.0).await;
        executed.unwrap_or_else(|error| panic!("{sql}: {error}")).rows_affected()
    }

    /// The same, where it may fail.
    pub async fn try_execute(&mut self, sql: &str) -> Result<(), sqlx::Error> {
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut self.0).await.map(drop)
    }

    /// The first column of every row, as text.
    pub async fn values(&mut self, sql: &str) -> Vec<String> {
        let rows = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).fetch_all(&mut self.0).await;
        let rows = rows.unwrap_or_else(|error| panic!("{sql}: {error}"));
        rows.iter().map(|row| row.try_get_unchecked::<String, _>(0).expect("the first column is not null")).collect()
    }

    /// The only value.
    pub async fn value(&mut self, sql: &str) -> String {
        let mut values = self.values(sql).await;
        assert_eq!(values.len(), 1, "{sql}");
        values.remove(0)
    }

    /// The relations of `ddb` in which the text stands, in whatever column, as text or as bytes, and the columns whose samples hold it.
    pub async fn holding(&mut self, text: &str) -> Vec<String> {
        let hex: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
        let holds = |row: &str| format!("(strpos({row}, '{text}') > 0 or strpos({row}, '{hex}') > 0)");
        let mut holding = Vec::new();
        let relations = "select format('%s.%s', relnamespace::regnamespace, relname) from pg_class
                         where relnamespace in ('ddb'::regnamespace, 'ddb_data'::regnamespace) and relkind in ('r', 'p', 'm')";
        for relation in self.values(relations).await {
            let statement = format!("select count(*)::text from {relation} r where {}", holds("r::text"));
            let rows = self.value(&statement).await;
            if rows != "0" {
                holding.push(format!("{relation}: {rows} rows"));
            }
        }
        let samples = format!(
            "select format('samples of %s.%s', tablename, attname) from pg_stats s
             where schemaname in ('ddb', 'ddb_data') and {} order by 1",
            holds("s::text")
        );
        holding.extend(self.values(&samples).await);
        holding
    }
}

type Helper = OnceLock<(String, Child)>;

/// The address of the one PostgreSQL of this process. The helper ends it when the pipe to it closes, however this process ends.
fn server() -> &'static str {
    static SERVER: Helper = OnceLock::new();
    started(&SERVER, &[])
}

/// The same for the one that listens on a port.
fn tcp_server() -> &'static str {
    static SERVER: Helper = OnceLock::new();
    started(&SERVER, &["tcp"])
}

fn started(server: &'static Helper, arguments: &[&str]) -> &'static str {
    let (url, _) = server.get_or_init(|| {
        let mut command = program::command("ddb-testkit-postgres");
        command.args(arguments);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the helper can be run");
        let mut url = String::new();
        let stdout = child.stdout.take().expect("a pipe");
        BufReader::new(stdout).read_line(&mut url).expect("the helper prints a line");
        assert!(url.starts_with("postgres://"), "the helper did not start PostgreSQL");
        (url.trim_end().to_owned(), child)
    });
    url
}
