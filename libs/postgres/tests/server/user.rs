//! Users without a name, and modes that others have changed.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::process::Command;

use crate::helper::Owner;
use crate::support::{Scratch, ask, fetched, processes_in};

/// A user that no system has.
const NAMELESS: u32 = 54_321;

/// Mutant: `names_for_nameless` is always None.
#[tokio::test]
async fn a_user_without_a_name_runs_a_server_of_their_own() {
    if !ddb_testkit::is_root("runs a process as another user") {
        return;
    }
    let scratch = Scratch::new();
    fetched();
    chown(&scratch.0, Some(NAMELESS), Some(NAMELESS)).expect("the owner can be changed");
    let run = || {
        let mut owner = Owner::spawn_with(&scratch.data(), |command| {
            command.uid(NAMELESS).gid(NAMELESS).current_dir("/").env_remove("HOME");
        });
        let server = owner.server();
        assert_eq!(fs::metadata(format!("/proc/{server}")).expect("it runs").uid(), NAMELESS);
        owner.finish();
        assert_eq!(processes_in(&scratch.cluster()), Vec::<u32>::new());
    };
    // The first makes the database; the third sets a new password.
    run();
    run();
    let password = scratch.data().join("postgres.password");
    let old = fs::read_to_string(&password).expect("readable");
    fs::remove_file(&password).expect("it exists");
    run();
    assert_ne!(fs::read_to_string(&password).expect("readable"), old);
    // And root, on what belongs to that user.
    fs::remove_file(&password).expect("it exists");
    scratch.works().await;
    assert!(!scratch.cluster().join("ddb.names.so").exists());
}

/// As Kubernetes does for `fsGroup`. Mutants: the mode of the cluster is not put right; the password is not replaced.
#[tokio::test]
async fn a_group_that_was_let_in_is_shut_out_again() {
    let scratch = Scratch::new();
    scratch.fill().await;
    let path = scratch.data().join("postgres.password");
    for mode in ["g+rwX", "o+r", "g+s,g+rwX"] {
        let old = fs::read_to_string(&path).expect("readable");
        let status = Command::new("chmod").arg("-R").arg(mode).arg(scratch.data()).status().expect("chmod can be run");
        assert!(status.success());
        let server = scratch.start().await;
        assert_eq!(ask(server.connection(), "select 'there'").await, "there");
        assert_eq!(fs::metadata(scratch.cluster()).expect("it exists").mode() & 0o777, 0o700, "{mode}");
        assert_eq!(fs::metadata(&path).expect("it exists").mode() & 0o777, 0o600, "{mode}");
        assert_ne!(server.connection().password(), old.trim(), "{mode}");
        server.stop().await.expect("stops");
    }
}

#[tokio::test]
async fn a_password_that_others_could_read_is_replaced() {
    let scratch = Scratch::new();
    scratch.fill().await;
    let path = scratch.data().join("postgres.password");
    for mode in [0o644, 0o640, 0o604] {
        let old = fs::read_to_string(&path).expect("readable");
        fs::set_permissions(&path, Permissions::from_mode(mode)).expect("the mode can be set");
        scratch.works().await;
        assert_ne!(fs::read_to_string(&path).expect("readable"), old, "{mode:o}");
        assert_eq!(fs::metadata(&path).expect("it exists").mode() & 0o777, 0o600, "{mode:o}");
    }
}
