use std::borrow::Cow;
use std::ops;

use ddb_core::{Bound, ErrorCode, Object, Range, RecordId, RecordKey, Result, TableName, Value};
use ddb_darshjql::{BinaryOperator, Expr, ExprKind, KeyExpr, RecordRange};

use crate::cast::cast;
use crate::operator::{binary, is_nothing, unary};
use crate::problem::Problem;
use crate::scope::Scope;
use crate::truthy::is_truthy;
use crate::{Context, constant, function, path};

pub(crate) const MISPLACED_REGEX: &str = "a regex is an argument of a function, or stands behind `=`, `!=`, `~` and their like";
pub(crate) const MISPLACED_RECORD_RANGE: &str = "a range of record ids stands behind `IN`";
pub(crate) const MISPLACED_CLOSURE: &str = "a closure is an argument of a function";

/// The value of an expression.
///
/// An operator or a function that does not know the kinds it meets is `INVALID_QUERY`, with the place; a used up budget is `QUERY_LIMIT`.
/// While records are missing ([`crate::Records`]) the value says nothing, and kinds that do not fit are no error.
pub fn evaluate(expr: &Expr, context: &Context<'_>) -> Result<Value> {
    let scope = Scope::new(context);
    match eval(expr, &scope) {
        Ok(value) => Ok(value.into_owned()),
        Err(error) if error.code() == ErrorCode::InvalidQuery && context.records.is_missing_any() => Ok(Value::None),
        Err(error) => Err(error),
    }
}

pub(crate) fn eval<'a>(expr: &'a Expr, scope: &'a Scope<'a>) -> Result<Cow<'a, Value>> {
    use_steps(1, expr, scope)?;
    match &expr.kind {
        ExprKind::Literal(value) => Ok(Cow::Borrowed(value)),
        ExprKind::Parameter(name) => Ok(scope.parameter(name)),
        ExprKind::Path(path) => path::from_row(path, scope),
        ExprKind::Access(base, path) => path::walk(eval(base, scope)?, &path.parts, scope),
        ExprKind::And(operands) => connected(operands, false, scope),
        ExprKind::Or(operands) => connected(operands, true, scope),
        ExprKind::Binary(left, operator, right) => operated(expr, left, *operator, right, scope),
        ExprKind::Unary(operator, operand) => {
            let operand = eval(operand, scope)?;
            unary(*operator, operand).map(Cow::Owned).map_err(|problem| problem.at(expr.span, expr))
        }
        ExprKind::Cast(kind, operand) => {
            let operand = eval(operand, scope)?.into_owned();
            cast(operand, kind, scope.context.budget).map(Cow::Owned).map_err(|problem| problem.at(expr.span, expr))
        }
        ExprKind::Array(items) => Ok(Cow::Owned(Value::Array(values(items, scope)?))),
        ExprKind::Set(items) => Ok(Cow::Owned(Value::set(values(items, scope)?))),
        ExprKind::Object(entries) => Ok(Cow::Owned(Value::Object(object(entries, scope)?))),
        ExprKind::Record(table, key) => record(expr, table, key, scope).map(Cow::Owned),
        ExprKind::Range(begin, end) => range(begin, end, scope).map(Cow::Owned),
        ExprKind::Function(name, arguments) => function::call(expr, name, arguments, scope).map(Cow::Owned),
        ExprKind::Constant(name) => constant::constant(name).map(Cow::Owned).map_err(|problem| problem.at(expr.span, expr)),
        ExprKind::Regex(_) => misplaced(expr, MISPLACED_REGEX),
        ExprKind::RecordRange(_) => misplaced(expr, MISPLACED_RECORD_RANGE),
        ExprKind::Closure(..) => misplaced(expr, MISPLACED_CLOSURE),
    }
}

fn misplaced<'a>(expr: &Expr, message: &str) -> Result<Cow<'a, Value>> {
    Err(Problem::invalid(message).at(expr.span, expr))
}

fn use_steps(steps: u64, expr: &Expr, scope: &Scope<'_>) -> Result<()> {
    scope.context.budget.use_steps(steps).map_err(|problem| problem.at(expr.span, expr))
}

/// The first operand whose truthiness is `decisive`, otherwise the last; those behind it are not evaluated.
fn connected<'a>(operands: &'a [Expr], decisive: bool, scope: &'a Scope<'a>) -> Result<Cow<'a, Value>> {
    let mut value = Cow::Owned(Value::None);
    for operand in operands {
        value = eval(operand, scope)?;
        if is_truthy(&value) == decisive {
            break;
        }
    }
    Ok(value)
}

fn operated<'a>(
    expr: &'a Expr,
    left: &'a Expr,
    operator: BinaryOperator,
    right: &'a Expr,
    scope: &'a Scope<'a>,
) -> Result<Cow<'a, Value>> {
    if let ExprKind::Regex(pattern) = &right.kind {
        return matched(expr, left, operator, pattern, scope);
    }
    if let (ExprKind::Regex(pattern), BinaryOperator::Equal | BinaryOperator::NotEqual) = (&left.kind, operator) {
        return matched(expr, right, operator, pattern, scope);
    }
    if let ExprKind::RecordRange(range) = &right.kind {
        return in_record_range(expr, left, operator, range, scope);
    }
    let left = eval(left, scope)?;
    match operator {
        BinaryOperator::Coalesce => return if is_nothing(&left) { eval(right, scope) } else { Ok(left) },
        BinaryOperator::Elvis => return if is_truthy(&left) { Ok(left) } else { eval(right, scope) },
        _ => {}
    }
    let right = eval(right, scope)?;
    binary(operator, &left, &right, scope.context.budget).map(Cow::Owned).map_err(|problem| problem.at(expr.span, expr))
}

