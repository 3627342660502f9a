use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, lchown};
use std::path::{Path, PathBuf};

use crate::connection::PORT;
use crate::error::{Error, Result};
use crate::user::ServerUser;

const PREFIX: &str = "ddb-";
/// A socket's path may have 107 bytes (103 on macOS); PostgreSQL puts `/.s.PGSQL.5432` behind the directory.
const MAX_DIRECTORY_LENGTH: usize = 88;

/// Makes the directory of the server's socket: short, with a random name, and open to the server's user alone (and root).
pub(crate) fn create(user: Option<&ServerUser>) -> Result<PathBuf> {
    let mut tried = Vec::new();
    for parent in parents() {
        match create_in(&parent, user) {
            Ok(directory) => return Ok(directory),
            Err(reason) => tried.push((parent, reason)),
        }
    }
    Err(Error::NoSocketDirectory { tried })
}

fn parents() -> Vec<PathBuf> {
    let mut parents = Vec::new();
    if rustix::process::geteuid().is_root() {
        parents.push(PathBuf::from("/run"));
    } else if let Some(directory) = std::env::var_os("XDG_RUNTIME_DIR") {
        parents.push(PathBuf::from(directory));
    }
    parents.push(PathBuf::from("/tmp"));
    parents
}

fn create_in(parent: &Path, user: Option<&ServerUser>) -> Result<PathBuf, String> {
    let directory = parent.join(format!("{PREFIX}{:016x}", rand::random::<u64>()));
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-".contains(&byte);
    let name = directory.to_str().filter(|name| name.starts_with('/') && name.bytes().all(plain));
    if name.is_none_or(|name| name.len() > MAX_DIRECTORY_LENGTH) {
        return Err(format!("not an absolute path of at most {MAX_DIRECTORY_LENGTH} plain characters"));
    }
    DirBuilder::new().mode(0o700).create(&directory).map_err(|error| error.to_string())?;
    if let Some(user) = user
        && let Err(error) = lchown(&directory, Some(user.uid), Some(user.gid))
    {
        let _ = fs::remove_dir(&directory);
        return Err(error.to_string());
    }
    Ok(directory)
}

/// What a server that was killed leaves in its directory; the next one would take a lock file with a reused pid for a running server.
pub(crate) fn clear(directory: &Path) {
    if !is_ours(directory) {
        return;
    }
    for name in [format!(".s.PGSQL.{PORT}"), format!(".s.PGSQL.{PORT}.lock")] {
        let _ = fs::remove_file(directory.join(name));
    }
}

/// Removes the directory that a state file names. Nothing else than what a server puts there is deleted.
pub(crate) fn remove(directory: &Path) {
    clear(directory);
    if is_ours(directory)
        && let Err(error) = fs::remove_dir(directory)
        && error.kind() != io::ErrorKind::NotFound
    {
        tracing::warn!(directory = %directory.display(), %error, "the socket directory could not be removed");
    }
}

/// A state file may be old, and its directory's name by now somebody else's.
fn is_ours(directory: &Path) -> bool {
    let named = directory.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with(PREFIX));
    let private = fs::symlink_metadata(directory).is_ok_and(|metadata| metadata.is_dir() && metadata.mode() & 0o077 == 0);
    named && private
}
