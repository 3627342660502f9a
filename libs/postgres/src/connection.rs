use std::fmt;
use std::path::PathBuf;

pub(crate) const ROLE: &str = "ddb";
pub(crate) const DATABASE: &str = "darshjdb";
/// Every server has a socket directory of its own, so the port is only a part of the socket's name.
pub(crate) const PORT: u16 = 5432;

/// How to reach the server. It stays the same while one [`crate::Server`] lives, also when PostgreSQL is restarted under it.
///
/// With `sqlx`: `PgConnectOptions::new_without_pgpass().socket(&c.socket_dir).port(c.port).username(&c.user).password(c.password()).database(&c.database)`.
#[derive(Clone)]
pub struct Connection {
    pub socket_dir: PathBuf,
    pub port: u16,
    /// The superuser of the cluster, which belongs to `ddb` alone.
    pub user: String,
    pub database: String,
    password: String,
}

impl Connection {
    pub(crate) fn new(socket_dir: PathBuf, password: String) -> Self {
        Self { socket_dir, port: PORT, user: ROLE.to_owned(), database: DATABASE.to_owned(), password }
    }

    /// A secret: not for logs, messages or command lines.
    pub fn password(&self) -> &str {
        &self.password
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("socket_dir", &self.socket_dir)
            .field("port", &self.port)
            .field("user", &self.user)
            .field("database", &self.database)
            .finish_non_exhaustive()
    }
}
