use std::borrow::Cow;
use std::fmt;

use crate::{Object, Value};

/// Names of one path.
const MAX_NAMES: usize = 64;
/// Of the path's text: it is part of a key in the database.
const MAX_BYTES: usize = 1_000;

/// A path of names over objects: `profile.email`. A name that holds a point stands in backticks: `` `a.b` ``.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FieldPath {
    names: Vec<String>,
}

/// A step of a path meets a link or an array: the language follows the one and maps over the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Detour {
    /// How many names lead to it.
    pub depth: usize,
    /// `a link`, `an array`, …
    pub kind: &'static str,
}

impl FieldPath {
    /// Reads a path as [`Display`](fmt::Display) writes it; outside of backticks a name may also hold other characters than letters and digits. An error says
    /// what is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.len() > MAX_BYTES {
            return Err(format!("a path has at most {MAX_BYTES} bytes"));
        }
        let mut names = Vec::new();
        let mut rest = text;
        loop {
            let (name, after) = match rest.strip_prefix('`') {
                Some(quoted) => quoted_name(quoted)?,
                None => bare_name(rest)?,
            };
            if name.is_empty() {
                return Err("a name is missing: names stand between points, as in `profile.email`".to_owned());
            }
            if name.contains('\0') {
                return Err("a name cannot hold NUL".to_owned());
            }
            names.push(name);
            match after.strip_prefix('.') {
                Some(more) => rest = more,
                None if after.is_empty() => break,
                None => return Err("behind a name in backticks stands a point or nothing".to_owned()),
            }
        }
        if names.len() > MAX_NAMES {
            return Err(format!("a path has at most {MAX_NAMES} names"));
        }
        let path = Self { names };
        if path.to_string().len() > MAX_BYTES { Err(format!("a path has at most {MAX_BYTES} bytes")) } else { Ok(path) }
    }

    /// The path of one name.
    pub fn name(name: impl Into<String>) -> Self {
        Self { names: vec![name.into()] }
    }

    /// At least one.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The name, where the path is of one only.
    pub fn as_name(&self) -> Option<&str> {
        match self.names.as_slice() {
            [name] => Some(name),
            _ => None,
        }
    }

    /// What stands at the path in an object; NONE where nothing does, or a value without fields stands before the end.
    pub fn of<'v>(&self, fields: &'v Object) -> Result<Cow<'v, Value>, Detour> {
        let (first, rest) = self.names.split_first().expect("a path has a name");
        let mut value = fields.get(first);
        for (position, name) in rest.iter().enumerate() {
            let detour = |kind| Err(Detour { depth: position + 1, kind });
            value = match value {
                Some(Value::Object(object)) => object.get(name),
                Some(Value::Record(_)) => return detour("a link"),
                Some(Value::Array(_)) => return detour("an array"),
                Some(Value::Set(_)) => return detour("a set"),
                _ => None,
            };
        }
        Ok(value.map_or(Cow::Owned(Value::None), Cow::Borrowed))
    }

    /// The first names of the path.
    pub fn prefix(&self, names: usize) -> Self {
        Self { names: self.names[..names.clamp(1, self.names.len())].to_vec() }
    }
}

/// Up to the closing backtick, and what stands behind it.
fn quoted_name(text: &str) -> Result<(String, &str), String> {
    let mut name = String::new();
    let mut characters = text.char_indices();
    while let Some((position, character)) = characters.next() {
        match character {
            '`' => return Ok((name, &text[position + 1..])),
            '\\' => match characters.next() {
                Some((_, escaped @ ('\\' | '`'))) => name.push(escaped),
                _ => return Err("in backticks only `\\` and the backtick are escaped with `\\`".to_owned()),
            },
            other => name.push(other),
        }
    }
    Err("a backtick is not closed".to_owned())
}

/// Up to the next point.
fn bare_name(text: &str) -> Result<(String, &str), String> {
    let end = text.find('.').unwrap_or(text.len());
    let (name, after) = text.split_at(end);
    if name.contains(['*', '[', ']', '{', '}', '?', '…']) || after.starts_with("...") {
        return Err(
            "an index is about names of fields; items of arrays (`tags.*`, `a[0]`) cannot be indexed yet. A name that holds such a \
             character stands in backticks"
                .to_owned(),
        );
    }
    if name.contains('`') {
        return Err("a name stands in backticks as a whole, or has none".to_owned());
    }
    Ok((name.to_owned(), after))
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, name) in self.names.iter().enumerate() {
            if position > 0 {
                f.write_str(".")?;
            }
            if is_plain(name) { f.write_str(name)? } else { write!(f, "`{}`", name.replace('\\', "\\\\").replace('`', "\\`"))? }
        }
        Ok(())
    }
}

fn is_plain(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}
