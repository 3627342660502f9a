//! Points in time, in UTC. Where the time may be left out it is that of the request.
use std::fmt::Write;

use ddb_core::{Datetime, Uuid, Value};

use super::{Arguments, Function, Outcome, function, ulid};
use crate::arithmetic::{self, instant};
use crate::problem::Failure;

const NANOSECONDS_PER_SECOND: i128 = 1_000_000_000;
const SECONDS_PER_DAY: i64 = 86_400;

pub(super) const FUNCTIONS: &[Function] = &[
    function("time::ceil", 2, 2, |arguments| rounded(arguments, |time, step| -(-time).div_euclid(step) * step)),
    function("time::day", 0, 1, |arguments| part(arguments, |time| time.date().2.into())),
    function("time::floor", 2, 2, |arguments| rounded(arguments, |time, step| time.div_euclid(step) * step)),
    function("time::format", 2, 2, format),
    function("time::from_micros", 1, 1, |arguments| from_units(arguments, 1_000)),
    function("time::from_millis", 1, 1, |arguments| from_units(arguments, 1_000_000)),
    function("time::from_nanos", 1, 1, |arguments| from_units(arguments, 1)),
    function("time::from_secs", 1, 1, |arguments| from_units(arguments, NANOSECONDS_PER_SECOND)),
    function("time::from_ulid", 1, 1, from_ulid),
    function("time::from_unix", 1, 1, |arguments| from_units(arguments, NANOSECONDS_PER_SECOND)),
    function("time::from_uuid", 1, 1, from_uuid),
    function("time::group", 2, 2, group),
    function("time::hour", 0, 1, |arguments| part(arguments, |time| second_of_day(time) / 3_600)),
    function("time::is_leap_year", 0, 1, |arguments| Ok(Value::Bool(is_leap_year(moment(arguments)?.date().0)))),
    function("time::max", 1, 1, |arguments| Ok(times(arguments)?.into_iter().max().map_or(Value::None, Value::Datetime))),
    function("time::micros", 0, 1, |arguments| units(arguments, 1_000)),
    function("time::millis", 0, 1, |arguments| units(arguments, 1_000_000)),
    function("time::min", 1, 1, |arguments| Ok(times(arguments)?.into_iter().min().map_or(Value::None, Value::Datetime))),
    function("time::minute", 0, 1, |arguments| part(arguments, |time| second_of_day(time) / 60 % 60)),
    function("time::month", 0, 1, |arguments| part(arguments, |time| time.date().1.into())),
    function("time::nano", 0, 1, |arguments| units(arguments, 1)),
    function("time::now", 0, 0, |arguments| Ok(Value::Datetime(arguments.now()))),
    function("time::round", 2, 2, |arguments| rounded(arguments, |time, step| (time + step / 2).div_euclid(step) * step)),
    function("time::second", 0, 1, |arguments| part(arguments, |time| second_of_day(time) % 60)),
    function("time::set_day", 2, 2, |arguments| set(arguments, |parts, value| parts.day = value)),
    function("time::set_hour", 2, 2, |arguments| set(arguments, |parts, value| parts.hour = value)),
    function("time::set_minute", 2, 2, |arguments| set(arguments, |parts, value| parts.minute = value)),
    function("time::set_month", 2, 2, |arguments| set(arguments, |parts, value| parts.month = value)),
    function("time::set_nanosecond", 2, 2, |arguments| set(arguments, |parts, value| parts.nanosecond = value)),
    function("time::set_second", 2, 2, |arguments| set(arguments, |parts, value| parts.second = value)),
    function("time::set_year", 2, 2, |arguments| set(arguments, |parts, value| parts.year = value)),
    function("time::timezone", 0, 0, |_| Ok(Value::from("UTC"))),
    function("time::unix", 0, 1, |arguments| part(arguments, |time| time.seconds)),
    function("time::wday", 0, 1, |arguments| part(arguments, weekday)),
    function("time::week", 0, 1, |arguments| part(arguments, week)),
    function("time::yday", 0, 1, |arguments| part(arguments, |time| day_of_year(time) + 1)),
    function("time::year", 0, 1, |arguments| part(arguments, |time| time.date().0)),
];

/// The argument, or the time of the request.
fn moment(arguments: &mut Arguments<'_>) -> Result<Datetime, Failure> {
    match arguments.len() {
        0 => Ok(arguments.now()),
        _ => arguments.datetime(),
    }
}

fn part(arguments: &mut Arguments<'_>, read: fn(Datetime) -> i64) -> Outcome {
    Ok(Value::Int(read(moment(arguments)?)))
}

fn second_of_day(time: Datetime) -> i64 {
    time.seconds.rem_euclid(SECONDS_PER_DAY)
}

/// Monday is 1, Sunday 7. The first day of 1970 was a Thursday.
fn weekday(time: Datetime) -> i64 {
    (time.seconds.div_euclid(SECONDS_PER_DAY) + 3).rem_euclid(7) + 1
}

/// From 0.
fn day_of_year(time: Datetime) -> i64 {
    let begin = Datetime::from_date(time.date().0, 1, 1).map_or(time.seconds, |begin| begin.seconds);
    (time.seconds - begin).div_euclid(SECONDS_PER_DAY)
}

/// The week of ISO 8601: the one with the year's first Thursday is the first.
fn week(time: Datetime) -> i64 {
    let thursday = Datetime { seconds: time.seconds.saturating_add((4 - weekday(time)) * SECONDS_PER_DAY), ..time };
    day_of_year(thursday) / 7 + 1
}

