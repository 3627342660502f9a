use std::fs::File;
use std::io::{self, BufReader, Seek};
use std::path::{Path, PathBuf};

use clap::{ArgMatches, Args};
use ddb_core::{Error, Result};
use ddb_runtime::{Config, Definitions, Settings, carry_out, log, with_vacant_database};
use ddb_store::backup::{Progress, Restored, check, restore};
use ddb_store::erasure::{self, Listed};
use serde_json::json;

use super::backup::namespaces;
use super::count::count;
use super::progress::shown;
use super::spool::spool;
use crate::output;

/// Read at a time.
const BUFFER: usize = 256 << 10;

#[derive(Args)]
pub(crate) struct Arguments {
    /// A file that `ddb backup` made; `-` is standard input
    file: PathBuf,
    /// A list that `ddb erasures` wrote (`-` is standard input): what was erased since the backup is erased before this command ends
    #[arg(long, value_name = "LIST")]
    erasures: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(definitions: &Definitions, flags: &ArgMatches, arguments: &Arguments) -> Result<()> {
    let config = Config::read(&Settings::of_process(definitions, flags)?)?;
    let _log = log(&config)?;
    let (file, erasures) = (&arguments.file, arguments.erasures.as_deref());
    if is_stdin(file) && erasures.is_some_and(is_stdin) {
        return Err(Error::bad_request("standard input cannot be both the backup and the list of erasures; name a file for one"));
    }
    let source = Source::open(file)?;
    let erasures = erasures.map(listed).transpose()?.unwrap_or_default();
    let restored = carry_out(shown(async |progress| from_source(&config, source, &erasures, progress).await))?;
    output::either(arguments.json, &as_json(&restored), &sentence(&restored))
}

fn is_stdin(path: &Path) -> bool {
    path == Path::new("-")
}

/// Where a backup comes from.
enum Source {
    /// It can be read twice.
    File(File),
    /// Standard input that can be read once.
    Stream(File),
}

impl Source {
    fn open(path: &Path) -> Result<Self> {
        let name = if is_stdin(path) { "standard input".to_owned() } else { path.display().to_string() };
        let cannot = |error: io::Error| Error::bad_request(format!("cannot read {name}: {error}"));
        let file = if is_stdin(path) { stdin()? } else { File::open(path).map_err(cannot)? };
        let kind = file.metadata().map_err(cannot)?.file_type();
        match (kind.is_file(), is_stdin(path)) {
            (true, _) => Ok(Self::File(file)),
            (false, true) => Ok(Self::Stream(file)),
            (false, false) if kind.is_dir() => Err(Error::bad_request(format!("{name} is a folder; name a file in it"))),
            (false, false) => {
                Err(Error::bad_request(format!("{name} is no ordinary file; `-` reads a pipe from standard input")))
            }
        }
    }
}

/// Without a buffer of its own: what is read here is not read twice.
fn stdin() -> Result<File> {
    use std::io::IsTerminal;
    use std::os::fd::AsFd;

    let stdin = io::stdin();
    if stdin.is_terminal() {
        return Err(Error::bad_request("standard input is a terminal; send a file there: ddb restore - < FILE"));
    }
    Ok(File::from(stdin.as_fd().try_clone_to_owned().map_err(Error::internal)?))
}

/// The whole backup is read before anything is made.
async fn from_source(config: &Config, source: Source, erasures: &[Listed], progress: &Progress) -> Result<Restored> {
    let mut file = match source {
        Source::File(file) => file,
        Source::Stream(stream) => spool(stream, progress)?,
    };
    let begin = file.stream_position().map_err(Error::internal)?;
    let checked = check(BufReader::with_capacity(BUFFER, &file), progress)?;
    file.seek(io::SeekFrom::Start(begin)).map_err(Error::internal)?;
    with_vacant_database(config, async |store| {
        restore(store, BufReader::with_capacity(BUFFER, file), &checked, erasures, progress).await
    })
    .await
}

/// The whole list is read before anything is made.
fn listed(path: &Path) -> Result<Vec<Listed>> {
    let file = if is_stdin(path) {
        stdin()?
    } else {
        File::open(path).map_err(|error| Error::bad_request(format!("cannot read {}: {error}", path.display())))?
    };
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
    let mut text = format!(
        "restored {} with {} and {}",
        count(restored.transactions, "transaction"),
        count(restored.facts, "fact"),
        count(restored.records, "record")
    );
    for namespace in &restored.header.namespaces {
        text += &format!("\n{}: head {} {}", namespace.name, namespace.tx, namespace.head_hash);
    }
    if restored.erased > 0 {
        text += &format!(
            "\nerased {} that the list of erasures names, with everything that erased accounts owned",
            count(restored.erased, "record")
        );
    }
    if restored.removed > 0 {
        text += &format!("\nremoved {} that the list of erasures names as removed", count(restored.removed, "namespace"));
    }
    if restored.unmatched > 0 {
        text += &format!(
            "\nskipped {} of the list of erasures: the backup holds no such record or namespace, because it is younger or of another database",
            count(restored.unmatched, "line")
        );
    }
    text += "\nthe log is as it was written; all users must sign in again, because sessions and signing keys are not part of a backup";
    text
}
