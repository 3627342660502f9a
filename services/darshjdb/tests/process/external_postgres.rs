use ddb_testkit::{Caller, Database, Directory, Server, command, json};

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
    let told = output.stderr.matches(&format!("PostgreSQL on 127.0.0.1:{port}")).count();
    assert!(told == 2 && !output.stderr.contains("hunter2"), "that it waits, and that it waited in vain: {}", output.stderr);
}

/// Mutants: `connect` in libs/store/src/requirements.rs tells nothing; it waits without an end for a server that keeps silent.
#[tokio::test]
async fn what_is_waited_for_is_told_at_once() {
    use std::io::{BufRead, BufReader};
    let directory = Directory::new();
    // It takes connections and says nothing.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let silent_port = silent.local_addr().expect("an address").port();
    let closed = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let closed_port = closed.local_addr().expect("an address").port();
    drop(closed);
    for (port, arguments) in
        [(silent_port, &["start", "--bind", "127.0.0.1:0"][..]), (closed_port, &["status"]), (silent_port, &["status"])]
    {
        let begin = std::time::Instant::now();
        let mut child = command("ddb")
            .current_dir(directory.path())
            .args(arguments)
            .env("DATABASE_URL", format!("postgres://me:hunter2@127.0.0.1:{port}/db"))
            .stderr(std::process::Stdio::piped())
            .spawn()
            .expect("ddb can be run");
        let mut lines = BufReader::new(child.stderr.take().expect("a pipe")).lines();
        let first = lines.next().expect("it says something").expect("readable");
        assert!(first.contains(&format!("waiting for PostgreSQL on 127.0.0.1:{port}")) && !first.contains("hunter2"), "{first}");
        assert!(begin.elapsed() < std::time::Duration::from_secs(8), "{:?}", begin.elapsed());
        let last = lines.map(|line| line.expect("readable")).last().expect("it says more");
        assert!(last.contains(&format!("127.0.0.1:{port}")) && !last.contains("hunter2"), "{last}");
        assert_eq!(child.wait().expect("it ends").code(), Some(1));
    }
    assert_eq!(std::fs::read_dir(directory.path()).expect("the directory").count(), 0, "nothing was made");
}

/// The form that `REFERENCE.md` shows: TCP, a name, a password that is asked for.
#[tokio::test]
async fn database_url_reaches_a_postgresql_over_tcp_with_a_password() {
    let database = Database::over_tcp("darshan", "darshan-s3cret", "app").await;
    let host = database.url().split('@').nth(1).expect("a host");
    assert!(host.starts_with("localhost:") && !database.url().contains('?'), "{host}");
    let mut server = Server::builder().program("ddb-server").over(&database).start().await;
    let user = server.user().await;
    let made = user.post("/api/data/tasks", &json!({ "title": "Ship v1" })).await.expect(201);
    assert_eq!(user.get(&made.path()).await.expect(200).json["data"]["title"], "Ship v1");
    assert!(server.log().contains("create extension if not exists vector"), "the role may not add vectors: {}", server.log());
    let verified = server.ddb(&["verify"]);
    assert_eq!(verified.code, Some(0), "{verified:?}");

    // Another word in place of the password: it is really asked for.
    for wrong in ["wrong-s3cret", ""] {
        let refused = server.ddb(&["status", "--database-url", &database.url().replacen("darshan-s3cret", wrong, 1)]);
        assert_eq!(refused.code, Some(1), "{refused:?}");
        assert!(refused.stderr.contains("localhost") && !refused.stderr.contains("s3cret"), "{}", refused.stderr);
    }
    server.assert_not_logged(&["darshan-s3cret"]);
    assert_eq!(server.stop().code(), Some(0));
    server.restart().await;
    Caller::sign_in(&server.anon(), &user.email).await.get(&made.path()).await.expect(200);
}

/// Mutant: `requirements::check` without `check_server`.
#[tokio::test]
async fn a_database_in_another_encoding_is_refused_untouched() {
    let kit = Database::new().await;
    let name = kit.options().get_database().expect("a name").to_owned();
    for encoding in ["SQL_ASCII", "LATIN1"] {
        let other = format!("{name}_{}", encoding.to_lowercase());
        let create = format!("create database {other} encoding '{encoding}' locale 'C' template template0");
        kit.connect().await.execute(&create).await;
        let directory = Directory::new();
        let mut start = command("ddb");
        start.current_dir(directory.path()).args(["start", "--bind", "127.0.0.1:0"]);
        let refused = start.env("DATABASE_URL", kit.url().replacen(&name, &other, 1)).output().expect("ddb can be run");
        let message = String::from_utf8_lossy(&refused.stderr);
        assert_eq!(refused.status.code(), Some(1), "{message}");
        assert!(message.contains(encoding) && message.contains("UTF8"), "{message}");
        assert_eq!(std::fs::read_dir(directory.path()).expect("the directory").count(), 0, "nothing was made");
        let made = kit.connect_to(&other).await.value("select count(*)::text from pg_namespace where nspname like 'ddb%'").await;
        assert_eq!(made, "0", "{encoding}");
    }
}
