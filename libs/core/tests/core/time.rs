//! Mutants: `days_in_month` without the rule of 400; an offset added instead of subtracted; a fraction of fewer digits not scaled.
use chrono::{DateTime, SecondsFormat, Utc};
use ddb_core::{Datetime, Duration, ErrorCode, Timestamp};
use proptest::prelude::*;

use crate::coverage::run;
use crate::values::datetime;

#[track_caller]
fn reads(text: &str, expected: &str) {
    assert_eq!(Datetime::parse(text).expect(text).to_string(), expected);
}

#[test]
fn datetimes_are_rfc_3339_in_utc() {
    reads("2026-11-22T10:00:00Z", "2026-11-22T10:00:00Z");
    reads("2026-11-22t10:00:00z", "2026-11-22T10:00:00Z");
    reads("2026-11-22T10:00:00+05:30", "2026-11-22T04:30:00Z");
    reads("2026-11-22T10:00:00-00:30", "2026-11-22T10:30:00Z");
    reads("2026-11-22T10:00:00.5Z", "2026-11-22T10:00:00.500Z");
    reads("2026-11-22T10:00:00.000001Z", "2026-11-22T10:00:00.000001Z");
    reads("2026-11-22T10:00:00.123456789Z", "2026-11-22T10:00:00.123456789Z");
    reads("2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z");
    reads("2000-02-29T00:00:00Z", "2000-02-29T00:00:00Z");
    reads("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z");
    reads("0000-01-01T00:00:00+00:01", "-0001-12-31T23:59:00Z");
    reads("9999-12-31T23:59:59.999999999Z", "9999-12-31T23:59:59.999999999Z");
    reads("9999-12-31T23:59:59-01:00", "+10000-01-01T00:59:59Z");
    reads("-0044-03-15T12:00:00Z", "-0044-03-15T12:00:00Z");
    for text in [
        "",
        "2026",
        "2026-11-22",
        "2026-11-22T10:00Z",
        "2026-11-22T10:00:00",
        "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "2026-02-29T00:00:00Z",
        "1900-02-29T00:00:00Z",
        "2026-04-31T00:00:00Z",
        "2026-11-22T24:00:00Z",
        "2026-11-22T10:60:00Z",
        "2026-11-22T10:00:61Z",
        "2026-11-22T10:00:00.Z",
        "2026-11-22T10:00:00.1234567890Z",
        "2026-11-22T10:00:00+0530",
        "2026-11-22T10:00:00Zx",
        " 2026-11-22T10:00:00Z",
        "26-11-22T10:00:00Z",
        "+999999999999-01-01T00:00:00Z",
        "２026-11-22T10:00:00Z",
    ] {
        assert_eq!(Datetime::parse(text).expect_err(text).code(), ErrorCode::BadRequest, "{text}");
    }
}

#[test]
fn what_is_wrong_with_a_datetime_is_said() {
    for (text, expected) in [
        ("2023-02-29T00:00:00Z", "there is no 29 February in 2023"),
        ("1900-02-29T00:00:00Z", "there is no 29 February in 1900"),
        ("2026-04-31T00:00:00Z", "there is no 31 April in 2026"),
        ("2026-12-32T00:00:00Z", "there is no 32 December in 2026"),
        ("2026-01-00T00:00:00Z", "there is no 0 January in 2026"),
        ("-0044-02-30T00:00:00Z", "there is no 30 February in -44"),
        ("2026-13-01T00:00:00Z", "there is no month 13: a datetime has year, month and day"),
        ("2026-00-01T00:00:00Z", "there is no month 0"),
        ("22-11-2026T00:00:00Z", "has the form `2026-11-22T10:00:00Z`"),
        ("2026-11-22T24:00:00Z", "there is no hour 24: a day has the hours 00 to 23"),
        ("2026-11-22T10:60:00Z", "there is no minute 60"),
        ("2026-11-22T10:00:61Z", "there is no second 61"),
        ("2026-11-22T10:00:00+24:00", "there is no offset of 24:00: the largest is 23:59"),
        ("2026-11-22T10:00:00-05:60", "there is no offset of 05:60"),
        ("2026-11-22T10:00:00+0530", "an offset has the form `+02:00`"),
        ("2026-11-22T10:00:00+5", "an offset has the form `+02:00`"),
        ("2026-11-22T10:00:00", "the offset is missing: write `Z` at the end for UTC"),
        ("2026-11-22T10:00:00.5", "the offset is missing"),
        ("2026-11-22T10:00:00 UTC", "has the form"),
        ("2026-11-22T10:00Z", "the seconds are missing"),
        ("2026-11-22", "the beginning of this day is `2026-11-22T00:00:00Z`"),
        ("2023-02-29", "there is no 29 February in 2023"),
        ("2026-11-22T10:00:00.Z", "the fraction of a second has 1 to 9 digits"),
        ("2026-11-22T10:00:00.1234567890Z", "the fraction of a second has 1 to 9 digits"),
        ("2026-11-22T10:00:00Zx", "something follows after the datetime"),
        ("12026-11-22T10:00:00Z", "a year of more than 4 digits has a sign: `+12026-11-22T10:00:00Z`"),
        ("+999-11-22T10:00:00Z", "a year with a sign has 4 to 12 digits"),
        ("+999999999999-01-01T00:00:00Z", "the datetime is too far from now"),
        ("", "has the form"),
        ("today", "has the form"),
        ("1795341600", "has the form"),
    ] {
        let error = Datetime::parse(text).expect_err(text);
        assert!(error.message().contains(expected), "{text}: {}", error.message());
    }
}

