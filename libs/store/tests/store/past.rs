//! Writes that decide on the past of their record.

use ddb_core::{NamespaceId, Value};
use ddb_store::{Change, Past, Step};
use ddb_testkit::Database;
use sqlx::{Connection, PgConnection};
use tokio::time::{Duration, sleep};

use super::support::{assert_sound, create, delete, fields, get, key, store, table, write};

fn undelete() -> Step {
    Step {
        table: table("tasks"),
        key: key("k"),
        makes_table: false,
        past: Some(Past::BeforeDeletion),
        decide: Box::new(|current| {
            let Some(past) = current.past else { return Ok(Change::Keep) };
            Ok(Change::Create { fields: past.record()?.fields.clone(), owner: past.owner.clone(), expires: None })
        }),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_past_is_that_which_writes_before_it_have_left() {
    // Mutant: `goes_alone` in `queue.rs` is always false.
    let database = Database::new().await;
    let store = store(&database).await;
    let of = |value: i64| fields(&[("n", Value::Int(value))]);
    write(&store, vec![create("tasks", key("k"), of(1))]).await.expect("a create");
    write(&store, vec![delete("tasks", key("k"))]).await.expect("a delete");

    // While another session holds the namespace's lock, what follows queues up in its order.
    let mut holder = PgConnection::connect_with(&database.options()).await.expect("a connection");
    sqlx::raw_sql("begin; select pg_advisory_xact_lock(x'44444200'::int, 1)").execute(&mut holder).await.expect("the lock");
    let steps = [create("tasks", key("first"), of(0)), create("tasks", key("k"), of(2)), delete("tasks", key("k")), undelete()];
    let mut waiting = Vec::new();
    for step in steps {
        let store = store.clone();
        waiting.push(tokio::spawn(async move { write(&store, vec![step]).await }));
        sleep(Duration::from_millis(100)).await;
    }
    sqlx::raw_sql("rollback").execute(&mut holder).await.expect("the lock is given back");
    for written in waiting {
        written.await.expect("no panic").expect("a write");
    }
    let record = get(&store, "tasks", &key("k")).await.expect("it came back");
    assert_eq!(record.fields, of(2), "what was deleted last came back");
    let again = write(&store, vec![undelete()]).await.expect("a write that keeps what is");
    assert_eq!(again.records[0].as_ref().map(|record| &record.fields), Some(&of(2)));
    assert_sound(&store).await;
    assert_eq!(store.head(NamespaceId::MAIN).await.expect("a head").0, 6);
}
