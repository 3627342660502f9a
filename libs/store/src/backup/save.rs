use std::io::Write;

use ddb_core::{Error, NamespaceId, Result, chain};
use futures::TryStreamExt;
use sqlx::{Connection, PgConnection, Row};
use tokio::sync::mpsc;

use super::Progress;
use super::frame::PIECE;
use super::header::{Header, SavedNamespace};
use super::relations::{columns, saved};
use super::write::{Section, Writer};
use crate::connection::to_error;
use crate::namespace;
use crate::verify::snapshot;
use crate::{Store, erasure};

/// Pieces that wait for the compressor.
const WAITING: usize = 4;
/// How often a backup begins anew because something was erased meanwhile.
const MAX_SNAPSHOTS: usize = 100;

/// What a backup holds.
#[derive(Debug, Clone)]
pub struct Saved {
    pub header: Header,
    /// By relation, in their order.
    pub rows: Vec<(String, u64)>,
    /// Of the file.
    pub bytes: u64,
}

/// Writes one snapshot of the whole database; the server may go on writing meanwhile. Gives `out` back; it is flushed, but not synced.
pub async fn save<W: Write + Send + 'static>(store: &Store, out: W, progress: &Progress) -> Result<(Saved, W)> {
    let mut connection = cleared_snapshot(store).await?;
    let header = header(&mut connection).await?;
    let (pieces, received) = mpsc::channel(WAITING);
    let of_file = header.clone();
    let writing = tokio::task::spawn_blocking(move || write(out, &of_file, received));
    let read = read(&mut connection, &pieces, progress).await;
    if read.is_err() {
        // The writer must not take what came so far for all.
        let _ = pieces.send(Piece::GiveUp).await;
    }
    drop(pieces);
    let written = writing.await.map_err(Error::internal)?;
    // What went wrong with the file comes first: the reader then knows only that nobody listens any more.
    let (rows, out, bytes) = match (written, read) {
        (Ok(Some(written)), Ok(())) => written,
        (Err(error), _) | (_, Err(error)) => return Err(error),
        (Ok(None), Ok(())) => return Err(Error::internal("the backup was given up for no reason")),
    };
    connection.close().await.map_err(to_error)?;
    Ok((Saved { header, rows, bytes }, out))
}

/// One that holds nothing of what is erased: the last of it is taken away in the background.
async fn cleared_snapshot(store: &Store) -> Result<PgConnection> {
    for _ in 0..MAX_SNAPSHOTS {
        erasure::finish(store).await?;
        let mut connection = snapshot(store, None).await?;
        if !erasure::is_open(&mut connection).await? {
            return Ok(connection);
        }
        connection.close().await.map_err(to_error)?;
    }
    Err(Error::unavailable("records are being erased all the time; back up when that has ended"))
}

