use crate::support::{check, refuse};

#[test]
fn casts_make_other_kinds() {
    for (text, expected) in [
        ("<int> '12'", "12"),
        ("<int> 2.0", "2"),
        ("<float> '1.5'", "1.5f"),
        ("<float> 1", "1f"),
        ("<decimal> '1.50'", "1.50dec"),
        ("<decimal> 0.1", "0.1dec"),
        ("<number> '1'", "1"),
        ("<number> '1.5'", "1.5f"),
        ("<number> '1dec'", "1dec"),
        ("<bool> 'true'", "true"),
        ("<string> 1.0", "'1f'"),
        ("<string> 1.5dec", "'1.5'"),
        ("<string> [1, 'a']", "'[1, \\'a\\']'"),
        ("<string> { a: 1 }", "'{ a: 1 }'"),
        ("<string> NONE", "'NONE'"),
        ("<string> d'2026-11-22T10:00:00Z'", "'2026-11-22T10:00:00Z'"),
        ("<string> t:1", "'t:1'"),
        ("<string> 1h", "'1h'"),
        ("<duration> '1h30m'", "1h30m"),
        ("<datetime> '2026-11-22T10:00:00Z'", "d'2026-11-22T10:00:00Z'"),
        ("<uuid> '018f8b8c-ffff-7000-8000-000000000000'", "u'018f8b8c-ffff-7000-8000-000000000000'"),
        ("<bytes> 'ab'", "b'6162'"),
        ("<string> <bytes> 'ab'", "'ab'"),
        ("<record> 'a:1'", "a:1"),
        ("<record<a>> 'a:1'", "a:1"),
        ("<array> 1..4", "[1, 2, 3]"),
        ("<array> 1..=4", "[1, 2, 3, 4]"),
        ("<array<string>> [1, 2]", "['1', '2']"),
        ("<set> [3, 1, 1]", "{1, 3}"),
        ("<array> {1, 2}", "[1, 2]"),
        ("<option<int>> NONE", "NONE"),
        ("<int | string> 'a'", "'a'"),
        ("<geometry> [1, 2]", "(1, 2)"),
        ("<int> '5' + 1", "6"),
    ] {
        check(text, expected);
    }
}

#[test]
fn what_cannot_be_cast_names_the_kinds_and_no_value() {
    for (text, expected) in [
        ("<int> '1.5'", "1:1 cannot cast this string to int"),
        ("<int> 1.9", "1:1 cannot cast this float to int"),
        ("<bool> 1", "1:1 cannot cast this int to bool"),
        ("<bool> 'True'", "1:1 cannot cast this string to bool"),
        ("<array> 1", "1:1 cannot cast this int to array"),
        ("<record<b>> 'a:1'", "1:1 cannot cast this string to record<b>"),
        ("<int> NONE", "1:1 cannot cast this none to int"),
        ("<array<int, 2>> [1, 2, 3]", "1:1 cannot cast this array to array<int, 2>"),
        ("1 + <datetime> 'x'", "1:5 cannot cast this string to datetime"),
    ] {
        refuse(text, expected);
    }
}
