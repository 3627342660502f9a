//! Which files a backup takes the place of.
//!
//! Mutants: `check_place` gives Ok for whatever it finds; `is_backup` gives true; `finish` does not look again.

use std::os::unix::fs::symlink;
use std::path::PathBuf;

use ddb_testkit::Server;

use crate::{back_up, done, refused, text};

#[tokio::test]
async fn a_backup_replaces_only_a_backup() {
    let mut server = Server::start().await;
    assert_eq!(server.stop().code(), Some(0));
    let folder = server.directory().join("files");
    std::fs::create_dir(&folder).expect("a folder");
    let file = |name: &str, content: &[u8]| -> PathBuf {
        let path = folder.join(name);
        std::fs::write(&path, content).expect("a file");
        path
    };
    let others: [(&str, &[u8]); 5] = [
        ("README.md", b"# Read me\n"),
        ("empty", b""),
        ("short", b"DDB BACKU"),
        ("alike", b"ddb backup 1\n"),
        ("later", b"\nDDB BACKUP 1\n"),
    ];
    for (name, content) in others {
        let path = file(name, content);
        refused(&server.ddb(&["backup", text(&path)]), "--force");
        assert_eq!(std::fs::read(&path).expect("it is there"), content, "{name}");
    }
    let names = || {
        let mut names: Vec<_> =
            std::fs::read_dir(&folder).expect("a folder").map(|entry| entry.expect("an entry").file_name()).collect();
        names.sort();
        names
    };
    let before = names();

    // A backup that was cut off is one, and one of a later format is, too.
    for content in [&b"DDB BACKUP 1\nH"[..], b"DDB BACKUP 2\n"] {
        let path = file("old.ddb", content);
        back_up(&server, &path);
        assert!(std::fs::metadata(&path).expect("it is there").len() > 100);
        std::fs::remove_file(path).expect("it goes");
    }
    // Whoever insists gets it; also where nothing is.
    for name in ["README.md", "new.ddb"] {
        let path = folder.join(name);
        done(&server.ddb(&["backup", "--force", "--json", text(&path)]));
        done(&server.ddb_in(&folder.join("target"), &["restore", "--json", text(&path)]));
        std::fs::remove_dir_all(folder.join("target")).expect("it goes");
    }
    std::fs::remove_file(folder.join("new.ddb")).expect("it goes");
    assert_eq!(names(), before, "nothing is left beside them");

    // What is no ordinary file stays what it is, whoever insists.
    let (below, link) = (folder.join("below"), folder.join("link"));
    std::fs::create_dir(&below).expect("a folder");
    symlink(folder.join("short"), &link).expect("a link");
    for (place, words) in [
        (text(&below), "is a folder; name a file in it"),
        (&format!("{}/", text(&below)), "is the name of a folder"),
        (&format!("{}/new/", text(&folder)), "is the name of a folder"),
        ("/", "name a file in it"),
        ("..", "name a file in it"),
        (text(&link), "is a symbolic link"),
        ("/dev/null", "is no ordinary file"),
        (&format!("{}/x", text(&folder.join("short"))), "cannot write"),
        ("/proc/x.ddb", "cannot write"),
    ] {
        for force in [&["backup"][..], &["backup", "--force"]] {
            refused(&server.ddb(&[force, &[place]].concat()), words);
        }
    }
    assert_eq!(std::fs::read(folder.join("short")).expect("it is there"), b"DDB BACKU");
}

/// A user who may not write there is told so. Root may.
#[tokio::test]
async fn a_place_that_the_user_may_not_write_is_told() {
    let mut server = Server::start().await;
    assert_eq!(server.stop().code(), Some(0));
    let folder = server.directory().join("closed");
    std::fs::create_dir(&folder).expect("a folder");
    std::fs::set_permissions(&folder, std::os::unix::fs::PermissionsExt::from_mode(0o555)).expect("a mode");
    let output = server.ddb(&["backup", text(&folder.join("new.ddb"))]);
    if rustix::process::geteuid().is_root() {
        assert_eq!(output.code, Some(0), "{output:?}");
    } else {
        refused(&output, "may not write in the folder");
    }
}
