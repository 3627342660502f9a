//! A record's fields as they stand in `doc jsonb`: plain JSON where JSON tells the value, tagged one-key objects elsewhere.
//! The format stands in the crate's README.
mod decode;

use crate::json::{self, Form};
use crate::{Error, Object, Result};

/// Invariant: `decode` of what PostgreSQL's jsonb gives back for `encode(object)` is the same object. Fields that are NONE are left out.
pub fn encode(object: &Object) -> String {
    let mut out = Vec::with_capacity(64 + 32 * object.len());
    json::write_object_entries(object.iter().filter(|(_, value)| !value.is_none()), Form::Doc, &mut out);
    String::from_utf8(out).expect("JSON of text is text")
}

/// `INTERNAL` where the text is not what `encode` writes and jsonb gives back: the stored document is damaged.
pub fn decode(text: &str) -> Result<Object> {
    decode::read(text).map_err(|problem| Error::internal(format!("doc, byte {}: {}", problem.offset, problem.message)))
}
