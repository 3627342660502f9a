use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why PostgreSQL could not be started. The message says what to do.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// Another process uses the data directory.
    Locked {
        data_dir: PathBuf,
        pid: Option<u32>,
    },
    /// A PostgreSQL that `ddb` did not start runs on the data directory.
    ForeignServer {
        cluster: PathBuf,
        pid: u32,
    },
    DiskFull {
        path: PathBuf,
        detail: String,
    },
    ReadOnly {
        path: PathBuf,
    },
    Io {
        action: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    /// No usable PostgreSQL; each place that was looked at, with the reason why not.
    NoPostgres {
        skipped: Vec<(PathBuf, String)>,
    },
    /// The PostgreSQL that the configuration names is not usable.
    UnusablePostgres {
        directory: PathBuf,
        reason: String,
    },
    /// The data was written by another major version.
    OtherMajor {
        cluster: PathBuf,
        data: u32,
        server: String,
        bin: PathBuf,
    },
    /// The server's unprivileged user cannot reach the programs, and there is no place to copy them to.
    UnreachablePrograms {
        bin: PathBuf,
        user: String,
        tried: Vec<(PathBuf, io::Error)>,
    },
    /// `ddb` runs as root, and the system has no unprivileged user for the server.
    NoServerUser,
    /// There is no place for the socket's directory.
    NoSocketDirectory {
        tried: Vec<(PathBuf, String)>,
    },
    BadPassword {
        path: PathBuf,
    },
    /// `pg_hba.conf` lets somebody in without the password.
    OpenAccess {
        path: PathBuf,
        line: usize,
    },
    /// The directory belongs to another user.
    NotOurs {
        path: PathBuf,
        owner: u32,
        us: u32,
    },
    /// The folder holds what is neither a cluster of ours nor anything else of ours, so no cluster is made in it.
    Occupied {
        data_dir: PathBuf,
        name: String,
    },
    /// There is no cluster, and the caller may not make one.
    NoData {
        data_dir: PathBuf,
    },
    /// The cluster in the data directory was not made by `ddb`.
    ForeignCluster {
        cluster: PathBuf,
    },
    /// A file, or a link that leads nowhere, stands where the data directory should be.
    NotADirectory {
        path: PathBuf,
    },
    /// Something else than a cluster stands where the cluster should be.
    NotACluster {
        path: PathBuf,
    },
    /// `initdb` failed; `detail` is what it said.
    Init {
        detail: String,
    },
    /// The server ended before it was ready; `detail` is what it said.
    Start {
        detail: String,
    },
    /// The server did not end.
    Stop {
        pid: u32,
    },
    /// Another `ddb` holds the data directory, but its PostgreSQL does not answer.
    NotAttachable {
        data_dir: PathBuf,
        pid: Option<u32>,
    },
}

impl Error {
    /// For `map_err`: an I/O error with what was done to which path; a full or read-only disk is told as such.
    pub(crate) fn io(action: &'static str, path: impl AsRef<Path>) -> impl FnOnce(io::Error) -> Self {
        move |source| {
            let path = path.as_ref().to_owned();
            let kind = source.kind();
            if matches!(kind, io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) {
                Self::DiskFull { path, detail: source.to_string() }
            } else if kind == io::ErrorKind::ReadOnlyFilesystem {
                Self::ReadOnly { path }
            } else {
                Self::Io { action, path, source }
            }
        }
    }

