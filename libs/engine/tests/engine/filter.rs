//! What a filter becomes in the language: one line for a case.
use std::collections::BTreeSet;

use ddb_core::{Object, Result};
use ddb_darshjql::parse_filter;
use ddb_engine::filter::{Facts, Filter, Form, Translated, names};
use ddb_engine::plan::OwnTimes;

use crate::support::{object, table};

#[derive(Clone, Copy)]
struct Asked {
    form: Form,
    /// Whether `created` may be a field of a record.
    created_is_field: bool,
}

const TEXT: Asked = Asked { form: Form::Text, created_is_field: false };
const JSON: Asked = Asked { form: Form::Json, created_is_field: false };
const OWN_CREATED: Asked = Asked { form: Form::Text, created_is_field: true };

fn parameters() -> Object {
    object("{ day: '2026-12-05', list: ['lists:1', 'x'], n: 5, me: { id: 't:x' }, word: 'red' }")
}

fn translate(text: &str, asked: Asked) -> Result<Translated> {
    let filter = Filter { expr: parse_filter(text)?, form: asked.form };
    let parameters = parameters();
    filter.check(&parameters)?;
    let existing = BTreeSet::from([table("lists"), table("t")]);
    let tables = filter.tables(&parameters).intersection(&existing).cloned().collect();
    let own = OwnTimes { created: asked.created_is_field, updated: false };
    filter.translate(Facts { parameters: &parameters, own, tables: &tables })
}

/// The filter in the language, without warnings.
fn check(asked: Asked, text: &str, expected: &str) {
    let translated = translate(text, asked).unwrap_or_else(|error| panic!("{text}: {error}"));
    assert_eq!(translated.expr.to_string(), expected, "{text}");
    assert!(translated.warnings.is_empty(), "{text}: {:?}", translated.warnings);
}

fn refuse(asked: Asked, text: &str, message: &str) {
    let error = translate(text, asked).expect_err(text);
    assert!(error.message().contains(message), "{text}: {}", error.message());
}

/// A warning of that kind of the field, which says what to write.
fn warn(asked: Asked, text: &str, field: &str, advice: &str) {
    let translated = translate(text, asked).unwrap_or_else(|error| panic!("{text}: {error}"));
    let [warning] = translated.warnings.as_slice() else { panic!("{text}: {:?}", translated.warnings) };
    assert_eq!((warning.code.as_str(), warning.field.as_deref()), ("KIND", Some(field)), "{text}");
    assert!(warning.message.contains(advice), "{text}: {}", warning.message);
}

#[test]
fn a_variable_that_is_not_given_is_named() {
    // Mutant: `variables` does not look into closures, or takes their parameters for variables.
    refuse(TEXT, "v != $typo", "the variable `$typo` is not given");
    refuse(TEXT, "v = $wrd", "did you mean `$word`?");
    refuse(TEXT, "v = 1 OR (w IN [1, $typo])", "`$typo`");
    refuse(TEXT, "a[WHERE b = $typo]", "`$typo`");
    refuse(TEXT, "array::any(a, |$x| $x = $typo)", "`$typo`");
    refuse(TEXT, "v = $x AND array::any(a, |$x| $x > 1)", "`$x`");
    refuse(TEXT, "v = $typo.id", "`$typo`");
    check(TEXT, "$this.v = 1", "$this.v = 1");
    check(TEXT, "a[WHERE $parent.v = v]", "a[WHERE $parent.v = v]");
    check(TEXT, "array::any(a, |$x| $x > 1)", "array::any(a, |$x| $x > 1)");
    check(TEXT, "_owner = $auth", "_owner = $auth");
}

#[test]
fn a_text_beside_an_id_is_an_id() {
    // Mutant: `declared` knows no `_owner`.
    check(TEXT, "id = 't:x'", "id = t:x");
    check(TEXT, "'t:x' = id", "id = t:x");
    check(TEXT, "id != 't:1'", "id != t:1");
    check(TEXT, "id > 't:1'", "id > t:1");
    check(TEXT, "'t:1' < id", "id > t:1");
    check(TEXT, "id IN ['t:1', t:2, 'other:x']", "id IN [t:1, t:2, other:x]");
    check(TEXT, "id NOT IN ['t:1']", "id NOT IN [t:1]");
    check(TEXT, "id = $me.id", "id = t:x");
    check(TEXT, "_owner = 'user:ann'", "_owner = user:ann");
    check(TEXT, "_owner = NULL", "_owner = NONE");
    check(TEXT, "id = NONE", "id = NONE");
    check(JSON, "id > 't:1'", "id > t:1");
    check(JSON, "_owner > 'user:a'", "type::is_record(_owner) AND _owner > user:a");
    refuse(TEXT, "id = 'x'", "`id` is compared with a full record id");
    refuse(TEXT, "id IN ['t:1', '2']", "full record id");
    refuse(TEXT, "id IN 't:1'", "`IN` looks into a list");
    refuse(JSON, "_owner = 'ann'", "`$where`: `_owner` is compared with a full record id");
    warn(TEXT, "id = 5", "id", "'table:key'");
    warn(JSON, "id = 5", "id", "\"table:key\"");
}

