//! Under what a figure was measured: commit, machine, disk.

use std::fs;
use std::path::Path;
use std::process::Command;

pub(crate) struct Conditions {
    /// Short hash, with `+` if the work tree differs from it.
    pub(crate) commit: String,
    pub(crate) machine: String,
    pub(crate) kernel: String,
    pub(crate) file_system: String,
}

impl Conditions {
    pub(crate) fn read(directory: &Path) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let model = field("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown processor".to_owned());
        let kibibytes: u64 =
            field("/proc/meminfo", "MemTotal").and_then(|value| value.split_ascii_whitespace().next()?.parse().ok()).unwrap_or(0);
        Self {
            commit: commit().unwrap_or_else(|| "unknown".to_owned()),
            machine: format!("{cores} cores {model} {:.0} GiB", kibibytes as f64 / 1024.0 / 1024.0),
            kernel: fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default().trim().to_owned(),
            file_system: file_system(directory).unwrap_or_else(|| "unknown".to_owned()),
        }
    }
}

fn commit() -> Option<String> {
    let hash = git(&["rev-parse", "--short=10", "HEAD"])?;
    // The history is what this program itself writes.
    let changes = git(&["status", "--porcelain", "--", ":/", ":(exclude,top)services/darshjdb/benches/history.csv"])?;
    Some(if changes.is_empty() { hash } else { format!("{hash}+") })
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").arg("-C").arg(env!("CARGO_MANIFEST_DIR")).args(arguments).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn field(file: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

/// The type of the file system that holds the directory.
fn file_system(directory: &Path) -> Option<String> {
    let directory = directory.canonicalize().ok()?;
    let mounts = fs::read_to_string("/proc/mounts").ok()?;
    mounts
        .lines()
        .filter_map(|line| {
            let mut fields = line.split(' ').skip(1);
            Some((fields.next()?, fields.next()?))
        })
        .filter(|(mount, _)| directory.starts_with(mount))
        .max_by_key(|(mount, _)| mount.len())
        .map(|(_, kind)| kind.to_owned())
}
