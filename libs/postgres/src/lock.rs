use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use crate::config::{Config, LOCK};
use crate::directory;
use crate::error::{Error, Result};

/// The right to use a data directory: one process at a time, released when the value is dropped or the process dies.
#[derive(Debug)]
pub struct DataLock {
    _file: File,
}

impl DataLock {
    /// For a process that may make a cluster: makes the data directory (mode 0700) if there is none. Fails with [`Error::Locked`], naming the
    /// holder's pid, when another process has it, and without a trace where the folder holds what is not ours.
    pub fn acquire(config: &Config) -> Result<Self> {
        directory::check_for_start(config)?;
        let data_dir = &config.data_dir;
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(data_dir).map_err(Error::io("make", data_dir))?;
        Self::take(data_dir)
    }

    /// For a command, which makes nothing: fails with [`Error::NoData`] where there is no cluster, and nobody who is making one.
    pub(crate) fn acquire_existing(data_dir: &Path) -> Result<Self> {
        directory::check_for_command(data_dir)?;
        let lock = Self::take(data_dir)?;
        // Whoever was making a cluster has given up.
        if directory::holds_cluster(data_dir)? { Ok(lock) } else { Err(Error::NoData { data_dir: data_dir.to_owned() }) }
    }

    fn take(data_dir: &Path) -> Result<Self> {
        let path = data_dir.join(LOCK);
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(Error::io("open", &path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                // Only the message depends on it; the holder may be writing right now.
                let _ = (&file).take(64).read_to_string(&mut text);
                return Err(Error::Locked { data_dir: data_dir.to_owned(), pid: text.trim().parse().ok() });
            }
            Err(TryLockError::Error(error)) => return Err(Error::io("lock", &path)(error)),
        }
        file.set_len(0).map_err(Error::io("write", &path))?;
        file.rewind().map_err(Error::io("write", &path))?;
        writeln!(file, "{}", std::process::id()).map_err(Error::io("write", &path))?;
        Ok(Self { _file: file })
    }
}
