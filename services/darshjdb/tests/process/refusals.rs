use ddb_testkit::{Authority, Directory, Output, Server, command};

/// `ddb start` with what it must refuse.
fn refused(arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let directory = Directory::new();
    let mut start = command("ddb");
    start.current_dir(directory.path()).arg("start").args(arguments).envs(variables.iter().copied());
    let output = start.output().expect("ddb can be run");
    assert!(!directory.path().join("ddb-data").exists(), "nothing was made");
    let output = Output {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    };
    assert!(matches!(output.code, Some(1 | 2)), "{output:?}");
    output
}

#[test]
fn an_unknown_setting_is_named() {
    assert!(refused(&["--data", "x"], &[]).stderr.contains("--data"));
    let message = refused(&[], &[("DDB_BIN", "x")]).stderr;
    assert_eq!(message, "ddb: the variable DDB_BIN is not a setting of this program; did you mean `DDB_BIND`?\n");
}

#[test]
fn a_wrong_value_is_named() {
    for (variable, value) in [
        ("DDB_BIND", "nowhere"),
        ("DDB_LOG_FORMAT", "xml"),
        ("DDB_LOG", "ddb=verbose=x"),
        ("DDB_MEMORY_LIMIT", "much"),
        ("DDB_ROOT", "maybe"),
        ("DDB_SIGNUP_LIMIT", "-1"),
        ("DDB_CORS_ORIGINS", "null"),
        ("DDB_CORS_ORIGINS", "https://app.example.com/"),
        ("DDB_HSTS_MAX_AGE", "1y"),
    ] {
        let message = refused(&[], &[(variable, value)]).stderr;
        assert!(message.contains(variable) && message.contains(value), "{message}");
    }
}

#[test]
fn a_secret_is_not_repeated() {
    let address = "mysql://me:hunter2@example.com/db";
    for (variable, name) in
        [("DDB_MASTER_KEY", "DDB_MASTER_KEY"), ("DATABASE_URL", "DATABASE_URL"), ("DDB_NATS_URL", "DDB_NATS_URL")]
    {
        let message = refused(&[], &[(variable, address)]).stderr;
        assert!(message.contains(name) && !message.contains("hunter2"), "{message}");
    }
    let message = refused(&[], &[("DDB_ADMIN_PASSWORD", "hunter2")]).stderr;
    assert!(message.contains("admin_email") && !message.contains("hunter2"), "{message}");
}

#[test]
fn a_certificate_that_cannot_be_used_is_named() {
    let (authority, folder) = (Authority::new(), Directory::new());
    let (certificate, key) = authority.issue_into(folder.path());
    let (certificate, key) = (certificate.to_str().expect("UTF-8"), key.to_str().expect("UTF-8"));
    assert!(refused(&["--tls-cert", certificate], &[]).stderr.contains("DDB_TLS_KEY"));
    assert!(refused(&[], &[("DDB_TLS_KEY", key)]).stderr.contains("DDB_TLS_CERT"));
    let message = refused(&["--tls-cert", certificate, "--tls-key", "nowhere.pem"], &[]).stderr;
    assert!(message.contains("nowhere.pem") && message.contains("tls_key"), "{message}");
    std::fs::write(certificate, authority.issue().0).expect("another certificate");
    let message = refused(&[], &[("DDB_TLS_CERT", certificate), ("DDB_TLS_KEY", key)]).stderr;
    assert!(message.contains("does not fit") && message.contains(certificate) && message.contains(key), "{message}");
}

#[test]
fn a_master_key_that_nobody_drew_is_refused() {
    let message = refused(&[], &[("DDB_MASTER_KEY", &"0".repeat(64))]).stderr;
    assert!(message.contains("openssl rand"), "{message}");
}

#[tokio::test]
async fn a_second_server_on_the_same_directory_is_refused_and_the_first_goes_on() {
    let server = Server::start().await;
    let second = server.ddb(&["start", "--bind", "127.0.0.1:0"]);
    assert_eq!(second.code, Some(1), "{second:?}");
    assert!(
        second.stderr.contains("in use by another ddb") && second.stderr.contains(&server.pid().to_string()),
        "{}",
        second.stderr
    );
    server.anon().get("/ready").await.expect(200);
}

#[tokio::test]
async fn a_taken_port_is_told_before_anything_is_made() {
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let message = refused(&["--bind", &address], &[]).stderr;
    assert!(message.contains(&address) && message.contains("--bind"), "{message}");
}
