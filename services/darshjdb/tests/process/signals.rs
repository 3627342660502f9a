//! Signals end a process and its PostgreSQL in order, whatever the process was doing.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use ddb_testkit::{Server, command};

/// The processes of the embedded PostgreSQL: all that work in its folder.
fn processes_of_postgres(server: &Server) -> Vec<String> {
    let cluster = server.data_dir().join("postgres");
    let entries = std::fs::read_dir("/proc").expect("there is /proc").flatten();
    let works_there = |path: &std::path::Path| std::fs::read_link(path.join("cwd")).is_ok_and(|cwd| cwd == cluster);
    entries.filter(|entry| works_there(&entry.path())).map(|entry| entry.path().display().to_string()).collect()
}

fn send(signal: &str, pid: u32) {
    let status = Command::new("kill").args([&format!("-{signal}"), &pid.to_string()]).status().expect("kill can be run");
    assert!(status.success(), "{signal}");
}

/// Mutants: a signal is missing in `ENDING` (libs/runtime/src/signal.rs); no `rollback` where an index is refused (libs/store/src/index/definition.rs); the
/// connections that listen are not closed with the store.
#[tokio::test]
async fn every_signal_that_ends_a_process_ends_it_in_order_and_nothing_alarms() {
    let mut server = Server::start().await;
    for signal in ["HUP", "QUIT", "USR1", "USR2", "ALRM", "XCPU", "VTALRM", "PROF", "XFSZ", "INT", "TERM"] {
        let before = server.log().len();
        server.anon().get("/ready").await.expect(200);
        send(signal, server.pid());
        assert_eq!(server.wait().code(), Some(0), "{signal}");
        assert_eq!(processes_of_postgres(&server), Vec::<String>::new(), "{signal}");
        let log = server.log();
        let log = &log[before..];
        assert!(!log.contains("\"WARN\"") && !log.contains("\"ERROR\"") && !log.contains("FATAL"), "{signal}: {log}");
        let last: serde_json::Value = serde_json::from_str(log.lines().last().expect("a line")).expect("a line of the log");
        assert_eq!(last["message"], "stopped", "{signal}");
        server.restart().await;
    }
}

#[tokio::test]
async fn a_refused_unique_index_alarms_nobody() {
    let server = Server::start().await;
    let admin = server.admin().await;
    for _ in 0..2 {
        admin.post("/api/data/t", &ddb_testkit::json!({ "email": "x@example.com" })).await.expect(201);
    }
    let before = server.log().len();
    for _ in 0..10 {
        let index = ddb_testkit::json!({ "name": "u", "fields": ["email"], "unique": true });
        admin.post("/api/schema/t/indexes", &index).await.expect_error(409, "CONFLICT");
    }
    let log = server.log();
    assert!(!log[before..].contains("\"WARN\"") && !log[before..].contains("\"ERROR\""), "{}", &log[before..]);
}

/// Mutant: `is_ignored` is always false.
#[tokio::test]
async fn a_hangup_that_was_ignored_at_the_start_stays_ignored() {
    let mut server = Server::start().await;
    assert_eq!(server.stop().code(), Some(0));
    let program = command("ddb");
    let log = std::fs::File::create(server.directory().join("nohup.log")).expect("a file can be made");
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", r#"trap "" HUP; exec "$0" "$@""#]).arg(program.get_program());
    shell.args(["start", "--bind", "127.0.0.1:0", "--data-dir"]).arg(server.data_dir());
    let mut child = shell.stdin(Stdio::null()).stderr(log).spawn().expect("a shell can be started");
    let said = || std::fs::read_to_string(server.directory().join("nohup.log")).unwrap_or_default();
    let until = async |what: &str| {
        let begin = Instant::now();
        while !said().contains(what) {
            assert!(begin.elapsed() < Duration::from_secs(60), "{}", said());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    until("\"ready\"").await;
    send("HUP", child.id());
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(child.try_wait().expect("it can be asked"), None, "{}", said());
    send("TERM", child.id());
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
    until("\"stopped\"").await;
}

/// `timeout` and closed terminals send a signal twice, right away. Mutant: `ECHO` is 0.
#[tokio::test]
async fn an_echo_of_a_signal_is_not_a_second_one() {
    let mut server = Server::start().await;
    server.anon().get("/ready").await.expect(200);
    let pid = server.pid().to_string();
    let both = format!("kill -TERM {pid}; sleep 0.01; kill -TERM {pid}");
    assert!(Command::new("/bin/sh").args(["-c", &both]).status().expect("a shell can be run").success());
    assert_eq!(server.wait().code(), Some(0));
    assert_eq!(processes_of_postgres(&server), Vec::<String>::new());
}

/// Mutants: `carry_out` hears no signals; it does not wait for `ended`.
#[tokio::test]
async fn a_command_that_is_cut_off_leaves_no_postgresql_behind() {
    let mut server = Server::start().await;
    assert_eq!(server.stop().code(), Some(0));
    let mut cut_off = 0;
    for (signal, number) in [("INT", 2), ("HUP", 1), ("TERM", 15), ("USR1", 10)] {
        for delay in [20, 150, 300, 500, 800] {
            let mut status = command("ddb");
            status.args(["verify", "--data-dir"]).arg(server.data_dir()).stdout(Stdio::null()).stderr(Stdio::null());
            let mut child = status.spawn().expect("ddb can be run");
            tokio::time::sleep(Duration::from_millis(delay)).await;
            send(signal, child.id());
            let status = child.wait().expect("it ends");
            // Before it listens, the signal ends it as it ends every program, and there is no PostgreSQL yet.
            assert_eq!(processes_of_postgres(&server), Vec::<String>::new(), "{signal} after {delay} ms: {status}");
            match status.code() {
                Some(0) => {}
                Some(code) => assert_eq!(code, 128 + number),
                None => continue,
            }
            cut_off += u32::from(status.code() != Some(0));
        }
    }
    assert!(cut_off > 0, "no command was cut off in its work");
    server.restart().await;
    server.anon().get("/ready").await.expect(200);
}
