//! How errors are told: once, with the name of the program before them.

use std::collections::HashSet;

use ddb_testkit::{Database, Directory, Server, command};

use crate::run;

/// Fails where a part of the error stands there twice. Before it there may be lines of the log.
#[track_caller]
fn told_once(stderr: &str) {
    let (errors, log): (Vec<&str>, Vec<&str>) = stderr.lines().partition(|line| line.starts_with("ddb: "));
    assert!(errors.len() == 1 && stderr.ends_with('\n') && log.iter().all(|line| line.starts_with('{')), "{stderr}");
    let mut parts = HashSet::new();
    for part in errors[0].split(": ") {
        assert!(parts.insert(part), "told twice: {stderr}");
    }
    assert!(errors[0].matches("os error").count() <= 1, "told twice: {stderr}");
}

/// Mutant: `told` adds every cause.
#[tokio::test]
async fn an_error_tells_each_cause_once() {
    let folder = Directory::new();
    let file = folder.path().join("file");
    std::fs::write(&file, "text").expect("a file can be written");
    let file = file.to_str().expect("UTF-8");
    let below = format!("{file}/below");
    for (arguments, variables, word) in [
        (vec!["status", "--data-dir", file], vec![], "file"),
        (vec!["start", "--data-dir", file], vec![], "file"),
        (vec!["start", "--data-dir", &below], vec![], "file"),
        (vec!["status", "--data-dir", "/nowhere"], vec![], "/nowhere"),
        (vec!["status", "--config", "/nowhere"], vec![], "/nowhere"),
        (vec!["status"], vec![("DATABASE_URL", "postgres://127.0.0.1:1/db")], "127.0.0.1"),
        (vec!["backup", "/nowhere/file"], vec![], "there is no folder /nowhere"),
        (vec!["restore", "/nowhere"], vec![], "/nowhere"),
        (vec!["restore", file, "--data-dir", "/nowhere/data"], vec![], "not a backup"),
        (vec!["verify", "--proof", "/nowhere"], vec![], "/nowhere"),
    ] {
        let output = run(command("ddb").args(&arguments).envs(variables).current_dir(folder.path()));
        assert_eq!(output.code, Some(1), "{arguments:?}: {output:?}");
        assert!(output.stderr.contains(word), "{arguments:?}: {output:?}");
        told_once(&output.stderr);
        assert!(output.stdout.is_empty(), "{output:?}");
    }
}

/// The log of a server tells causes in the same way.
#[tokio::test]
async fn a_log_line_tells_each_cause_once() {
    let database = Database::new().await;
    let mut server = Server::builder().over(&database).start().await;
    let user = server.user().await;
    user.post("/api/data/tasks", &ddb_testkit::json!({ "n": 1 })).await.expect(201);
    // Whoever spoils the schema gets internal errors.
    database.connect().await.execute("alter table ddb.tx rename to away").await;
    user.post("/api/data/tasks", &ddb_testkit::json!({ "n": 2 })).await.expect(500);
    server.terminate();
    server.wait();
    let log = server.log();
    let line =
        log.lines().find(|line| line.contains("\"ERROR\"") && line.contains("INTERNAL")).unwrap_or_else(|| panic!("{log}"));
    assert_eq!(line.matches("does not exist").count(), 1, "{line}");
    assert!(!line.contains("an internal error occurred"), "{line}");
}
