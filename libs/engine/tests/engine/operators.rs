use crate::support::check;

#[test]
fn and_and_or_give_an_operand_and_stop_early() {
    for (text, expected) in [
        ("1 AND 2", "2"),
        ("0 AND 1 % 0", "0"),
        ("0 OR 'x'", "'x'"),
        ("1 OR 1 % 0", "1"),
        ("0 OR NONE OR ''", "''"),
        ("1 AND 2 AND 3", "3"),
        ("1 AND 0 OR 5", "5"),
        ("!0", "true"),
        ("!'false'", "false"),
        ("NONE ?? NULL ?? 0 ?? 1", "0"),
        ("NONE ?: NULL ?: 0 ?: 1", "1"),
        ("5 ?? 1 % 0", "5"),
    ] {
        check(text, expected);
    }
}

#[test]
fn falsy_are_few() {
    for text in ["NONE", "NULL", "false", "0", "0f", "-0f", "0dec", "''", "[]", "{,}", "{}"] {
        check(&format!("!!({text})"), "false");
    }
    for text in ["true", "1", "NaN", "'false'", "' '", "[NONE]", "{ a: NONE }", "t:1", "0ns", "1..1", "b''"] {
        check(&format!("!!({text})"), "true");
    }
}

#[test]
fn equality_converts_numbers_only() {
    for (text, expected) in [
        ("1 = 1.0", "true"),
        ("1 = 1dec", "true"),
        ("0.1 = 0.1dec", "false"),
        ("9007199254740993 = 9007199254740992.0", "false"),
        ("NaN = NaN", "true"),
        ("1 = '1'", "false"),
        ("t:1 = 't:1'", "false"),
        ("t:1 = t:⟨1⟩", "false"),
        ("[1, 2] = {1, 2}", "false"),
        ("NONE = NULL", "false"),
        ("NULL IS NONE", "false"),
        ("NONE IS NONE", "true"),
        ("1 IS NOT 2", "true"),
        ("{ a: 1, b: 2 } = { b: 2, a: 1 }", "true"),
        ("[1, 2] ?= 2", "true"),
        ("[1, 2] *= 2", "false"),
        ("[2, 2.0] *= 2", "true"),
        ("'abc' = /b/", "true"),
        ("/^b/ != 'abc'", "true"),
        ("['a', 'b'] ?= /b/", "true"),
        ("'Alice' ~ 'ace'", "true"),
        ("'Alice' !~ 'eca'", "true"),
        ("['x', 'Alice'] ?~ 'ALI'", "true"),
        ("['x', 'Alice'] *~ 'ALI'", "false"),
    ] {
        check(text, expected);
    }
}

#[test]
fn order_goes_by_kind_then_by_value() {
    let ascending = [
        "NONE",
        "NULL",
        "false",
        "true",
        "NaN",
        "-1",
        "0.5",
        "1dec",
        "'a'",
        "'b'",
        "1s",
        "d'2026-11-22T10:00:00Z'",
        "u'018f8b8c-ffff-7000-8000-000000000000'",
        "[]",
        "[1]",
        "[1, 1]",
        "[2]",
        "{1, 2}",
        "{ a: 1 }",
        "(1, 2)",
        "b'00'",
        "t:2",
        "t:10",
        "t:a",
        "u:1",
        "1..2",
    ];
    for (index, less) in ascending.iter().enumerate() {
        for (other, greater) in ascending.iter().enumerate() {
            check(&format!("({less}) < ({greater})"), if index < other { "true" } else { "false" });
            check(&format!("({less}) >= ({greater})"), if index < other { "false" } else { "true" });
        }
    }
}

#[test]
fn containment_knows_every_kind_of_container() {
    for (text, expected) in [
        ("2 IN [1, 2.0]", "true"),
        ("2 NOT IN [1, 2]", "false"),
        ("2 IN {1, 2}", "true"),
        ("'b' IN 'abc'", "true"),
        ("1 IN 'a1'", "false"),
        ("'a' IN { a: NONE }", "true"),
        ("3 IN 1..3", "false"),
        ("3 IN 1..=3", "true"),
        ("1 IN 1>..3", "false"),
        ("2.5 IN 1..3", "true"),
        ("'a' IN 1..", "false"),
        ("NONE IN ..", "true"),
        ("t:2 IN t:1..4", "true"),
        ("t:4 IN t:1..4", "false"),
        ("t:a IN t:1..4", "false"),
        ("u:2 IN t:1..4", "false"),
        ("t:a NOT IN t:..=b", "false"),
        ("t:[1, 5] IN t:[1]..[2]", "true"),
        ("1 IN 5", "false"),
        ("1 IN NONE", "false"),
        ("'abc' CONTAINS 'b'", "true"),
        ("[1] CONTAINSNOT 2", "true"),
        ("[1, 2, 3] CONTAINSALL [1, 3]", "true"),
        ("[1, 2, 3] CONTAINSALL [1, 4]", "false"),
        ("[1, 2, 3] CONTAINSANY [4, 1]", "true"),
        ("[1, 2, 3] CONTAINSNONE [4, 5]", "true"),
        ("'abc' CONTAINSALL ['a', 'b']", "true"),
        ("[1, 3] ALLINSIDE [1, 2, 3]", "true"),
        ("[1, 4] ANYINSIDE [1, 2, 3]", "true"),
        ("[1, 4] NONEINSIDE [1, 2, 3]", "false"),
        ("(1, 1) INSIDE { type: 'Polygon', coordinates: [[[0, 0], [4, 0], [4, 4], [0, 4], [0, 0]]] }", "true"),
        ("(5, 1) INSIDE { type: 'Polygon', coordinates: [[[0, 0], [4, 0], [4, 4], [0, 4], [0, 0]]] }", "false"),
    ] {
        check(text, expected);
    }
}

#[test]
fn geometries_lie_in_touch_and_miss_each_other() {
    let square = "<geometry> { type: 'Polygon', coordinates: [[[0, 0], [4, 0], [4, 4], [0, 4], [0, 0]]] }";
    let holed = "<geometry> { type: 'Polygon', coordinates: [[[0, 0], [4, 0], [4, 4], [0, 4], [0, 0]], [[1, 1], [3, 1], [3, 3], [1, 3], [1, 1]]] }";
    let small = "<geometry> { type: 'Polygon', coordinates: [[[1.5, 1.5], [2, 1.5], [2, 2], [1.5, 1.5]]] }";
    let line = |from: &str, to: &str| format!("<geometry> {{ type: 'LineString', coordinates: [{from}, {to}] }}");
    for (left, operator, right, expected) in [
        (square, "CONTAINS", small, true),
        (holed, "CONTAINS", small, false),
        (holed, "INTERSECTS", small, false),
        (holed, "CONTAINS", "(2, 2)", false),
        (holed, "CONTAINS", "(1, 2)", true),
        (square, "CONTAINS", holed, true),
        (holed, "CONTAINS", square, false),
        (square, "CONTAINS", &line("[0, 0]", "[4, 4]"), true),
        (square, "CONTAINS", &line("[0, 0]", "[5, 5]"), false),
        (holed, "CONTAINS", &line("[0.5, 2]", "[3.5, 2]"), false),
        (square, "INTERSECTS", &line("[-1, 2]", "[5, 2]"), true),
        (square, "OUTSIDE", &line("[-1, 5]", "[5, 5]"), true),
        (square, "OUTSIDE", "(4, 4)", false),
    ] {
        check(&format!("({left}) {operator} ({right})"), &expected.to_string());
    }
}
