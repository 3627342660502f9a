use std::time::{Duration, Instant};

use crate::config::{Config, Layout};
use crate::connection::Connection;
use crate::error::{Error, Result};
use crate::lock::DataLock;
use crate::orphan::PidFile;
use crate::password;
use crate::process::Process;
use crate::server::Server;
use crate::state::State;

/// How long a `ddb` that holds the data directory may take until its server answers.
const TIMEOUT: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(20);

/// A server for the time of one command.
#[derive(Debug)]
pub enum Attached {
    /// It belongs to another process, which may stop it at any time.
    Running(Connection),
    /// There was none, so it was started, and ends with the command.
    Started(Server),
}

impl Attached {
    pub fn connection(&self) -> &Connection {
        match self {
            Self::Running(connection) => connection,
            Self::Started(server) => server.connection(),
        }
    }

    /// Stops only what was started for this command.
    pub async fn stop(self) -> Result<()> {
        match self {
            Self::Running(_) => Ok(()),
            Self::Started(server) => server.stop().await,
        }
    }
}

/// For the command line: the server that another `ddb` runs on this data directory, if one does, otherwise one of our own. A cluster is never made.
pub async fn attach_or_start(config: &Config) -> Result<Attached> {
    let deadline = Instant::now() + TIMEOUT;
    loop {
        let pid = match DataLock::acquire_existing(&config.data_dir) {
            Ok(lock) => return Server::start_with(config, lock).await.map(Attached::Started),
            Err(Error::Locked { pid, .. }) => pid,
            Err(error) => return Err(error),
        };
        if let Some(connection) = running(config)? {
            return Ok(Attached::Running(connection));
        }
        if Instant::now() > deadline {
            return Err(Error::NotAttachable { data_dir: config.data_dir.clone(), pid });
        }
        tokio::time::sleep(POLL).await;
    }
}

/// The connection to the server of the process that holds the lock, once it is ready.
fn running(config: &Config) -> Result<Option<Connection>> {
    let layout = Layout::new(&config.data_dir).map_err(Error::io("open", &config.data_dir))?;
    let Some(state) = State::read(&layout.state())? else { return Ok(None) };
    let Some(file) = PidFile::read(&layout.cluster()) else { return Ok(None) };
    let Some(process) = Process::open(file.pid) else { return Ok(None) };
    if !file.ready || !state.is_server(&process) {
        return Ok(None);
    }
    let known = password::read(&layout.password())?;
    Ok(known.map(|known| Connection::new(state.socket_dir, known.password)))
}
