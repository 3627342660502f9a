//! A name for a user who has none: a library of a few lines of C, which `build.rs` builds.

use std::fs;
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::error::{Error, Result};
use crate::user::parse;

const FILE: &str = "ddb.names.so";
/// Empty where there is no use for it: PostgreSQL is loaded by glibc on Linux alone.
const LIBRARY: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/names.so"));

/// Whether the system knows a name for the user: from `/etc/passwd`, else from what else it asks (LDAP, systemd).
pub(crate) fn has_name(uid: u32) -> bool {
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    if parse(&users).any(|user| user.uid == uid) {
        return true;
    }
    let mut getent = Command::new("getent");
    getent.args(["passwd", &uid.to_string()]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    getent.status().is_ok_and(|status| status.success())
}

/// Writes the library into a directory; None where there is none for this system.
pub(crate) fn place(directory: &Path) -> Result<Option<&'static str>> {
    if LIBRARY.is_empty() {
        return Ok(None);
    }
    let path = directory.join(FILE);
    // A killed attempt may have left one.
    if let Err(error) = fs::remove_file(&path)
        && error.kind() != io::ErrorKind::NotFound
    {
        return Err(Error::io("write", &path)(error));
    }
    fs::write(&path, LIBRARY).map_err(Error::io("write", &path))?;
    Ok(Some(FILE))
}
