//! Operators, by precedence climbing.
use std::ops::Bound;

use combine::parser;
use ddb_core::{self as core, Value};

use super::input::{Input, Parsed, Taken, committed};
use super::operand::{number, operand};
use super::{kind, symbol};
use crate::operator::Binding;
use crate::operator_word::{self, is_operator};
use crate::syntax_error::Problem;
use crate::token::{Token, TokenKind};
use crate::{BinaryOperator, Expr, ExprKind, UnaryOperator};

/// What joins two expressions.
#[derive(Clone, Copy)]
enum Joint {
    And,
    Or,
    Binary(BinaryOperator),
    Range { begin_excluded: bool, end_included: bool },
}

pub(super) fn expression<'a>(input: &mut Input<'a>) -> Parsed<'a, Expr> {
    committed(climb(input, Binding::Nullish)?)
}

/// An expression whose operators hold at least as tightly as `loosest`.
fn climb<'a>(input: &mut Input<'a>, loosest: Binding) -> Taken<'a, Expr> {
    input.deeper(|input| {
        let mut left = prefixed(input)?;
        let mut may_be_range = true;
        while let Some((joint, tokens)) = joint(input)? {
            let binding = joint.binding();
            if binding < loosest || (binding == Binding::Range && !may_be_range) {
                break;
            }
            for _ in 0..tokens {
                input.next();
            }
            left = match joint {
                Joint::Range { begin_excluded, end_included } => {
                    may_be_range = false;
                    let begin = if begin_excluded { Bound::Excluded(left) } else { Bound::Included(left) };
                    let end = range_end(input, end_included)?;
                    range(begin, end, input)
                }
                Joint::Binary(operator) => {
                    // Powers are the only ones that group to the right.
                    let right = if binding == Binding::Power { binding } else { binding.tighter() };
                    let right = input.then(parser(|input| committed(climb(input, right)?)))?;
                    input.grow()?;
                    let span = left.span.to(right.span);
                    Expr::new(ExprKind::Binary(Box::new(left), operator, Box::new(right)), span)
                }
                Joint::And | Joint::Or => {
                    let right = input.then(parser(|input| committed(climb(input, binding.tighter())?)))?;
                    connect(joint, left, right)
                }
            };
        }
        Ok(left)
    })
}

/// AND and OR are associative also in the operand that they give, so a chain of them is one node, however it was put in brackets.
fn connect(joint: Joint, left: Expr, right: Expr) -> Expr {
    let span = left.span.to(right.span);
    let is_and = matches!(joint, Joint::And);
    let operands_of = |expr: Expr| match expr.kind {
        ExprKind::And(operands) if is_and => operands,
        ExprKind::Or(operands) if !is_and => operands,
        _ => vec![expr],
    };
    let mut operands = operands_of(left);
    operands.append(&mut operands_of(right));
    Expr::new(if is_and { ExprKind::And(operands) } else { ExprKind::Or(operands) }, span)
}

/// What joins the next expression to the one before, and of how many tokens it is.
fn joint<'a>(input: &Input<'a>) -> Taken<'a, Option<(Joint, usize)>> {
    let token = input.peek();
    let joint = match &token.kind {
        TokenKind::Word(word) if word.eq_ignore_ascii_case("AND") => Joint::And,
        TokenKind::Word(word) if word.eq_ignore_ascii_case("OR") => Joint::Or,
        TokenKind::Word(word) if word.eq_ignore_ascii_case("NOT") => {
            if input.peek_at(1).is_word("IN") || input.peek_at(1).is_word("INSIDE") {
                return Ok(Some((Joint::Binary(BinaryOperator::NotIn), 2)));
            }
            let advice = match &input.peek_at(1).kind {
                TokenKind::Word(word) if word.eq_ignore_ascii_case("LIKE") || word.eq_ignore_ascii_case("ILIKE") => {
                    "`!~` is the opposite of `~`, `!` negates"
                }
                TokenKind::Word(word) if word.eq_ignore_ascii_case("CONTAINS") => "`CONTAINSNOT` is an operator",
                _ => "`NOT IN` is an operator, `!` negates",
            };
            let message = format!("expected an operator or the end, found `NOT`; {advice}");
            return input.fail(Problem::invalid(token.span, message));
        }
        TokenKind::Word(word) if word.eq_ignore_ascii_case("IS") && input.peek_at(1).is_word("NOT") => {
            return Ok(Some((Joint::Binary(BinaryOperator::NotEqual), 2)));
        }
        TokenKind::Word(word) => match operator_word::operator(word) {
            Some(operator) => Joint::Binary(operator),
            None => return Ok(None),
        },
        TokenKind::Symbol(symbol) => match *symbol {
            "&&" => Joint::And,
            "||" => Joint::Or,
            ".." => Joint::Range { begin_excluded: false, end_included: false },
            "..=" => Joint::Range { begin_excluded: false, end_included: true },
            ">.." => Joint::Range { begin_excluded: true, end_included: false },
            ">..=" => Joint::Range { begin_excluded: true, end_included: true },
            "->" | "<-" | "<->" => return input.fail(unknown(token, "graph paths are")),
            "@@" | "@" => return input.fail(unknown(token, "full-text search is")),
            "<|" => return input.fail(unknown(token, "nearest-neighbour search is")),
            other => match binary(other) {
                Some(operator) => Joint::Binary(operator),
                None => return Ok(None),
            },
        },
        _ => return Ok(None),
    };
    Ok(Some((joint, 1)))
}

