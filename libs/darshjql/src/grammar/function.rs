//! Calls, constants and closures.
use combine::{Parser, parser, sep_by};

use super::expression::expression;
use super::input::{Input, Parsed, Taken, committed};
use super::{Closing, kind, list, symbol, token};
use crate::token::{Token, TokenKind};
use crate::{ClosureParameter, Expr, ExprKind};

/// `a::b(…)`, or the constant `a::b`. Names are of small and capital letters alike.
pub(super) fn function<'a>(input: &mut Input<'a>) -> Taken<'a, Expr> {
    let first = input.peek().span;
    let mut name = String::new();
    loop {
        name.push_str(&input.then(word())?.to_ascii_lowercase());
        if !input.accept("::") {
            break;
        }
        name.push_str("::");
    }
    let kind = match input.peek().is_symbol("(") {
        true => ExprKind::Function(name, arguments(input)?),
        false => ExprKind::Constant(name),
    };
    Ok(Expr::new(kind, first.to(input.last_span())))
}

fn word<'a>() -> impl Parser<Input<'a>, Output = &'a str> {
    token("a name", |token: &'a Token<'a>| match token.kind {
        TokenKind::Word(word) => Some(word),
        _ => None,
    })
}

/// `(…)`; the `(` is next.
pub(super) fn arguments<'a>(input: &mut Input<'a>) -> Taken<'a, Vec<Expr>> {
    input.next();
    input.then(list(expression, Closing::Round))
}

/// `|$a, $b: int| expression`
pub(super) fn closure<'a>(input: &mut Input<'a>) -> Taken<'a, Expr> {
    let opening = input.next();
    let parameters = match opening.is_symbol("||") {
        true => Vec::new(),
        false => input.then(sep_by(parser(parameter), symbol(",")).skip(symbol("|")))?,
    };
    let body = input.then(parser(expression))?;
    let span = opening.span.to(body.span);
    Ok(Expr::new(ExprKind::Closure(parameters, Box::new(body)), span))
}

fn parameter<'a>(input: &mut Input<'a>) -> Parsed<'a, ClosureParameter> {
    let TokenKind::Parameter(name) = &input.peek().kind else { return input.expected("a parameter like `$x`") };
    input.next();
    let kind = match input.accept(":") {
        // A `|` ends the parameters, so the kind is a single one.
        true => Some(input.then(parser(kind::single))?),
        false => None,
    };
    committed(ClosureParameter { name: name.to_string(), kind })
}
