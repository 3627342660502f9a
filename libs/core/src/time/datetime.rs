//! RFC 3339.
use std::fmt;

use super::Datetime;
use super::calendar::{civil_from_days, days_from_civil, days_in_month};
use crate::{Error, Result, Timestamp};

const SECONDS_PER_DAY: i64 = 86_400;
const MAX_FRACTION_DIGITS: usize = 9;
/// More digits than the year of any datetime has.
const MAX_YEAR_DIGITS: usize = 12;
const FORM: &str = "a datetime has the form `2026-11-22T10:00:00Z`, with `Z` or an offset such as `+02:00`";
const MONTHS: [&str; 12] =
    ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];

/// What is wrong with a text, in the words of a message.
type Parsed<T> = Result<T, String>;

impl Datetime {
    /// RFC 3339 with `Z` or an offset, at most 9 fraction digits; also years outside 0000–9999 with a sign (`+12026-…`, `-0044-…`).
    /// A leap second reads as the second after it. 400 where the text has another form, or names a day or a time that does not exist.
    pub fn parse(text: &str) -> Result<Self> {
        Input { rest: text.as_bytes() }.datetime().map_err(Error::bad_request)
    }

    /// The instant `microseconds` after 1970-01-01T00:00:00Z.
    pub fn from_timestamp(timestamp: Timestamp) -> Self {
        let nanoseconds = timestamp.0.rem_euclid(1_000_000) as u32 * 1000;
        Self { seconds: timestamp.0.div_euclid(1_000_000), nanoseconds }
    }

    /// In whole microseconds, rounded down; None where that is outside i64.
    pub fn to_timestamp(self) -> Option<Timestamp> {
        let microseconds = self.seconds.checked_mul(1_000_000)?.checked_add(i64::from(self.nanoseconds / 1000))?;
        Some(Timestamp(microseconds))
    }

    /// Year, month (1–12) and day (1–31) in UTC.
    pub fn date(self) -> (i64, u32, u32) {
        civil_from_days(self.seconds.div_euclid(SECONDS_PER_DAY))
    }

    /// The beginning of a day in UTC; None where that day does not exist.
    pub fn from_date(year: i64, month: u32, day: u32) -> Option<Self> {
        let has_such_year = year.unsigned_abs() < 10u64.pow(MAX_YEAR_DIGITS as u32 - 1);
        let is_day = (1..=12).contains(&month) && (1..=days_in_month(year, month)).contains(&day);
        let days = (has_such_year && is_day).then(|| days_from_civil(year, month, day))?;
        Some(Self { seconds: days.checked_mul(SECONDS_PER_DAY)?, nanoseconds: 0 })
    }

    /// Appends RFC 3339 with `Z` and none, 3, 6 or 9 fraction digits: as few as tell the time.
    pub fn write_rfc3339(self, out: &mut Vec<u8>) {
        let (year, month, day) = civil_from_days(self.seconds.div_euclid(SECONDS_PER_DAY));
        let second_of_day = self.seconds.rem_euclid(SECONDS_PER_DAY) as u32;
        if (0..=9999).contains(&year) {
            push_digits(out, year as u32, 4);
        } else {
            out.extend_from_slice(format!("{}{:04}", if year < 0 { '-' } else { '+' }, year.unsigned_abs()).as_bytes());
        }
        for (separator, number) in [
            (b'-', month),
            (b'-', day),
            (b'T', second_of_day / 3600),
            (b':', second_of_day / 60 % 60),
            (b':', second_of_day % 60),
        ] {
            out.push(separator);
            push_digits(out, number, 2);
        }
        let (fraction, digits) = match self.nanoseconds {
            0 => (0, 0),
            nanos if nanos.is_multiple_of(1_000_000) => (nanos / 1_000_000, 3),
            nanos if nanos.is_multiple_of(1_000) => (nanos / 1_000, 6),
            nanos => (nanos, 9),
        };
        if digits > 0 {
            out.push(b'.');
            push_digits(out, fraction, digits);
        }
        out.push(b'Z');
    }

    pub fn to_rfc3339(self) -> String {
        let mut out = Vec::with_capacity(32);
        self.write_rfc3339(&mut out);
        out.into_iter().map(char::from).collect()
    }
}

impl fmt::Display for Datetime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_rfc3339())
    }
}

impl Timestamp {
    /// RFC 3339 with `Z`: `2026-11-22T10:00:00.123456Z`, in the same form as a [`Datetime`].
    pub fn to_rfc3339(self) -> String {
        Datetime::from_timestamp(self).to_rfc3339()
    }

    /// Appends what [`Timestamp::to_rfc3339`] gives.
    pub fn write_rfc3339(self, out: &mut Vec<u8>) {
        Datetime::from_timestamp(self).write_rfc3339(out);
    }

    /// As [`Datetime::parse`], rounded down to microseconds.
    pub fn parse_rfc3339(text: &str) -> Result<Self> {
        Datetime::parse(text)?.to_timestamp().ok_or_else(|| Error::bad_request("the time is too far from now"))
    }
}

fn push_digits(out: &mut Vec<u8>, number: u32, digits: u32) {
    for place in (0..digits).rev() {
        out.push(b'0' + (number / 10u32.pow(place) % 10) as u8);
    }
}

struct Input<'a> {
    rest: &'a [u8],
}

