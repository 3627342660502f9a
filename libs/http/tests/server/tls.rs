use std::path::Path;
use std::time::{Duration, Instant};

use ddb_http::{Tls, TlsFiles};
use ddb_testkit::{Authority, Directory, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::site::Site;

const HTTP1: &[&str] = &["http/1.1"];
const BOTH: &[&str] = &["h2", "http/1.1"];

#[tokio::test]
async fn the_version_of_http_is_agreed_on_in_the_handshake() {
    let (authority, folder) = (Authority::new(), Directory::new());
    let site = Site::secure(&authority, folder.path()).await;
    for (offered, agreed) in [(BOTH, Some("h2")), (HTTP1, Some("http/1.1")), (&[][..], None)] {
        let stream = authority.connect(site.address, offered).await.expect("a handshake");
        assert_eq!(stream.get_ref().1.alpn_protocol(), agreed.map(str::as_bytes), "{offered:?}");
        let client = site.client().over_tls(&authority, offered);
        assert_eq!(client.get("/plain").await.expect(200).header("x-ddb-tx"), "7", "{offered:?}");
        client.get("/nowhere").await.expect_error(404, "NOT_FOUND");
        assert_eq!(client.post("/echo", &json!({ "text": "x".repeat(1 << 20) })).await.expect(201).text(), (1 << 20).to_string());
    }
    assert!(authority.connect(site.address, &["spdy/3"]).await.is_err());
}

#[tokio::test]
async fn a_client_that_trusts_somebody_else_is_not_served_and_nor_is_one_without_tls() {
    let (authority, folder) = (Authority::new(), Directory::new());
    let site = Site::secure(&authority, folder.path()).await;
    assert!(Authority::new().connect(site.address, BOTH).await.is_err());
    let plain = site.client().raw(b"GET /plain HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.unwrap_or_default();
    assert!(!plain.starts_with(b"HTTP/"), "{}", String::from_utf8_lossy(&plain));
    site.client().over_tls(&authority, BOTH).get("/plain").await.expect(200);
}

/// Mutant: the turn held until the handshake has ended; then these hold all of them.
#[tokio::test]
async fn clients_that_stop_in_the_handshake_keep_nobody_out() {
    let (authority, folder) = (Authority::new(), Directory::new());
    let site = Site::secure(&authority, folder.path()).await;
    let hello = client_hello(&authority).await;
    let mut stopped = Vec::new();
    for number in 0..100 {
        let mut stream = TcpStream::connect(site.address).await.expect("a connection");
        // Nothing at all, half of the first message, or the whole of it and nothing after the server's answer.
        let length = [0, hello.len() / 2, hello.len()][number % 3];
        stream.write_all(&hello[..length]).await.expect("bytes are sent");
        stopped.push(stream);
    }
    let begin = Instant::now();
    for protocols in [BOTH, HTTP1] {
        site.client().over_tls(&authority, protocols).get("/plain").await.expect(200);
    }
    assert!(begin.elapsed() < Duration::from_secs(4), "{:?}", begin.elapsed());
    // They are cut off after a time, whatever the one that sent nothing waits for.
    let cut = tokio::time::timeout(Duration::from_secs(20), stopped[0].read(&mut [0])).await.expect("the server closes it");
    assert!(matches!(cut, Ok(0) | Err(_)), "{cut:?}");
}

#[tokio::test]
async fn handshakes_that_are_open_do_not_hold_up_the_shutdown() {
    let (authority, folder) = (Authority::new(), Directory::new());
    let site = Site::secure(&authority, folder.path()).await;
    let _silent = TcpStream::connect(site.address).await.expect("a connection");
    tokio::time::sleep(Duration::from_millis(50)).await;
    let begin = Instant::now();
    site.stop.cancel();
    site.stopped().await;
    assert!(begin.elapsed() < Duration::from_secs(1), "{:?}", begin.elapsed());
}

/// The first message of a client, as it stands on the wire.
async fn client_hello(authority: &Authority) -> Vec<u8> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let hear = async {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        let mut bytes = vec![0; 8192];
        let length = stream.read(&mut bytes).await.expect("a message");
        bytes.truncate(length);
        bytes
    };
    let (bytes, refused) = tokio::join!(hear, authority.connect(address, BOTH));
    assert!(refused.is_err());
    bytes
}

fn files(folder: &Path) -> TlsFiles {
    TlsFiles { certificate: folder.join("cert.pem"), key: folder.join("key.pem") }
}

#[test]
fn files_that_cannot_be_used_are_refused_with_their_name_and_the_setting() {
    let (authority, folder) = (Authority::new(), Directory::new());
    let folder = folder.path();
    let refused = |says: &[&str]| {
        let error = Tls::load(files(folder)).err().expect("files that are refused");
        assert!(says.iter().all(|says| error.message().contains(says)), "{says:?}: {}", error.message());
        assert!(!error.message().contains("PRIVATE KEY-----"), "{}", error.message());
    };
    let write = |name: &str, text: &str| std::fs::write(folder.join(name), text).expect("a file");
    refused(&["cert.pem", "tls_cert", "No such file"]);
    let (certificate, key) = authority.issue();
    write("cert.pem", &certificate);
    refused(&["key.pem", "tls_key", "No such file"]);
    authority.issue_into(folder);
    Tls::load(files(folder)).expect("a pair");

    // Mutants: `EXPOSED` as 0; the certificate's end not looked at.
    write("cert.pem", &certificate);
    refused(&["key.pem", "tls_key", "does not fit", "cert.pem"]);
    write("key.pem", &key);
    Tls::load(files(folder)).expect("a pair");
    write("cert.pem", &authority.issue_until(2026).0);
    refused(&["cert.pem", "tls_cert", "expired at 2026-01-01T00:00:00Z"]);
    for text in ["", "nonsense", &key] {
        write("cert.pem", text);
        refused(&["cert.pem", "tls_cert", "no certificate"]);
    }
    write("cert.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    refused(&["cert.pem", "tls_cert", "no X.509 certificate"]);
    write("cert.pem", &certificate);
    for text in ["", "nonsense", &certificate, &key.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY")] {
        write("key.pem", text);
        refused(&["key.pem", "tls_key", "no private key"]);
    }
    write("key.pem", &key);
    for (mode, is_private) in [(0o644, false), (0o660, false), (0o604, false), (0o666, false), (0o640, true), (0o400, true)] {
        let permissions = std::os::unix::fs::PermissionsExt::from_mode(mode);
        std::fs::set_permissions(folder.join("key.pem"), permissions).expect("a mode");
        match is_private {
            true => drop(Tls::load(files(folder)).expect("a key that others cannot read")),
            false => refused(&["key.pem", "tls_key", &format!("{mode:04o}"), "chmod 640"]),
        }
    }
}

/// As certbot does it: the names are links, and they are made to point elsewhere.
#[tokio::test]
async fn a_new_certificate_is_taken_and_a_wrong_one_is_not() {
    let (first, second, folder) = (Authority::new(), Authority::new(), Directory::new());
    let folder = folder.path();
    for (authority, name) in [(&first, "1"), (&second, "2")] {
        std::fs::create_dir(folder.join(name)).expect("a folder");
        authority.issue_into(&folder.join(name));
    }
    let point = |name: &str, target: &str| {
        let link = folder.join("next");
        std::os::unix::fs::symlink(folder.join(target).join(name), &link).expect("a link");
        std::fs::rename(link, folder.join(name)).expect("a link is put in the place of another");
    };
    point("cert.pem", "1");
    point("key.pem", "1");
    let site = Site::with(Some(Tls::load(files(folder)).expect("a pair")), |app| app).await;
    let trusts = async |authority: &Authority| authority.connect(site.address, BOTH).await.is_ok();
    assert!(trusts(&first).await && !trusts(&second).await);

    // The key alone does not fit.
    point("key.pem", "2");
    tokio::time::sleep(Duration::from_secs(6)).await;
    assert!(trusts(&first).await && !trusts(&second).await);
    let mut open = first.connect(site.address, HTTP1).await.expect("a connection");
    point("cert.pem", "2");
    let end = Instant::now() + Duration::from_secs(15);
    loop {
        let is_taken = trusts(&second).await;
        // What was open goes on.
        open.write_all(b"GET /plain HTTP/1.1\r\nhost: x\r\n\r\n").await.expect("a request is sent");
        let mut answer = [0; 4096];
        let length = open.read(&mut answer).await.expect("an answer");
        assert!(answer[..length].starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer[..length]));
        if is_taken {
            break;
        }
        assert!(Instant::now() < end, "the new certificate is not taken");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(!trusts(&first).await);
}