fn is_leap_year(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn computed(nanoseconds: i128) -> Outcome {
    arithmetic::datetime(nanoseconds).map_err(|_| Failure::invalid("the time is too far from now"))
}

/// To a multiple of a duration since 1970.
fn rounded(arguments: &mut Arguments<'_>, round: fn(i128, i128) -> i128) -> Outcome {
    let (time, step) = (arguments.datetime()?, arguments.duration()?);
    match i128::try_from(step.as_nanoseconds()) {
        Ok(step) if step > 0 => computed(round(instant(time), step)),
        _ => Err(arguments.mismatch("longer than nothing", "another duration")),
    }
}

fn from_units(arguments: &mut Arguments<'_>, nanoseconds: i128) -> Outcome {
    computed(i128::from(arguments.int()?) * nanoseconds)
}

/// Whole units since 1970.
fn units(arguments: &mut Arguments<'_>, nanoseconds: i128) -> Outcome {
    let units = instant(moment(arguments)?).div_euclid(nanoseconds);
    i64::try_from(units).map(Value::Int).map_err(|_| Failure::invalid("the number is beyond 64 bits"))
}

fn from_ulid(arguments: &mut Arguments<'_>) -> Outcome {
    let text = arguments.text()?;
    match ulid::milliseconds(&text) {
        Some(milliseconds) => computed(i128::from(milliseconds) * 1_000_000),
        None => Err(arguments.mismatch("a ULID", "another string")),
    }
}

/// The time of a UUID of version 7.
fn from_uuid(arguments: &mut Arguments<'_>) -> Outcome {
    let uuid = arguments.read("a uuid", |value| match value {
        Value::Uuid(uuid) => Some(*uuid),
        Value::String(text) => Uuid::try_parse(text).ok(),
        _ => None,
    })?;
    match uuid.get_version_num() {
        7 => computed((uuid.as_u128() >> 80) as i128 * 1_000_000),
        _ => Err(arguments.mismatch("a uuid of version 7", "one of another version")),
    }
}

fn times(arguments: &mut Arguments<'_>) -> Result<Vec<Datetime>, Failure> {
    let items = arguments.items()?;
    let time = |item: &Value| match item {
        Value::Datetime(time) => Some(*time),
        _ => None,
    };
    items
        .iter()
        .map(time)
        .collect::<Option<_>>()
        .ok_or_else(|| arguments.mismatch("an array of datetimes", "one with other kinds"))
}

struct Parts {
    year: i64,
    month: i64,
    day: i64,
    hour: i64,
    minute: i64,
    second: i64,
    nanosecond: i64,
}

impl Parts {
    fn of(time: Datetime) -> Self {
        let (year, month, day) = time.date();
        let second = second_of_day(time);
        Self {
            year,
            month: month.into(),
            day: day.into(),
            hour: second / 3_600,
            minute: second / 60 % 60,
            second: second % 60,
            nanosecond: time.nanoseconds.into(),
        }
    }

    fn to_datetime(&self) -> Option<Datetime> {
        let is_time = (0..24).contains(&self.hour) && (0..60).contains(&self.minute) && (0..60).contains(&self.second);
        let begin = Datetime::from_date(self.year, u32::try_from(self.month).ok()?, u32::try_from(self.day).ok()?)?;
        let nanoseconds = u32::try_from(self.nanosecond).ok().filter(|nanoseconds| *nanoseconds < 1_000_000_000)?;
        let seconds = begin.seconds.checked_add(self.hour * 3_600 + self.minute * 60 + self.second)?;
        is_time.then_some(Datetime { seconds, nanoseconds })
    }
}

fn set(arguments: &mut Arguments<'_>, change: fn(&mut Parts, i64)) -> Outcome {
    let mut parts = Parts::of(arguments.datetime()?);
    change(&mut parts, arguments.int()?);
    parts.to_datetime().map(Value::Datetime).ok_or_else(|| Failure::invalid("there is no such time"))
}

/// The beginning of the year, month, day, hour, minute or second.
fn group(arguments: &mut Arguments<'_>) -> Outcome {
    let (time, unit) = (arguments.datetime()?, arguments.text()?);
    let parts = Parts::of(time);
    let begin = |month: i64, day: i64, hour: i64, minute: i64, second: i64| Parts {
        month,
        day,
        hour,
        minute,
        second,
        nanosecond: 0,
        ..parts
    };
    let Parts { month, day, hour, minute, second, .. } = parts;
    let begin = match unit.as_str() {
        "year" => begin(1, 1, 0, 0, 0),
        "month" => begin(month, 1, 0, 0, 0),
        "day" => begin(month, day, 0, 0, 0),
        "hour" => begin(month, day, hour, 0, 0),
        "minute" => begin(month, day, hour, minute, 0),
        "second" => begin(month, day, hour, minute, second),
        _ => return Err(arguments.mismatch("'year', 'month', 'day', 'hour', 'minute' or 'second'", "another string")),
    };
    begin.to_datetime().map(Value::Datetime).ok_or_else(|| Failure::invalid("there is no such time"))
}

/// By the signs of strftime: `%Y-%m-%d`.
fn format(arguments: &mut Arguments<'_>) -> Outcome {
    let (time, format) = (arguments.datetime()?, arguments.text()?);
    let Some(known) = chrono::DateTime::from_timestamp(time.seconds, time.nanoseconds) else {
        return Err(Failure::invalid("the time is too far from now"));
    };
    // The longest sign writes fewer than 64 bytes.
    arguments.budget().use_bytes(format.len() as u64 * 32)?;
    let mut text = String::new();
    write!(text, "{}", known.format(&format)).map_err(|_| Failure::invalid("the format is not a strftime format"))?;
    Ok(Value::String(text))
}
