//! What a folder holds, before `ddb` keeps its data there.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::config::{Config, LOCK, PASSWORD, STATE, cluster_in};
use crate::error::{Error, Result};

/// What `ddb` itself puts into a data directory.
const OWN: [&str; 4] = [PASSWORD, STATE, LOCK, "master.key"];
/// Attempts, new states of files, directories of sockets, and the programs of PostgreSQL where there is no better place for them.
const OWN_PREFIXES: [&str; 4] = ["postgres.", "master.key.", crate::socket::PREFIX, "postgres-"];
/// What `mkfs` puts onto every new disk.
const OF_DISKS: &str = "lost+found";

/// For a process that may make a cluster: a folder that holds ours, one that is yet to be made, or one that holds nothing of anybody else.
/// Nothing is made or changed here.
pub(crate) fn check_for_start(config: &Config) -> Result<()> {
    let data_dir = &config.data_dir;
    if !exists(data_dir)? || holds_cluster(data_dir)? {
        return Ok(());
    }
    let mut names: Vec<_> = fs::read_dir(data_dir)
        .and_then(|entries| entries.map(|entry| Ok(entry?.file_name())).collect::<io::Result<_>>())
        .map_err(Error::io("read", data_dir))?;
    // The same one is named each time.
    names.sort();
    let named: Vec<_> = config.beside.iter().filter_map(|path| path.canonicalize().ok()).collect();
    for name in names {
        let text = name.to_string_lossy();
        // A cluster would have been found.
        if text == "postgres" {
            return Err(Error::NotACluster { path: data_dir.join(name) });
        }
        let is_own = OWN.contains(&&*text) || OWN_PREFIXES.iter().any(|prefix| text.starts_with(prefix));
        if is_own || text.starts_with('.') || text == OF_DISKS {
            continue;
        }
        let is_named = data_dir.join(&name).canonicalize().is_ok_and(|path| named.iter().any(|named| named.starts_with(&path)));
        if !is_named {
            return Err(Error::Occupied { data_dir: data_dir.clone(), name: text.into_owned() });
        }
    }
    Ok(())
}

/// For a command: nothing is made for it, so it needs a folder that holds a cluster, or one whose cluster another process is making.
pub(crate) fn check_for_command(data_dir: &Path) -> Result<()> {
    let has_data = exists(data_dir)? && (holds_cluster(data_dir)? || data_dir.join(LOCK).is_file());
    if has_data { Ok(()) } else { Err(Error::NoData { data_dir: data_dir.to_owned() }) }
}

/// Whether the folder holds a cluster that `ddb` made: one that lies beside a file of `ddb`. Somebody else's is an error.
pub(crate) fn holds_cluster(data_dir: &Path) -> Result<bool> {
    let cluster = cluster_in(data_dir);
    match fs::symlink_metadata(cluster.join("PG_VERSION")) {
        Ok(_) => {}
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => return Ok(false),
        Err(error) => return Err(closed(&cluster, error)),
    }
    let is_ours = [PASSWORD, LOCK, STATE].iter().any(|name| fs::symlink_metadata(data_dir.join(name)).is_ok());
    if is_ours { Ok(true) } else { Err(Error::ForeignCluster { cluster }) }
}

/// Whether there is such a folder; an error where something else stands there, or what cannot be entered.
fn exists(data_dir: &Path) -> Result<bool> {
    match fs::metadata(data_dir) {
        Ok(metadata) if metadata.is_dir() => match fs::read_dir(data_dir) {
            Ok(_) => Ok(true),
            Err(error) => Err(closed(data_dir, error)),
        },
        Ok(_) => Err(Error::NotADirectory { path: data_dir.to_owned() }),
        // A link that leads nowhere: a disk that is not mounted, for example.
        Err(error) if error.kind() == io::ErrorKind::NotFound && fs::symlink_metadata(data_dir).is_ok() => {
            Err(Error::NotADirectory { path: data_dir.to_owned() })
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(Error::io("read", data_dir)(error)),
    }
}

/// What cannot be entered is told with its owner, where that is another user.
fn closed(path: &Path, error: io::Error) -> Error {
    let us = rustix::process::geteuid().as_raw();
    match fs::metadata(path) {
        Ok(metadata) if error.kind() == io::ErrorKind::PermissionDenied && metadata.uid() != us => {
            Error::NotOurs { path: path.to_owned(), owner: metadata.uid(), us }
        }
        _ => Error::io("read", path)(error),
    }
}
