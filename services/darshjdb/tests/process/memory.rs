//! What the commands that read the whole log hold of it at a time.

use std::process::Stdio;

use ddb_testkit::{Json, Method, Server, command};

const MEGABYTE: usize = 1 << 20;
const RECORDS: usize = 150;

/// The most memory in bytes that `ddb` had, which must end well.
async fn peak(server: &Server, name: &str) -> u64 {
    let mut ddb = command("ddb");
    ddb.arg(name).arg("--data-dir").arg(server.data_dir()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = ddb.spawn().expect("ddb can be run");
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    while child.try_wait().expect("a child can be waited for").is_none() {
        // The high-water mark only rises, so the last look before the end is the one that counts.
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes: Option<u64> = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok());
        peak = peak.max(kilobytes.unwrap_or(0) << 10);
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
    let output = child.wait_with_output().expect("ddb ends");
    assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(name == "status" || said.contains(&(RECORDS + 1).to_string()), "{name} read all records");
    peak
}

/// Mutants: `BATCH_BYTES` without a bound; the facts of a chunk of transactions collected before they are hashed.
#[tokio::test]
async fn verify_and_rebuild_hold_little_of_a_log_of_large_records() {
    let server = Server::start().await;
    let user = server.user().await;
    let text = "x".repeat(MEGABYTE - 100);
    for _ in 0..RECORDS / 15 {
        let records = vec![Json::from_iter([("text", text.as_str())]); 15];
        let body = Json::from(records).to_string();
        user.send_text(Method::POST, "/api/data/large", body).await.expect(201);
    }
    let least = peak(&server, "status").await;
    for name in ["verify", "rebuild", "verify"] {
        let more = peak(&server, name).await.saturating_sub(least);
        assert!(more < 40 * MEGABYTE as u64, "{name} took {} MB more than a command that reads nothing", more / MEGABYTE as u64);
        eprintln!("{name}: {} KB more than {} KB", more >> 10, least >> 10);
    }
}
