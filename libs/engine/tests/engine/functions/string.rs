use ddb_core::ErrorCode;

use super::check_all;
use crate::support::{World, refuse};

#[test]
fn strings_are_changed() {
    check_all(&[
        ("string::uppercase('straße')", "'STRASSE'"),
        ("string::lowercase('ÄB')", "'äb'"),
        ("string::capitalize('how are you')", "'How Are You'"),
        ("string::trim('  a b ')", "'a b'"),
        ("string::reverse('äbc')", "'cbä'"),
        ("string::repeat('ab', 3)", "'ababab'"),
        ("string::concat('a', 1, NONE, 1.5)", "'a1NONE1.5f'"),
        ("string::join(', ', 'a', 'b', 3)", "'a, b, 3'"),
        ("string::replace('aXbX', 'X', '-')", "'a-b-'"),
        ("string::replace('a1b22', /[0-9]+/, '#')", "'a#b#'"),
        ("string::replace('john smith', /(\\w+) (\\w+)/, '$2 $1')", "'smith john'"),
        ("string::slice('äbcde', 1, 3)", "'bc'"),
        ("string::slice('abcde', -2)", "'de'"),
        ("string::slice('abcde', 1..=2)", "'bc'"),
        ("string::slice('abc', 9)", "''"),
        ("string::slug('Größe & Déjà vu!')", "'grosse-deja-vu'"),
        ("string::split('a,b,,c', ',')", "['a', 'b', '', 'c']"),
        ("string::words('  a  b c ')", "['a', 'b', 'c']"),
        ("string::html::encode('<a href=\"x\">&')", "'&lt;a href=&quot;x&quot;&gt;&amp;'"),
    ]);
}

#[test]
fn strings_are_asked() {
    check_all(&[
        ("string::len('äöü')", "3"),
        ("string::contains('abc', 'b')", "true"),
        ("string::starts_with('abc', 'ab')", "true"),
        ("string::ends_with('abc', 'ab')", "false"),
        ("string::matches('abc', /^a.c$/)", "true"),
        ("string::matches('abc', '^b')", "false"),
    ]);
}

#[test]
fn predicates_have_both_spellings() {
    for (name, yes, no) in [
        ("alpha", "'abä'", "'a1'"),
        ("alphanum", "'a1'", "'a-1'"),
        ("ascii", "'a-1'", "'ä'"),
        ("datetime", "'2026-11-22T10:00:00Z'", "'2026-11-22'"),
        ("domain", "'example.com'", "'-a.com'"),
        ("email", "'a.b+c@example.com'", "'a@b@c'"),
        ("hexadecimal", "'ff00'", "'fg'"),
        ("ip", "'::1'", "'1.2.3'"),
        ("ipv4", "'1.2.3.4'", "'::1'"),
        ("ipv6", "'::1'", "'1.2.3.4'"),
        ("latitude", "'-51.5'", "'91'"),
        ("longitude", "'-151.5'", "'181'"),
        ("numeric", "'123'", "'1.5'"),
        ("record", "'a:1'", "'a'"),
        ("semver", "'1.2.3-beta.1+5'", "'1.2'"),
        ("ulid", "'01ARZ3NDEKTSV4RRFFQ69G5FAV'", "'01ARZ3NDEKTSV4RRFFQ69G5FAU!'"),
        ("url", "'https://a.example:80/b?c#d'", "'example.com'"),
        ("uuid", "'018f8b8c-ffff-7000-8000-000000000000'", "'x'"),
    ] {
        for spelling in ["is_", "is::"] {
            check_all(&[
                (&format!("string::{spelling}{name}({yes})"), "true"),
                (&format!("string::{spelling}{name}({no})"), "false"),
            ]);
            check_all(&[(&format!("string::{spelling}{name}(5)"), "false"), (&format!("string::{spelling}{name}('')"), "false")]);
        }
        check_all(&[(&format!("{yes}.is_{name}()"), "true")]);
    }
    check_all(&[("string::is_record('a:1', 'b')", "false"), ("string::is_email(NONE)", "false")]);
}

#[test]
fn distances_and_likenesses_are_measured() {
    check_all(&[
        ("string::distance::levenshtein('kitten', 'sitting')", "3"),
        ("string::distance::damerau_levenshtein('ca', 'abc')", "2"),
        ("string::distance::osa_distance('ca', 'abc')", "3"),
        ("string::distance::hamming('abc', 'abd')", "1"),
        ("string::distance::normalized_levenshtein('abc', 'abd') > 0.66", "true"),
        ("string::similarity::jaro('a', 'a')", "1f"),
        ("string::similarity::jaro_winkler('abc', 'xyz')", "0f"),
    ]);
    refuse("string::distance::hamming('a', 'ab')", "1:1 the strings are not of the same length");
}

#[test]
fn versions_are_compared_and_changed() {
    check_all(&[
        ("string::semver::compare('1.0.0', '1.0.0')", "0"),
        ("string::semver::compare('1.10.0', '1.9.0')", "1"),
        ("string::semver::compare('1.0.0-alpha.2', '1.0.0-alpha.10')", "-1"),
        ("string::semver::compare('1.0.0-alpha', '1.0.0')", "-1"),
        ("string::semver::major('1.2.3')", "1"),
        ("string::semver::minor('1.2.3')", "2"),
        ("string::semver::patch('1.2.3')", "3"),
        ("string::semver::inc::major('1.2.3')", "'2.0.0'"),
        ("string::semver::inc::minor('1.2.3')", "'1.3.0'"),
        ("string::semver::inc::patch('1.2.3')", "'1.2.4'"),
        ("string::semver::set::major('1.2.3', 9)", "'9.2.3'"),
        ("string::semver::set::minor('1.2.3', 9)", "'1.9.3'"),
        ("string::semver::set::patch('1.2.3', 9)", "'1.2.9'"),
    ]);
}

#[test]
fn what_would_be_large_is_refused_before_it_is_made() {
    for text in [
        "string::repeat('x', 1000000000)",
        "string::repeat('x', 9223372036854775807)",
        "array::repeat('x', 1000000000000)",
        "array::range(0, 9223372036854775807)",
        "array::sequence(100000000000)",
        "array::range(0, 1000).map(|$x| string::repeat('x', 1000000))",
        "string::replace(string::repeat('a', 1000000), 'a', string::repeat('b', 1000000))",
        "array::combine(array::range(0, 100000), array::range(0, 100000))",
        "array::fold(array::range(0, 1000), [], |$a| [$a])",
        "array::fold(array::range(0, 60), 'x', |$a| $a + $a)",
        "array::range(0, 1000000).map(|$x| array::range(0, 1000000).map(|$y| 1))",
        "string::distance::levenshtein(string::repeat('a', 1000000), string::repeat('b', 1000000))",
        "array::windows(array::range(0, 100000), 50000)",
        "string::split(string::repeat('a', 10000000), '')",
    ] {
        let start = std::time::Instant::now();
        let error = World::new().evaluate(text).expect_err(text);
        assert_eq!(error.code(), ErrorCode::QueryLimit, "{text}: {error}");
        assert!(start.elapsed().as_secs() < 30, "{text} took {:?}", start.elapsed());
    }
}
