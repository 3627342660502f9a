//! A server that this program started (or was given), its processes and its data on disk.

use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::dialect::Dialect;
use crate::http::Connection;
use crate::options::Options;
use crate::postgres::Postmaster;
use crate::process::{self, Process};
use crate::{Result, fail};

const START_LIMIT: Duration = Duration::from_secs(60);
const START_POLL: Duration = Duration::from_millis(5);
/// A clean stop includes PostgreSQL's last checkpoint.
const STOP_LIMIT: Duration = Duration::from_secs(30);
const STOP_POLL: Duration = Duration::from_millis(10);
const LOG_LINES: usize = 20;
const NO_CACHE: &str = "0";

pub(crate) struct Server {
    pub(crate) dialect: Dialect,
    pub(crate) address: SocketAddr,
    /// What DarshJDB is started with.
    pub(crate) answer_cache: &'static str,
    host: Host,
}

enum Host {
    Started { data: PathBuf, log: PathBuf, child: Option<Child> },
    Given { pid: Option<u32> },
}

impl Server {
    /// Prepares a data directory and a free port; nothing runs yet. With --url it is the server there.
    pub(crate) fn new(dialect: Dialect, options: &Options, directory: &Path) -> Result<Self> {
        if let Some(address) = options.given_address()? {
            return Ok(Self { dialect, address, answer_cache: NO_CACHE, host: Host::Given { pid: options.pid } });
        }
        let data = directory.join(dialect.process_name());
        let log = directory.join(format!("{}.log", dialect.process_name()));
        dialect.prepare(&data)?;
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
        Ok(Self { dialect, address, answer_cache: NO_CACHE, host: Host::Started { data, log, child: None } })
    }

    pub(crate) fn is_ours(&self) -> bool {
        match self.host {
            Host::Started { .. } => true,
            Host::Given { .. } => false,
        }
    }

    /// Starts the server and answers the time until it was ready.
    pub(crate) async fn start(&mut self, options: &Options) -> Result<Duration> {
        let Host::Started { data, log, child } = &mut self.host else { return Ok(Duration::ZERO) };
        let output = File::options().create(true).append(true).open(&log)?;
        let mut command = self.dialect.command(options, data, self.address, self.answer_cache);
        command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output).process_group(0);

        let begin = Instant::now();
        let started = match command.spawn() {
            Ok(started) => child.insert(started),
            Err(error) => return fail(format!("{} does not start: {error}", command.get_program().display())),
        };
        loop {
            if is_ready(self.address, self.dialect.ready_path()).await {
                return Ok(begin.elapsed());
            }
            if let Some(status) = started.try_wait()? {
                return fail(format!("{} ended with {status}:\n{}", self.dialect.process_name(), last_lines(log)));
            }
            if begin.elapsed() > START_LIMIT {
                return fail(format!("{} is not ready after 60 s:\n{}", self.dialect.process_name(), last_lines(log)));
            }
            tokio::time::sleep(START_POLL).await;
        }
    }

    /// Ends the server in its own way; what is left of it after 30 s is killed. Does nothing if it does not run.
    pub(crate) fn stop(&mut self) {
        let members = self.processes();
        let Host::Started { child: slot, .. } = &mut self.host else { return };
        let Some(mut child) = slot.take() else { return };

        signal(&members, Signal::CONT);
        send(child.id(), Signal::TERM);
        let begin = Instant::now();
        while begin.elapsed() < STOP_LIMIT && matches!(child.try_wait(), Ok(None)) {
            pause();
        }
        while begin.elapsed() < STOP_LIMIT && members.iter().any(Process::is_alive) {
            pause();
        }
        let left: Vec<Process> = members.into_iter().filter(Process::is_alive).collect();
        if !left.is_empty() {
            eprintln!("{} did not stop within 30 s and is killed", self.dialect.process_name());
            signal(&left, Signal::KILL);
            let _ = child.wait();
        }
    }

    /// Stops its processes in their tracks while another server is measured, so that its background work (vacuum,
    /// checkpoints) falls into its own time.
    pub(crate) fn freeze(&self) {
        if self.is_ours() {
            signal(&self.processes(), Signal::STOP);
        }
    }

    pub(crate) fn thaw(&self) {
        if self.is_ours() {
            signal(&self.processes(), Signal::CONT);
        }
    }

    /// The first processes of the server: its own, and the postmaster should that have left the tree.
    pub(crate) fn roots(&self) -> Vec<u32> {
        match &self.host {
            Host::Started { child, .. } => {
                child.iter().map(Child::id).chain(self.postmaster().map(|postmaster| postmaster.pid)).collect()
            }
            Host::Given { pid } => pid.iter().copied().collect(),
        }
    }

    pub(crate) fn processes(&self) -> Vec<Process> {
        process::tree(&self.roots())
    }

    pub(crate) fn postmaster(&self) -> Option<Postmaster> {
        match (&self.host, self.dialect) {
            (Host::Started { data, .. }, Dialect::DarshJdb) => Postmaster::find(data),
            (Host::Started { .. }, Dialect::PocketBase) | (Host::Given { .. }, _) => None,
        }
    }

    /// Bytes on disk of what holds the records: without write-ahead logs, which are recycled, and request logs.
    pub(crate) fn record_bytes(&self) -> Option<u64> {
        let Host::Started { data, .. } = &self.host else { return None };
        Some(match self.dialect {
            Dialect::DarshJdb => bytes_below(data, &|path| !path.ends_with("pg_wal")),
            Dialect::PocketBase => {
                bytes_below(data, &|path| !path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("auxiliary.")))
            }
        })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

async fn is_ready(address: SocketAddr, path: &str) -> bool {
    let Ok(mut connection) = Connection::open(address).await else { return false };
    matches!(connection.call("GET", path, None, "").await, Ok((200, _)))
}

fn signal(processes: &[Process], signal: Signal) {
    for process in processes.iter().filter(|process| process.is_alive()) {
        send(process.pid, signal);
    }
}

#[expect(clippy::disallowed_methods, reason = "a server is stopped in drop, too, and nothing else runs meanwhile")]
fn pause() {
    std::thread::sleep(STOP_POLL);
}

/// A process that has ended meanwhile needs no signal.
fn send(pid: u32, signal: Signal) {
    if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
        let _ = kill_process(pid, signal);
    }
}

fn last_lines(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(LOG_LINES)..].join("\n")
}

/// Allocated bytes; files that vanish while it walks do not count.
fn bytes_below(directory: &Path, counts: &dyn Fn(&Path) -> bool) -> u64 {
    let mut sum = 0;
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = entry.path();
        let Ok(metadata) = entry.metadata() else { continue };
        if !counts(&path) {
            continue;
        }
        sum += if metadata.is_dir() { bytes_below(&path, counts) } else { metadata.blocks() * 512 };
    }
    sum
}
