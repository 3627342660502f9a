use crate::support::World;

/// Every value that these expressions may have makes the second one true.
#[test]
fn chance_stays_within_its_bounds() {
    let world = World::new();
    for (text, condition) in [
        ("rand()", "$v >= 0 AND $v < 1"),
        ("rand::bool()", "$v.is_bool()"),
        ("rand::int(5, 1)", "$v IN 1..=5"),
        ("rand::float(1, 2)", "$v >= 1 AND $v < 2"),
        ("rand::enum('a', 'b')", "$v IN ['a', 'b']"),
        ("rand::enum(['a', 'b'])", "$v IN ['a', 'b']"),
        ("rand::duration(1s, 2s)", "$v >= 1s AND $v <= 2s"),
        ("rand::time(0, 86400)", "$v <= d'1970-01-02T00:00:00Z'"),
        ("rand::string(5, 8)", "string::len($v) IN 5..=8 AND string::is_alphanum($v)"),
        ("rand::guid()", "string::len($v) = 20"),
        ("rand::id()", "string::len($v) = 20"),
        ("rand::ulid()", "time::from_ulid($v) = time::now()"),
        ("rand::uuid()", "time::from_uuid($v) = time::now()"),
        ("rand::uuid::v4()", "string::slice(<string> $v, 14, 15) = '4'"),
        ("rand::uuid::v7(d'2020-01-01T00:00:00Z')", "time::from_uuid($v) = d'2020-01-01T00:00:00Z'"),
    ] {
        for _ in 0..20 {
            let value = world.evaluate(text).unwrap();
            let mut other = World::new();
            other.parameters.insert("v".to_owned(), value.clone());
            assert_eq!(other.evaluate(condition).unwrap().to_string(), "true", "{text} gave {value}");
        }
        if !matches!(text, "rand::bool()" | "rand::enum('a', 'b')" | "rand::enum(['a', 'b'])" | "rand::int(5, 1)") {
            assert_ne!(world.evaluate(text).unwrap(), world.evaluate(text).unwrap(), "{text} is the same twice");
        }
    }
}
