//! Programs where the user of the server can run them.

use std::fs::{self, Permissions};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use crate::binaries::Programs;
use crate::error::{Error, Result};
use crate::user::ServerUser;

/// Where root keeps programs, by preference.
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
    tracing::info!(from = %root.display(), user = user.name, "this user cannot read PostgreSQL there; ddb uses a copy of it");
    let copy = place(&name, Some(user), data_dir, |to| copy_tree(&root, to)).map_err(|tried| Error::UnreachablePrograms {
        bin: programs.bin.clone(),
        user: user.name.clone(),
        tried,
    })?;
    let moved = |path: &Path| path.strip_prefix(&root).map_or_else(|_| path.to_owned(), |inner| copy.join(inner));
    Ok(Programs { bin: moved(&programs.bin), share: moved(&programs.share), ..programs })
}

/// The folder `name` with the files that `make` makes, in the first place that suits, where it stays for later starts.
/// Otherwise each place with the reason why not.
pub(crate) fn place(
    name: &str,
    user: Option<&ServerUser>,
    data_dir: &Path,
    make: impl Fn(&Path) -> io::Result<()>,
) -> Result<PathBuf, Vec<(PathBuf, io::Error)>> {
    let mut tried = Vec::new();
    for store in stores(data_dir) {
        match place_in(&store, name, user, &make) {
            Ok(folder) => return Ok(folder),
            Err(error) => tried.push((store, error)),
        }
    }
    Err(tried)
}

/// Outside of any home for root, whose server is another user; the cache of the user otherwise.
fn stores(data_dir: &Path) -> Vec<PathBuf> {
    let mut stores = Vec::new();
    if rustix::process::geteuid().is_root() {
        stores.push(PathBuf::from(SYSTEM_STORE));
    } else if let Some(cache) = std::env::var_os("XDG_CACHE_HOME").filter(|path| Path::new(path).is_absolute()) {
        stores.push(Path::new(&cache).join("ddb"));
    } else if let Some(home) = std::env::var_os("HOME").filter(|path| Path::new(path).is_absolute()) {
        stores.push(Path::new(&home).join(".cache/ddb"));
    }
    stores.push(data_dir.to_owned());
    stores
}

/// Invariant: a folder under its final name is complete and on disk. It is made under another name and renamed.
fn place_in(store: &Path, name: &str, user: Option<&ServerUser>, make: impl Fn(&Path) -> io::Result<()>) -> io::Result<PathBuf> {
    if !store.exists() {
        fs::create_dir_all(store)?;
        fs::set_permissions(store, Permissions::from_mode(0o755))?;
    }
    let metadata = fs::metadata(store)?;
    if metadata.uid() != rustix::process::geteuid().as_raw() || metadata.mode() & 0o022 != 0 {
        return Err(io::Error::other("others may write there"));
    }
    if let Some(user) = user
        && !can(user, store, SEARCH)
    {
        return Err(io::Error::other("the user cannot reach it either"));
    }
    let folder = store.join(name);
    if folder.is_dir() {
        return Ok(folder);
    }
    let unfinished = store.join(format!(".{name}.{:08x}", rand::random::<u32>()));
    tracing::info!(folder = %folder.display(), "ddb installs PostgreSQL");
    let made = fs::create_dir(&unfinished)
        .and_then(|()| make(&unfinished))
        .and_then(|()| fs::set_permissions(&unfinished, Permissions::from_mode(0o755)))
        .and_then(|()| sync(&unfinished))
        .and_then(|()| fs::rename(&unfinished, &folder));
    if let Err(error) = made {
        let _ = fs::remove_dir_all(&unfinished);
        // Another start at the same moment may have made it.
        if !folder.is_dir() {
            return Err(error);
        }
    }
    Ok(folder)
}

/// Everything below, so that a power failure cannot leave empty files under the final name.
#[cfg(target_os = "linux")]
fn sync(folder: &Path) -> io::Result<()> {
    Ok(rustix::fs::syncfs(fs::File::open(folder)?)?)
}

#[cfg(not(target_os = "linux"))]
fn sync(_folder: &Path) -> io::Result<()> {
    rustix::fs::sync();
    Ok(())
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

/// Into an existing folder. Everybody may read the copy, whatever the original allowed.
fn copy_tree(from: &Path, to: &Path) -> io::Result<()> {
    let metadata = fs::symlink_metadata(from)?;
    if metadata.is_dir() {
        if !to.is_dir() {
            fs::create_dir(to)?;
        }
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
