//! Record ids and ranges of them.
use std::ops::Bound;

use combine::parser;
use ddb_core::{RecordId, RecordKey, TableName, Value};

use super::expression::{expression, unknown};
use super::input::{Input, Parsed, Taken, committed};
use super::{Closing, collection, list};
use crate::syntax_error::Problem;
use crate::token::{Token, TokenKind, shown};
use crate::{Expr, ExprKind, KeyExpr, RecordRange};

/// Whether the name that is next is the table of a record id: no space stands on either side of the `:`.
pub(super) fn begins(input: &Input<'_>) -> bool {
    let (table, colon, key) = (input.peek(), input.peek_at(1), input.peek_at(2));
    colon.is_symbol(":") && table.span.end == colon.span.start && colon.span.end == key.span.start && key.kind != TokenKind::End
}

/// `table:key`, `table:begin..end`
pub(super) fn record<'a>(input: &mut Input<'a>, table: &str) -> Taken<'a, Expr> {
    let first = input.next();
    let Ok(table) = TableName::parse(table) else {
        return input.fail(Problem::invalid(first.span, format!("`{}` is not the name of a table", shown(table))));
    };
    input.next();
    let from = input.peek();
    let begin = match range_sign(input, false) {
        Some(_) => Bound::Unbounded,
        None => Bound::Included(input.then(parser(key))?),
    };
    let Some((begin_excluded, end_included)) = range_sign(input, true) else {
        let Bound::Included(key) = begin else { return input.expected("a record's key") };
        let key = normal(input, from, key)?;
        return Ok(Expr::new(id(table, key), first.span.to(input.last_span())));
    };
    let begin = match begin {
        Bound::Included(key) if begin_excluded => Bound::Excluded(key),
        other => other,
    };
    let sign = input.next();
    let ends = !end_included && (sign.span.end != input.peek().span.start || !begins_key(input.peek()));
    let end = match ends {
        true => Bound::Unbounded,
        false => {
            let key = input.then(parser(key))?;
            if end_included { Bound::Included(key) } else { Bound::Excluded(key) }
        }
    };
    let kind = ExprKind::RecordRange(Box::new(RecordRange { table, begin, end }));
    Ok(Expr::new(kind, first.span.to(input.last_span())))
}

/// Whether the range that the next token makes excludes its begin and includes its end.
fn range_sign(input: &Input<'_>, has_begin: bool) -> Option<(bool, bool)> {
    let TokenKind::Symbol(symbol) = input.peek().kind else { return None };
    match symbol {
        ".." => Some((false, false)),
        "..=" => Some((false, true)),
        ">.." if has_begin => Some((true, false)),
        ">..=" if has_begin => Some((true, true)),
        _ => None,
    }
}

fn begins_key(token: &Token<'_>) -> bool {
    match &token.kind {
        TokenKind::Word(_)
        | TokenKind::QuotedName(_)
        | TokenKind::Number(_)
        | TokenKind::Duration(_)
        | TokenKind::Alphanumeric(_)
        | TokenKind::Uuid(_) => true,
        TokenKind::Symbol(symbol) => matches!(*symbol, "-" | "[" | "{"),
        _ => false,
    }
}

fn key<'a>(input: &mut Input<'a>) -> Parsed<'a, KeyExpr> {
    let token = input.peek();
    let key = match &token.kind {
        TokenKind::Word(_) if input.peek_at(1).is_symbol("(") => {
            return Err(input.fail::<()>(unknown(token, "generated keys are")).expect_err("it fails"));
        }
        TokenKind::Parameter(_) => {
            let problem = Problem::invalid(token.span, "a key cannot be a parameter; write `type::record('table', $key)`");
            return Err(input.fail::<()>(problem).expect_err("it fails"));
        }
        TokenKind::Word(word) => RecordKey::String((*word).to_owned()),
        TokenKind::QuotedName(name) => RecordKey::String(name.to_string()),
        TokenKind::Uuid(uuid) => RecordKey::Uuid(*uuid),
        TokenKind::Number(_) | TokenKind::Duration(_) | TokenKind::Alphanumeric(_) => {
            let text = collection::source(input, token.span);
            match text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
                true => alphanumeric(text),
                false => return input.expected("a record's key"),
            }
        }
        TokenKind::Symbol("-") if matches!(input.peek_at(1).kind, TokenKind::Number(_)) => {
            input.next();
            match super::operand::number(input, true)? {
                Value::Int(int) => return committed(KeyExpr::Key(RecordKey::Int(int))),
                _ => return input.expected("a record's key"),
            }
        }
        TokenKind::Symbol("[") => return composite_array(input),
        TokenKind::Symbol("{") => return composite_object(input),
        _ => return input.expected("a record's key"),
    };
    storable(input, token, &key)?;
    input.next();
    committed(KeyExpr::Key(key))
}

/// Digits that fit are an int, anything else is a string.
fn alphanumeric(text: &str) -> RecordKey {
    let is_digits = text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse() {
        Ok(int) if is_digits => RecordKey::Int(int),
        _ => RecordKey::String(text.to_owned()),
    }
}

fn composite_array<'a>(input: &mut Input<'a>) -> Parsed<'a, KeyExpr> {
    input.next();
    let items = input.then(list(expression, Closing::Square))?;
    committed(match collection::literals(&items) {
        Some(values) => KeyExpr::Key(RecordKey::Array(values)),
        None => KeyExpr::Array(items),
    })
}

fn composite_object<'a>(input: &mut Input<'a>) -> Parsed<'a, KeyExpr> {
    input.next();
    let entries = input.then(parser(collection::entries))?;
    let literal: Option<_> =
        entries.iter().map(|(key, value)| value.as_literal().map(|value| (key.clone(), value.clone()))).collect();
    committed(match literal {
        Some(object) => KeyExpr::Key(RecordKey::Object(object)),
        None => KeyExpr::Object(entries),
    })
}

/// The key that a record can have. A bound of a range stays as it is written: it may be what no record has.
fn normal<'a>(input: &Input<'a>, from: &Token<'_>, key: KeyExpr) -> Taken<'a, KeyExpr> {
    let KeyExpr::Key(key) = key else { return Ok(key) };
    match RecordKey::from_value(key.into()) {
        Ok(key) => Ok(KeyExpr::Key(key)),
        Err(error) => input.fail(Problem::invalid(from.span, error.message())),
    }
}

fn storable<'a>(input: &Input<'a>, token: &Token<'_>, key: &RecordKey) -> Taken<'a, ()> {
    match key.check_storable() {
        Ok(()) => Ok(()),
        Err(error) => input.fail(Problem::invalid(token.span, error.message())),
    }
}

fn id(table: TableName, key: KeyExpr) -> ExprKind {
    match key {
        KeyExpr::Key(key) => ExprKind::Literal(RecordId::new(table, key).into()),
        key => ExprKind::Record(table, key),
    }
}
