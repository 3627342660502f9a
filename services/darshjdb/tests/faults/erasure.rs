//! An erasure that is interrupted goes on, and no backup brings back what it took.
//!
//! Mutants (libs/store):
//! - `erasure/carry_out.rs`, `open`: only erasures of the last second.
//! - `erasure/owned.rs`, `erase`: remembers the last entity before it erases.
//! - `backup/save.rs`: does not wait until nothing is open. (Where the server is killed in the midst of it.)

use std::time::Duration;

use ddb_testkit::{Server, json};
use tokio::time::{Instant, sleep};

use crate::turn;
use crate::workload::verify;

const SECRET: &str = "kzxqsecret";
const RECORDS: usize = 1_500;
const KILLS: u32 = 4;

/// Erasures of which something may be left in a row.
const OPEN: &str = "select count(*)::text from ddb.erasure where cleared_at is null";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_erasure_survives_the_killing_of_ddb_and_no_backup_brings_anything_back() {
    let _turn = turn().await;
    let mut server = Server::start().await;
    let (user, other, admin) = (server.user().await, server.other_user().await, server.admin().await);
    let records: Vec<_> = (0..RECORDS)
        .map(|n| json!({ "id": format!("{SECRET}-{n}"), "title": format!("{SECRET} {n}"), "text": SECRET.repeat(20) }))
        .collect();
    user.post("/api/data/note", &json!(records)).await.expect(201);
    for round in 0..5 {
        let merge = |n: usize| json!({ "op": "merge", "table": "note", "id": format!("{SECRET}-{n}"), "data": { "round": format!("{SECRET} {round}") } });
        let ops: Vec<_> = (0..RECORDS).map(merge).collect();
        user.post("/api/mutate", &json!({ "ops": ops })).await.expect(200);
    }
    admin.post("/api/schema/note/indexes", &json!({ "fields": ["title"] })).await.expect(201);
    other.post("/api/data/note", &json!({ "id": "others", "title": "harmless" })).await.expect(201);
    let older = server.directory().join("older.ddb");
    let older = older.to_str().expect("UTF-8");
    assert_eq!(server.ddb(&["backup", older]).code, Some(0));

    user.delete("/api/auth/me").await.expect(204);
    let mut interrupted = 0;
    for kill in 0..KILLS {
        sleep(Duration::from_millis(400 * u64::from(kill))).await;
        let open = open(&server).await;
        server.kill();
        interrupted += u32::from(open != "0");
        if kill == 1 {
            // While nobody serves, a backup carries out what is left before it is taken.
            let midway = server.directory().join("midway.ddb");
            let midway = midway.to_str().expect("UTF-8");
            let saved = server.ddb(&["backup", midway]);
            assert_eq!(saved.code, Some(0), "{saved:?}");
            restored_without(&server, midway, None).await;
        }
        server.restart().await;
    }
    assert!(interrupted >= 1, "the erasure was over before the first kill");
    let end = Instant::now() + Duration::from_secs(120);
    while open(&server).await != "0" {
        assert!(Instant::now() < end, "the erasure does not come to an end");
        sleep(Duration::from_millis(200)).await;
    }
    assert_eq!(server.embedded().await.connect().await.holding(SECRET).await, Vec::<String>::new());
    let report = verify(&server);
    assert_eq!(report["sound"], true, "{report}");
    other.get("/api/data/note/others").await.expect(200);

    let list = server.ddb(&["erasures"]);
    assert_eq!((list.code, list.stdout.lines().count()), (Some(0), RECORDS + 1), "{}", list.stderr);
    assert!(!list.stdout.contains(SECRET) && !list.stdout.contains(&user.id), "the list names nobody");
    let path = server.directory().join("erasures.jsonl");
    std::fs::write(&path, &list.stdout).expect("the list can be written");
    restored_without(&server, older, path.to_str()).await;

    // A list that is none, or cut off, makes nothing.
    let fresh = server.directory().join("refused");
    for broken in [&list.stdout[..list.stdout.len() - 1], "{}\n", "x\n"] {
        std::fs::write(&path, broken).expect("the list can be written");
        let refused = server.ddb_in(&fresh, &["restore", older, "--erasures", path.to_str().expect("UTF-8")]);
        assert!(refused.code == Some(1) && refused.stderr.contains("of the list of erasures"), "{refused:?}");
        assert!(!fresh.exists(), "nothing was made");
    }
}

async fn open(server: &Server) -> String {
    server.embedded().await.connect().await.value(OPEN).await
}

/// Restores a backup into a new place and looks at all that is there.
async fn restored_without(server: &Server, backup: &str, list: Option<&str>) {
    let place = server.directory().join(format!("restored-{}", list.is_some()));
    let mut arguments = vec!["restore", backup];
    arguments.extend(list.into_iter().flat_map(|list| ["--erasures", list]));
    let restored = server.ddb_in(&place, &arguments);
    assert_eq!(restored.code, Some(0), "{restored:?}");
    let again = server.directory().join(format!("again-{}.ddb", list.is_some()));
    let again = again.to_str().expect("UTF-8");
    let verified = server.ddb_in(&place, &["verify", "--json"]);
    assert_eq!(verified.code, Some(0), "{verified:?}");
    let listed = server.ddb_in(&place, &["erasures"]);
    assert_eq!((listed.code, listed.stdout.lines().count()), (Some(0), RECORDS + 1), "{}", listed.stderr);
    assert_eq!(server.ddb_in(&place, &["backup", again]).code, Some(0));
    let status = server.ddb_in(&place, &["status", "--json"]);
    let status: ddb_testkit::Json = serde_json::from_str(&status.stdout).expect("JSON");
    let note = status["tables"].as_array().and_then(|tables| tables.iter().find(|table| table["name"] == "note"));
    assert_eq!(note.map(|note| &note["records"]), Some(&json!(1)), "{status}");
}
