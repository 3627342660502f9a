//! `ddb restore -`: a backup that comes by a pipe, from a file, or cut off.
//!
//! Mutants: `spool` stops at the first read; the check is left out for a stream.

use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};

use ddb_testkit::{Json, Output, Server, command, json};

use crate::{back_up, done, refused, text};

async fn saved() -> (Server, Vec<u8>) {
    let server = Server::start().await;
    let user = server.user().await;
    let records: Vec<_> = (0..500).map(|n| json!({ "n": n, "title": format!("task {n}") })).collect();
    user.post("/api/data/tasks", &json!(records)).await.expect(201);
    let file = server.directory().join("good.ddb");
    back_up(&server, &file);
    let bytes = std::fs::read(&file).expect("the backup");
    (server, bytes)
}

fn restore(target: &Path, more: &[&str]) -> Command {
    let mut restore = command("ddb");
    restore.args(["restore", "-", "--json", "--data-dir", text(target)]).args(more);
    restore
}

/// Through a pipe, in pieces.
fn piped(mut restore: Command, bytes: &[u8]) -> Output {
    use std::io::Write;

    let mut child = restore.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("ddb can be run");
    let mut stdin = child.stdin.take().expect("a pipe");
    for piece in bytes.chunks(7_001) {
        // It may have refused already.
        let _ = stdin.write_all(piece);
    }
    drop(stdin);
    child.wait_with_output().expect("ddb ends").into()
}

fn restored(output: &Output) -> Json {
    assert_eq!(output.stderr, "", "progress is for terminals alone");
    done(output)
}

#[tokio::test]
async fn a_backup_is_restored_from_standard_input() {
    let (server, good) = saved().await;
    let targets = ["pipe", "file", "tail", "commands"].map(|name| server.directory().join(name));
    assert_eq!(restored(&piped(restore(&targets[0], &[]), &good))["records"], 501);

    // A file there is read where it lies, from where the shell has left it.
    let from_file = restore(&targets[1], &[]).stdin(File::open(server.directory().join("good.ddb")).expect("a file")).output();
    assert_eq!(restored(&from_file.expect("ddb can be run").into())["records"], 501);
    let behind = server.directory().join("behind");
    std::fs::write(&behind, [b"a line before it\n".as_slice(), &good].concat()).expect("a file");
    let mut shell = Command::new("sh");
    shell.args([
        "-c",
        &format!("read line; exec '{}' restore - --data-dir '{}'", ddb_testkit::built("ddb").display(), text(&targets[2])),
    ]);
    let output: Output = shell.stdin(File::open(&behind).expect("a file")).output().expect("a shell can be run").into();
    assert_eq!(output.code, Some(0), "{output:?}");

    // Two commands on one line.
    let ddb = ddb_testkit::built("ddb").display().to_string();
    let line = format!(
        "'{ddb}' backup - --data-dir '{}' 2>/dev/null | '{ddb}' restore - --data-dir '{}'",
        text(&server.data_dir()),
        text(&targets[3])
    );
    let output: Output = Command::new("sh").args(["-c", &line]).output().expect("a shell can be run").into();
    assert_eq!(output.code, Some(0), "{output:?}");
    for target in &targets {
        done(&server.ddb_in(target, &["verify", "--json"]));
    }
}

#[tokio::test]
async fn a_stream_that_is_cut_off_or_is_no_backup_leaves_nothing() {
    let (server, good) = saved().await;
    let target = server.directory().join("target");
    let kept = server.directory().join("kept");
    std::fs::create_dir(&kept).expect("a folder");
    let folder = text(&kept).to_owned();
    for length in [0, 1, 12, 100, good.len() / 2, good.len() - 1] {
        let mut restore = restore(&target, &[]);
        restore.env("TMPDIR", &folder);
        refused(&piped(restore, &good[..length]), "backup");
        assert!(!target.exists(), "after {length} bytes something was made");
        assert_eq!(std::fs::read_dir(&kept).expect("a folder").count(), 0, "after {length} bytes");
    }
    refused(&piped(restore(&target, &[]), b"something else"), "not a backup");
    refused(&piped(restore(&target, &[]), &[good.as_slice(), b"x"].concat()), "after its end");
    let mut nowhere = restore(&target, &[]);
    nowhere.env("TMPDIR", "/nowhere");
    refused(&piped(nowhere, &good), "TMPDIR");
    refused(&piped(restore(&target, &["--erasures", "-"]), &good), "cannot be both");
    assert!(!target.exists());
}