#[test]
fn a_text_beside_a_time_of_the_system_is_a_datetime() {
    // Mutant: a date alone is refused.
    check(TEXT, "created > '2099-01-01T00:00:00Z'", "created > d'2099-01-01T00:00:00Z'");
    check(TEXT, "created >= '2026-12-05'", "created >= d'2026-12-05T00:00:00Z'");
    check(TEXT, "updated < $day", "updated < d'2026-12-05T00:00:00Z'");
    check(TEXT, "$day > updated", "updated < d'2026-12-05T00:00:00Z'");
    check(TEXT, "created = '2026-12-05T02:00:00+02:00'", "created = d'2026-12-05T00:00:00Z'");
    check(TEXT, "created IN ['2026-12-05']", "created IN [d'2026-12-05T00:00:00Z']");
    check(TEXT, "created IN '2026-12-05'..'2026-12-06'", "created IN d'2026-12-05T00:00:00Z'..d'2026-12-06T00:00:00Z'");
    check(TEXT, "_expires < $day", "_expires < d'2026-12-05T00:00:00Z'");
    check(JSON, "created > '2026-12-05'", "created > d'2026-12-05T00:00:00Z'");
    check(TEXT, "created > time::now() - 7d", "created > time::now() - 1w");
    refuse(TEXT, "created > 'yesterday'", "`created` is compared with a datetime like `'2026-12-05T00:00:00Z'`");
    refuse(TEXT, "created > '2026-02-30'", "datetime");
    refuse(TEXT, "updated = '2026-12-05T10:00'", "datetime");
    refuse(TEXT, "_expires > 'x'", "datetime");
    warn(TEXT, "created > 2026", "created", "'2026-12-05T00:00:00Z'");
}

#[test]
fn where_records_have_a_field_created_texts_are_compared_with_texts_too() {
    check(OWN_CREATED, "created = '2026-12-05'", "created IN ['2026-12-05', d'2026-12-05T00:00:00Z']");
    check(OWN_CREATED, "created != '2026-12-05'", "created NOT IN ['2026-12-05', d'2026-12-05T00:00:00Z']");
    check(OWN_CREATED, "created = 'long ago'", "created = 'long ago'");
    check(
        OWN_CREATED,
        "created > '2026-12-05'",
        "created < 0ns AND created > '2026-12-05' OR created < u'00000000-0000-0000-0000-000000000000' AND created > d'2026-12-05T00:00:00Z'",
    );
    check(OWN_CREATED, "created < 'b'", "created >= '' AND created < 'b'");
    check(OWN_CREATED, "updated > '2026-12-05'", "updated > d'2026-12-05T00:00:00Z'");
}

