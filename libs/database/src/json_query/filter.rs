//! `$where` as an expression.

use ddb_core::json::{self, Json};
use ddb_core::{Error, Result, Value, suggestion};
use ddb_darshjql::{BinaryOperator, Expr, ExprKind, Path, Span, UnaryOperator, parse_path, parse_record_id};
use ddb_engine::filter::{Filter, Form};

/// Levels of `$and`, `$or`, `$not` and of objects in one filter.
const MAX_DEPTH: usize = 32;
/// Members and operators of one filter.
const MAX_PARTS: usize = 1_000;
/// Bytes of a pattern.
const MAX_PATTERN: usize = 1_000;

/// `{"status":"active","priority":{"$gt":2},"$or":[{…},{…}]}`: all of its members.
pub(super) fn filter(json: Json, place: &str) -> Result<Filter> {
    if parts(&json) > MAX_PARTS {
        return Err(wrong(place, &format!("has at most {MAX_PARTS} parts")));
    }
    Ok(Filter { expr: all_of(json, None, place, 0)?, form: Form::Json })
}

fn all_of(json: Json, outer: Option<&Path>, place: &str, depth: usize) -> Result<Expr> {
    if depth > MAX_DEPTH {
        return Err(Error::bad_request(format!("`{place}` nests more than {MAX_DEPTH} levels")));
    }
    let Json::Object(members) = json else { return Err(wrong(place, "must be an object")) };
    let mut parts = Vec::with_capacity(members.len());
    for (name, json) in members {
        let place = format!("{place}.{}", shown(&name));
        parts.push(match name.as_str() {
            "$and" => joined(ExprKind::And, each(json, outer, &place, depth)?, true),
            "$or" => joined(ExprKind::Or, each(json, outer, &place, depth)?, false),
            "$not" => expr(ExprKind::Unary(UnaryOperator::Not, Box::new(all_of(json, outer, &place, depth + 1)?))),
            name if is_operator(name) => {
                let advice = format!("stands in a field, as in `{{\"age\":{{\"{name}\":…}}}}`");
                return Err(wrong(&place, &advice));
            }
            name if name.starts_with('$') => {
                let hint = suggestion(name, JOINTS.into_iter());
                let hint = if hint.is_empty() { "; beside fields stand `$and`, `$or` and `$not`" } else { &hint };
                return Err(wrong(&place, &format!("is no operator that stands here{hint}")));
            }
            name => field(&path(outer, name, &place)?, json, &place, depth)?,
        });
    }
    Ok(joined(ExprKind::And, parts, true))
}

/// Members of all objects, outside of lists of values too.
fn parts(json: &Json) -> usize {
    match json {
        Json::Object(members) => members.iter().map(|(_, inner)| 1 + parts(inner)).sum(),
        Json::Array(items) => items.iter().map(parts).sum(),
        _ => 0,
    }
}

fn each(json: Json, outer: Option<&Path>, place: &str, depth: usize) -> Result<Vec<Expr>> {
    let Json::Array(items) = json else { return Err(wrong(place, "must be an array of filters")) };
    let mut parts = Vec::with_capacity(items.len());
    for (position, item) in items.into_iter().enumerate() {
        parts.push(all_of(item, outer, &format!("{place}[{position}]"), depth + 1)?);
    }
    Ok(parts)
}

/// What is asked of one field.
fn field(path: &Path, json: Json, place: &str, depth: usize) -> Result<Expr> {
    if depth > MAX_DEPTH {
        return Err(Error::bad_request(format!("`{place}` nests more than {MAX_DEPTH} levels")));
    }
    match json {
        Json::Object(members) if members.iter().any(|(name, _)| is_operator(name)) => {
            let mut parts = Vec::with_capacity(members.len());
            for (name, operand) in members {
                let place = format!("{place}.{}", shown(&name));
                parts.push(operator(path, &name, operand, &place, depth)?);
            }
            Ok(joined(ExprKind::And, parts, true))
        }
        Json::Object(members) if members.is_empty() || members.iter().any(|(name, _)| !name.starts_with('$')) => {
            if members.is_empty() {
                return Ok(binary(path, BinaryOperator::Equal, Value::Object(ddb_core::Object::new())));
            }
            all_of(Json::Object(members), Some(path), place, depth + 1)
        }
        json => {
            if let Json::Object(members) = &json
                && let Some((name, _)) = members.iter().find(|(name, _)| name.starts_with('$'))
                && (members.len() > 1 || !json::is_tag(name))
            {
                return Err(no_operator(name, &format!("{place}.{}", shown(name))));
            }
            Ok(binary(path, BinaryOperator::Equal, value(json, place)?))
        }
    }
}

