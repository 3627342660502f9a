use std::time::{Duration, Instant};

use sqlx::Row;

use crate::helper::Owner;
use crate::support::{Scratch, ask, connect, eventually, kill, processes_in, reconnect, run};

#[tokio::test]
async fn a_killed_postmaster_is_replaced_while_a_backend_is_busy() {
    let scratch = Scratch::new();
    scratch.fill().await;
    let server = scratch.start().await;
    let connection = server.connection().clone();
    run(&connection, "create table kept as select 'still here' as word").await;
    // This backend does not look up from its work for a long time, and holds the shared memory.
    let mut busy = connect(&connection).await.expect("connects");
    let busy = tokio::spawn(async move {
        sqlx::query("select count(*) from generate_series(1, 10000000000)").execute(&mut busy).await.map(drop)
    });
    let working = "select count(*)::text from pg_stat_activity where query like '%10000000000%' and state = 'active'";
    while ask(&connection, working).await != "2" {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let first = server.pid();
    let begin = Instant::now();
    kill(first);
    eventually("there is another server", || server.pid() != first).await;
    let mut session = reconnect(&connection).await;
    println!("from the death of the postmaster to the next answer: {:?}", begin.elapsed());
    let word: String = sqlx::query("select word from kept").fetch_one(&mut session).await.expect("answers").get(0);
    assert_eq!(word, "still here");
    assert!(busy.await.expect("joined").is_err(), "the old session has ended");
    assert!(!processes_in(&scratch.cluster()).contains(&first));

    // And again, after a backend was killed, which PostgreSQL mends by itself.
    let pid: i32 = sqlx::query("select pg_backend_pid()").fetch_one(&mut session).await.expect("answers").get(0);
    kill(u32::try_from(pid).expect("a pid"));
    let second = server.pid();
    reconnect(&connection).await;
    kill(second);
    eventually("there is a third server", || server.pid() != second).await;
    reconnect(&connection).await;
    server.stop().await.expect("stops");
    assert!(processes_in(&scratch.cluster()).is_empty());
}

#[tokio::test]
async fn a_server_that_cannot_be_restarted_can_still_be_stopped() {
    let scratch = Scratch::new();
    scratch.fill().await;
    let server = scratch.start().await;
    let version = scratch.cluster().join("PG_VERSION");
    std::fs::rename(&version, scratch.0.join("hidden")).expect("it exists");
    kill(server.pid());
    tokio::time::sleep(Duration::from_millis(500)).await;
    server.stop().await.expect("stops");
    assert!(processes_in(&scratch.cluster()).is_empty());
    std::fs::rename(scratch.0.join("hidden"), &version).expect("it can be put back");
    scratch.works().await;
}

#[tokio::test]
async fn a_start_that_is_killed_leaves_no_half_database() {
    let scratch = Scratch::new();
    for delay in [1, 100, 300, 500] {
        let mut owner = Owner::spawn(&scratch.data());
        eventually("the making has begun", || unfinished(&scratch) > 0 || scratch.cluster().exists()).await;
        tokio::time::sleep(Duration::from_millis(delay)).await;
        owner.kill();
        if scratch.cluster().exists() {
            break;
        }
    }
    let server = scratch.start().await;
    assert_eq!(ask(server.connection(), "select 'there'").await, "there");
    assert_eq!(unfinished(&scratch), 0);
    server.stop().await.expect("stops");
}

fn unfinished(scratch: &Scratch) -> usize {
    let Ok(entries) = std::fs::read_dir(scratch.data()) else { return 0 };
    entries.flatten().filter(|entry| entry.file_name().to_string_lossy().starts_with("postgres.new-")).count()
}
