use std::fs;
use std::io;
use std::net::IpAddr;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::Stdio;

use crate::binaries::Programs;
use crate::command::Launcher;
use crate::config::Layout;
use crate::connection::{DATABASE, ROLE};
use crate::error::{Error, Result};
use crate::password::write_private;

/// The major version that wrote the data; `None` when there is no cluster yet.
pub(crate) fn major(cluster: &Path) -> Result<Option<u32>> {
    let path = cluster.join("PG_VERSION");
    match fs::read_to_string(&path) {
        Ok(text) => match text.trim().parse() {
            Ok(major) => Ok(Some(major)),
            Err(_) => Err(Error::NotACluster { path: cluster.to_owned() }),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => match fs::symlink_metadata(cluster) {
            Ok(_) => Err(Error::NotACluster { path: cluster.to_owned() }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::io("read", cluster)(error)),
        },
        Err(error) => Err(Error::io("read", &path)(error)),
    }
}

/// Makes a new cluster with the role, its password and the database.
///
/// Invariant: the directory of the cluster exists only when it is complete. It is made under another name and renamed, so that a kill or a
/// full disk leaves nothing that looks like a cluster.
pub(crate) async fn create(layout: &Layout, programs: &Programs, launcher: &Launcher, password: &str) -> Result<()> {
    let unfinished = layout.unfinished(&format!("{:08x}", rand::random::<u32>()));
    let made = create_in(&unfinished, programs, launcher, password).await;
    let made = made.and_then(|()| {
        let cluster = layout.cluster();
        fs::rename(unfinished.join(CLUSTER), &cluster).map_err(Error::io("make", &cluster))?;
        sync_directory(&layout.data_dir)
    });
    let _ = fs::remove_dir_all(&unfinished);
    made
}

const CLUSTER: &str = "cluster";
const PASSWORD: &str = "password";
const STATEMENT: &str = "ddb.statement.sql";

async fn create_in(directory: &Path, programs: &Programs, launcher: &Launcher, password: &str) -> Result<()> {
    fs::DirBuilder::new().mode(0o700).create(directory).map_err(Error::io("make", directory))?;
    // Not on a command line, where everybody on the machine could read it.
    write_private(&directory.join(PASSWORD), &format!("{password}\n"))?;
    if let Some(user) = launcher.user() {
        user.take_tree(directory)?;
    }
    let seen = launcher.seen(directory);

    let names = launcher.names_for_nameless(directory)?;
    let mut initdb = launcher.command_with(&programs.program("initdb"), directory, None, names)?;
    initdb.arg("-D").arg(seen.join(CLUSTER)).arg(format!("--pwfile={}", seen.join(PASSWORD).display()));
    initdb.args(["-U", ROLE, "--auth=scram-sha-256", "--locale=C", "--encoding=UTF8", "--data-checksums"]);
    run(initdb, directory).await?;

    run_statement(programs, launcher, directory, CLUSTER, &format!("create database {DATABASE}")).await
}

/// Sets a new password without knowing the old one, on a cluster that is not running.
pub(crate) async fn set_password(layout: &Layout, programs: &Programs, launcher: &Launcher, password: &str) -> Result<()> {
    run_statement(programs, launcher, &layout.cluster(), "", &format!("alter role {ROLE} password '{password}'")).await
}

/// Runs one statement in a server for a single user, on the cluster at `place` in `directory`. The statement may hold a secret, so it
/// travels in a file that only the server's user can read.
async fn run_statement(programs: &Programs, launcher: &Launcher, directory: &Path, place: &str, statement: &str) -> Result<()> {
    let path = directory.join(STATEMENT);
    // A killed attempt may have left one.
    if let Err(error) = fs::remove_file(&path)
        && error.kind() != io::ErrorKind::NotFound
    {
        return Err(Error::io("write", &path)(error));
    }
    write_private(&path, &format!("{statement}\n"))?;
    if let Some(user) = launcher.user() {
        user.take_tree(&path)?;
    }
    let names = launcher.names_for_nameless(directory)?;
    let mut single = launcher.command_with(&programs.program("postgres"), directory, Some(STATEMENT), names)?;
    single.arg("--single").arg("-D").arg(launcher.seen(directory).join(place)).args(SINGLE_USER_SETTINGS).arg("postgres");
    let ran = run(single, directory).await;
    let _ = fs::remove_file(&path);
    if let Some(names) = names {
        let _ = fs::remove_file(directory.join(names));
    }
    ran
}

/// A failure ends the program, and messages tell nothing of the statement.
const SINGLE_USER_SETTINGS: [&str; 6] =
    ["-c", "exit_on_error=on", "-c", "log_min_error_statement=panic", "-c", "log_error_verbosity=terse"];

async fn run(mut command: tokio::process::Command, directory: &Path) -> Result<()> {
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let output = command.output().await.map_err(Error::io("run PostgreSQL's programs on", directory))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(Error::from_output(directory, &said, |detail| Error::Init { detail }))
}

/// What must hold for a cluster before it is started.
pub(crate) fn check(cluster: &Path, programs: &Programs, launcher: &Launcher) -> Result<()> {
    let data = major(cluster)?.ok_or_else(|| Error::NotACluster { path: cluster.to_owned() })?;
    if data != programs.major {
        return Err(Error::OtherMajor {
            cluster: cluster.to_owned(),
            data,
            server: programs.version.clone(),
            bin: programs.bin.clone(),
        });
    }
    let metadata = fs::metadata(cluster).map_err(Error::io("read", cluster))?;
    let (owner, us) = (metadata.uid(), rustix::process::geteuid().as_raw());
    match launcher.user() {
        // Restored by root, for example.
        Some(user) if owner == 0 => user.take_tree(cluster)?,
        None if owner != us => return Err(Error::NotOurs { path: cluster.to_owned(), owner, us }),
        Some(_) | None => {}
    }
    // PostgreSQL does not start where its group may write, as after the `chmod` that Kubernetes does for `fsGroup`. What lies below is closed by it.
    if metadata.mode() & 0o077 != 0 {
        tracing::info!(path = %cluster.display(), mode = format!("{:04o}", metadata.mode() & 0o7777), "ddb closes the database's files to other users");
        fs::set_permissions(cluster, fs::Permissions::from_mode(0o700)).map_err(Error::io("change the mode of", cluster))?;
    }
    let path = cluster.join("pg_hba.conf");
    let rules = fs::read_to_string(&path).map_err(Error::io("read", &path))?;
    match open_access(&rules) {
        Some(line) => Err(Error::OpenAccess { path, line }),
        None => Ok(()),
    }
}

/// The first line, counted from 1, that lets in anybody without a checked password.
fn open_access(rules: &str) -> Option<usize> {
    let is_closed = |line: &str| {
        let line = line.split('#').next().unwrap_or_default();
        let fields: Vec<&str> = line.split_whitespace().collect();
        let method = match fields.first() {
            None => return true,
            Some(&"local") => fields.get(3),
            Some(kind) if kind.starts_with("host") => {
                let mask = fields.get(4).is_some_and(|field| field.parse::<IpAddr>().is_ok());
                fields.get(if mask { 5 } else { 4 })
            }
            // An included file, for example.
            Some(_) => None,
        };
        matches!(method, Some(&"scram-sha-256" | &"reject"))
    };
    rules.lines().position(|line| !is_closed(line)).map(|index| index + 1)
}

/// Deletes what attempts that were cut off have left. Processes of them may still write for a moment.
pub(crate) async fn remove_unfinished(layout: &Layout) -> Result<()> {
    const ATTEMPTS: u32 = 20;
    for directory in layout.all_unfinished().map_err(Error::io("read", &layout.data_dir))? {
        tracing::info!(directory = %directory.display(), "ddb deletes a database that was not finished");
        for attempt in 1..=ATTEMPTS {
            match fs::remove_dir_all(&directory) {
                Ok(()) => break,
                Err(error) if error.kind() == io::ErrorKind::NotFound => break,
                Err(error) if attempt == ATTEMPTS => {
                    tracing::warn!(directory = %directory.display(), %error, "ddb could not delete a database that was not finished");
                }
                Err(_) => tokio::time::sleep(std::time::Duration::from_millis(20)).await,
            }
        }
    }
    Ok(())
}

fn sync_directory(path: &Path) -> Result<()> {
    fs::File::open(path).and_then(|directory| directory.sync_all()).map_err(Error::io("write", path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_lines_with_a_checked_password_are_closed() {
        for (rules, expected) in [
            ("# comment\n\nlocal all all scram-sha-256\nhost all all 127.0.0.1/32 scram-sha-256\n", None),
            ("local all all reject # trust\n", None),
            ("host all all 10.0.0.0 255.0.0.0 scram-sha-256\n", None),
            ("hostssl all all ::1/128 scram-sha-256 clientcert=verify-full\n", None),
            ("local all all trust\n", Some(1)),
            ("local all all scram-sha-256\nlocal all postgres peer\n", Some(2)),
            ("local all scram-sha-256 trust\n", Some(1)),
            ("host all all 10.0.0.0 255.0.0.0 trust\n", Some(1)),
            ("host all all 10.0.0.0/8 md5\n", Some(1)),
            ("include other.conf\n", Some(1)),
            ("local\n", Some(1)),
        ] {
            assert_eq!(open_access(rules), expected, "{rules}");
        }
    }
}
