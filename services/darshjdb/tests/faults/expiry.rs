//! A record with a time to live is gone at that time, whenever its deletion is written.
//!
//! Mutant (libs/store), tried:
//! - `read/by_key.rs`, `answer`: does not drop the expired ones.

use std::time::Duration;

use ddb_testkit::{Database, Server, json};
use tokio::time::{Instant, sleep};

use crate::turn;
use crate::workload::verify;

/// How many deletions of items stand in the log: retractions of attribute 1.
const DELETIONS: &str = "
    select count(*)::text
    from ddb.triple f join ddb.data_table t on t.namespace = f.namespace and t.id = f.table_id
    where t.name = 'item' and f.attribute = 1 and not f.asserted";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_expired_record_is_gone_at_once_and_its_deletion_is_written_later() {
    let _turn = turn().await;
    let database = Database::new().await;
    let server = Server::builder().over(&database).start().await;
    let user = server.user().await;
    let mut session = database.connect().await;
    reap(&mut session, false).await;

    let create = async |key: &str, ttl: u64| user.post("/api/data/item", &json!({ "id": key, "$ttl": ttl })).await;
    let begin = Instant::now();
    create("short", 1).await.expect(201);
    create("again", 1).await.expect(201);
    create("long", 3_600).await.expect(201);
    let created = Instant::now();
    while user.get("/api/data/item/short").await.status == 200 {
        assert!(created.elapsed() < Duration::from_secs(2), "it does not expire");
        sleep(Duration::from_millis(5)).await;
    }
    assert!(begin.elapsed() >= Duration::from_secs(1), "it expired too early");
    sleep(Duration::from_secs(1).saturating_sub(created.elapsed())).await;

    for key in ["short", "again"] {
        user.get(&format!("/api/data/item/{key}")).await.expect_error(404, "NOT_FOUND");
        user.patch(&format!("/api/data/item/{key}"), &json!({ "n": 1 })).await.expect_error(404, "NOT_FOUND");
        user.delete(&format!("/api/data/item/{key}")).await.expect_error(404, "NOT_FOUND");
    }
    let listed = user.get("/api/data/item").await.expect(200);
    let ids: Vec<_> = listed.json["data"].as_array().expect("a list").iter().map(|item| item["id"].clone()).collect();
    assert_eq!(ids, ["item:long"]);
    assert_eq!(session.value(DELETIONS).await, "0", "nothing was deleted yet");
    assert_eq!(verify(&server)["sound"], true);

    create("again", 3_600).await.expect(201);
    create("again", 3_600).await.expect_error(409, "CONFLICT");
    user.get("/api/data/item/again").await.expect(200);
    assert_eq!(session.value(DELETIONS).await, "1", "what had expired was deleted by its successor");
    assert_eq!(verify(&server)["sound"], true);

    reap(&mut session, true).await;
    let end = Instant::now() + Duration::from_secs(5);
    while session.value(DELETIONS).await != "2" {
        assert!(Instant::now() < end, "the reaper writes no deletion");
        sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(session.value("select count(*)::text from ddb_data.t1_2").await, "2", "its row is gone too");
    user.get("/api/data/item/again").await.expect(200);
    user.get("/api/data/item/long").await.expect(200);
    let report = verify(&server);
    assert_eq!(report["sound"], true, "{report}");
}

/// Lets the reaper run now, or not for an hour.
async fn reap(session: &mut ddb_testkit::Session, now: bool) {
    let due = if now { "0" } else { "due + 3600000000" };
    let statement = format!("update ddb.job set due = {due}, lease_until = null where kind = 'expiry'");
    let end = Instant::now() + Duration::from_secs(5);
    // At the start the job comes into being with its first run.
    while session.execute(&statement).await == 0 {
        assert!(Instant::now() < end, "there is no reaper");
        sleep(Duration::from_millis(20)).await;
    }
}