fn binary(symbol: &str) -> Option<BinaryOperator> {
    Some(match symbol {
        "??" => BinaryOperator::Coalesce,
        "?:" => BinaryOperator::Elvis,
        "=" | "==" => BinaryOperator::Equal,
        "!=" => BinaryOperator::NotEqual,
        "?=" => BinaryOperator::AnyEqual,
        "*=" => BinaryOperator::AllEqual,
        "~" => BinaryOperator::Like,
        "!~" => BinaryOperator::NotLike,
        "?~" => BinaryOperator::AnyLike,
        "*~" => BinaryOperator::AllLike,
        "<" => BinaryOperator::Less,
        "<=" => BinaryOperator::LessOrEqual,
        ">" => BinaryOperator::Greater,
        ">=" => BinaryOperator::GreaterOrEqual,
        "+" => BinaryOperator::Add,
        "-" => BinaryOperator::Subtract,
        "*" => BinaryOperator::Multiply,
        "/" => BinaryOperator::Divide,
        "%" => BinaryOperator::Remainder,
        "**" => BinaryOperator::Power,
        _ => return None,
    })
}

/// The error for a part of the language that this version does not have.
pub(super) fn unknown(token: &Token<'_>, what: &str) -> Problem {
    Problem::invalid(token.span, format!("{what} not known to this version"))
}

impl Joint {
    fn binding(self) -> Binding {
        match self {
            Self::And => Binding::And,
            Self::Or => Binding::Or,
            Self::Binary(operator) => operator.binding(),
            Self::Range { .. } => Binding::Range,
        }
    }
}

/// Signs, casts and ranges without a beginning, then an operand with its path.
fn prefixed<'a>(input: &mut Input<'a>) -> Taken<'a, Expr> {
    let first = input.peek();
    let TokenKind::Symbol(sign) = first.kind else { return operand(input) };
    match sign {
        "-" if matches!(input.peek_at(1).kind, TokenKind::Number(_)) => operand(input),
        "-" => unary(input, UnaryOperator::Negate),
        "+" => unary(input, UnaryOperator::Plus),
        "!" => unary(input, UnaryOperator::Not),
        "<" => {
            input.next();
            let kind = input.then(parser(kind::kind))?;
            input.then(symbol(">"))?;
            let cast = input.then(parser(|input| committed(climb(input, Binding::Range)?)))?;
            let span = first.span.to(cast.span);
            Ok(Expr::new(ExprKind::Cast(kind, Box::new(cast)), span))
        }
        ".." | "..=" => {
            input.next();
            let end = range_end(input, sign == "..=")?;
            let range = range(Bound::Unbounded, end, input);
            Ok(Expr::new(range.kind, first.span.to(input.last_span())))
        }
        _ => operand(input),
    }
}

fn unary<'a>(input: &mut Input<'a>, operator: UnaryOperator) -> Taken<'a, Expr> {
    let sign = input.next();
    let operand = input.then(parser(|input| committed(climb(input, Binding::Unary)?)))?;
    let span = sign.span.to(operand.span);
    Ok(Expr::new(ExprKind::Unary(operator, Box::new(operand)), span))
}

/// What stands behind the `..` of a range, if anything does.
fn range_end<'a>(input: &mut Input<'a>, included: bool) -> Taken<'a, Bound<Expr>> {
    if !included && !begins_operand(input.peek()) {
        return Ok(Bound::Unbounded);
    }
    let end = input.then(parser(|input| committed(climb(input, Binding::Unary)?)))?;
    Ok(if included { Bound::Included(end) } else { Bound::Excluded(end) })
}

fn begins_operand(token: &Token<'_>) -> bool {
    match &token.kind {
        TokenKind::Word(word) => !is_operator(word),
        TokenKind::Symbol(symbol) => matches!(*symbol, "(" | "[" | "{" | "-" | "+" | "!"),
        TokenKind::End => false,
        _ => true,
    }
}

/// A range; a literal where its bounds are.
fn range(begin: Bound<Expr>, end: Bound<Expr>, input: &Input<'_>) -> Expr {
    let span = match &begin {
        Bound::Included(begin) | Bound::Excluded(begin) => begin.span.to(input.last_span()),
        Bound::Unbounded => input.last_span(),
    };
    let literal = |bound: &Bound<Expr>| match bound {
        Bound::Unbounded => Some(core::Bound::Unbounded),
        Bound::Included(expr) => expr.as_literal().cloned().map(core::Bound::Included),
        Bound::Excluded(expr) => expr.as_literal().cloned().map(core::Bound::Excluded),
    };
    let kind = match (literal(&begin), literal(&end)) {
        (Some(begin), Some(end)) => ExprKind::Literal(core::Range { begin, end }.into()),
        _ => ExprKind::Range(begin.map(Box::new), end.map(Box::new)),
    };
    Expr::new(kind, span)
}

/// A number with its sign, which belongs to it: `-1.abs()` is 1.
pub(super) fn signed_number<'a>(input: &mut Input<'a>) -> Taken<'a, Value> {
    let negative = input.accept("-");
    number(input, negative)
}
