use clap::{ArgMatches, Args};
use ddb_core::{NamespaceName, Result};
use ddb_runtime::{Config, Definitions};
use ddb_store::Status;
use serde_json::{Value, json};

use super::database::{namespaces, with_database};
use super::size::size;

#[derive(Args)]
pub(crate) struct Arguments {
    /// Only this namespace; otherwise all of them
    #[arg(long, value_name = "NAME")]
    namespace: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(definitions: &Definitions, flags: &ArgMatches, arguments: &Arguments) -> Result<()> {
    let name = arguments.namespace.as_deref().map(NamespaceName::parse).transpose()?;
    with_database(definitions, flags, async |config, attachment| {
        let mut all = Vec::new();
        for namespace in namespaces(attachment, name.as_ref()).await? {
            all.push((namespace.name, attachment.database.store().status(namespace.id).await?));
        }
        // That of `main` first: it stands for the whole where there is no other.
        all.sort_by_key(|(name, _)| name.as_str() != NamespaceName::MAIN);
        if arguments.json {
            println!("{:#}", as_json(&all));
        } else {
            print(config, &all);
        }
        Ok(())
    })
}

fn as_json(all: &[(NamespaceName, Status)]) -> Value {
    let of_namespace = |(name, status): &(NamespaceName, Status)| {
        let tables: Vec<_> = status
            .tables
            .iter()
            .map(|table| json!({ "name": table.name.as_str(), "records": table.records, "bytes": table.bytes }))
            .collect();
        json!({ "name": name.as_str(), "tx": status.head.0, "head_hash": status.head_hash, "tables": tables })
    };
    let namespaces: Vec<Value> = all.iter().map(of_namespace).collect();
    let first = all.first();
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "postgres_version": first.map(|(_, status)| &status.postgres_version),
        "log_bytes": first.map(|(_, status)| status.log_bytes),
        "tx": namespaces.first().map(|first| &first["tx"]),
        "head_hash": namespaces.first().map(|first| &first["head_hash"]),
        "tables": namespaces.first().map(|first| &first["tables"]),
        "namespaces": namespaces,
    })
}

fn print(config: &Config, all: &[(NamespaceName, Status)]) {
    let place = match (&config.database_url, &config.data_dir) {
        (None, Some(data_dir)) => data_dir.display().to_string(),
        _ => "the PostgreSQL of DATABASE_URL".to_owned(),
    };
    if let Some((_, status)) = all.first() {
        println!("ddb {} on {place} (PostgreSQL {})", env!("CARGO_PKG_VERSION"), status.postgres_version);
        println!("log           {}", size(status.log_bytes));
    }
    for (name, status) in all {
        if all.len() > 1 {
            println!("namespace     {name}");
        }
        println!("transactions  {}", status.head);
        println!("head          {}", status.head_hash.as_deref().unwrap_or("none yet"));
        for table in &status.tables {
            println!("table         {}: {} records, {}", table.name, table.records, size(table.bytes));
        }
    }
}
