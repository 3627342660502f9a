use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, IsTerminal};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use clap::{ArgMatches, Args};
use ddb_core::{Error, Result};
use ddb_runtime::Definitions;
use ddb_store::Store;
use ddb_store::backup::{Header, Saved, SavedNamespace, is_backup, save};
use serde_json::json;

use super::count::count;
use super::database::with_database;
use super::progress::shown;
use super::size::size;
use crate::output;

/// Written at a time.
const BUFFER: usize = 256 << 10;

#[derive(Args)]
pub(crate) struct Arguments {
    /// The file to write; `-` is standard output. An older backup of this name is replaced once the new one is complete
    file: PathBuf,
    /// Replace the file even if it is no backup
    #[arg(long)]
    force: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(definitions: &Definitions, flags: &ArgMatches, arguments: &Arguments) -> Result<()> {
    let is_pipe = arguments.file == Path::new("-");
    if is_pipe && io::stdout().is_terminal() {
        return Err(Error::bad_request("a backup is not written to a terminal; name a file or a pipe"));
    }
    let replaces = if arguments.force { Replaces::AnyFile } else { Replaces::Backups };
    let unfinished = if is_pipe { None } else { Some(Unfinished::create(&arguments.file, replaces)?) };
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
        output::note(&format!("{text}\n"));
        return Ok(());
    }
    output::result(&text)
}

async fn to_stdout(store: &Store) -> Result<Saved> {
    output::stream(async |out| shown(async |progress| save(store, out, progress).await).await.map(|(saved, _)| saved)).await
}

async fn to_file(store: &Store, mut unfinished: Unfinished) -> Result<Saved> {
    let file = BufWriter::with_capacity(BUFFER, unfinished.take()?);
    let (saved, file) = shown(async |progress| save(store, file, progress).await).await?;
    unfinished.finish(&file.into_inner().map_err(|error| Error::internal(error.into_error()))?)?;
    Ok(saved)
}

/// What a backup may take the place of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Replaces {
    Backups,
    AnyFile,
}

/// A backup that is not complete, beside its place and under another name. Dropped before it is finished, it is removed.
struct Unfinished {
    path: PathBuf,
    place: PathBuf,
    replaces: Replaces,
    file: Option<File>,
}

impl Unfinished {
    fn create(place: &Path, replaces: Replaces) -> Result<Self> {
        let is_folder = place.as_os_str().as_encoded_bytes().ends_with(b"/");
        let Some(name) = place.file_name().filter(|_| !is_folder) else {
            return Err(Error::bad_request(format!("{} is the name of a folder; name a file in it", place.display())));
        };
        check_place(place, replaces)?;
        let mut unfinished = name.to_owned();
        unfinished.push(format!(".{:016x}.unfinished", rand::random::<u64>()));
        let path = place.with_file_name(unfinished);
        let file =
            OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).map_err(|error| cannot(place, &error))?;
        Ok(Self { path, place: place.to_owned(), replaces, file: Some(file) })
    }

    fn take(&mut self) -> Result<File> {
        self.file.take().ok_or_else(|| Error::internal("the file is written already"))
    }

    /// Puts it in its place, on disk.
    fn finish(mut self, file: &File) -> Result<()> {
        // Minutes may have passed since the first look.
        check_place(&self.place, self.replaces)?;
        file.sync_all()
            .and_then(|()| std::fs::rename(&self.path, &self.place))
            .and_then(|()| File::open(folder(&self.place))?.sync_all())
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

/// Whether a backup may be put there: where nothing is, or an older backup, or with `--force` any ordinary file.
fn check_place(place: &Path, replaces: Replaces) -> Result<()> {
    let shown = place.display();
    let metadata = match place.symlink_metadata() {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(cannot(place, &error)),
    };
    if metadata.is_dir() {
        return Err(Error::bad_request(format!("{shown} is a folder; name a file in it")));
    }
    if metadata.is_symlink() {
        return Err(Error::bad_request(format!("{shown} is a symbolic link; name the file that it leads to")));
    }
    if !metadata.is_file() {
        return Err(Error::bad_request(format!("{shown} is no ordinary file; name another one, or `-` for standard output")));
    }
    if replaces == Replaces::AnyFile {
        return Ok(());
    }
    match File::open(place).and_then(is_backup) {
        Ok(true) => Ok(()),
        Ok(false) => Err(Error::conflict(format!(
            "{shown} exists and is no backup; it was left as it is. Name another file, or replace it with --force"
        ))),
        Err(error) => Err(Error::conflict(format!(
            "{shown} exists, and cannot be read ({error}) to see whether it is a backup; it was left as it is. Name another file, or replace it with --force"
        ))),
    }
}

fn folder(place: &Path) -> &Path {
    place.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn cannot(place: &Path, error: &io::Error) -> Error {
    let shown = place.display();
    match error.kind() {
        io::ErrorKind::NotFound => {
            Error::bad_request(format!("cannot write {shown}: there is no folder {}", folder(place).display()))
        }
        io::ErrorKind::PermissionDenied => {
            Error::bad_request(format!("cannot write {shown}: this user may not write in the folder {}", folder(place).display()))
        }
        _ => Error::bad_request(format!("cannot write {shown}: {error}")),
    }
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
        "saved {} with {} and {} in {}",
        count(rows("tx"), "transaction"),
        count(rows("triple"), "fact"),
        count(rows("account"), "account"),
        size(i64::try_from(saved.bytes).unwrap_or(i64::MAX))
    );
    for namespace in &saved.header.namespaces {
        text += &format!("\n{}: head {} {}", namespace.name, namespace.tx, namespace.head_hash);
    }
    text
}
