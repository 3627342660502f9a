use std::io::Read;

use ddb_core::{Error, Result};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::frame::{DATA, END, FORMAT, HEADER, MAGIC, MAX_FRAME, PIECE, SECTION, SECTION_END, damaged};
use super::header::Header;
use super::rows::Rows;

/// Digits that the number of a format has at most.
const FORMAT_DIGITS: usize = 9;

/// Reads a backup and believes nothing that it says: no count is used for more than a comparison, a frame has a bounded length, and what does not
/// have its checksum is an error.
pub(super) struct Reader<R> {
    input: R,
    whole: Sha256,
    read: u64,
    section: Option<Section>,
    decompressor: zstd::bulk::Decompressor<'static>,
    has_ended: bool,
}

struct Section {
    data: Sha256,
    rows: Rows,
    bytes: u64,
}

/// What comes next in a backup.
pub(super) enum Part {
    Section {
        relation: String,
        columns: Vec<String>,
    },
    Data(Vec<u8>),
    SectionEnd {
        rows: u64,
    },
    /// The checksum of the whole file.
    End([u8; 32]),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SectionBegin {
    relation: String,
    columns: Vec<String>,
}

impl<R: Read> Reader<R> {
    /// Reads as far as the header.
    pub(super) fn open(input: R) -> Result<(Self, Header)> {
        let decompressor = zstd::bulk::Decompressor::new().map_err(Error::internal)?;
        let mut reader = Self { input, whole: Sha256::new(), read: 0, section: None, decompressor, has_ended: false };
        reader.magic()?;
        let (kind, json) = reader.frame()?;
        if kind != HEADER {
            return Err(damaged("it has no header"));
        }
        Ok((reader, Header::parse(&json)?))
    }

    pub(super) fn next(&mut self) -> Result<Part> {
        if self.has_ended {
            return Err(damaged("it was read beyond its end"));
        }
        let whole = self.whole.clone();
        let (kind, frame) = self.frame()?;
        match (kind, &mut self.section) {
            (SECTION, section @ None) => {
                let begin: SectionBegin =
                    serde_json::from_slice(&frame).map_err(|error| damaged(format!("a section: {error}")))?;
                *section = Some(Section { data: Sha256::new(), rows: Rows::of(begin.columns.len()), bytes: 0 });
                Ok(Part::Section { relation: begin.relation, columns: begin.columns })
            }
            (DATA, Some(section)) => {
                let data = decompress(&mut self.decompressor, &frame)?;
                section.data.update(&data);
                section.bytes += data.len() as u64;
                section.rows.follow(&data)?;
                Ok(Part::Data(data))
            }
            (SECTION_END, Some(section)) => {
                let (rows, bytes) = (section.rows.finish()?, section.bytes);
                let expected = [&rows.to_be_bytes()[..], &bytes.to_be_bytes(), &section.data.clone().finalize()].concat();
                if frame != expected {
                    return Err(damaged("a section does not have its checksum"));
                }
                self.section = None;
                Ok(Part::SectionEnd { rows })
            }
            (END, None) => {
                let digest: [u8; 32] = whole.finalize().into();
                if frame != digest {
                    return Err(damaged("it does not have its checksum"));
                }
                self.has_ended = true;
                match self.input.read(&mut [0]).map_err(cannot_read)? {
                    0 => Ok(Part::End(digest)),
                    _ => Err(damaged("something stands after its end")),
                }
            }
            (kind, _) => Err(damaged(format!("a frame of the kind {:?} stands where none may", char::from(kind)))),
        }
    }

    fn magic(&mut self) -> Result<()> {
        let unknown = || Error::bad_request("this is not a backup of ddb");
        let mut magic = [0; MAGIC.len()];
        self.fill(&mut magic).map_err(|_| unknown())?;
        if magic != MAGIC {
            return Err(unknown());
        }
        let mut digits = String::new();
        loop {
            let mut byte = [0];
            self.fill(&mut byte)?;
            match byte[0] {
                b'\n' => break,
                digit if digit.is_ascii_digit() && digits.len() < FORMAT_DIGITS => digits.push(char::from(digit)),
                _ => return Err(unknown()),
            }
        }
        match digits.parse() {
            Ok(FORMAT) => Ok(()),
            Ok(newer) if newer > FORMAT => Err(Error::bad_request(format!(
                "the backup has format {newer}, this version knows {FORMAT}: restore it with the version that made it"
            ))),
            _ => Err(unknown()),
        }
    }

    fn frame(&mut self) -> Result<(u8, Vec<u8>)> {
        let mut head = [0; 5];
        self.fill(&mut head)?;
        let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize;
        if length > MAX_FRAME {
            return Err(damaged(format!("a frame of {length} bytes")));
        }
        let mut frame = vec![0; length];
        self.fill(&mut frame)?;
        Ok((head[0], frame))
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Result<()> {
        self.input.read_exact(bytes).map_err(|error| match error.kind() {
            std::io::ErrorKind::UnexpectedEof => damaged(format!("it ends in the middle, after {} bytes", self.read)),
            _ => cannot_read(error),
        })?;
        self.read += bytes.len() as u64;
        self.whole.update(bytes);
        Ok(())
    }
}

fn decompress(decompressor: &mut zstd::bulk::Decompressor<'static>, frame: &[u8]) -> Result<Vec<u8>> {
    let Some((length, compressed)) = frame.split_at_checked(4) else { return Err(damaged("a piece without its length")) };
    let length = u32::from_be_bytes([length[0], length[1], length[2], length[3]]) as usize;
    if length > PIECE {
        return Err(damaged(format!("a piece of {length} bytes")));
    }
    // It takes no more memory than this, whatever the compressed data says.
    let data = decompressor.decompress(compressed, length).map_err(|error| damaged(format!("a piece: {error}")))?;
    if data.len() != length {
        return Err(damaged("a piece is shorter than it says"));
    }
    Ok(data)
}

fn cannot_read(error: std::io::Error) -> Error {
    Error::bad_request(format!("the backup cannot be read: {error}"))
}
