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

mod accounts;
mod backups;
mod records;

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

use crate::support::{assert_sound, create, delete, fields, get, key, set, store, table, write};

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
