//! Operators between two values.
use std::borrow::Cow;

use ddb_core::Value;
use ddb_darshjql::{BinaryOperator, UnaryOperator};

use crate::arithmetic::{self, ArithmeticError};
use crate::budget::Budget;
use crate::containment::{as_items, contains, contains_all, contains_any, intersects};
use crate::problem::Problem;
use crate::truthy::is_truthy;

pub(crate) fn binary(operator: BinaryOperator, left: &Value, right: &Value, budget: &Budget) -> Result<Value, Problem> {
    let flag = match operator {
        BinaryOperator::Add => return joined(operator, arithmetic::add, left, right, budget),
        BinaryOperator::Subtract => return joined(operator, arithmetic::subtract, left, right, budget),
        BinaryOperator::Multiply => return computed(operator, arithmetic::multiply(left, right)),
        BinaryOperator::Divide => return computed(operator, arithmetic::divide(left, right)),
        BinaryOperator::Remainder => return computed(operator, arithmetic::remainder(left, right)),
        BinaryOperator::Power => return computed(operator, arithmetic::power(left, right)),
        BinaryOperator::Coalesce => return Ok(if is_nothing(left) { right.clone() } else { left.clone() }),
        BinaryOperator::Elvis => return Ok(if is_truthy(left) { left.clone() } else { right.clone() }),
        BinaryOperator::Equal => left == right,
        BinaryOperator::NotEqual => left != right,
        BinaryOperator::AnyEqual => as_items(left).iter().any(|item| item == right),
        BinaryOperator::AllEqual => as_items(left).iter().all(|item| item == right),
        BinaryOperator::Like => is_like(left, right),
        BinaryOperator::NotLike => !is_like(left, right),
        BinaryOperator::AnyLike => as_items(left).iter().any(|item| is_like(item, right)),
        BinaryOperator::AllLike => as_items(left).iter().all(|item| is_like(item, right)),
        BinaryOperator::Less => left < right,
        BinaryOperator::LessOrEqual => left <= right,
        BinaryOperator::Greater => left > right,
        BinaryOperator::GreaterOrEqual => left >= right,
        BinaryOperator::In => contains(right, left, budget)?,
        BinaryOperator::NotIn => !contains(right, left, budget)?,
        BinaryOperator::AllInside => contains_all(right, left, budget)?,
        BinaryOperator::AnyInside => contains_any(right, left, budget)?,
        BinaryOperator::NoneInside => !contains_any(right, left, budget)?,
        BinaryOperator::Contains => contains(left, right, budget)?,
        BinaryOperator::ContainsNot => !contains(left, right, budget)?,
        BinaryOperator::ContainsAll => contains_all(left, right, budget)?,
        BinaryOperator::ContainsAny => contains_any(left, right, budget)?,
        BinaryOperator::ContainsNone => !contains_any(left, right, budget)?,
        BinaryOperator::Outside => !intersects(left, right, budget)?,
        BinaryOperator::Intersects => intersects(left, right, budget)?,
    };
    Ok(Value::Bool(flag))
}

pub(crate) fn unary(operator: UnaryOperator, operand: Cow<'_, Value>) -> Result<Value, Problem> {
    match operator {
        UnaryOperator::Not => Ok(Value::Bool(!is_truthy(&operand))),
        UnaryOperator::Negate => arithmetic::negate(&operand).map_err(|error| match error {
            ArithmeticError::Kinds(kind, _) => Problem::invalid(format!("`-` is not known for {kind}")),
            other => Problem::invalid(format!("`-`: {other}")),
        }),
        UnaryOperator::Plus => match operand.as_ref() {
            Value::Int(_) | Value::Float(_) | Value::Decimal(_) | Value::Duration(_) => Ok(operand.into_owned()),
            other => Err(Problem::invalid(format!("`+` is not known for {}", other.kind_name()))),
        },
    }
}

/// NONE and NULL, which `??` passes over.
pub(crate) fn is_nothing(value: &Value) -> bool {
    matches!(value, Value::None | Value::Null)
}

/// An operator that can make something as large as both sides together.
fn joined(
    operator: BinaryOperator,
    compute: fn(&Value, &Value) -> Result<Value, ArithmeticError>,
    left: &Value,
    right: &Value,
    budget: &Budget,
) -> Result<Value, Problem> {
    budget.use_bytes(size(left) + size(right))?;
    computed(operator, compute(left, right))
}

fn computed(operator: BinaryOperator, result: Result<Value, ArithmeticError>) -> Result<Value, Problem> {
    result.map_err(|error| match error {
        ArithmeticError::Kinds(left, right) => Problem::invalid(format!("`{operator}` is not known for {left} and {right}")),
        other => Problem::invalid(format!("`{operator}`: {other}")),
    })
}

/// Bytes that a copy takes, roughly.
pub(crate) fn size(value: &Value) -> u64 {
    let own = size_of::<Value>() as u64;
    own + match value {
        Value::String(text) => text.len() as u64,
        Value::Bytes(bytes) => bytes.len() as u64,
        Value::Array(items) | Value::Set(items) => items.iter().map(size).sum(),
        Value::Object(object) => object.iter().map(|(key, value)| 32 + key.len() as u64 + size(value)).sum(),
        _ => 0,
    }
}

/// `~`: whether the letters of the right string stand in the left one in their order, whatever stands between and however they are
/// written, small or large; other kinds are compared for equality.
fn is_like(left: &Value, right: &Value) -> bool {
    let (Value::String(text), Value::String(pattern)) = (left, right) else { return left == right };
    let mut text = text.chars().flat_map(char::to_lowercase);
    pattern.chars().flat_map(char::to_lowercase).all(|wanted| text.any(|character| character == wanted))
}
