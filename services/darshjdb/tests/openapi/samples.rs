//! The lines to copy of each operation send the request that its examples are.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::sync::mpsc;
use std::time::Duration;

use ddb_testkit::Json;

use crate::STAGE;
use crate::call::Call;
use crate::document::{Document, Operation};

/// A request as it arrived.
struct Arrived {
    method: String,
    path: String,
    query: Vec<(String, String)>,
    token: bool,
    body: Option<Json>,
}

#[tokio::test]
async fn the_lines_for_a_shell_send_what_the_example_says() {
    compare("shell", |lines| {
        let mut command = Command::new("bash");
        command.args(["-euo", "pipefail", "-c", &format!("TOKEN=t\n{}", lines.join("\n"))]);
        command
    })
    .await;
}

#[tokio::test]
async fn the_lines_for_python_send_what_the_example_says() {
    compare("python", |lines| {
        let packages = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.cache/schemathesis");
        let mut command = Command::new("python3");
        command.env("PYTHONPATH", packages).args(["-c", &format!("TOKEN = 't'\n{}", lines.join("\n"))]);
        command
    })
    .await;
}

async fn compare(language: &str, run: impl Fn(&[String]) -> Command) {
    let document = Document::served(&STAGE.cast().await.anon).await;
    let operations = document.operations();
    let (address, arrived) = recorder();
    let lines: Vec<String> = operations
        .iter()
        .map(|operation| {
            let samples =
                operation.description["x-codeSamples"].as_array().unwrap_or_else(|| panic!("{} has lines", operation.id));
            let sample = samples.iter().find(|sample| sample["lang"] == language).expect("lines of the language");
            sample["source"].as_str().expect("lines").replace("http://localhost:7700", &address)
        })
        .collect();
    let output = run(&lines).output().expect("the lines can be run");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for (operation, lines) in operations.iter().zip(&lines) {
        let arrived = arrived.recv_timeout(Duration::from_secs(10)).unwrap_or_else(|_| panic!("nothing was sent by {lines}"));
        check(&document, operation, &arrived, lines);
    }
}

fn check(document: &Document, operation: &Operation<'_>, arrived: &Arrived, lines: &str) {
    let call = Call::of_examples(document, operation);
    let path = call.parts.iter().fold(call.path.clone(), |path, (name, value)| path.replace(&format!("{{{name}}}"), value));
    assert_eq!((arrived.method.as_str(), arrived.path.as_str()), (call.method.as_str(), path.as_str()), "{lines}");
    let mut query: Vec<_> = call.query.into_iter().collect();
    let mut found = arrived.query.clone();
    query.sort();
    found.sort();
    assert_eq!(found, query, "{lines}");
    assert_eq!(arrived.body, call.body, "{lines}");
    let security = operation.description["security"].as_array().expect("who may call it");
    assert_eq!(arrived.token, security.iter().any(|way| way.get("token").is_some()), "{lines}");
}

/// A server that takes everything and tells what came.
fn recorder() -> (String, mpsc::Receiver<Arrived>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    let (sender, arrived) = mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            let request = read(&mut BufReader::new(&stream));
            let _ = stream.write_all(
                b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}",
            );
            if sender.send(request).is_err() {
                return;
            }
        }
    });
    (address, arrived)
}

fn read(stream: &mut impl BufRead) -> Arrived {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert!(stream.read_line(&mut head).expect("a line") > 0, "{head}");
    }
    let mut lines = head.lines();
    let mut line = lines.next().expect("a first line").split(' ');
    let (method, target) = (line.next().expect("a method").to_owned(), line.next().expect("a target"));
    let headers: Vec<(String, &str)> =
        lines.filter_map(|line| line.split_once(": ")).map(|(name, value)| (name.to_ascii_lowercase(), value)).collect();
    let header = |name: &str| headers.iter().find(|(known, _)| known == name).map(|(_, value)| *value);
    let mut body = vec![0; header("content-length").map_or(0, |length| length.parse().expect("a number"))];
    stream.read_exact(&mut body).expect("a body");
    if !body.is_empty() {
        assert_eq!(header("content-type"), Some("application/json"), "{head}");
    }
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    Arrived {
        method,
        path: path.to_owned(),
        query: pairs.map(|(name, value)| (name.to_owned(), decoded(value))).collect(),
        token: header("authorization") == Some("Bearer t"),
        body: (!body.is_empty()).then(|| serde_json::from_slice(&body).expect("JSON")),
    }
}

fn decoded(text: &str) -> String {
    let (mut out, mut bytes) = (Vec::new(), text.bytes());
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits = [bytes.next().expect("a digit"), bytes.next().expect("a digit")];
                u8::from_str_radix(std::str::from_utf8(&digits).expect("digits"), 16).expect("digits")
            }
            other => other,
        });
    }
    String::from_utf8(out).expect("UTF-8")
}
