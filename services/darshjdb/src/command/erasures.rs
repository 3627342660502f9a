use std::io::{self, BufWriter};

use clap::ArgMatches;
use ddb_core::Result;
use ddb_runtime::Definitions;
use ddb_store::erasure;

use super::database::with_database;

/// Written at a time.
const BUFFER: usize = 64 << 10;

/// Writes the list of what was erased to standard output.
pub(crate) fn run(definitions: &Definitions, flags: &ArgMatches) -> Result<()> {
    with_database(definitions, flags, async |_, attachment| {
        let out = BufWriter::with_capacity(BUFFER, io::stdout());
        erasure::list(attachment.database.store(), out).await.map(drop)
    })
}
