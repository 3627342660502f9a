use super::check_all;
use crate::support::{World, refuse};

#[test]
fn values_are_made_of_other_kinds() {
    check_all(&[
        ("type::int('5')", "5"),
        ("type::float(1)", "1f"),
        ("type::decimal('1.50')", "1.50dec"),
        ("type::number('1.5')", "1.5f"),
        ("type::bool('false')", "false"),
        ("type::string(5)", "'5'"),
        ("type::datetime('2026-11-22T10:00:00Z')", "d'2026-11-22T10:00:00Z'"),
        ("type::duration('1h')", "1h"),
        ("type::uuid('018f8b8c-ffff-7000-8000-000000000000')", "u'018f8b8c-ffff-7000-8000-000000000000'"),
        ("type::bytes('a')", "b'61'"),
        ("type::array(1..3)", "[1, 2]"),
        ("type::set([2, 1])", "{1, 2}"),
        ("type::range([1, 3])", "1..3"),
        ("type::point(1, 2)", "(1, 2)"),
        ("type::point([1, 2])", "(1, 2)"),
        ("type::geometry({ type: 'Point', coordinates: [1, 2] })", "(1, 2)"),
        ("type::record('t', '1')", "t:⟨1⟩"),
        ("type::record('t', 1)", "t:1"),
        ("type::record('t:1')", "t:1"),
        ("type::table('t')", "t"),
        ("type::of(type::table('t'))", "'table'"),
        ("type::of(1dec)", "'decimal'"),
        ("type::string_lossy(b'61FF')", "'a\u{fffd}'"),
    ]);
    refuse("type::record('a b', 1)", "1:1 argument 1 of `type::record` has to be the name of a table, found another string");
    refuse("type::int('x')", "1:1 cannot cast this string to int");
}

#[test]
fn kinds_are_told_in_both_spellings() {
    let kinds = [
        ("array", "[1]"),
        ("bool", "true"),
        ("bytes", "b'00'"),
        ("datetime", "d'2026-11-22T10:00:00Z'"),
        ("decimal", "1dec"),
        ("duration", "1h"),
        ("float", "1.5"),
        ("int", "1"),
        ("none", "NONE"),
        ("null", "NULL"),
        ("object", "{ a: 1 }"),
        ("point", "(1, 2)"),
        ("range", "(1..2)"),
        ("record", "t:1"),
        ("set", "{1, 2}"),
        ("string", "'a'"),
        ("table", "type::table('t')"),
        ("uuid", "u'018f8b8c-ffff-7000-8000-000000000000'"),
    ];
    for (kind, _) in kinds {
        for (other, value) in kinds {
            let expected = if kind == other { "true" } else { "false" };
            check_all(&[
                (&format!("type::is_{kind}({value})"), expected),
                (&format!("type::is::{kind}({value})"), expected),
                (&format!("({value}).is_{kind}()"), expected),
            ]);
        }
    }
    check_all(&[
        ("type::is_number(1dec)", "true"),
        ("type::is_geometry((1, 2))", "true"),
        ("type::is_line((1, 2))", "false"),
        ("type::is_polygon(<geometry> { type: 'Polygon', coordinates: [] })", "true"),
        ("type::is_record(t:1, 'u')", "false"),
    ]);
}

#[test]
fn fields_are_named_by_strings() {
    let world = World::of("task:1", "{ meta: { tags: ['x'] }, n: 5 }");
    world.check("type::field('meta.tags[0]')", "'x'");
    world.check("type::fields(['n', 'missing'])", "[5, NONE]");
    assert!(world.evaluate("type::field('a b')").is_err());
}
