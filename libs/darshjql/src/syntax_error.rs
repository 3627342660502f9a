use std::fmt;

use ddb_core::{Error, ErrorCode};

use crate::Span;

/// Characters of a line that an error shows.
const EXCERPT_CHARACTERS: usize = 80;
/// Of those, how many stand before the place where the line is longer.
const EXCERPT_BEFORE: usize = 40;

/// What is wrong with a text, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxError {
    /// `INVALID_QUERY`, or `QUERY_LIMIT` where the text is too long or too deep.
    pub code: ErrorCode,
    pub message: String,
    /// From 1.
    pub line: u32,
    /// In characters, from 1.
    pub column: u32,
    /// At most 80 characters of the line around the place.
    pub excerpt: String,
}

/// An error before it is known in which text it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) code: ErrorCode,
    pub(crate) message: String,
    pub(crate) span: Span,
}

impl Problem {
    pub(crate) fn invalid(span: Span, message: impl Into<String>) -> Self {
        Self { code: ErrorCode::InvalidQuery, message: message.into(), span }
    }

    pub(crate) fn limit(span: Span, message: impl Into<String>) -> Self {
        Self { code: ErrorCode::QueryLimit, message: message.into(), span }
    }

    pub(crate) fn within(self, text: &str) -> SyntaxError {
        let Self { code, message, span } = self;
        SyntaxError { code, message, line: span.line, column: span.column, excerpt: excerpt(text, span) }
    }
}

fn excerpt(text: &str, span: Span) -> String {
    let start = text.floor_char_boundary(span.start as usize);
    let line_start = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
    let line = text[line_start..].lines().next().unwrap_or_default();
    let before = text[line_start..start].chars().count();
    let length = line.chars().take(before + EXCERPT_CHARACTERS).count();
    let skipped = if length <= EXCERPT_CHARACTERS { 0 } else { before.saturating_sub(EXCERPT_BEFORE) };
    line.chars().skip(skipped).take(EXCERPT_CHARACTERS).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

impl From<SyntaxError> for Error {
    fn from(error: SyntaxError) -> Self {
        Self::new(error.code, error.message).with_place(error.line, error.column, error.excerpt)
    }
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.message)
    }
}

impl std::error::Error for SyntaxError {}
