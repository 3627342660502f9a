use std::process::ExitCode;

use clap::{ArgMatches, CommandFactory, FromArgMatches, Parser, Subcommand};
use ddb_core::Result;
use ddb_runtime::{Config, Definitions, exit_code, main_of};

use crate::command::{admin, backup, completions, erasures, keys, rebuild, restore, start, status, verify};
use crate::compose;
use crate::version::version;

/// A self-hosted backend: accounts, permissions and records over PostgreSQL, in one program.
#[derive(Parser)]
#[command(name = "ddb", version)]
struct Line {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the server
    Start,
    /// Show what the database holds, how it grows and which settings are in force
    Status(status::Arguments),
    /// Check the log against its hash chain, and the records against the log
    Verify(verify::Arguments),
    /// Make the records anew from the log
    Rebuild(rebuild::Arguments),
    /// Write one state of everything into a file; a server may go on writing meanwhile
    Backup(backup::Arguments),
    /// Fill a new data directory or an empty database from a backup
    Restore(restore::Arguments),
    /// Print the list of what was erased, one JSON object a line, for restoring an older backup
    Erasures,
    /// Make and list admins
    Admin(admin::Arguments),
    /// The keys that sign access tokens
    Keys(keys::Arguments),
    /// Print a completion script for a shell
    Completions(completions::Arguments),
}

/// The settings that tell a command which database to work on; the others are taken too, but not shown in its help.
const OF_COMMANDS: [&str; 3] = ["config", "data_dir", "database_url"];

/// The program `ddb`.
pub fn ddb() -> ExitCode {
    let flags = line().get_matches();
    let line = match Line::from_arg_matches(&flags) {
        Ok(line) => line,
        Err(error) => error.exit(),
    };
    exit_code("ddb", run(line.command, leaf(&flags)))
}

/// The program `ddb-server`.
pub fn ddb_server() -> ExitCode {
    main_of("ddb-server", definitions(), ddb_auth::Config::read, compose::services)
}

/// The settings as `REFERENCE.md` shows them.
pub fn settings_table() -> String {
    definitions().markdown()
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
        Command::Completions(arguments) => {
            completions::run(line(), &arguments);
            Ok(())
        }
    }
}

fn definitions() -> Definitions {
    Definitions::new(&[Config::SETTINGS, ddb_auth::Config::SETTINGS])
}

fn line() -> clap::Command {
    let with_settings = |command: clap::Command, shows_all: bool| {
        let arguments = definitions().arguments().into_iter().map(|argument| {
            let hidden = !shows_all && !OF_COMMANDS.contains(&argument.get_id().as_str());
            argument.global(true).hide(hidden).help_heading("Settings")
        });
        command.args(arguments)
    };
    let mut line = Line::command().version(version());
    for name in ["start", "status", "verify", "rebuild", "backup", "restore", "erasures", "admin", "keys"] {
        line = line.mut_subcommand(name, |command| with_settings(command, name == "start"));
    }
    line
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
    fn the_command_line_is_well_formed() {
        line().debug_assert();
    }

    #[test]
    fn settings_are_taken_on_every_level() {
        for words in [
            &["ddb", "start", "--data-dir", "x"][..],
            &["ddb", "admin", "--data-dir", "x", "list"],
            &["ddb", "admin", "list", "--data-dir", "x"],
        ] {
            let flags = line().try_get_matches_from(words).expect("a good line");
            assert_eq!(leaf(&flags).get_one::<String>("data_dir").map(String::as_str), Some("x"), "{words:?}");
        }
    }
}
