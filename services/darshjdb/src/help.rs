//! How the command line explains itself: commands and settings in groups, with examples.

use clap::{CommandFactory, builder::StyledStr};
use ddb_runtime::{Definitions, Setting};

use crate::cli::Line;
use crate::version::version;

/// The widest line of help.
const WIDTH: usize = 100;

/// The commands in the order of their use.
const COMMANDS: [(&str, &[&str]); 4] = [
    ("Run", &["start", "status"]),
    ("Accounts", &["admin", "keys"]),
    ("Save and check", &["backup", "restore", "erasures", "verify", "rebuild"]),
    ("Shell", &["completions", "help"]),
];

/// The settings by what they are about. One that stands nowhere here is shown under `OTHER`.
const SETTINGS: [(&str, &[&str]); 8] = [
    ("Where the data lies", &["config", "data_dir", "database_url", "postgres_dir", "nats_url"]),
    (
        "Where the server listens",
        &["bind", "tls_cert", "tls_key", "hsts_max_age", "cors_origins", "trusted_proxies", "proxy_header"],
    ),
    ("Accounts", &["admin_email", "issuer", "root", "signup_limit"]),
    ("Tables", &["implicit_tables", "implicit_tables_limit", "implicit_tables_per_user"]),
    ("Rate limits", &["rate_limit_network", "rate_limit_anonymous", "rate_limit_account"]),
    ("Connections", &["max_connections", "max_connections_per_network"]),
    ("Memory", &["memory_limit", "answer_cache"]),
    ("Log and metrics", &["log", "log_format", "slow_query", "otlp_endpoint"]),
];
const OTHER: &str = "Other settings";

/// The settings that tell a command which database to work on. A command takes the others too, but its help does not show them.
const OF_COMMANDS: [&str; 3] = ["config", "data_dir", "database_url"];
const WITH_SETTINGS: [&str; 9] = ["start", "status", "verify", "rebuild", "backup", "restore", "erasures", "admin", "keys"];

const EXAMPLES: &str = "\
Examples:
  ddb start                                      serve on http://localhost:7700, data in ./ddb-data
  ddb admin create --email you@example.com       make the first admin, also while the server runs
  ddb status                                     what there is and how fast it grows
  ddb backup today.ddb                           save everything, also while the server runs
  ddb restore today.ddb --data-dir other         fill a new data directory from it
  ddb help start                                 all settings

Exit status: 0 done, 1 failed, 2 wrong command line, 141 the reader of the output is gone (as for SIGPIPE).";

const EXAMPLES_OF_START: &str = "\
Examples:
  ddb start
  ddb start --bind 0.0.0.0:443 --tls-cert cert.pem --tls-key key.pem
  DATABASE_URL=postgres://user:password@localhost/db ddb start
  ddb start --config ddb.toml                    one `name = value` a line, names with `_` instead of `-`";

const EXAMPLES_OF: [(&str, &str); 8] = [
    (
        "status",
        "Examples:\n  ddb status\n  ddb status --settings                          also the settings that have their default\n  ddb status --json",
    ),
    (
        "verify",
        "Examples:\n  ddb verify\n  ddb verify --expect-head HASH                  a hash that `ddb status` showed earlier\n  ddb verify --proof proof.json                  without a database\n  ddb verify --url https://db.example.com --token-stdin < token",
    ),
    ("rebuild", "Example:\n  ddb rebuild"),
    ("backup", "Examples:\n  ddb backup today.ddb\n  ddb backup - | ssh elsewhere 'cat > today.ddb'"),
    (
        "restore",
        "Examples:\n  ddb restore today.ddb --data-dir other\n  ssh elsewhere cat today.ddb | ddb restore - --data-dir other\n  ddb restore old.ddb --erasures erased.jsonl    erases what was erased since",
    ),
    ("erasures", "Example:\n  ddb erasures > erased.jsonl                    keep it apart from the backups"),
    (
        "admin",
        "Examples:\n  ddb admin create --email you@example.com\n  ddb admin create --email you@example.com --password-stdin < password\n  ddb admin list\n  ddb admin roles --email you@example.com --add root\n  ddb admin ban --email someone@example.com",
    ),
    ("keys", "Example:\n  ddb keys rotate"),
];

