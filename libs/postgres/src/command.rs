use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::process::Command;

use crate::error::{Error, Result};
use crate::names;
use crate::user::ServerUser;

/// How the programs of PostgreSQL are started: as which user, and how they see their directory.
///
/// A user who may not traverse the path to the directory (a home with mode 0700) can still work in it through an inherited descriptor of it.
/// The descriptor travels as standard input, and the shell moves it to number 3: so no other child of this process can inherit it by
/// accident, and no unsafe code between fork and exec is needed. The shell replaces itself, so the pid stays.
#[derive(Debug, Clone)]
pub(crate) struct Launcher {
    user: Option<ServerUser>,
}

const INHERITED: &str = "/proc/self/fd/3";
const MOVE_DESCRIPTOR: &str = r#"exec 3<&0 <"$0"; exec "$@""#;
/// With a library for the program, and not for the shell, which could not reach it yet.
const MOVE_DESCRIPTOR_AND_PRELOAD: &str = r#"exec 3<&0 <"$0"; export LD_PRELOAD="$1"; shift; exec "$@""#;

impl Launcher {
    pub(crate) fn new(user: Option<ServerUser>) -> Self {
        Self { user }
    }

    pub(crate) fn user(&self) -> Option<&ServerUser> {
        self.user.as_ref()
    }

    fn by_descriptor(&self) -> bool {
        cfg!(target_os = "linux") && self.user.is_some()
    }

    /// The name by which the started program knows `directory`.
    pub(crate) fn seen(&self, directory: &Path) -> PathBuf {
        if self.by_descriptor() { PathBuf::from(INHERITED) } else { directory.to_owned() }
    }

    /// The user that the programs run as.
    fn uid(&self) -> u32 {
        self.user.as_ref().map_or_else(|| rustix::process::geteuid().as_raw(), |user| user.uid)
    }

    /// `initdb` and the server for a single user ask for the name of their user and end where there is none, as in a container that runs as a number
    /// (`runAsUser: 54321`). Then a library is put into `directory` that answers for it; its name is for [`Self::command_with`].
    pub(crate) fn names_for_nameless(&self, directory: &Path) -> Result<Option<&'static str>> {
        if names::has_name(self.uid()) {
            return Ok(None);
        }
        let placed = names::place(directory)?;
        if let (Some(name), Some(user)) = (placed, &self.user) {
            user.take_tree(&directory.join(name))?;
        }
        Ok(placed)
    }

    /// `program` with `directory` at hand, reading standard input from `input`, a file in `directory` (or nothing).
    ///
    /// The environment is empty but for what is named here: that of `ddb` holds secrets, which nobody who gets the server to run a
    /// program shall read, and variables such as `PGOPTIONS` would change what the server does.
    pub(crate) fn command(&self, program: &Path, directory: &Path, input: Option<&str>) -> Result<Command> {
        self.command_with(program, directory, input, None)
    }

    /// The same with a library in `directory` that is loaded before all others.
    pub(crate) fn command_with(
        &self,
        program: &Path,
        directory: &Path,
        input: Option<&str>,
        preload: Option<&str>,
    ) -> Result<Command> {
        let mut command;
        if self.by_descriptor() {
            let input = input.map_or_else(|| PathBuf::from("/dev/null"), |name| Path::new(INHERITED).join(name));
            command = Command::new("/bin/sh");
            command.arg("-c").arg(if preload.is_some() { MOVE_DESCRIPTOR_AND_PRELOAD } else { MOVE_DESCRIPTOR }).arg(input);
            command.args(preload.map(|name| self.seen(directory).join(name))).arg(program);
            command.stdin(Stdio::from(File::open(directory).map_err(Error::io("open", directory))?));
        } else {
            command = Command::new(program);
            match input {
                Some(name) => {
                    let path = directory.join(name);
                    command.stdin(Stdio::from(File::open(&path).map_err(Error::io("open", &path))?));
                }
                None => {
                    command.stdin(Stdio::null());
                }
            }
        }
        command.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin").env("LC_ALL", "C").env("TZ", "UTC");
        if let Some(libraries) = std::env::var_os("LD_LIBRARY_PATH") {
            command.env("LD_LIBRARY_PATH", libraries);
        }
        if let Some(name) = preload.filter(|_| !self.by_descriptor()) {
            command.env("LD_PRELOAD", directory.join(name));
        }
        command.current_dir("/");
        // A Ctrl-C in the terminal is for `ddb`, which stops its server last.
        command.process_group(0);
        if let Some(user) = &self.user {
            // The standard library drops the supplementary groups along with root.
            command.uid(user.uid).gid(user.gid);
        }
        Ok(command)
    }
}
