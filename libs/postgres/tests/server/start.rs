use std::fs::Permissions;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::Path;
use std::time::{Duration, Instant};

use ddb_postgres::{Config, DataLock, Server};
use sqlx::ConnectOptions;
use sqlx::postgres::PgConnectOptions;

use crate::helper::Owner;
use crate::support::{Scratch, ask, eventually, fetched, processes_in, run, server_user};

#[tokio::test]
async fn a_fresh_directory_gets_a_database_that_answers() {
    let scratch = Scratch::new();
    let server = scratch.start().await;
    assert!(server.version().starts_with("18."));
    let facts = ask(
        server.connection(),
        "select concat_ws(' ', current_database(), current_user, current_setting('server_encoding'), \
         current_setting('data_checksums'), datcollate, datctype) from pg_database where datname = current_database()",
    )
    .await;
    assert_eq!(facts, "darshjdb ddb UTF8 on C C");
    run(server.connection(), "create extension vector").await;
    server.stop().await.expect("stops");
}

#[tokio::test]
async fn an_existing_directory_starts_quickly_and_holds_its_data() {
    let scratch = Scratch::new();
    scratch.fill().await;
    let server = scratch.start().await;
    run(server.connection(), "create table kept as select 'still here' as word").await;
    server.stop().await.expect("stops");

    let mut times = Vec::new();
    for _ in 0..3 {
        let begin = Instant::now();
        let server = scratch.start().await;
        times.push(begin.elapsed());
        assert_eq!(ask(server.connection(), "select word from kept").await, "still here");
        server.stop().await.expect("stops");
    }
    println!("start on an existing directory: {times:?}");
    // Alone it takes a tenth of a second; here other tests use the processors and the disk.
    assert!(times.iter().min().is_some_and(|time| *time < Duration::from_secs(2)), "{times:?}");
}

#[tokio::test]
async fn root_runs_a_server_below_a_home_that_nobody_else_may_enter() {
    if !ddb_testkit::is_root("runs the server as another user") {
        return;
    }
    let home = Scratch::below(Path::new("/root"));
    std::fs::set_permissions(&home.0, Permissions::from_mode(0o700)).expect("the mode can be set");
    for _ in 0..2 {
        let server = home.start().await;
        assert_eq!(ask(server.connection(), "select 'reached'").await, "reached");
        let (uid, _) = server_user();
        assert_eq!(std::fs::metadata(format!("/proc/{}", server.pid())).expect("it runs").uid(), uid);
        server.stop().await.expect("stops");
    }
}

#[tokio::test]
async fn a_path_of_150_characters_is_not_too_long() {
    let scratch = Scratch::new();
    let deep = scratch.0.join("d".repeat(150 - scratch.0.as_os_str().len() - 1));
    assert_eq!(deep.as_os_str().len(), 150);
    let server = Server::start(&Config::new(deep)).await.expect("starts");
    assert_eq!(ask(server.connection(), "select 'reached'").await, "reached");
    server.stop().await.expect("stops");
}

#[tokio::test]
async fn an_ordinary_user_runs_a_server_of_their_own() {
    if !ddb_testkit::is_root("runs the owner as another user") {
        return;
    }
    let scratch = Scratch::new();
    fetched();
    let (uid, gid) = server_user();
    chown(&scratch.0, Some(uid), Some(gid)).expect("the owner can be changed");
    for _ in 0..2 {
        let mut owner = Owner::spawn_with(&scratch.data(), |command| {
            use std::os::unix::process::CommandExt;
            command.uid(uid).gid(gid).current_dir("/");
        });
        let server = owner.server();
        assert_eq!(std::fs::metadata(format!("/proc/{server}")).expect("it runs").uid(), uid);
        owner.finish();
        assert_eq!(processes_in(&scratch.cluster()), Vec::<u32>::new());
    }
}

#[tokio::test]
async fn a_stopped_server_leaves_nothing_behind() {
    let scratch = Scratch::new();
    scratch.fill().await;
    let server = scratch.start().await;
    let socket_dir = server.connection().socket_dir.clone();
    assert!(socket_dir.join(".s.PGSQL.5432").exists());
    assert_eq!(std::fs::metadata(&socket_dir).expect("it exists").mode() & 0o777, 0o700);
    assert!(!processes_in(&scratch.cluster()).is_empty());
    server.stop().await.expect("stops");

    assert!(!socket_dir.exists());
    assert_eq!(processes_in(&scratch.cluster()), Vec::<u32>::new());
    let mut names: Vec<_> =
        std::fs::read_dir(scratch.data()).expect("readable").flatten().map(|entry| entry.file_name()).collect();
    names.sort();
    assert_eq!(names, ["ddb.lock", "postgres", "postgres.password"]);
    assert!(!scratch.cluster().join("postmaster.pid").exists());
}

