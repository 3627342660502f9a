//! Rough figures of the hot paths: `cargo run --release -p ddb-core --example figures`.
use std::hint::black_box;
use std::time::Instant;

use ddb_core::chain::{self, Leaf};
use ddb_core::{GeneratedKeys, RecordId, RecordKey, Timestamp, Value, canonical, doc, json, sort_key};

fn main() {
    let body = br#"{"title":"Write the report about it","status":"active","priority":3,"done":false}"#;
    let value = json::to_value(json::parse(body).expect("JSON"), "", RecordId::parse).expect("a value");
    let Value::Object(object) = &value else { unreachable!("an object") };
    let stored = doc::encode(object).replace(':', ": ").replace(',', ", ");
    let bytes = canonical::encode(&value);
    let salt = [7; 16];
    let leaves: Vec<chain::Hash> = (0..6).map(|number| [number; 64]).collect();
    let mut out = Vec::new();

    figure("json::parse + to_value, 4 fields", || {
        json::to_value(json::parse(body).expect("JSON"), "", RecordId::parse).expect("a value")
    });
    figure("json::write_plain, 4 fields", || {
        out.clear();
        json::write_plain(&value, &mut out);
        out.len()
    });
    figure("doc::encode, 4 fields", || doc::encode(object));
    figure("doc::decode, 4 fields", || doc::decode(&stored).expect("a doc"));
    figure("canonical::encode, 4 fields", || canonical::encode(&value));
    figure("canonical::decode, 4 fields", || canonical::decode(&bytes).expect("canonical bytes"));
    figure("sort_key::encode, string", || sort_key::encode(&object["title"]));
    figure("sort_key::encode, int", || sort_key::encode(&Value::Int(3)));
    let keys = [
        RecordKey::Int(7),
        RecordKey::String(GeneratedKeys::at(Timestamp(1_795_341_600_123_456)).next_text()),
        RecordKey::Array(vec!["London".into(), Value::Int(1)]),
    ];
    for (name, key) in ["int", "string", "array"].into_iter().zip(&keys) {
        let bytes = sort_key::encode_record_key(key).expect("a key");
        figure(&format!("sort_key::encode_record_key, {name}"), || sort_key::encode_record_key(key));
        figure(&format!("sort_key::decode_record_key, {name}"), || sort_key::decode_record_key(&bytes));
    }
    let mut generated = GeneratedKeys::at(Timestamp(1_795_341_600_123_456));
    figure("GeneratedKeys::next_text", || generated.next_text());
    figure("Timestamp::to_rfc3339", || Timestamp(1_795_341_600_123_456).to_rfc3339());
    figure("chain::commitment, 30 bytes", || chain::commitment(&salt, &bytes[..30]));
    figure("Leaf::hash", || {
        Leaf { position: 1, entity_name: &leaves[0], attribute_name: &leaves[1], asserted: true, commitment: &leaves[2] }.hash()
    });
    figure("merkle_root, 6 leaves", || chain::merkle_root(&leaves));
}

/// The best of five runs, in nanoseconds.
fn figure<T>(name: &str, mut work: impl FnMut() -> T) {
    const ROUNDS: u32 = 50_000;
    let best = (0..5)
        .map(|_| {
            let start = Instant::now();
            for _ in 0..ROUNDS {
                black_box(work());
            }
            start.elapsed() / ROUNDS
        })
        .min()
        .expect("five runs");
    println!("{name:40} {:>6} ns", best.as_nanos());
}
