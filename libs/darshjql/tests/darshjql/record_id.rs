//! Record ids and keys as text. Mutants: a key printed without normal numbers; `composite` without its limit; an array key taken literally; each condition
//! of `is_bare` in `ddb-core` left out; `behind` without its colon.
use ddb_core::json::{self, Json};
use ddb_core::{ErrorCode, RecordId, RecordKey, TableName, Value};
use ddb_darshjql::{parse_expression, parse_own_id, parse_record_id, parse_record_key};
use proptest::prelude::*;

use crate::coverage::{Coverage, run};
use crate::values;

/// A key in a path, and how the id is shown.
#[track_caller]
fn check(path: &str, expected: &str) {
    let key = parse_record_key(&table(), path).unwrap_or_else(|error| panic!("{path}: {}", error.message()));
    assert_eq!(key.literal().to_string(), expected, "{path}");
    let id = parse_record_id(&format!("t:{path}")).expect(path);
    assert_eq!(id.literal().to_string(), format!("t:{expected}"));
}

#[test]
fn arrays_and_objects_are_read_as_the_language_has_them() {
    check("[]", "[]");
    check("[1,2]", "[1, 2]");
    check("[ 1.0, 2dec, 1.50dec, 0.10dec ]", "[1, 2, 1.5f, 0.1dec]");
    check("['London', \"Paris\"]", "['London', 'Paris']");
    check("[null, TRUE, -5, -9223372036854775808]", "[NULL, true, -5, -9223372036854775808]");
    check("[d'2026-11-22T10:00:00Z', 1h30m, b'00FF']", "[d'2026-11-22T10:00:00Z', 1h30m, b'00FF']");
    check("[user:1, r'user:[1.0]', t:⟨a b⟩]", "[user:1, user:[1], t:⟨a b⟩]");
    check("[{2, 1, 1.0}, {,}, [[]]]", "[{1, 2}, {,}, [[]]]");
    check(r#"{"b":1,"a":[2]}"#, "{ a: [2], b: 1 }");
    check("{}", "{  }");
    check("{ a: { b: user:⟨x⟩ } }", "{ a: { b: user:x } }");
    check("'[1]'", "⟨[1]⟩");
    check("1", "1");
    check("u'018f0000-0000-7000-8000-000000000001'", "u'018f0000-0000-7000-8000-000000000001'");
}

#[test]
fn what_is_no_array_or_object_of_literals_is_refused() {
    let long = format!("[{}]", "1,".repeat(20_000));
    for (text, expected) in [
        ("[", "is an array or an object of the language"),
        ("[1] + [2]", "expected a literal value"),
        ("[1]..[2]", "kind range"),
        ("[1].len()", "expected a literal value"),
        ("[a]", "expected a literal value"),
        ("[$a]", "expected a literal value"),
        ("[1", "`,` or `]`"),
        ("[1]x", "is an array or an object of the language"),
        ("{1, 2}", "kind set"),
        ("{ a }", "blocks are"),
        ("[NONE]", "kind none"),
        ("[NaN]", "finite"),
        ("[(1, 2)]", "kind geometry"),
        ("['a\n']", "control characters"),
        (&"[".repeat(200), "64 levels of brackets"),
        (&format!("{}{}", "[".repeat(33), "]".repeat(33)), "at most 32"),
        (&format!("['{}']", "k".repeat(510)), "more than 512 bytes"),
        (&long, "the text of the record key has more than 32 KB"),
    ] {
        let error = parse_record_key(&table(), text).expect_err(text);
        assert_eq!(error.code(), ErrorCode::BadRequest, "{text}");
        assert!(error.message().contains(expected), "{text}: {}", error.message());
        assert!(parse_record_id(&format!("t:{text}")).is_err(), "{text}");
    }
    for text in ["[1]", "a b:[1]", ":[1]", "1:[1]"] {
        assert!(parse_record_id(text).is_err(), "{text}");
    }
}

#[test]
fn the_deepest_key_reads_back() {
    let array = |part: Value| RecordId::new(table(), RecordKey::from_value(Value::Array(vec![part])).expect("a key"));
    let mut id = array(Value::Null);
    for _ in 0..15 {
        id = array(Value::set(vec![id.into()]));
    }
    assert_eq!(parse_record_id(&id.literal().to_string()).expect("an id"), id, "{}", id.literal());
}

fn table() -> TableName {
    TableName::parse("t").expect("a table's name")
}

#[test]
fn ids_within_ids_end_before_the_stack_does() {
    let mut text = "t:[1]".to_owned();
    while text.len() < 60_000 {
        let quoted = text.replace('\\', "\\\\").replace('\'', "\\'");
        text = format!("t:[r'{quoted}']");
        drop(parse_record_id(&text));
        drop(parse_expression(&text));
    }
}

#[test]
fn equal_keys_are_one_key_in_expressions() {
    let key = |text: &str| match parse_expression(text).expect(text).as_literal() {
        Some(Value::Record(id)) => id.key.clone(),
        other => panic!("{text} is {other:?}"),
    };
    assert!(key("t:[1.0]").identical(&RecordKey::Array(vec![Value::Int(1)])));
    assert!(parse_expression("id = t:[NONE]").is_err());
    // A bound between keys may be what no record has.
    assert_eq!(
        parse_expression("id IN t:['a', NONE]..=['a', 1.0]").expect("a range").to_string(),
        "id IN t:['a', NONE]..=['a', 1f]"
    );
}

#[test]
fn ids_read_back_as_they_are_shown() {
    let coverage = Coverage::default();
    let key = prop_oneof![1 => values::record_id().prop_map(|id| id.key), 3 => values::composite_key()];
    run((values::table(), key), |(table, key)| {
        coverage.case(values::kinds(&key.clone().into()));
        let id = RecordId::new(table, key);
        let text = id.literal().to_string();
        let back = parse_record_id(&text).map_err(|error| TestCaseError::fail(format!("{text}: {}", error.message())))?;
        prop_assert!(back.identical(&id), "{} is read as {}", text, back.literal());
        let written = parse_expression(&text).map_err(|error| TestCaseError::fail(format!("{text}: {error}")))?;
        prop_assert!(written.as_literal().is_some_and(|value| value.identical(&id.clone().into())), "{} as an expression", text);
        if matches!(id.key, RecordKey::Array(_) | RecordKey::Object(_)) {
            let back = parse_record_key(&id.table, &id.key.literal().to_string()).expect("a key");
            prop_assert!(back.identical(&id.key), "{} is read as {}", id.key.literal(), back.literal());
        }
        Ok(())
    });
    let in_keys: Vec<(&str, f64)> =
        values::ALL_KINDS.into_iter().filter(|(kind, _)| !["none", "geometry", "table", "range"].contains(kind)).collect();
    coverage.require("printed ids", &in_keys);
}

#[test]
fn a_path_takes_a_key_or_a_full_id_of_its_table() {
    let read = |text: &str| {
        parse_record_key(&table(), text).map(|key| key.literal().to_string()).map_err(|error| error.message().to_owned())
    };
    for (text, expected) in [
        ("7", "7"),
        ("t:7", "7"),
        ("t:'7'", "⟨7⟩"),
        ("t:my-post", "⟨my-post⟩"),
        ("t:⟨my-post⟩", "⟨my-post⟩"),
        ("⟨my-post⟩", "⟨my-post⟩"),
        ("t:[1, 'a']", "[1, 'a']"),
        ("t:u'018f0000-0000-7000-8000-000000000001'", "u'018f0000-0000-7000-8000-000000000001'"),
        ("'t:7'", "⟨t:7⟩"),
        ("t:'t:7'", "⟨t:7⟩"),
        // The rest of a full id is a key.
        ("t:t:7", "⟨t:7⟩"),
        ("u:7", "⟨u:7⟩"),
        ("T:7", "⟨T:7⟩"),
        ("t", "t"),
        ("t7", "t7"),
    ] {
        assert_eq!(read(text).as_deref(), Ok(expected), "{text}");
    }
    for (text, expected) in
        [("t:", "cannot be empty"), ("t:u'x'", "uuid"), ("t:[", "an array or an object"), ("t:⟨", "ends with")]
    {
        assert!(read(text).expect_err(text).contains(expected), "{text}");
        assert_eq!(parse_own_id(&table(), text), None, "{text}");
    }
    for text in ["7", "u:7", "t", "t7", "'t:7'", "T:7"] {
        assert_eq!(parse_own_id(&table(), text), None, "{text}");
    }
    assert_eq!(parse_own_id(&table(), "t:7"), Some(RecordKey::Int(7)));
}

/// String keys of which much reads as something else.
fn awful_key(table: &'static str) -> impl Strategy<Value = RecordKey> {
    let pieces = vec![
        "'",
        "\"",
        "`",
        "\\",
        "/",
        "%",
        "%2F",
        "?",
        "#",
        " ",
        ".",
        "..",
        ":",
        "⟨",
        "⟩",
        "[",
        "]",
        "{",
        "}",
        "u'",
        "r'",
        "d'",
        "-",
        "0",
        "7",
        "18",
        "a",
        "É",
        "名",
        "💡",
        "\u{301}",
        "\u{200b}",
        "\u{2028}",
        "+",
        "&",
        "=",
        ";",
        "$",
        "|",
        "--",
        "/*",
        "018f0000-0000-7000-8000-000000000001",
        "t",
        "t:",
        "user",
        "user:",
        table,
        "..=",
        "1.5",
        "1e9",
        "9223372036854775808",
    ];
    let text = prop_oneof![
        6 => prop::collection::vec(prop::sample::select(pieces), 1..6).prop_map(|pieces| pieces.concat()),
        2 => "\\PC{1,20}",
        1 => any::<i64>().prop_map(|int| int.to_string()),
        1 => "[^\\pC]{0,9}".prop_map(move |text| format!("{table}:{text}")),
        1 => prop::sample::select(vec![".", "..", "'", "⟨", "[", "{", "u'é'"]).prop_map(str::to_owned),
        1 => "[^\\pC]{1,128}",
        1 => prop::sample::select(vec!["'", "k", "⟩", "\\", "é", "💡"]).prop_map(|piece| piece.repeat(512 / piece.len())),
    ];
    prop_oneof![
        8 => text.prop_map(RecordKey::String),
        1 => values::record_id().prop_map(|id| id.key),
        2 => values::composite_key(),
    ]
    .prop_filter("a key that a record can have", |key| key.check_storable().is_ok())
}

fn class(id: &RecordId) -> &'static str {
    match &id.key {
        RecordKey::Int(_) => "int",
        RecordKey::Uuid(_) => "uuid",
        RecordKey::Array(_) => "array",
        RecordKey::Object(_) => "object",
        RecordKey::String(text) if id.plain().to_string() == format!("{}:{text}", id.table) => "bare string",
        RecordKey::String(_) => "quoted string",
    }
}

