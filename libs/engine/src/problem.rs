use std::fmt::{self, Display, Write};

use ddb_core::{Error, ErrorCode};
use ddb_darshjql::Span;

/// Bytes of the expression that an error shows.
const EXCERPT_BYTES: usize = 80;

/// Why something could not be evaluated, before it is known where. The message tells operators and kinds, never values: those may be of
/// records that only the rule, not the caller, may see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    code: ErrorCode,
    message: String,
}

impl Problem {
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self { code: ErrorCode::InvalidQuery, message: message.into() }
    }

    pub(crate) fn limit(message: impl Into<String>) -> Self {
        Self { code: ErrorCode::QueryLimit, message: message.into() }
    }

    /// The error, at the place of an expression or a step.
    pub(crate) fn at(self, span: Span, text: &dyn Display) -> Error {
        let mut excerpt = Excerpt(String::new());
        // It fails where the excerpt is full.
        let _ = write!(excerpt, "{text}");
        Error::new(self.code, self.message).with_place(span.line, span.column, excerpt.0)
    }
}

/// The beginning of a text; the rest is not even made.
struct Excerpt(String);

impl Write for Excerpt {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = EXCERPT_BYTES - self.0.len();
        let taken = &text[..text.floor_char_boundary(room)];
        self.0.extend(taken.chars().map(|c| if c.is_control() { ' ' } else { c }));
        if taken.len() < text.len() { Err(fmt::Error) } else { Ok(()) }
    }
}

/// Why a function has no value: its own problem, or an error of a closure that it called, which knows its place already.
pub(crate) enum Failure {
    Problem(Problem),
    Error(Error),
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

impl Failure {
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::Problem(Problem::invalid(message))
    }

    pub(crate) fn at(self, span: Span, text: &dyn Display) -> Error {
        match self {
            Self::Problem(problem) => problem.at(span, text),
            Self::Error(error) => error,
        }
    }
}
