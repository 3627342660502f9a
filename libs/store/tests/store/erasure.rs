//! Erasing records: what is left of them, and what is not.
//!
//! Mutants, tried:
//! - `erasure/facts.rs`, `write`: does nothing.
//! - `erasure/facts.rs`, `next`: without `or position > $6` and with `>` for the pair: the second fact of a transaction is left.
//! - `transactor/commit.rs`, `w_nameless`: keeps `key`.
//! - `erasure/vacuum.rs`: does not analyse; `forget_samples` does nothing.
//! - `verify/erased.rs`, `check`: looks for no erasure.
//! - `verify/noted.rs`, `check`: takes values for no problem where a row is, or where none is; compares no transaction, or no name.
//! - `backup/save.rs`: does not wait until nothing is open.
//! - `erasure/matching.rs`: `known` does not compare the name, or takes what is erased for unknown; `settle` does nothing; `note` counts all.

use std::io::Cursor;

use ddb_core::{NamespaceId, NamespaceName, RecordId, RecordKey, Value, chain};
use ddb_store::backup::{self, check, restore};
use ddb_store::index::NewIndex;
use ddb_store::job::Progress;
use ddb_store::system::{ErasedAccount, NewAccount, NewErasure};
use ddb_store::verify::{Scope, rebuild, verify};
use ddb_store::{Allowance, At, Change, Config, Step, Store, SystemRow, Write, Written, erasure};
use ddb_testkit::Database;
use sqlx::{Connection, PgConnection, Row};

use super::support::{assert_sound, create, delete, fields, get, key, set, store, table, write};

const SECRET: &str = "kzxqsecret";

async fn erase(store: &Store, of: &str, keys: &[RecordKey]) -> Written {
    let record = |key: &RecordKey| RecordId::new(table(of), key.clone());
    let steps = keys.iter().map(|key| erasure::step(record(key), "asked for by letter".to_owned())).collect();
    let system = vec![SystemRow::Erasure(NewErasure { account: None })];
    let write = Write { namespace: NamespaceId::MAIN, actor: None, request: None, allowance: Allowance::ANY, steps, system };
    store.write(write).await.expect("an erasure")
}

async fn index(store: &Store, of: &str, field: &str, is_unique: bool) {
    let name = format!("by_{field}_{is_unique}");
    let index = NewIndex { table: table(of), name, fields: vec![(field.to_owned(), false)], is_unique, by: None };
    store.define_index(NamespaceId::MAIN, index).await.expect("an index");
}

fn text(value: &str) -> Value {
    Value::String(value.to_owned())
}

/// A record whose key and values, over several versions and lives, hold the secret, and neighbours in the same transactions that do not.
async fn fill(store: &Store, of: &str) -> RecordKey {
    let secret = key(&format!("{SECRET}@example.com"));
    let title = |n: u32| fields(&[("title", text(&format!("{SECRET} {n}"))), ("n", Value::Int(1))]);
    write(store, vec![create(of, key("before"), fields(&[("title", text("one"))])), create(of, secret.clone(), title(1))])
        .await
        .expect("two creates");
    index(store, of, "title", false).await;
    index(store, of, "title", true).await;
    for n in 0..20 {
        let neighbour = set(of, key("before"), "title", text(&format!("neighbour {n}")));
        let large = text(&SECRET.repeat(if n % 5 == 0 { 40_000 } else { 3 }));
        let steps = vec![set(of, secret.clone(), "title", text(&format!("{SECRET} {n}"))), neighbour];
        write(store, steps).await.expect("updates");
        write(store, vec![set(of, secret.clone(), "large", large)]).await.expect("an update");
    }
    write(store, vec![delete(of, secret.clone())]).await.expect("a delete");
    write(store, vec![create(of, secret.clone(), title(3)), create(of, key("after"), fields(&[]))]).await.expect("creates");
    secret
}

async fn holding(database: &Database) -> Vec<String> {
    database.connect().await.holding(SECRET).await
}

async fn analyze(database: &Database) {
    database.connect().await.execute("analyze").await;
}

/// What a restore says of the list that it was given.
#[derive(Debug, PartialEq)]
struct Counts {
    erased: u64,
    removed: u64,
    unmatched: u64,
}

/// What a backup holds, decompressed by restoring it.
async fn restored(store: &Store, list: &[erasure::Listed]) -> (Database, Counts) {
    let (_, bytes) = backup::save(store, Vec::new(), &backup::Progress::default()).await.expect("a backup");
    restored_from(bytes, list).await
}

