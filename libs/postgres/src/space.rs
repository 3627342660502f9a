use std::path::Path;

use crate::config::cluster_in;
use crate::error::{Error, Result};
use crate::room::kept_free;

/// The room on a file system, in bytes, as unprivileged processes have it: what is kept back for root is no part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Space {
    pub free: u64,
    pub total: u64,
}

impl Space {
    /// Of the file system that holds `path`.
    pub fn of(path: &Path) -> Result<Self> {
        let found = rustix::fs::statvfs(path).map_err(|error| Error::io("measure the disk of", path)(error.into()))?;
        let used = found.f_blocks.saturating_sub(found.f_bfree) * found.f_frsize;
        let free = found.f_bavail * found.f_frsize;
        Ok(Self { free, total: used + free })
    }

    /// Of the one that holds the cluster of a data directory.
    pub fn of_cluster(data_dir: &Path) -> Result<Self> {
        Self::of(&cluster_in(data_dir))
    }

    /// What can be written until writes are refused ([`crate::Room`]).
    pub fn until_kept(&self) -> u64 {
        self.free.saturating_sub(kept_free(self.total))
    }
}
