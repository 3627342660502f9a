use ddb_core::{NamespaceId, RecordKey, Value};
use ddb_store::Store;
use ddb_store::index::NewIndex;
use ddb_testkit::Database;

use super::support::{assert_sound, create, fields, store, table, write};

#[tokio::test(flavor = "multi_thread")]
async fn verify_goes_on_while_indexes_are_removed() {
    // What is verified is one snapshot, but a column is gone for every snapshot at once.
    let database = Database::new().await;
    let store = store(&database).await;
    for n in 0..3 {
        write(&store, vec![create("tasks", RecordKey::Int(n), fields(&[("a", Value::Int(n)), ("b", Value::Int(n))]))])
            .await
            .expect("a create");
    }
    define(&store, "stays", "b").await;
    let verifying = tokio::spawn({
        let store = store.clone();
        async move {
            let mut verified = 0;
            loop {
                let report = assert_sound(&store).await;
                assert_eq!(report.records as i64, report.head, "one record was created by each transaction");
                verified += 1;
                if report.head > 3 {
                    return verified;
                }
            }
        }
    });
    for _ in 0..60 {
        define(&store, "passes", "a").await;
        let removed = store.remove_index(NamespaceId::MAIN, &table("tasks"), "passes").await.expect("it is removed");
        assert!(removed);
    }
    write(&store, vec![create("tasks", RecordKey::Int(3), fields(&[]))]).await.expect("the end");
    let verified = verifying.await.expect("every state is sound");
    println!("verified {verified} times");
    assert!(verified >= 10, "verified {verified} times only");
    store.close().await;
}

async fn define(store: &Store, name: &str, field: &str) {
    let fields = vec![(field.to_owned(), false)];
    let new = NewIndex { table: table("tasks"), name: name.to_owned(), fields, is_unique: false, by: None };
    store.define_index(NamespaceId::MAIN, new).await.expect("it is defined");
}
