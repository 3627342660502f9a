//! Running a property, and the count of what it covered.
use std::cell::RefCell;
use std::collections::BTreeMap;

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};

const SHORT: u32 = 1_000;

/// Runs `test` over values of `strategy`: a fixed seed, or with `DDB_TEST_CASES` a new one and so many cases.
pub(crate) fn run<S: Strategy>(strategy: S, test: impl Fn(S::Value) -> Result<(), TestCaseError>)
where
    S::Value: std::fmt::Debug,
{
    let long = std::env::var("DDB_TEST_CASES").ok().map(|cases| cases.parse().expect("DDB_TEST_CASES is a number"));
    let config = Config { cases: long.unwrap_or(SHORT), failure_persistence: None, ..Config::default() };
    let mut runner = match long {
        Some(_) => TestRunner::new(config),
        None => TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha)),
    };
    if let Err(failure) = runner.run(&strategy, test) {
        panic!("{failure}");
    }
}

/// How often each thing came up, in shares of the cases.
#[derive(Default)]
pub(crate) struct Coverage {
    cases: RefCell<usize>,
    counts: RefCell<BTreeMap<&'static str, usize>>,
}

impl Coverage {
    pub(crate) fn case(&self, things: impl IntoIterator<Item = &'static str>) {
        *self.cases.borrow_mut() += 1;
        for thing in things {
            *self.counts.borrow_mut().entry(thing).or_default() += 1;
        }
    }

    /// Prints the shares and fails where one is below its floor.
    pub(crate) fn require(&self, test: &str, floors: &[(&'static str, f64)]) {
        let cases = *self.cases.borrow();
        let counts = self.counts.borrow();
        let shares: Vec<String> = counts.iter().map(|(thing, count)| format!("{thing} {:.1}%", percent(*count, cases))).collect();
        println!("coverage of {test}: {cases} cases; {}", shares.join(", "));
        for (thing, floor) in floors {
            let share = percent(counts.get(thing).copied().unwrap_or(0), cases);
            assert!(share >= *floor, "{test}: only {share:.1}% of the cases have {thing}, {floor}% are required");
        }
    }
}

fn percent(count: usize, cases: usize) -> f64 {
    100.0 * count as f64 / cases.max(1) as f64
}
