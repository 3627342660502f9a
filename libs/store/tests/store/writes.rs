use ddb_core::{ErrorCode, NamespaceId, RecordKey, Tx, Value};
use ddb_store::{Record, Scan, Store};
use ddb_testkit::Database;

use super::support::{assert_sound, create, delete, fields, get, key, set, store, table, write};

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_write_leaves_its_neighbours_and_no_trace() {
    let database = Database::new().await;
    let store = store(&database).await;
    write(&store, vec![create("tasks", key("taken"), fields(&[("n", Value::Int(0))]))]).await.expect("the first create");
    let writes = (0..64).map(|n| {
        let store = store.clone();
        tokio::spawn(async move {
            let own = create("tasks", key(&format!("own{n}")), fields(&[("n", Value::Int(n))]));
            // Every third fails in its second step, after its first has succeeded.
            let second = if n % 3 == 0 { key("taken") } else { key(&format!("second{n}")) };
            write(&store, vec![own, create("tasks", second, fields(&[]))]).await
        })
    });
    let outcomes = futures::future::join_all(writes).await;
    let mut failed = 0;
    for (n, outcome) in outcomes.into_iter().enumerate() {
        let own = get(&store, "tasks", &key(&format!("own{n}"))).await;
        match outcome.expect("the task ends") {
            Ok(written) => assert_eq!(own.expect("it was created").tx, written.tx),
            Err(error) => {
                assert_eq!(error.code(), ErrorCode::Conflict);
                assert!(own.is_none(), "own{n} was created by a write that failed");
                failed += 1;
            }
        }
    }
    assert_eq!(failed, 22);
    let report = assert_sound(&store).await;
    assert_eq!(report.head, 1 + 42, "failed writes make no transaction");
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_changes_nothing_makes_no_transaction() {
    let database = Database::new().await;
    let store = store(&database).await;
    let made = write(&store, vec![create("tasks", key("a"), fields(&[("n", Value::Int(1))]))]).await.expect("a create");
    let same = write(&store, vec![set("tasks", key("a"), "n", Value::Int(1))]).await.expect("the same value");
    assert_eq!((made.tx, same.tx), (Tx(1), Tx(1)));
    let float =
        write(&store, vec![set("tasks", key("a"), "n", Value::Float(1.0))]).await.expect("an equal value of another kind");
    assert_eq!(float.tx, Tx(2), "1.0 is not stored as 1");
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_gives_the_same_projection() {
    let database = Database::new().await;
    let store = store(&database).await;
    for n in 0..20 {
        write(&store, vec![create("tasks", RecordKey::Int(n), fields(&[("n", Value::Int(n)), ("text", Value::from("x"))]))])
            .await
            .expect("a create");
    }
    write(&store, vec![set("tasks", RecordKey::Int(3), "n", Value::Null)]).await.expect("an update");
    write(&store, vec![delete("tasks", RecordKey::Int(4))]).await.expect("a delete");
    write(&store, vec![delete("tasks", RecordKey::Int(5)), create("tasks", RecordKey::Int(5), fields(&[]))])
        .await
        .expect("a delete and a new create in one transaction");
    let before = all(&store, "tasks").await;
    assert_sound(&store).await;
    let count = ddb_store::verify::rebuild(&store, NamespaceId::MAIN).await.expect("rebuild runs");
    assert_eq!(count, 19);
    let after = all(&store, "tasks").await;
    assert_eq!(format!("{before:?}"), format!("{after:?}"));
    assert_sound(&store).await;
    store.close().await;
}

/// The records of a table in the order of their keys.
async fn all(store: &Store, name: &str) -> Vec<Record> {
    loop {
        let shape = store.shape(NamespaceId::MAIN, &table(name)).await.expect("no error").expect("the table is there");
        let scan = Scan { condition: "true".to_owned(), binds: Vec::new(), order: "p.key".to_owned(), limit: 100 };
        // A rebuild changes the version of the definitions.
        if let Some(scanned) = store.scan(NamespaceId::MAIN, &shape, scan).await.expect("a scan") {
            return scanned.records;
        }
    }
}
