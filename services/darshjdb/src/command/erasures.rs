use clap::ArgMatches;
use ddb_core::Result;
use ddb_runtime::Definitions;
use ddb_store::erasure;

use super::database::with_database;
use crate::output;

/// Writes the list of what was erased to standard output.
pub(crate) fn run(definitions: &Definitions, flags: &ArgMatches) -> Result<()> {
    with_database(definitions, flags, async |_, attachment| {
        output::stream(async |out| erasure::list(attachment.database.store(), out).await.map(drop)).await
    })
}
