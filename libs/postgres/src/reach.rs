//! Programs where the server's unprivileged user can run them.

use std::fs::{self, Permissions};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use crate::binaries::Programs;
use crate::error::{Error, Result};
use crate::user::ServerUser;

/// Where root keeps copies, by preference.
const SYSTEM_STORE: &str = "/var/lib/ddb";
const READ: u32 = 0o4;
const SEARCH: u32 = 0o1;

/// The same programs, as they are when the user can reach them, else as a copy that is made once.
pub(crate) fn reachable(programs: Programs, user: Option<&ServerUser>, data_dir: &Path) -> Result<Programs> {
    let Some(user) = user else { return Ok(programs) };
    if can(user, &programs.program("postgres"), READ | SEARCH) && can(user, &programs.share.join("postgres.bki"), READ) {
        return Ok(programs);
    }
    let root = programs.root();
    let name = format!("postgres-{}-{:016x}", programs.version, fingerprint(&root).map_err(Error::io("read", &root))?);
    let mut tried = Vec::new();
    for store in [Path::new(SYSTEM_STORE), data_dir] {
        match copy_into(store, &name, &root, user) {
            Ok(copy) => {
                let moved = |path: &Path| path.strip_prefix(&root).map(|inner| copy.join(inner)).ok();
                if let (Some(bin), Some(share)) = (moved(&programs.bin), moved(&programs.share)) {
                    return Ok(Programs { bin, share, ..programs });
                }
                tried.push((store.to_owned(), io::Error::other("its files are spread over several folders")));
            }
            Err(error) => tried.push((store.to_owned(), error)),
        }
    }
    Err(Error::UnreachablePrograms { bin: programs.bin, user: user.name.clone(), tried })
}

/// Whether the user may traverse all folders above `path` and has `wanted` permissions on it, by the mode bits.
fn can(user: &ServerUser, path: &Path, wanted: u32) -> bool {
    let Ok(path) = path.canonicalize() else { return false };
    path.ancestors().enumerate().all(|(level, part)| {
        let Ok(metadata) = fs::metadata(part) else { return false };
        let class = if metadata.uid() == user.uid {
            6
        } else if metadata.gid() == user.gid {
            3
        } else {
            0
        };
        let wanted = if level == 0 { wanted } else { SEARCH };
        (metadata.mode() >> class) & wanted == wanted
    })
}

/// Changes when a file of the installation does.
fn fingerprint(root: &Path) -> io::Result<u64> {
    fn add(path: &Path, hasher: &mut DefaultHasher) -> io::Result<()> {
        let metadata = fs::symlink_metadata(path)?;
        path.hash(hasher);
        if metadata.is_dir() {
            let mut entries = fs::read_dir(path)?.collect::<io::Result<Vec<_>>>()?;
            entries.sort_by_key(fs::DirEntry::file_name);
            for entry in entries {
                add(&entry.path(), hasher)?;
            }
        } else {
            (metadata.size(), metadata.mtime(), metadata.mtime_nsec()).hash(hasher);
        }
        Ok(())
    }
    let mut hasher = DefaultHasher::new();
    add(root, &mut hasher)?;
    Ok(hasher.finish())
}

fn copy_into(store: &Path, name: &str, root: &Path, user: &ServerUser) -> io::Result<PathBuf> {
    let copy = store.join(name);
    if !store.exists() {
        fs::create_dir_all(store)?;
        fs::set_permissions(store, Permissions::from_mode(0o755))?;
    }
    let metadata = fs::metadata(store)?;
    if metadata.uid() != 0 || metadata.mode() & 0o022 != 0 {
        return Err(io::Error::other("others than root may write there"));
    }
    if !can(user, store, SEARCH) {
        return Err(io::Error::other("the user cannot reach it either"));
    }
    if copy.is_dir() {
        return Ok(copy);
    }
    let unfinished = store.join(format!(".{name}.{:08x}", rand::random::<u32>()));
    tracing::info!(from = %root.display(), to = %copy.display(), "PostgreSQL is copied to where its user can run it");
    let made = copy_tree(root, &unfinished).and_then(|()| fs::rename(&unfinished, &copy));
    if let Err(error) = made {
        let _ = fs::remove_dir_all(&unfinished);
        // Another start at the same moment may have made it.
        if !copy.is_dir() {
            return Err(error);
        }
    }
    Ok(copy)
}

fn copy_tree(from: &Path, to: &Path) -> io::Result<()> {
    let metadata = fs::symlink_metadata(from)?;
    if metadata.is_dir() {
        fs::create_dir(to)?;
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            copy_tree(&entry.path(), &to.join(entry.file_name()))?;
        }
        fs::set_permissions(to, Permissions::from_mode(0o755))
    } else if metadata.is_symlink() {
        symlink(fs::read_link(from)?, to)
    } else {
        fs::copy(from, to)?;
        let mode = if metadata.mode() & 0o111 == 0 { 0o644 } else { 0o755 };
        fs::set_permissions(to, Permissions::from_mode(mode))
    }
}
