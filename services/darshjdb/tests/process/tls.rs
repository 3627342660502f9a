use std::process::Command;
use std::time::Duration;

use ddb_testkit::{Authority, Caller, Server, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

#[tokio::test]
async fn a_server_with_a_certificate_speaks_https_with_both_versions_of_http() {
    let authority = Authority::new();
    let mut server = Server::builder().secure(&authority).start().await;
    assert!(server.log().contains(&format!("\"url\":\"https://{}\"", server.address())), "{}", server.log());
    let user = server.user().await;
    let made = user.post("/api/data/tasks", &json!({ "title": "Ship v1" })).await.expect(201);
    let http1 = Caller::sign_in(&server.anon().over_tls(&authority, &["http/1.1"]), &user.email).await;
    assert_eq!(http1.get(&made.path()).await.expect(200).json["data"]["title"], "Ship v1");

    // A program that nobody here wrote.
    let root = server.directory().join("root.pem");
    for (version, expected) in [("--http2", "2 200"), ("--http1.1", "1.1 200")] {
        let url = format!("https://localhost:{}/ready", server.address().port());
        let output = Command::new("curl")
            .args([
                "--silent",
                "--show-error",
                "--output",
                "/dev/null",
                "--write-out",
                "%{http_version} %{response_code}",
                version,
            ])
            .arg("--cacert")
            .args([root.as_os_str(), url.as_ref()])
            .output()
            .expect("curl can be run");
        assert_eq!(String::from_utf8_lossy(&output.stdout), expected, "{output:?}");
    }

    // A body that is still on its way when the server is stopped.
    let body = r#"{"email":"dev@example.com","password":"x"}"#;
    let mut open = authority.connect(server.address(), &["http/1.1"]).await.expect("a connection");
    let head = format!(
        "POST /api/auth/signin HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    open.write_all(format!("{head}{}", &body[..10]).as_bytes()).await.expect("a part is sent");
    tokio::time::sleep(Duration::from_millis(200)).await;
    server.terminate();
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(authority.connect(server.address(), &["h2"]).await.is_err(), "nobody new is let in");
    open.write_all(&body.as_bytes()[10..]).await.expect("the rest is sent");
    let mut answer = String::new();
    open.read_to_string(&mut answer).await.expect("an answer, and a close that TLS knows of");
    assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
    assert_eq!(server.wait().code(), Some(0));
}
