//! How much there is and how fast it grows, told without counting.

use std::time::{Duration, Instant};

use ddb_core::Value;
use ddb_store::{Growth, Store};
use ddb_testkit::{Database, Session};

use super::support::{create, delete, fields, key, set, store, write};

const LOG: &str = "select sum(pg_total_relation_size(oid))::text from pg_class
                   where oid in ('ddb.triple'::regclass, 'ddb.tx'::regclass, 'ddb.entity'::regclass, 'ddb.attribute'::regclass)";
const RECORDS: &str = "select sum(pg_total_relation_size(oid))::text from pg_class
                       where relnamespace = 'ddb_data'::regnamespace and relkind = 'r'";

async fn growth(store: &Store) -> Growth {
    store.growth().await.expect("PostgreSQL tells it")
}

async fn number(session: &mut Session, statement: &str) -> i64 {
    session.value(statement).await.parse().expect("a number")
}

fn assert_near(found: f64, expected: f64, share: f64) {
    assert!((found - expected).abs() <= expected * share, "{found} is not {expected}");
}

/// Thirty transactions, one of them of two facts fewer than the others, and one more that deletes.
async fn filled(store: &Store) {
    let text = |text: &str| Value::String(text.repeat(50));
    for n in 0..20 {
        let step = create("notes", key(&format!("n{n}")), fields(&[("text", text("ab")), ("n", Value::Int(n))]));
        write(store, vec![step]).await.expect("a create");
    }
    for n in 0..9 {
        write(store, vec![set("notes", key(&format!("n{n}")), "text", text("cd"))]).await.expect("a change");
    }
    write(store, vec![create("lists", key("a"), fields(&[])), create("lists", key("b"), fields(&[]))]).await.expect("creates");
    write(store, vec![delete("notes", key("n0"))]).await.expect("a delete");
}

/// Mutants: a size without indexes; `ddb_data` left out; the days not at least one, or more than those that are looked at; the first of the recent
/// transactions one too early or too late; removed namespaces counted.
#[tokio::test(flavor = "multi_thread")]
async fn sizes_are_those_of_postgresql_and_the_pace_is_that_of_the_last_days() {
    let database = Database::new().await;
    let store = store(&database).await;
    let empty = growth(&store).await;
    assert_eq!((empty.transactions, empty.facts, empty.records), (0, 0, 0));
    assert_eq!((empty.bytes_per_record(), empty.days_until_full(1 << 30)), (None, None), "{empty:?}");
    assert!(empty.log_bytes > 0 && empty.database_bytes > empty.log_bytes, "{empty:?}");

    filled(&store).await;
    let mut session = database.connect().await;
    session.execute("vacuum analyze").await;
    let facts = number(&mut session, "select count(*)::text from ddb.triple").await;
    let found = growth(&store).await;
    assert_eq!((found.transactions, found.facts, found.records), (31, facts, 21));
    assert_eq!(found.log_bytes, number(&mut session, LOG).await);
    assert_eq!(found.records_bytes, number(&mut session, RECORDS).await);
    assert_eq!(found.database_bytes, number(&mut session, "select pg_database_size(current_database())::text").await);
    let per_record = found.bytes_per_record().expect("there are some");
    assert_near(per_record, (found.log_bytes + found.records_bytes) as f64 / 21.0, 1e-9);
    // What a database has written that is younger than a day is what it writes in a day.
    assert_eq!((found.transactions_per_day, found.facts_per_day), (31.0, facts as f64));
    assert_near(found.log_bytes_per_day(), found.log_bytes as f64, 1e-9);
    assert_near(found.days_until_full(1 << 30).expect("it grows"), (1_u64 << 30) as f64 / found.bytes_per_day(), 1e-9);

    // Two thirds of it are old, the rest was written four days ago: in seven days no more.
    let day = 24_i64 * 60 * 60 * 1_000_000;
    session.execute(&format!("update ddb.tx set time = time - {} where tx <= 20", 30 * day)).await;
    session.execute(&format!("update ddb.tx set time = time - {} where tx > 20", 4 * day)).await;
    let recent = number(&mut session, "select sum(fact_count)::text from ddb.tx where tx > 20").await;
    let found = growth(&store).await;
    assert_eq!(found.transactions, 31);
    assert_near(found.transactions_per_day, 11.0 / 7.0, 0.001);
    assert_near(found.facts_per_day, recent as f64 / 7.0, 0.001);
    session.execute(&format!("update ddb.tx set time = time - {}", 30 * day)).await;
    let found = growth(&store).await;
    assert_eq!((found.transactions_per_day, found.facts_per_day, found.days_until_full(1 << 30)), (0.0, 0.0, None));

    // What is no more does not grow.
    session.execute(&format!("update ddb.tx set time = time + {}", 34 * day)).await;
    session.execute("update ddb.namespace set name = null, removed_at = 0 where id = 1").await;
    assert_eq!(growth(&store).await.transactions, 0);
    store.close().await;
}

