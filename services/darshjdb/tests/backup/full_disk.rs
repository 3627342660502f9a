//! What the commands do where the disk that they write on is full or read-only.
//!
//! Mutants, tried:
//! - `services/darshjdb/src/command/backup.rs`, `Unfinished`: written in its place; without `drop`.
//! - `libs/runtime/src/vacant.rs`, `with_vacant_database`: what was made is not removed; it is removed after the lock is released.

use std::fs::File;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ddb_testkit::{Caller, Disk, Server, json};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::{back_up, done, refused, text};

const SEED: u64 = 5;

/// What a backup of earlier begins with.
const BEFORE: &[u8] = b"DDB BACKUP 1\nthe one before";

/// Some megabytes that nothing makes smaller.
async fn write_much(user: &Caller, records: u32) {
    let mut random = StdRng::seed_from_u64(SEED);
    for n in 0..records {
        let text: String = (0..900 << 10).map(|_| char::from(random.random_range(b'#'..=b'['))).collect();
        user.post("/api/data/big", &json!({ "n": n, "text": text })).await.expect(201);
    }
}

#[tokio::test]
async fn a_backup_that_does_not_fit_leaves_the_one_before_and_nothing_else() {
    if !ddb_testkit::is_root("mounts a disk") {
        return;
    }
    let server = Server::start().await;
    write_much(&server.user().await, 4).await;
    let disk = Disk::in_memory(&server.directory().join("disk"), 2);
    let folder = server.directory().join("disk");
    let file = folder.join("backup.ddb");
    std::fs::write(&file, BEFORE).expect("there is room for it");
    let names =
        || std::fs::read_dir(&folder).expect("a folder").map(|entry| entry.expect("a file").file_name()).collect::<Vec<_>>();
    for _ in 0..2 {
        refused(&server.ddb(&["backup", text(&file)]), "No space left on device");
        assert_eq!(names(), ["backup.ddb"]);
        assert_eq!(std::fs::read(&file).expect("it is there"), BEFORE);
    }
    disk.remount("ro");
    refused(&server.ddb(&["backup", text(&file)]), "Read-only file system");
    disk.remount("rw,size=20m");
    back_up(&server, &file);
    assert_eq!(names(), ["backup.ddb"]);
    done(&server.ddb_in(&server.directory().join("restored"), &["restore", text(&file), "--json"]));
}

/// Whether another process could have taken the folder while what a restore made still was there.
fn left_without_lock(folder: &Path, ended: &AtomicBool) -> bool {
    let cluster = folder.join("postgres");
    let mut was_there = false;
    while !ended.load(Ordering::Relaxed) {
        // Not before: the restore itself has to get the lock.
        was_there |= cluster.exists();
        if was_there
            && let Ok(file) = File::open(folder.join("ddb.lock"))
            && file.try_lock().is_ok()
            && cluster.exists()
        {
            return true;
        }
        std::thread::park_timeout(Duration::from_millis(1));
    }
    false
}

#[tokio::test]
async fn a_restore_that_does_not_fit_leaves_nothing() {
    if !ddb_testkit::is_root("mounts a disk") {
        return;
    }
    let server = Server::start().await;
    write_much(&server.user().await, 20).await;
    let file = server.directory().join("backup.ddb");
    back_up(&server, &file);
    let target = server.directory().join("disk");
    let disk = Disk::in_memory(&target, 80);
    for (megabytes, word) in [(20, "is full"), (80, "No space left on device")] {
        disk.remount(&format!("size={megabytes}m"));
        let (ended, target) = (AtomicBool::new(false), &target);
        std::thread::scope(|scope| {
            let seen = scope.spawn(|| left_without_lock(target, &ended));
            let output = server.ddb_in(target, &["restore", text(&file)]);
            ended.store(true, Ordering::Relaxed);
            refused(&output, word);
            assert!(!seen.join().expect("a thread"), "the cluster was there, and another process could take it");
        });
        assert_eq!(std::fs::read_dir(target).expect("a folder").count(), 0, "with {megabytes} MB something is left");
    }
    disk.remount("size=400m");
    let restored = done(&server.ddb_in(&target, &["restore", text(&file), "--json"]));
    assert_eq!(restored["records"], 21);
    done(&server.ddb_in(&target, &["verify", "--json"]));
}
