use std::path::{Path, PathBuf};

/// Of a small machine.
const SMALL: u64 = 512 << 20;

#[derive(Debug, Clone)]
pub struct Config {
    /// The data directory of `ddb`; the cluster lives in `<data_dir>/postgres`.
    pub data_dir: PathBuf,
    /// Where PostgreSQL is installed (`DDB_POSTGRES_DIR`): a folder with `bin/postgres`. Without it, see the crate's documentation.
    pub binaries: Option<PathBuf>,
    /// The memory in bytes that PostgreSQL's settings are made for: what the process may use, which its composition knows.
    pub memory: u64,
    /// Locks that PostgreSQL sets memory aside for, for each connection: more than it has by default where one transaction makes thousands of tables.
    pub locks: Option<u32>,
    /// Files and folders of the caller's own that may lie in a data directory which holds no cluster yet.
    pub beside: Vec<PathBuf>,
}

impl Config {
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self { data_dir: data_dir.into(), binaries: None, memory: SMALL, locks: None, beside: Vec::new() }
    }
}

/// The files in a data directory that belong to this crate.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    pub(crate) data_dir: PathBuf,
}

impl Layout {
    /// `data_dir` must exist. The path becomes absolute, because the server runs in another working directory.
    pub(crate) fn new(data_dir: &Path) -> std::io::Result<Self> {
        Ok(Self { data_dir: data_dir.canonicalize()? })
    }

    pub(crate) fn cluster(&self) -> PathBuf {
        cluster_in(&self.data_dir)
    }

    pub(crate) fn password(&self) -> PathBuf {
        self.data_dir.join(PASSWORD)
    }

    pub(crate) fn state(&self) -> PathBuf {
        self.data_dir.join(STATE)
    }

    /// Where a cluster is made before it is renamed; `id` tells two attempts apart.
    pub(crate) fn unfinished(&self, id: &str) -> PathBuf {
        self.data_dir.join(format!("{UNFINISHED_PREFIX}{id}"))
    }

    /// What attempts that were cut off have left behind.
    pub(crate) fn all_unfinished(&self) -> std::io::Result<Vec<PathBuf>> {
        let mut found = Vec::new();
        for entry in std::fs::read_dir(&self.data_dir)? {
            let entry = entry?;
            if entry.file_name().to_string_lossy().starts_with(UNFINISHED_PREFIX) {
                found.push(entry.path());
            }
        }
        Ok(found)
    }
}

/// Where the cluster of a data directory lies.
pub(crate) fn cluster_in(data_dir: &Path) -> PathBuf {
    data_dir.join("postgres")
}

pub(crate) const LOCK: &str = "ddb.lock";
pub(crate) const PASSWORD: &str = "postgres.password";
pub(crate) const STATE: &str = "postgres.state";
const UNFINISHED_PREFIX: &str = "postgres.new-";
