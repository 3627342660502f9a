use clap::{ArgMatches, Args};
use ddb_core::{NamespaceId, Result};
use ddb_runtime::{Config, Definitions};
use ddb_store::Status;
use serde_json::json;

use super::database::with_database;
use super::size::size;

#[derive(Args)]
pub(crate) struct Arguments {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(definitions: &Definitions, flags: &ArgMatches, arguments: &Arguments) -> Result<()> {
    with_database(definitions, flags, async |config, attachment| {
        let status = attachment.database.store().status(NamespaceId::MAIN).await?;
        if arguments.json {
            println!("{:#}", as_json(&status));
        } else {
            print(config, &status);
        }
        Ok(())
    })
}

fn as_json(status: &Status) -> serde_json::Value {
    let tables: Vec<_> = status
        .tables
        .iter()
        .map(|table| json!({ "name": table.name.as_str(), "records": table.records, "bytes": table.bytes }))
        .collect();
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "postgres_version": status.postgres_version,
        "tx": status.head.0,
        "head_hash": status.head_hash,
        "log_bytes": status.log_bytes,
        "tables": tables,
    })
}

fn print(config: &Config, status: &Status) {
    let place = match (&config.database_url, &config.data_dir) {
        (None, Some(data_dir)) => data_dir.display().to_string(),
        _ => "the PostgreSQL of DATABASE_URL".to_owned(),
    };
    println!("ddb {} on {place} (PostgreSQL {})", env!("CARGO_PKG_VERSION"), status.postgres_version);
    println!("transactions  {}", status.head);
    println!("head          {}", status.head_hash.as_deref().unwrap_or("none yet"));
    println!("log           {}", size(status.log_bytes));
    for table in &status.tables {
        println!("table         {}: {} records, {}", table.name, table.records, size(table.bytes));
    }
}