/// An operator with a regex on one side: strings in which it is found are equal to it.
fn matched<'a>(
    expr: &'a Expr,
    operand: &'a Expr,
    operator: BinaryOperator,
    pattern: &str,
    scope: &'a Scope<'a>,
) -> Result<Cow<'a, Value>> {
    let budget = scope.context.budget;
    let operand = eval(operand, scope)?;
    let regex = budget.regex(pattern).map_err(|problem| problem.at(expr.span, expr))?;
    let is_match = |value: &Value| matches!(value, Value::String(text) if regex.is_match(text));
    let items = crate::containment::as_items(&operand);
    let flag = match operator {
        BinaryOperator::Equal | BinaryOperator::Like => is_match(&operand),
        BinaryOperator::NotEqual | BinaryOperator::NotLike => !is_match(&operand),
        BinaryOperator::AnyEqual | BinaryOperator::AnyLike => items.iter().any(is_match),
        BinaryOperator::AllEqual | BinaryOperator::AllLike => items.iter().all(is_match),
        _ => return Err(Problem::invalid(format!("`{operator}` is not known for a regex")).at(expr.span, expr)),
    };
    Ok(Cow::Owned(Value::Bool(flag)))
}

/// `id IN t:1..4`
fn in_record_range<'a>(
    expr: &'a Expr,
    left: &'a Expr,
    operator: BinaryOperator,
    range: &'a RecordRange,
    scope: &'a Scope<'a>,
) -> Result<Cow<'a, Value>> {
    let inside = match operator {
        BinaryOperator::In => true,
        BinaryOperator::NotIn => false,
        _ => return Err(Problem::invalid(format!("`{operator}` is not known for a range of record ids")).at(expr.span, expr)),
    };
    let left = eval(left, scope)?;
    let is_within = match left.as_ref() {
        Value::Record(id) if id.table == range.table => {
            let begin = key_bound(expr, &range.begin, scope)?;
            let end = key_bound(expr, &range.end, scope)?;
            ops::RangeBounds::contains(&(begin, end), &id.key)
        }
        _ => false,
    };
    Ok(Cow::Owned(Value::Bool(is_within == inside)))
}

fn key_bound<'a>(expr: &Expr, bound: &'a ops::Bound<KeyExpr>, scope: &'a Scope<'a>) -> Result<ops::Bound<RecordKey>> {
    let key = |parts| key(expr, parts, RecordKey::bound_from_value, scope);
    Ok(match bound {
        ops::Bound::Unbounded => ops::Bound::Unbounded,
        ops::Bound::Included(parts) => ops::Bound::Included(key(parts)?),
        ops::Bound::Excluded(parts) => ops::Bound::Excluded(key(parts)?),
    })
}

fn record<'a>(expr: &Expr, table: &TableName, parts: &'a KeyExpr, scope: &'a Scope<'a>) -> Result<Value> {
    Ok(RecordId::new(table.clone(), key(expr, parts, RecordKey::from_value, scope)?).into())
}

fn key<'a>(expr: &Expr, parts: &'a KeyExpr, made: fn(Value) -> Result<RecordKey>, scope: &'a Scope<'a>) -> Result<RecordKey> {
    let value = match parts {
        KeyExpr::Key(key) => return Ok(key.clone()),
        KeyExpr::Array(items) => Value::Array(values(items, scope)?),
        KeyExpr::Object(entries) => Value::Object(object(entries, scope)?),
    };
    made(value).map_err(|error| Problem::invalid(error.message()).at(expr.span, expr))
}

fn values<'a>(items: &'a [Expr], scope: &'a Scope<'a>) -> Result<Vec<Value>> {
    let mut values = Vec::with_capacity(items.len());
    for item in items {
        values.push(eval(item, scope)?.into_owned());
    }
    Ok(values)
}

fn object<'a>(entries: &'a [(String, Expr)], scope: &'a Scope<'a>) -> Result<Object> {
    let mut object = Object::new();
    for (key, value) in entries {
        object.insert(key.clone(), eval(value, scope)?.into_owned());
    }
    Ok(object)
}

fn range<'a>(begin: &'a ops::Bound<Box<Expr>>, end: &'a ops::Bound<Box<Expr>>, scope: &'a Scope<'a>) -> Result<Value> {
    Ok(Range { begin: bound(begin, scope)?, end: bound(end, scope)? }.into())
}

fn bound<'a>(bound: &'a ops::Bound<Box<Expr>>, scope: &'a Scope<'a>) -> Result<Bound> {
    Ok(match bound {
        ops::Bound::Unbounded => Bound::Unbounded,
        ops::Bound::Included(expr) => Bound::Included(eval(expr, scope)?.into_owned()),
        ops::Bound::Excluded(expr) => Bound::Excluded(eval(expr, scope)?.into_owned()),
    })
}
