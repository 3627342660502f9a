//! What a folder holds decides whether `ddb` keeps data there.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use ddb_postgres::{Config, Server, attach_or_start};

use crate::support::Scratch;

/// All names below a folder.
fn tree(path: &Path) -> Vec<String> {
    let mut names = Vec::new();
    let Ok(entries) = fs::read_dir(path) else { return names };
    for entry in entries.flatten() {
        names.push(entry.path().display().to_string());
        names.extend(tree(&entry.path()));
    }
    names.sort();
    names
}

async fn refused_by_all(scratch: &Scratch, word: &str) {
    let before = tree(&scratch.0);
    let message = scratch.refusal().await;
    assert!(message.contains(word) && message.contains("--data-dir"), "{message}");
    refused_to_commands(scratch).await;
    assert_eq!(tree(&scratch.0), before, "{word}");
}

async fn refused_to_commands(scratch: &Scratch) {
    let refused = attach_or_start(&scratch.config()).await.expect_err("nothing is made for a command").to_string();
    assert!(refused.contains("--data-dir"), "{refused}");
}

#[tokio::test]
async fn a_folder_of_somebody_else_is_refused_and_nothing_is_made_in_it() {
    for (files, word) in [
        (&["letter.txt"][..], "letter.txt"),
        (&["lost+found/x", "zeal/letter.txt"], "zeal"),
        // A cluster of somebody else, as the folder itself and in the place of ours.
        (&["PG_VERSION", "base/1/1"], "a PostgreSQL that ddb did not make"),
        (&["postgres/PG_VERSION"], "did not make"),
        (&["postgres/letter.txt"], "not a PostgreSQL data directory"),
        (&["master.key", "other.key"], "other.key"),
    ] {
        let scratch = Scratch::new();
        for file in files {
            let path = scratch.data().join(file);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder can be made");
            fs::write(path, "18\n").expect("writable");
        }
        refused_by_all(&scratch, word).await;
    }
}

#[tokio::test]
async fn what_is_no_folder_is_refused() {
    let scratch = Scratch::new();
    fs::write(scratch.data(), "dear").expect("writable");
    refused_by_all(&scratch, "is not a directory").await;
    fs::remove_file(scratch.data()).expect("it exists");
    symlink("/nowhere/at/all", scratch.data()).expect("a link can be made");
    refused_by_all(&scratch, "is not a directory").await;
}

#[tokio::test]
async fn nothing_is_ever_made_for_a_command() {
    let scratch = Scratch::new();
    refused_to_commands(&scratch).await;
    assert!(!scratch.data().exists());
    fs::create_dir(scratch.data()).expect("it can be made");
    refused_to_commands(&scratch).await;
    assert_eq!(tree(&scratch.data()), Vec::<String>::new());
    // What a start that was killed has left.
    fs::write(scratch.data().join("ddb.lock"), "1\n").expect("writable");
    fs::create_dir(scratch.data().join("postgres.new-00000000")).expect("it can be made");
    refused_to_commands(&scratch).await;
    assert_eq!(tree(&scratch.data()).len(), 2);
}

#[tokio::test]
async fn a_start_makes_a_database_beside_what_harms_nobody() {
    let scratch = Scratch::new();
    for folder in ["lost+found", ".snapshot", "certificates", "postgres.new-00000000", "ddb-0123456789abcdef"] {
        fs::create_dir_all(scratch.data().join(folder)).expect("a folder can be made");
    }
    for file in [".hidden", "master.key", "ddb.lock", "ddb.toml", "certificates/tls.pem"] {
        fs::write(scratch.data().join(file), "").expect("writable");
    }
    let message = scratch.refusal().await;
    assert!(message.contains("certificates"), "{message}");
    let beside = vec![scratch.data().join("certificates/tls.pem"), scratch.data().join("ddb.toml")];
    let server = Server::start(&Config { beside, ..scratch.config() }).await.expect("starts");
    server.stop().await.expect("stops");
}

/// Mutant: `check_for_start` does not ask for the cluster first.
#[tokio::test]
async fn a_folder_that_holds_our_database_starts_whatever_lies_beside_it() {
    let scratch = Scratch::new();
    scratch.fill().await;
    fs::write(scratch.data().join("letter.txt"), "dear").expect("writable");
    scratch.works().await;
    // Through a link, too.
    let link = scratch.0.join("link");
    symlink(scratch.data(), &link).expect("a link can be made");
    let server = Server::start(&Config::new(link)).await.expect("starts");
    server.stop().await.expect("stops");
}
