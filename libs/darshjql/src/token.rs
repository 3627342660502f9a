use std::borrow::Cow;
use std::fmt;

use ddb_core::{Datetime, Decimal, Duration, RecordId, Uuid};

use crate::Span;

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Token<'a> {
    pub(crate) kind: TokenKind<'a>,
    pub(crate) span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum TokenKind<'a> {
    /// A name or a keyword.
    Word(&'a str),
    /// `` `…` `` or `⟨…⟩`: a name and never a keyword.
    QuotedName(Cow<'a, str>),
    /// `$name`
    Parameter(Cow<'a, str>),
    Number(Number),
    Duration(Duration),
    /// Letters and digits that begin with a digit and are no number: a part of a record id.
    Alphanumeric(&'a str),
    Text(Cow<'a, str>),
    Datetime(Datetime),
    Uuid(Uuid),
    Bytes(Vec<u8>),
    Record(RecordId),
    Regex(Cow<'a, str>),
    Symbol(&'static str),
    End,
}

/// A number without its sign, which is a token of its own.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Number {
    Int(u64),
    Float(f64),
    Decimal(Decimal),
}

/// Brackets, operators and punctuation. Of two that begin the same the longer stands first.
pub(crate) const SYMBOLS: [&str; 49] = [
    ">..=", ">..", "..=", "...", "..", "<->", "<-", "->", "<|", "<=", ">=", "==", "!=", "!~", "?=", "?~", "??", "?:", "**", "*=",
    "*~", "&&", "||", "::", "@@", "(", ")", "[", "]", "{", "}", ",", ";", ":", ".", "+", "-", "*", "/", "%", "<", ">", "=", "!",
    "~", "?", "|", "@", "$",
];

/// Signs and what they stand for.
pub(crate) const SIGNS: [(char, Sign); 13] = [
    ('…', Sign::Symbol("...")),
    ('×', Sign::Symbol("*")),
    ('÷', Sign::Symbol("/")),
    ('∋', Sign::Word("CONTAINS")),
    ('∌', Sign::Word("CONTAINSNOT")),
    ('⊇', Sign::Word("CONTAINSALL")),
    ('⊃', Sign::Word("CONTAINSANY")),
    ('⊅', Sign::Word("CONTAINSNONE")),
    ('∈', Sign::Word("INSIDE")),
    ('∉', Sign::Word("NOTINSIDE")),
    ('⊆', Sign::Word("ALLINSIDE")),
    ('⊂', Sign::Word("ANYINSIDE")),
    ('⊄', Sign::Word("NONEINSIDE")),
];

#[derive(Debug, Clone, Copy)]
pub(crate) enum Sign {
    Symbol(&'static str),
    Word(&'static str),
}

impl Token<'_> {
    pub(crate) fn is_symbol(&self, symbol: &str) -> bool {
        matches!(self.kind, TokenKind::Symbol(found) if found == symbol)
    }

    pub(crate) fn is_word(&self, keyword: &str) -> bool {
        matches!(self.kind, TokenKind::Word(word) if word.eq_ignore_ascii_case(keyword))
    }
}

/// As it stands in "found …".
impl fmt::Display for Token<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            TokenKind::Word(word) => write!(f, "`{}`", shown(word)),
            TokenKind::QuotedName(name) => write!(f, "the name `{}`", shown(name)),
            TokenKind::Parameter(name) => write!(f, "`${}`", shown(name)),
            TokenKind::Number(_) => f.write_str("a number"),
            TokenKind::Duration(_) => f.write_str("a duration"),
            TokenKind::Alphanumeric(text) => write!(f, "`{}`", shown(text)),
            TokenKind::Text(_) => f.write_str("a string"),
            TokenKind::Datetime(_) => f.write_str("a datetime"),
            TokenKind::Uuid(_) => f.write_str("a uuid"),
            TokenKind::Bytes(_) => f.write_str("bytes"),
            TokenKind::Record(_) => f.write_str("a record id"),
            TokenKind::Regex(_) => f.write_str("a regex"),
            TokenKind::Symbol(symbol) => write!(f, "`{symbol}`"),
            TokenKind::End => f.write_str("the end"),
        }
    }
}

/// Input as it may stand in a message: short and without control characters.
pub(crate) fn shown(text: &str) -> String {
    text.chars().take(64).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}
