use ddb_postgres::Space;
use ddb_testkit::Disk;

use crate::support::{Scratch, ask};

#[tokio::test]
async fn a_full_disk_leaves_no_half_database() {
    if !ddb_testkit::is_root("mounts a disk") {
        return;
    }
    let scratch = Scratch::new();
    let disk = Disk::in_memory(&scratch.data(), 20);
    let message = scratch.refusal().await;
    assert!(message.contains("is full") && message.contains("free some space"), "{message}");
    assert!(!scratch.cluster().exists());
    disk.remount("size=300m");
    scratch.works().await;

    // Not even room for the lock file's pid.
    let filler = disk.fill(0);
    let message = scratch.refusal().await;
    assert!(message.contains("is full") && message.contains("free some space"), "{message}");
    drop(filler);
    // Room for that, but for no more.
    let filler = disk.fill(4 << 10);
    let message = scratch.refusal().await;
    assert!(message.contains("is full") && message.contains("free some space"), "{message}");
    drop(filler);

    let server = scratch.start().await;
    assert_eq!(ask(server.connection(), "select 'there'").await, "there");
    server.stop().await.expect("stops");
}

#[tokio::test]
async fn a_read_only_disk_is_named_as_such() {
    if !ddb_testkit::is_root("mounts a disk") {
        return;
    }
    let scratch = Scratch::new();
    let disk = Disk::in_memory(&scratch.data(), 300);
    disk.remount("ro");
    let message = scratch.refusal().await;
    assert!(message.contains("read-only file system"), "{message}");
    disk.remount("rw");
    scratch.works().await;
    disk.remount("ro");
    let message = scratch.refusal().await;
    assert!(message.contains("read-only file system"), "{message}");
    disk.remount("rw");
    scratch.works().await;
}

#[test]
fn the_room_on_a_disk_is_told() {
    if !ddb_testkit::is_root("mounts a disk") {
        return;
    }
    let scratch = Scratch::new();
    let disk = Disk::in_memory(&scratch.data(), 20);
    let space = || Space::of(&scratch.data()).expect("it is told");
    assert_eq!(space(), Space { free: 20 << 20, total: 20 << 20 });
    let _filler = disk.fill(1 << 20);
    assert_eq!(space().total, 20 << 20);
    assert!((1 << 20..=(1 << 20) + 8192).contains(&space().free), "{:?}", space());
    let missing = Space::of(&scratch.data().join("missing")).expect_err("there is no such place").to_string();
    assert!(missing.contains("missing"), "{missing}");
}
