//! Processes by pid, told apart from later ones that got the same pid.

use std::path::Path;

use rustix::io::Errno;
use rustix::process::{Pid, Signal, test_kill_process};

/// When a process was started, in a form that is only compared: no two processes of one boot with the same pid have the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Started(pub(crate) String);

/// A running process. On Linux it holds a descriptor of it, so that a signal can never reach a later process with the same pid.
#[derive(Debug)]
pub(crate) struct Process {
    pub(crate) pid: u32,
    pub(crate) started: Started,
    handle: platform::Handle,
}

impl Process {
    /// `None` when there is no such process (a zombie is none).
    pub(crate) fn open(pid: u32) -> Option<Self> {
        // The descriptor comes first: when the pid changes hands before the look at `started`, it stands for the one that has ended.
        let handle = platform::open(to_pid(pid)?)?;
        let started = platform::started_if_alive(pid)?;
        Some(Self { pid, started, handle })
    }

    pub(crate) fn is_alive(&self) -> bool {
        platform::started_if_alive(self.pid).as_ref() == Some(&self.started)
    }

    /// The program and its arguments; empty when they cannot be read.
    pub(crate) fn arguments(&self) -> Vec<String> {
        platform::arguments(self.pid)
    }

    /// A process that has ended is not an error.
    pub(crate) fn signal(&self, signal: Signal) {
        if self.is_alive() {
            platform::signal(&self.handle, self.pid, signal);
        }
    }
}

/// Tells two boots of the machine apart; empty where that is not known.
pub(crate) fn boot() -> String {
    platform::boot()
}

/// The server processes of a cluster, whoever started them: PostgreSQL's programs that work in its directory.
/// (On systems without `/proc` none are found, and PostgreSQL's own check of its shared memory is what remains.)
pub(crate) fn of_cluster(cluster: &Path) -> Vec<Process> {
    platform::working_in(cluster, "postgres")
}

/// Whether the system still knows a process by this pid, be it a zombie: what PostgreSQL asks before it starts.
pub(crate) fn is_taken(pid: u32) -> bool {
    to_pid(pid).is_some_and(|pid| test_kill_process(pid) != Err(Errno::SRCH))
}

/// For processes that are children of this one and not yet waited for, so that the pid cannot have been given to another.
pub(crate) fn signal_child(pid: u32, signal: Signal) {
    if let Some(pid) = to_pid(pid) {
        // It may have ended a moment ago.
        let _ = rustix::process::kill_process(pid, signal);
    }
}

fn to_pid(pid: u32) -> Option<Pid> {
    i32::try_from(pid).ok().and_then(Pid::from_raw)
}

#[cfg(target_os = "linux")]
mod platform {
    use std::fs;
    use std::os::fd::OwnedFd;
    use std::os::unix::fs::MetadataExt;
    use std::path::Path;

    use rustix::io::Errno;
    use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

    use super::{Process, Started};

    /// `None` on kernels (and under sandboxes) without process descriptors.
    pub(super) type Handle = Option<OwnedFd>;

    pub(super) fn open(pid: Pid) -> Option<Handle> {
        match pidfd_open(pid, PidfdFlags::empty()) {
            Ok(handle) => Some(Some(handle)),
            Err(Errno::SRCH) => None,
            Err(_) => Some(None),
        }
    }

    pub(super) fn started_if_alive(pid: u32) -> Option<Started> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The program's name may itself hold spaces and parentheses. After it come the state (field 3 of stat(5)) and, as field 22, the
        // start in clock ticks since the boot.
        let (_, rest) = stat.rsplit_once(')')?;
        let mut fields = rest.split_whitespace();
        let state = fields.next()?;
        let ticks = fields.nth(18)?;
        (!matches!(state, "Z" | "X")).then(|| Started(ticks.to_owned()))
    }

    pub(super) fn boot() -> String {
        fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default().trim().to_owned()
    }

    pub(super) fn arguments(pid: u32) -> Vec<String> {
        let bytes = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        bytes
            .split(|byte| *byte == 0)
            .filter(|part| !part.is_empty())
            .map(|part| String::from_utf8_lossy(part).into_owned())
            .collect()
    }

    pub(super) fn signal(handle: &Handle, pid: u32, signal: Signal) {
        match handle {
            Some(handle) => drop(pidfd_send_signal(handle, signal)),
            None => super::signal_child(pid, signal),
        }
    }

    pub(super) fn working_in(directory: &Path, program: &str) -> Vec<Process> {
        let Ok(wanted) = fs::metadata(directory) else { return Vec::new() };
        let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
        let mut found = Vec::new();
        for entry in entries.flatten() {
            let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
            let Some(process) = Process::open(pid) else { continue };
            let Ok(cwd) = fs::metadata(entry.path().join("cwd")) else { continue };
            let name = fs::read_to_string(entry.path().join("comm")).unwrap_or_default();
            if name.trim_end() == program && (cwd.dev(), cwd.ino()) == (wanted.dev(), wanted.ino()) {
                found.push(process);
            }
        }
        found
    }
}

#[cfg(not(target_os = "linux"))]
mod platform {
    use std::path::Path;

    use rustix::process::{Pid, Signal};

    use super::{Process, Started};

    pub(super) type Handle = ();

    pub(super) fn open(_pid: Pid) -> Option<Handle> {
        Some(())
    }

    pub(super) fn started_if_alive(pid: u32) -> Option<Started> {
        let state = ps(pid, "stat=")?;
        let started = ps(pid, "lstart=")?;
        (!state.is_empty() && !state.starts_with('Z')).then_some(Started(started))
    }

    pub(super) fn boot() -> String {
        String::new()
    }

    pub(super) fn arguments(pid: u32) -> Vec<String> {
        ps(pid, "args=").map(|line| line.split_whitespace().map(str::to_owned).collect()).unwrap_or_default()
    }

    pub(super) fn signal(_handle: &Handle, pid: u32, signal: Signal) {
        super::signal_child(pid, signal);
    }

    pub(super) fn working_in(_directory: &Path, _program: &str) -> Vec<Process> {
        Vec::new()
    }

    fn ps(pid: u32, column: &str) -> Option<String> {
        let output = std::process::Command::new("ps").args(["-o", column, "-p", &pid.to_string()]).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }
}
