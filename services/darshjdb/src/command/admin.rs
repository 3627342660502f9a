use std::io::IsTerminal;

use clap::{ArgMatches, Args, Subcommand};
use ddb_auth::admin::{AccountSummary, LastAdmin, Role, RoleChange};
use ddb_core::{Error, NamespaceName, Result};
use ddb_runtime::Definitions;
use serde_json::json;
use zeroize::Zeroizing;

use super::count::count;
use super::database::{namespace, with_database};
use super::secret_line;
use crate::output;

#[derive(Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
    /// The namespace whose accounts these are
    #[arg(long, global = true, value_name = "NAME", default_value = NamespaceName::MAIN)]
    namespace: String,
}

#[derive(Subcommand)]
enum Command {
    /// Make an account with the role admin; the first one of the namespace main also gets the role root
    Create {
        #[arg(long, value_name = "ADDRESS")]
        email: String,
        /// Read the password from the first line of standard input, without asking
        #[arg(long)]
        password_stdin: bool,
    },
    /// Add or remove roles of an account; a running server follows within a second
    #[command(group = clap::ArgGroup::new("change").required(true).multiple(true))]
    Roles {
        #[arg(long, value_name = "ADDRESS")]
        email: String,
        /// A role to add: admin, root, or a role of your app
        #[arg(long, value_name = "ROLE", group = "change")]
        add: Vec<String>,
        /// A role to remove
        #[arg(long, value_name = "ROLE", group = "change")]
        remove: Vec<String>,
        /// Even if no admin is left
        #[arg(long)]
        force: bool,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Ban an account: its sessions end, and a running server refuses its tokens within a second
    Ban {
        #[arg(long, value_name = "ADDRESS")]
        email: String,
        /// Even if no admin is left
        #[arg(long)]
        force: bool,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Lift a ban; the user then signs in again
    Unban {
        #[arg(long, value_name = "ADDRESS")]
        email: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// List the admins
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

pub(crate) fn run(definitions: &Definitions, flags: &ArgMatches, arguments: &Arguments) -> Result<()> {
    let name = NamespaceName::parse(&arguments.namespace)?;
    match &arguments.command {
        Command::Create { email, password_stdin } => {
            let password = if *password_stdin { secret_line::read("password")? } else { asked()? };
            let admin = with_database(definitions, flags, async |_, attachment| {
                let namespace = namespace(attachment, &name).await?;
                ddb_auth::admin::create(&attachment.database, namespace, email, password).await
            })?;
            output::result(&sentence(&admin))
        }
        Command::Roles { email, add, remove, force, json } => {
            let change = RoleChange { add: roles(add)?, remove: roles(remove)? };
            let account = with_database(definitions, flags, async |_, attachment| {
                let namespace = namespace(attachment, &name).await?;
                ddb_auth::admin::change_roles(&attachment.database, namespace, email, &change, last_admin(*force)).await
            })?;
            output::either(*json, &as_json(&account), &sentence(&account))
        }
        Command::Ban { email, force, json } => {
            let banned = with_database(definitions, flags, async |_, attachment| {
                let namespace = namespace(attachment, &name).await?;
                ddb_auth::admin::ban(&attachment.database, namespace, email, last_admin(*force)).await
            })?;
            let mut shown = as_json(&banned.account);
            shown["ended_sessions"] = banned.ended_sessions.into();
            let ended = count(banned.ended_sessions, "session");
            output::either(*json, &shown, &format!("{} is banned; {ended} ended", banned.account.email))
        }
        Command::Unban { email, json } => {
            let account = with_database(definitions, flags, async |_, attachment| {
                let namespace = namespace(attachment, &name).await?;
                ddb_auth::admin::unban(&attachment.database, namespace, email).await
            })?;
            output::either(*json, &as_json(&account), &format!("{} can sign in again", account.email))
        }
        Command::List { json } => {
            let admins = with_database(definitions, flags, async |_, attachment| {
                let namespace = namespace(attachment, &name).await?;
                ddb_auth::admin::list(&attachment.database, namespace).await
            })?;
            let lines: Vec<_> = admins.iter().map(line).collect();
            if lines.is_empty() && !json {
                output::note("there is no admin yet; make one with `ddb admin create`\n");
                return Ok(());
            }
            output::either(*json, &admins.iter().map(as_json).collect(), &lines.join("\n"))
        }
    }
}

fn as_json(account: &AccountSummary) -> serde_json::Value {
    let AccountSummary { id, email, roles, banned, created } = account;
    json!({ "id": id, "email": email, "roles": roles, "banned": banned, "created": created })
}

fn sentence(account: &AccountSummary) -> String {
    let roles = if account.roles.is_empty() { "no roles".to_owned() } else { format!("the roles {}", account.roles.join(", ")) };
    format!("{} is {} with {roles}", account.email, account.id)
}

fn line(account: &AccountSummary) -> String {
    let banned = if account.banned { "  banned" } else { "" };
    format!("{}  {}  {}{banned}", account.id, account.email, account.roles.join(","))
}

fn roles(names: &[String]) -> Result<Vec<Role>> {
    names.iter().map(|name| Role::parse(name)).collect()
}

fn last_admin(force: bool) -> LastAdmin {
    if force { LastAdmin::MayGo } else { LastAdmin::Stays }
}

/// Twice, because what is typed is not shown.
fn asked() -> Result<Zeroizing<String>> {
    if !std::io::stdin().is_terminal() {
        return Err(Error::bad_request("standard input is no terminal, so ddb cannot ask for a password; use --password-stdin"));
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
    output::note(prompt);
    tcsetattr(&terminal, OptionalActions::Flush, &silent).map_err(|error| Error::internal(std::io::Error::from(error)))?;
    let line = secret_line::read("password");
    // Restored whatever came, or the terminal would stay mute.
    let restored = tcsetattr(&terminal, OptionalActions::Flush, &before);
    output::note("\n");
    restored.map_err(|error| Error::internal(std::io::Error::from(error)))?;
    line
}
