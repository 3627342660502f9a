use crate::support::{check, refuse};

#[test]
fn numbers_are_computed_by_kind() {
    for (text, expected) in [
        ("1 + 2", "3"),
        ("1 + 2.5", "3.5f"),
        ("1 + 2.5dec", "3.5dec"),
        ("1.5 + 1.5dec", "3.0dec"),
        ("1 / 2", "0"),
        ("-7 / 2", "-3"),
        ("7 / 2.0", "3.5f"),
        ("1dec / 4", "0.25dec"),
        ("1 / 0", "NaN"),
        ("1dec / 0", "NaN"),
        ("1.0 / 0.0", "inf"),
        ("7 % 3", "1"),
        ("-7 % 3", "-1"),
        ("7.5 % 2", "1.5f"),
        ("2 ** 10", "1024"),
        ("2 ** 3 ** 2", "512"),
        ("2.0 ** -1", "0.5f"),
        ("4dec ** -1", "0.25dec"),
        ("0 ** 0", "1"),
        ("(-1) ** 9223372036854775807", "-1"),
        ("2 * 3 - 4", "2"),
        ("-(1 + 2)", "-3"),
        ("+5", "5"),
        ("0.1dec + 0.2dec", "0.3dec"),
        ("2 + 1 ?: 5", "3"),
    ] {
        check(text, expected);
    }
}

#[test]
fn other_kinds_know_some_operators() {
    for (text, expected) in [
        ("'a' + 'b'", "'ab'"),
        ("[1] + [2]", "[1, 2]"),
        ("[1, 2, 1] - [1]", "[2]"),
        ("{1, 2} + {2, 3}", "{1, 2, 3}"),
        ("{1, 2} - {2, 3}", "{1,}"),
        ("{ a: 1, b: 2 } + { b: 3 }", "{ a: 1, b: 3 }"),
        ("1h + 30m", "1h30m"),
        ("1h - 30m", "30m"),
        ("2 * 1h", "2h"),
        ("1h / 2", "30m"),
        ("1h / 30m", "2f"),
        ("d'2026-11-22T10:00:00Z' + 1d", "d'2026-11-23T10:00:00Z'"),
        ("d'2026-11-22T10:00:00Z' - 1d", "d'2026-11-21T10:00:00Z'"),
        ("d'2026-11-22T10:00:00Z' - d'2026-11-22T09:00:00Z'", "1h"),
    ] {
        check(text, expected);
    }
}

#[test]
fn what_has_no_result_is_an_error() {
    for (text, expected) in [
        ("9223372036854775807 + 1", "1:1 `+`: the result is beyond the range of its kind"),
        ("-9223372036854775808 / -1", "1:1 `/`: the result is beyond the range of its kind"),
        ("-(-9223372036854775808)", "1:1 `-`: the result is beyond the range of its kind"),
        ("10 ** 20", "1:1 `**`: the result is beyond the range of its kind"),
        ("79228162514264337593543950335dec + 1", "1:1 `+`: the result is beyond the range of its kind"),
        ("1 % 0", "1:1 `%`: division by zero"),
        ("2 ** -1", "1:1 `**`: an int has no negative power that is an int"),
        ("30m - 1h", "1:1 `-`: a duration cannot be negative"),
        ("-1h", "1:1 `-`: a duration cannot be negative"),
        ("'a' + 1", "1:1 `+` is not known for string and int"),
        ("[1] + 1", "1:1 `+` is not known for array and int"),
        ("NONE + 1", "1:1 `+` is not known for none and int"),
        ("1 + (2 - 'a')", "1:5 `-` is not known for int and string"),
        ("-'a'", "1:1 `-` is not known for string"),
    ] {
        refuse(text, expected);
    }
}