impl Input<'_> {
    fn datetime(&mut self) -> Parsed<Datetime> {
        let year = self.year()?;
        self.expect(b"-")?;
        let month = self.two_digits()?;
        self.expect(b"-")?;
        let day = self.two_digits()?;
        check_date(year, month, day)?;
        if self.rest.is_empty() {
            return Err(format!(
                "a datetime has a date and a time; the beginning of this day is `{}`",
                midnight(year, month, day)
            ));
        }
        self.expect(b"Tt ")?;
        let hour = self.two_digits()?;
        self.expect(b":")?;
        let minute = self.two_digits()?;
        if self.rest.first() != Some(&b':') {
            return Err(format!("the seconds are missing: {FORM}"));
        }
        self.expect(b":")?;
        let second = self.two_digits()?;
        check_time(hour, minute, second)?;
        let nanoseconds = self.fraction()?;
        let offset = self.offset()?;
        if !self.rest.is_empty() {
            return Err(format!("something follows after the datetime: {FORM}"));
        }
        let time_of_day = i128::from(hour * 3600 + minute * 60 + second);
        let seconds =
            i128::from(days_from_civil(year, month, day)) * i128::from(SECONDS_PER_DAY) + time_of_day - i128::from(offset);
        let seconds = seconds.try_into().map_err(|_| "the datetime is too far from now".to_owned())?;
        Ok(Datetime { seconds, nanoseconds })
    }

    fn year(&mut self) -> Parsed<i64> {
        let length = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let sign = match self.rest.first() {
            Some(b'-') => -1,
            Some(b'+') => 1,
            _ if length(self.rest) > 4 && self.rest.get(length(self.rest)) == Some(&b'-') => {
                return Err("a year of more than 4 digits has a sign: `+12026-11-22T10:00:00Z`".to_owned());
            }
            _ => return self.digits(4).map(i64::from),
        };
        self.rest = &self.rest[1..];
        let length = length(self.rest);
        if !(4..=MAX_YEAR_DIGITS).contains(&length) {
            return Err(format!("a year with a sign has 4 to {MAX_YEAR_DIGITS} digits"));
        }
        let (digits, rest) = self.rest.split_at(length);
        self.rest = rest;
        Ok(sign * digits.iter().fold(0, |year, digit| year * 10 + i64::from(digit - b'0')))
    }

    /// Nanoseconds; none where there is no point.
    fn fraction(&mut self) -> Parsed<u32> {
        if self.expect(b".").is_err() {
            return Ok(0);
        }
        let length = self.rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if !(1..=MAX_FRACTION_DIGITS).contains(&length) {
            return Err(format!("the fraction of a second has 1 to {MAX_FRACTION_DIGITS} digits"));
        }
        Ok(self.digits(length)? * 10u32.pow((MAX_FRACTION_DIGITS - length) as u32))
    }

    /// Seconds east of UTC.
    fn offset(&mut self) -> Parsed<i32> {
        if self.rest.is_empty() {
            return Err("the offset is missing: write `Z` at the end for UTC, or an offset such as `+02:00`".to_owned());
        }
        let sign = match self.expect(b"Zz+-")? {
            b'+' => 1,
            b'-' => -1,
            _ => return Ok(0),
        };
        let form = |_| "an offset has the form `+02:00`".to_owned();
        let hours = self.two_digits().map_err(form)?;
        self.expect(b":").map_err(form)?;
        let minutes = self.two_digits().map_err(form)?;
        if hours > 23 || minutes > 59 {
            return Err(format!("there is no offset of {hours:02}:{minutes:02}: the largest is 23:59"));
        }
        Ok(sign * (hours * 3600 + minutes * 60).cast_signed())
    }

    fn two_digits(&mut self) -> Parsed<u32> {
        self.digits(2)
    }

    /// A number of at most 9 digits.
    fn digits(&mut self, length: usize) -> Parsed<u32> {
        let form = || FORM.to_owned();
        let (digits, rest) = self.rest.split_at_checked(length).ok_or_else(form)?;
        self.rest = rest;
        let number =
            digits.iter().try_fold(0, |number, byte| byte.is_ascii_digit().then(|| number * 10 + u32::from(byte - b'0')));
        number.ok_or_else(form)
    }

    /// The next byte, if it is one of these.
    fn expect(&mut self, any_of: &[u8]) -> Parsed<u8> {
        match self.rest.split_first() {
            Some((first, rest)) if any_of.contains(first) => {
                self.rest = rest;
                Ok(*first)
            }
            _ => Err(FORM.to_owned()),
        }
    }
}

fn check_date(year: i64, month: u32, day: u32) -> Parsed<()> {
    let Some(name) = (month as usize).checked_sub(1).and_then(|place| MONTHS.get(place)) else {
        return Err(format!("there is no month {month}: a datetime has year, month and day, `2026-11-22T10:00:00Z`"));
    };
    match (1..=days_in_month(year, month)).contains(&day) {
        true => Ok(()),
        false => Err(format!("there is no {day} {name} in {year}")),
    }
}

fn check_time(hour: u32, minute: u32, second: u32) -> Parsed<()> {
    match (hour, minute, second) {
        (24.., _, _) => Err(format!("there is no hour {hour}: a day has the hours 00 to 23")),
        (_, 60.., _) => Err(format!("there is no minute {minute}: an hour has the minutes 00 to 59")),
        (_, _, 61..) => Err(format!("there is no second {second}: a minute has the seconds 00 to 59, or 60 for a leap second")),
        _ => Ok(()),
    }
}

fn midnight(year: i64, month: u32, day: u32) -> String {
    Datetime::from_date(year, month, day).map_or_else(|| FORM.to_owned(), Datetime::to_rfc3339)
}