/// As a client's `encodeURIComponent`, and back as the server decodes a path.
fn through_a_path(text: &str) -> String {
    let encoded: String = text
        .bytes()
        .map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect();
    let mut bytes = Vec::new();
    let mut rest = encoded.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let (byte, after) = match first {
            b'%' => (u8::from_str_radix(std::str::from_utf8(&after[..2]).expect("ASCII"), 16).expect("two digits"), &after[2..]),
            plain => (*plain, after),
        };
        bytes.push(byte);
        rest = after;
    }
    String::from_utf8(bytes).expect("UTF-8")
}

#[test]
fn what_an_answer_shows_names_the_record_wherever_an_id_is_asked_for() {
    let coverage = Coverage::default();
    let ids = prop::sample::select(vec!["t", "user", "a_b"])
        .prop_flat_map(|table| (Just(table), awful_key(table)))
        .prop_map(|(table, key)| RecordId::new(TableName::parse(table).expect("a name"), key));
    run(ids, |id| {
        coverage.case([class(&id)]);
        let plain = id.plain().to_string();
        let is = |what: &str, key: Option<RecordKey>| {
            prop_assert!(key.as_ref().is_some_and(|key| key.identical(&id.key)), "{} {} is read as {:?}", what, plain, key);
            Ok(())
        };
        // An answer, then what a client sends back of it.
        let mut answer = Vec::new();
        json::write_plain(&id.clone().into(), &mut answer);
        let Ok(Json::String(shown)) = json::parse(&answer) else { panic!("a string") };
        prop_assert_eq!(&shown, &plain);
        let back = parse_record_id(&shown);
        is("the id", back.as_ref().ok().filter(|back| back.table == id.table).map(|back| back.key.clone()))?;
        is("the `id` of a body", parse_own_id(&id.table, &shown))?;
        is("the full id in a path", parse_record_key(&id.table, &through_a_path(&shown)).ok())?;
        let key = shown.strip_prefix(&format!("{}:", id.table)).expect("the table");
        is("the key in a path", parse_record_key(&id.table, &through_a_path(key)).ok())?;
        prop_assert!(!matches!(key, "." | ".."), "a client takes {} for a step", key);
        if let RecordKey::String(text) = &id.key {
            // Quoted only where it must be.
            let (begins, bare) = (text.starts_with(['⟨', '\'']), parse_record_key(&id.table, text));
            let may_be_bare = !begins && !matches!(text.as_str(), "." | "..") && bare.is_ok_and(|bare| bare.identical(&id.key));
            prop_assert_eq!(key == text, may_be_bare && !text.starts_with(&format!("{}:", id.table)), "{}", plain);
        }

        let mut typed = Vec::new();
        json::write_typed(&id.clone().into(), &mut typed);
        let typed = json::parse(&typed).and_then(|json| json::to_value(json, "", parse_record_id)).expect("typed JSON");
        prop_assert!(typed.identical(&id.clone().into()), "a typed answer of {}", plain);
        let tagged = format!("{{\"$record\":{}}}", std::str::from_utf8(&answer).expect("text"));
        let tagged = json::parse(tagged.as_bytes()).and_then(|json| json::to_value(json, "", parse_record_id)).expect("a tag");
        prop_assert!(tagged.identical(&id.clone().into()), "$record of {}", plain);

        for written in [id.literal().to_string(), format!("r{}", Value::String(shown))] {
            let read = parse_expression(&written).map_err(|error| TestCaseError::fail(format!("{written}: {error}")))?;
            prop_assert!(
                read.as_literal().is_some_and(|value| value.identical(&id.clone().into())),
                "{} as an expression",
                written
            );
            prop_assert_eq!(read.to_string(), id.literal().to_string());
        }
        Ok(())
    });
    let least = [("int", 1.0), ("uuid", 0.5), ("array", 4.0), ("object", 2.0), ("bare string", 20.0), ("quoted string", 15.0)];
    coverage.require("ids that go round", &least);
}
