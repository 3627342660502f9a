use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::Path;

use crate::config::{Config, LOCK};
use crate::directory;
use crate::error::{Error, Result};

/// The right to use a data directory: one process at a time, released when the value is dropped or the process dies.
#[derive(Debug)]
pub struct DataLock {
    file: File,
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

    /// The same right once more: it is released when both are dropped.
    pub fn share(&self) -> Result<Self> {
        let file = self.file.try_clone().map_err(Error::io("share", Path::new(LOCK)))?;
        Ok(Self { file })
    }

    fn take(data_dir: &Path) -> Result<Self> {
        let path = data_dir.join(LOCK);
        loop {
            let lock = Self::take_file(data_dir, &path)?;
            let ours = lock.file.metadata().map_err(Error::io("read", &path))?;
            // The holder before may have removed the file between its opening and its locking; the next process would lock another one.
            if std::fs::metadata(&path).is_ok_and(|there| (there.dev(), there.ino()) == (ours.dev(), ours.ino())) {
                return Ok(lock);
            }
        }
    }

    fn take_file(data_dir: &Path, path: &Path) -> Result<Self> {
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(path)
            .map_err(Error::io("open", path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                // Only the message depends on it; the holder may be writing right now.
                let _ = (&file).take(64).read_to_string(&mut text);
                return Err(Error::Locked { data_dir: data_dir.to_owned(), pid: text.trim().parse().ok() });
            }
            Err(TryLockError::Error(error)) => return Err(Error::io("lock", path)(error)),
        }
        file.set_len(0).map_err(Error::io("write", path))?;
        file.rewind().map_err(Error::io("write", path))?;
        writeln!(file, "{}", std::process::id()).map_err(Error::io("write", path))?;
        Ok(Self { file })
    }
}
