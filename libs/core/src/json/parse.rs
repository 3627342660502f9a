//! Bodies.
use std::borrow::Cow;
use std::collections::HashSet;

use super::lexer::{Lexer, Number, Problem, Refusal};
use super::{Json, place};
use crate::value::MAX_DEPTH;
use crate::{Error, Result};

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();
/// Up to so many keys of an object are compared one by one.
const FEW_KEYS: usize = 16;

/// Values and keys of one body. A value takes 32 bytes, whatever little text it came from, and an array or object its own allocation: so many take up to 86 MB
/// (measured for arrays of one number; numbers alone 32 MB), where 16 MB of text without this limit became 250 MB and more.
const MAX_NODES: usize = 1_000_000;

pub(super) fn parse(body: &[u8]) -> Result<Json> {
    // Some editors and PowerShell write it.
    let body = body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body);
    let text = match std::str::from_utf8(body) {
        Err(_) if body.starts_with(&[0xFF, 0xFE]) || body.starts_with(&[0xFE, 0xFF]) => {
            return Err(Error::bad_request("the body is UTF-16; send it as UTF-8"));
        }
        Ok(text) => text,
        Err(invalid) => return Err(bad_request(body, invalid.valid_up_to(), "the body is not valid UTF-8")),
    };
    let mut parser = Parser { lexer: Lexer::new(text), nodes: 0 };
    let json = parser.document().map_err(|problem| bad_request(body, problem.offset, &problem.message))?;
    match parser.lexer.refusal {
        None => Ok(json),
        Some((offset, refusal)) => Err(refused(text, offset, refusal)),
    }
}

struct Parser<'a> {
    lexer: Lexer<'a>,
    /// How many were met.
    nodes: usize,
}

impl<'a> Parser<'a> {
    fn document(&mut self) -> Result<Json, Problem> {
        let json = self.value(0)?;
        match self.lexer.peek() {
            None => Ok(json),
            Some(_) => Err(self.lexer.unexpected("the end")),
        }
    }

    /// `levels` is how many arrays and objects are open around the value.
    fn value(&mut self, levels: usize) -> Result<Json, Problem> {
        self.count()?;
        match self.lexer.peek() {
            Some(b'{') => self.object(levels),
            Some(b'[') => self.array(levels),
            Some(b'"') => Ok(Json::String(self.lexer.string()?.into_owned())),
            Some(b'-' | b'0'..=b'9') => Ok(match self.lexer.number()? {
                Number::Int(int) => Json::Int(int),
                Number::Float(float) => Json::Float(float),
            }),
            Some(b't') => self.lexer.word("true").map(|()| Json::Bool(true)),
            Some(b'f') => self.lexer.word("false").map(|()| Json::Bool(false)),
            Some(b'n') => self.lexer.word("null").map(|()| Json::Null),
            Some(_) | None => Err(self.lexer.unexpected("a value")),
        }
    }

    fn array(&mut self, levels: usize) -> Result<Json, Problem> {
        let levels = self.open(levels)?;
        let mut items = Vec::new();
        if self.lexer.accept(b']') {
            return Ok(Json::Array(items));
        }
        loop {
            items.push(self.value(levels)?);
            if !self.lexer.accept(b',') {
                self.lexer.expect(b']', "`,` or `]`")?;
                items.shrink_to_fit();
                return Ok(Json::Array(items));
            }
        }
    }

    fn object(&mut self, levels: usize) -> Result<Json, Problem> {
        let levels = self.open(levels)?;
        let mut entries: Vec<(String, Json)> = Vec::new();
        let mut many: HashSet<Cow<'a, str>> = HashSet::new();
        if self.lexer.accept(b'}') {
            return Ok(Json::Object(entries));
        }
        loop {
            if self.lexer.peek() != Some(b'"') {
                return Err(self.lexer.unexpected("a key in double quotes"));
            }
            let offset = self.lexer.position();
            self.count()?;
            let key = self.lexer.string()?;
            if entries.len() == FEW_KEYS {
                many.extend(entries.iter().map(|(key, _)| Cow::Owned(key.clone())));
            }
            let twice = match entries.len() < FEW_KEYS {
                true => entries.iter().any(|(other, _)| *other == key),
                false => !many.insert(key.clone()),
            };
            if twice {
                let shown: String = key.chars().take(64).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
                return Err(self.lexer.problem(offset, format!("the key `{shown}` stands twice in one object")));
            }
            self.lexer.expect(b':', "`:`")?;
            let value = self.value(levels)?;
            entries.push((key.into_owned(), value));
            if !self.lexer.accept(b',') {
                self.lexer.expect(b'}', "`,` or `}`")?;
                entries.shrink_to_fit();
                return Ok(Json::Object(entries));
            }
        }
    }

    fn count(&mut self) -> Result<(), Problem> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            let message = format!("more than {MAX_NODES} values and keys; send them in several requests");
            return Err(self.lexer.problem(self.lexer.position(), message));
        }
        Ok(())
    }

    /// Takes the opening bracket.
    fn open(&mut self, levels: usize) -> Result<usize, Problem> {
        if levels == MAX_DEPTH {
            return Err(self.lexer.problem(self.lexer.position(), format!("more than {MAX_DEPTH} levels of arrays and objects")));
        }
        self.lexer.skip();
        Ok(levels + 1)
    }
}

fn bad_request(body: &[u8], offset: usize, message: &str) -> Error {
    let (line, column) = place::line_and_column(body, offset);
    Error::bad_request(format!("line {line}, column {column}: {message}"))
}

fn refused(text: &str, offset: usize, refusal: Refusal) -> Error {
    let (code, message) = match refusal {
        Refusal::Nul => ("NUL", "text cannot hold the character NUL"),
        Refusal::IntRange => {
            ("RANGE", "an integer must be within 64 bits (write it with a point or an exponent for a float, or as a string)")
        }
        Refusal::FloatRange => ("RANGE", "a number beyond the range of a 64-bit float"),
    };
    Error::invalid(place::field_path(text, offset), code, message)
}
