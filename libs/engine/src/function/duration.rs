//! Durations. Parts are whole, and what is left over falls away.
use ddb_core::{Duration, Value};

use super::{Arguments, Function, Outcome, function};
use crate::problem::Failure;

const MICROSECOND: u128 = 1_000;
const MILLISECOND: u128 = 1_000_000;
const SECOND: u128 = 1_000_000_000;
const MINUTE: u128 = 60 * SECOND;
const HOUR: u128 = 60 * MINUTE;
const DAY: u128 = 24 * HOUR;
const WEEK: u128 = 7 * DAY;
const YEAR: u128 = 365 * DAY;

pub(super) const FUNCTIONS: &[Function] = &[
    function("duration::days", 1, 1, |arguments| whole(arguments, DAY)),
    function("duration::hours", 1, 1, |arguments| whole(arguments, HOUR)),
    function("duration::micros", 1, 1, |arguments| whole(arguments, MICROSECOND)),
    function("duration::millis", 1, 1, |arguments| whole(arguments, MILLISECOND)),
    function("duration::mins", 1, 1, |arguments| whole(arguments, MINUTE)),
    function("duration::nanos", 1, 1, |arguments| whole(arguments, 1)),
    function("duration::secs", 1, 1, |arguments| whole(arguments, SECOND)),
    function("duration::weeks", 1, 1, |arguments| whole(arguments, WEEK)),
    function("duration::years", 1, 1, |arguments| whole(arguments, YEAR)),
    function("duration::from_days", 1, 1, |arguments| from(arguments, DAY)),
    function("duration::from_hours", 1, 1, |arguments| from(arguments, HOUR)),
    function("duration::from_micros", 1, 1, |arguments| from(arguments, MICROSECOND)),
    function("duration::from_millis", 1, 1, |arguments| from(arguments, MILLISECOND)),
    function("duration::from_mins", 1, 1, |arguments| from(arguments, MINUTE)),
    function("duration::from_nanos", 1, 1, |arguments| from(arguments, 1)),
    function("duration::from_secs", 1, 1, |arguments| from(arguments, SECOND)),
    function("duration::from_weeks", 1, 1, |arguments| from(arguments, WEEK)),
];

fn whole(arguments: &mut Arguments<'_>, unit: u128) -> Outcome {
    let units = arguments.duration()?.as_nanoseconds() / unit;
    i64::try_from(units).map(Value::Int).map_err(|_| Failure::invalid("the number is beyond 64 bits"))
}

fn from(arguments: &mut Arguments<'_>, unit: u128) -> Outcome {
    let count = arguments.count()? as u128;
    Duration::from_nanoseconds(count * unit).map(Value::Duration).ok_or_else(|| Failure::invalid("the duration is too long"))
}
