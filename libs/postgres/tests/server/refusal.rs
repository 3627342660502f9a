use crate::support::{Scratch, ask};

#[tokio::test]
async fn another_major_version_is_refused_with_the_way_out() {
    let scratch = Scratch::new();
    scratch.fill().await;
    let version = scratch.cluster().join("PG_VERSION");
    std::fs::write(&version, "17\n").expect("writable");
    let message = scratch.refusal().await;
    for part in ["written by PostgreSQL 17", "the server is 18.", "backup", "restore", "DDB_POSTGRES_DIR"] {
        assert!(message.contains(part), "{part}: {message}");
    }
    std::fs::write(&version, "18\n").expect("writable");
    scratch.works().await;
}

#[tokio::test]
async fn a_broken_password_is_refused() {
    let scratch = Scratch::new();
    scratch.fill().await;
    let path = scratch.data().join("postgres.password");
    for text in ["", "short", "'; drop role ddb; --"] {
        std::fs::write(&path, text).expect("writable");
        let message = scratch.refusal().await;
        assert!(message.contains("does not hold a password made by ddb"), "{message}");
    }
}

#[tokio::test]
async fn a_database_that_lets_in_without_password_is_refused() {
    let scratch = Scratch::new();
    scratch.fill().await;
    let path = scratch.cluster().join("pg_hba.conf");
    let rules = std::fs::read_to_string(&path).expect("readable");
    std::fs::write(&path, format!("local all all trust\n{rules}")).expect("writable");
    let message = scratch.refusal().await;
    assert!(message.contains("line 1 of") && message.contains("scram-sha-256"), "{message}");
    std::fs::write(&path, rules).expect("writable");
    scratch.works().await;
}

#[tokio::test]
async fn something_else_in_the_place_of_the_cluster_is_left_alone() {
    let scratch = Scratch::new();
    std::fs::create_dir_all(scratch.cluster()).expect("it can be made");
    std::fs::write(scratch.cluster().join("letter.txt"), "dear").expect("writable");
    let message = scratch.refusal().await;
    assert!(message.contains("not a PostgreSQL data directory"), "{message}");
    assert_eq!(std::fs::read_to_string(scratch.cluster().join("letter.txt")).expect("readable"), "dear");
}

#[tokio::test]
async fn data_that_root_has_restored_is_given_to_the_server_again() {
    if !ddb_testkit::is_root("gives files to root") {
        return;
    }
    let scratch = Scratch::new();
    scratch.fill().await;
    let status =
        std::process::Command::new("chown").args(["-R", "0:0"]).arg(scratch.cluster()).status().expect("chown can be run");
    assert!(status.success());
    let server = scratch.start().await;
    assert_eq!(ask(server.connection(), "select 'there'").await, "there");
    server.stop().await.expect("stops");
}
