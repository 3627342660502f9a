use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, IsTerminal};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use clap::{ArgMatches, Args};
use ddb_core::{Error, Result};
use ddb_runtime::Definitions;
use ddb_store::Store;
use ddb_store::backup::{Header, Saved, SavedNamespace, save};
use serde_json::json;

use super::database::with_database;
use super::progress::shown;
use super::size::size;

/// Written at a time.
const BUFFER: usize = 256 << 10;

#[derive(Args)]
pub(crate) struct Arguments {
    /// Where to write it; `-` is standard output. A backup that has this name is replaced once the new one is complete
    file: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(definitions: &Definitions, flags: &ArgMatches, arguments: &Arguments) -> Result<()> {
    let is_pipe = arguments.file == Path::new("-");
    let unfinished = if is_pipe { None } else { Some(Unfinished::create(&arguments.file)?) };
    if is_pipe && io::stdout().is_terminal() {
        return Err(Error::bad_request("a backup is not written to a terminal; name a file or a pipe"));
    }
    let saved = with_database(definitions, flags, async |_, attachment| {
        let store = attachment.database.store();
        match unfinished {
            Some(unfinished) => to_file(store, unfinished).await,
            None => to_stdout(store).await,
        }
    })?;
    let text = if arguments.json { format!("{:#}", as_json(&saved)) } else { sentence(&saved) };
    // Beside a backup on standard output, nothing else goes there.
    if is_pipe {
        eprintln!("{text}")
    } else {
        println!("{text}")
    }
    Ok(())
}

/// On standard output.
async fn to_stdout(store: &Store) -> Result<Saved> {
    let out = BufWriter::with_capacity(BUFFER, io::stdout());
    shown(async |progress| save(store, out, progress).await).await.map(|(saved, _)| saved)
}

async fn to_file(store: &Store, mut unfinished: Unfinished) -> Result<Saved> {
    let file = BufWriter::with_capacity(BUFFER, unfinished.take()?);
    let (saved, file) = shown(async |progress| save(store, file, progress).await).await?;
    unfinished.finish(&file.into_inner().map_err(|error| Error::internal(error.into_error()))?)?;
    Ok(saved)
}

/// A backup that is not complete, beside its place and under another name. Dropped before it is finished, it is removed.
struct Unfinished {
    path: PathBuf,
    place: PathBuf,
    file: Option<File>,
}

impl Unfinished {
    fn create(place: &Path) -> Result<Self> {
        if place.symlink_metadata().is_ok_and(|metadata| !metadata.is_file()) {
            return Err(Error::bad_request(format!("{} is no ordinary file, so no backup is put in its place", place.display())));
        }
        let mut name = place.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{:016x}.unfinished", rand::random::<u64>()));
        let path = place.with_file_name(name);
        let file =
            OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).map_err(|error| cannot(place, &error))?;
        Ok(Self { path, place: place.to_owned(), file: Some(file) })
    }

    fn take(&mut self) -> Result<File> {
        self.file.take().ok_or_else(|| Error::internal("the file is written already"))
    }

    /// Puts it in its place, on disk.
    fn finish(mut self, file: &File) -> Result<()> {
        let directory = self.place.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        file.sync_all()
            .and_then(|()| std::fs::rename(&self.path, &self.place))
            .and_then(|()| File::open(directory)?.sync_all())
            .map_err(|error| cannot(&self.place, &error))?;
        self.path = PathBuf::new();
        Ok(())
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if !self.path.as_os_str().is_empty() {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

fn cannot(place: &Path, error: &io::Error) -> Error {
    Error::bad_request(format!("cannot write {}: {error}", place.display()))
}

fn as_json(saved: &Saved) -> serde_json::Value {
    let rows: serde_json::Map<_, _> = saved.rows.iter().map(|(relation, rows)| (relation.clone(), json!(rows))).collect();
    json!({ "bytes": saved.bytes, "taken_at": saved.header.taken_at, "namespaces": namespaces(&saved.header), "rows": rows })
}

/// The namespaces of a backup and where their logs end.
pub(super) fn namespaces(header: &Header) -> Vec<serde_json::Value> {
    let namespace =
        |namespace: &SavedNamespace| json!({ "name": namespace.name, "tx": namespace.tx, "head_hash": namespace.head_hash });
    header.namespaces.iter().map(namespace).collect()
}

fn sentence(saved: &Saved) -> String {
    let rows = |relation: &str| saved.rows.iter().find(|(name, _)| name == relation).map_or(0, |(_, rows)| *rows);
    let mut text = format!(
        "saved {} transactions with {} facts and {} accounts in {}",
        rows("tx"),
        rows("triple"),
        rows("account"),
        size(i64::try_from(saved.bytes).unwrap_or(i64::MAX))
    );
    for namespace in &saved.header.namespaces {
        text += &format!("\n{}: head {} {}", namespace.name, namespace.tx, namespace.head_hash);
    }
    text
}
