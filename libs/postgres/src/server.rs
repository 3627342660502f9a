use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::binaries::{self, Programs};
use crate::cluster;
use crate::command::Launcher;
use crate::config::{Config, Layout};
use crate::connection::Connection;
use crate::error::{Error, Result};
use crate::instance::{Instance, Postmaster};
use crate::lock::DataLock;
use crate::orphan;
use crate::password;
use crate::reach;
use crate::socket;
use crate::state::State;
use crate::user::ServerUser;

const FIRST_BACKOFF: Duration = Duration::from_millis(100);
const LONGEST_BACKOFF: Duration = Duration::from_secs(10);
/// A server that ran this long was healthy: the next restart is quick again.
const HEALTHY: Duration = Duration::from_secs(60);

/// A running PostgreSQL that this process owns. When it dies, it is started again with the same [`Connection`].
///
/// Dropped without [`Server::stop`], it is told to stop, too, but nobody waits for it.
#[derive(Debug)]
pub struct Server {
    connection: Connection,
    version: String,
    pid: Arc<AtomicU32>,
    stop: oneshot::Sender<()>,
    supervisor: JoinHandle<Result<()>>,
}

impl Server {
    /// Finds PostgreSQL, makes the cluster if there is none, ends what a killed `ddb` left, starts the server and waits until it answers.
    pub async fn start(config: &Config) -> Result<Self> {
        let lock = DataLock::acquire(config)?;
        Self::start_with(config, lock).await
    }

    /// The same for a caller that holds the lock of the data directory already.
    pub async fn start_with(config: &Config, lock: DataLock) -> Result<Self> {
        let begin = Instant::now();
        let layout = Layout::new(&config.data_dir).map_err(Error::io("open", &config.data_dir))?;
        let cluster = layout.cluster();
        let data_major = cluster::major(&cluster)?;
        orphan::clear(&cluster, State::read(&layout.state())?.as_ref()).await?;
        cluster::remove_unfinished(&layout).await?;

        let launcher = Launcher::new(ServerUser::choose(&cluster)?);
        let programs = binaries::find(config, data_major, launcher.user())?;
        if data_major.is_some() {
            cluster::check(&cluster, &programs, &launcher)?;
        }
        let programs = reach::reachable(programs, launcher.user(), &layout.data_dir)?;

        let password = password(&layout, &programs, &launcher, data_major.is_some()).await?;

        socket::remove_left(&layout.data_dir);
        let socket_dir = socket::create(launcher.user(), &layout.data_dir)?;
        let connection = Connection::new(socket_dir.clone(), password);
        let version = programs.version.clone();
        let (memory, locks) = (config.memory, config.locks);
        let mut instance = Instance { layout, programs, launcher, memory, locks, state: State::new(socket_dir) };
        let postmaster = match start_instance(&mut instance).await {
            Ok(postmaster) => postmaster,
            Err(error) => {
                instance.clean_up();
                return Err(error);
            }
        };
        tracing::info!(version, pid = postmaster.pid, elapsed = ?begin.elapsed(), "PostgreSQL runs");

        let pid = Arc::new(AtomicU32::new(postmaster.pid));
        let (stop, stopped) = oneshot::channel();
        let supervisor = tokio::spawn(supervise(instance, postmaster, Arc::clone(&pid), stopped, lock));
        Ok(Self { connection, version, pid, stop, supervisor })
    }

    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Such as `18.6`.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The server's process now. It changes when PostgreSQL had to be started again; between two servers it is that of the dead one.
    pub fn pid(&self) -> u32 {
        self.pid.load(Ordering::Relaxed)
    }

    /// Ends all sessions, waits until everything is on disk and the processes are gone, and releases the data directory.
    pub async fn stop(self) -> Result<()> {
        // The supervisor ends by itself only when it is told to.
        let _ = self.stop.send(());
        match self.supervisor.await {
            Ok(result) => result,
            Err(error) => {
                Err(Error::Io { action: "stop", path: "the PostgreSQL supervisor".into(), source: std::io::Error::other(error) })
            }
        }
    }
}

/// The password of the cluster, which is made here where there is none. One that others may have read is replaced.
async fn password(layout: &Layout, programs: &Programs, launcher: &Launcher, has_cluster: bool) -> Result<String> {
    let path = layout.password();
    let known = password::read(&path)?;
    let reason = if known.is_some() { "others could read it" } else { "it was missing" };
    match known.filter(|known| !known.is_exposed) {
        Some(known) if has_cluster => Ok(known.password),
        // A start that was killed before it had made the cluster.
        Some(known) => {
            cluster::create(layout, programs, launcher, &known.password).await?;
            Ok(known.password)
        }
        // Until the file is written, the next start finds it as it was, and does the same again.
        None => {
            let password = password::generate();
            if has_cluster {
                tracing::warn!(path = %path.display(), reason, "ddb sets a new password for the database");
                cluster::set_password(layout, programs, launcher, &password).await?;
            } else {
                cluster::create(layout, programs, launcher, &password).await?;
            }
            password::write(&path, &password)?;
            Ok(password)
        }
    }
}

async fn start_instance(instance: &mut Instance) -> Result<Postmaster> {
    let mut postmaster = instance.spawn()?;
    instance.wait_until_ready(&mut postmaster).await?;
    Ok(postmaster)
}

/// Owns the server until it is told to stop (or the [`Server`] is dropped), and replaces it when it dies. It holds the lock of the data
/// directory until the end.
async fn supervise(
    mut instance: Instance,
    mut postmaster: Postmaster,
    pid: Arc<AtomicU32>,
    mut stop: oneshot::Receiver<()>,
    lock: DataLock,
) -> Result<()> {
    let cluster = instance.layout.cluster();
    let mut backoff = FIRST_BACKOFF;
    let mut started = Instant::now();
    loop {
        tokio::select! {
            _ = &mut stop => break,
            status = postmaster.wait() => {
                tracing::error!(pid = postmaster.pid, status, "PostgreSQL died; ddb starts it again");
            }
            () = instance.until_unreachable() => {
                // PostgreSQL makes its socket when it starts, and only then.
                let path = instance.state.socket_dir.display();
                tracing::error!(%path, "the directory of PostgreSQL's socket was removed; ddb starts PostgreSQL again");
                if let Err(error) = postmaster.stop(&cluster).await {
                    tracing::error!(%error, "PostgreSQL could not be stopped");
                }
            }
        }
        if started.elapsed() > HEALTHY {
            backoff = FIRST_BACKOFF;
        }
        let restarted = tokio::select! {
            _ = &mut stop => break,
            restarted = restart(&mut instance, &mut postmaster) => restarted,
        };
        started = Instant::now();
        match restarted {
            Ok(()) => {
                pid.store(postmaster.pid, Ordering::Relaxed);
                tracing::warn!(pid = postmaster.pid, "PostgreSQL runs again");
            }
            Err(error) => tracing::error!(%error, retry_in = ?backoff, "ddb could not start PostgreSQL again"),
        }
        tokio::select! {
            _ = &mut stop => break,
            () = tokio::time::sleep(backoff) => backoff = (backoff * 2).min(LONGEST_BACKOFF),
        }
    }
    let stopped = postmaster.stop(&cluster).await;
    instance.clean_up();
    drop(lock);
    stopped
}

/// The new server takes the place of the old one at once, so that whoever cancels this still owns it.
async fn restart(instance: &mut Instance, postmaster: &mut Postmaster) -> Result<()> {
    instance.make_way().await?;
    *postmaster = instance.spawn()?;
    instance.wait_until_ready(postmaster).await
}
