//! Steps into values.
use combine::{Parser, parser};

use super::expression::{expression, unknown};
use super::function;
use super::input::{Input, Parsed, Taken, committed};
use super::{Closing, collection, list, symbol};
use crate::syntax_error::Problem;
use crate::token::TokenKind;
use crate::{DestructuredField, Expr, ExprKind, Part, PartKind, Path};

/// The steps that follow, as many as there are.
pub(super) fn parts<'a>(input: &mut Input<'a>) -> Taken<'a, Vec<Part>> {
    let mut parts = Vec::new();
    loop {
        let first = input.peek();
        let TokenKind::Symbol(symbol) = first.kind else { return Ok(parts) };
        let kind = match symbol {
            "." => {
                input.next();
                dotted(input)?
            }
            "[" => {
                input.next();
                in_brackets(input)?
            }
            "..." => {
                input.next();
                PartKind::Flatten
            }
            _ => return Ok(parts),
        };
        parts.push(Part::new(kind, first.span.to(input.last_span())));
    }
}

/// What follows a `.`.
fn dotted<'a>(input: &mut Input<'a>) -> Taken<'a, PartKind> {
    let token = input.peek();
    match &token.kind {
        TokenKind::Word(name) if input.peek_at(1).is_symbol("(") => {
            input.next();
            Ok(PartKind::Method(name.to_ascii_lowercase(), function::arguments(input)?))
        }
        TokenKind::Word(name) => {
            input.next();
            Ok(PartKind::Field((*name).to_owned()))
        }
        TokenKind::QuotedName(name) => {
            input.next();
            Ok(PartKind::Field(name.to_string()))
        }
        TokenKind::Symbol("*") => {
            input.next();
            Ok(PartKind::All)
        }
        TokenKind::Symbol("?") => {
            input.next();
            Ok(PartKind::Optional)
        }
        TokenKind::Symbol("{") if matches!(input.peek_at(1).kind, TokenKind::Number(_) | TokenKind::Symbol("..")) => {
            input.fail(unknown(token, "recursive paths are"))
        }
        TokenKind::Symbol("{") => {
            input.next();
            input.deeper(|input| input.then(list(destructured, Closing::Curly)).map(PartKind::Destructure))
        }
        TokenKind::Symbol("->" | "<-" | "<->" | "@") => input.fail(unknown(token, "graph paths are")),
        _ => input.then(symbol_or_name()).map(PartKind::Field),
    }
}

/// Fails with what can follow a `.`.
fn symbol_or_name<'a>() -> impl Parser<Input<'a>, Output = String> {
    parser(|input: &mut Input<'a>| input.expected("a field's name, `*`, `?` or `{`"))
}

/// `a`, `a.*`, `a.{b}`, `alias: a.b`
fn destructured<'a>(input: &mut Input<'a>) -> Parsed<'a, DestructuredField> {
    let first = input.peek().span;
    let (name, _) = collection::key(input)?;
    if input.accept(":") {
        let path = input.then(parser(path))?;
        return committed(DestructuredField { name, path });
    }
    let mut steps = vec![Part::new(PartKind::Field(name.clone()), first)];
    steps.extend(parts(input)?);
    match steps.get(1) {
        Some(Part { kind: PartKind::Field(_), span }) => Err(input
            .fail::<()>(Problem::invalid(*span, "give the field of a longer path a name: `name: path`"))
            .expect_err("it fails")),
        _ => committed(DestructuredField { name, path: Path { parts: steps } }),
    }
}

/// A path from a row: a name, then steps.
pub(super) fn path<'a>(input: &mut Input<'a>) -> Parsed<'a, Path> {
    let token = input.peek();
    let name = match &token.kind {
        TokenKind::Word(name) => (*name).to_owned(),
        TokenKind::QuotedName(name) => name.to_string(),
        _ => return input.expected("a field's name"),
    };
    input.next();
    let mut steps = vec![Part::new(PartKind::Field(name), token.span)];
    steps.extend(parts(input)?);
    committed(Path { parts: steps })
}

/// A path of fields, positions and `*`.
pub(super) fn plain_path<'a>(input: &mut Input<'a>) -> Parsed<'a, Path> {
    let (path, _) = path(input)?;
    for part in &path.parts {
        let is_plain = match &part.kind {
            PartKind::Field(_) | PartKind::All | PartKind::Last => true,
            PartKind::Index(position) => position.as_literal().is_some(),
            PartKind::Where(_) | PartKind::Destructure(_) | PartKind::Optional | PartKind::Flatten | PartKind::Method(..) => {
                false
            }
        };
        if !is_plain {
            let message = "expected a plain path: names, positions in `[…]` and `*`";
            return Err(input.fail::<()>(Problem::invalid(part.span, message)).expect_err("it fails"));
        }
    }
    committed(path)
}

/// What follows a `[`, up to its `]`.
fn in_brackets<'a>(input: &mut Input<'a>) -> Taken<'a, PartKind> {
    let first = input.peek();
    let is_last = |input: &Input<'a>| input.peek_at(1).is_symbol("]");
    if first.is_symbol("$") && is_last(input) {
        input.next();
        input.next();
        return Ok(PartKind::Last);
    }
    if first.is_symbol("*") && is_last(input) {
        input.next();
        input.next();
        return Ok(PartKind::All);
    }
    let is_condition = first.is_symbol("?") || (first.is_word("WHERE") && !is_last(input));
    if is_condition {
        input.next();
    }
    let inner: Expr = input.then(parser(expression).skip(symbol("]")))?;
    if let ExprKind::Closure(..) = inner.kind {
        return input.fail(Problem::invalid(inner.span, "a closure is an argument of a function"));
    }
    Ok(if is_condition { PartKind::Where(inner) } else { PartKind::Index(inner) })
}
