//! Two stores on one database stand for two processes.

use std::collections::HashSet;

use ddb_core::{NamespaceId, Value};
use ddb_testkit::Database;

use super::support::{assert_sound, create, fields, get, key, set, store, write};

const WRITES: i64 = 60;

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_make_one_order() {
    let database = Database::new().await;
    let (one, other) = tokio::join!(store(&database), store(&database));
    let mut writers = Vec::new();
    for (process, store) in [one.clone(), other.clone()].into_iter().enumerate() {
        for writer in 0..4 {
            let store = store.clone();
            writers.push(tokio::spawn(async move {
                let mut numbers = Vec::new();
                for n in 0..WRITES {
                    let key = key(&format!("{process}-{writer}-{n}"));
                    // Each write may make the table, and names a field that the other process may just have named.
                    let name = format!("f{}", n % 7);
                    let made =
                        write(&store, vec![create("shared", key, [(name, Value::Int(n))].into())]).await.expect("a create");
                    numbers.push(made.tx.0);
                }
                numbers
            }));
        }
    }
    let mut numbers = Vec::new();
    for writer in writers {
        numbers.extend(writer.await.expect("the writer ends"));
    }
    let distinct: HashSet<i64> = numbers.iter().copied().collect();
    assert_eq!(distinct, (1..=8 * WRITES).collect::<HashSet<i64>>(), "numbers without gap, each once");
    let report = assert_sound(&one).await;
    assert_eq!((report.head, report.records, report.tables), (8 * WRITES, 8 * WRITES as u64, 1));
    one.close().await;
    other.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_share_names() {
    let database = Database::new().await;
    let (one, other) = tokio::join!(store(&database), store(&database));
    write(&one, vec![create("notes", key("a"), fields(&[("x", Value::Int(1))]))]).await.expect("a create");
    write(&other, vec![set("notes", key("a"), "x", Value::Int(2))]).await.expect("the other process knows the field");
    write(&one, vec![set("notes", key("a"), "y", Value::Int(3))]).await.expect("a new field");
    write(&other, vec![set("notes", key("a"), "y", Value::Int(4))]).await.expect("known to the other at once");
    let found = get(&one, "notes", &key("a")).await.expect("the record");
    assert_eq!(found.fields, fields(&[("x", Value::Int(2)), ("y", Value::Int(4))]));
    let report = assert_sound(&other).await;
    assert_eq!(report.namespace, NamespaceId::MAIN);
    one.close().await;
    other.close().await;
}
