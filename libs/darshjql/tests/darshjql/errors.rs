//! Texts that are refused: where, and what the error says.
use ddb_core::{Error, ErrorCode};
use ddb_darshjql::{parse_expression, parse_filter, parse_path};

fn check(text: &str, expected: &str) {
    let error = parse_expression(text).expect_err(text);
    assert_eq!(error.code, ErrorCode::InvalidQuery, "{text}");
    assert_eq!(format!("{}:{} {}", error.line, error.column, error.message), expected, "{text}");
}

#[test]
fn an_error_says_what_was_expected_and_found() {
    check("", "1:1 expected an expression, found the end");
    check("a =", "1:4 expected an expression, found the end");
    check("a b", "1:3 expected an operator or the end, found `b`");
    check("(a", "1:3 expected `)`, found the end");
    check("[1, 2", "1:6 expected `,` or `]`, found the end");
    check("[1 2]", "1:4 expected `,` or `]`, found a number");
    check("f::g(1", "1:7 expected `,` or `)`, found the end");
    check("a AND OR b", "1:7 expected an expression, found `OR`");
    check("a.", "1:3 expected a field's name, `*`, `?` or `{`, found the end");
    check("a[0", "1:4 expected `]`, found the end");
    check("{ a: }", "1:6 expected an expression, found `}`");
    check("'ä' = \n  = b", "2:3 expected an expression, found `=`");
    check("<inty> a", "1:2 `inty` is not a kind of value");
    check("12abc", "1:1 expected an expression, found `12abc`");
    check("9223372036854775808", "1:1 the integer is beyond 64 bits; write it with `f` for a float or `dec` for a decimal");
    check("99999999999999999999", "1:1 the integer is beyond 64 bits; write it with `f` for a float or `dec` for a decimal");
    check("'abc", "1:1 the string that begins here has no closing `'`");
    check("'a\\qb'", r#"1:4 unknown escape: strings know \' \" \` \\ \/ \n \r \t \b \f \0 and \u{…}"#);
    check("1 /* x", "1:3 the comment that begins here has no `*/`");
    check("größe = 1", "1:3 `ö` does not belong here; a name with other letters than a-z stands in backticks");
    check("u'x'", "1:1 a uuid has the form `u'018f8b8c-ffff-7000-8000-000000000000'`");
    check("t:$x", "1:3 a key cannot be a parameter; write `type::record('t', $x)`".replace("'t', $x", "'table', $key").as_str());
    check("a NOT b", "1:3 expected an operator or the end, found `NOT`; `NOT IN` is an operator, `!` negates");
    check("a.{b.c}", "1:5 give the field of a longer path a name: `name: path`");
}

#[test]
fn what_this_version_does_not_know_is_named() {
    check("->likes->post", "1:1 graph paths are not known to this version");
    check("a->likes", "1:2 graph paths are not known to this version");
    check("a<-likes", "1:2 graph paths are not known to this version");
    check("a @@ 'x'", "1:3 full-text search is not known to this version");
    check("a @1@ 'x'", "1:3 full-text search is not known to this version");
    check("a <|4|> [1]", "1:3 nearest-neighbour search is not known to this version");
    check("(SELECT * FROM a)", "1:2 statements inside of an expression are not known to this version");
    check("a = (SELECT b FROM a)", "1:6 statements inside of an expression are not known to this version");
    check("{ 1 + 1 }", "1:1 blocks are (a set of one is `{1,}`) not known to this version");
    check("a.{1..3}->b", "1:3 recursive paths are not known to this version");
    check("$f(1)", "1:3 calls of parameters are not known to this version");
    check("t:rand()", "1:3 generated keys are not known to this version");
}

#[test]
fn the_excerpt_shows_the_line_around_the_place() {
    let error = parse_expression("a = 1\nAND b == = c\nAND d").unwrap_err();
    assert_eq!((error.line, error.column, error.excerpt.as_str()), (2, 10, "AND b == = c"));
    let long = format!("{} ] {}", "a + ".repeat(50), "b".repeat(100));
    let error = parse_expression(&long).unwrap_err();
    assert!(error.excerpt.chars().count() <= 80 && error.excerpt.contains(']'), "{}", error.excerpt);
}

#[test]
fn an_error_becomes_one_with_a_place() {
    let error = Error::from(parse_expression("a =").unwrap_err());
    let place = error.place().expect("it has a place");
    assert_eq!((error.code(), place.line, place.column, place.excerpt.as_str()), (ErrorCode::InvalidQuery, 1, 4, "a ="));
}

/// A filter that is refused with a text that names what to write.
fn habit(text: &str, place: &str, advice: &str) {
    let error = parse_filter(text).expect_err(text);
    assert_eq!(error.code, ErrorCode::InvalidQuery, "{text}");
    assert_eq!(format!("{}:{}", error.line, error.column), place, "{text}: {}", error.message);
    assert!(error.message.contains(advice), "{text}: {} does not say {advice}", error.message);
}

#[test]
fn habits_of_other_languages_are_told_what_to_write_instead() {
    // Mutant: `parse_filter` does not ask `misread`.
    for (text, place, advice) in [
        ("v IN (1,2)", "1:6", "square brackets: write `IN [1,2]`"),
        ("v in (1, 2, 3)", "1:6", "write `IN [1, 2, 3]`"),
        ("v NOT IN ('a', 'b')", "1:10", "write `IN ['a', 'b']`"),
        ("v IN ('a')", "1:6", "write `IN ['a']`"),
        ("v IN (-1)", "1:6", "write `IN [-1]`"),
        ("v IN ($a, $b)", "1:6", "write `IN [$a, $b]`"),
        ("v = (1, 2, 3)", "1:5", "square brackets"),
        ("v = ('a', 'b')", "1:5", "square brackets"),
        ("name LIKE 'a%'", "1:6", "`… ~ 'bob'`"),
        ("name ilike '%a'", "1:6", "`… ~ 'bob'`"),
        ("name NOT LIKE 'a'", "1:6", "`!~`"),
        ("name REGEXP 'a'", "1:6", "`… = /^bob/`"),
        ("NOT done", "1:5", "write `!done`"),
        ("a = 1 AND NOT done = 2", "1:15", "write `!done`"),
        ("v BETWEEN 1 AND 5", "1:3", "`… >= 1 AND … <= 5`"),
        ("v NOT BETWEEN 1 AND 5", "1:3", "`!` negates"),
        ("a NOT CONTAINS 1", "1:3", "`CONTAINSNOT`"),
        ("a <> 1", "1:4", "write `!=`"),
        ("a === 1", "1:5", "write `=`"),
        ("a !== 1", "1:5", "write `!=`"),
        ("a => 1", "1:4", "write `>=`"),
        ("a =< 1", "1:3", "write `<=`"),
        ("a ≠ 1", "1:3", "write `!=`"),
        ("a ≥ 1", "1:3", "write `>=`"),
        ("v IS NOT NULL", "1:3", "`!= NONE`"),
        ("v is null", "1:3", "`= NONE`"),
        ("v ISNULL", "1:3", "`… = NONE`"),
        ("a = 1 LIMIT 5", "1:7", "`limit=20`"),
        ("a = 1 ORDER BY b", "1:7", "`order=-priority,title`"),
        ("a = 1 OFFSET 5", "1:7", "`cursor=`"),
        ("WHERE a = 1", "1:7", "without `WHERE`"),
        ("a = 1;", "1:6", "without `;`"),
        ("a = 1, b = 2", "1:6", "joined by `AND`"),
        ("a = 1 & b = 2", "1:7", "write `AND`"),
        ("a = 1 | b = 2", "1:7", "write `OR`"),
        ("a eq 1", "1:3", "write `=`"),
        ("a gte 1", "1:3", "write `>=`"),
        ("a : 1", "1:3", "`=` compares"),
        ("count(*) > 1", "1:7", "`count=exact`"),
        ("\"name\" = 'x'", "1:1", "backticks: `name`"),
        ("a = 1 OR (\"name\" = 5)", "1:11", "backticks: `name`"),
        ("\"name\" IN ['x']", "1:1", "backticks: `name`"),
        ("a = ?", "1:5", "write `$name`"),
        ("a = :name", "1:5", "write `$name`"),
        ("{{n}}", "1:1", "`{{n}}` is a place of a template"),
        ("a = {{ user.id }}", "1:5", "a template that was not filled in"),
        ("a = ${n}", "1:5", "`${n}` is a place of a template"),
        ("due < 2026-12-05", "1:7", "`d'2026-12-05T00:00:00Z'`"),
        ("a CONTANS 1", "1:3", "did you mean `CONTAINS`?"),
        ("a CONTAINSAL [1]", "1:3", "did you mean `CONTAINSALL`?"),
        ("a = 1 ADN b = 2", "1:7", "expected an operator or the end, found `ADN`"),
        ("tags INCLUDES 'x'", "1:6", "write `CONTAINS`"),
    ] {
        habit(text, place, advice);
    }
}

#[test]
fn what_looks_like_a_habit_but_is_the_language_is_read() {
    for text in [
        "v IN ($list)",
        "v IN (1..5)",
        "v IN [1, 2]",
        "v IN (a ?? [])",
        "v IN (SELECTED)",
        "a = (1.5, 2.5)",
        "\"ada\" = name",
        "name = \"ada\"",
        "a IS NONE",
        "a IS NOT NONE",
        "a = NULL",
        "a != NULL",
        "a = 1 AND !b",
        "not(a = 1)",
        "limit = 5 AND order = 'x' AND like = 1",
        "a = {{1, 2}, {3,}}",
        "a = { b: { c: 1 } }",
        "a = 2026 - 12 - 05",
        "a < <int> '5'",
        "a && b || c",
        "a == 1",
        "in IN [1]",
        "count(tags) > 1",
    ] {
        assert!(parse_filter(text).is_ok(), "{text}: {:?}", parse_filter(text).err());
    }
}

#[test]
fn a_path_says_what_may_follow() {
    let error = parse_path("priority desc").unwrap_err();
    assert_eq!(error.message, "expected `.`, `[` or the end, found `desc`");
}
