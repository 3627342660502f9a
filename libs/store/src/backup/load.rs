use std::io::Read;

use ddb_core::{Error, Result};
use sqlx::PgConnection;
use tokio::sync::mpsc;

use super::Progress;
use super::check::Checked;
use super::frame::damaged;
use super::read::{Part, Reader};
use super::relations::columns;
use crate::connection::{is_lost, is_refusing, to_error};

/// Pieces that wait for PostgreSQL.
const WAITING: usize = 4;

/// Puts what the sections hold into the relations, which were made in the same transaction. The file must still be the one that was checked.
pub(super) async fn load(
    connection: &mut PgConnection,
    input: impl Read + Send + 'static,
    checked: &Checked,
    progress: &Progress,
) -> Result<()> {
    let (parts, mut received) = mpsc::channel(WAITING);
    let reading = tokio::task::spawn_blocking(move || read(input, &parts));
    let mut digest = None;
    while let Some(part) = received.recv().await {
        match part {
            Part::Section { relation, columns } => section(connection, &relation, columns, &mut received, progress).await?,
            Part::End(found) => digest = Some(found),
            Part::Data(_) | Part::SectionEnd { .. } => return Err(damaged("there is data outside of a section")),
        }
    }
    reading.await.map_err(Error::internal)??;
    if digest != Some(checked.digest) {
        return Err(Error::conflict("the file was changed while it was read"));
    }
    Ok(())
}

fn read(input: impl Read, parts: &mpsc::Sender<Part>) -> Result<()> {
    let (mut reader, _) = Reader::open(input)?;
    loop {
        let part = reader.next()?;
        let is_last = matches!(part, Part::End(_));
        // Nobody listens where loading has failed, and says why.
        if parts.blocking_send(part).is_err() || is_last {
            return Ok(());
        }
    }
}

async fn section(
    connection: &mut PgConnection,
    relation: &str,
    saved: Vec<String>,
    parts: &mut mpsc::Receiver<Part>,
    progress: &Progress,
) -> Result<()> {
    progress.begin(relation);
    // Names for SQL come from the database, never from the file.
    let columns = columns(connection, relation).await?;
    if columns.is_empty() || columns != saved {
        return Err(damaged(format!("`{relation}` has other columns than this version of the schema")));
    }
    let refused = |error| refused(error, relation);
    let statement = format!("copy ddb.{relation} ({}) from stdin (format binary, freeze)", columns.join(", "));
    let mut copy = connection.copy_in_raw(&statement).await.map_err(refused)?;
    loop {
        match parts.recv().await {
            Some(Part::Data(data)) => {
                progress.add(0, data.len() as u64);
                copy.send(data).await.map_err(refused)?;
            }
            Some(Part::SectionEnd { rows }) => {
                progress.add(rows, 0);
                let loaded = copy.finish().await.map_err(refused)?;
                if loaded != rows {
                    return Err(damaged(format!("`{relation}` has {loaded} rows and not {rows}")));
                }
                return Ok(());
            }
            Some(Part::Section { .. } | Part::End(_)) | None => {
                copy.abort("the section has no end").await.map_err(to_error)?;
                return Err(damaged(format!("`{relation}` has no end")));
            }
        }
    }
}

/// What PostgreSQL does not take was not written by it. Its message names no values; its details do.
fn refused(error: sqlx::Error, relation: &str) -> Error {
    match error.as_database_error() {
        Some(database) if !is_lost(&error) && !is_refusing(&error) => damaged(format!("`{relation}`: {}", database.message())),
        _ => to_error(error),
    }
}
