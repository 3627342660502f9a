use std::io::{self, Write};

use ddb_core::{Error, Result};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::frame::{DATA, END, FORMAT, HEADER, MAGIC, PIECE, SECTION, SECTION_END};
use super::header::Header;
use super::rows::Rows;

/// Fast, and not much larger than what takes ten times as long: salts are random anyway.
const LEVEL: i32 = 1;

/// Writes a backup, frame by frame.
pub(super) struct Writer<W> {
    out: W,
    whole: Sha256,
    compressor: zstd::bulk::Compressor<'static>,
    written: u64,
}

/// A section that is being written.
pub(super) struct Section {
    data: Sha256,
    rows: Rows,
    bytes: u64,
    /// Not written yet: less than a piece.
    rest: Vec<u8>,
}

impl<W: Write> Writer<W> {
    pub(super) fn begin(out: W, header: &Header) -> Result<Self> {
        let compressor = zstd::bulk::Compressor::new(LEVEL).map_err(Error::internal)?;
        let mut writer = Self { out, whole: Sha256::new(), compressor, written: 0 };
        let magic = [MAGIC, FORMAT.to_string().as_bytes(), b"\n"].concat();
        writer.put(&magic)?;
        writer.frame(HEADER, &[&serde_json::to_vec(header).map_err(Error::internal)?])?;
        Ok(writer)
    }

    pub(super) fn section(&mut self, relation: &str, columns: &[String]) -> Result<Section> {
        let begin = json!({ "relation": relation, "columns": columns });
        self.frame(SECTION, &[begin.to_string().as_bytes()])?;
        Ok(Section { data: Sha256::new(), rows: Rows::of(columns.len()), bytes: 0, rest: Vec::with_capacity(2 * PIECE) })
    }

    pub(super) fn data(&mut self, section: &mut Section, bytes: &[u8]) -> Result<()> {
        section.rows.follow(bytes)?;
        section.rest.extend_from_slice(bytes);
        let whole = section.rest.len() / PIECE * PIECE;
        for piece in section.rest[..whole].chunks(PIECE) {
            self.piece(&mut section.data, piece)?;
            section.bytes += piece.len() as u64;
        }
        section.rest.drain(..whole);
        Ok(())
    }

    /// Gives the number of rows and of their bytes.
    pub(super) fn end_section(&mut self, mut section: Section) -> Result<(u64, u64)> {
        if !section.rest.is_empty() {
            self.piece(&mut section.data, &section.rest)?;
            section.bytes += section.rest.len() as u64;
        }
        let rows = section.rows.finish()?;
        self.frame(SECTION_END, &[&rows.to_be_bytes(), &section.bytes.to_be_bytes(), &section.data.finalize()])?;
        Ok((rows, section.bytes))
    }

    /// Gives back where it was written to.
    pub(super) fn finish(mut self) -> Result<(W, u64)> {
        let whole = self.whole.clone().finalize();
        self.frame(END, &[&whole])?;
        self.out.flush().map_err(cannot_write)?;
        Ok((self.out, self.written))
    }

    fn piece(&mut self, data: &mut Sha256, piece: &[u8]) -> Result<()> {
        data.update(piece);
        let compressed = self.compressor.compress(piece).map_err(Error::internal)?;
        self.frame(DATA, &[&(piece.len() as u32).to_be_bytes(), &compressed])
    }

    fn frame(&mut self, kind: u8, parts: &[&[u8]]) -> Result<()> {
        let length: usize = parts.iter().map(|part| part.len()).sum();
        self.put(&[kind])?;
        self.put(&(length as u32).to_be_bytes())?;
        parts.iter().try_for_each(|part| self.put(part))
    }

    fn put(&mut self, bytes: &[u8]) -> Result<()> {
        self.whole.update(bytes);
        self.written += bytes.len() as u64;
        self.out.write_all(bytes).map_err(cannot_write)
    }
}

fn cannot_write(error: io::Error) -> Error {
    Error::bad_request(format!("cannot write the backup: {error}"))
}
