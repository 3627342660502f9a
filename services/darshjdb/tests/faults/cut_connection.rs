//! The connection to PostgreSQL is cut at chosen messages of a transaction: `ddb` knows the outcome of every commit.
//!
//! Mutants (libs/store), tried:
//! - `transactor/task.rs`, `was_committed`: answers `Some(false)` without looking. What was committed is written once more.
//! - `transactor/task.rs`, `was_committed`: answers `Some(true)` without looking. Acknowledged writes are missing.
//! - `transactor/task.rs`, `look_up`: does not take the lock. A commit that is still on the way is taken for lost.
//! - `connection.rs`, `is_lost`: `ended_session` is not asked. What was committed is written once more.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ddb_testkit::{Cut, Database, Point, Proxy, Server, json};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::time::{Instant, sleep};

use crate::soak;
use crate::turn;
use crate::workload::{Answers, Coverage, Users, Workload};

const SEED: u64 = 13;
const POINTS: [Point; 3] = [Point::Begin, Point::Statement, Point::Commit];
const CUTS: [Cut; 4] = [Cut::Before, Cut::After, Cut::Panic, Cut::Late];

type Counts = Arc<Mutex<HashMap<(String, String), u64>>>;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn soak_the_outcome_of_a_cut_commit_is_known() {
    let _turn = turn().await;
    let of_each = soak::rounds(5, 60);
    let database = Database::new().await;
    let proxy = Proxy::start(&database).await;
    let server = Server::builder().over(&proxy.database()).start().await;
    let users = Users::sign_up(&server).await;
    let workload = Workload::start(&users, "r0", SEED, Answers::Always).await;
    let counts = Counts::default();
    cut_at_random(&proxy, counts.clone());
    let end = Instant::now() + Duration::from_secs(60 * u64::from(of_each));
    while fewest(&counts) < u64::from(of_each) && Instant::now() < end {
        sleep(Duration::from_millis(50)).await;
    }
    proxy.cut_nothing();
    let written = workload.stop().await;
    let mut coverage = Coverage::default();
    written.check(&server, &users, &mut coverage).await;

    let log = server.log();
    let (lost, known) =
        (log.matches("the answer to a commit was lost").count(), log.matches("the outcome of the commit is known").count());
    let counts = counts.lock().expect("nobody panicked with it").clone();
    println!("cuts {counts:?}; {lost} commits in doubt, {known} resolved\n{coverage}");
    for point in POINTS {
        for cut in CUTS {
            let cuts = counts.get(&name(point, cut)).copied().unwrap_or_default();
            assert!(cuts >= u64::from(of_each), "{cuts} of {point:?}, {cut:?}");
        }
    }
    assert_eq!(lost, known, "every commit in doubt was resolved");
    assert_eq!(coverage.of("not known"), (0, 0), "PostgreSQL did not stay away:\n{coverage}");
    coverage.expect_acknowledged(u64::from(of_each), 0.5);
}

fn name(point: Point, cut: Cut) -> (String, String) {
    (format!("{point:?}"), format!("{cut:?}"))
}

fn fewest(counts: &Counts) -> u64 {
    let counts = counts.lock().expect("nobody panicked with it");
    let all = POINTS.iter().flat_map(|point| CUTS.iter().map(move |cut| name(*point, *cut)));
    all.map(|name| counts.get(&name).copied().unwrap_or_default()).min().unwrap_or_default()
}

/// Rarely elsewhere and often at a commit, so that most groups get to one.
fn cut_at_random(proxy: &Proxy, counts: Counts) {
    let mut random = StdRng::seed_from_u64(SEED);
    let mut kinds = CUTS.into_iter().cycle();
    proxy.cut(move |point| {
        let share = match point {
            Point::Begin => 0.1,
            Point::Statement => 0.04,
            Point::Commit => 0.3,
        };
        if !random.random_bool(share) {
            return Cut::No;
        }
        let cut = kinds.next().expect("a cycle has no end");
        *counts.lock().expect("nobody panicked with it").entry(name(point, cut)).or_default() += 1;
        cut
    });
}

/// PostgreSQL that ends at every commit, over its disk for one, keeps nobody waiting for ever. Mutant: what was not committed is repeated without a bound.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_that_never_gets_through_is_answered_and_wrote_nothing() {
    let _turn = turn().await;
    let database = Database::new().await;
    let proxy = Proxy::start(&database).await;
    let server = Server::builder().over(&proxy.database()).start().await;
    let user = server.user().await;
    user.post("/api/data/tasks", &json!({ "id": "before" })).await.expect(201);
    proxy.cut(|point| if point == Point::Commit { Cut::Before } else { Cut::No });
    let asked = Instant::now();
    let refused = user.post("/api/data/tasks", &json!({ "id": "never" })).await.expect_error(503, "UNAVAILABLE");
    assert!(asked.elapsed() < Duration::from_secs(30), "{:?}", asked.elapsed());
    assert!(refused.text().contains("nothing was written"), "{}", refused.text());
    proxy.cut_nothing();
    assert_eq!(user.get("/api/data/tasks").await.expect(200).ids(), ["tasks:before"]);
    user.post("/api/data/tasks", &json!({ "id": "never" })).await.expect(201);
}

/// The process dies while its commit is on the way: whether it arrives or not, the next process goes on from what is there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ddb_is_killed_while_its_commit_is_on_the_way() {
    let _turn = turn().await;
    let database = Database::new().await;
    let proxy = Proxy::start(&database).await;
    let mut server = Server::builder().over(&proxy.database()).start().await;
    let users = Users::sign_up(&server).await;
    let mut coverage = Coverage::default();
    for (round, cut) in CUTS.into_iter().enumerate() {
        let workload = Workload::start(&users, &format!("r{round}"), SEED + round as u64, Answers::MayBeMissing).await;
        sleep(Duration::from_millis(300)).await;
        let (reached, mut at_commit) = tokio::sync::mpsc::unbounded_channel();
        proxy.cut(move |point| {
            if point != Point::Commit {
                return Cut::No;
            }
            // From the first on, all are cut: the process is about to be killed.
            let _ = reached.send(());
            cut
        });
        let seen = tokio::time::timeout(Duration::from_secs(30), at_commit.recv()).await;
        seen.expect("the proxy sees a commit within 30 s: does it still know how the transactor begins?").expect("a commit");
        server.kill();
        let written = workload.stop().await;
        proxy.cut_nothing();
        server.restart().await;
        written.check(&server, &users, &mut coverage).await;
    }
    println!("ddb killed during a commit: {CUTS:?}\n{coverage}");
    let (effective, ineffective) = coverage.of("no answer");
    assert!(effective >= 2 && ineffective >= 2, "too few requests were open when ddb was killed:\n{coverage}");
}
