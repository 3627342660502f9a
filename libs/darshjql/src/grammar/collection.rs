//! Arrays, sets and objects.
use combine::parser;
use ddb_core::Value;

use super::expression::{expression, unknown};
use super::input::{Input, Parsed, Taken, committed};
use super::{Closing, list, symbol};
use crate::token::TokenKind;
use crate::{Expr, ExprKind, Span};

pub(super) fn array<'a>(input: &mut Input<'a>) -> Taken<'a, Expr> {
    let opening = input.next();
    let items = input.then(list(expression, Closing::Square))?;
    let kind = match literals(&items) {
        Some(values) => ExprKind::Literal(Value::Array(values)),
        None => ExprKind::Array(items),
    };
    Ok(Expr::new(kind, opening.span.to(input.last_span())))
}

/// `{ key: value }` is an object, `{1, 2}`, `{1,}` and `{,}` are sets; anything else would be a block.
pub(super) fn braces<'a>(input: &mut Input<'a>) -> Taken<'a, Expr> {
    if input.peek_at(1).is_symbol("}") || (is_key(input) && input.peek_at(2).is_symbol(":")) {
        return object(input);
    }
    let opening = input.next();
    if input.accept(",") {
        input.then(symbol("}"))?;
        return Ok(Expr::new(ExprKind::Literal(Value::Set(Vec::new())), opening.span.to(input.last_span())));
    }
    let first = input.then(parser(expression))?;
    if input.peek().is_symbol("}") {
        return input.fail(unknown(opening, "blocks are (a set of one is `{1,}`)"));
    }
    let mut items = vec![first];
    input.then(symbol(","))?;
    let rest = input.then(list(expression, Closing::Curly))?;
    items.extend(rest);
    let kind = match literals(&items) {
        Some(values) => ExprKind::Literal(Value::set(values)),
        None => ExprKind::Set(items),
    };
    Ok(Expr::new(kind, opening.span.to(input.last_span())))
}

fn object<'a>(input: &mut Input<'a>) -> Taken<'a, Expr> {
    let opening = input.next();
    let entries = input.then(parser(entries))?;
    let span = opening.span.to(input.last_span());
    Ok(Expr::new(object_of(entries), span))
}

/// The entries of an object whose `{` was taken, and its `}`.
pub(super) fn entries<'a>(input: &mut Input<'a>) -> Parsed<'a, Vec<(String, Expr)>> {
    committed(input.then(list(entry, Closing::Curly))?)
}

fn entry<'a>(input: &mut Input<'a>) -> Parsed<'a, (String, Expr)> {
    let (key, _) = key(input)?;
    input.then(symbol(":"))?;
    let value = input.then(parser(expression))?;
    committed((key, value))
}

/// A name, a string, or a word that begins with a digit.
pub(super) fn key<'a>(input: &mut Input<'a>) -> Parsed<'a, String> {
    let token = input.peek();
    let key = match &token.kind {
        TokenKind::Word(name) => (*name).to_owned(),
        TokenKind::QuotedName(name) => name.to_string(),
        TokenKind::Text(text) => text.to_string(),
        TokenKind::Number(_) | TokenKind::Duration(_) | TokenKind::Alphanumeric(_) => source(input, token.span).to_owned(),
        _ => return input.expected("a key"),
    };
    input.next();
    committed(key)
}

fn is_key(input: &Input<'_>) -> bool {
    matches!(
        input.peek_at(1).kind,
        TokenKind::Word(_)
            | TokenKind::QuotedName(_)
            | TokenKind::Text(_)
            | TokenKind::Number(_)
            | TokenKind::Duration(_)
            | TokenKind::Alphanumeric(_)
    )
}

pub(super) fn source<'a>(input: &Input<'a>, span: Span) -> &'a str {
    &input.text[span.start as usize..span.end as usize]
}

fn object_of(entries: Vec<(String, Expr)>) -> ExprKind {
    match entries.iter().all(|(_, value)| value.as_literal().is_some()) {
        true => ExprKind::Literal(Value::Object(
            entries.into_iter().filter_map(|(key, value)| into_literal(value).map(|value| (key, value))).collect(),
        )),
        false => ExprKind::Object(entries),
    }
}

/// The values, if all are literals.
pub(super) fn literals(items: &[Expr]) -> Option<Vec<Value>> {
    items.iter().map(|item| item.as_literal().cloned()).collect()
}

fn into_literal(expr: Expr) -> Option<Value> {
    match expr.kind {
        ExprKind::Literal(value) => Some(value),
        _ => None,
    }
}
