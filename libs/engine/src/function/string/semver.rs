//! Versions by the rules of Semantic Versioning 2.0.0.
use std::cmp::Ordering;

use ddb_core::Value;

use super::super::{Arguments, Function, Outcome, function};
use crate::problem::Failure;

pub(super) const FUNCTIONS: &[Function] = &[
    function("string::semver::compare", 2, 2, compare),
    function("string::semver::inc::major", 1, 1, |arguments| changed(arguments, |v, _| v.with(v.major.checked_add(1)?, 0, 0))),
    function("string::semver::inc::minor", 1, 1, |arguments| {
        changed(arguments, |v, _| v.with(v.major, v.minor.checked_add(1)?, 0))
    }),
    function("string::semver::inc::patch", 1, 1, |arguments| {
        changed(arguments, |v, _| v.with(v.major, v.minor, v.patch.checked_add(1)?))
    }),
    function("string::semver::major", 1, 1, |arguments| Ok(Value::Int(version(arguments)?.major as i64))),
    function("string::semver::minor", 1, 1, |arguments| Ok(Value::Int(version(arguments)?.minor as i64))),
    function("string::semver::patch", 1, 1, |arguments| Ok(Value::Int(version(arguments)?.patch as i64))),
    function("string::semver::set::major", 2, 2, |arguments| changed(arguments, |v, n| v.with(n, v.minor, v.patch))),
    function("string::semver::set::minor", 2, 2, |arguments| changed(arguments, |v, n| v.with(v.major, n, v.patch))),
    function("string::semver::set::patch", 2, 2, |arguments| changed(arguments, |v, n| v.with(v.major, v.minor, n))),
];

/// The greatest number that is an int of the language.
const MAX_NUMBER: u64 = i64::MAX as u64;

#[derive(Clone)]
pub(super) struct Version {
    major: u64,
    minor: u64,
    patch: u64,
    /// What follows a `-`: identifiers between points.
    pre_release: Vec<String>,
}

impl Version {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (rest, build) = text.split_once('+').map_or((text, None), |(rest, build)| (rest, Some(build)));
        let (core, pre_release) = rest.split_once('-').map_or((rest, None), |(core, pre)| (core, Some(pre)));
        let numbers: Option<Vec<u64>> = core.split('.').map(number).collect();
        let [major, minor, patch] = <[u64; 3]>::try_from(numbers?).ok()?;
        let is_identifier =
            |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        let has_leading_zero =
            |text: &str| text.len() > 1 && text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit());
        let identifiers: Vec<String> = pre_release.map_or(Vec::new(), |pre| pre.split('.').map(str::to_owned).collect());
        let valid = identifiers.iter().all(|identifier| is_identifier(identifier) && !has_leading_zero(identifier))
            && build.is_none_or(|build| build.split('.').all(is_identifier));
        valid.then_some(Self { major, minor, patch, pre_release: identifiers })
    }

    /// Another version, which is no pre-release.
    fn with(&self, major: u64, minor: u64, patch: u64) -> Option<Self> {
        let fits = [major, minor, patch].into_iter().all(|number| number <= MAX_NUMBER);
        fits.then_some(Self { major, minor, patch, pre_release: Vec::new() })
    }

    fn cmp(&self, other: &Self) -> Ordering {
        let numbers = |version: &Self| (version.major, version.minor, version.patch);
        numbers(self).cmp(&numbers(other)).then_with(|| match (self.pre_release.is_empty(), other.pre_release.is_empty()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Greater,
            (false, true) => Ordering::Less,
            (false, false) => {
                let pairs = self.pre_release.iter().zip(&other.pre_release);
                pairs
                    .map(|(a, b)| cmp_identifiers(a, b))
                    .find(|ordering| ordering.is_ne())
                    .unwrap_or_else(|| self.pre_release.len().cmp(&other.pre_release.len()))
            }
        })
    }
}

/// Numbers by value and before other identifiers, which are ordered bytewise.
fn cmp_identifiers(a: &str, b: &str) -> Ordering {
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    match (is_number(a), is_number(b)) {
        (true, true) => a.len().cmp(&b.len()).then_with(|| a.cmp(b)),
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
        (false, false) => a.cmp(b),
    }
}

fn number(text: &str) -> Option<u64> {
    let valid = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    if valid { text.parse().ok().filter(|number| *number <= MAX_NUMBER) } else { None }
}

fn version(arguments: &mut Arguments<'_>) -> Result<Version, Failure> {
    let text = arguments.text()?;
    Version::parse(&text).ok_or_else(|| arguments.mismatch("a version like '1.2.3'", "another string"))
}

fn compare(arguments: &mut Arguments<'_>) -> Outcome {
    let (a, b) = (version(arguments)?, version(arguments)?);
    Ok(Value::Int(a.cmp(&b) as i64))
}

fn changed(arguments: &mut Arguments<'_>, change: fn(&Version, u64) -> Option<Version>) -> Outcome {
    let version = version(arguments)?;
    let number = arguments.optional(Arguments::count)?.unwrap_or_default();
    let changed = change(&version, number as u64).ok_or_else(|| Failure::invalid("the number is beyond 64 bits"))?;
    Ok(Value::String(format!("{}.{}.{}", changed.major, changed.minor, changed.patch)))
}
