//! Functions, a file for a family, and methods.
mod array;
mod chance;
mod geo;
mod kind;
mod math;
mod methods;
mod object;
mod other;
mod set;
mod string;
mod time;
mod vector;

use crate::support::check;

fn check_all(cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        check(text, expected);
    }
}
