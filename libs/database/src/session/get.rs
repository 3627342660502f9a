use ddb_access::Authorized;
use ddb_core::{NamespaceId, RecordKey, Result, TableName};
use ddb_store::{Record, Store};

use super::{Answer, Session, absent};

/// One record.
struct ByKey<'a> {
    table: &'a TableName,
    key: &'a RecordKey,
}

impl Session {
    /// 404 where the record is absent, has expired, or is not the caller's to see.
    pub async fn get(&self, table: &TableName, key: &RecordKey) -> Result<Answer<Record>> {
        let read = Authorized::read(self.policy(table), &self.principal, ByKey { table, key });
        run(self.database.store(), self.namespace, &read).await
    }
}

async fn run(store: &Store, namespace: NamespaceId, read: &Authorized<ByKey<'_>>) -> Result<Answer<Record>> {
    let ByKey { table, key } = read.query();
    let found = store.get(namespace, table, key).await?;
    let record = found.data.filter(|record| read.rows().contain(record.owner.as_ref()));
    Ok(Answer { data: record.ok_or_else(|| absent(table, key))?, tx: found.tx })
}
