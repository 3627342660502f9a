//! Questions to the embedded PostgreSQL of a `ddb` that this program started, asked with the `psql` that lies beside the
//! server's own program. Where one of the two is missing, the answer is missing too and the report says so.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// As `libs/postgres` makes them.
const USER: &str = "ddb";
pub(crate) const DATABASE: &str = "darshjdb";

pub(crate) struct Postmaster {
    pub(crate) pid: u32,
    program: PathBuf,
    socket_directory: String,
    port: String,
    password: String,
}

impl Postmaster {
    /// Reads `postgres/postmaster.pid` of the data directory, whose lines are: pid, data directory, start time, port,
    /// socket directory.
    pub(crate) fn find(data: &Path) -> Option<Self> {
        let cluster = data.join("postgres").canonicalize().ok()?;
        let text = fs::read_to_string(cluster.join("postmaster.pid")).ok()?;
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        let pid: u32 = lines.first()?.parse().ok()?;
        // A stale file may name a process of somebody else.
        let is_ours = fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|cwd| cwd == cluster);
        is_ours.then(|| Self {
            pid,
            program: fs::read_link(format!("/proc/{pid}/exe")).unwrap_or_default(),
            socket_directory: (*lines.get(4).unwrap_or(&"")).to_owned(),
            port: (*lines.get(3).unwrap_or(&"")).to_owned(),
            password: fs::read_to_string(data.join("postgres.password")).unwrap_or_default().trim().to_owned(),
        })
    }

    /// The answer's only value as text.
    pub(crate) fn ask(&self, database: &str, sql: &str) -> Option<String> {
        let output = self
            .client("psql", database)
            .args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--command", sql])
            .output()
            .ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        output.status.success().then(|| text.trim().to_owned())
    }

    /// A program of PostgreSQL's, told how to reach this server and the database.
    pub(crate) fn client(&self, program: &str, database: &str) -> Command {
        let mut command = Command::new(self.program.with_file_name(program));
        command.env("PGPASSWORD", &self.password).env("PGHOST", &self.socket_directory).env("PGPORT", &self.port);
        command.env("PGUSER", USER).env("PGDATABASE", database);
        command
    }

    /// Bytes of write-ahead log since the cluster was made.
    pub(crate) fn wal_bytes(&self) -> Option<u64> {
        self.ask(DATABASE, "select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')")?.parse().ok()
    }

    pub(crate) fn durability(&self) -> Option<String> {
        self.ask(
            DATABASE,
            "select string_agg(name || ' = ' || setting, ', ' order by name desc) from pg_settings
             where name in ('synchronous_commit', 'fsync', 'full_page_writes')",
        )
    }
}
