//! A record's key. Strings, uuids, arrays and objects are written as the values they hold; ints are shorter than numbers.
use super::{ESCAPE, ESCAPED_NUL, TEXT_END, write_bytes, write_int, write_items, write_object};
use crate::{RecordKey, Uuid};

/// Frozen: the ranks of the same kinds of value, except that ints have one below them for their own form.
const INT: u8 = 0x24;
const STRING: u8 = 0x30;
const UUID: u8 = 0x48;
const ARRAY: u8 = 0x50;
const OBJECT: u8 = 0x60;

pub(super) fn write(key: &RecordKey, out: &mut Vec<u8>) {
    match key {
        RecordKey::Int(int) => {
            out.push(INT);
            write_int(*int, out);
        }
        RecordKey::String(text) => {
            out.push(STRING);
            write_bytes(text.as_bytes(), out);
        }
        RecordKey::Uuid(uuid) => {
            out.push(UUID);
            out.extend_from_slice(uuid.as_bytes());
        }
        RecordKey::Array(items) => {
            out.push(ARRAY);
            write_items(items, out);
        }
        RecordKey::Object(object) => {
            out.push(OBJECT);
            write_object(object, out);
        }
    }
}

pub(super) fn read(bytes: &[u8]) -> Option<RecordKey> {
    let (rank, body) = bytes.split_first()?;
    match *rank {
        INT => Some(RecordKey::Int((u64::from_be_bytes(body.try_into().ok()?) ^ (1 << 63)).cast_signed())),
        STRING => Some(RecordKey::String(read_text(body)?)),
        UUID => Some(RecordKey::Uuid(Uuid::from_bytes(body.try_into().ok()?))),
        _ => None,
    }
}

/// Text up to its end mark, which must be the end of the bytes.
fn read_text(body: &[u8]) -> Option<String> {
    let mut text = Vec::with_capacity(body.len());
    let mut rest = body;
    loop {
        let escape = rest.iter().position(|byte| *byte == ESCAPE)?;
        text.extend_from_slice(&rest[..escape]);
        match rest[escape + 1..] {
            [TEXT_END] => return String::from_utf8(text).ok(),
            [ESCAPED_NUL, ..] => text.push(0),
            _ => return None,
        }
        rest = &rest[escape + 2..];
    }
}
