use std::process::ExitCode;

use clap::{ArgMatches, FromArgMatches, Parser, Subcommand};
use ddb_core::Result;
use ddb_runtime::{Config, Definitions, exit_code, main_of, misused};

use crate::command::{admin, backup, completions, erasures, keys, rebuild, restore, start, status, verify};
use crate::{compose, help, output};

/// A self-hosted backend: accounts, permissions and records over PostgreSQL, in one program
#[derive(Parser)]
#[command(name = "ddb", version)]
pub(crate) struct Line {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the server
    Start,
    /// Show what the database holds, how fast it grows, and which settings are not default
    Status(status::Arguments),
    /// Check the log against its hash chain, and the records against the log
    Verify(verify::Arguments),
    /// Rebuild the records from the log
    Rebuild(rebuild::Arguments),
    /// Save one state of everything in a file; a server may run meanwhile
    Backup(backup::Arguments),
    /// Fill a new data directory or an empty database from a backup
    Restore(restore::Arguments),
    /// Print the list of what was erased, for restoring an older backup
    Erasures,
    /// Make and list admins, change roles, ban accounts
    Admin(admin::Arguments),
    /// Change the key that signs access tokens
    Keys(keys::Arguments),
    /// Print a completion script for a shell
    Completions(completions::Arguments),
}

/// The program `ddb`.
pub fn ddb() -> ExitCode {
    let flags = match help::line(&definitions()).try_get_matches() {
        Ok(flags) => flags,
        Err(error) => return not_run(&error),
    };
    let line = match Line::from_arg_matches(&flags) {
        Ok(line) => line,
        Err(error) => return not_run(&error),
    };
    exit(run(line.command, leaf(&flags)))
}

/// The program `ddb-server`.
pub fn ddb_server() -> ExitCode {
    main_of("ddb-server", definitions(), ddb_auth::Config::read, compose::services)
}

/// The settings as `REFERENCE.md` shows them.
pub fn settings_table() -> String {
    definitions().markdown()
}

fn exit(result: Result<()>) -> ExitCode {
    match result {
        Err(error) if output::has_no_reader(&error) => ExitCode::from(output::NO_READER),
        result => exit_code("ddb", result),
    }
}

/// Help and version are results, and end as results do.
fn not_run(error: &clap::Error) -> ExitCode {
    if error.use_stderr() {
        return misused("ddb", error);
    }
    exit(error.print().map_err(|error| output::failed(&error)))
}

fn run(command: Command, flags: &ArgMatches) -> Result<()> {
    let definitions = definitions();
    // A command says what it does itself; the log is for what it did not expect.
    let quiet = || definitions.clone().with_default("log", "warn");
    match command {
        Command::Start => start::run(&definitions, flags),
        Command::Status(arguments) => status::run(&definitions, &quiet(), flags, &arguments),
        Command::Verify(arguments) => verify::run(&quiet(), flags, &arguments),
        Command::Rebuild(arguments) => rebuild::run(&quiet(), flags, &arguments),
        Command::Backup(arguments) => backup::run(&quiet(), flags, &arguments),
        Command::Restore(arguments) => restore::run(&quiet(), flags, &arguments),
        Command::Erasures => erasures::run(&quiet(), flags),
        Command::Admin(arguments) => admin::run(&quiet(), flags, &arguments),
        Command::Keys(arguments) => keys::run(&quiet(), flags, &arguments),
        Command::Completions(arguments) => completions::run(help::line(&definitions), &arguments),
    }
}

fn definitions() -> Definitions {
    Definitions::new(&[Config::SETTINGS, ddb_auth::Config::SETTINGS])
}

/// The matches of the innermost command, which hold the settings too.
fn leaf(flags: &ArgMatches) -> &ArgMatches {
    match flags.subcommand() {
        Some((_, inner)) => leaf(inner),
        None => flags,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_taken_on_every_level() {
        for words in [
            &["ddb", "start", "--data-dir", "x"][..],
            &["ddb", "admin", "--data-dir", "x", "list"],
            &["ddb", "admin", "list", "--data-dir", "x"],
        ] {
            let flags = help::line(&definitions()).try_get_matches_from(words).expect("a good line");
            assert_eq!(leaf(&flags).get_one::<String>("data_dir").map(String::as_str), Some("x"), "{words:?}");
        }
    }
}
