//! `kill -9` of `ddb` under load: what was acknowledged is there once, what was not is there once or not at all.
//!
//! Mutants (libs/store), tried:
//! - `transactor/task.rs`, `attempt`: one `commit` in ten is a `rollback`. Acknowledged writes are missing.

use std::time::Duration;

use ddb_testkit::Server;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::time::sleep;

use crate::index_builds::{self, Indexing, Tally};
use crate::soak;
use crate::turn;
use crate::workload::{Answers, Coverage, Users, Workload};

const SEED: u64 = 7;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn soak_writes_survive_the_killing_of_ddb() {
    let _turn = turn().await;
    let rounds = soak::rounds(3, 20);
    let mut random = StdRng::seed_from_u64(SEED);
    let mut server = Server::start().await;
    let users = Users::sign_up(&server).await;
    let admin = server.admin().await;
    index_builds::seed(users.first()).await;
    let (mut coverage, mut tally) = (Coverage::default(), Tally::default());
    for round in 0..rounds {
        let workload = Workload::start(&users, &format!("r{round}"), SEED + u64::from(round), Answers::MayBeMissing).await;
        let indexing = Indexing::start(&admin);
        sleep(Duration::from_millis(random.random_range(500..1_500))).await;
        indexing.under_way().await;
        server.kill();
        let written = workload.stop().await;
        server.restart().await;
        indexing.stop(&server, &mut tally).await;
        written.check(&server, &users, &mut coverage).await;
    }
    println!("{rounds} kills of ddb\n{coverage}{tally}");
    tally.expect_work(rounds);
    coverage.expect_acknowledged(u64::from(rounds), 0.3);
    let (effective, ineffective) = coverage.of("no answer");
    assert!(effective + ineffective >= u64::from(rounds) * 4, "too few requests were open when ddb was killed:\n{coverage}");
    let (effective, ineffective) = coverage.of("went away");
    assert!(effective >= 10 && ineffective >= 1, "too few clients went away:\n{coverage}");
}
