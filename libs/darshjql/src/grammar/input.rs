//! The tokens as `combine` reads them.
use combine::easy::{self, Errors, Info};
use combine::error::{Commit, StdParseResult, StreamError, Tracked};
use combine::stream::{Positioned, ResetStream, StreamErrorFor};
use combine::{Parser, StreamOnce};

use super::habit;
use crate::Span;
use crate::syntax_error::Problem;
use crate::token::{SYMBOLS, Token, TokenKind};

/// Expressions within expressions, and of operators within operators: so many fit on the stack of a thread, in a debug build too.
const MAX_NESTING: usize = 100;

pub(super) type Error<'a> = easy::Error<&'a Token<'a>, &'a Token<'a>>;
pub(super) type Parsed<'a, T> = StdParseResult<T, Input<'a>>;
/// What a rule gives that does not say whether it took anything.
pub(super) type Taken<'a, T> = Result<T, Commit<Tracked<Errors<&'a Token<'a>, &'a Token<'a>, usize>>>>;

#[derive(Debug, Clone)]
pub(super) struct Input<'a> {
    pub(super) text: &'a str,
    tokens: &'a [Token<'a>],
    position: usize,
    /// Rules that are at work within each other.
    nesting: usize,
    /// Levels of the highest tree that was made since the rule at work began.
    height: usize,
}

impl<'a> Input<'a> {
    pub(super) fn new(text: &'a str, tokens: &'a [Token<'a>]) -> Self {
        Self { text, tokens, position: 0, nesting: 0, height: 0 }
    }

    pub(super) fn peek(&self) -> &'a Token<'a> {
        self.peek_at(0)
    }

    /// The token `ahead` of the next one; the end where there are not so many.
    pub(super) fn peek_at(&self, ahead: usize) -> &'a Token<'a> {
        self.tokens.get(self.position + ahead).or(self.tokens.last()).expect("the last token is the end")
    }

    pub(super) fn next(&mut self) -> &'a Token<'a> {
        let token = self.peek();
        self.position = (self.position + 1).min(self.tokens.len() - 1);
        token
    }

    /// Takes the next token if it is this sign.
    pub(super) fn accept(&mut self, symbol: &str) -> bool {
        let found = self.peek().is_symbol(symbol);
        if found {
            self.next();
        }
        found
    }

    /// Where the last token that was taken stands.
    pub(super) fn last_span(&self) -> Span {
        self.tokens[self.position.saturating_sub(1)].span
    }

    /// Runs a parser after something was taken already, so that its failure is final.
    pub(super) fn then<T>(&mut self, mut parser: impl Parser<Self, Output = T>) -> Taken<'a, T> {
        match parser.parse_stream(self).into_result() {
            Ok((parsed, _)) => Ok(parsed),
            Err(error) => Err(Commit::Commit(error.into_inner())),
        }
    }

    pub(super) fn fail<T>(&self, problem: Problem) -> Taken<'a, T> {
        Err(Commit::Commit(Tracked::from(Errors::new(self.position, problem.into()))))
    }

    /// Fails because something else should stand here.
    pub(super) fn expected<T>(&self, expected: &'static str) -> Taken<'a, T> {
        let mut errors = Errors::empty(self.position);
        errors.add_error(Error::unexpected_token(self.peek()));
        errors.add_error(Error::expected_static_message(expected));
        Err(Commit::Peek(Tracked::from(errors)))
    }

    /// Runs a rule one level deeper. The tree it makes is one level of whatever it becomes a part of.
    pub(super) fn deeper<T>(&mut self, rule: impl FnOnce(&mut Self) -> Taken<'a, T>) -> Taken<'a, T> {
        if self.nesting == MAX_NESTING {
            return self.too_deep();
        }
        self.nesting += 1;
        let outer = std::mem::take(&mut self.height);
        let parsed = rule(self);
        self.nesting -= 1;
        self.grow()?;
        self.height = self.height.max(outer);
        parsed
    }

    /// What was made last becomes a part of something.
    pub(super) fn grow(&mut self) -> Taken<'a, ()> {
        self.height += 1;
        if self.height > MAX_NESTING { self.too_deep() } else { Ok(()) }
    }

    fn too_deep<T>(&self) -> Taken<'a, T> {
        self.fail(Problem::limit(self.peek().span, format!("more than {MAX_NESTING} expressions within each other")))
    }
}

/// As a rule gives it that took at least one token.
pub(super) fn committed<'a, T>(parsed: T) -> Parsed<'a, T> {
    Ok((parsed, Commit::Commit(())))
}

impl<'a> StreamOnce for Input<'a> {
    type Token = &'a Token<'a>;
    type Range = &'a Token<'a>;
    type Position = usize;
    type Error = Errors<Self::Token, Self::Range, usize>;

    fn uncons(&mut self) -> Result<Self::Token, StreamErrorFor<Self>> {
        let token = self.tokens.get(self.position).ok_or_else(Error::end_of_input)?;
        self.position += 1;
        Ok(token)
    }
}

impl ResetStream for Input<'_> {
    type Checkpoint = usize;

    fn checkpoint(&self) -> usize {
        self.position
    }

    fn reset(&mut self, checkpoint: usize) -> Result<(), Self::Error> {
        self.position = checkpoint;
        Ok(())
    }
}

impl Positioned for Input<'_> {
    fn position(&self) -> usize {
        self.position
    }
}

/// One problem of what `combine` gathered at a place: our own, or what was found and what was expected.
pub(super) fn problem<'a>(tokens: &'a [Token<'a>], errors: Errors<&'a Token<'a>, &'a Token<'a>, usize>) -> Problem {
    let found = tokens.get(errors.position).or(tokens.last()).expect("the last token is the end");
    let mut expected: Vec<String> = Vec::new();
    for error in errors.errors {
        match error {
            easy::Error::Other(other) => {
                if let Ok(problem) = other.downcast::<Problem>() {
                    return *problem;
                }
            }
            easy::Error::Expected(Info::Static(what)) => {
                let what = if SYMBOLS.contains(&what) { format!("`{what}`") } else { what.to_owned() };
                if !expected.contains(&what) {
                    expected.push(what);
                }
            }
            easy::Error::Expected(_) | easy::Error::Unexpected(_) | easy::Error::Message(_) => {}
        }
    }
    if let Some(problem) = habit::meant(tokens, errors.position, &expected) {
        return problem;
    }
    let last = expected.pop();
    let expected = match (expected.is_empty(), last) {
        (_, None) => "something else".to_owned(),
        (true, Some(last)) => last,
        (false, Some(last)) => format!("{} or {last}", expected.join(", ")),
    };
    let word = match &found.kind {
        TokenKind::Alphanumeric(text) if text.bytes().all(|byte| byte.is_ascii_digit()) => {
            return Problem::invalid(
                found.span,
                "the integer is beyond 64 bits; write it with `f` for a float or `dec` for a decimal",
            );
        }
        _ => found,
    };
    Problem::invalid(found.span, format!("expected {expected}, found {word}"))
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Problem {}
