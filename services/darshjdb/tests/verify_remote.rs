//! `ddb verify --url`: a running server verifies itself.

use std::net::TcpListener;

use ddb_testkit::{Authority, Json, Server, json};

#[tokio::test]
async fn a_running_server_is_verified_from_elsewhere() {
    let server = Server::start().await;
    let (user, admin) = (server.user().await, server.admin().await);
    user.post("/api/data/tasks", &json!({ "title": "Ship v1" })).await.expect(201);
    let head = admin.get("/api/audit/head").await.expect(200).json["data"]["hash"].as_str().expect("a hash").to_owned();
    user.post("/api/data/tasks", &json!({ "title": "Ship v2" })).await.expect(201);
    let token = |caller: &ddb_testkit::Caller| format!("{}\n", caller.token.as_deref().expect("a token"));
    let url = server.url();
    let remote =
        |more: &[&'static str]| [&["verify", "--token-stdin", "--url"], &[url.clone().leak() as &'static str][..], more].concat();

    let sound = server.ddb_with(&remote(&[]), &token(&admin));
    assert_eq!(sound.code, Some(0), "{sound:?}");
    assert!(sound.stdout.contains("everything is as it was written"), "{sound:?}");
    let noted = server.ddb_with(&[&remote(&["--json"])[..], &["--expect-head", &head]].concat(), &token(&admin));
    let noted: Json = serde_json::from_str(&noted.stdout).expect("JSON");
    assert_eq!((&noted["sound"], &noted["records"]), (&json!(true), &json!(4)));
    let elsewhere = server.ddb_with(&[&remote(&[])[..], &["--expect-head", &"1".repeat(128)]].concat(), &token(&admin));
    assert_eq!(elsewhere.code, Some(1), "{elsewhere:?}");

    for (refused, stdin, says) in [
        (server.ddb_with(&remote(&[]), &token(&user)), token(&user), "admin"),
        (server.ddb_with(&remote(&[]), "nonsense\n"), String::new(), "token"),
        (server.ddb_with(&["verify", "--token-stdin", "--url", "localhost"], "x\n"), String::new(), "http://"),
        (server.ddb_with(&["verify", "--token-stdin", "--url", &free_address()], "x\n"), String::new(), "cannot be reached"),
    ] {
        assert_eq!(refused.code, Some(1), "{refused:?}");
        assert!(refused.stderr.contains(says), "{refused:?}");
        assert!(stdin.is_empty() || !refused.stderr.contains(stdin.trim()), "{refused:?}");
    }
    assert_eq!(server.ddb_with(&["verify", "--url", &server.url()], "").code, Some(2), "without a token");

    let mut session = server.embedded().await.connect().await;
    session.execute("update ddb.triple set value = decode('0107000000026e6f', 'hex') where attribute = 16 and tx = 4").await;
    let tampered = server.ddb_with(&remote(&[]), &token(&admin));
    assert_eq!(tampered.code, Some(1), "{tampered:?}");
    assert!(tampered.stdout.contains("not those that were hashed"), "{tampered:?}");
    server.assert_not_logged(&[token(&admin).trim()]);
}

#[tokio::test]
async fn a_server_elsewhere_is_trusted_by_its_certificate() {
    let authority = Authority::new();
    let server = Server::builder().secure(&authority).start().await;
    let token = format!("{}\n", server.admin().await.token.as_deref().expect("a token"));
    let sound = server.ddb_with(&["verify", "--token-stdin", "--url", &server.url()], &token);
    assert_eq!(sound.code, Some(0), "{sound:?}");
    assert!(sound.stdout.contains("everything is as it was written"), "{sound:?}");

    // Whoever else says to be the server learns no token.
    let other = server.directory().join("other.pem");
    std::fs::write(&other, Authority::new().root_pem()).expect("a file");
    for (roots, says) in [(other.to_str().expect("UTF-8"), "certificate"), ("/nowhere", "SSL_CERT_FILE")] {
        let mut verify = ddb_testkit::command("ddb");
        verify.args(["verify", "--token-stdin", "--url", &server.url()]).env("SSL_CERT_FILE", roots).env_remove("SSL_CERT_DIR");
        let given = server.directory().join("token");
        std::fs::write(&given, &token).expect("a file");
        let refused = verify.stdin(std::fs::File::open(given).expect("a file")).output();
        let refused = ddb_testkit::Output::from(refused.expect("ddb can be run"));
        assert_eq!(refused.code, Some(1), "{refused:?}");
        assert!(refused.stderr.contains(says), "{refused:?}");
    }
}

/// An address where nobody listens.
fn free_address() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    format!("http://{}", listener.local_addr().expect("it has an address"))
}