#[test]
fn a_text_beside_a_field_matches_what_it_reads_as_too() {
    // Mutant: `other_kind` does not ask whether the table exists.
    check(TEXT, "due = '2026-12-05'", "due IN ['2026-12-05', d'2026-12-05T00:00:00Z']");
    check(TEXT, "due != '2026-12-05'", "due NOT IN ['2026-12-05', d'2026-12-05T00:00:00Z']");
    check(TEXT, "list = 'lists:1'", "list IN ['lists:1', lists:1]");
    check(TEXT, "'lists:1' = list", "list IN ['lists:1', lists:1]");
    check(TEXT, "a.list IN $list", "a.list IN ['lists:1', lists:1, 'x']");
    check(TEXT, "list NOT IN ['lists:1']", "list NOT IN ['lists:1', lists:1]");
    check(TEXT, "items[0].due = '2026-12-05'", "items[0].due IN ['2026-12-05', d'2026-12-05T00:00:00Z']");
    check(TEXT, "items[WHERE due = '2026-12-05']", "items[WHERE due IN ['2026-12-05', d'2026-12-05T00:00:00Z']]");
    check(TEXT, "links[WHERE id = 't:1']", "links[WHERE id IN ['t:1', t:1]]");
    check(TEXT, "name = 'ghost:1'", "name = 'ghost:1'");
    check(TEXT, "at = '10:30'", "at = '10:30'");
    check(TEXT, "name = 'red'", "name = 'red'");
    check(TEXT, "year = '2026'", "year = '2026'");
    check(TEXT, "name IN ['a', $word]", "name IN ['a', 'red']");
    check(TEXT, "tags CONTAINS '2026-12-05'", "tags CONTAINS '2026-12-05'");
    check(TEXT, "name < 'b'", "name < 'b'");
    check(TEXT, "due < d'2026-12-05T00:00:00Z'", "due < d'2026-12-05T00:00:00Z'");
    check(TEXT, "name IN 'a red rose'", "name IN 'a red rose'");
    refuse(TEXT, "v IN $n", "looks into a list");
    refuse(TEXT, "v IN 5", "looks into a list");
    warn(TEXT, "due < '2026-12-05'", "due", "write `d'2026-12-05T00:00:00Z'`");
    warn(TEXT, "$day >= a.due", "a.due", "write `d'2026-12-05T00:00:00Z'`");
    warn(TEXT, "list > 'lists:1'", "list", "write `lists:1`");
    warn(JSON, "due < '2026-12-05'", "due", r#"by `$lt`"#);
    warn(JSON, "due < '2026-12-05'", "due", r#"write `{"$datetime":"2026-12-05T00:00:00Z"}`"#);
    warn(JSON, "list >= 'lists:1'", "list", r#"write `{"$record":"lists:1"}`"#);
    warn(TEXT, "due IN '2026-12-05'..'2026-12-06' ", "due", "d'2026-12-0");
}

#[test]
fn the_comparisons_of_json_are_within_the_kind_of_their_operand() {
    // Mutant: `begin` of a number is NONE.
    check(JSON, "age < 35", "age > true AND age < 35");
    check(JSON, "age >= 35", "age < '' AND age >= 35");
    check(JSON, "age > 1.5", "age < '' AND age > 1.5f");
    check(JSON, "name < 'b'", "name >= '' AND name < 'b'");
    check(JSON, "name > 'b'", "name < 0ns AND name > 'b'");
    check(JSON, "done < true", "done >= false AND done < true");
    check(JSON, "v > NULL", "v <= NULL AND v > NULL");
    check(JSON, "v <= NULL", "v >= NULL AND v <= NULL");
    check(JSON, "v < t:5", "type::is_record(v) AND v < t:5");
    check(JSON, "v > { a: 1 }", "type::is_object(v) AND v > { a: 1 }");
    check(JSON, "_tx > 5", "_tx > 5");
    check(JSON, "a = 1 AND b > 2 AND b < 5", "a = 1 AND b < '' AND b > 2 AND b > true AND b < 5");
    check(JSON, "age != 35", "age != 35");
    check(JSON, "!(age < 35)", "!(age > true AND age < 35)");
    check(TEXT, "age < 35", "age < 35");
}

#[test]
fn what_is_no_condition_is_told() {
    refuse(TEXT, "status:active", "write `status = '…'`");
    refuse(TEXT, "a = 1 OR t:x", "is a record id");
    refuse(TEXT, "a = 'x' OR 'y'", "a text alone is no condition");
    refuse(TEXT, "lower(name) = 'bob'", "write `string::lowercase(…)`");
    refuse(TEXT, "trim(name) = 'bob'", "did you mean `string::trim`?");
    refuse(TEXT, "string::lowercas(name) = 'bob'", "did you mean `string::lowercase`?");
    refuse(TEXT, "name.lowercas() = 'bob'", "did you mean `lowercase`?");
    refuse(TEXT, "v > math::pie", "did you mean `math::pi`?");
    refuse(TEXT, "name = /[/", "regex");
    check(TEXT, "true", "true");
    check(TEXT, "1", "1");
    check(TEXT, "done", "done");
}

#[test]
fn the_names_of_a_filter_are_those_of_the_row() {
    let of = |text: &str| {
        let names = names(&parse_filter(text).expect("a filter"));
        names.into_iter().map(|path| path.join(".")).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(of("a = 1 AND b.c > $x OR a.b"), "a a.b b.c");
    assert_eq!(of("array::any(a, |$x| $x.b = c)"), "a c");
    assert_eq!(of("a[WHERE b = 1].c"), "a");
    assert_eq!(of("a.{b}.len() = d[e]"), "a d e");
    assert_eq!(of("'a' = $b"), "");
}
