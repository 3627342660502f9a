use clap::ArgMatches;
use ddb_core::Result;
use ddb_runtime::{Definitions, serve};

use crate::compose;

pub(crate) fn run(definitions: &Definitions, flags: &ArgMatches) -> Result<()> {
    serve("ddb", definitions, flags, ddb_auth::Config::read, compose::services)
}