    /// Tells a full or read-only disk from what a program of PostgreSQL said; otherwise it is `other`.
    pub(crate) fn from_output(path: &Path, output: &str, other: impl FnOnce(String) -> Self) -> Self {
        let detail = output.trim();
        let line_with = |text: &str| detail.lines().find(|line| line.contains(text)).map(str::to_owned);
        if let Some(detail) = line_with("No space left on device").or_else(|| line_with("Disk quota exceeded")) {
            return Self::DiskFull { path: path.to_owned(), detail };
        }
        if line_with("Read-only file system").is_some() {
            return Self::ReadOnly { path: path.to_owned() };
        }
        other(if detail.is_empty() { "it said nothing".to_owned() } else { detail.to_owned() })
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Locked { data_dir, pid } => {
                write!(f, "the data directory {} is in use by another ddb", data_dir.display())?;
                if let Some(pid) = pid {
                    write!(f, " (pid {pid})")?;
                }
                f.write_str("; stop that one first, or use another directory with --data-dir")
            }
            Self::ForeignServer { cluster, pid } => write!(
                f,
                "a PostgreSQL that ddb did not start (pid {pid}) runs on {}; stop it (pg_ctl stop -D {0}), then start ddb again",
                cluster.display()
            ),
            Self::DiskFull { path, detail } => {
                write!(f, "the disk that holds {} is full ({detail}); free some space and start ddb again", path.display())
            }
            Self::ReadOnly { path } => write!(
                f,
                "{} is on a read-only file system; mount it writable, or name another directory with --data-dir",
                path.display()
            ),
            Self::Io { action, path, source } => write!(f, "cannot {action} {}: {source}", path.display()),
            Self::NoPostgres { skipped } => {
                f.write_str(
                    "ddb found no PostgreSQL that it can use. Do one of these: fetch the pinned one (libs/postgres/fetch.sh in the source tree, or `make`); \
                     install PostgreSQL 16 or newer with pgvector; set DDB_POSTGRES_DIR to an installation; \
                     set DATABASE_URL to use a server that you run. ddb looked at: ",
                )?;
                if skipped.is_empty() {
                    f.write_str("nothing found at all")?;
                }
                write_list(f, skipped.iter().map(|(path, reason)| format!("{} ({reason})", path.display())))
            }
            Self::UnusablePostgres { directory, reason } => write!(
                f,
                "DDB_POSTGRES_DIR is {}, which cannot be used: {reason}. It must be an installation of PostgreSQL 16 or newer with pgvector",
                directory.display()
            ),
            Self::OtherMajor { cluster, data, server, bin } => write!(
                f,
                "the data in {} was written by PostgreSQL {data}, but the server is {server} ({}). Nothing was changed. To move: \
                 make a backup with a ddb that has PostgreSQL {data}, move the directory away, start this ddb, restore the backup. \
                 Or set DDB_POSTGRES_DIR to a PostgreSQL {data} with pgvector",
                cluster.display(),
                bin.display()
            ),
            Self::UnreachablePrograms { bin, user, tried } => {
                write!(
                    f,
                    "ddb runs as root, so PostgreSQL runs as user {user}, which cannot read {}. ddb could not copy PostgreSQL: ",
                    bin.display()
                )?;
                write_list(f, tried.iter().map(|(path, error)| format!("{} ({error})", path.display())))?;
                f.write_str(". Put PostgreSQL where everybody may read it, and set DDB_POSTGRES_DIR")
            }
            Self::NoServerUser => f.write_str(
                "ddb runs as root, and PostgreSQL does not run as root. ddb found none of the users ddb, postgres and nobody to run it as. \
                 Add a user (useradd --system ddb), or run ddb as an ordinary user",
            ),
            Self::NoSocketDirectory { tried } => {
                f.write_str("ddb found no directory for PostgreSQL's socket; make /tmp or XDG_RUNTIME_DIR writable. ddb tried: ")?;
                write_list(f, tried.iter().map(|(path, reason)| format!("{} ({reason})", path.display())))
            }
            Self::BadPassword { path } => {
                write!(f, "{} does not hold a password made by ddb; delete it, and ddb makes a new one", path.display())
            }
            Self::OpenAccess { path, line } => write!(
                f,
                "line {line} of {} lets clients in without scram-sha-256; ddb does not run such a database. Remove that line",
                path.display()
            ),
            Self::NotOurs { path, owner, us } => write!(
                f,
                "{} belongs to user {owner}, but ddb runs as user {us}; run ddb as that user, or give it the directory with chown -R",
                path.display()
            ),
            Self::Occupied { data_dir, name } => {
                let holds = if name == "PG_VERSION" { "a PostgreSQL that ddb did not make" } else { "files that are not of ddb" };
                write!(
                    f,
                    "{} holds {holds} ({name} lies there); ddb makes a new database only in an empty directory. \
                     Name another directory with --data-dir. Nothing was changed",
                    data_dir.display()
                )
            }
            Self::NoData { data_dir } => write!(
                f,
                "{} holds no data of ddb; name the data directory with --data-dir. Only `ddb start` and `ddb restore` make one",
                data_dir.display()
            ),
            Self::ForeignCluster { cluster } => write!(
                f,
                "{} is a PostgreSQL data directory that ddb did not make: none of ddb's files lies beside it. Name another directory with \
                 --data-dir; if it is ddb's, put its postgres.password back beside it (an empty ddb.lock will do, too)",
                cluster.display()
            ),
            Self::NotADirectory { path } => {
                write!(f, "{} is not a directory; name another place with --data-dir", path.display())
            }
            Self::NotACluster { path } => write!(
                f,
                "{} exists, but is not a PostgreSQL data directory (it has no PG_VERSION); move it away, or name another --data-dir",
                path.display()
            ),
            Self::Init { detail } => write!(f, "PostgreSQL's initdb failed: {detail}"),
            Self::Start { detail } => write!(f, "PostgreSQL ended while it started: {detail}"),
            Self::Stop { pid } => write!(f, "PostgreSQL (pid {pid}) did not stop"),
            Self::NotAttachable { data_dir, pid } => {
                write!(f, "the data directory {} is in use by another ddb", data_dir.display())?;
                if let Some(pid) = pid {
                    write!(f, " (pid {pid})")?;
                }
                f.write_str(", but it runs no embedded PostgreSQL that answers; try again, or stop that ddb first")
            }
        }
    }
}

fn write_list(f: &mut fmt::Formatter<'_>, items: impl Iterator<Item = String>) -> fmt::Result {
    for (index, item) in items.enumerate() {
        if index > 0 {
            f.write_str("; ")?;
        }
        f.write_str(&item)?;
    }
    Ok(())
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        if let Self::Io { source, .. } = self { Some(source) } else { None }
    }
}

impl From<Error> for ddb_core::Error {
    fn from(error: Error) -> Self {
        Self::internal(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_told_from_what_the_programs_say() {
        let told = |output| Error::from_output(Path::new("/data"), output, |detail| Error::Start { detail }).to_string();
        let full = told("LOG:  starting\nFATAL:  could not write lock file \"postmaster.pid\": No space left on device\n");
        assert!(full.contains("the disk that holds /data is full (FATAL:"), "{full}");
        let read_only = told("FATAL:  could not open file \"x\": Read-only file system\n");
        assert!(read_only.contains("/data is on a read-only file system"), "{read_only}");
        assert_eq!(told("FATAL:  something\n"), "PostgreSQL ended while it started: FATAL:  something");
        assert_eq!(told("\n"), "PostgreSQL ended while it started: it said nothing");
    }
}
