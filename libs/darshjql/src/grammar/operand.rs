//! What operators stand between: literals, names, brackets, each with the path behind it.
use combine::parser;
use ddb_core::{Geometry, Value};

use super::expression::{expression, signed_number, unknown};
use super::input::{Input, Parsed, Taken, committed};
use super::{collection, function, path, record, symbol};
use crate::operator_word::is_connective;
use crate::syntax_error::Problem;
use crate::token::{Number, Token, TokenKind};
use crate::{Expr, ExprKind, Part, PartKind, Path, Span};

/// Words that begin a statement; as a field of that name they are followed by no word and no `*`.
const STATEMENTS: [&str; 16] = [
    "SELECT", "CREATE", "UPDATE", "UPSERT", "DELETE", "INSERT", "RELATE", "LIVE", "LET", "RETURN", "IF", "FOR", "THROW",
    "DEFINE", "REMOVE", "INFO",
];

pub(super) fn operand<'a>(input: &mut Input<'a>) -> Taken<'a, Expr> {
    let is_bracketed = input.peek().is_symbol("(");
    let base = primary(input)?;
    let parts = path::parts(input)?;
    if parts.is_empty() {
        return Ok(base);
    }
    let span = base.span.to(input.last_span());
    Ok(match base.kind {
        // `(a[*])[0]` is not `a[*][0]`: a path in brackets ends there.
        ExprKind::Path(mut path) if !is_bracketed => {
            path.parts.extend(parts);
            Expr::new(ExprKind::Path(path), span)
        }
        kind => {
            input.grow()?;
            Expr::new(ExprKind::Access(Box::new(Expr::new(kind, base.span)), Path { parts }), span)
        }
    })
}

fn primary<'a>(input: &mut Input<'a>) -> Taken<'a, Expr> {
    let token = input.peek();
    let span = token.span;
    let literal = |input: &mut Input<'a>, value: Value| {
        input.next();
        Ok(Expr::new(ExprKind::Literal(value), span))
    };
    match &token.kind {
        TokenKind::Word(word) => named(input, token, word),
        TokenKind::QuotedName(name) if record::begins(input) => record::record(input, name),
        TokenKind::QuotedName(name) => {
            input.next();
            Ok(field(name, span))
        }
        TokenKind::Parameter(name) => {
            input.next();
            if input.peek().is_symbol("(") {
                return input.fail(unknown(input.peek(), "calls of parameters are"));
            }
            Ok(Expr::new(ExprKind::Parameter(name.to_string()), span))
        }
        TokenKind::Number(_) | TokenKind::Symbol("-") => {
            let value = signed_number(input)?;
            Ok(Expr::new(ExprKind::Literal(value), span.to(input.last_span())))
        }
        TokenKind::Duration(duration) => literal(input, Value::Duration(*duration)),
        TokenKind::Text(text) => literal(input, Value::String(text.to_string())),
        TokenKind::Datetime(datetime) => literal(input, Value::Datetime(*datetime)),
        TokenKind::Uuid(uuid) => literal(input, Value::Uuid(*uuid)),
        TokenKind::Bytes(bytes) => literal(input, Value::Bytes(bytes.clone())),
        TokenKind::Record(id) => literal(input, id.clone().into()),
        TokenKind::Regex(regex) => {
            input.next();
            Ok(Expr::new(ExprKind::Regex(regex.to_string()), span))
        }
        TokenKind::Symbol(symbol) => match *symbol {
            "(" => bracketed(input),
            "[" => collection::array(input),
            "{" => collection::braces(input),
            "|" | "||" => function::closure(input),
            "->" | "<-" | "<->" => input.fail(unknown(token, "graph paths are")),
            "<|" => input.fail(unknown(token, "nearest-neighbour search is")),
            _ => input.expected("an expression"),
        },
        TokenKind::Alphanumeric(_) | TokenKind::End => input.expected("an expression"),
    }
}

/// A keyword, a function, a record id or a field.
fn named<'a>(input: &mut Input<'a>, token: &'a Token<'a>, word: &'a str) -> Taken<'a, Expr> {
    let following = input.peek_at(1);
    if following.is_symbol("::") || following.is_symbol("(") {
        return function::function(input);
    }
    if record::begins(input) {
        return record::record(input, word);
    }
    if is_connective(word) {
        return input.expected("an expression");
    }
    let begins_statement = matches!(following.kind, TokenKind::Word(_) | TokenKind::Parameter(_))
        && !is_operator_position(following)
        || following.is_symbol("*") && word.eq_ignore_ascii_case("SELECT");
    if begins_statement && STATEMENTS.iter().any(|statement| word.eq_ignore_ascii_case(statement)) {
        return input.fail(unknown(token, "statements inside of an expression are"));
    }
    input.next();
    Ok(match keyword(word) {
        Some(value) => Expr::new(ExprKind::Literal(value), token.span),
        None => field(word, token.span),
    })
}

