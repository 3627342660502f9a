use std::io::{self, Read};

use ddb_core::Error;

/// The first line. The number is that of the format.
pub(super) const MAGIC: &[u8] = b"DDB BACKUP ";
pub(super) const FORMAT: u32 = 1;

pub(super) const HEADER: u8 = b'H';
pub(super) const SECTION: u8 = b'S';
pub(super) const DATA: u8 = b'D';
pub(super) const SECTION_END: u8 = b'E';
pub(super) const END: u8 = b'Z';

/// The data of a frame before it is compressed, at most.
pub(super) const PIECE: usize = 1 << 20;
/// A frame, at most: a piece that cannot be compressed grows a little.
pub(super) const MAX_FRAME: usize = PIECE + (64 << 10);

/// Whether the file begins as a backup does, of whatever format. What follows is not looked at.
pub fn is_backup(input: impl Read) -> io::Result<bool> {
    let mut beginning = Vec::with_capacity(MAGIC.len());
    input.take(MAGIC.len() as u64).read_to_end(&mut beginning)?;
    Ok(beginning == MAGIC)
}

/// Names what is wrong with the file.
pub(super) fn damaged(what: impl std::fmt::Display) -> Error {
    Error::bad_request(format!("the backup is cut off or altered: {what}"))
}
