use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, lchown};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use crate::connection::PORT;
use crate::error::{Error, Result};
use crate::user::ServerUser;

pub(crate) const PREFIX: &str = "ddb-";
/// A socket's path may have 107 bytes (103 on macOS); PostgreSQL puts `/.s.PGSQL.5432` behind the directory.
const MAX_DIRECTORY_LENGTH: usize = 88;

/// Makes the directory of the server's socket: short, with a random name, and open to the server's user alone (and root).
pub(crate) fn create(user: Option<&ServerUser>, data_dir: &Path) -> Result<PathBuf> {
    let mut tried = Vec::new();
    for parent in parents(data_dir) {
        match create_in(&parent, user) {
            Ok(directory) => return Ok(directory),
            Err(reason) => tried.push((parent, reason)),
        }
    }
    Err(Error::NoSocketDirectory { tried })
}

/// Nobody cleans up in the data directory and in `/run`. `/tmp` is for those whose data directory has too long a name; `XDG_RUNTIME_DIR` goes away
/// when its user signs out.
fn parents(data_dir: &Path) -> Vec<PathBuf> {
    if rustix::process::geteuid().is_root() {
        // The server is another user, who may not be able to enter the data directory.
        return vec![PathBuf::from("/run"), PathBuf::from("/tmp")];
    }
    let mut parents = vec![data_dir.to_owned(), PathBuf::from("/tmp")];
    parents.extend(std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from));
    parents
}

fn create_in(parent: &Path, user: Option<&ServerUser>) -> Result<PathBuf, String> {
    let directory = parent.join(format!("{PREFIX}{:016x}", rand::random::<u64>()));
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-".contains(&byte);
    let name = directory.to_str().filter(|name| name.starts_with('/') && name.bytes().all(plain));
    if name.is_none_or(|name| name.len() > MAX_DIRECTORY_LENGTH) {
        return Err(format!("not an absolute path of at most {MAX_DIRECTORY_LENGTH} plain characters"));
    }
    make(&directory, user).map_err(|error| error.to_string())?;
    if let Err(error) = try_out(&directory) {
        let _ = fs::remove_dir(&directory);
        return Err(format!("no socket can be used there: {error}"));
    }
    Ok(directory)
}

fn make(directory: &Path, user: Option<&ServerUser>) -> io::Result<()> {
    DirBuilder::new().mode(0o700).create(directory)?;
    if let Some(user) = user
        && let Err(error) = lchown(directory, Some(user.uid), Some(user.gid))
    {
        let _ = fs::remove_dir(directory);
        return Err(error);
    }
    Ok(())
}

/// Some file systems have no sockets: those that a virtual machine shares with its host, for example.
fn try_out(directory: &Path) -> io::Result<()> {
    let path = directory.join("try");
    let listener = UnixListener::bind(&path)?;
    let connected = UnixStream::connect(&path).map(drop);
    drop(listener);
    let _ = fs::remove_file(&path);
    connected
}

/// Whether clients can no longer find the server, because its socket was removed while it runs (by a cleaner of `/tmp`, or at its user's sign-out).
pub(crate) fn is_gone(directory: &Path) -> bool {
    let socket = directory.join(format!(".s.PGSQL.{PORT}"));
    matches!(fs::symlink_metadata(socket), Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory))
}

/// Makes the directory again, where it was removed. One that another user has put there meanwhile is not used: its owner could pass for the
/// server.
pub(crate) fn ensure(directory: &Path, user: Option<&ServerUser>) -> Result<()> {
    match make(directory, user) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let owner = user.map_or_else(|| rustix::process::geteuid().as_raw(), |user| user.uid);
            let found = fs::symlink_metadata(directory).map_err(Error::io("read", directory))?;
            if found.uid() != owner || !is_ours(directory) {
                return Err(Error::NotOurs { path: directory.to_owned(), owner: found.uid(), us: owner });
            }
            Ok(())
        }
        made => made.map_err(Error::io("make", directory)),
    }
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
        tracing::warn!(directory = %directory.display(), %error, "ddb could not remove the directory of the socket");
    }
}

/// Deletes those that killed processes have left in a data directory whose lock the caller holds. Modes do not count there: nobody else writes to it.
pub(crate) fn remove_left(data_dir: &Path) {
    let Ok(entries) = fs::read_dir(data_dir) else { return };
    for entry in entries.flatten() {
        let is_named = entry.file_name().to_str().and_then(|name| name.strip_prefix(PREFIX)).is_some_and(is_random);
        if is_named && entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            let _ = fs::set_permissions(entry.path(), fs::Permissions::from_mode(0o700));
            remove(&entry.path());
        }
    }
}

fn is_random(name: &str) -> bool {
    name.len() == 16 && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// A state file may be old, and its directory's name by now somebody else's.
fn is_ours(directory: &Path) -> bool {
    let named = directory.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with(PREFIX));
    let private = fs::symlink_metadata(directory).is_ok_and(|metadata| metadata.is_dir() && metadata.mode() & 0o077 == 0);
    named && private
}
