use clap::{ArgMatches, Args, Subcommand};
use ddb_core::Result;
use ddb_runtime::Definitions;

use super::database::with_database;
use crate::output;

#[derive(Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Sign with a new key from now on; tokens of the old one are good until they expire
    Rotate,
}

pub(crate) fn run(definitions: &Definitions, flags: &ArgMatches, arguments: &Arguments) -> Result<()> {
    match arguments.command {
        Command::Rotate => {
            with_database(definitions, flags, async |config, attachment| {
                ddb_auth::keys::rotate(attachment.database.store(), &config.existing_master_key()?).await
            })?;
            output::result("access tokens are signed with a new key")
        }
    }
}
