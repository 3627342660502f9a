use ddb_core::{NamespaceId, Object, RecordKey, Result, TableName, Timestamp, Value};
use ddb_store::job::Progress;
use ddb_store::verify::Scope;
use ddb_store::{Allowance, Change, Config, Record, Step, Store, Write, Written};
use ddb_testkit::Database;

pub(crate) async fn store(database: &Database) -> Store {
    Store::open(Config::new(database.options())).await.expect("the store opens")
}

pub(crate) fn table(name: &str) -> TableName {
    TableName::parse(name).expect("a table name")
}

pub(crate) fn key(text: &str) -> RecordKey {
    RecordKey::String(text.to_owned())
}

pub(crate) fn fields(entries: &[(&str, Value)]) -> Object {
    entries.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
}

pub(crate) fn create(of: &str, key: RecordKey, fields: Object) -> Step {
    create_until(of, key, fields, None)
}

pub(crate) fn create_until(of: &str, key: RecordKey, fields: Object, expires: Option<Timestamp>) -> Step {
    Step {
        table: table(of),
        key,
        makes_table: true,
        past: None,
        decide: Box::new(move |current| match current.record {
            Some(_) => Err(ddb_core::Error::conflict("taken")),
            None => Ok(Change::Create { fields: fields.clone(), owner: None, expires }),
        }),
    }
}

pub(crate) fn set(of: &str, key: RecordKey, name: &'static str, value: Value) -> Step {
    Step {
        table: table(of),
        key,
        makes_table: false,
        past: None,
        decide: Box::new(move |current| {
            let record = current.record.ok_or_else(|| ddb_core::Error::not_found("absent"))?;
            let mut fields = record.fields.clone();
            fields.insert(name.to_owned(), value.clone());
            Ok(Change::Update { fields, expires: record.expires })
        }),
    }
}

pub(crate) fn delete(of: &str, key: RecordKey) -> Step {
    Step { table: table(of), key, makes_table: false, past: None, decide: Box::new(|_| Ok(Change::Delete)) }
}

pub(crate) async fn write(store: &Store, steps: Vec<Step>) -> Result<Written> {
    Ok(store
        .write(Write {
            namespace: NamespaceId::MAIN,
            actor: None,
            request: None,
            allowance: Allowance::ANY,
            steps,
            system: Vec::new(),
        })
        .await?)
}

pub(crate) async fn get(store: &Store, of: &str, key: &RecordKey) -> Option<Record> {
    store.get(NamespaceId::MAIN, &table(of), key).await.expect("a read").data
}

pub(crate) async fn assert_sound(store: &Store) -> ddb_store::verify::Report {
    let report =
        ddb_store::verify::verify(store, NamespaceId::MAIN, Scope::whole(None), &Progress::default()).await.expect("verify runs");
    assert!(report.is_sound(), "{:#?}", report.problems);
    report
}
