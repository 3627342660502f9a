//! Where an offset of a body is: for error messages.
use super::lexer::Lexer;
use crate::value::{push_index, push_key};

/// Both from 1; the column counts characters.
pub(super) fn line_and_column(body: &[u8], offset: usize) -> (usize, usize) {
    let before = &body[..offset.min(body.len())];
    let line_start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
    let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
    let column = 1 + before[line_start..].iter().filter(|byte| **byte & 0xC0 != 0x80).count();
    (line, column)
}

/// The field (`address.lines[2]`) in which the token at `offset` of a well-formed text stands; a key stands in the field that it names.
pub(super) fn field_path(text: &str, offset: usize) -> String {
    enum Open {
        Array(usize),
        Object(String),
    }
    let mut open = Vec::new();
    let mut lexer = Lexer::new(text);
    while let Some(byte) = lexer.peek() {
        let token = lexer.position();
        match byte {
            b'{' => open.push(Open::Object(String::new())),
            b'[' => open.push(Open::Array(0)),
            b'}' | b']' => drop(open.pop()),
            b',' => {
                if let Some(Open::Array(index)) = open.last_mut() {
                    *index += 1;
                }
            }
            b'"' => {
                let Ok(string) = lexer.string() else { break };
                let is_key = lexer.peek() == Some(b':');
                if let (true, Some(Open::Object(key))) = (is_key, open.last_mut()) {
                    *key = string.into_owned();
                }
            }
            _ => {}
        }
        if token >= offset {
            break;
        }
        if byte != b'"' {
            lexer.skip();
        }
    }
    let mut path = String::new();
    for level in &open {
        match level {
            Open::Array(index) => push_index(&mut path, *index),
            Open::Object(key) => push_key(&mut path, key),
        }
    }
    path
}
