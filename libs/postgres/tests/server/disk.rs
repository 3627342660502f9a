use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use ddb_postgres::Space;

use crate::support::{Scratch, ask};

#[tokio::test]
async fn a_full_disk_leaves_no_half_database() {
    let scratch = Scratch::new();
    let disk = Disk::mount(&scratch.data(), "20m");
    let message = scratch.refusal().await;
    assert!(message.contains("is full") && message.contains("free some space"), "{message}");
    assert!(!scratch.cluster().exists());
    disk.remount("size=300m");
    scratch.works().await;

    // Not even room for the lock file's pid.
    let filler = disk.fill(0);
    let message = scratch.refusal().await;
    assert!(message.contains("is full") && message.contains("free some space"), "{message}");
    std::fs::remove_file(filler).expect("it exists");
    // Room for that, but for no more.
    let filler = disk.fill(4 << 10);
    let message = scratch.refusal().await;
    assert!(message.contains("is full") && message.contains("free some space"), "{message}");
    std::fs::remove_file(filler).expect("it exists");

    let server = scratch.start().await;
    assert_eq!(ask(server.connection(), "select 'there'").await, "there");
    server.stop().await.expect("stops");
}

#[tokio::test]
async fn a_read_only_disk_is_named_as_such() {
    let scratch = Scratch::new();
    let disk = Disk::mount(&scratch.data(), "300m");
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
    let scratch = Scratch::new();
    let disk = Disk::mount(&scratch.data(), "20m");
    let space = || Space::of(&scratch.data()).expect("it is told");
    assert_eq!(space(), Space { free: 20 << 20, total: 20 << 20 });
    disk.fill(1 << 20);
    assert_eq!(space().total, 20 << 20);
    assert!((1 << 20..=(1 << 20) + 8192).contains(&space().free), "{:?}", space());
    let missing = Space::of(&scratch.data().join("missing")).expect_err("there is no such place").to_string();
    assert!(missing.contains("missing"), "{missing}");
}

/// A small disk in memory.
struct Disk(PathBuf);

impl Disk {
    fn mount(at: &Path, size: &str) -> Self {
        std::fs::create_dir(at).expect("the mount point can be made");
        mount(&["-t", "tmpfs", "-o", &format!("size={size},mode=0700"), "ddb-test"], at);
        Self(at.to_owned())
    }

    fn remount(&self, options: &str) {
        mount(&["-o", &format!("remount,{options}")], &self.0);
    }

    /// Fills it up but for `left` bytes.
    fn fill(&self, left: u64) -> PathBuf {
        let path = self.0.join("filler");
        let mut file = std::fs::File::create(&path).expect("there is room for a file");
        let block = [0; 4096];
        while file.write(&block).is_ok_and(|written| written > 0) {}
        let length = file.metadata().expect("it exists").len();
        file.set_len(length.saturating_sub(left)).expect("it can be cut");
        path
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

fn mount(arguments: &[&str], at: &Path) {
    let status = Command::new("mount").args(arguments).arg(at).status().expect("mount can be run");
    assert!(status.success(), "this test mounts a disk in memory, for which it must run as root with CAP_SYS_ADMIN");
}