#[test]
fn datetimes_agree_with_chrono_and_read_back() {
    run(datetime(), |datetime| {
        let text = datetime.to_string();
        prop_assert_eq!(Datetime::parse(&text).expect("a datetime"), datetime, "{}", text);
        if let Some(chrono) = DateTime::<Utc>::from_timestamp(datetime.seconds, datetime.nanoseconds)
            && (-62_167_219_200..253_402_300_800).contains(&datetime.seconds)
        {
            prop_assert_eq!(chrono.to_rfc3339_opts(SecondsFormat::AutoSi, true), text);
        }
        Ok(())
    });
    for day in 0..400 * 366 {
        let datetime = Datetime { seconds: (day - 719_528) * 86_400, nanoseconds: 0 };
        let chrono = DateTime::<Utc>::from_timestamp(datetime.seconds, 0).expect("in chrono's range");
        assert_eq!(datetime.to_string(), chrono.format("%Y-%m-%dT00:00:00Z").to_string());
    }
}

#[test]
fn timestamps_are_microseconds() {
    assert_eq!(Timestamp(1_795_341_600_123_456).to_rfc3339(), "2026-11-22T10:00:00.123456Z");
    assert_eq!(Timestamp(-1).to_rfc3339(), "1969-12-31T23:59:59.999999Z");
    assert_eq!(Timestamp::parse_rfc3339("2026-11-22T10:00:00.123456Z").expect("a time"), Timestamp(1_795_341_600_123_456));
    assert_eq!(Datetime { seconds: i64::MAX, nanoseconds: 0 }.to_timestamp(), None);
    run(any::<i64>(), |microseconds| {
        prop_assert_eq!(Datetime::from_timestamp(Timestamp(microseconds)).to_timestamp(), Some(Timestamp(microseconds)));
        Ok(())
    });
}

#[test]
fn durations_are_numbers_with_units() {
    let shown = |text: &str| Duration::parse(text).map(|duration| duration.to_string());
    for text in ["1y2w3d4h5m6s7ms8us9ns", "1h30m", "0ns", "1ns", "584942417355y3w5d7h15s"] {
        assert_eq!(shown(text).expect(text), text);
    }
    for (text, expected) in [
        ("90m", "1h30m"),
        ("7d", "1w"),
        ("365d", "1y"),
        ("1us", "1us"),
        ("1µs", "1us"),
        ("30m1h", "1h30m"),
        ("1s1s", "2s"),
        ("0s", "0ns"),
        ("1000ms", "1s"),
    ] {
        assert_eq!(shown(text).expect(text), expected);
    }
    for text in [
        "",
        "1",
        "h",
        "1x",
        "-1h",
        "1.5h",
        "1 h",
        "1h ",
        "18446744073709551616s",
        "999999999999999999999999999999999999999999s",
        "340282366920938463463374607431768211455y",
        "h1",
    ] {
        assert_eq!(Duration::parse(text).expect_err(text).code(), ErrorCode::BadRequest, "{text}");
    }
}
