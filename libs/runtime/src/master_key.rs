use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use ddb_core::{Error, Result};
use ddb_database::MasterKey;
use zeroize::Zeroizing;

const FILE: &str = "master.key";
const BYTES: usize = 32;
/// 32 random bytes have about 30 different ones; fewer than this come from a hand or an example (zeros, a repeated word).
const LEAST_DISTINCT: usize = 16;

/// A key as it stands in a variable: 32 bytes in base64 or hexadecimal. None for any other text, and for a key that nobody drew at random.
pub(crate) fn parse(text: &str) -> Option<MasterKey> {
    let text = text.trim();
    let bytes = Zeroizing::new(if text.len() == BYTES * 2 {
        hexadecimal(text)?
    } else {
        let text = text.trim_end_matches('=');
        STANDARD_NO_PAD.decode(text).or_else(|_| URL_SAFE_NO_PAD.decode(text)).ok()?
    });
    let key = <[u8; BYTES]>::try_from(bytes.as_slice()).ok()?;
    is_random(&key).then(|| MasterKey::new(key))
}

fn hexadecimal(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u32>> = text.chars().map(|c| c.to_digit(16)).collect();
    Some(digits?.chunks_exact(2).map(|pair| (pair[0] * 16 + pair[1]) as u8).collect())
}

fn is_random(key: &[u8; BYTES]) -> bool {
    let mut seen = [false; 256];
    key.iter().for_each(|byte| seen[usize::from(*byte)] = true);
    // Text that merely has 32 letters is no key either.
    seen.iter().filter(|seen| **seen).count() >= LEAST_DISTINCT && !key.iter().all(u8::is_ascii_graphic)
}

/// The key of a data directory; made where there is none yet. Of two processes that make one at the same time, one wins and both use its key.
pub(crate) fn of_directory(data_dir: &Path) -> Result<MasterKey> {
    if let Some(key) = find(data_dir)? {
        return Ok(key);
    }
    let path = data_dir.join(FILE);
    create(data_dir, &path).map_err(|error| Error::internal(format!("cannot make {}: {error}", path.display())))?;
    tracing::info!(path = %path.display(), "ddb created a new master key; keep a copy of it apart from the backups");
    read(&path)?.ok_or_else(|| Error::internal(format!("{} is gone", path.display())))
}

/// The key of a data directory that has one; never made here, because a new one opens nothing that the database holds.
pub(crate) fn existing(data_dir: &Path) -> Result<MasterKey> {
    let missing = || {
        let place = data_dir.join(FILE);
        Error::bad_request(format!(
            "there is no master key {}: set DDB_MASTER_KEY to the key that the server runs with, or name its directory with --data-dir",
            place.display()
        ))
    };
    find(data_dir)?.ok_or_else(missing)
}

/// None where the directory has no key, or does not exist.
pub(crate) fn find(data_dir: &Path) -> Result<Option<MasterKey>> {
    read(&data_dir.join(FILE))
}

fn read(path: &Path) -> Result<Option<MasterKey>> {
    let failed = |error: io::Error| Error::internal(format!("cannot read {}: {error}", path.display()));
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    let metadata = file.metadata().map_err(failed)?;
    let mode = metadata.mode() & 0o777;
    let us = rustix::process::geteuid().as_raw();
    if mode & 0o077 != 0 && mode & 0o007 == 0 && (metadata.uid() == us || us == 0) {
        // As after the `chmod` that Kubernetes does for `fsGroup`, whose members run what belongs together. It cannot be replaced as a password can.
        file.set_permissions(Permissions::from_mode(0o600)).map_err(failed)?;
        tracing::warn!(
            path = %path.display(),
            mode = format!("{mode:04o}"),
            "the group of master.key could read it; ddb set its mode to 0600"
        );
    } else if mode & 0o077 != 0 {
        return Err(Error::internal(format!(
            "{} has mode {mode:04o}, so others may have read the key that protects every secret; if nobody had access, run: chmod 600 {0}",
            path.display()
        )));
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(BYTES + 1));
    file.take(BYTES as u64 + 1).read_to_end(&mut bytes).map_err(failed)?;
    match <[u8; BYTES]>::try_from(bytes.as_slice()) {
        Ok(key) => Ok(Some(MasterKey::new(key))),
        Err(_) => Err(Error::internal(format!("{} does not hold {BYTES} bytes; put the right file back", path.display()))),
    }
}

