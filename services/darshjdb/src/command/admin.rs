use std::io::{BufRead, IsTerminal, Write};

use clap::{ArgMatches, Args, Subcommand};
use ddb_core::{Error, Result};
use ddb_runtime::Definitions;
use serde_json::json;
use zeroize::Zeroizing;

use super::database::with_database;

#[derive(Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Make an account with the role admin; the first one has the role root too
    Create {
        #[arg(long, value_name = "ADDRESS")]
        email: String,
        /// Read the password from the first line of standard input, without asking
        #[arg(long)]
        password_stdin: bool,
    },
    /// List the admins
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

pub(crate) fn run(definitions: &Definitions, flags: &ArgMatches, arguments: &Arguments) -> Result<()> {
    match &arguments.command {
        Command::Create { email, password_stdin } => {
            let password = if *password_stdin { first_line()? } else { asked()? };
            let admin = with_database(definitions, flags, async |_, attachment| {
                ddb_auth::admin::create(&attachment.database, email, password).await
            })?;
            println!("{} is {} with the roles {}", admin.email, admin.id, admin.roles.join(", "));
        }
        Command::List { json } => {
            let admins =
                with_database(definitions, flags, async |_, attachment| ddb_auth::admin::list(&attachment.database).await)?;
            if *json {
                let admins: Vec<_> = admins
                    .iter()
                    .map(|admin| json!({ "id": admin.id, "email": admin.email, "roles": admin.roles, "created": admin.created }))
                    .collect();
                println!("{:#}", serde_json::Value::from(admins));
            } else {
                admins.iter().for_each(|admin| println!("{}  {}  {}", admin.id, admin.email, admin.roles.join(",")));
            }
        }
    }
    Ok(())
}

fn first_line() -> Result<Zeroizing<String>> {
    let mut line = Zeroizing::new(String::new());
    std::io::stdin().lock().read_line(&mut line).map_err(Error::internal)?;
    let length = line.trim_end_matches(['\r', '\n']).len();
    line.truncate(length);
    Ok(line)
}

/// Twice, because what is typed is not shown.
fn asked() -> Result<Zeroizing<String>> {
    if !std::io::stdin().is_terminal() {
        return Err(Error::bad_request("standard input is no terminal to ask for a password; use --password-stdin"));
    }
    let first = hidden("Password: ")?;
    if *first != *hidden("Once more: ")? {
        return Err(Error::bad_request("the two passwords differ"));
    }
    Ok(first)
}

fn hidden(prompt: &str) -> Result<Zeroizing<String>> {
    use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};

    let terminal = std::io::stdin();
    let before = tcgetattr(&terminal).map_err(|error| Error::internal(std::io::Error::from(error)))?;
    let mut silent = before.clone();
    silent.local_modes.remove(LocalModes::ECHO);
    eprint!("{prompt}");
    std::io::stderr().flush().map_err(Error::internal)?;
    tcsetattr(&terminal, OptionalActions::Flush, &silent).map_err(|error| Error::internal(std::io::Error::from(error)))?;
    let line = first_line();
    // Restored whatever came, or the terminal would stay mute.
    let restored = tcsetattr(&terminal, OptionalActions::Flush, &before);
    eprintln!();
    restored.map_err(|error| Error::internal(std::io::Error::from(error)))?;
    line
}
