//! Counters of what is held, where there are limits: `verify` compares them with the records, `rebuild` counts anew.

use ddb_core::{NamespaceId, RecordKey, Value};
use ddb_store::job::Progress;
use ddb_store::quota::{Counting, Limits, counter};
use ddb_store::verify::{Scope, rebuild, verify};
use ddb_store::{Change, Step, Store};
use ddb_testkit::Database;

use super::support::{assert_sound, delete, fields, key, set, store, table, write};

async fn limit(store: &Store, records: Option<i64>) {
    store
        .change_quota(NamespaceId::MAIN, |mut quota| {
            quota.namespace = Limits { records, bytes: None };
            quota
        })
        .await
        .expect("a limit");
}

async fn limited(store: &Store) {
    limit(store, Some(1_000)).await;
    while store.quota(NamespaceId::MAIN, None).await.expect("a quota").counting != Counting::Counted {
        (counter().run)(store.clone()).await.expect("it is counted");
    }
}

fn create(id: &str, owner: Option<&str>, text: &str) -> Step {
    let (owner, fields) = (owner.map(key), fields(&[("text", Value::String(text.to_owned())), ("n", Value::Float(1.0))]));
    Step {
        table: table("notes"),
        key: key(id),
        makes_table: true,
        past: None,
        decide: Box::new(move |_| Ok(Change::Create { fields: fields.clone(), owner: owner.clone(), expires: None })),
    }
}

async fn filled(database: &Database) -> Store {
    let store = store(database).await;
    write(&store, vec![create("a", Some("ada"), "é\"\\"), create("b", Some("bob"), ""), create("c", None, "of nobody")])
        .await
        .expect("creates");
    store
}

async fn problems(store: &Store) -> Vec<String> {
    let report = verify(store, NamespaceId::MAIN, Scope::whole(None), &Progress::default()).await.expect("verify runs");
    report.problems.iter().map(ToString::to_string).collect()
}

/// Mutants: `compare` looks at rows alone, or at records alone; `bytes` are not compared; `replace` does not delete, or writes nothing.
#[tokio::test(flavor = "multi_thread")]
async fn counters_that_are_not_what_the_records_are_show_and_are_counted_anew() {
    let database = Database::new().await;
    let store = filled(&database).await;
    limited(&store).await;
    write(&store, vec![create("d", Some("ada"), "d"), set("notes", key("b"), "text", Value::String("longer".to_owned()))])
        .await
        .expect("a write");
    assert_sound(&store).await;
    let mut session = database.connect().await;
    let counters = "select encode(owner, 'escape') || ' ' || records || ' ' || bytes from ddb.usage order by owner";
    let counted = session.values(counters).await;
    assert_eq!(counted.len(), 3, "{counted:?}");
    for (statement, expected) in [
        ("update ddb.usage set records = records + 1 where owner = ''", "quota: the namespace is counted with 5 records"),
        ("update ddb.usage set bytes = bytes - 1 where records = 2", "quota: user:ada is counted with 2 records of "),
        ("delete from ddb.usage where records = 1", "quota: user:bob is counted with 0 records of 0 bytes, and holds 1 of "),
        (
            "insert into ddb.usage select namespace, owner || '\\x00', 1, 1 from ddb.usage where records = 1",
            " is counted with 1 records of 1 bytes, and holds 0 of 0",
        ),
    ] {
        session.execute(statement).await;
        let found = problems(&store).await;
        assert!(found.len() == 1 && found[0].contains(expected), "{statement}: {found:?}");
        rebuild(&store, NamespaceId::MAIN).await.expect("it is made anew");
        assert_sound(&store).await;
        assert_eq!(session.values(counters).await, counted, "{statement}");
    }
    // The transactor goes on from there.
    write(&store, vec![create("e", Some("ada"), "e"), delete("notes", key("b"))]).await.expect("a write");
    assert_sound(&store).await;
    store.close().await;
}

/// Mutants: `replace` leaves the state, or the generation, as it was.
#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_takes_the_place_of_a_count_that_is_under_way() {
    let database = Database::new().await;
    let store = filled(&database).await;
    limit(&store, Some(1_000)).await;
    let mut session = database.connect().await;
    // Until the counters are complete, they are not compared.
    session.execute("insert into ddb.usage values (1, '', 70, 70)").await;
    assert_sound(&store).await;
    let generation = session.value("select generation::text from ddb.quota").await;
    rebuild(&store, NamespaceId::MAIN).await.expect("it is made anew");
    assert_ne!(session.value("select generation::text from ddb.quota").await, generation, "whoever was counting gives up");
    let state = store.quota(NamespaceId::MAIN, Some(&key("ada"))).await.expect("a quota");
    assert_eq!(state.counting, Counting::Counted);
    assert_eq!((state.used.map(|used| used.records), state.used_by_owner.map(|used| used.records)), (Some(3), Some(1)));
    assert_sound(&store).await;
    store.close().await;
}

/// Mutant: `write` deletes no counter.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_holds_nothing_has_no_counter() {
    let database = Database::new().await;
    let store = filled(&database).await;
    limited(&store).await;
    let mut session = database.connect().await;
    let counters = "select count(*)::text from ddb.usage";
    assert_eq!(session.value(counters).await, "3");
    write(&store, vec![delete("notes", key("a"))]).await.expect("a delete");
    assert_eq!(session.value(counters).await, "2");
    write(&store, vec![delete("notes", key("b")), delete("notes", key("c"))]).await.expect("deletes");
    assert_eq!(session.value(counters).await, "0");
    assert_sound(&store).await;
    let used = store.quota(NamespaceId::MAIN, Some(&RecordKey::Int(1))).await.expect("a quota");
    assert_eq!((used.used.map(|used| used.records), used.used_by_owner.map(|used| used.records)), (Some(0), Some(0)));
    store.close().await;
}
