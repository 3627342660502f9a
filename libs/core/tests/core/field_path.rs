//! Mutants: a backtick or a backslash in a name is not escaped; points inside of backticks split; `of` goes into arrays.
use ddb_core::{FieldPath, Object, Value};
use proptest::prelude::*;

use crate::coverage::{Coverage, run};

#[test]
fn what_is_printed_is_read_back() {
    let coverage = Coverage::default();
    let name = proptest::string::string_regex("[a-c.`\\\\ *é\\[_0-9-]{1,6}|[a-c]{1,3}").expect("a pattern");
    run(proptest::collection::vec(name, 1..4), |names| {
        let quoted: Vec<String> =
            names.iter().map(|name| format!("`{}`", name.replace('\\', "\\\\").replace('`', "\\`"))).collect();
        let path = FieldPath::parse(&quoted.join(".")).map_err(TestCaseError::fail)?;
        prop_assert_eq!(path.names(), &names[..]);
        let printed = path.to_string();
        prop_assert_eq!(FieldPath::parse(&printed), Ok(path), "{}", printed);
        coverage.case([if printed.contains('`') { "quoted" } else { "plain" }]);
        Ok(())
    });
    coverage.require("what_is_printed_is_read_back", &[("quoted", 20.0), ("plain", 10.0)]);
}

#[test]
fn a_path_leads_over_objects_and_nothing_else() {
    let object =
        |members: &[(&str, Value)]| Object::from_iter(members.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    let fields = object(&[
        ("a", Value::Object(object(&[("b", Value::Int(1)), ("list", Value::Array(vec![Value::Int(1)]))]))),
        ("a.b", Value::Int(2)),
        ("n", Value::Int(5)),
        ("null", Value::Null),
    ]);
    for (text, expected) in [
        ("a.b", Ok(Value::Int(1))),
        ("`a.b`", Ok(Value::Int(2))),
        ("a.x", Ok(Value::None)),
        ("a.b.c", Ok(Value::None)),
        ("n.x.y", Ok(Value::None)),
        ("null.x", Ok(Value::None)),
        ("missing.x", Ok(Value::None)),
        ("a.list", Ok(Value::Array(vec![Value::Int(1)]))),
        ("a.list.x", Err((2, "an array"))),
        ("a.list.x.y", Err((2, "an array"))),
    ] {
        let path = FieldPath::parse(text).expect("a path");
        let found = path.of(&fields).map(|value| value.into_owned()).map_err(|detour| (detour.depth, detour.kind));
        assert_eq!(found, expected, "{text}");
    }
}