/// The whole command line.
pub(crate) fn line(definitions: &Definitions) -> clap::Command {
    let mut line = Line::command().version(version()).max_term_width(WIDTH).after_help(EXAMPLES);
    for name in WITH_SETTINGS {
        line = line.mut_subcommand(name, |command| with_settings(command, definitions, name == "start"));
    }
    for (name, examples) in EXAMPLES_OF {
        line = line.mut_subcommand(name, |command| command.after_help(examples));
    }
    line = line.mut_subcommand("start", |command| command.after_help(of_start(definitions)));
    let template = of_commands(&line);
    line.help_template(template)
}

/// Clap has no groups of commands; the rest of the page is its own.
fn of_commands(line: &clap::Command) -> String {
    let mut text = String::from("{about-with-newline}\n{usage-heading} {usage}\n");
    for (group, names) in COMMANDS {
        text += &format!("\n{group}:\n");
        for name in names {
            let about = line.find_subcommand(name).and_then(clap::Command::get_about).map(StyledStr::to_string);
            text += &format!("  {name:12} {}\n", about.unwrap_or_else(|| "Explain a command: ddb help COMMAND".to_owned()));
        }
    }
    text + "\nOptions:\n{options}{after-help}"
}

fn with_settings(command: clap::Command, definitions: &Definitions, shows_all: bool) -> clap::Command {
    let mut arguments: Vec<_> =
        definitions.arguments().into_iter().map(|argument| (heading(argument.get_id().as_str()), argument)).collect();
    // Clap shows the headings in the order of their first argument.
    arguments.sort_by_key(|((position, _), _)| *position);
    command.args(arguments.into_iter().map(|((_, heading), argument)| {
        let hidden = !shows_all && !OF_COMMANDS.contains(&argument.get_id().as_str());
        argument.global(true).hide(hidden).help_heading(heading)
    }))
}

/// The heading of a setting and its position.
fn heading(setting: &str) -> (usize, &'static str) {
    let found = SETTINGS.iter().enumerate().find(|(_, (_, names))| names.contains(&setting));
    found.map_or((SETTINGS.len(), OTHER), |(position, (heading, _))| (position, heading))
}

fn of_start(definitions: &Definitions) -> String {
    let secrets: Vec<String> = definitions.iter().filter(|setting| setting.secret).map(of_secret).collect();
    format!(
        "Secrets (variables or keys of the file, without a flag, because everybody on the machine can read command lines):\n{}\n\n{EXAMPLES_OF_START}",
        secrets.join("\n")
    )
}

fn of_secret(setting: &Setting) -> String {
    format!("  {:20} {}", setting.variable(), setting.help)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ddb_runtime::Config;

    fn definitions() -> Definitions {
        Definitions::new(&[Config::SETTINGS, ddb_auth::Config::SETTINGS])
    }

    #[test]
    fn the_command_line_is_well_formed() {
        line(&definitions()).debug_assert();
    }

    /// Mutant: a command or a setting is taken out of its group.
    #[test]
    fn every_command_and_every_setting_has_its_group() {
        let line = line(&definitions());
        for command in line.get_subcommands().map(clap::Command::get_name) {
            assert!(COMMANDS.iter().any(|(_, names)| names.contains(&command)), "{command}");
        }
        for setting in definitions().iter().filter(|setting| !setting.secret) {
            assert_ne!(heading(setting.name).1, OTHER, "{}", setting.name);
        }
        for name in SETTINGS.iter().flat_map(|(_, names)| *names) {
            assert!(*name == "config" || definitions().iter().any(|setting| setting.name == *name), "there is no setting {name}");
        }
    }
}
