use super::check_all;
use crate::support::refuse;

#[test]
fn times_have_parts() {
    check_all(&[
        ("time::now()", "d'2026-11-22T10:00:00Z'"),
        ("time::year(d'2024-02-29T23:58:59.5Z')", "2024"),
        ("time::month(d'2024-02-29T23:58:59.5Z')", "2"),
        ("time::day(d'2024-02-29T23:58:59.5Z')", "29"),
        ("time::hour(d'2024-02-29T23:58:59.5Z')", "23"),
        ("time::minute(d'2024-02-29T23:58:59.5Z')", "58"),
        ("time::second(d'2024-02-29T23:58:59.5Z')", "59"),
        ("time::yday(d'2024-12-31T00:00:00Z')", "366"),
        ("time::wday(d'2026-11-22T10:00:00Z')", "7"),
        ("time::wday(d'1969-12-29T00:00:00Z')", "1"),
        ("time::week(d'2026-01-01T00:00:00Z')", "1"),
        ("time::week(d'2027-01-01T00:00:00Z')", "53"),
        ("time::week(d'2024-12-30T00:00:00Z')", "1"),
        ("time::is_leap_year(d'2000-01-01T00:00:00Z')", "true"),
        ("time::is_leap_year(d'1900-01-01T00:00:00Z')", "false"),
        ("time::unix(d'1970-01-02T00:00:00Z')", "86400"),
        ("time::millis(d'1970-01-01T00:00:01.5Z')", "1500"),
        ("time::micros(d'1970-01-01T00:00:01Z')", "1000000"),
        ("time::nano(d'1970-01-01T00:00:01Z')", "1000000000"),
        ("time::year()", "2026"),
        ("time::timezone()", "'UTC'"),
        ("time::epoch", "d'1970-01-01T00:00:00Z'"),
        ("time::minimum", "d'0000-01-01T00:00:00Z'"),
        ("time::maximum", "d'9999-12-31T23:59:59.999999999Z'"),
    ]);
}

#[test]
fn times_are_made_and_changed() {
    check_all(&[
        ("time::from_unix(86400)", "d'1970-01-02T00:00:00Z'"),
        ("time::from::unix(86400)", "d'1970-01-02T00:00:00Z'"),
        ("time::from_secs(1)", "d'1970-01-01T00:00:01Z'"),
        ("time::from_millis(1500)", "d'1970-01-01T00:00:01.500Z'"),
        ("time::from_micros(-1)", "d'1969-12-31T23:59:59.999999Z'"),
        ("time::from_nanos(1)", "d'1970-01-01T00:00:00.000000001Z'"),
        ("time::from_ulid('01ARZ3NDEKTSV4RRFFQ69G5FAV')", "d'2016-07-30T23:54:10.259Z'"),
        ("time::from_uuid(u'018f8b8c-ffff-7000-8000-000000000000')", "d'2024-05-18T11:53:44.703Z'"),
        ("time::floor(d'2026-11-22T10:47:00Z', 1h)", "d'2026-11-22T10:00:00Z'"),
        ("time::ceil(d'2026-11-22T10:47:00Z', 1h)", "d'2026-11-22T11:00:00Z'"),
        ("time::round(d'2026-11-22T10:47:00Z', 1h)", "d'2026-11-22T11:00:00Z'"),
        ("time::group(d'2026-11-22T10:47:05.5Z', 'year')", "d'2026-01-01T00:00:00Z'"),
        ("time::group(d'2026-11-22T10:47:05.5Z', 'month')", "d'2026-11-01T00:00:00Z'"),
        ("time::group(d'2026-11-22T10:47:05.5Z', 'hour')", "d'2026-11-22T10:00:00Z'"),
        ("time::group(d'2026-11-22T10:47:05.5Z', 'second')", "d'2026-11-22T10:47:05Z'"),
        ("time::set_year(d'2026-11-22T10:47:05.5Z', 2024)", "d'2024-11-22T10:47:05.500Z'"),
        ("time::set_nanosecond(d'2026-11-22T10:47:05.5Z', 0)", "d'2026-11-22T10:47:05Z'"),
        ("time::set_day(d'2026-11-22T10:00:00Z', 1)", "d'2026-11-01T10:00:00Z'"),
        ("time::format(d'2026-11-22T10:00:00Z', '%Y-%m-%d %H:%M')", "'2026-11-22 10:00'"),
        ("time::max([d'2026-11-22T10:00:00Z', d'2027-11-22T10:00:00Z'])", "d'2027-11-22T10:00:00Z'"),
        ("time::min([])", "NONE"),
    ]);
    refuse("time::set_month(d'2026-01-31T10:00:00Z', 2)", "1:1 there is no such time");
    refuse("time::format(time::now(), '%Q')", "1:1 the format is not a strftime format");
    refuse(
        "time::floor(time::now(), 0ns)",
        "1:1 argument 2 of `time::floor` has to be longer than nothing, found another duration",
    );
}

#[test]
fn durations_have_whole_parts() {
    check_all(&[
        ("duration::days(1w12h)", "7"),
        ("duration::hours(1d1h30m)", "25"),
        ("duration::mins(90s)", "1"),
        ("duration::secs(1m)", "60"),
        ("duration::millis(1s)", "1000"),
        ("duration::micros(1ms)", "1000"),
        ("duration::nanos(1us)", "1000"),
        ("duration::weeks(15d)", "2"),
        ("duration::years(800d)", "2"),
        ("duration::from_days(7)", "1w"),
        ("duration::from::hours(25)", "1d1h"),
        ("duration::from_millis(1500)", "1s500ms"),
        ("duration::max > 1y", "true"),
        ("90m.hours()", "1"),
    ]);
    refuse("duration::from_days(-1)", "1:1 argument 1 of `duration::from_days` has to be an int that is not negative, found int");
}