/// Mutant: the statistics of writes are not asked where neither VACUUM nor ANALYZE has been.
#[tokio::test(flavor = "multi_thread")]
async fn what_no_vacuum_has_seen_is_known_by_the_writes() {
    let database = Database::new().await;
    let store = store(&database).await;
    let mut session = database.connect().await;
    filled(&store).await;
    // Sessions tell what they have written when they are idle, or end.
    store.close().await;
    let store = super::support::store(&database).await;
    let end = Instant::now() + Duration::from_secs(30);
    while growth(&store).await.records != 21 {
        assert!(Instant::now() < end, "{:?}", growth(&store).await);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let facts = number(&mut session, "select count(*)::text from ddb.triple").await;
    assert_near(growth(&store).await.facts as f64, facts as f64, 0.1);
    store.close().await;
}

/// Mutants: `count(*)` for the estimate; the transactions of the last days found by their times alone, or all of them looked at.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_counted_however_much_there_is() {
    let database = Database::new().await;
    let store = store(&database).await;
    write(&store, vec![create("notes", key("a"), fields(&[]))]).await.expect("a create");
    let mut session = database.connect().await;
    session
        .execute(
            "
            insert into ddb.tx (namespace, tx, time, fact_count, version, hash)
            select 1, n, (extract(epoch from now()) * 1000000)::bigint - (200000 - n) * 86400::bigint * 100, 1 + abs(hashint8(n)) % 10, 1, ''
            from generate_series(2, 200000) n;
            insert into ddb.triple (namespace, table_id, tx, entity, attribute, position, asserted)
            select 1, 1, n, n, 1, 0, true from generate_series(2, 200000) n;
            update ddb.tx set time = time - 40 * 86400::bigint * 1000000 where tx = 1;
            ",
        )
        .await;
    session.execute("vacuum analyze ddb.tx, ddb.triple").await;
    let counted = number(&mut session, "select sum(fact_count)::text from ddb.tx where tx > 130000").await;
    session.execute("select pg_stat_reset()").await;

    let begin = Instant::now();
    let found = growth(&store).await;
    println!("{found:?} in {:?}", begin.elapsed());
    assert_near(found.facts as f64, 200_000.0, 0.02);
    assert_near(found.transactions_per_day, 10_000.0, 0.001);
    assert_near(found.facts_per_day, counted as f64 / 7.0, 0.05);

    store.close().await;
    let read = "select coalesce(sum(seq_tup_read), 0)::text || ' ' || sum(idx_scan)::text || ' ' || sum(idx_tup_fetch)::text
                from pg_stat_all_tables where schemaname in ('ddb', 'ddb_data') and relname <> 'namespace'";
    let end = Instant::now() + Duration::from_secs(30);
    // The session tells what it has read when it ends, a moment later.
    let (scanned, searches, found) = loop {
        let read = session.value(read).await;
        let numbers: Vec<i64> = read.split(' ').map(|number| number.parse().expect("a number")).collect();
        if numbers[1] > 1_000 {
            break (numbers[0], numbers[1], numbers[2]);
        }
        assert!(Instant::now() < end, "{read}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    assert!(scanned < 100 && searches < 10_000 && found < 10_000, "{scanned} rows scanned, {found} found by {searches} searches");
}
