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
async fn a_server_whose_socket_was_removed_is_started_again() {
    let scratch = Scratch::new();
    scratch.fill().await;
    let server = scratch.start().await;
    let connection = server.connection().clone();
    run(&connection, "create table kept as select 'still here' as word").await;
    let mut open = connect(&connection).await.expect("connects");
    let socket = connection.socket_dir.join(".s.PGSQL.5432");
    // The whole directory, as a cleaner does; and the socket alone.
    for path in [&connection.socket_dir, &socket] {
        let first = server.pid();
        if path.is_dir() {
            std::fs::remove_dir_all(path).expect("it exists");
        } else {
            std::fs::remove_file(path).expect("it exists");
        }
        assert!(connect(&connection).await.is_err(), "nobody new finds the server");
        eventually("there is another server", || server.pid() != first).await;
        reconnect(&connection).await;
        assert_eq!(ask(&connection, "select word from kept").await, "still here");
    }
    assert!(sqlx::query("select 1").execute(&mut open).await.is_err(), "the old session has ended");
    server.stop().await.expect("stops");
    assert!(!connection.socket_dir.exists());
}

/// The owner of the directory could pass for the server.
#[tokio::test]
async fn a_directory_that_somebody_else_put_in_place_is_not_used() {
    if !ddb_testkit::is_root("makes a directory of another user") {
        return;
    }
    let scratch = Scratch::new();
    scratch.fill().await;
    let server = scratch.start().await;
    let connection = server.connection().clone();
    let (first, directory) = (server.pid(), &connection.socket_dir);
    std::fs::remove_dir_all(directory).expect("it exists");
    std::fs::create_dir(directory).expect("it can be made");
    std::fs::set_permissions(directory, std::os::unix::fs::PermissionsExt::from_mode(0o700)).expect("the mode can be set");
    std::os::unix::fs::chown(directory, Some(54_321), Some(54_321)).expect("the owner can be changed");
    eventually("the server has ended", || !processes_in(&scratch.cluster()).contains(&first)).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(processes_in(&scratch.cluster()).is_empty() && connect(&connection).await.is_err());
    std::fs::remove_dir(directory).expect("it exists");
    reconnect(&connection).await;
    server.stop().await.expect("stops");
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
