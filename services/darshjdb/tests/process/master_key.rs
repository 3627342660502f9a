//! Commands on a database whose master key is elsewhere.

use ddb_testkit::Server;

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
