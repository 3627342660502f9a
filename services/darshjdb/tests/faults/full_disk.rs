//! The disk is full: first `ddb` refuses writes and goes on reading; where that does not help, because something else has filled the disk or the
//! PostgreSQL is another one's, PostgreSQL meets the end of it, in its tables and in its log, and everything goes on by itself once there is room.
//!
//! Mutants, tried:
//! - `libs/store/src/transactor/task.rs`, `handle`: `is_nearly_full` is not asked. PostgreSQL panics in the first test.
//! - the same, `erases` is always false. What erases is refused.
//! - `libs/store/src/index/definition.rs`, `define_index`: `check_room` is not asked.
//! - `libs/postgres/src/room.rs`, `is_low`: `was_low` alone once it is low. Writes stay refused.
//! - `libs/store/src/connection.rs`, `is_refusing`: without `53`. Clients read 500.
//! - `libs/postgres/src/server.rs`, `supervise`: ends when PostgreSQL cannot be started again.

use std::time::Duration;

use ddb_testkit::{Caller, Database, DiskOf, Server, json};
use tokio::time::{Instant, sleep};

use crate::bulk::Bulk;
use crate::recovery::{RECOVERS, until_written};
use crate::turn;
use crate::workload::{Answers, Coverage, Users, Workload};

