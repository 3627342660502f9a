use std::ffi::OsString;
use std::path::Path;

use clap::ArgMatches;
use ddb_core::Result;
use ddb_runtime::{Definitions, Services, Settings, Shared, serve};

use crate::compose;

const DEFAULT_DATA_DIR: &str = "./ddb-data";

/// The settings of the services.
pub(crate) struct Own {
    auth: ddb_auth::Config,
    data_dir: Option<String>,
    is_elsewhere: bool,
}

pub(crate) fn run(definitions: &Definitions, flags: &ArgMatches) -> Result<()> {
    serve("ddb", definitions, flags, read, services)
}

pub(crate) fn read(settings: &Settings) -> Result<Own> {
    Ok(Own {
        auth: ddb_auth::Config::read(settings)?,
        data_dir: settings.text("data_dir").map(str::to_owned),
        is_elsewhere: settings.text("database_url").is_some(),
    })
}

pub(crate) async fn services(own: Own, shared: &Shared) -> Result<Services> {
    let hint = hint(&own, std::env::args_os().next());
    let all = compose::services(own.auth, shared).await?;
    let has_admin = ddb_auth::admin::exists(&shared.database).await?;
    Ok(Services { all, hint: (!has_admin).then_some(hint) })
}

/// How the first admin is made, as a line for the shell in which this program was started.
fn hint(own: &Own, program: Option<OsString>) -> String {
    let program = program.unwrap_or_else(|| "ddb".into());
    // The commands are those of `ddb`, which lies beside it.
    let program = match Path::new(&program) {
        server if server.file_name().is_some_and(|name| name == "ddb-server") => server.with_file_name("ddb"),
        program => program.to_owned(),
    };
    let mut command = format!("{} admin create --email you@example.com", quoted(&program.to_string_lossy()));
    if own.is_elsewhere {
        return format!("There is no admin yet. Make one, with the same DATABASE_URL: {command}");
    }
    if let Some(data_dir) = own.data_dir.as_deref().filter(|data_dir| *data_dir != DEFAULT_DATA_DIR) {
        command += &format!(" --data-dir {}", quoted(data_dir));
    }
    format!("There is no admin yet. Make one: {command}")
}

/// A word as shells read it.
fn quoted(text: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "/._-+:@%,=".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) { text.to_owned() } else { format!("'{}'", text.replace('\'', "'\\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(data_dir: &str, is_elsewhere: bool) -> Own {
        Own { auth: ddb_auth::Config::default(), data_dir: Some(data_dir.to_owned()), is_elsewhere }
    }

    /// Mutants: the data directory is left out; it is not quoted.
    #[test]
    fn the_first_admin_is_made_by_the_line_that_is_shown() {
        for (program, data_dir, is_elsewhere, line) in [
            ("target/debug/ddb", "./ddb-data", false, "Make one: target/debug/ddb admin create --email you@example.com"),
            ("ddb", "/srv/ddb", false, "Make one: ddb admin create --email you@example.com --data-dir /srv/ddb"),
            ("/opt/my ddb", "it's", false, "Make one: '/opt/my ddb' admin create --email you@example.com --data-dir 'it'\\''s'"),
            (
                "/usr/bin/ddb-server",
                "x",
                true,
                "Make one, with the same DATABASE_URL: /usr/bin/ddb admin create --email you@example.com",
            ),
        ] {
            assert_eq!(hint(&own(data_dir, is_elsewhere), Some(program.into())), format!("There is no admin yet. {line}"));
        }
    }
}
