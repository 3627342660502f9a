//! What PostgreSQL's jsonb gives back is what was stored, for every kind of value.

use ddb_core::{Value, doc};
use ddb_testkit::Database;

use super::support::{assert_sound, create, get, key, store, write};

/// The documents that the golden file of `ddb-core` freezes: every kind, at its edges.
fn golden_documents() -> Vec<(&'static str, &'static str)> {
    include_str!("../../../core/tests/golden/formats.txt").lines().filter_map(|line| line.split_once(" | doc | ")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_value_comes_back_from_jsonb_as_it_was() {
    let database = Database::new().await;
    let store = store(&database).await;
    let documents = golden_documents();
    assert!(documents.len() > 60, "the golden file holds the kinds: {}", documents.len());
    for (name, document) in &documents {
        let object = doc::decode(document).unwrap_or_else(|error| panic!("{name}: {error}"));
        write(&store, vec![create("kinds", key(name), object.clone())]).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        let found = get(&store, "kinds", &key(name)).await.unwrap_or_else(|| panic!("{name} is gone"));
        assert!(Value::Object(found.fields).identical(&Value::Object(object)), "{name} changed on its way through jsonb");
    }
    println!("{} documents went through jsonb", documents.len());
    assert_sound(&store).await;
    store.close().await;
}
