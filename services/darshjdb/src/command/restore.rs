use std::fs::File;
use std::io::{BufReader, Seek};
use std::path::{Path, PathBuf};

use clap::{ArgMatches, Args};
use ddb_core::{Error, Result};
use ddb_runtime::{Config, Definitions, Settings, carry_out, log, with_vacant_database};
use ddb_store::backup::{Progress, Restored, check, restore};
use ddb_store::erasure::{self, Listed};
use serde_json::json;

use super::backup::namespaces;
use super::progress::shown;

/// Read at a time.
const BUFFER: usize = 256 << 10;

#[derive(Args)]
pub(crate) struct Arguments {
    /// A file that `ddb backup` made
    file: PathBuf,
    /// A list that `ddb erasures` wrote: what was erased since the backup is erased before this command ends
    #[arg(long, value_name = "LIST")]
    erasures: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(definitions: &Definitions, flags: &ArgMatches, arguments: &Arguments) -> Result<()> {
    let config = Config::read(&Settings::of_process(definitions, flags)?)?;
    let _log = log(&config)?;
    let cannot = |error| Error::bad_request(format!("cannot read {}: {error}", arguments.file.display()));
    let file = File::open(&arguments.file).map_err(cannot)?;
    if !file.metadata().map_err(cannot)?.is_file() {
        return Err(Error::bad_request(format!("{} is no ordinary file", arguments.file.display())));
    }
    let erasures = arguments.erasures.as_deref().map(listed).transpose()?.unwrap_or_default();
    let restored = carry_out(shown(async |progress| from_file(&config, file, &erasures, progress).await))?;
    if arguments.json {
        println!("{:#}", as_json(&restored));
    } else {
        println!("{}", sentence(&restored));
    }
    Ok(())
}

/// The whole file is read before anything is made.
async fn from_file(config: &Config, mut file: File, erasures: &[Listed], progress: &Progress) -> Result<Restored> {
    let checked = check(BufReader::with_capacity(BUFFER, &file), progress)?;
    file.rewind().map_err(Error::internal)?;
    with_vacant_database(config, async |store| {
        restore(store, BufReader::with_capacity(BUFFER, file), &checked, erasures, progress).await
    })
    .await
}

/// The whole list is read before anything is made.
fn listed(path: &Path) -> Result<Vec<Listed>> {
    let file = File::open(path).map_err(|error| Error::bad_request(format!("cannot read {}: {error}", path.display())))?;
    erasure::read(BufReader::with_capacity(BUFFER, file))
}

fn as_json(restored: &Restored) -> serde_json::Value {
    let rows: serde_json::Map<_, _> = restored.rows.iter().map(|(relation, rows)| (relation.clone(), json!(rows))).collect();
    json!({
        "taken_at": restored.header.taken_at,
        "namespaces": namespaces(&restored.header),
        "transactions": restored.transactions,
        "facts": restored.facts,
        "records": restored.records,
        "erased": restored.erased,
        "removed_namespaces": restored.removed,
        "unmatched": restored.unmatched,
        "rows": rows,
    })
}

fn sentence(restored: &Restored) -> String {
    let mut text =
        format!("restored {} transactions with {} facts and {} records", restored.transactions, restored.facts, restored.records);
    for namespace in &restored.header.namespaces {
        text += &format!("\n{}: head {} {}", namespace.name, namespace.tx, namespace.head_hash);
    }
    if restored.erased > 0 {
        text += &format!("\n{} records of the list of erasures were erased, with what erased accounts owned", restored.erased);
    }
    if restored.removed > 0 {
        text += &format!(
            "\n{} of the namespaces were removed since, says the list of erasures, and are removed here",
            restored.removed
        );
    }
    if restored.unmatched > 0 {
        let lines = restored.unmatched;
        text += &format!(
            "\n{lines} lines of the list of erasures are about nothing in the backup: what came into being after it, or another database"
        );
    }
    text += "\nthe log is as it was written; everyone signs in again, and access tokens are signed with a new key";
    text
}
