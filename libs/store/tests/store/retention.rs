//! What is left of the past where it is not kept.
//!
//! Mutants, tried:
//! - `retention/window.rs`, `find`: without the bounds by the begin of the life (facts are counted twice), without the second part (a deletion ends nothing).
//! - `retention/window.rs`, `write`: `commitment` of a retraction stays null.
//! - `retention/names.rs`: forgets also what exists again; forgets nothing.
//! - `retention/drop.rs`, `end_deletions`: without its `not exists`; counts nothing. `add`: does not compare the hash.
//! - `past/at.rs`, `past/history.rs`, `past/state.rs`: do not look at the horizon.
//! - `verify/chain.rs`: does not ask whether a transaction is listed; `horizons` does nothing. `verify/erased.rs`: any commitment will do.
//! - `fold.rs`: reads what is superseded.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Cursor;

use ddb_core::{ErrorCode, NamespaceId, Object, RecordId, RecordKey, Tx, Value, canonical, chain};
use ddb_store::backup::{self, check, restore};
use ddb_store::job::Progress;
use ddb_store::retention::{self, History};
use ddb_store::verify::{Scope, rebuild, verify};
use ddb_store::{At, Change, Config, Step, Store};
use ddb_testkit::Database;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use super::support::{assert_sound, create, delete, fields, get, key, set, store, table, write};

const FIELDS: [&str; 3] = ["a", "b", "c"];
const TABLES: [&str; 2] = ["kept", "pruned"];
const KEYS: usize = 6;

/// The fields of a record after each transaction that changed them; None: it did not exist.
type Versions = Vec<(i64, Option<Object>)>;

#[derive(Default)]
struct Model {
    records: BTreeMap<(&'static str, usize), Versions>,
    values: i64,
}

fn name(record: usize) -> RecordKey {
    key(&format!("r{record}"))
}

fn replace(of: &'static str, record: usize, fields: Object) -> Step {
    let decide = move |current: ddb_store::Current<'_>| {
        let expires = current.record.and_then(|record| record.expires);
        Ok(Change::Update { fields: fields.clone(), expires })
    };
    Step { table: table(of), key: name(record), makes_table: false, past: None, decide: Box::new(decide) }
}

impl Model {
    fn now(&self, of: &'static str, record: usize) -> Option<Object> {
        self.records.get(&(of, record)).and_then(|versions| versions.last()).and_then(|(_, fields)| fields.clone())
    }

    fn at(&self, of: &'static str, record: usize, tx: i64) -> Option<Object> {
        let versions = self.records.get(&(of, record))?;
        versions.iter().rev().find(|(at, _)| *at <= tx).and_then(|(_, fields)| fields.clone())
    }

    fn random_fields(&mut self, random: &mut StdRng) -> Object {
        let mut fields = Object::new();
        for name in FIELDS {
            if random.random_bool(0.6) {
                self.values += 1;
                fields.insert(name.to_owned(), Value::String(format!("value {}", self.values)));
            }
        }
        fields
    }

    /// One write about one to three records.
    async fn write(&mut self, store: &Store, random: &mut StdRng) {
        let count = if random.random_bool(0.6) { 1 } else { 3 };
        let mut steps = Vec::new();
        let mut changes = BTreeMap::new();
        for _ in 0..count {
            let of = TABLES[random.random_range(0..TABLES.len())];
            let record = random.random_range(0..KEYS);
            if changes.contains_key(&(of, record)) {
                continue;
            }
            let next = match self.now(of, record) {
                None => {
                    let fields = self.random_fields(random);
                    steps.push(create(of, name(record), fields.clone()));
                    Some(fields)
                }
                Some(_) if random.random_bool(0.2) => {
                    steps.push(delete(of, name(record)));
                    None
                }
                Some(before) => {
                    let mut fields = before.clone();
                    let field = FIELDS[random.random_range(0..FIELDS.len())];
                    if fields.remove(field).is_none() || random.random_bool(0.6) {
                        self.values += 1;
                        fields.insert(field.to_owned(), Value::String(format!("value {}", self.values)));
                    }
                    steps.push(replace(of, record, fields.clone()));
                    Some(fields)
                }
            };
            changes.insert((of, record), next);
        }
        let tx = write(store, steps).await.expect("a write").tx.0;
        for (record, fields) in changes {
            self.records.entry(record).or_default().push((tx, fields));
        }
    }
}

