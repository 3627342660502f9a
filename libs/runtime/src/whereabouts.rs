use std::path::{Path, PathBuf};

use crate::config::Config;

/// Where program and data of this process lie, for people at this machine.
#[derive(Debug, Clone)]
pub(crate) struct Whereabouts {
    /// `ddb`, the command line.
    program: PathBuf,
    /// None: in the PostgreSQL of `DATABASE_URL`.
    pub(crate) data_dir: Option<PathBuf>,
}

impl Whereabouts {
    pub(crate) fn of(config: &Config) -> Self {
        let data_dir = config.data_dir.as_deref().filter(|_| config.database_url.is_none());
        let data_dir = data_dir.map(|path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned()));
        Self { program: std::env::current_exe().map_or_else(|_| COMMAND.into(), |running| command_of(&running)), data_dir }
    }

    /// What to type in a shell of this machine to make the first admin.
    pub(crate) fn make_admin(&self) -> String {
        let command = format!("{} admin create --email you@example.com", in_shell(&self.program));
        match &self.data_dir {
            Some(data_dir) => format!("{command} --data-dir {}", in_shell(data_dir)),
            // Not with the address, which holds a password.
            None => format!("DATABASE_URL='the same' {command}"),
        }
    }

    pub(crate) fn data(&self) -> String {
        match &self.data_dir {
            Some(data_dir) => data_dir.display().to_string(),
            None => "the PostgreSQL of DATABASE_URL".to_owned(),
        }
    }
}

const COMMAND: &str = "ddb";
const SERVERS: [&str; 3] = ["ddb-server", "ddb-auth", "ddb-query"];

/// The program that has the commands: the running one, or for a server without commands the one beside it.
fn command_of(running: &Path) -> PathBuf {
    let is_server = running.file_name().and_then(|name| name.to_str()).is_some_and(|name| SERVERS.contains(&name));
    if !is_server {
        return running.to_owned();
    }
    let command = running.with_file_name(COMMAND);
    if command.is_file() { command } else { COMMAND.into() }
}

/// A path as a word of a shell.
fn in_shell(path: &Path) -> String {
    let text = path.display().to_string();
    let is_plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/._-+".contains(&byte));
    if is_plain { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_can_be_typed_as_it_stands() {
        let at = |program: &str, data_dir: Option<&str>| Whereabouts {
            program: program.into(),
            data_dir: data_dir.map(PathBuf::from),
        };
        assert_eq!(
            at("/opt/it's/ddb", Some("/var/lib/my data")).make_admin(),
            r"'/opt/it'\''s/ddb' admin create --email you@example.com --data-dir '/var/lib/my data'"
        );
        assert!(at("ddb", None).make_admin().starts_with("DATABASE_URL="));
        assert_eq!(command_of(Path::new("/nowhere/ddb-server")), Path::new("ddb"));
        assert_eq!(command_of(Path::new("/opt/ddb-0.1.0-x86_64")), Path::new("/opt/ddb-0.1.0-x86_64"));
    }
}