async fn restored_from(bytes: Vec<u8>, list: &[erasure::Listed]) -> (Database, Counts) {
    let database = Database::new().await;
    let progress = backup::Progress::default();
    let checked = check(bytes.as_slice(), &progress).expect("a good backup");
    let config = Config::new(database.options());
    let restored = restore(&config, Cursor::new(bytes), &checked, list, &progress).await.expect("it is restored");
    (database, Counts { erased: restored.erased, removed: restored.removed, unmatched: restored.unmatched })
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_an_erased_record_is_left_and_the_log_verifies() {
    let database = Database::new().await;
    let store = store(&database).await;
    let secret = fill(&store, "people").await;
    analyze(&database).await;
    let held = holding(&database).await;
    for place in ["ddb.triple:", "ddb.entity:", "ddb_data.t1_1:", "samples of t1_1.doc", "samples of t1_1.x1"] {
        assert!(held.iter().any(|held| held.starts_with(place)), "the test looks at {place}: {held:?}");
    }
    let before = store.head(NamespaceId::MAIN).await.expect("a head");
    let erased = erase(&store, "people", &[secret.clone(), key("never was"), secret.clone()]).await;
    assert_eq!((erased.changed, erased.tx.0), (1, before.0 + 1));

    // From the commit on it is nowhere, whatever is left of it in the database.
    let (people, everybody) = (table("people"), |_: Option<&RecordKey>| true);
    assert!(get(&store, "people", &secret).await.is_none());
    for tx in 1..=erased.tx.0 {
        let at = store.get_at(NamespaceId::MAIN, &people, &secret, At::Tx(ddb_core::Tx(tx)), &everybody).await;
        assert!(at.expect("a read").data.is_none(), "tx {tx}");
        if let Some(shown) = store.audit_transaction(NamespaceId::MAIN, ddb_core::Tx(tx), &everybody).await.expect("a read").data
        {
            assert!(!format!("{:?}", shown.facts).contains(SECRET), "tx {tx}");
        }
    }
    let history = store.history(NamespaceId::MAIN, &people, &secret, (None, 100), &everybody).await;
    assert!(history.expect("a read").data.is_none());
    let proof = store.prove(NamespaceId::MAIN, (&people, &secret), (None, None), &everybody).await;
    assert!(proof.expect("a read").data.is_none());
    assert_sound(&store).await;

    // A backup that is taken now carries it out first.
    let (copy, _) = restored(&store, &[]).await;
    assert_eq!(holding(&copy).await, Vec::<String>::new());
    erasure::finish(&store).await.expect("it is carried out");
    assert_eq!(holding(&database).await, Vec::<String>::new());
    assert_sound(&store).await;
    let left = "select count(*)::text from ddb.erasure where done_at is null or owner is not null";
    assert_eq!(database.connect().await.value(left).await, "0");

    // The neighbours are as they were, also in what the log says of them.
    let neighbour = get(&store, "people", &key("before")).await.expect("a neighbour");
    assert_eq!(neighbour.fields, fields(&[("title", text("neighbour 19"))]));
    let history = store.history(NamespaceId::MAIN, &people, &key("before"), (None, 100), &everybody).await.expect("a history");
    assert_eq!(history.data.expect("a history").versions.len(), 21);
    let proof = store.prove(NamespaceId::MAIN, (&people, &key("before")), (Some(ddb_core::Tx(2)), None), &everybody).await;
    assert!(proof.expect("a proof of a transaction of both").data.is_some());
    assert_eq!(rebuild(&store, NamespaceId::MAIN).await.expect("rebuilt"), 2);
    assert_sound(&store).await;

    // Erasing it again does nothing; the key is free for another record, which knows nothing of the one before.
    let again = erase(&store, "people", std::slice::from_ref(&secret)).await;
    assert_eq!((again.changed, again.tx), (0, erased.tx));
    write(&store, vec![create("people", secret.clone(), fields(&[("n", Value::Int(2))]))]).await.expect("a create");
    let history = store.history(NamespaceId::MAIN, &people, &secret, (None, 100), &everybody).await.expect("a history");
    assert_eq!(history.data.expect("a history").versions.len(), 1);
    assert_sound(&store).await;
    assert_eq!(erase(&store, "people", std::slice::from_ref(&secret)).await.changed, 1);
    erasure::finish(&store).await.expect("it is carried out");
    assert_eq!(holding(&database).await, Vec::<String>::new());
    assert_sound(&store).await;
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_record_of_a_table_leaves_no_samples() {
    let database = Database::new().await;
    let store = store(&database).await;
    let keys: Vec<RecordKey> = (0..40).map(|n| key(&format!("{SECRET} {n}"))).collect();
    let steps = keys.iter().map(|key| create("people", key.clone(), fields(&[("title", text(&format!("{SECRET} {key:?}")))])));
    write(&store, steps.collect()).await.expect("creates");
    index(&store, "people", "title", true).await;
    analyze(&database).await;
    erase(&store, "people", &keys).await;
    erasure::finish(&store).await.expect("it is carried out");
    assert_eq!(holding(&database).await, Vec::<String>::new());
    // The table works on.
    write(&store, vec![create("people", key("new"), fields(&[("title", text("a"))]))]).await.expect("a create");
    let taken = write(&store, vec![create("people", key("new2"), fields(&[("title", text("a"))]))]).await;
    assert!(taken.is_err(), "the unique index is there");
    assert_sound(&store).await;
    store.close().await;
}

/// One that cannot be carried out (PostgreSQL's files are damaged, say) keeps the others from nothing.
#[tokio::test(flavor = "multi_thread")]
async fn an_erasure_is_done_also_where_another_one_fails() {
    // Mutants: `is_due` is always false; `clear_all` returns with the first that fails.
    let database = Database::new().await;
    let store = store(&database).await;
    for name in ["a", "b", "c"] {
        write(&store, vec![create("people", key(name), fields(&[("title", text(SECRET))]))]).await.expect("a create");
        erase(&store, "people", &[key(name)]).await;
    }
    let mut session = database.connect().await;
    session.execute("update ddb.triple set salt = '\\x01' where entity = 2 and attribute >= 16").await;
    (erasure::carrier().run)(store.clone()).await.expect_err("one fails");
    let done = "select string_agg(entity::text, ' ' order by entity) from ddb.erasure where done_at is not null";
    assert_eq!(session.value(done).await, "1 3");
    assert_eq!(session.holding(SECRET).await, ["ddb.triple: 1 rows"]);
    store.close().await;
}

/// Whose records cannot be erased leaves the pass in which the others look through all records.
#[tokio::test(flavor = "multi_thread")]
async fn the_erasure_of_an_account_ends_also_where_that_of_another_one_fails() {
    // Mutant: `run` returns with the first that fails.
    let database = Database::new().await;
    let store = store(&database).await;
    for id in ["ada", "bob", "eve"] {
        account(&store, id, &[], &format!("{SECRET}{id}")).await;
        write(&store, vec![owned("notes", &format!("of {id}"), id, SECRET)]).await.expect("a create");
        erase_account(&store, id).await.expect("an erasure");
    }
    let mut session = database.connect().await;
    let spoilt = "update ddb.entity set key = '\\xff' where key = (select key from ddb_data.t1_2 where tx = 5)";
    assert_eq!(session.execute(spoilt).await, 1);
    (erasure::carrier().run)(store.clone()).await.expect_err("one fails");
    let open = "select string_agg(tx::text, ' ' order by tx) from ddb.erasure where is_account and cleared_at is null";
    assert_eq!(session.value(open).await, "6");
    assert_eq!(session.value("select count(*)::text from ddb_data.t1_2").await, "1");
    store.close().await;
}

/// PostgreSQL keeps what was erased for who reads an older state; until he has ended, nobody is told that it is gone.
#[tokio::test(flavor = "multi_thread")]
async fn an_erasure_is_not_done_while_somebody_reads_an_older_state() {
    // Mutants: `is_past` is always true; `oldest_snapshot` asks for no `backend_xmin`; `conclude` forgets what it has vacuumed.
    let database = Database::new().await;
    let store = store(&database).await;
    let secret = fill(&store, "people").await;
    let (mut reader, mut session) = (database.connect().await, database.connect().await);
    reader.execute("begin isolation level repeatable read read only").await;
    reader.value("select count(*)::text from ddb.triple").await;
    erase(&store, "people", &[secret]).await;
    let finished = async || store.erasures(NamespaceId::MAIN, ddb_core::Tx(i64::MAX), 10).await.expect("a read")[0].finished;
    let vacuumed = "select vacuum_count::text from pg_stat_all_tables where schemaname = 'ddb' and relname = 'triple'";
    let carrier = erasure::carrier();
    for _ in 0..3 {
        (carrier.run)(store.clone()).await.expect("it is carried out");
        assert_eq!(finished().await, None);
    }
    assert_eq!(session.value(vacuumed).await, "1", "it would free nothing");
    assert_eq!(session.holding(SECRET).await, Vec::<String>::new(), "whoever looks now sees nothing of it");
    assert!(!reader.holding(SECRET).await.is_empty(), "the reader does");
    // A backup does not wait for the reader.
    backup::save(&store, Vec::new(), &backup::Progress::default()).await.expect("a backup");
    reader.execute("commit").await;
    (carrier.run)(store.clone()).await.expect("it is carried out");
    assert!(finished().await.is_some());
    assert_eq!(session.value(vacuumed).await, "2");
    store.close().await;
}

/// Values in their own transactions, many more than one piece, are cleared to the last one, and nobody who writes waits for that.
#[tokio::test(flavor = "multi_thread")]
async fn a_long_history_is_cleared_in_pieces_while_others_write() {
    let database = Database::new().await;
    let store = store(&database).await;
    let secret = key(SECRET);
    let many: Vec<(String, Value)> = (0..900).map(|n| (format!("f{n}"), text(&format!("{SECRET} {n}")))).collect();
    write(&store, vec![create("people", secret.clone(), many.into_iter().collect())]).await.expect("a create");
    // More facts of one field in one transaction than one piece takes.
    let often = (0..1_500).map(|n| set("people", secret.clone(), "f0", text(&format!("{SECRET} {n}"))));
    write(&store, often.collect()).await.expect("many updates");
    for n in 0..200 {
        let steps = vec![set("people", secret.clone(), "f1", Value::Int(n)), set("people", secret.clone(), "f2", text(SECRET))];
        write(&store, steps).await.expect("an update");
    }
    erase(&store, "people", std::slice::from_ref(&secret)).await;
    let writer = store.clone();
    let writing = tokio::spawn(async move {
        for n in 0..200 {
            write(&writer, vec![create("people", RecordKey::Int(n), fields(&[]))]).await.expect("a create");
        }
    });
    erasure::finish(&store).await.expect("it is carried out");
    writing.await.expect("no panic");
    assert_eq!(holding(&database).await, Vec::<String>::new());
    let left = "select count(*)::text from ddb.triple where entity = 1 and asserted and attribute <> 6 and (value is not null or salt is not null)";
    assert_eq!(database.connect().await.value(left).await, "0");
    assert_sound(&store).await;
    store.close().await;
}

/// An attacker who can write SQL computes every commitment; that it was erased he cannot have the log say.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_missing_without_an_erasure_shows() {
    let database = Database::new().await;
    let store = store(&database).await;
    write(&store, vec![create("people", key("a"), fields(&[("n", text("x"))])), create("people", key("b"), fields(&[]))])
        .await
        .expect("creates");
    let problems = async || {
        let report = verify(&store, NamespaceId::MAIN, Scope::whole(None), &Progress::default()).await.expect("verify runs");
        report.problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    let mut connection = PgConnection::connect_with(&database.options()).await.expect("a connection");
    let row = sqlx::query("select value, salt from ddb.triple where entity = 1 and attribute >= 16")
        .fetch_one(&mut connection)
        .await
        .expect("the fact");
    let (value, salt): (Vec<u8>, Vec<u8>) = (row.get(0), row.get(1));
    let commitment = chain::commitment(&salt.clone().try_into().expect("a salt"), &value);
    sqlx::query("update ddb.triple set value = null, salt = null, commitment = $1 where entity = 1 and attribute >= 16")
        .bind(&commitment[..])
        .execute(&mut connection)
        .await
        .expect("an update");
    assert!(problems().await.contains("entity 1: values or its name are missing"), "{}", problems().await);
    // The relation that is no part of the log proves nothing, and a row of it that the log knows nothing of shows.
    sqlx::raw_sql("insert into ddb.erasure (namespace, entity, name, reason, tx, cleared_at) values (1, 1, '', 'x', 1, 1)")
        .execute(&mut connection)
        .await
        .expect("an insert");
    let found = problems().await;
    assert!(found.contains("entity 1: values or its name are missing") && found.contains("erasures: 1 are noted"), "{found}");
    sqlx::raw_sql("delete from ddb.erasure").execute(&mut connection).await.expect("a delete");

    // What was erased and comes back shows as well, whatever is noted.
    erase(&store, "people", &[key("a")]).await;
    assert_eq!(problems().await, "");
    erasure::finish(&store).await.expect("it is carried out");
    assert_eq!(problems().await, "");
    for (statement, undo) in [
        (
            "update ddb.erasure set name = decode(repeat('00', 64), 'hex')",
            "update ddb.erasure r set name = e.commitment from ddb.entity e where e.id = 1",
        ),
        ("update ddb.erasure set tx = tx - 1", "update ddb.erasure set tx = tx + 1"),
        ("update ddb.erasure set entity = 2", "update ddb.erasure set entity = 1"),
    ] {
        sqlx::raw_sql(statement).execute(&mut connection).await.expect("an update");
        assert!(problems().await.contains("erasures: 1 are noted that the log does not hold"), "{statement}");
        sqlx::raw_sql(undo).execute(&mut connection).await.expect("an update");
        assert_eq!(problems().await, "");
    }
    sqlx::query("update ddb.triple set value = $1, salt = $2 where entity = 1 and attribute >= 16")
        .bind(&value)
        .bind(&salt)
        .execute(&mut connection)
        .await
        .expect("an update");
    assert_eq!(problems().await, "erasures: 1 values are there of records whose erasure was carried out");
    sqlx::raw_sql("delete from ddb.erasure").execute(&mut connection).await.expect("a delete");
    let found = problems().await;
    assert!(found.contains("erasures: 1 values are there") && found.contains("erasures: 1 of the log are not noted"), "{found}");
    connection.close().await.expect("closed");
    store.close().await;
}

/// Threats: a backup that is older than an erasure brings back nothing of it.
#[tokio::test(flavor = "multi_thread")]
async fn an_older_backup_is_restored_without_what_was_erased_since() {
    let database = Database::new().await;
    let store = store(&database).await;
    let secret = fill(&store, "people").await;
    let (_, older) = backup::save(&store, Vec::new(), &backup::Progress::default()).await.expect("a backup");
    write(&store, vec![create("people", key("later"), fields(&[("title", text(&format!("{SECRET} later")))]))])
        .await
        .expect("a create");
    erase(&store, "people", &[secret.clone(), key("later")]).await;
    erasure::finish(&store).await.expect("it is carried out");
    let mut list = Vec::new();
    assert_eq!(erasure::list(&store, &mut list).await.expect("a list"), 2);
    assert!(!String::from_utf8_lossy(&list).contains(SECRET), "the list itself tells nothing");
    let list = erasure::read(list.as_slice()).expect("a list");

    let (without, _) = restored_from(older.clone(), &[]).await;
    assert!(!holding(&without).await.is_empty(), "the older backup holds it");
    // Lists may be put one behind the other.
    let (restored, counts) = restored_from(older.clone(), &[&list[..], &list[..]].concat()).await;
    assert_eq!(counts, Counts { erased: 1, removed: 0, unmatched: 2 }, "what came into being after the backup is not in it");
    assert_eq!(holding(&restored).await, Vec::<String>::new());
    let store = super::support::store(&restored).await;
    assert!(get(&store, "people", &secret).await.is_none());
    assert!(get(&store, "people", &key("before")).await.is_some());
    assert_sound(&store).await;
    let mut again = Vec::new();
    assert_eq!(erasure::list(&store, &mut again).await.expect("a list"), 1, "and it is on the list from now on");
    // Where the log went on differently, the number is another record's.
    write(&store, vec![create("people", key("innocent"), fields(&[]))]).await.expect("a create");
    // What is erased from now on has numbers of its own.
    write(&store, vec![create("people", key("next"), fields(&[]))]).await.expect("a create");
    assert_eq!(erase(&store, "people", &[key("next")]).await.changed, 1);
    let (_, other) = backup::save(&store, Vec::new(), &backup::Progress::default()).await.expect("a backup");
    let (other, counts) = restored_from(other, &list).await;
    assert_eq!(counts, Counts { erased: 0, removed: 0, unmatched: 1 }, "the other one was erased before the backup");
    let other = super::support::store(&other).await;
    assert!(get(&other, "people", &key("innocent")).await.is_some());
    for store in [store, other] {
        store.close().await;
    }
}

/// Only where it is done before anything is served does it count: an opening store does what a restore that was killed has left.
#[tokio::test(flavor = "multi_thread")]
async fn a_restore_that_was_killed_before_it_erased_is_finished_by_whoever_opens_the_database() {
    // Mutant: `Store::open` without `erasure::apply`.
    let database = Database::new().await;
    let store = store(&database).await;
    let secret = fill(&store, "people").await;
    store.close().await;
    let mut session = database.connect().await;
    session
        .execute(
            "insert into ddb.erasure (namespace, entity, name, reason)
             select 1, entity, '', 'from a list' from ddb_data.t1_1 where strpos(encode(key, 'escape'), 'kzxq') > 0",
        )
        .await;
    let store = super::support::store(&database).await;
    assert!(get(&store, "people", &secret).await.is_none());
    erasure::finish(&store).await.expect("it is carried out");
    assert_eq!(session.holding(SECRET).await, Vec::<String>::new());
    assert_sound(&store).await;
    store.close().await;
}

/// What was erased in a namespace that was removed since does not come back with it.
#[tokio::test(flavor = "multi_thread")]
async fn an_older_backup_is_restored_without_a_namespace_that_was_removed_since() {
    // Mutants: `list` without `removed`; `restore` does not take the name away; it does not purge; `purge_all` does not vacuum.
    let database = Database::new().await;
    let store = store(&database).await;
    let name = |name: &str| NamespaceName::parse(name).expect("a name");
    write(&store, vec![create("people", key("mains"), fields(&[("title", text("of main"))]))]).await.expect("a create");
    let account = SystemRow::Account(NewAccount {
        id: SECRET.to_owned(),
        email: format!("{SECRET}@example.com"),
        password_hash: None,
        roles: Vec::new(),
        verified: false,
    });
    for (of, value) in [("gone", SECRET), ("stays", "harmless")] {
        let namespace = store.create_namespace(&name(of), None).await.expect("a namespace").id;
        let in_namespace =
            |steps, system| Write { namespace, actor: None, request: None, allowance: Allowance::ANY, steps, system };
        let system = if of == "gone" { vec![account.clone()] } else { Vec::new() };
        let steps = vec![owned("notes", "n", "ada", value), owned("notes", "o", "ada", value)];
        store.write(in_namespace(steps, system)).await.expect("notes");
    }
    let (_, older) = backup::save(&store, Vec::new(), &backup::Progress::default()).await.expect("a backup");
    let namespace = store.namespace(&name("gone")).await.expect("a look").expect("it is there");
    let steps = vec![erasure::step(RecordId::new(table("notes"), key("n")), "asked for".to_owned())];
    let system = vec![SystemRow::Erasure(NewErasure { account: None })];
    let erase = Write { namespace, actor: None, request: None, allowance: Allowance::ANY, steps, system };
    store.write(erase).await.expect("an erasure");
    erasure::finish(&store).await.expect("it is carried out");
    let listed = async |store: &Store| {
        let mut list = Vec::new();
        erasure::list(store, &mut list).await.expect("a list");
        list
    };
    let erased_in_it = erasure::read(listed(&store).await.as_slice()).expect("a list");
    assert!(matches!(&erased_in_it[..], [erasure::Listed::Record(_)]), "{erased_in_it:?}");
    assert!(store.remove_namespace(&name("gone")).await.expect("it is removed"));
    let before_purge = listed(&store).await;
    let purged = "select (purged_at is not null)::text from ddb.namespace where name is null";
    let mut session = database.connect().await;
    while session.value(purged).await != "true" {
        (ddb_store::namespace::purger().run)(store.clone()).await.expect("it is purged");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    let list = listed(&store).await;
    assert_eq!(list, before_purge);
    let list = erasure::read(list.as_slice()).expect("a list");
    assert!(matches!(&list[..], [erasure::Listed::Namespace(_)]), "{list:?}");

    let (without, _) = restored_from(older.clone(), &[]).await;
    assert!(!holding(&without).await.is_empty(), "the older backup holds it");
    let both = [&erased_in_it[..], &list[..]].concat();
    let (restored, counts) = restored_from(older, &both).await;
    assert_eq!(counts, Counts { erased: 0, removed: 1, unmatched: 0 });
    assert_eq!(holding(&restored).await, Vec::<String>::new());
    let (_, newer) = backup::save(&store, Vec::new(), &backup::Progress::default()).await.expect("a backup");
    let (_, counts) = restored_from(newer, &both).await;
    assert_eq!(counts, Counts { erased: 0, removed: 0, unmatched: 0 }, "it was removed before this backup");
    let mut session = restored.connect().await;
    let names = session.values("select coalesce(name, 'removed') from ddb.namespace order by id").await;
    assert_eq!(names, ["main", "removed", "stays"]);
    let vacuumed = "select relname from pg_stat_all_tables where schemaname = 'ddb' and vacuum_count > 0";
    let vacuumed = session.values(vacuumed).await;
    assert!(["triple", "entity", "account"].iter().all(|name| vacuumed.iter().any(|one| one == name)), "{vacuumed:?}");
    let restored = super::support::store(&restored).await;
    assert_eq!(erasure::read(listed(&restored).await.as_slice()).expect("a list"), list);
    let stays = restored.namespace(&name("stays")).await.expect("a look").expect("it is there");
    assert!(restored.get(stays, &table("notes"), &key("n")).await.expect("a read").data.is_some());
    assert!(get(&restored, "people", &key("mains")).await.is_some());
    assert!(restored.namespace(&name("gone")).await.expect("a look").is_none());
    assert_sound(&restored).await;
    for store in [store, restored] {
        store.close().await;
    }
}

fn owned(of: &str, id: &str, owner: &str, value: &str) -> Step {
    let (owner, fields) = (key(owner), fields(&[("v", text(value))]));
    Step {
        table: table(of),
        key: key(id),
        makes_table: true,
        past: None,
        decide: Box::new(move |_| Ok(Change::Create { fields: fields.clone(), owner: Some(owner.clone()), expires: None })),
    }
}

fn is_account(line: &erasure::Listed) -> bool {
    matches!(line, erasure::Listed::Record(erased) if erased.account)
}

async fn account(store: &Store, id: &str, roles: &[&str], value: &str) {
    let account = NewAccount {
        id: id.to_owned(),
        email: format!("{value}@example.com"),
        password_hash: None,
        roles: roles.iter().map(|role| (*role).to_owned()).collect(),
        verified: false,
    };
    let steps = vec![owned("user", id, id, value)];
    let write = Write {
        namespace: NamespaceId::MAIN,
        actor: None,
        request: None,
        allowance: Allowance::ANY,
        steps,
        system: vec![SystemRow::Account(account)],
    };
    store.write(write).await.expect("an account");
}

async fn erase_account(store: &Store, id: &str) -> ddb_core::Result<Written> {
    let account = ErasedAccount { id: id.to_owned(), notice: String::new(), may_be_last_admin: false };
    let write = Write {
        namespace: NamespaceId::MAIN,
        actor: Some(key(id)),
        request: None,
        allowance: Allowance::ANY,
        steps: vec![erasure::step(RecordId::new(table("user"), key(id)), "the account's wish".to_owned())],
        system: vec![SystemRow::Erasure(NewErasure { account: Some(account) })],
    };
    Ok(store.write(write).await?)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_goes_with_all_that_it_owned_also_what_it_had_deleted() {
    // Mutants: `owned.rs`: looks at records that exist only; `is_his` is always true; `find_actors` is not asked anew.
    let database = Database::new().await;
    let (store, other_process) = (store(&database).await, super::support::store(&database).await);
    account(&store, "boss", &["admin"], "bossy").await;
    account(&store, "ada", &[], SECRET).await;
    let as_ada = |steps| Write {
        namespace: NamespaceId::MAIN,
        actor: Some(key("ada")),
        request: None,
        allowance: Allowance::ANY,
        steps,
        system: Vec::new(),
    };
    other_process.write(as_ada(vec![owned("notes", "n0", "ada", SECRET)])).await.expect("a write of hers");
    for n in 1..130 {
        let of = if n % 2 == 0 { "notes" } else { "tasks" };
        write(&store, vec![owned(of, &format!("n{n}"), "ada", SECRET)]).await.expect("a create");
    }
    write(&store, vec![delete("notes", key("n2"))]).await.expect("a delete");
    // A key that was hers is another's now: that is not hers to take along.
    write(&store, vec![owned("notes", "shared", "ada", "short")]).await.expect("a create");
    write(&store, vec![delete("notes", key("shared"))]).await.expect("a delete");
    write(&store, vec![owned("notes", "shared", "boss", "bossy")]).await.expect("a create");
    write(&store, vec![owned("notes", "other", "boss", "bossy")]).await.expect("a create");
    let (_, older) = backup::save(&store, Vec::new(), &backup::Progress::default()).await.expect("a backup");

    let error = erase_account(&store, "boss").await.expect_err("the last admin stays");
    assert_eq!(error.code(), ddb_core::ErrorCode::Conflict);
    erase_account(&store, "ada").await.expect("an erasure");
    let late = other_process.write(as_ada(vec![owned("notes", "late", "ada", SECRET)])).await;
    let late = late.expect_err("nobody writes in the name of who is erased").error;
    assert_eq!(late.code(), ddb_core::ErrorCode::Unauthenticated);
    erasure::finish(&store).await.expect("it is carried out");
    let mut session = database.connect().await;
    assert_eq!(session.holding(SECRET).await, Vec::<String>::new());
    assert_eq!(session.value("select count(*)::text from ddb.account").await, "1");
    assert!(get(&store, "notes", &key("shared")).await.is_some() && get(&store, "notes", &key("other")).await.is_some());
    assert!(get(&store, "tasks", &key("n1")).await.is_none());

    let mut list = Vec::new();
    erasure::list(&store, &mut list).await.expect("a list");
    let list = erasure::read(list.as_slice()).expect("a list");
    assert_eq!((list.len(), list.iter().filter(|line| is_account(line)).count()), (131, 1));
    // Of the account alone, as the list was when it had just been erased: what it owned is found again.
    let accounts: Vec<_> = list.into_iter().filter(is_account).collect();
    let (restored, _) = restored_from(older, &accounts).await;
    let mut session = restored.connect().await;
    assert_eq!(session.value("select string_agg(id, ',') from ddb.account").await, "boss");
    let left = session.values("select distinct d.name from ddb.entity e join ddb.data_table d on d.id = e.table_id where e.key is not null and d.name <> 'user' order by 1").await;
    assert_eq!(left, ["notes"]);
    let store_of_restored = super::support::store(&restored).await;
    assert!(get(&store_of_restored, "notes", &key("shared")).await.is_some());
    assert_sound(&store_of_restored).await;
    for store in [store, other_process, store_of_restored] {
        store.close().await;
    }
}

/// A script of sign-ups and deletions costs one look through the records at a time, however many accounts there are.
#[tokio::test(flavor = "multi_thread")]
async fn accounts_look_through_the_records_together() {
    // Mutants: `passes` has a pass for each account; `remember` remembers of one alone; an account that has looked further is put into the pass of the others.
    const OTHERS: usize = 3_000;
    const ACCOUNTS: usize = 20;
    let database = Database::new().await;
    let store = store(&database).await;
    let id = |n: usize| format!("account{n}");
    let fill = async |n: usize| {
        account(&store, &id(n), &[], &format!("{SECRET}{n}")).await;
        for k in ["kept", "deleted"] {
            write(&store, vec![owned("notes", &format!("{k}{n}"), &id(n), SECRET)]).await.expect("a create");
        }
        write(&store, vec![delete("notes", key(&format!("deleted{n}")))]).await.expect("a delete");
    };
    for n in 1..ACCOUNTS {
        fill(n).await;
    }
    for chunk in 0..OTHERS / 500 {
        let steps = (0..500).map(|n| create("notes", RecordKey::Int((chunk * 500 + n) as i64), fields(&[])));
        write(&store, steps.collect()).await.expect("creates");
    }
    fill(0).await;
    for n in 0..ACCOUNTS {
        erase_account(&store, &id(n)).await.expect("an erasure");
    }
    let mut session = database.connect().await;
    // As if the account that was made last had begun before the others: it has looked at all that is not its own.
    session
        .execute(&format!("update ddb.erasure set looked_at = {OTHERS} where entity = (select max(entity) from ddb.erasure)"))
        .await;
    session.execute("analyze").await;
    let looked_at =
        "select idx_tup_read::text from pg_stat_all_indexes where schemaname = 'ddb' and indexrelname = 'entity_pkey'";
    let before: usize = session.value(looked_at).await.parse().expect("a number");
    erasure::finish(&store).await.expect("it is carried out");
    // A session tells what it did when it ends, at the latest.
    let end = std::time::Instant::now() + std::time::Duration::from_secs(20);
    let looked = loop {
        let now: usize = session.value(looked_at).await.parse().expect("a number");
        if now >= before + OTHERS {
            break now - before;
        }
        assert!(std::time::Instant::now() < end, "nobody has looked");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    };
    assert!(looked < 2 * OTHERS, "{looked} names of {OTHERS} were looked at");
    let behind = format!("select count(*)::text from ddb.erasure where is_account and looked_at < {OTHERS}");
    assert_eq!(session.value(&behind).await, "0", "who is interrupted goes on from where he was");
    assert_eq!(session.holding(SECRET).await, Vec::<String>::new());
    assert_eq!(session.value("select count(*)::text from ddb.entity where key is not null").await, OTHERS.to_string());
    assert_sound(&store).await;
    store.close().await;
}

/// The erasure of an account in a namespace that is removed before it is carried out ends, and keeps nobody's backup waiting.
#[tokio::test(flavor = "multi_thread")]
async fn an_erasure_in_a_removed_namespace_comes_to_an_end() {
    let database = Database::new().await;
    let store = store(&database).await;
    let name = NamespaceName::parse("other").expect("a name");
    let namespace = store.create_namespace(&name, None).await.expect("a namespace").id;
    let in_namespace = |steps, system| Write { namespace, actor: None, request: None, allowance: Allowance::ANY, steps, system };
    store.write(in_namespace(vec![owned("user", "ada", "ada", SECRET)], Vec::new())).await.expect("a user");
    store.write(in_namespace(vec![owned("notes", "n", "ada", SECRET)], Vec::new())).await.expect("a note");
    let account = ErasedAccount { id: "ada".to_owned(), notice: String::new(), may_be_last_admin: false };
    let system = vec![SystemRow::Erasure(NewErasure { account: Some(account) })];
    let step = erasure::step(RecordId::new(table("user"), key("ada")), "asked for".to_owned());
    store.write(in_namespace(vec![step], system)).await.expect("an erasure");
    assert!(store.remove_namespace(&name).await.expect("it is removed"));
    tokio::time::timeout(std::time::Duration::from_secs(20), erasure::finish(&store)).await.expect("it ends").expect("well");
    backup::save(&store, Vec::new(), &backup::Progress::default()).await.expect("a backup");
    store.close().await;
}