/// What a run of the test has seen.
#[derive(Debug, Default)]
struct Coverage {
    dropped: usize,
    reduced: usize,
    retractions: usize,
    nameless: usize,
    pruned_reads: usize,
    reads: usize,
}

async fn horizon(store: &Store, of: &str) -> i64 {
    let schema = store.schema(NamespaceId::MAIN).await.expect("a schema");
    schema.iter().find(|known| known.name.as_str() == of).map_or(0, |known| known.horizon.0)
}

async fn prune(store: &Store, of: &str) {
    assert!(store.keep_history(NamespaceId::MAIN, &table(of), Some(History::Nothing)).await.expect("it is set"));
    assert!(retention::run(store).await.expect("it is pruned"));
}

/// Every state and every history is what the model says or, before the horizon, 410 or not there.
async fn check_all(store: &Store, model: &Model, coverage: &mut Coverage) {
    let head = store.head(NamespaceId::MAIN).await.expect("a head").0;
    for (&(of, record), versions) in &model.records {
        let horizon = horizon(store, of).await;
        let exists = model.now(of, record).is_some();
        // Everywhere around the horizon and the newest, and at some of the others.
        let looked_at = (0..=head).filter(|tx| tx.abs_diff(horizon) <= 3 || head - tx <= 3 || (tx + record as i64) % 7 == 0);
        for tx in looked_at {
            let read = store.get_at(NamespaceId::MAIN, &table(of), &name(record), At::Tx(Tx(tx)), &|_| true).await;
            coverage.reads += 1;
            match read {
                Ok(found) if tx >= horizon || found.data.is_none() => {
                    assert!(tx >= horizon || !exists, "the past of {of} {record} at {tx} is behind {horizon}");
                    if tx >= horizon {
                        let found = found.data.map(|record| record.fields);
                        assert_eq!(found, model.at(of, record, tx), "{of} {record} at {tx} of {head}, horizon {horizon}");
                    }
                }
                Ok(found) => panic!("{of} {record} at {tx} was given, horizon {horizon}: {found:?}"),
                Err(error) => {
                    assert_eq!(error.code(), ErrorCode::HistoryPruned, "{of} {record} at {tx}: {error}");
                    assert!(tx < horizon, "{of} {record} at {tx}, horizon {horizon}");
                    coverage.pruned_reads += 1;
                }
            }
        }
        let history = store.history(NamespaceId::MAIN, &table(of), &name(record), (None, 1_000), &|_| true).await;
        let history = history.expect("a history").data;
        // Of a record that was deleted before the horizon nobody knows any more.
        let shown: Vec<i64> = history.iter().flat_map(|page| &page.versions).map(|version| version.place.tx.0).collect();
        let expected: Vec<i64> = versions.iter().rev().map(|(tx, _)| *tx).filter(|tx| *tx > horizon).collect();
        assert_eq!(shown, expected, "the history of {of} {record}, horizon {horizon}");
        let mut state = model.at(of, record, horizon).unwrap_or_default();
        for version in history.iter().flat_map(|page| page.versions.iter().rev()) {
            for (field, change) in version.changes.iter().filter(|(field, _)| !field.starts_with('_')) {
                assert_eq!(change.before.as_ref(), state.get(field), "{of} {record}, {field} at {:?}", version.place);
                match &change.after {
                    Some(value) => state.insert(field.clone(), value.clone()),
                    None => state.remove(field),
                };
            }
        }
        assert_eq!(state, model.now(of, record).unwrap_or_default(), "{of} {record}: the history leads to what is now");
    }
    // What is counted is what is reduced, so that nothing is dropped too early or never.
    let miscounted: (i64,) = sqlx::query_as(
        "
        select count(*)
        from ddb.tx t
        where t.root is null and t.superseded <> (
            select count(*) from ddb.triple f where f.namespace = t.namespace and f.tx = t.tx and f.commitment is not null
        )
        ",
    )
    .fetch_one(store.pool())
    .await
    .expect("a count");
    assert_eq!(miscounted.0, 0, "transactions are miscounted");
    // No value is left that no state shows.
    for of in TABLES {
        let horizon = horizon(store, of).await;
        let mut shown: BTreeSet<String> = BTreeSet::new();
        for ((_, record), versions) in model.records.iter().filter(|((table, _), _)| *table == of) {
            let states = versions.iter().filter(|(tx, _)| *tx > horizon).filter_map(|(_, fields)| fields.clone());
            for fields in states.chain(model.at(of, *record, horizon)) {
                shown.extend(fields.values().map(|value| format!("{value:?}")));
            }
        }
        let left = values(store, of).await;
        assert_eq!(left, shown, "what the log holds of {of}");
    }
}

