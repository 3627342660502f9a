use ddb_access::Authorized;
use ddb_core::{NamespaceId, RecordKey, Result, TableName};
use ddb_store::{At, Record, Store};

use super::{Answer, Session, absent};

/// One record, as it was.
struct ByKeyThen<'a> {
    table: &'a TableName,
    key: &'a RecordKey,
    at: At,
}

impl Session {
    /// The record as it was at a point in the past, with the permissions of today for the record then and now (of a deleted record its last state
    /// stands for now). 404 where one of them does not exist for the caller, 400 for a point that is still to come.
    pub async fn get_at(&self, table: &TableName, key: &RecordKey, at: At) -> Result<Answer<Record>> {
        let read = Authorized::read(self.policy(table), &self.principal, ByKeyThen { table, key, at });
        run(self.database.store(), self.namespace, &read).await
    }
}

async fn run(store: &Store, namespace: NamespaceId, read: &Authorized<ByKeyThen<'_>>) -> Result<Answer<Record>> {
    let ByKeyThen { table, key, at } = *read.query();
    let found = store.get_at(namespace, table, key, at, &|owner| read.rows().contain(owner)).await?;
    Ok(Answer { data: found.data.ok_or_else(|| absent(table, key))?, tx: found.tx })
}
