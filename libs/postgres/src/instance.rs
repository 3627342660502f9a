use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::Signal;
use tokio::process::Child;

use crate::binaries::Programs;
use crate::command::Launcher;
use crate::config::Layout;
use crate::error::{Error, Result};
use crate::log::LogReader;
use crate::orphan::{self, PidFile};
use crate::process::{self, Process};
use crate::running;
use crate::settings::{settings, settings_since};
use crate::socket;
use crate::space::Space;
use crate::state::{State, socket_argument};

const READY_POLL: Duration = Duration::from_millis(5);
/// A look costs microseconds.
const SOCKET_POLL: Duration = Duration::from_millis(500);
const PROGRESS_INTERVAL: Duration = Duration::from_secs(5);
const FAST_TIMEOUT: Duration = Duration::from_secs(20);
const IMMEDIATE_TIMEOUT: Duration = Duration::from_secs(5);

/// All that is needed to start a server on a checked cluster, again and again in the same way.
#[derive(Debug)]
pub(crate) struct Instance {
    pub(crate) layout: Layout,
    pub(crate) programs: Programs,
    pub(crate) launcher: Launcher,
    pub(crate) memory: u64,
    pub(crate) locks: Option<u32>,
    pub(crate) state: State,
}

impl Instance {
    /// Starts the program; it is not ready yet.
    pub(crate) fn spawn(&mut self) -> Result<Postmaster> {
        let cluster = self.layout.cluster();
        self.state.server = None;
        self.state.write(&self.layout.state())?;

        let program = self.programs.program("postgres");
        let mut command = self.launcher.command(&program, &cluster, None)?;
        command.arg("-D").arg(self.launcher.seen(&cluster));
        let own = [socket_argument(&self.state.socket_dir), format!("port={}", crate::connection::PORT)];
        let locks = self.locks.map(|locks| format!("max_locks_per_transaction={locks}"));
        let disk = Space::of(&cluster)?.total;
        for setting in own.into_iter().chain(settings(self.memory, disk)).chain(settings_since(self.programs.major)).chain(locks)
        {
            command.arg("-c").arg(setting);
        }
        command.stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(Error::io("run", &program))?;
        let log = child.stderr.take().map(LogReader::start);
        let pid = child.id().unwrap_or_default();
        running::add(pid);
        let postmaster = Postmaster { child, pid, log, ended: false };

        self.state.server = Process::open(pid).map(|process| (pid, process.started));
        self.state.write(&self.layout.state())?;
        Ok(postmaster)
    }

    /// Waits until the server takes connections. There is no limit of time: recovery after a crash takes as long as it takes.
    pub(crate) async fn wait_until_ready(&self, postmaster: &mut Postmaster) -> Result<()> {
        let cluster = self.layout.cluster();
        let mut progress = Instant::now();
        loop {
            if let Some(status) = postmaster.try_wait() {
                let said = postmaster.last_words().await;
                return Err(Error::from_output(&cluster, &said, |detail| Error::Start {
                    detail: format!("{detail} ({status})"),
                }));
            }
            if PidFile::read(&cluster).is_some_and(|file| file.pid == postmaster.pid && file.ready) {
                return Ok(());
            }
            if progress.elapsed() > PROGRESS_INTERVAL {
                progress = Instant::now();
                tracing::info!(pid = postmaster.pid, "PostgreSQL is still starting (it may be recovering from a crash)");
            }
            tokio::time::sleep(READY_POLL).await;
        }
    }

    /// After the postmaster was killed: ends its backends, removes what it left, and sees to the directory of the socket.
    pub(crate) async fn make_way(&self) -> Result<()> {
        let cluster = self.layout.cluster();
        orphan::end_remains(&cluster).await?;
        orphan::forget_stale_pid(&cluster)?;
        socket::clear(&self.state.socket_dir);
        socket::ensure(&self.state.socket_dir, self.launcher.user())
    }

    /// Ends once clients cannot find the server any more.
    pub(crate) async fn until_unreachable(&self) {
        while !socket::is_gone(&self.state.socket_dir) {
            tokio::time::sleep(SOCKET_POLL).await;
        }
    }

    /// After the server was stopped for good.
    pub(crate) fn clean_up(&self) {
        socket::remove(&self.state.socket_dir);
        let path = self.layout.state();
        if let Err(error) = std::fs::remove_file(&path)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(path = %path.display(), %error, "ddb could not remove the state file");
        }
    }
}

/// The running server program. Dropped before its end, it is told to stop, but not waited for.
#[derive(Debug)]
pub(crate) struct Postmaster {
    child: Child,
    pub(crate) pid: u32,
    log: Option<LogReader>,
    ended: bool,
}

impl Postmaster {
    fn try_wait(&mut self) -> Option<ExitStatus> {
        let status = self.child.try_wait().ok().flatten();
        self.ended |= status.is_some();
        status
    }

    /// How it ended; cancel safe.
    pub(crate) async fn wait(&mut self) -> String {
        let status = self.child.wait().await;
        self.ended = true;
        status.map_or_else(|error| error.to_string(), |status| status.to_string())
    }

    pub(crate) async fn last_words(&mut self) -> String {
        match self.log.take() {
            Some(log) => log.finish().await,
            None => String::new(),
        }
    }

    /// Ends all sessions and writes everything to its place; if that takes too long, as after a crash: the next start then recovers.
    pub(crate) async fn stop(&mut self, cluster: &std::path::Path) -> Result<()> {
        for (signal, timeout) in
            [(Signal::INT, FAST_TIMEOUT), (Signal::QUIT, IMMEDIATE_TIMEOUT), (Signal::KILL, IMMEDIATE_TIMEOUT)]
        {
            if signal != Signal::INT {
                tracing::warn!(
                    pid = self.pid,
                    "PostgreSQL did not stop in time; ddb stops it at once, and the next start recovers its data"
                );
            }
            self.signal(signal);
            if tokio::time::timeout(timeout, self.wait()).await.is_ok() {
                self.last_words().await;
                return orphan::end_remains(cluster).await;
            }
        }
        Err(Error::Stop { pid: self.pid })
    }

    fn signal(&self, signal: Signal) {
        if !self.ended {
            process::signal_child(self.pid, signal);
        }
    }
}

impl Drop for Postmaster {
    fn drop(&mut self) {
        self.signal(Signal::INT);
    }
}
