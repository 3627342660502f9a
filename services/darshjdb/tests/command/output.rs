//! Standard output that nobody reads any more, and one that is full.
//!
//! Mutants: `output::result` panics as `println!` does; `has_no_reader` gives false; `stream` gives the error of its work; `with_database` returns before it
//! closes.

use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};

use ddb_testkit::{Output, Server, command};

/// What a shell reports for a program that SIGPIPE ended.
const NO_READER: Option<i32> = Some(141);

/// What writes a result, on a data directory.
const COMMANDS: [&[&str]; 14] = [
    &["status"],
    &["status", "--json"],
    &["status", "--settings"],
    &["verify"],
    &["verify", "--json"],
    &["admin", "list"],
    &["admin", "list", "--json"],
    &["erasures"],
    &["backup", "-"],
    &["rebuild"],
    &["keys", "rotate"],
    &["admin", "roles", "--email", EMAIL, "--add", "root", "--json"],
    &["admin", "ban", "--force", "--email", EMAIL],
    &["admin", "unban", "--email", EMAIL],
];
/// What needs none.
const WITHOUT_DATA: [&[&str]; 7] = [
    &["--help"],
    &["--version"],
    &["help"],
    &["help", "admin", "create"],
    &["start", "--help"],
    &["completions", "bash"],
    &["completions", "fish"],
];
const EMAIL: &str = "admin@example.com";

fn on(data_dir: &Path, arguments: &[&str]) -> Command {
    let mut ddb = command("ddb");
    ddb.args(arguments).arg("--data-dir").arg(data_dir);
    ddb
}

/// With a pipe whose other end is closed.
fn into_nothing(ddb: &mut Command) -> Output {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    ddb.stdin(Stdio::null()).stdout(writer).stderr(Stdio::piped());
    ddb.spawn().and_then(std::process::Child::wait_with_output).expect("ddb can be run").into()
}

fn into_full_disk(ddb: &mut Command) -> Output {
    let full = File::options().write(true).open("/dev/full").expect("a full device");
    ddb.stdin(Stdio::null()).stdout(full).stderr(Stdio::piped());
    ddb.spawn().and_then(std::process::Child::wait_with_output).expect("ddb can be run").into()
}

#[track_caller]
fn is_quiet(output: &Output, arguments: &[&str]) {
    assert_eq!((output.code, output.stderr.as_str()), (NO_READER, ""), "{arguments:?}");
}

#[track_caller]
fn tells_that_it_is_full(output: &Output, arguments: &[&str]) {
    assert_eq!(output.code, Some(1), "{arguments:?}: {output:?}");
    assert!(output.stderr.starts_with("ddb: ") && output.stderr.contains("No space left on device"), "{arguments:?}: {output:?}");
    assert_eq!(output.stderr.lines().count(), 1, "{arguments:?}: {output:?}");
}

/// A stopped server with an admin, and something that was erased.
async fn stopped() -> Server {
    let mut server = Server::start().await;
    let admin = server.admin().await;
    admin.post("/api/data/tasks", &ddb_testkit::json!({ "id": "x", "n": 1 })).await.expect(201);
    admin.post("/api/admin/erase", &ddb_testkit::json!({ "records": ["tasks:x"], "reason": "a test" })).await.expect(200);
    assert_eq!(server.stop().code(), Some(0));
    server
}

#[tokio::test]
async fn a_closed_pipe_ends_a_command_quietly_and_its_postgresql_with_it() {
    let server = stopped().await;
    let pid_file = server.data_dir().join("postgres/postmaster.pid");
    for arguments in COMMANDS {
        is_quiet(&into_nothing(&mut on(&server.data_dir(), arguments)), arguments);
        assert!(!pid_file.exists(), "{arguments:?} left its PostgreSQL behind");
    }
}

#[tokio::test]
async fn a_full_disk_behind_standard_output_is_told_and_postgresql_is_stopped() {
    let server = stopped().await;
    let pid_file = server.data_dir().join("postgres/postmaster.pid");
    // Those whose output takes ways of its own.
    for arguments in COMMANDS.into_iter().filter(|arguments| ["status", "verify", "erasures", "backup"].contains(&arguments[0])) {
        tells_that_it_is_full(&into_full_disk(&mut on(&server.data_dir(), arguments)), arguments);
        assert!(!pid_file.exists(), "{arguments:?} left its PostgreSQL behind");
    }
}

#[test]
fn help_and_completions_end_in_the_same_way() {
    for arguments in WITHOUT_DATA {
        is_quiet(&into_nothing(command("ddb").args(arguments)), arguments);
        tells_that_it_is_full(&into_full_disk(command("ddb").args(arguments)), arguments);
    }
}

/// Mutant: `conclude` returns what the output met.
#[tokio::test]
async fn what_verify_found_is_told_also_where_nobody_reads_the_report() {
    let server = Server::start().await;
    server.user().await.post("/api/data/tasks", &ddb_testkit::json!({ "n": 1 })).await.expect(201);
    let mut session = server.embedded().await.connect().await;
    let tables =
        "select format('ddb_data.%I', relname) from pg_class where relnamespace = 'ddb_data'::regnamespace and relkind = 'r'";
    for table in session.values(tables).await {
        session.execute(&format!("delete from {table}")).await;
    }
    let output = into_nothing(&mut on(&server.data_dir(), &["verify"]));
    assert_eq!(output.code, Some(1), "{output:?}");
    assert!(output.stderr.starts_with("ddb: verify found "), "{output:?}");
}

/// Mutant: `exit_code` prints with `eprintln!`, which panics.
#[test]
fn an_error_that_nobody_reads_is_no_panic() {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let failed = command("ddb").args(["status", "--data-dir", "/nowhere"]).stderr(writer).status().expect("ddb can be run");
    assert_eq!(failed.code(), Some(1));
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let misused = command("ddb").arg("nonsense").stderr(writer).status().expect("ddb can be run");
    assert_eq!(misused.code(), Some(2));
}
