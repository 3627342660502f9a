use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use crate::error::{Error, Result};

/// 32 random bytes in hexadecimal.
const LENGTH: usize = 64;

/// A password from its file.
pub(crate) struct Known {
    pub(crate) password: String,
    /// Others than the owner may have read it, as after the `chmod` that Kubernetes does for `fsGroup`.
    pub(crate) is_exposed: bool,
}

/// `None` when there is no file yet.
pub(crate) fn read(path: &Path) -> Result<Option<Known>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Error::io("read", path)(error)),
    };
    let metadata = file.metadata().map_err(Error::io("read", path))?;
    let us = rustix::process::geteuid().as_raw();
    if metadata.uid() != us && us != 0 {
        return Err(Error::NotOurs { path: path.to_owned(), owner: metadata.uid(), us });
    }
    let mut text = String::new();
    (&file).take(1024).read_to_string(&mut text).map_err(Error::io("read", path))?;
    let password = text.trim_end_matches('\n');
    if password.len() != LENGTH || !password.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(Error::BadPassword { path: path.to_owned() });
    }
    Ok(Some(Known { password: password.to_owned(), is_exposed: metadata.mode() & 0o077 != 0 }))
}

pub(crate) fn generate() -> String {
    let bytes: [u8; LENGTH / 2] = rand::random();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Appears whole or not at all, readable by its owner only.
pub(crate) fn write(path: &Path, password: &str) -> Result<()> {
    let new = path.with_extension("password.new");
    match fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(Error::io("write", &new)(error)),
        _ => {}
    }
    write_private(&new, &format!("{password}\n"))?;
    fs::rename(&new, path).map_err(Error::io("write", path))
}

/// A new file with mode 0600, on disk when this returns.
pub(crate) fn write_private(path: &Path, text: &str) -> Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(Error::io("write", path))?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(Error::io("write", path))
}
