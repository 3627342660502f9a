//! What holds for all values and all expressions.
use ddb_core::{ErrorCode, Object, Value};
use ddb_engine::{Budget, is_truthy};
use proptest::prelude::*;

use crate::coverage::{Coverage, run};
use crate::support::{World, record};
use crate::{trees, values};

fn of_three(text: &str, a: &Value, b: &Value, c: &Value) -> ddb_core::Result<Value> {
    let parameters =
        [("a", a), ("b", b), ("c", c)].into_iter().map(|(name, value)| (name.to_owned(), value.clone())).collect::<Object>();
    World { parameters, ..World::new() }.evaluate(text)
}

// Mutants: `left < right` as `right < left` in operator.rs; `connected` with the wrong decision.
#[test]
fn operators_agree_with_the_order_of_values() {
    let coverage = Coverage::default();
    let any_or_number = || prop_oneof![values::value(), values::number()];
    run((any_or_number(), any_or_number(), any_or_number(), 0..4), |(a, b, c, same)| {
        let b = if same == 0 { a.clone() } else { b };
        let truth = |text: &str| -> Result<bool, TestCaseError> {
            let value = of_three(text, &a, &b, &c).map_err(|error| TestCaseError::fail(format!("{text}: {error}")))?;
            Ok(is_truthy(&value))
        };
        prop_assert_eq!(truth("$a < $b")?, a < b);
        prop_assert_eq!(truth("$a <= $b")?, a <= b);
        prop_assert_eq!(truth("$a > $b")?, a > b);
        prop_assert_eq!(truth("$a >= $b")?, a >= b);
        prop_assert_eq!(truth("$a = $b")?, a == b);
        prop_assert_eq!(truth("$a != $b")?, a != b);
        prop_assert_eq!(truth("$a = $a")?, true);
        prop_assert_eq!(truth("$a IN [$b, $c]")?, a == b || a == c);
        prop_assert_eq!(truth("$a IN {$b, $c}")?, a == b || a == c);
        prop_assert_eq!(truth("[$b, $c] ?= $a")?, a == b || a == c);
        prop_assert_eq!(truth("[$b, $c] *= $a")?, a == b && a == c);
        prop_assert_eq!(truth("[$a, $b] CONTAINSALL [$c]")?, a == c || b == c);
        prop_assert_eq!(truth("$a AND $b")?, is_truthy(&a) && is_truthy(&b));
        prop_assert_eq!(truth("$a OR $b")?, is_truthy(&a) || is_truthy(&b));
        prop_assert_eq!(truth("!$a")?, !is_truthy(&a));
        let mut sorted = vec![a.clone(), b.clone(), c.clone()];
        sorted.sort();
        prop_assert!(of_three("array::sort([$a, $b, $c])", &a, &b, &c).is_ok_and(|value| value.identical(&Value::Array(sorted))));
        let or = of_three("$a OR $b OR $c", &a, &b, &c).map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert!([&a, &b, &c].into_iter().any(|operand| operand.identical(&or)));
        coverage.case([if a == b { "equal" } else { "different" }, if is_truthy(&a) { "truthy" } else { "falsy" }]);
        Ok(())
    });
    coverage.require("operators", &[("equal", 20.0), ("different", 50.0), ("truthy", 30.0), ("falsy", 5.0)]);
}

/// A sum is exact or refused where both sides are ints or decimals of few digits, and its order does not matter.
#[test]
fn sums_do_not_depend_on_their_order() {
    run((values::number(), values::number()), |(a, b)| {
        let (one, other) = (of_three("$a + $b", &a, &b, &Value::None), of_three("$b + $a", &a, &b, &Value::None));
        match (one, other) {
            (Ok(one), Ok(other)) => prop_assert!(one == other, "{} + {}", a, b),
            (Err(one), Err(other)) => prop_assert_eq!(one.message(), other.message()),
            _ => return Err(TestCaseError::fail(format!("{a} + {b} depends on the order"))),
        }
        Ok(())
    });
}

/// Whatever the expression and the data are: a value, or an error with a place. The same twice, since none of these asks for chance.
#[test]
fn every_evaluation_ends_with_a_value_or_an_error() {
    let coverage = Coverage::default();
    run((trees::expr(), values::object()), |(tree, fields)| {
        let mut row = record("t:1", "{ a: 1 }");
        row.fields = fields.clone();
        row.fields.insert("a".to_owned(), Value::Object(fields.clone()));
        row.fields.insert("b".to_owned(), Value::Array(fields.values().cloned().collect()));
        let world = || World {
            row: Some(row.clone()),
            parameters: fields.clone(),
            budget: Budget::new(100_000, 1 << 20),
            ..World::new()
        };
        let text = tree.to_string();
        let (one, other) = (world().evaluate_unchecked(&text), world().evaluate_unchecked(&text));
        match (one, other) {
            (Ok(one), Ok(other)) => {
                prop_assert!(one.identical(&other), "{} gives {} and {}", text, one, other);
                coverage.case(["value", one.kind_name()]);
            }
            (Err(one), Err(other)) => {
                prop_assert_eq!(one.message(), other.message());
                prop_assert!(matches!(one.code(), ErrorCode::InvalidQuery | ErrorCode::QueryLimit), "{}", one);
                prop_assert!(one.place().is_some(), "{}", one);
                coverage.case(["error"]);
            }
            _ => return Err(TestCaseError::fail(format!("{text} is a value only sometimes"))),
        }
        Ok(())
    });
    coverage.require("evaluations", &[("value", 30.0), ("error", 10.0), ("none", 5.0), ("bool", 3.0), ("array", 3.0)]);
}