/// An operator that there is not: which was meant, and which there are.
fn no_operator(name: &str, place: &str) -> Error {
    let hint = match name {
        "$regex" | "$regexp" | "$match" => "; patterns are `$like`, `$starts_with`, `$contains`".to_owned(),
        "$between" => "; write `{\"$gte\":1,\"$lte\":5}`".to_owned(),
        "$null" | "$isNull" | "$is_null" => "; write `null`, or `{\"$exists\":false}`".to_owned(),
        "$or" | "$and" => "; it stands beside fields, not in one".to_owned(),
        name => suggestion(name, OPERATORS.into_iter()),
    };
    let all = OPERATORS.map(|name| format!("`{name}`")).join(" ");
    wrong(place, &format!("is no operator{hint}{} there are {all}", if hint.ends_with('?') { "" } else { ";" }))
}

fn is_operator(name: &str) -> bool {
    OPERATORS.contains(&name)
}

/// What joins filters.
const JOINTS: [&str; 3] = ["$and", "$or", "$not"];

/// What is asked of a field.
const OPERATORS: [&str; 17] = [
    "$eq",
    "$ne",
    "$gt",
    "$gte",
    "$lt",
    "$lte",
    "$in",
    "$nin",
    "$contains",
    "$contains_any",
    "$contains_all",
    "$like",
    "$ilike",
    "$starts_with",
    "$ends_with",
    "$exists",
    "$not",
];

fn operator(path: &Path, name: &str, operand: Json, place: &str, depth: usize) -> Result<Expr> {
    let compared = |operator, operand| value(operand, place).map(|value| binary(path, operator, value));
    match name {
        "$eq" => compared(BinaryOperator::Equal, operand),
        "$ne" => compared(BinaryOperator::NotEqual, operand),
        "$gt" => compared(BinaryOperator::Greater, operand),
        "$gte" => compared(BinaryOperator::GreaterOrEqual, operand),
        "$lt" => compared(BinaryOperator::Less, operand),
        "$lte" => compared(BinaryOperator::LessOrEqual, operand),
        "$contains" => compared(BinaryOperator::Contains, operand),
        "$in" => Ok(binary(path, BinaryOperator::In, list(operand, place)?)),
        "$nin" => Ok(binary(path, BinaryOperator::NotIn, list(operand, place)?)),
        "$contains_any" => Ok(binary(path, BinaryOperator::ContainsAny, list(operand, place)?)),
        "$contains_all" => Ok(binary(path, BinaryOperator::ContainsAll, list(operand, place)?)),
        "$like" => Ok(matches(path, format!("(?s)^{}$", like(&text(operand, place)?)))),
        "$ilike" => Ok(matches(path, format!("(?si)^{}$", like(&text(operand, place)?)))),
        "$starts_with" => Ok(matches(path, format!("(?s)^{}", escaped(&text(operand, place)?)))),
        "$ends_with" => Ok(matches(path, format!("(?s){}$", escaped(&text(operand, place)?)))),
        "$exists" => match operand {
            Json::Bool(true) => Ok(binary(path, BinaryOperator::NotEqual, Value::None)),
            Json::Bool(false) => Ok(binary(path, BinaryOperator::Equal, Value::None)),
            _ => Err(wrong(place, "must be true or false")),
        },
        "$not" => {
            let inner = field(path, operand, place, depth + 1)?;
            Ok(expr(ExprKind::Unary(UnaryOperator::Not, Box::new(inner))))
        }
        name => Err(no_operator(name, place)),
    }
}

fn value(json: Json, place: &str) -> Result<Value> {
    json::to_value(json, place, parse_record_id)
}

fn list(json: Json, place: &str) -> Result<Value> {
    match value(json, place)? {
        list @ (Value::Array(_) | Value::Set(_)) => Ok(list),
        _ => Err(wrong(place, "must be an array")),
    }
}

fn text(json: Json, place: &str) -> Result<String> {
    match json {
        Json::String(text) if text.len() <= MAX_PATTERN => Ok(text),
        Json::String(_) => Err(wrong(place, &format!("has at most {MAX_PATTERN} bytes"))),
        _ => Err(wrong(place, "must be a string")),
    }
}

