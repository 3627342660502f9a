use ddb_core::ErrorCode;
use ddb_engine::Budget;

use crate::support::World;

fn refused(budget: Budget, text: &str) {
    let world = World { budget, ..World::new() };
    assert_eq!(world.evaluate(text).expect_err(text).code(), ErrorCode::QueryLimit, "{text}");
}

#[test]
fn a_used_up_budget_ends_the_query() {
    refused(Budget::new(3, 1_000), "1 + 1 + 1 + 1");
    refused(Budget::new(1_000, 100), "'0123456789012345678901234567890123456789' + '0123456789012345678901234567890123456789'");
    refused(Budget::default(), "<array> 1..1000000000000");
    refused(Budget::default(), "'a' = /(a{1000}){1000}/");
}

#[test]
fn the_budget_is_one_for_all_evaluations() {
    let world = World { budget: Budget::new(10, 1_000), ..World::new() };
    let first_failure = (0..10).find(|_| world.evaluate("1 + 1").is_err());
    assert_eq!(first_failure, Some(3));
}

#[test]
fn the_deepest_expression_fits_on_the_stack_of_a_thread() {
    let deep = "(a + [".repeat(32) + "1" + &"])".repeat(32);
    let wide = "1 + ".repeat(90) + "1";
    let world = World::new();
    assert!(world.evaluate(&deep).is_err());
    assert_eq!(world.evaluate(&wide).unwrap().to_string(), "91");
    let nested = "[".repeat(60) + "1 = 1 AND 2" + &"]".repeat(60);
    assert!(world.evaluate(&nested).is_ok());
    let casts = "<array> ".repeat(90) + "[1]";
    assert_eq!(world.evaluate(&casts).unwrap().to_string(), "[1]");
}