enum Piece {
    Section { relation: &'static str, columns: Vec<String> },
    Data(Vec<u8>),
    SectionEnd,
    End,
    GiveUp,
}

async fn header(connection: &mut PgConnection) -> Result<Header> {
    let row = sqlx::query(
        "
        select
            (select max(number) from ddb.migration),
            current_setting('server_version'),
            (extract(epoch from clock_timestamp()) * 1000000)::bigint
        ",
    )
    .fetch_one(&mut *connection)
    .await
    .map_err(to_error)?;
    let heads = sqlx::query(
        "
        select n.id, n.name, n.uuid::text, h.tx, h.hash
        from ddb.namespace n
        left join lateral (select tx, hash from ddb.tx where namespace = n.id order by tx desc limit 1) h on true
        where n.name is not null
        order by n.id
        ",
    )
    .fetch_all(connection)
    .await
    .map_err(to_error)?;
    let namespaces = heads.iter().map(|row| {
        let uuid: &str = row.try_get(2).map_err(to_error)?;
        let hash: Option<Vec<u8>> = row.try_get(4).map_err(to_error)?;
        Ok(SavedNamespace {
            id: row.try_get(0).map_err(to_error)?,
            name: row.try_get(1).map_err(to_error)?,
            uuid: uuid.parse().map_err(Error::internal)?,
            tx: row.try_get::<Option<i64>, _>(3).map_err(to_error)?.unwrap_or(0),
            head_hash: chain::to_hex(hash.as_deref().unwrap_or(&chain::GENESIS)),
        })
    });
    let postgres: String = row.try_get(1).map_err(to_error)?;
    Ok(Header {
        schema: row.try_get(0).map_err(to_error)?,
        ddb: env!("CARGO_PKG_VERSION").to_owned(),
        // Distributions add their own name.
        postgres: postgres.split_whitespace().next().unwrap_or_default().to_owned(),
        taken_at: row.try_get(2).map_err(to_error)?,
        namespaces: namespaces.collect::<Result<_>>()?,
    })
}

async fn read(connection: &mut PgConnection, pieces: &mpsc::Sender<Piece>, progress: &Progress) -> Result<()> {
    let send = async |piece| pieces.send(piece).await.map_err(|_| Error::internal("the backup is not written any more"));
    let removed = namespace::unpurged(connection).await?;
    for relation in saved() {
        let columns = columns(connection, relation).await?;
        progress.begin(relation);
        let copy = copy(relation, &columns, &removed);
        send(Piece::Section { relation, columns }).await?;
        let mut rows = connection.copy_out_raw(&copy).await.map_err(to_error)?;
        let mut piece = Vec::with_capacity(PIECE);
        let mut count = 0;
        while let Some(row) = rows.try_next().await.map_err(to_error)? {
            // PostgreSQL sends a message for each row.
            count += 1;
            piece.extend_from_slice(&row);
            if piece.len() >= PIECE {
                progress.add(std::mem::take(&mut count), piece.len() as u64);
                send(Piece::Data(std::mem::replace(&mut piece, Vec::with_capacity(PIECE)))).await?;
            }
        }
        drop(rows);
        progress.add(count, piece.len() as u64);
        send(Piece::Data(piece)).await?;
        send(Piece::SectionEnd).await?;
    }
    send(Piece::End).await
}

/// All rows; without those of removed namespaces that are not deleted yet.
fn copy(relation: &str, columns: &[String], removed: &[NamespaceId]) -> String {
    let names = columns.join(", ");
    if removed.is_empty() || !columns.iter().any(|column| column == "namespace") {
        return format!("copy ddb.{relation} ({names}) to stdout (format binary)");
    }
    let removed: Vec<String> = removed.iter().map(ToString::to_string).collect();
    format!("copy (select {names} from ddb.{relation} where namespace not in ({})) to stdout (format binary)", removed.join(", "))
}

type Written<W> = (Vec<(String, u64)>, W, u64);

/// Compresses and writes, off the async threads. None where it was given up.
fn write<W: Write>(out: W, header: &Header, mut pieces: mpsc::Receiver<Piece>) -> Result<Option<Written<W>>> {
    let mut writer = Writer::begin(out, header)?;
    let mut section: Option<Section> = None;
    let mut rows = Vec::new();
    while let Some(piece) = pieces.blocking_recv() {
        match (piece, &mut section) {
            (Piece::Section { relation, columns }, section) => {
                *section = Some(writer.section(relation, &columns)?);
                rows.push((relation.to_owned(), 0));
            }
            (Piece::Data(bytes), Some(section)) => writer.data(section, &bytes)?,
            (Piece::SectionEnd, section) => {
                if let (Some(section), Some((_, rows))) = (section.take(), rows.last_mut()) {
                    (*rows, _) = writer.end_section(section)?;
                }
            }
            (Piece::End, _) => return writer.finish().map(|(out, bytes)| Some((rows, out, bytes))),
            (Piece::GiveUp, _) | (Piece::Data(_), None) => return Ok(None),
        }
    }
    Ok(None)
}
