use std::io::Read;

use ddb_core::{Error, Result};

use super::Progress;
use super::frame::damaged;
use super::header::Header;
use super::read::{Part, Reader};
use super::relations::saved;
use crate::migration;

/// A backup that was read to its end and is as it was written.
#[derive(Debug, Clone)]
pub struct Checked {
    pub header: Header,
    /// By relation, in their order.
    pub(super) rows: Vec<(String, u64)>,
    /// Of the whole file.
    pub(super) digest: [u8; 32],
}

/// Reads a whole backup without using it: a file that is cut off, altered, or of a newer version is refused.
pub fn check(input: impl Read, progress: &Progress) -> Result<Checked> {
    progress.begin("checking the file");
    let (mut reader, header) = Reader::open(input)?;
    if header.schema > migration::NEWEST {
        return Err(Error::bad_request(format!(
            "the backup is of a newer version (schema {}, this version knows {}): restore it with ddb {} or newer",
            header.schema,
            migration::NEWEST,
            shown(&header.ddb)
        )));
    }
    let mut rows: Vec<(String, u64)> = Vec::new();
    loop {
        match reader.next()? {
            Part::Section { relation, .. } => {
                if !saved().any(|known| known == relation) {
                    return Err(Error::bad_request(format!(
                        "the backup has a section `{}`, which this version does not know",
                        shown(&relation)
                    )));
                }
                if rows.iter().any(|(other, _)| *other == relation) {
                    return Err(damaged(format!("the section `{relation}` stands there twice")));
                }
                rows.push((relation, 0));
            }
            Part::Data(data) => progress.add(0, data.len() as u64),
            Part::SectionEnd { rows: count } => {
                if let Some((_, rows)) = rows.last_mut() {
                    *rows = count;
                }
                progress.add(count, 0);
            }
            Part::End(digest) => return Ok(Checked { header, rows, digest }),
        }
    }
}

fn shown(text: &str) -> String {
    text.chars().take(63).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}
