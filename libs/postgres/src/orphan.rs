//! What an earlier run of `ddb` may have left: a server without an owner, parts of one, or only its files.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::error::{Error, Result};
use crate::process::{self, Process};
use crate::socket;
use crate::state::State;

const FAST_TIMEOUT: Duration = Duration::from_secs(3);
const IMMEDIATE_TIMEOUT: Duration = Duration::from_secs(3);
const KILL_TIMEOUT: Duration = Duration::from_secs(3);
const POLL: Duration = Duration::from_millis(10);

/// Makes the way free for a new server on `cluster`. The caller holds the lock of the data directory, so no other `ddb` runs one.
///
/// Invariant: no process is signalled but the server that `state` tells of (pid, start time, and the random name of its socket directory
/// on its command line) and PostgreSQL processes that work in the cluster without a postmaster.
pub(crate) async fn clear(cluster: &Path, state: Option<&State>) -> Result<()> {
    if let Some(postmaster) = postmaster(cluster, state) {
        let known = state.is_some_and(|state| state.is_server(&postmaster));
        if !known {
            return Err(Error::ForeignServer { cluster: cluster.to_owned(), pid: postmaster.pid });
        }
        tracing::warn!(pid = postmaster.pid, "the PostgreSQL of a killed ddb still runs; ddb stops it");
        stop(&postmaster).await?;
    }
    end_remains(cluster).await?;
    forget_stale_pid(cluster)?;
    if let Some(state) = state {
        socket::remove(&state.socket_dir);
    }
    Ok(())
}

/// Ends what is left of a server whose postmaster was killed: its backends hold the shared memory, and as long as one lives PostgreSQL
/// refuses to start (two servers on one directory destroy it).
pub(crate) async fn end_remains(cluster: &Path) -> Result<()> {
    // They notice the loss by themselves, unless one is in the middle of something long.
    for (signal, timeout) in [(None, POLL * 5), (Some(Signal::QUIT), IMMEDIATE_TIMEOUT), (Some(Signal::KILL), KILL_TIMEOUT)] {
        let remains = process::of_cluster(cluster);
        if let Some(signal) = signal {
            for process in &remains {
                tracing::warn!(pid = process.pid, "ddb ends a process of a killed PostgreSQL");
                process.signal(signal);
            }
        }
        if wait(&remains, timeout).await {
            return Ok(());
        }
    }
    match process::of_cluster(cluster).first() {
        Some(process) => Err(Error::Stop { pid: process.pid }),
        None => Ok(()),
    }
}

/// The pid file of a server that is gone may name a process that lives: another one that got its pid since, or the dead server itself where nobody
/// has taken note of its end (a zombie, in containers whose first process reaps nobody). PostgreSQL would take either for a running server.
/// A file with the pid of no process is left to PostgreSQL, which then checks the shared memory, too.
pub(crate) fn forget_stale_pid(cluster: &Path) -> Result<()> {
    let path = cluster.join(PID_FILE);
    let Some(pid) = PidFile::read(cluster).map(|file| file.pid) else { return Ok(()) };
    if process::is_taken(pid) {
        tracing::warn!(
            pid,
            "the pid file of an earlier PostgreSQL names a process that is no running PostgreSQL; ddb removes the file"
        );
        fs::remove_file(&path).map_err(Error::io("remove", &path))?;
    }
    Ok(())
}

/// The running postmaster of the cluster, whoever started it.
fn postmaster(cluster: &Path, state: Option<&State>) -> Option<Process> {
    let named = PidFile::read(cluster).and_then(|file| Process::open(file.pid));
    let recorded = state.and_then(|state| state.server.as_ref()).and_then(|(pid, _)| Process::open(*pid));
    for process in [named, recorded].into_iter().flatten() {
        let ours = state.is_some_and(|state| state.is_server(&process));
        if ours || is_foreign_postmaster(&process, cluster) {
            return Some(process);
        }
    }
    None
}

/// A PostgreSQL on this cluster that is not in the state: it works in the cluster, and its command line is not the title of a backend.
fn is_foreign_postmaster(process: &Process, cluster: &Path) -> bool {
    let works_here = process::of_cluster(cluster).iter().any(|one| one.pid == process.pid);
    works_here && process.arguments().iter().any(|argument| argument == "-D" || argument.starts_with("-D"))
}

async fn stop(postmaster: &Process) -> Result<()> {
    for (signal, timeout) in [(Signal::INT, FAST_TIMEOUT), (Signal::QUIT, IMMEDIATE_TIMEOUT), (Signal::KILL, KILL_TIMEOUT)] {
        postmaster.signal(signal);
        if wait(std::slice::from_ref(postmaster), timeout).await {
            return Ok(());
        }
    }
    Err(Error::Stop { pid: postmaster.pid })
}

/// Whether all have ended in time.
async fn wait(processes: &[Process], timeout: Duration) -> bool {
    let deadline = Instant::now() + timeout;
    while processes.iter().any(Process::is_alive) {
        if Instant::now() > deadline {
            return false;
        }
        tokio::time::sleep(POLL).await;
    }
    true
}

const PID_FILE: &str = "postmaster.pid";

/// What PostgreSQL writes about a running server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PidFile {
    pub(crate) pid: u32,
    pub(crate) ready: bool,
}

impl PidFile {
    pub(crate) fn read(cluster: &Path) -> Option<Self> {
        Self::parse(&fs::read_to_string(cluster.join(PID_FILE)).ok()?)
    }

    /// The first line is the pid (negative for a single-user server), the eighth the status.
    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let pid = lines.next()?.trim().parse::<i64>().ok()?.unsigned_abs();
        let ready = lines.nth(6).is_some_and(|status| status.trim() == "ready");
        Some(Self { pid: u32::try_from(pid).ok()?, ready })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pid_file_tells_pid_and_status() {
        let text = "123\n/data\n1700000000\n5432\n/tmp/x\n\n  1 2\nready   \n";
        assert_eq!(PidFile::parse(text), Some(PidFile { pid: 123, ready: true }));
        assert_eq!(PidFile::parse("123\n/data\n1\n5432\n\n\n\nstarting\n"), Some(PidFile { pid: 123, ready: false }));
        assert_eq!(PidFile::parse("-5\n/data\n"), Some(PidFile { pid: 5, ready: false }));
        for nonsense in ["", "x\n", "99999999999999999999\n"] {
            assert_eq!(PidFile::parse(nonsense), None, "{nonsense}");
        }
    }
}
