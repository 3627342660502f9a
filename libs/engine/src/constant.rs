//! Constants: functions without brackets.
use ddb_core::{Datetime, Duration, Value, suggestion};

use crate::problem::Problem;

const FLOATS: [(&str, f64); 22] = [
    ("math::e", std::f64::consts::E),
    ("math::frac_1_pi", std::f64::consts::FRAC_1_PI),
    ("math::frac_1_sqrt_2", std::f64::consts::FRAC_1_SQRT_2),
    ("math::frac_2_pi", std::f64::consts::FRAC_2_PI),
    ("math::frac_2_sqrt_pi", std::f64::consts::FRAC_2_SQRT_PI),
    ("math::frac_pi_2", std::f64::consts::FRAC_PI_2),
    ("math::frac_pi_3", std::f64::consts::FRAC_PI_3),
    ("math::frac_pi_4", std::f64::consts::FRAC_PI_4),
    ("math::frac_pi_6", std::f64::consts::FRAC_PI_6),
    ("math::frac_pi_8", std::f64::consts::FRAC_PI_8),
    ("math::inf", f64::INFINITY),
    ("math::ln_10", std::f64::consts::LN_10),
    ("math::ln_2", std::f64::consts::LN_2),
    ("math::log10_2", std::f64::consts::LOG10_2),
    ("math::log10_e", std::f64::consts::LOG10_E),
    ("math::log2_10", std::f64::consts::LOG2_10),
    ("math::log2_e", std::f64::consts::LOG2_E),
    ("math::nan", f64::NAN),
    ("math::neg_inf", f64::NEG_INFINITY),
    ("math::pi", std::f64::consts::PI),
    ("math::sqrt_2", std::f64::consts::SQRT_2),
    ("math::tau", std::f64::consts::TAU),
];

/// Years of four digits: what every client can read.
const TIMES: [(&str, i64); 3] = [("time::epoch", 0), ("time::minimum", -62_167_219_200), ("time::maximum", 253_402_300_799)];

pub(crate) fn constant(name: &str) -> Result<Value, Problem> {
    if let Some((_, float)) = FLOATS.iter().find(|(known, _)| *known == name) {
        return Ok(Value::Float(*float));
    }
    if let Some((_, seconds)) = TIMES.iter().find(|(known, _)| *known == name) {
        let nanoseconds = if name == "time::maximum" { 999_999_999 } else { 0 };
        return Ok(Value::Datetime(Datetime { seconds: *seconds, nanoseconds }));
    }
    if name == "duration::max" {
        return Ok(Value::Duration(Duration { seconds: u64::MAX, nanoseconds: 999_999_999 }));
    }
    let known = FLOATS.iter().map(|(known, _)| *known).chain(TIMES.iter().map(|(known, _)| *known)).chain(["duration::max"]);
    let (family, last) = name.rsplit_once("::").unwrap_or(("", name));
    let of_family: Vec<&str> =
        known.filter_map(|known| known.split_once("::")).filter(|(of, _)| *of == family).map(|(_, last)| last).collect();
    let hint = match of_family.iter().find(|known| known.len() > 1 && last.starts_with(**known)) {
        Some(known) => format!("; did you mean `{family}::{known}`?"),
        None => suggestion(last, of_family.into_iter()).replace("mean `", &format!("mean `{family}::")),
    };
    Err(Problem::invalid(format!("there is no constant `{name}`{hint}")))
}
