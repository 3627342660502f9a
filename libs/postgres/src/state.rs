use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::password::write_private;
use crate::process::{self, Process, Started};

/// What one run of `ddb` leaves on disk about its server, for the command line (to reach it) and for the next run (to recognise it).
/// It is written before the server is started, so that there is no moment at which a server is unknown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct State {
    /// Random and new in each run; it stands on the server's command line, too.
    pub(crate) socket_dir: PathBuf,
    pub(crate) boot: String,
    pub(crate) server: Option<(u32, Started)>,
}

impl State {
    pub(crate) fn new(socket_dir: PathBuf) -> Self {
        Self { socket_dir, boot: process::boot(), server: None }
    }

    /// `None` when there is none, or it cannot be understood (another version's, or cut off by a power failure).
    pub(crate) fn read(path: &Path) -> Result<Option<Self>> {
        match fs::read_to_string(path) {
            Ok(text) => Ok(Self::parse(&text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::io("read", path)(error)),
        }
    }

    pub(crate) fn write(&self, path: &Path) -> Result<()> {
        let new = path.with_extension("state.new");
        match fs::remove_file(&new) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(Error::io("write", &new)(error)),
            _ => {}
        }
        write_private(&new, &self.print())?;
        fs::rename(&new, path).map_err(Error::io("write", path))
    }

    /// Whether `process` is the server that this state tells of.
    pub(crate) fn is_server(&self, process: &Process) -> bool {
        let named = socket_argument(&self.socket_dir);
        let started_matches = match &self.server {
            Some((pid, started)) if *pid == process.pid => *started == process.started,
            // Started, but killed before the pid could be written, or restarted since: the random name decides.
            _ => true,
        };
        self.boot == process::boot() && started_matches && process.arguments().contains(&named)
    }

    fn print(&self) -> String {
        let mut text = format!("socket_dir={}\nboot={}\n", self.socket_dir.display(), self.boot);
        if let Some((pid, Started(started))) = &self.server {
            text.push_str(&format!("pid={pid}\nstarted={started}\n"));
        }
        text
    }

    fn parse(text: &str) -> Option<Self> {
        let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('=')).map(str::to_owned);
        let server = match (field("pid"), field("started")) {
            (Some(pid), Some(started)) => Some((pid.parse().ok()?, Started(started))),
            _ => None,
        };
        Some(Self { socket_dir: PathBuf::from(field("socket_dir")?), boot: field("boot")?, server })
    }
}

/// How the server's command line names its socket directory.
pub(crate) fn socket_argument(socket_dir: &Path) -> String {
    format!("unix_socket_directories={}", socket_dir.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let mut state = State { socket_dir: "/tmp/ddb-1".into(), boot: "b".into(), server: None };
        assert_eq!(State::parse(&state.print()), Some(state.clone()));
        state.server = Some((7, Started("8".into())));
        assert_eq!(State::parse(&state.print()), Some(state));
    }

    #[test]
    fn nonsense_is_no_state() {
        for text in ["", "socket_dir=/x", "socket_dir=/x\nboot=b\npid=z\nstarted=1"] {
            assert_eq!(State::parse(text), None, "{text}");
        }
    }
}