const SEED: u64 = 41;
/// What PostgreSQL itself may take at once: two segments of its log.
const SPARE: u64 = 32 << 20;
/// How soon writes are taken once there is room.
const TAKEN_WITHIN: Duration = Duration::from_secs(1);
const FILLED_WITHIN: Duration = Duration::from_secs(120);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writes_are_refused_before_the_disk_is_full_and_reads_go_on() {
    if !ddb_testkit::is_root("mounts a disk") {
        return;
    }
    let _turn = turn().await;
    let server = Server::builder().on(DiskOf::Data(400)).start().await;
    let postmaster = server.postmaster();
    let users = Users::sign_up(&server).await;
    let (user, admin) = (users.first(), server.admin().await);
    user.post("/api/data/note", &json!({ "id": "a", "n": 0 })).await.expect(201);
    let workload = Workload::start(&users, "r0", SEED, Answers::Always).await;
    let bulk = Bulk::start(user);

    let end = Instant::now() + FILLED_WITHIN;
    let refusal = loop {
        let answer = user.post("/api/data/note", &json!({ "n": 1 })).await;
        if answer.status != 201 {
            break answer;
        }
        assert!(Instant::now() < end, "the disk does not fill up");
        sleep(Duration::from_millis(50)).await;
    };
    let refusal = refusal.expect_error(503, "UNAVAILABLE");
    assert!(refusal.text().contains("nearly full; this request writes nothing"), "{}", refusal.text());
    assert_eq!(refusal.header("retry-after"), "10");

    let begun = Instant::now();
    let mut least_free = u64::MAX;
    while begun.elapsed() < Duration::from_secs(2) {
        least_free = least_free.min(server.disk().free());
        user.get("/api/data/note/a").await.expect(200);
        user.get("/api/data/item?limit=5").await.expect(200);
        server.anon().get("/ready").await.expect(200);
        sleep(Duration::from_millis(50)).await;
    }
    Caller::sign_in(&server.anon(), &user.email).await;
    let sign_up = json!({ "email": "late@example.com", "password": Caller::PASSWORD });
    server.anon().post("/api/auth/signup", &sign_up).await.expect_error(503, "UNAVAILABLE");
    let index = json!({ "name": "by_n", "fields": ["n"] });
    admin.post("/api/schema/note/indexes", &index).await.expect_error(503, "UNAVAILABLE");
    for command in [&["status"][..], &["verify"], &["backup", &server.directory().join("backup").display().to_string()]] {
        let output = server.ddb(command);
        assert_eq!(output.code, Some(0), "{command:?}: {output:?}");
    }
    // A person's right does not wait for the disk.
    let erasure = json!({ "records": ["note:a"], "reason": "asked for" });
    let erased = admin.post("/api/admin/erase", &erasure).await;
    assert!(erased.status < 300, "{}", erased.text());
    user.get("/api/data/note/a").await.expect(404);
    assert!(least_free >= SPARE, "{} MB were left", least_free >> 20);
    assert_eq!(server.postmaster(), postmaster, "PostgreSQL was not started again");

    let roomier = Instant::now();
    server.disk().remount("size=900m");
    until_written(user, TAKEN_WITHIN).await;
    let taken = roomier.elapsed();
    let big = bulk.stop().await;
    let mut coverage = Coverage::default();
    workload.stop().await.check(&server, &users, &mut coverage).await;
    println!("{} MB were left when writes were refused, taken again after {taken:?}; {big}\n{coverage}", least_free >> 20);
    big.check(user).await;
    for word in ["PANIC", "PostgreSQL died", "No space left"] {
        assert!(!server.log().contains(word), "{word}");
    }
    assert!(server.log().contains("the disk is nearly full: ddb refuses writes"));
    assert!(server.log().contains("the disk has room again: ddb accepts writes"));
    coverage.expect_acknowledged(1, 0.05);
    assert!(coverage.of("unavailable").1 >= 16, "too few writes were refused:\n{coverage}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_goes_on_by_itself_after_postgresql_has_met_the_end_of_its_disk() {
    if !ddb_testkit::is_root("mounts a disk") {
        return;
    }
    let _turn = turn().await;
    let owner = Server::builder().on(DiskOf::Data(300)).start().await;
    // It knows nothing of the disk: its PostgreSQL is another one's.
    let key = std::fs::read(owner.data_dir().join("master.key")).expect("there is a master key");
    let key: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
    let database = owner.embedded().await;
    let server = Server::builder().over(&database).variable("DDB_MASTER_KEY", key).start().await;
    let pids = (owner.pid(), server.pid());
    let users = Users::sign_up(&server).await;
    let user = users.first();
    let mut coverage = Coverage::default();
    let mut took = Vec::new();
    for (round, cause) in [Cause::Writes, Cause::Others].into_iter().enumerate() {
        let workload = Workload::start(&users, &format!("r{round}"), SEED + round as u64, Answers::Always).await;
        let panics = owner.log().matches("PANIC").count();
        let filled = Instant::now();
        let (bulk, filler) = match cause {
            Cause::Writes => (Some(Bulk::start(user)), None),
            Cause::Others => {
                sleep(Duration::from_millis(500)).await;
                (None, Some(owner.disk().fill(0)))
            }
        };
        // What is there of the log may take a while to be used up by small writes, so somebody writes into it what is left.
        while owner.log().matches("PANIC").count() == panics {
            assert!(filled.elapsed() < FILLED_WITHIN, "PostgreSQL does not meet the end of its disk");
            if owner.disk().free() < 16 << 20 {
                use_up_the_log(&database).await;
            }
            sleep(Duration::from_millis(100)).await;
        }
        // Some attempts to start it.
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(3) {
            let read = user.get("/api/data/item?limit=5").await;
            if read.status != 200 {
                read.expect_error(503, "UNAVAILABLE");
            }
            server.anon().get("/health").await.expect(200);
            sleep(Duration::from_millis(50)).await;
        }
        let roomier = Instant::now();
        owner.disk().remount(&format!("size={}m", 900 * (round + 1)));
        drop(filler);
        until_written(user, RECOVERS).await;
        took.push(roomier.elapsed());
        sleep(Duration::from_millis(300)).await;
        let big = match bulk {
            Some(bulk) => Some(bulk.stop().await),
            None => None,
        };
        workload.stop().await.check(&server, &users, &mut coverage).await;
        if let Some(big) = big {
            println!("{big}");
            big.check(user).await;
        }
    }
    println!("everything succeeded again after {took:?}\n{coverage}");
    assert!(server.log().contains("could not extend file"), "PostgreSQL met the end of its disk in a table, too");
    assert_eq!((owner.pid(), server.pid()), pids, "neither of them was started again");
    assert!(coverage.of("unavailable").1 + coverage.of("not known").1 >= 16, "too few writes were refused:\n{coverage}");
    coverage.expect_acknowledged(1, 0.02);
}

/// What fills the disk.
#[derive(Clone, Copy)]
enum Cause {
    Writes,
    Others,
}

async fn use_up_the_log(database: &Database) {
    // It may be away, or go away meanwhile.
    if let Some(mut session) = database.try_connect().await {
        let _ = session.try_execute("select pg_logical_emit_message(false, 'filler', repeat('x', 17000000))").await;
    }
}