/// `%` stands for any text, `_` for any character, a backslash takes them literally.
fn like(pattern: &str) -> String {
    let mut regex = String::with_capacity(pattern.len() + 8);
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        match character {
            '%' => regex.push_str(".*"),
            '_' => regex.push('.'),
            '\\' => push_escaped(characters.next().unwrap_or('\\'), &mut regex),
            other => push_escaped(other, &mut regex),
        }
    }
    regex
}

fn escaped(text: &str) -> String {
    let mut regex = String::with_capacity(text.len() + 8);
    text.chars().for_each(|character| push_escaped(character, &mut regex));
    regex
}

fn push_escaped(character: char, regex: &mut String) {
    if character.is_ascii_punctuation() {
        regex.push('\\');
    }
    regex.push(character);
}

fn matches(path: &Path, regex: String) -> Expr {
    let regex = expr(ExprKind::Regex(regex));
    expr(ExprKind::Binary(Box::new(of_path(path)), BinaryOperator::Equal, Box::new(regex)))
}

pub(super) fn binary(path: &Path, operator: BinaryOperator, value: Value) -> Expr {
    expr(ExprKind::Binary(Box::new(of_path(path)), operator, Box::new(expr(ExprKind::Literal(value)))))
}

fn of_path(path: &Path) -> Expr {
    expr(ExprKind::Path(path.clone()))
}

pub(super) fn expr(kind: ExprKind) -> Expr {
    Expr::new(kind, Span::default())
}

/// The parts joined; a single one is itself, and none is what does not change the others.
fn joined(join: fn(Vec<Expr>) -> ExprKind, mut parts: Vec<Expr>, of_none: bool) -> Expr {
    match parts.len() {
        0 => expr(ExprKind::Literal(Value::Bool(of_none))),
        1 => parts.remove(0),
        _ => expr(join(parts)),
    }
}

fn path(outer: Option<&Path>, name: &str, place: &str) -> Result<Path> {
    let path = parse_path(name).map_err(|error| wrong(place, &format!("is not a path of fields: {}", error.message)))?;
    if path.fields().is_none() {
        return Err(wrong(place, "is not a path of fields"));
    }
    let parts = outer.into_iter().flat_map(|outer| outer.parts.clone()).chain(path.parts).collect();
    Ok(Path { parts })
}

fn wrong(place: &str, what: &str) -> Error {
    Error::bad_request(format!("`{place}` {what}"))
}

/// A name as far as an error shows it.
pub(super) fn shown(name: &str) -> String {
    name.chars().filter(|character| !character.is_control()).take(64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(json: &str, expected: &str) {
        let json = json::parse(json.as_bytes()).expect("JSON");
        let actual = match filter(json, "$where") {
            Ok(filter) => filter.expr.to_string(),
            Err(error) => error.message().to_owned(),
        };
        assert_eq!(actual, expected);
    }

    #[test]
    fn members_are_joined_and_operators_are_those_of_the_language() {
        check("{}", "true");
        check(r#"{"a":1}"#, "a = 1");
        check(r#"{"a":1,"b":{"$gt":2,"$lte":5}}"#, "a = 1 AND (b > 2 AND b <= 5)");
        check(r#"{"$or":[{"a":1},{"b":null}]}"#, "a = 1 OR b = NULL");
        check(r#"{"$or":[]}"#, "false");
        check(r#"{"a":{"b":{"c":"x"}}}"#, "a.b.c = 'x'");
        check(r#"{"a.b":{"$in":[1,2]}}"#, "a.b IN [1, 2]");
        check(r#"{"a":{"$not":{"$exists":true}}}"#, "!(a != NONE)");
        check(r#"{"a":{"$record":"t:1"}}"#, "a = t:1");
    }

    #[test]
    fn what_is_wrong_is_named() {
        for json in [
            "1",
            r#"{"$nope":1}"#,
            r#"{"a":{"$gt":1,"$nope":2}}"#,
            r#"{"a":{"$gt":1,"b":2}}"#,
            r#"{"a":{"$in":1}}"#,
            r#"{"a":{"$like":1}}"#,
            r#"{"a":{"$exists":1}}"#,
            r#"{"a[0]":1}"#,
            r#"{"":1}"#,
            r#"{"$and":{}}"#,
        ] {
            let json = json::parse(json.as_bytes()).expect("JSON");
            let error = filter(json, "$where").expect_err("an error");
            assert!(error.message().contains("$where"), "{}", error.message());
        }
    }
}
