//! What is stored and hashed never changes. `tests/golden/formats.txt` holds the bytes of one value of every kind and of a few that are
//! near each other; a difference is a break of every existing database.
//!
//! A new value may be added: `DDB_WRITE_GOLDEN=1 cargo test -p ddb-core golden` writes the file anew, and the diff must only add lines.
use std::fmt::Write;
use std::path::Path;

use ddb_core::chain::{self, Leaf, TxHeader};
use ddb_core::{Object, RecordId, Timestamp, Tx, Uuid, Value, canonical, doc, json, sort_key};

const VARIABLE: &str = "DDB_WRITE_GOLDEN";
const HEADER: &str = "\
# Frozen formats of ddb-core: for each value its sort key and canonical bytes in hex, and its field in `doc`; then hashes of the chain.
# Written by `DDB_WRITE_GOLDEN=1 cargo test -p ddb-core golden`. Lines may be added; a line that changes breaks every existing database.
";

/// Names and values, in typed JSON.
const VALUES: [(&str, &str); 64] = [
    ("none", r#"{"$none":true}"#),
    ("null", "null"),
    ("false", "false"),
    ("true", "true"),
    ("int 0", "0"),
    ("int 1", "1"),
    ("int -1", "-1"),
    ("int 256", "256"),
    ("int 2^53", "9007199254740992"),
    ("int 2^53+1", "9007199254740993"),
    ("int -2^53-1", "-9007199254740993"),
    ("int max", "9223372036854775807"),
    ("int min", "-9223372036854775808"),
    ("float 0", "0.0"),
    ("float -0", r#"{"$float":"-0.0"}"#),
    ("float 1", "1.0"),
    ("float 0.1", "0.1"),
    ("float -1.5", "-1.5"),
    ("float 1e-7", "1e-7"),
    ("float 1e21", "1e21"),
    ("float nan", r#"{"$float":"NaN"}"#),
    ("float inf", r#"{"$float":"inf"}"#),
    ("float -inf", r#"{"$float":"-inf"}"#),
    ("decimal 0", r#"{"$decimal":"0"}"#),
    ("decimal 1.50", r#"{"$decimal":"1.50"}"#),
    ("decimal 0.1", r#"{"$decimal":"0.1"}"#),
    ("decimal -0.1", r#"{"$decimal":"-0.1"}"#),
    ("decimal smallest", r#"{"$decimal":"0.0000000000000000000000000001"}"#),
    ("decimal largest", r#"{"$decimal":"79228162514264337593543950335"}"#),
    ("decimal -123.456", r#"{"$decimal":"-123.456"}"#),
    ("string empty", r#""""#),
    ("string", r#""a\"b\n""#),
    ("string é😀", r#""é😀""#),
    ("duration 0", r#"{"$duration":"0ns"}"#),
    ("duration", r#"{"$duration":"1y2w3d4h5m6s7ms8us9ns"}"#),
    ("datetime", r#"{"$datetime":"2026-11-22T10:00:00.123456789Z"}"#),
    ("datetime before 1970", r#"{"$datetime":"0001-01-01T00:00:00Z"}"#),
    ("uuid", r#"{"$uuid":"018f0000-0000-7000-8000-000000000001"}"#),
    ("array empty", "[]"),
    ("array", r#"[1,1.0,"a",[null],{"$none":true}]"#),
    ("set empty", r#"{"$set":[]}"#),
    ("set", r#"{"$set":[3,1,2,1.0]}"#),
    ("object empty", "{}"),
    ("object", r#"{"b":{"c":[]},"a":1}"#),
    ("object like a tag", r#"{"$object":{"$none":true}}"#),
    ("point", r#"{"$geometry":{"type":"Point","coordinates":[1.5,-2.0]}}"#),
    ("line", r#"{"$geometry":{"type":"LineString","coordinates":[[0,0],[1,1]]}}"#),
    ("polygon", r#"{"$geometry":{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,0]]]}}"#),
    ("multipoint", r#"{"$geometry":{"type":"MultiPoint","coordinates":[[0,0],[1,1]]}}"#),
    ("multiline", r#"{"$geometry":{"type":"MultiLineString","coordinates":[[[0,0],[1,1]],[]]}}"#),
    ("multipolygon", r#"{"$geometry":{"type":"MultiPolygon","coordinates":[[[[0,0],[1,0],[1,1],[0,0]]]]}}"#),
    (
        "collection",
        r#"{"$geometry":{"type":"GeometryCollection","geometries":[{"type":"Point","coordinates":[0,{"$float":"-0.0"}]}]}}"#,
    ),
    ("bytes", r#"{"$bytes":"AAH//gA="}"#),
    ("table", r#"{"$table":"user"}"#),
    ("record int", r#"{"$record":"user:1"}"#),
    ("record string", r#"{"$record":"user:alice"}"#),
    ("record string like an int", r#"{"$record":"user:⟨1⟩"}"#),
    ("record uuid", r#"{"$record":"user:u'018f0000-0000-7000-8000-000000000001'"}"#),
    ("record array", r#"{"$record":{"table":"user","key":[1,"a"]}}"#),
    ("record object", r#"{"$record":{"table":"user","key":{"$object":{"$a":1}}}}"#),
    ("range", r#"{"$range":{"begin":{"included":1},"end":{"excluded":4}}}"#),
    ("range in", r#"{"$range":{"begin":{"excluded":"a"},"end":{"included":"b"}}}"#),
    ("range open", r#"{"$range":{}}"#),
    ("nested", r#"[{"a":{"$set":[{"$record":"t:1"},{"$range":{"begin":{"included":{"$decimal":"1.0"}}}}]}}]"#),
];

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("text takes all");
        text
    })
}

fn formats() -> String {
    let mut out = HEADER.to_owned();
    let mut line = |name: &str, what: &str, content: &str| writeln!(out, "{name} | {what} | {content}").expect("text takes all");
    for (name, text) in VALUES {
        let value = json::to_value(json::parse(text.as_bytes()).expect(text), "", RecordId::parse).expect(text);
        line(name, "sort key", &hex(&sort_key::encode(&value)));
        line(name, "canonical", &hex(&canonical::encode(&value)));
        line(name, "doc", &doc::encode(&Object::from([("f".to_owned(), value.clone())])));
        if let Value::Record(id) = value {
            line(name, "record key", &hex(&sort_key::encode_record_key(&id.key).expect("a short key")));
        }
    }
    let nul = Value::from("a\0b");
    line("string with nul", "sort key", &hex(&sort_key::encode(&nul)));
    line("string with nul", "canonical", &hex(&canonical::encode(&nul)));
    for length in [998, 999, 2_000] {
        let key = sort_key::encode(&Value::String("x".repeat(length)));
        line(&format!("string of {length}"), "sort key from byte 990", &hex(&key[990..]));
    }
    let mut key = sort_key::encode(&Value::from("a"));
    sort_key::invert(&mut key);
    line("string a", "descending", &hex(&key));

    let salt = *b"0123456789abcdef";
    let id = RecordId::parse("user:alice").expect("an id");
    let entity = chain::name_commitment(&salt, &chain::entity_name(&id));
    let attribute = chain::name_commitment(&salt, &chain::attribute_name("user", "email"));
    let value = chain::commitment(&salt, &canonical::encode(&Value::from("a@example.com")));
    line("chain", "entity name commitment", &hex(&entity));
    line("chain", "attribute name commitment", &hex(&attribute));
    line("chain", "value commitment", &hex(&value));
    let leaf = |position, asserted, commitment| {
        Leaf { position, entity_name: &entity, attribute_name: &attribute, asserted, commitment }.hash()
    };
    let leaves = [leaf(0, true, &value), leaf(1, true, &value), leaf(2, false, &chain::NOTHING)];
    for (position, leaf) in leaves.iter().enumerate() {
        line("chain", &format!("leaf {position}"), &hex(leaf));
    }
    for count in 0..=leaves.len() {
        line("chain", &format!("root of {count}"), &hex(&chain::merkle_root(&leaves[..count])));
    }
    let root = chain::merkle_root(&leaves);
    let header = TxHeader {
        namespace: Uuid::from_u128(0x018f_0000_0000_7000_8000_0000_0000_0001),
        tx: Tx(1),
        previous: &chain::GENESIS,
        time: Timestamp(1_795_341_600_123_456),
        actor_name: &entity,
        leaf_count: 3,
        root: &root,
    };
    line("chain", "transaction 1", &hex(&header.hash()));
    out
}

#[test]
fn golden_formats_stay_as_they_are() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/formats.txt");
    let now = formats();
    if std::env::var_os(VARIABLE).is_some() {
        std::fs::write(&path, &now).expect("the golden file can be written");
    }
    let frozen = std::fs::read_to_string(&path).expect("the golden file can be read");
    for (now, frozen) in now.lines().zip(frozen.lines()) {
        assert_eq!(now, frozen, "a frozen format changed");
    }
    assert_eq!(now.lines().count(), frozen.lines().count(), "the golden file has as many lines as there are formats");
}

#[test]
fn golden_values_cover_every_kind() {
    let mut kinds: Vec<&str> = VALUES
        .iter()
        .flat_map(|(_, text)| {
            crate::values::kinds(&json::to_value(json::parse(text.as_bytes()).expect(text), "", RecordId::parse).expect(text))
        })
        .collect();
    kinds.sort_unstable();
    kinds.dedup();
    assert_eq!(kinds.len(), crate::values::ALL_KINDS.len());
}
