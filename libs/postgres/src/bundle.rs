//! The PostgreSQL that is packed into this program.

use std::io;
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;

use crate::reach::place;
use crate::user::ServerUser;

const ARCHIVE: &[u8] = include_bytes!(env!("DDB_POSTGRES_BUNDLE"));
/// Another archive gets another folder, so that an update never changes files under a running server.
const NAME: &str = concat!("postgres-bundle-", env!("DDB_POSTGRES_BUNDLE_HASH"));

/// The unpacked tree; it is unpacked at the first start and stays.
pub(crate) fn unpack(user: Option<&ServerUser>, data_dir: &Path) -> Result<PathBuf, String> {
    let unpack = |to: &Path| -> io::Result<()> {
        let mut archive = tar::Archive::new(GzDecoder::new(ARCHIVE));
        archive.set_preserve_mtime(false);
        archive.unpack(to)
    };
    place(NAME, user, data_dir, unpack).map_err(|tried| {
        let tried: Vec<String> = tried.iter().map(|(path, error)| format!("{}: {error}", path.display())).collect();
        format!("it cannot be unpacked: {}", tried.join(", "))
    })
}
