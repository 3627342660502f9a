//! Databases whose master key is elsewhere.

use ddb_testkit::{Database, Directory, Server, command};

#[tokio::test]
async fn commands_neither_need_nor_make_a_master_key_and_a_rotation_without_it_changes_nothing() {
    let server = Server::start().await;
    let (key, away) = (server.data_dir().join("master.key"), server.data_dir().join("away"));
    std::fs::rename(&key, &away).expect("the key is moved");
    for command in [&["verify"][..], &["status"], &["rebuild"], &["admin", "list"]] {
        let output = server.ddb(command);
        assert_eq!(output.code, Some(0), "{output:?}");
        assert!(!key.exists(), "{command:?} made a key");
    }
    let refused = server.ddb(&["keys", "rotate"]);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.stderr.contains("DDB_MASTER_KEY") && !key.exists(), "{refused:?}");

    std::fs::write(&key, [7; 32]).expect("another key");
    std::fs::set_permissions(&key, std::fs::metadata(&away).expect("the key").permissions()).expect("its mode");
    let refused = server.ddb(&["keys", "rotate"]);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.stderr.contains("does not open the signing key"), "{refused:?}");
    std::fs::rename(&away, &key).expect("the key is back");
    server.user().await;
    let rotated = server.ddb(&["keys", "rotate"]);
    assert_eq!(rotated.code, Some(0), "{rotated:?}");
    server.user().await;
}

/// Mutant: `of_directory` in `ground.rs` does not ask for a signing key.
#[tokio::test]
async fn a_database_of_another_master_key_is_refused_and_no_key_is_made_for_it() {
    let database = Database::new().await;
    let mut server = Server::builder().over(&database).start().await;
    assert_eq!(server.stop().code(), Some(0));
    let elsewhere = Directory::new();
    let data_dir = elsewhere.path().join("data");
    for program in ["ddb", "ddb-server", "ddb-auth", "ddb-query"] {
        let mut start = command(program);
        if program == "ddb" {
            start.arg("start");
        }
        start.current_dir(elsewhere.path()).args(["--data-dir", "data", "--bind", "127.0.0.1:0"]);
        let refused = start.env("DATABASE_URL", database.url()).output().expect("the program can be run");
        let message = String::from_utf8_lossy(&refused.stderr);
        assert_eq!(refused.status.code(), Some(1), "{program}: {message}");
        assert!(message.contains("DDB_MASTER_KEY") && message.contains("--data-dir"), "{program}: {message}");
        assert!(!data_dir.exists(), "{program} left something behind");
    }
    server.restart().await;
    server.anon().get("/ready").await.expect(200);
}

#[tokio::test]
async fn a_lost_master_key_is_not_replaced_by_one_that_opens_nothing() {
    let mut server = Server::start().await;
    assert_eq!(server.stop().code(), Some(0));
    let (key, away) = (server.data_dir().join("master.key"), server.data_dir().join("away"));
    std::fs::rename(&key, &away).expect("the key is moved");
    let refused = server.ddb(&["start", "--bind", "127.0.0.1:0"]);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.stderr.contains("DDB_MASTER_KEY") && !key.exists(), "{refused:?}");
    std::fs::rename(&away, &key).expect("the key is back");
    server.restart().await;
    server.anon().get("/ready").await.expect(200);
}
