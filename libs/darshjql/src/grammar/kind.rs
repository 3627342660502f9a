//! The kinds of casts and of closures' parameters.
use combine::{Parser, parser, sep_by1};
use ddb_core::TableName;

use super::input::{Input, Parsed, Taken, committed};
use super::{symbol, token};
use crate::Kind;
use crate::kind::GeometryKind;
use crate::syntax_error::Problem;
use crate::token::{Token, TokenKind, shown};

/// `int`, `array<string>`, `int | string`
pub(super) fn kind<'a>(input: &mut Input<'a>) -> Parsed<'a, Kind> {
    let kinds: Vec<Kind> = input.then(sep_by1(parser(single), symbol("|")))?;
    committed(either(kinds))
}

/// One kind, without `|`.
pub(super) fn single<'a>(input: &mut Input<'a>) -> Parsed<'a, Kind> {
    let kind = input.deeper(|input| {
        let token = input.peek();
        let TokenKind::Word(word) = token.kind else { return input.expected("a kind of value, like `int`") };
        let name = word.to_ascii_lowercase();
        if let Some((_, kind)) = Kind::SIMPLE.into_iter().find(|(simple, _)| *simple == name) {
            input.next();
            return Ok(kind);
        }
        match name.as_str() {
            "option" => {
                input.next();
                let inner = input.then(symbol("<").with(parser(kind)).skip(symbol(">")))?;
                Ok(either(vec![Kind::None, inner]))
            }
            "array" => list(input).map(|(of, most)| Kind::Array(Box::new(of), most)),
            "set" => list(input).map(|(of, most)| Kind::Set(Box::new(of), most)),
            "record" => {
                input.next();
                names(input, "the name of a table", |token| match &token.kind {
                    TokenKind::Word(name) => TableName::parse(name).ok(),
                    TokenKind::QuotedName(name) => TableName::parse(name).ok(),
                    _ => None,
                })
                .map(Kind::Record)
            }
            "geometry" => {
                input.next();
                names(input, "a kind of geometry, like `point`", |token| {
                    GeometryKind::ALL.into_iter().find(|(name, _)| token.is_word(name)).map(|(_, kind)| kind)
                })
                .map(Kind::Geometry)
            }
            _ => input.fail(Problem::invalid(token.span, format!("`{}` is not a kind of value", shown(word)))),
        }
    })?;
    committed(kind)
}

/// `array`, `array<int>`, `array<int, 5>`: of which items, how many at most.
fn list<'a>(input: &mut Input<'a>) -> Taken<'a, (Kind, Option<u64>)> {
    input.next();
    if !input.accept("<") {
        return Ok((Kind::Any, None));
    }
    let of = input.then(parser(kind))?;
    let most = match input.accept(",") {
        true => Some(input.then(token("a number of items", |token: &Token<'_>| match token.kind {
            TokenKind::Number(crate::token::Number::Int(most)) => Some(most),
            _ => None,
        }))?),
        false => None,
    };
    input.then(symbol(">"))?;
    Ok((of, most))
}

/// `<a | b>`, or nothing.
fn names<'a, T>(input: &mut Input<'a>, expected: &'static str, read: impl Fn(&'a Token<'a>) -> Option<T>) -> Taken<'a, Vec<T>> {
    if !input.accept("<") {
        return Ok(Vec::new());
    }
    input.then(sep_by1(token(expected, read), symbol("|")).skip(symbol(">")))
}

/// One kind of several; those that are so themselves are taken apart.
fn either(kinds: Vec<Kind>) -> Kind {
    let mut flat = Vec::new();
    for kind in kinds {
        match kind {
            Kind::Either(inner) => flat.extend(inner),
            single => flat.push(single),
        }
    }
    match <[Kind; 1]>::try_from(flat) {
        Ok([single]) => single,
        Err(several) => Kind::Either(several),
    }
}
