use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ddb_core::{Error, Result};
use sqlx::postgres::{PgConnectOptions, PgSslMode};

use crate::IsNearlyFull;

/// How the store reaches PostgreSQL.
#[derive(Clone)]
pub struct Config {
    /// What every connection of the store is made with.
    pub(crate) connection: PgConnectOptions,
    /// Connections for reads by key, each with its own batching reader.
    pub readers: u32,
    /// Pooled connections for everything else that reads.
    pub pool: u32,
    /// For lists that an index serves.
    pub lists: u32,
    /// For reads that may take long, apart from the others, so that they keep nobody else waiting.
    pub scans: u32,
    /// For writing to namespaces other than `main`, which has its own.
    pub transactors: u32,
    /// How long a request waits for a PostgreSQL that is away before it is answered 503.
    pub patience: Duration,
    /// Asked before each group of writes: whether the database's disk is so full that they are refused.
    pub is_nearly_full: IsNearlyFull,
}

/// Where an embedded PostgreSQL is reached.
#[derive(Clone, Copy)]
pub struct Socket<'a> {
    pub directory: &'a Path,
    pub port: u16,
    pub user: &'a str,
    pub password: &'a str,
    pub database: &'a str,
}

impl Config {
    /// Over the PostgreSQL of an address. What the address leaves open, the variables of PostgreSQL's clients (`PGPASSWORD`, `PGSSLMODE`) and
    /// `~/.pgpass` tell.
    pub fn over_url(url: &str) -> Result<Self> {
        // The parser's own message may quote the address.
        let connection = url.parse().map_err(|_| Error::bad_request("DATABASE_URL is not an address of PostgreSQL"))?;
        Ok(Self::new(connection))
    }

    /// Over an embedded PostgreSQL. All that a `PG*` variable could have set is set here, but `PGOPTIONS`: the driver only adds to it, so the process
    /// forgets it before.
    pub fn over_socket(socket: Socket<'_>) -> Self {
        let connection = PgConnectOptions::new_without_pgpass()
            .socket(socket.directory)
            .port(socket.port)
            .username(socket.user)
            .password(socket.password)
            .database(socket.database)
            .ssl_mode(PgSslMode::Disable);
        Self::new(connection)
    }

    /// Where PostgreSQL is: `host:port`, or the directory of its socket.
    pub fn place(&self) -> String {
        place(&self.connection)
    }

    pub fn database(&self) -> Option<&str> {
        self.connection.get_database()
    }

    /// Invariant: an acknowledged write is on disk, on every connection and whatever the server, the database, the role or the environment say.
    pub fn new(connection: PgConnectOptions) -> Self {
        Self {
            connection: connection.application_name("ddb").options([("synchronous_commit", "on")]),
            readers: 2,
            pool: 5,
            lists: 3,
            scans: 3,
            transactors: 4,
            patience: Duration::from_secs(2),
            is_nearly_full: Arc::new(|| false),
        }
    }
}

/// `host:port`, or the directory of a socket.
pub(crate) fn place(options: &PgConnectOptions) -> String {
    match options.get_socket() {
        Some(directory) => directory.display().to_string(),
        None if options.get_host().starts_with('/') => options.get_host().to_owned(),
        None => format!("{}:{}", options.get_host(), options.get_port()),
    }
}
