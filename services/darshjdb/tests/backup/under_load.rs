//! A backup that is made while others write.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use ddb_testkit::{Database, Output, Server, command, json};

use crate::{back_up, done, text};

const WRITERS: i64 = 8;
const BACKUPS: usize = 3;

/// Every transaction moves an amount: two records that add up to nothing.
///
/// Mutants: `snapshot` begins at `read committed`; the header is read before the snapshot, on a connection of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_under_load_is_the_state_after_one_transaction() {
    let (database, mut copies) = (Database::new().await, Vec::new());
    for _ in 0..BACKUPS {
        copies.push(Database::new().await);
    }
    let server = Arc::new(Server::builder().over(&database).start().await);
    let user = server.user().await;
    user.post("/api/data/moves", &json!([{ "amount": 5 }, { "amount": -5 }])).await.expect(201);
    let (stop, acknowledged) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicI64::new(0)));
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let (client, stop, acknowledged) = (user.client.clone(), stop.clone(), acknowledged.clone());
            tokio::spawn(async move {
                let mut amount = writer;
                while !stop.load(Ordering::Relaxed) {
                    amount += WRITERS;
                    let made =
                        client.post("/api/data/moves", &json!([{ "amount": amount }, { "amount": -amount }])).await.expect(201);
                    acknowledged.fetch_max(made.tx(), Ordering::Relaxed);
                }
            })
        })
        .collect();
    let file = |number: usize| server.directory().join(format!("{number}.ddb"));
    let mut heads = Vec::new();
    for number in 0..BACKUPS {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let before = acknowledged.load(Ordering::Relaxed);
        let (of_backup, file) = (server.clone(), file(number));
        let saved = tokio::task::spawn_blocking(move || back_up(&of_backup, &file)).await.expect("a backup");
        let after = acknowledged.load(Ordering::Relaxed);
        let tx = saved["namespaces"][0]["tx"].as_i64().expect("a number");
        assert!(before > 0 && before <= tx, "what was acknowledged before is in it: {before}, {tx}");
        assert!(after > before, "nobody wrote meanwhile");
        heads.push((tx, saved["namespaces"][0]["head_hash"].as_str().expect("a hash").to_owned()));
    }
    stop.store(true, Ordering::Relaxed);
    for writer in writers {
        writer.await.expect("a writer");
    }
    for ((number, copy), (tx, head)) in copies.iter().enumerate().zip(&heads) {
        let over = |arguments: &[&str]| {
            let output = command("ddb").args(arguments).env("DATABASE_URL", copy.url()).output();
            Output::from(output.expect("the program can be run"))
        };
        done(&over(&["restore", "--json", text(&file(number))]));
        let verified = done(&over(&["verify", "--json", "--expect-head", head]));
        assert_eq!((&verified["sound"], verified["head"].as_i64()), (&json!(true), Some(*tx)));
        let table = "'ddb_data.t1_' || (select id from ddb.data_table where name = 'moves')";
        let mut session = copy.connect().await;
        let relation = session.value(&format!("select {table}")).await;
        let total = format!("select sum((doc->>'amount')::bigint)::text || ' ' || (count(*) % 2)::text from {relation}");
        assert_eq!(session.value(&total).await, "0 0", "backup {number}");
        // The original's log has the state that was saved.
        assert_eq!(done(&server.ddb(&["verify", "--json", "--expect-head", head]))["sound"], true);
    }
}
