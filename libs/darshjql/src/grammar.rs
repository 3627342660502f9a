//! Tokens to trees, with `combine`. Rules are functions, and parsers are put together from them, so that no type grows with the grammar.
mod collection;
mod expression;
mod function;
mod habit;
mod input;
mod kind;
mod operand;
mod path;
mod record;

use combine::{Parser, parser, satisfy, sep_end_by};
use ddb_core::Value;

use crate::token::{Token, TokenKind};
use crate::tokenizer::tokenize;
use crate::{Expr, Path, Span, SyntaxError};
use input::{Input, Parsed};
pub(crate) use operand::is_reserved;

/// Reads an expression; nothing may follow it.
pub fn parse_expression(text: &str) -> Result<Expr, SyntaxError> {
    run(text, expression::expression, "an operator or the end")
}

/// Reads an expression that is asked of records. Habits of other languages that would read as something else are refused, with what to write instead:
/// `a IN (1, 2)` is a point, `"a" = 'x'` two texts.
pub fn parse_filter(text: &str) -> Result<Expr, SyntaxError> {
    if let Some(problem) = habit::misread(text, &tokenize(text).map_err(|problem| problem.within(text))?) {
        return Err(problem.within(text));
    }
    parse_expression(text)
}

/// Reads a path from a row, as `fields=` and `order=` have it: fields, positions, `*`; no conditions, methods or destructuring.
pub fn parse_path(text: &str) -> Result<Path, SyntaxError> {
    run(text, path::plain_path, "`.`, `[` or the end")
}

/// Reads a value in its literal form; `NaN`, `inf` and `-inf` are floats here.
pub fn parse_value(text: &str) -> Result<Value, SyntaxError> {
    run(text, operand::literal_value, "the end")
}

fn run<T>(text: &str, rule: for<'a> fn(&mut Input<'a>) -> Parsed<'a, T>, expected: &'static str) -> Result<T, SyntaxError> {
    let tokens = tokenize(text).map_err(|problem| problem.within(text))?;
    let end = satisfy(|token: &Token<'_>| token.kind == TokenKind::End).expected(expected);
    match parser(rule).skip(end).parse(Input::new(text, &tokens)) {
        Ok((parsed, _)) => Ok(parsed),
        Err(errors) => Err(input::problem(&tokens, errors).within(text)),
    }
}

/// The sign itself; where it stood.
fn symbol<'a>(symbol: &'static str) -> impl Parser<Input<'a>, Output = Span> {
    satisfy(move |token: &'a Token<'a>| token.is_symbol(symbol)).map(|token: &'a Token<'a>| token.span).expected(symbol)
}

/// Items with a comma behind each but the last, where it may stand, and the closing bracket.
fn list<'a, T>(item: fn(&mut Input<'a>) -> Parsed<'a, T>, closing: Closing) -> impl Parser<Input<'a>, Output = Vec<T>> {
    let (bracket, expected) = match closing {
        Closing::Round => (")", "`,` or `)`"),
        Closing::Square => ("]", "`,` or `]`"),
        Closing::Curly => ("}", "`,` or `}`"),
    };
    sep_end_by(parser(item), symbol(",")).skip(symbol(bracket).expected(expected))
}

enum Closing {
    Round,
    Square,
    Curly,
}

/// A token that `read` takes.
fn token<'a, T>(expected: &'static str, read: impl Fn(&'a Token<'a>) -> Option<T>) -> impl Parser<Input<'a>, Output = T> {
    combine::parser::token::satisfy_map(read).expected(expected)
}
