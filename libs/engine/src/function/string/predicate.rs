//! What a string is the text of. Anything but a string is the text of nothing.
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ddb_core::{Datetime, Uuid, Value};
use ddb_darshjql::parse_record_id;

use super::super::{Arguments, Function, Outcome, function, parse};
use super::semver;

pub(super) const FUNCTIONS: &[Function] = &[
    function("string::is_alpha", 1, 1, |arguments| is(arguments, |text| of_all(text, char::is_alphabetic))),
    function("string::is_alphanum", 1, 1, |arguments| is(arguments, |text| of_all(text, char::is_alphanumeric))),
    function("string::is_ascii", 1, 1, |arguments| is(arguments, |text| !text.is_empty() && text.is_ascii())),
    function("string::is_datetime", 1, 1, |arguments| is(arguments, |text| Datetime::parse(text).is_ok())),
    function("string::is_domain", 1, 1, |arguments| is(arguments, is_domain)),
    function("string::is_email", 1, 1, |arguments| is(arguments, |text| parse::email_parts(text).is_some())),
    function("string::is_hexadecimal", 1, 1, |arguments| is(arguments, |text| of_all(text, |c| c.is_ascii_hexdigit()))),
    function("string::is_ip", 1, 1, |arguments| is(arguments, |text| text.parse::<IpAddr>().is_ok())),
    function("string::is_ipv4", 1, 1, |arguments| is(arguments, |text| text.parse::<Ipv4Addr>().is_ok())),
    function("string::is_ipv6", 1, 1, |arguments| is(arguments, |text| text.parse::<Ipv6Addr>().is_ok())),
    function("string::is_latitude", 1, 1, |arguments| is(arguments, |text| is_degrees(text, 90.0))),
    function("string::is_longitude", 1, 1, |arguments| is(arguments, |text| is_degrees(text, 180.0))),
    function("string::is_numeric", 1, 1, |arguments| is(arguments, |text| of_all(text, char::is_numeric))),
    function("string::is_record", 1, 2, is_record),
    function("string::is_semver", 1, 1, |arguments| is(arguments, |text| semver::Version::parse(text).is_some())),
    function("string::is_ulid", 1, 1, |arguments| is(arguments, |text| super::super::ulid::milliseconds(text).is_some())),
    function("string::is_url", 1, 1, |arguments| is(arguments, |text| parse::Url::parse(text).is_some())),
    function("string::is_uuid", 1, 1, |arguments| is(arguments, |text| Uuid::try_parse(text).is_ok())),
];

fn is(arguments: &mut Arguments<'_>, predicate: fn(&str) -> bool) -> Outcome {
    Ok(Value::Bool(match arguments.value()?.as_ref() {
        Value::String(text) => predicate(text),
        _ => false,
    }))
}

fn of_all(text: &str, predicate: fn(char) -> bool) -> bool {
    !text.is_empty() && text.chars().all(predicate)
}

/// Labels of letters, digits and inner hyphens, the last one not of digits alone.
pub(in crate::function) fn is_domain(text: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let last = text.rsplit('.').next().unwrap_or_default();
    text.len() <= 253 && text.split('.').all(is_label) && !last.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_degrees(text: &str, most: f64) -> bool {
    let is_digits = text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'+'));
    is_digits && text.parse::<f64>().is_ok_and(|degrees| (-most..=most).contains(&degrees))
}

/// A record id, of a table where one is named.
fn is_record(arguments: &mut Arguments<'_>) -> Outcome {
    let id = match arguments.value()?.as_ref() {
        Value::String(text) => parse_record_id(text).ok(),
        _ => None,
    };
    let table = arguments.optional(Arguments::text)?;
    Ok(Value::Bool(id.is_some_and(|id| table.is_none_or(|table| id.table.as_str() == table))))
}
