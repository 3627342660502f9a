use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use rustix::fs::{FallocateFlags, fallocate, statvfs, syncfs};

use crate::process::pause;

/// How long a process that is about to end may keep a disk busy.
const BUSY: Duration = Duration::from_secs(20);

/// A small disk of one test, which root alone can mount; gone with the value.
#[derive(Debug)]
pub struct Disk {
    at: PathBuf,
    /// None: it is in memory.
    image: Option<PathBuf>,
}

impl Disk {
    /// In memory. `at` is made where it does not exist.
    pub fn in_memory(at: &Path, megabytes: u32) -> Self {
        make(at);
        mount(&["-t", "tmpfs", "-o", &format!("size={megabytes}m,mode=0700"), "ddb-test"], at);
        Self { at: at.to_owned(), image: None }
    }

    /// Ext4 in the file `image`: a disk that can fail while processes write on it.
    pub fn in_file(at: &Path, image: PathBuf, megabytes: u32) -> Self {
        make(at);
        let file = File::create_new(&image).expect("an image can be made");
        file.set_len(u64::from(megabytes) << 20).expect("an image can have holes");
        let status = Command::new("mkfs.ext4").args(["-q", "-m", "0"]).arg(&image).status().expect("mkfs.ext4 can be run");
        assert!(status.success(), "mkfs.ext4 makes no file system in {}", image.display());
        let disk = Self { at: at.to_owned(), image: Some(image) };
        disk.mount_image();
        disk
    }

    /// `mount -o remount` with these options.
    pub fn remount(&self, options: &str) {
        mount(&["-o", &format!("remount,{options}")], &self.at);
    }

    /// What was written is on the disk.
    pub fn sync(&self) {
        syncfs(File::open(&self.at).expect("a mount point can be opened")).expect("a disk can be synced");
    }

    /// The disk becomes read-only at once, also for processes with open files, as ext4 does when it meets an error. (An ordinary remount is refused then.)
    pub fn fail(&self) {
        assert!(self.image.is_some(), "a disk in memory does not fail");
        self.remount("abort");
    }

    /// Mounts it again once no process uses it.
    pub fn repair(&self) {
        let end = Instant::now() + BUSY;
        while !Command::new("umount").arg(&self.at).status().expect("umount can be run").success() {
            assert!(Instant::now() < end, "{} is in use", self.at.display());
            pause();
        }
        self.mount_image();
    }

    pub fn free(&self) -> u64 {
        let found = statvfs(&self.at).expect("a mounted disk can be looked at");
        found.f_bavail * found.f_frsize
    }

    /// Takes up everything but `left` bytes at once, whatever others write meanwhile, until the value is dropped.
    pub fn fill(&self, left: u64) -> Filler {
        let path = self.at.join("filler");
        let mut file = File::create(&path).expect("there is room for a name");
        let most = self.free().saturating_sub(left);
        if most > 0 {
            // What others take in this moment is what it may lack.
            let _ = fallocate(&file, FallocateFlags::empty(), 0, most);
        }
        if left == 0 {
            std::io::Seek::seek(&mut file, std::io::SeekFrom::End(0)).expect("a file has an end");
            while file.write(&[1; 4096]).is_ok_and(|written| written > 0) {}
        }
        Filler(path)
    }

    fn mount_image(&self) {
        let image = self.image.as_ref().expect("it lies in a file");
        mount(&["-o", "loop", &image.display().to_string()], &self.at);
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.at).status();
    }
}

/// What a disk is full of.
#[derive(Debug)]
pub struct Filler(PathBuf);

impl Drop for Filler {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn make(at: &Path) {
    if !at.is_dir() {
        std::fs::create_dir(at).expect("the mount point can be made");
    }
}

fn mount(arguments: &[&str], at: &Path) {
    let status = Command::new("mount").args(arguments).arg(at).status().expect("mount can be run");
    assert!(
        status.success(),
        "this test mounts a disk with {arguments:?}, which needs root with CAP_SYS_ADMIN (and /dev/loop* for a disk in a file)"
    );
}