/// Written beside, flushed, and linked under its name, which fails where the name is taken: no moment shows half a key.
fn create(data_dir: &Path, path: &Path) -> io::Result<()> {
    let unfinished = data_dir.join(format!("{FILE}.{:016x}", rand::random::<u64>()));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unfinished)?;
    let key: Zeroizing<[u8; BYTES]> = Zeroizing::new(rand::random());
    let made = file.write_all(key.as_slice()).and_then(|()| file.sync_all()).and_then(|()| std::fs::hard_link(&unfinished, path));
    let removed = std::fs::remove_file(&unfinished);
    match made {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => removed?,
    }
    File::open(data_dir)?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    struct Directory(PathBuf);

    impl Directory {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("ddb-master-key-{}-{name}", std::process::id()));
            std::fs::create_dir_all(&path).expect("a temporary directory");
            Self(path)
        }
    }

    impl Drop for Directory {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    const HEX: &str = "00112233445566778899aabbccddeeff0123456789abcdeffedcba9876543210";

    #[test]
    fn a_key_is_made_once_and_private() {
        let directory = Directory::new("once");
        let first = of_directory(&directory.0).expect("a key");
        let second = of_directory(&directory.0).expect("a key");
        assert_eq!(first.derive("cursor"), second.derive("cursor"));
        let path = directory.0.join(FILE);
        assert_eq!(std::fs::metadata(&path).expect("the file").mode() & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(&directory.0).expect("the directory").count(), 1, "nothing is left beside it");
    }

    #[test]
    fn a_command_makes_no_key() {
        let directory = Directory::new("command");
        let error = existing(&directory.0).expect_err("no key");
        assert!(error.message().contains("DDB_MASTER_KEY") && error.message().contains("--data-dir"), "{error}");
        assert_eq!(std::fs::read_dir(&directory.0).expect("the directory").count(), 0, "nothing was made");
        let made = of_directory(&directory.0).expect("a key");
        assert_eq!(existing(&directory.0).expect("the key").derive("cursor"), made.derive("cursor"));
    }

    #[test]
    fn processes_that_start_together_use_one_key() {
        let directory = Directory::new("together");
        let keys: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> =
                (0..8).map(|_| scope.spawn(|| of_directory(&directory.0).expect("a key").derive("cursor"))).collect();
            threads.into_iter().map(|thread| thread.join().expect("a thread")).collect()
        });
        assert!(keys.iter().all(|key| *key == keys[0]));
    }

    #[test]
    fn a_key_that_others_can_read_is_refused_with_the_way_out() {
        let directory = Directory::new("exposed");
        of_directory(&directory.0).expect("a key");
        let path = directory.0.join(FILE);
        for mode in [0o644, 0o604, 0o666] {
            std::fs::set_permissions(&path, Permissions::from_mode(mode)).expect("a mode");
            let error = of_directory(&directory.0).expect_err("an exposed key");
            let cause = std::error::Error::source(&error).expect("a cause").to_string();
            assert!(cause.contains(&format!("{mode:04o}")) && cause.contains("chmod 600"), "{cause}");
        }
    }

    #[test]
    fn a_group_that_could_read_the_key_is_shut_out() {
        let directory = Directory::new("group");
        let key = of_directory(&directory.0).expect("a key").derive("cursor");
        let path = directory.0.join(FILE);
        for mode in [0o640, 0o660, 0o670] {
            std::fs::set_permissions(&path, Permissions::from_mode(mode)).expect("a mode");
            assert_eq!(of_directory(&directory.0).expect("the key").derive("cursor"), key);
            assert_eq!(std::fs::metadata(&path).expect("the file").mode() & 0o777, 0o600, "{mode:o}");
        }
    }

    #[test]
    fn a_file_of_another_length_is_refused() {
        let directory = Directory::new("short");
        of_directory(&directory.0).expect("a key");
        for length in [0, 31, 33] {
            std::fs::write(directory.0.join(FILE), vec![7; length]).expect("a file");
            assert!(of_directory(&directory.0).is_err(), "{length}");
        }
    }

    #[test]
    fn a_key_is_read_in_hexadecimal_and_base64() {
        let hex = parse(HEX).expect("a key").derive("cursor");
        let bytes = hexadecimal(HEX).expect("bytes");
        for text in [base64::engine::general_purpose::STANDARD.encode(&bytes), URL_SAFE_NO_PAD.encode(&bytes), HEX.to_uppercase()]
        {
            assert_eq!(parse(&text).expect("a key").derive("cursor"), hex, "{text}");
        }
    }

    #[test]
    fn what_is_no_random_key_is_refused() {
        let zeros = "0".repeat(64);
        let words = STANDARD_NO_PAD.encode("change-me-change-me-change-me-32");
        let letters = STANDARD_NO_PAD.encode("abcdefghijklmnopqrstuvwxyz012345");
        for text in ["", "changeme", &zeros, &words, &letters, &HEX[1..], &format!("{HEX}00")] {
            assert!(parse(text).is_none(), "{text}");
        }
    }
}
