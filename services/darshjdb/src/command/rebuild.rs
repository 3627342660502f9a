use clap::{ArgMatches, Args};
use ddb_core::{NamespaceName, Result};
use ddb_runtime::Definitions;
use ddb_store::verify;

use super::count::count;
use super::database::{namespaces, with_database};
use crate::output;

#[derive(Args)]
pub(crate) struct Arguments {
    /// Only this namespace; otherwise all of them
    #[arg(long, value_name = "NAME")]
    namespace: Option<String>,
}

pub(crate) fn run(definitions: &Definitions, flags: &ArgMatches, arguments: &Arguments) -> Result<()> {
    let name = arguments.namespace.as_deref().map(NamespaceName::parse).transpose()?;
    let records = with_database(definitions, flags, async |_, attachment| {
        let mut records = 0;
        for namespace in namespaces(attachment, name.as_ref()).await? {
            records += verify::rebuild(attachment.database.store(), namespace.id).await?;
        }
        Ok(records)
    })?;
    output::result(&format!("rebuilt {} from the log", count(records, "record")))
}
