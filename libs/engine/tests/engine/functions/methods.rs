use super::check_all;
use crate::support::refuse;

#[test]
fn functions_are_methods_of_their_first_argument() {
    check_all(&[
        ("'abc'.len()", "3"),
        ("'abc'.UPPERCASE()", "'ABC'"),
        ("'a b'.words().len()", "2"),
        ("'kitten'.distance_levenshtein('sitting')", "3"),
        ("'1.2.3'.semver_inc_major()", "'2.0.0'"),
        ("[3, 1].sort()", "[1, 3]"),
        ("[3, 1].sort_desc()", "[3, 1]"),
        ("-5.abs()", "5"),
        ("2.pow(3)", "8"),
        ("1.5.floor()", "1f"),
        ("1h.mins()", "60"),
        ("d'2026-11-22T10:00:00Z'.year()", "2026"),
        ("t:1.id()", "1"),
        ("t:1.tb()", "'t'"),
        ("b'0102'.len()", "2"),
        ("5.to_string()", "'5'"),
        ("'5'.to_int()", "5"),
        ("(1, 2).distance((1, 2))", "0f"),
        ("NONE.len()", "NONE"),
        ("NONE.is_none()", "true"),
        ("missing.words().len()", "NONE"),
        ("[{ a: 'x' }].map(|$o| $o.a.uppercase())", "['X']"),
    ]);
    refuse("5.uppercase()", "1:2 int has no method `uppercase`");
    refuse("'a'.len(1)", "1:4 `len` takes one argument, found 2");
    refuse("'a'.repeat('x')", "1:4 argument 2 of `string::repeat` has to be an int that is not negative, found string");
}