fn is_operator_position(token: &Token<'_>) -> bool {
    matches!(&token.kind, TokenKind::Word(word) if crate::operator_word::is_operator(word))
}

/// Whether a word that begins a path could be read as something else.
pub(crate) fn is_reserved(word: &str) -> bool {
    is_connective(word)
        || keyword(word).is_some()
        || word.eq_ignore_ascii_case("WHERE")
        || STATEMENTS.iter().any(|statement| word.eq_ignore_ascii_case(statement))
}

/// The value of a word that is no name.
fn keyword(word: &str) -> Option<Value> {
    if word == "NaN" {
        return Some(Value::Float(f64::NAN));
    }
    let values = [("NONE", Value::None), ("NULL", Value::Null), ("TRUE", Value::Bool(true)), ("FALSE", Value::Bool(false))];
    values.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(word)).map(|(_, value)| value)
}

fn field(name: &str, span: Span) -> Expr {
    let first = Part::new(PartKind::Field(name.to_owned()), span);
    Expr::new(ExprKind::Path(Path { parts: vec![first] }), span)
}

/// `(expression)`, or a point: `(longitude, latitude)`.
fn bracketed<'a>(input: &mut Input<'a>) -> Taken<'a, Expr> {
    let opening = input.next();
    let inner = input.then(parser(expression))?;
    if !input.peek().is_symbol(",") {
        input.then(symbol(")"))?;
        return Ok(Expr::new(inner.kind, opening.span.to(input.last_span())));
    }
    input.next();
    let latitude = input.then(parser(expression))?;
    if input.peek().is_symbol(",") {
        return input.fail(Problem::invalid(opening.span, "a list stands in square brackets: `[1, 2, 3]`"));
    }
    input.then(symbol(")"))?;
    let span = opening.span.to(input.last_span());
    match (coordinate(&inner), coordinate(&latitude)) {
        (Some(longitude), Some(latitude)) => {
            Ok(Expr::new(ExprKind::Literal(Value::Geometry(Geometry::Point((longitude, latitude)))), span))
        }
        _ => input.fail(Problem::invalid(
            span,
            "a point has the form `(longitude, latitude)`, of two numbers; a list stands in square brackets: `['a', 'b']`",
        )),
    }
}

fn coordinate(expr: &Expr) -> Option<f64> {
    match expr.as_literal()? {
        Value::Int(int) => Some(*int as f64),
        Value::Float(float) => Some(*float),
        _ => None,
    }
}

/// The value of the number that is next.
pub(super) fn number<'a>(input: &mut Input<'a>, negative: bool) -> Taken<'a, Value> {
    let token = input.peek();
    let TokenKind::Number(number) = token.kind else { return input.expected("a number") };
    input.next();
    let value = match number {
        Number::Float(float) => Some(Value::Float(if negative { -float } else { float })),
        Number::Decimal(mut decimal) => {
            decimal.set_sign_negative(negative);
            Some(Value::Decimal(decimal))
        }
        Number::Int(magnitude) if negative => 0i64.checked_sub_unsigned(magnitude).map(Value::Int),
        Number::Int(magnitude) => i64::try_from(magnitude).ok().map(Value::Int),
    };
    match value {
        Some(value) => Ok(value),
        None => input.fail(Problem::invalid(
            token.span,
            "the integer is beyond 64 bits; write it with `f` for a float or `dec` for a decimal",
        )),
    }
}

/// A whole text that is a literal.
pub(super) fn literal_value<'a>(input: &mut Input<'a>) -> Parsed<'a, Value> {
    let special = |token: &Token<'_>| matches!(token.kind, TokenKind::Word("inf"));
    if special(input.peek()) && input.peek_at(1).kind == TokenKind::End {
        input.next();
        return committed(Value::Float(f64::INFINITY));
    }
    if input.peek().is_symbol("-") && special(input.peek_at(1)) && input.peek_at(2).kind == TokenKind::End {
        input.next();
        input.next();
        return committed(Value::Float(f64::NEG_INFINITY));
    }
    let first = input.peek().span;
    let (expr, _) = expression(input)?;
    match expr.kind {
        ExprKind::Literal(value) => committed(value),
        _ => Err(input.fail::<()>(Problem::invalid(first, "expected a literal value")).expect_err("it fails")),
    }
}
