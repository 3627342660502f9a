use ddb_testkit::{Database, Server};

#[tokio::test]
async fn database_url_uses_a_postgresql_that_the_user_runs() {
    let database = Database::new().await;
    let mut server = Server::builder().program("ddb-server").over(&database).start().await;
    server.anon().get("/ready").await.expect(200);
    assert!(server.data_dir().join("master.key").is_file(), "the key is kept beside nothing else");
    assert!(!server.data_dir().join("postgres").exists(), "no PostgreSQL was embedded");
    let password = database.url().split([':', '@']).nth(2).expect("a password").to_owned();
    server.assert_not_logged(&[&password]);
    assert_eq!(server.stop().code(), Some(0));
    server.restart().await;
    server.anon().get("/ready").await.expect(200);
}

#[tokio::test]
async fn a_postgresql_that_is_away_is_told_without_the_password() {
    let server = Server::builder().over(&Database::new().await).start().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    // Nobody answers there with PostgreSQL's protocol.
    drop(listener);
    let output = server.ddb(&["status", "--database-url", &format!("postgres://me:hunter2@127.0.0.1:{port}/db")]);
    assert_eq!(output.code, Some(1), "{output:?}");
    assert!(output.stderr.contains("127.0.0.1") && !output.stderr.contains("hunter2"), "{}", output.stderr);
}