#[tokio::test]
async fn a_server_that_is_dropped_stops_too() {
    let scratch = Scratch::new();
    scratch.fill().await;
    drop(scratch.start().await);
    eventually("the data directory is free", || DataLock::acquire(&scratch.config()).is_ok()).await;
    assert_eq!(processes_in(&scratch.cluster()), Vec::<u32>::new());
    scratch.works().await;
}

#[tokio::test]
async fn a_server_whose_runtime_ends_stops_too_and_the_next_start_tidies_up() {
    let scratch = Scratch::new();
    scratch.fill().await;
    let config = scratch.config();
    let socket_dir = std::thread::spawn(move || {
        let runtime = tokio::runtime::Runtime::new().expect("there is a runtime");
        let server = runtime.block_on(Server::start(&config)).expect("starts");
        let socket_dir = server.connection().socket_dir.clone();
        drop(runtime);
        drop(server);
        socket_dir
    });
    let socket_dir = socket_dir.join().expect("joined");
    eventually("the processes are gone", || processes_in(&scratch.cluster()).is_empty()).await;
    scratch.works().await;
    assert!(!socket_dir.exists());
}

#[tokio::test]
async fn the_server_inherits_no_secret_of_the_environment() {
    let scratch = Scratch::new();
    scratch.fill().await;
    let mut owner = Owner::spawn_with(&scratch.data(), |command| {
        command.env("DDB_MASTER_KEY", "very-secret").env("PGOPTIONS", "-c fsync=off");
    });
    let server = owner.server();
    let environment = std::fs::read(format!("/proc/{server}/environ")).expect("readable");
    let environment = String::from_utf8_lossy(&environment);
    assert!(environment.contains("LC_ALL=C"), "{environment}");
    assert!(!environment.contains("very-secret") && !environment.contains("PGOPTIONS"), "{environment}");
    let arguments = std::fs::read(format!("/proc/{server}/cmdline")).expect("readable");
    let password = std::fs::read_to_string(scratch.data().join("postgres.password")).expect("readable");
    assert!(!String::from_utf8_lossy(&arguments).contains(password.trim()));
    owner.finish();
}

#[tokio::test]
async fn the_password_is_private_and_no_debug_output_tells_it() {
    let scratch = Scratch::new();
    let server = scratch.start().await;
    let path = scratch.data().join("postgres.password");
    assert_eq!(std::fs::metadata(&path).expect("it exists").mode() & 0o777, 0o600);
    assert_eq!(std::fs::read_to_string(&path).expect("readable").trim(), server.connection().password());
    assert!(!format!("{server:?}").contains(server.connection().password()));

    let connection = server.connection();
    for password in ["", "wrong"] {
        let attempt = PgConnectOptions::new_without_pgpass()
            .socket(&connection.socket_dir)
            .port(connection.port)
            .username(&connection.user)
            .password(password)
            .database(&connection.database)
            .connect()
            .await;
        assert!(attempt.is_err(), "the password \"{password}\" lets in");
    }
    server.stop().await.expect("stops");
}

#[tokio::test]
async fn what_the_files_of_the_cluster_say_weakens_nothing() {
    let scratch = Scratch::new();
    scratch.fill().await;
    let server = scratch.start().await;
    for statement in [
        "alter system set fsync = off",
        "alter system set full_page_writes = off",
        "alter system set synchronous_commit = off",
        "alter system set listen_addresses = '*'",
        "alter system set password_encryption = 'md5'",
    ] {
        run(server.connection(), statement).await;
    }
    server.stop().await.expect("stops");
    let server = scratch.start().await;
    let facts = ask(
        server.connection(),
        "select string_agg(name || '=' || setting, ' ' order by name) from pg_settings \
         where name in ('fsync', 'full_page_writes', 'synchronous_commit', 'listen_addresses', 'password_encryption')",
    )
    .await;
    assert_eq!(facts, "fsync=on full_page_writes=on listen_addresses= password_encryption=scram-sha-256 synchronous_commit=on");
    server.stop().await.expect("stops");
}
