use clap::ArgMatches;
use ddb_core::{NamespaceId, Result};
use ddb_runtime::Definitions;
use ddb_store::verify;

use super::database::with_database;

pub(crate) fn run(definitions: &Definitions, flags: &ArgMatches) -> Result<()> {
    let records = with_database(definitions, flags, async |_, attachment| {
        verify::rebuild(attachment.database.store(), NamespaceId::MAIN).await
    })?;
    println!("{records} records were made anew from the log");
    Ok(())
}
