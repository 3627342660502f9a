//! No command makes a database where there is none, and a start makes one only where nothing of anybody else lies.

use std::fs;
use std::path::Path;

use ddb_testkit::{Directory, Server, command};

fn names(path: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(path).expect("a folder").flatten().map(|entry| entry.path().display().to_string()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn every_command_refuses_a_folder_that_is_no_data_directory_and_makes_nothing() {
    let directory = Directory::new();
    fs::write(directory.path().join("passwd"), "root:x:0:0").expect("writable");
    fs::create_dir(directory.path().join("empty")).expect("it can be made");
    let before = names(directory.path());
    for (folder, starts) in [("", true), ("empty", false), ("missing", false)] {
        let mut commands = vec![
            &["status"][..],
            &["verify"],
            &["rebuild"],
            &["backup", "/nowhere/x"],
            &["erasures"],
            &["admin", "list"],
            &["keys", "rotate"],
        ];
        if starts {
            commands.push(&["start", "--bind", "127.0.0.1:0"]);
        }
        for arguments in commands {
            let output = command("ddb")
                .current_dir(directory.path())
                .args(arguments)
                .arg("--data-dir")
                .arg(directory.path().join(folder))
                .output()
                .expect("ddb can be run");
            let message = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(1), "{arguments:?} {folder}: {message}");
            assert!(message.contains("--data-dir") || message.contains("/nowhere"), "{arguments:?} {folder}: {message}");
            assert_eq!(names(directory.path()), before, "{arguments:?} {folder}");
            assert_eq!(names(&directory.path().join("empty")), Vec::<String>::new(), "{arguments:?} {folder}");
        }
    }
}

/// Files that settings name may lie in the data directory.
#[tokio::test]
async fn a_first_start_takes_a_folder_with_its_settings_in_it() {
    let directory = Directory::new();
    let data_dir = directory.path().join("data");
    fs::create_dir(&data_dir).expect("it can be made");
    fs::write(data_dir.join("settings.toml"), "bind = \"127.0.0.1:0\"\n").expect("writable");
    let start = |with_settings: bool| {
        let mut start = command("ddb");
        start.current_dir(directory.path()).args(["start", "--data-dir", "data", "--bind", "127.0.0.1:0"]);
        if with_settings {
            start.args(["--config", "data/settings.toml"]);
        }
        start
    };
    let refused = start(false).output().expect("ddb can be run");
    assert!(String::from_utf8_lossy(&refused.stderr).contains("settings.toml"), "{refused:?}");
    let mut child = start(true).stderr(std::process::Stdio::null()).spawn().expect("ddb can be run");
    let begin = std::time::Instant::now();
    while !data_dir.join("master.key").exists() {
        assert!(begin.elapsed() < std::time::Duration::from_secs(60) && child.try_wait().expect("it can be asked").is_none());
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    terminate(&child);
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
}

fn terminate(child: &std::process::Child) {
    let status = std::process::Command::new("kill").args(["-TERM", &child.id().to_string()]).status();
    assert!(status.expect("kill can be run").success());
}

/// As Kubernetes does for `fsGroup`. Mutant: `read` in `master_key.rs` only refuses.
#[tokio::test]
async fn a_group_that_was_let_in_is_shut_out_by_the_next_start() {
    use std::os::unix::fs::MetadataExt;
    let mut server = Server::start().await;
    let user = server.user().await;
    assert_eq!(server.stop().code(), Some(0));
    let mut chmod = std::process::Command::new("chmod");
    assert!(chmod.args(["-R", "g+rwX"]).arg(server.data_dir()).status().expect("chmod can be run").success());
    server.restart().await;
    user.get("/api/auth/me").await.expect(200);
    for name in ["master.key", "postgres.password", "postgres"] {
        let mode = fs::metadata(server.data_dir().join(name)).expect("it exists").mode();
        assert_eq!(mode & 0o077, 0, "{name} has mode {mode:o}");
    }
    assert!(server.log().contains("master.key"), "{}", server.log());
}
