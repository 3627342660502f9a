//! `kill -9` of PostgreSQL under load, of the whole server and of the transactor's session: `ddb` goes on by itself, and every client is answered.
//!
//! Mutants (libs/store), tried:
//! - `transactor/task.rs`, `was_committed`: answers `Some(false)` without looking. What was committed is refused, or written once more.

use std::time::Duration;

use ddb_testkit::{Server, kill};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::time::{Instant, sleep};

use crate::index_builds::{self, Indexing, Tally};
use crate::recovery::{RECOVERS, until_written};
use crate::soak;
use crate::turn;
use crate::workload::{Answers, Coverage, Users, Workload};

const SEED: u64 = 11;
/// The transactor holds the namespace's lock: `libs/store/src/transactor/task.rs`.
const HOLDER: &str =
    "select pid from pg_locks where locktype = 'advisory' and classid = 1145324032 and granted and pid <> pg_backend_pid()";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn soak_writes_survive_the_killing_of_postgresql() {
    let _turn = turn().await;
    let rounds = soak::rounds(4, 20);
    let mut random = StdRng::seed_from_u64(SEED);
    let server = Server::start().await;
    let pid = server.pid();
    let users = Users::sign_up(&server).await;
    let admin = server.admin().await;
    index_builds::seed(users.first()).await;
    let (mut coverage, mut tally) = (Coverage::default(), Tally::default());
    let mut longest = Duration::ZERO;
    for round in 0..rounds {
        let workload = Workload::start(&users, &format!("r{round}"), SEED + u64::from(round), Answers::Always).await;
        let indexing = Indexing::start(&admin);
        sleep(Duration::from_millis(random.random_range(300..1_000))).await;
        indexing.under_way().await;
        if round % 2 == 0 {
            kill(server.postmaster().expect("PostgreSQL runs"));
        } else {
            kill(transactor(&server).await);
        }
        longest = longest.max(until_written(users.first(), RECOVERS).await);
        sleep(Duration::from_millis(300)).await;
        let written = workload.stop().await;
        indexing.stop(&server, &mut tally).await;
        written.check(&server, &users, &mut coverage).await;
    }
    assert_eq!(server.pid(), pid, "ddb was not started again");
    server.anon().get("/ready").await.expect(200);
    let restarts = server.log().matches("PostgreSQL runs again").count();
    let in_doubt = server.log().matches("the answer to a commit was lost").count();
    println!(
        "{rounds} kills of PostgreSQL ({restarts} of the server), {in_doubt} during a commit, longest recovery {longest:?}\n{coverage}{tally}"
    );
    tally.expect_work(rounds);
    assert_eq!(restarts, rounds.div_ceil(2) as usize, "the supervisor started PostgreSQL once for each kill of the server");
    coverage.expect_acknowledged(u64::from(rounds), 0.3);
}

/// The session that holds the namespace's lock, in the middle of a transaction.
async fn transactor(server: &Server) -> u32 {
    let mut session = server.embedded().await.connect().await;
    let end = Instant::now() + RECOVERS;
    loop {
        if let Some(pid) = session.values(HOLDER).await.first() {
            return pid.parse().expect("a process");
        }
        assert!(Instant::now() < end, "nobody writes");
    }
}