async fn values(store: &Store, of: &str) -> BTreeSet<String> {
    let rows: Vec<(Vec<u8>,)> = sqlx::query_as(
        "
        select f.value from ddb.triple f join ddb.data_table t on t.namespace = f.namespace and t.id = f.table_id
        where t.name = $1 and f.attribute >= 16 and f.value is not null
        ",
    )
    .bind(of)
    .fetch_all(store.pool())
    .await
    .expect("the values");
    rows.iter().map(|(value,)| format!("{:?}", canonical::decode(value).expect("a value"))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_behind_the_horizon_is_gone_and_everything_else_is_as_it_was() {
    let mut coverage = Coverage::default();
    for seed in 0..3 {
        let mut random = StdRng::seed_from_u64(seed);
        let database = Database::new().await;
        let store = store(&database).await;
        let mut model = Model::default();
        for _ in 0..4 {
            for _ in 0..random.random_range(1..40) {
                model.write(&store, &mut random).await;
            }
            prune(&store, "pruned").await;
            assert_sound(&store).await;
            check_all(&store, &model, &mut coverage).await;
            let before = database.connect().await.values("select format('%s', p) from ddb_data.t1_1 p order by 1").await;
            rebuild(&store, NamespaceId::MAIN).await.expect("it is rebuilt");
            let after = database.connect().await.values("select format('%s', p) from ddb_data.t1_1 p order by 1").await;
            assert_eq!(before, after, "the facts that are left make the same records");
        }
        let mut session = database.connect().await;
        let mut count = async |sql: &str| session.value(sql).await.parse::<usize>().expect("a number");
        coverage.dropped += count("select count(*) from ddb.tx where root is not null").await;
        coverage.reduced += count("select count(*) from ddb.triple where commitment is not null and asserted").await;
        coverage.retractions += count("select count(*) from ddb.triple where commitment is not null and not asserted").await;
        coverage.nameless += count("select count(*) from ddb.entity where key is null").await;
        let head = store.audit_head(NamespaceId::MAIN).await.expect("a head");
        let (_, bytes) = backup::save(&store, Vec::new(), &backup::Progress::default()).await.expect("a backup");
        store.close().await;
        let other = Database::new().await;
        let checked = check(bytes.as_slice(), &backup::Progress::default()).expect("a good backup");
        restore(&Config::new(other.options()), Cursor::new(bytes), &checked, &[], &backup::Progress::default())
            .await
            .expect("it is restored");
        let restored = super::support::store(&other).await;
        check_all(&restored, &model, &mut coverage).await;
        assert_eq!(restored.audit_head(NamespaceId::MAIN).await.expect("a head").hash, head.hash);
        for _ in 0..10 {
            model.write(&restored, &mut random).await;
        }
        prune(&restored, "pruned").await;
        prune(&restored, "kept").await;
        assert_sound(&restored).await;
        check_all(&restored, &model, &mut coverage).await;
        restored.close().await;
    }
    println!("{coverage:?}");
    assert!(coverage.dropped > 40 && coverage.reduced > 40 && coverage.retractions > 10 && coverage.nameless > 4);
    assert!(coverage.pruned_reads > 300 && coverage.reads > 2_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_old_enough_goes_and_what_is_younger_stays() {
    let database = Database::new().await;
    let store = store(&database).await;
    write(&store, vec![create("note", key("one"), fields(&[("n", Value::Int(1))]))]).await.expect("a create");
    let replaced = write(&store, vec![set("note", key("one"), "n", Value::Int(2))]).await.expect("an update").tx;
    store.keep_history(NamespaceId::MAIN, &table("note"), Some(History::parse("1h").expect("an hour"))).await.expect("it is set");
    assert!(retention::run(&store).await.expect("it runs"));
    assert_eq!(horizon(&store, "note").await, 0, "all of it is young");
    database.connect().await.execute("update ddb.tx set time = time - 3600000000 where tx <= 2").await;
    write(&store, vec![set("note", key("one"), "n", Value::Int(3))]).await.expect("an update");
    store.keep_history_by_default(NamespaceId::MAIN, History::parse("1h").expect("an hour")).await.expect("it is set");
    store.keep_history(NamespaceId::MAIN, &table("note"), None).await.expect("it is set");
    assert!(retention::run(&store).await.expect("it runs"));
    assert_eq!(horizon(&store, "note").await, replaced.0, "the newest transaction that is an hour old");
    assert_eq!(values(&store, "note").await.len(), 2, "its state, and what came later");
    let old = store.get_at(NamespaceId::MAIN, &table("note"), &key("one"), At::Tx(replaced), &|_| true).await.expect("a read");
    assert_eq!(old.data.map(|record| record.fields), Some(fields(&[("n", Value::Int(2))])));
    store.close().await;
}

/// A record that came back keeps its name and the past of its newer lives, as long as they are not old enough.
#[tokio::test(flavor = "multi_thread")]
async fn each_life_of_a_record_is_kept_as_long_as_it_is_young() {
    // Mutant: `retention/names.rs`, `forget`: without `and tx <= $4`.
    let database = Database::new().await;
    let store = store(&database).await;
    for n in 1..=2 {
        write(&store, vec![create("note", key("one"), fields(&[("n", Value::Int(n))]))]).await.expect("a create");
        write(&store, vec![delete("note", key("one"))]).await.expect("a delete");
    }
    let old = "update ddb.tx set time = time - 7200000000 where tx <= 2";
    database.connect().await.execute(old).await;
    store.keep_history(NamespaceId::MAIN, &table("note"), Some(History::parse("1h").expect("an hour"))).await.expect("it is set");
    assert!(retention::run(&store).await.expect("it runs"));
    let read = async |tx| store.get_at(NamespaceId::MAIN, &table("note"), &key("one"), At::Tx(Tx(tx)), &|_| true).await;
    assert_eq!(read(1).await.expect_err("it is pruned").code(), ErrorCode::HistoryPruned);
    let second = read(3).await.expect("a read").data.expect("the record");
    assert_eq!(second.fields, fields(&[("n", Value::Int(2))]));
    assert_eq!(values(&store, "note").await.len(), 1);
    // The times were moved, so their hashes are not what they were; that is all that verify finds.
    let report = verify(&store, NamespaceId::MAIN, Scope::whole(None), &Progress::default()).await.expect("verify runs");
    let places: BTreeSet<&str> = report.problems.iter().map(|problem| problem.place.as_str()).collect();
    assert_eq!(places, BTreeSet::from(["tx 1", "tx 2"]), "{:?}", report.problems);
    store.close().await;
}

/// Each transaction ends what the one before it made: none can be dropped before all before it are, and one more transaction says it of all.
#[tokio::test(flavor = "multi_thread")]
async fn a_chain_of_successors_is_dropped_at_once() {
    let database = Database::new().await;
    let store = store(&database).await;
    for n in 0..40 {
        let mut steps = vec![create("token", key(&format!("t{n}")), fields(&[("n", Value::Int(n))]))];
        if n > 0 {
            steps.push(delete("token", key(&format!("t{}", n - 1))));
        }
        write(&store, steps).await.expect("a write");
    }
    prune(&store, "token").await;
    assert_sound(&store).await;
    let mut session = database.connect().await;
    assert_eq!(session.value("select count(*) from ddb.tx where root is not null").await, "39");
    assert_eq!(
        session.value("select max(tx) from ddb.tx").await,
        "42",
        "one says that the past is not kept, one what is dropped"
    );
    assert_eq!(session.value("select count(*) from ddb.droppable").await, "0");
    store.close().await;
}

/// What is current is not dropped, whoever put it on the list: a bug, or a hand in the database.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_superseded_is_not_dropped() {
    // Mutant: `retention/drop.rs`, `add`: `is_superseded` is not asked.
    let database = Database::new().await;
    let store = store(&database).await;
    let mut session = database.connect().await;
    for n in 0..3 {
        write(&store, vec![create("note", key(&format!("n{n}")), fields(&[("n", Value::Int(n))]))]).await.expect("a create");
    }
    session.execute("insert into ddb.droppable values (1, 1), (1, 2)").await;
    prune(&store, "note").await;
    assert_eq!(session.value("select count(*) from ddb.tx where root is not null").await, "0");
    assert_sound(&store).await;
    rebuild(&store, NamespaceId::MAIN).await.expect("it is rebuilt");
    assert!(get(&store, "note", &key("n0")).await.is_some());
    store.close().await;
}

/// Retention does not sweep away the traces of whoever changed the log.
#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_verify_is_not_dropped() {
    // Mutant: `retention/drop.rs`, `add`: does not compare the hash.
    let database = Database::new().await;
    let store = store(&database).await;
    let mut session = database.connect().await;
    write(&store, vec![create("note", key("one"), fields(&[("n", Value::Int(1))]))]).await.expect("a create");
    for n in 2..=4 {
        write(&store, vec![set("note", key("one"), "n", Value::Int(n))]).await.expect("an update");
    }
    session.execute("update ddb.triple set value = (select value from ddb.triple where tx = 3) where tx = 2").await;
    prune(&store, "note").await;
    assert_eq!(session.values("select tx from ddb.tx where root is not null").await, ["3"]);
    let report = verify(&store, NamespaceId::MAIN, Scope::whole(None), &Progress::default()).await.expect("verify runs");
    assert_eq!(report.problems.iter().map(|problem| problem.place.as_str()).collect::<Vec<_>>(), ["tx 2"]);
    store.close().await;
}

/// Once it is said that the past is kept, nothing of it goes.
#[tokio::test(flavor = "multi_thread")]
async fn a_horizon_stays_where_somebody_has_said_so() {
    let database = Database::new().await;
    let store = store(&database).await;
    for _ in 0..5 {
        write(&store, vec![create("note", key("one"), fields(&[("n", Value::Int(1))]))]).await.expect("a create");
        store.keep_history(NamespaceId::MAIN, &table("note"), Some(History::Nothing)).await.expect("it is set");
        // Either the horizon moves on before the answer, or not at all.
        let of = table("note");
        let (pruned, kept) =
            tokio::join!(retention::run(&store), store.keep_history(NamespaceId::MAIN, &of, Some(History::Forever)));
        assert!(pruned.is_ok() && kept.expect("it is set"));
        let then = horizon(&store, "note").await;
        write(&store, vec![delete("note", key("one"))]).await.expect("a delete");
        retention::run(&store).await.expect("it runs");
        assert_eq!(horizon(&store, "note").await, then);
        assert_sound(&store).await;
    }
    store.close().await;
}

/// What somebody took out of the log is told from what retention took.
#[tokio::test(flavor = "multi_thread")]
async fn verify_tells_what_was_stolen_from_what_was_pruned() {
    let database = Database::new().await;
    let store = store(&database).await;
    for n in 0..5 {
        let steps = vec![
            create("note", key(&format!("n{n}")), fields(&[("a", Value::Int(n)), ("b", Value::Int(n))])),
            create("other", key(&format!("o{n}")), fields(&[("a", Value::Int(n))])),
        ];
        write(&store, steps).await.expect("creates");
        write(&store, vec![set("note", key(&format!("n{n}")), "a", Value::Int(n + 10))]).await.expect("an update");
        write(&store, vec![set("note", key(&format!("n{n}")), "a", Value::Int(n + 20))]).await.expect("an update");
    }
    write(&store, vec![delete("note", key("n4"))]).await.expect("a delete");
    prune(&store, "note").await;
    assert_sound(&store).await;
    write(&store, vec![set("note", key("n0"), "b", Value::Int(99))]).await.expect("an update");
    write(&store, vec![delete("note", key("n1"))]).await.expect("a delete");
    assert_sound(&store).await;
    store.close().await;
    for forgery in [
        Forgery::Value("commitment is null"),
        Forgery::Value(
            "commitment is null and exists (
                 select from ddb.triple n where n.entity = f.entity and n.attribute = f.attribute and n.tx > f.tx
             )",
        ),
        Forgery::Deletion,
        Forgery::Transaction,
        Forgery::Name,
        Forgery::Statement("update ddb.data_table set horizon = horizon + 1 where name = 'note'"),
        Forgery::Statement("update ddb.data_table set horizon = 3 where name = 'other'"),
    ] {
        let copy = database.copy().await;
        let forged = super::support::store(&copy).await;
        forgery.commit(&forged).await;
        let report = verify(&forged, NamespaceId::MAIN, Scope::whole(None), &Progress::default()).await.expect("verify runs");
        let expected = forgery.is_told_as();
        assert!(report.problems.iter().any(|problem| problem.message.contains(expected)), "{forgery:?}: {:?}", report.problems);
        forged.close().await;
    }
}

/// What somebody with the database in his hands does, who knows how the log is hashed.
#[derive(Debug)]
enum Forgery {
    /// Takes out the newest value of which this is true, and leaves its commitment.
    Value(&'static str),
    /// Marks the newest deletion as one that says nothing any more, so that the record is back.
    Deletion,
    /// Takes out the facts of a transaction, and leaves their root.
    Transaction,
    /// Takes the name of a record that exists.
    Name,
    Statement(&'static str),
}

impl Forgery {
    fn is_told_as(&self) -> &'static str {
        match self {
            Self::Value(_) | Self::Deletion | Self::Name => "but the log does not say why",
            Self::Transaction => "no transaction says that they were dropped",
            Self::Statement(_) => "but the chain says",
        }
    }

    async fn commit(&self, store: &Store) {
        let mut connection = PgConnection::connect_with(store.options()).await.expect("a connection");
        let changed = match self {
            Self::Value(which) => {
                let found = format!(
                    "select f.tx, f.position, f.value, f.salt from ddb.triple f
                     where attribute >= 16 and {which} order by tx desc limit 1"
                );
                let (tx, position, value, salt): (i64, i32, Vec<u8>, Vec<u8>) =
                    sqlx::query_as(AssertSqlSafe(found)).fetch_one(&mut connection).await.expect("a value");
                let commitment = chain::commitment(&salt.try_into().expect("a salt"), &value);
                sqlx::query("update ddb.triple set value = null, salt = null, commitment = $3 where tx = $1 and position = $2")
                    .bind(tx)
                    .bind(position)
                    .bind(commitment.to_vec())
            }
            Self::Deletion => sqlx::query(
                "update ddb.triple set commitment = $1
                 where attribute = 1 and not asserted and tx = (
                     select max(tx) from ddb.triple where attribute = 1 and not asserted and commitment is null
                 )",
            )
            .bind(chain::NOTHING.to_vec()),
            Self::Transaction => {
                let (tx,): (i64,) = sqlx::query_as("select min(tx) from ddb.tx where root is null and fact_count > 3")
                    .fetch_one(&mut connection)
                    .await
                    .expect("a transaction");
                let audited = store.audit_transaction(NamespaceId::MAIN, Tx(tx), &|_| true).await.expect("a transaction");
                let root = audited.data.expect("a transaction").root;
                sqlx::query("with gone as (delete from ddb.triple where tx = $1) update ddb.tx set root = $2 where tx = $1")
                    .bind(tx)
                    .bind(root.to_vec())
            }
            Self::Name => {
                let (id, salt): (i64, Vec<u8>) =
                    sqlx::query_as("select e.id, e.salt from ddb.entity e join ddb_data.t1_2 p on p.entity = e.id limit 1")
                        .fetch_one(&mut connection)
                        .await
                        .expect("a name");
                let (key,): (Vec<u8>,) = sqlx::query_as("select key from ddb.entity where id = $1")
                    .bind(id)
                    .fetch_one(&mut connection)
                    .await
                    .expect("a key");
                let key = ddb_core::sort_key::decode_record_key(&key).expect("a key");
                let name = chain::entity_name(&RecordId::new(table("other"), key));
                let commitment = chain::name_commitment(&salt.try_into().expect("a salt"), &name);
                sqlx::query("update ddb.entity set key = null, salt = null, commitment = $2 where id = $1")
                    .bind(id)
                    .bind(commitment.to_vec())
            }
            Self::Statement(statement) => sqlx::query(*statement),
        };
        let changed = changed.execute(&mut connection).await.expect("it is forged").rows_affected();
        assert!(changed > 0, "{self:?} changes something");
    }
}
