//! Files that are no whole backup, and places where something is already.

use ddb_testkit::{Database, Json, Server, command, json};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::{back_up, refused, text};

const MUTANTS: usize = 200;

/// A server with a little of everything, and a backup of it.
async fn saved() -> (Server, Vec<u8>) {
    let server = Server::start().await;
    let user = server.user().await;
    let records: Vec<_> = (0..50).map(|n| json!({ "n": n, "title": format!("task {n}") })).collect();
    user.post("/api/data/tasks", &json!(records)).await.expect(201);
    let file = server.directory().join("good.ddb");
    back_up(&server, &file);
    let bytes = std::fs::read(&file).expect("the backup");
    (server, bytes)
}

/// Tries to restore the bytes; nothing may be made.
#[track_caller]
fn refuse(server: &Server, what: &str, bytes: &[u8], word: &str) {
    let (file, target) = (server.directory().join("bad.ddb"), server.directory().join("target"));
    std::fs::write(&file, bytes).expect("a file");
    let output = server.ddb_in(&target, &["restore", text(&file)]);
    assert!(output.code == Some(1) && output.stderr.contains(word), "{what}: {output:?}");
    assert!(!target.exists(), "{what}: something was made");
}

/// Mutants: `Reader::next` does not compare the checksum of a section, nor the one of the file (both broken: a changed byte in a salt passes).
#[tokio::test]
async fn whatever_is_changed_in_a_backup_it_is_refused() {
    let (server, good) = saved().await;
    let mut random = StdRng::seed_from_u64(77);
    for number in 0..MUTANTS {
        let mut bytes = good.clone();
        let at = random.random_range(0..bytes.len());
        let what = match number % 5 {
            0 => {
                bytes[at] ^= 1 << random.random_range(0..8);
                format!("a bit of byte {at}")
            }
            1 => {
                bytes.truncate(at);
                format!("cut at {at}")
            }
            2 => {
                bytes.remove(at);
                format!("without byte {at}")
            }
            3 => {
                let end = (at + random.random_range(1..64)).min(bytes.len());
                bytes[at..end].fill(random.random());
                if bytes == good {
                    continue;
                }
                format!("{at} to {end} overwritten")
            }
            _ => {
                let piece = bytes[..random.random_range(1..32.min(bytes.len()))].to_vec();
                bytes.splice(at..at, piece);
                format!("a piece put in at {at}")
            }
        };
        refuse(&server, &what, &bytes, "backup");
    }
}

/// Mutant: `check` does not look at `header.schema`.
#[tokio::test]
async fn a_newer_or_another_file_is_refused_and_says_so() {
    let (server, good) = saved().await;
    let line = good.iter().position(|byte| *byte == b'\n').expect("a first line");
    let newer = [b"DDB BACKUP 2".as_slice(), &good[line..]].concat();
    refuse(&server, "a newer format", &newer, "format 2");
    refuse(&server, "an endless number", b"DDB BACKUP 11111111111111111111111111111111\n", "not a backup");
    refuse(&server, "nothing", b"", "not a backup");
    refuse(&server, "something else", b"PGDMP and so on, which is no backup of ours", "not a backup");
    refuse(&server, "a frame of 4 GB", &[&good[..=line], b"H\xff\xff\xff\xff"].concat(), "4294967295 bytes");
    refuse(&server, "one byte more", &[good.as_slice(), b"x"].concat(), "after its end");
    refuse(&server, "two in one", &[good.as_slice(), &good].concat(), "after its end");
    let schema = br#""schema":"#;
    let place = good.windows(schema.len()).position(|window| window == schema).expect("the header") + schema.len();
    let mut newer = good.clone();
    newer[place] = b'9';
    refuse(&server, "a newer schema", &newer, "newer version (schema 9");
    let target = server.directory().join("target");
    refused(&server.ddb_in(&target, &["restore", text(&server.directory().join("absent"))]), "cannot read");
    refused(&server.ddb_in(&target, &["restore", text(server.directory())]), "is a folder");
    assert!(!target.exists());
}

/// Mutant: `expect_empty` gives Ok: the migrations fail then, with a message that helps nobody.
#[tokio::test]
async fn nothing_is_restored_over_data() {
    let (mut server, _) = saved().await;
    let file = server.directory().join("good.ddb");
    let held = |server: &Server| {
        let status: Json = serde_json::from_str(&server.ddb(&["status", "--json"]).stdout).expect("JSON");
        (status["head_hash"].clone(), status["tables"].clone())
    };
    let before = held(&server);
    assert!(before.0.is_string(), "{before:?}");
    refused(&server.ddb(&["restore", text(&file)]), "in use by another ddb");
    assert_eq!(server.stop().code(), Some(0));
    refused(&server.ddb(&["restore", text(&file)]), "there is data already");
    assert_eq!(held(&server), before);
    server.restart().await;

    // Somebody else's relations in a schema of this name.
    let database = Database::new().await;
    database.connect().await.execute("create schema ddb; create table ddb.mine (id int)").await;
    let output = command("ddb").args(["restore", text(&file)]).env("DATABASE_URL", database.url()).output();
    refused(&output.expect("the program can be run").into(), "there is data already");
    assert_eq!(
        database.connect().await.values("select relname::text from pg_class where relnamespace = 'ddb'::regnamespace").await,
        ["mine"]
    );
}
