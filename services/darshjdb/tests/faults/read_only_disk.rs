//! The disk of PostgreSQL becomes read-only under load, as it does when the file system meets an error: requests are answered with 503, and everything
//! goes on by itself once it is mounted anew.
//!
//! Mutants, tried:
//! - `libs/store/src/connection.rs`, `is_refusing`: without `42501` where files are meant. Clients read 500.
//! - `libs/postgres/src/server.rs`, `supervise`: ends when PostgreSQL cannot be started again.

use std::time::Duration;

use ddb_testkit::{DiskOf, Server};
use tokio::time::{Instant, sleep};

use crate::bulk::Bulk;
use crate::recovery::{RECOVERS, until_written};
use crate::soak;
use crate::turn;
use crate::workload::{Answers, Coverage, Users, Workload};

const SEED: u64 = 47;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn soak_a_disk_that_becomes_read_only_costs_no_acknowledged_write() {
    if !ddb_testkit::is_root("mounts a disk") {
        return;
    }
    let _turn = turn().await;
    let server = Server::builder().on(DiskOf::Postgres(600)).start().await;
    let pid = server.pid();
    let users = Users::sign_up(&server).await;
    let user = users.first();
    let mut coverage = Coverage::default();
    let mut took = Vec::new();
    for round in 0..soak::rounds(1, 5) {
        let workload = Workload::start(&users, &format!("r{round}"), SEED + u64::from(round), Answers::Always).await;
        // What extends tables fails otherwise than what is written into the log.
        let bulk = Bulk::start(user);
        sleep(Duration::from_millis(700)).await;
        server.disk().fail();
        let begun = Instant::now();
        let mut refused = 0;
        while begun.elapsed() < Duration::from_secs(3) {
            let read = user.get("/api/data/item?limit=5").await;
            if read.status != 200 {
                read.expect_error(503, "UNAVAILABLE");
                refused += 1;
            }
            server.anon().get("/health").await.expect(200);
            sleep(Duration::from_millis(50)).await;
        }
        assert!(refused > 0, "PostgreSQL lives on a disk that it cannot write on");
        server.anon().get("/ready").await.expect_error(503, "UNAVAILABLE");
        server.disk().repair();
        took.push(until_written(user, RECOVERS).await);
        sleep(Duration::from_millis(300)).await;
        let big = bulk.stop().await;
        workload.stop().await.check(&server, &users, &mut coverage).await;
        println!("{big}");
        big.check(user).await;
    }
    println!("everything succeeded again after {took:?}\n{coverage}");
    assert_eq!(server.pid(), pid, "ddb was not started again");
    let log = server.log();
    assert!(log.contains("Read-only file system") || log.contains("read-only file system"), "the log says why");
    assert!(coverage.of("unavailable").1 + coverage.of("not known").1 >= 16, "too few writes were refused:\n{coverage}");
    coverage.expect_acknowledged(1, 0.05);
}
