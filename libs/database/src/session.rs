use ddb_core::json::Json;
use ddb_core::{NamespaceId, Object, Principal, RecordKey, RequestId, Result, TableName, Tx};
use ddb_store::Record;
use ddb_store::system::{NewAccount, NewSession};

use crate::Database;

/// A caller in a namespace: the only way to read and write records.
#[derive(Clone)]
pub struct Session {
    pub(crate) database: Database,
    pub(crate) principal: Principal,
    pub(crate) namespace: NamespaceId,
    pub(crate) request: Option<RequestId>,
}

/// An answer and the transaction whose state it shows, or which it made.
#[derive(Debug, Clone)]
pub struct Answer<T> {
    pub data: T,
    pub tx: Tx,
}

/// A record to be made.
#[derive(Debug, Clone)]
pub struct NewRecord {
    /// Generated where None.
    pub key: Option<RecordKey>,
    pub fields: Object,
    pub ttl: Option<std::time::Duration>,
}

/// A page of a list.
#[derive(Debug, Clone)]
pub struct Page {
    pub records: Vec<Record>,
    pub next_cursor: Option<String>,
}

impl Session {
    pub fn principal(&self) -> &Principal {
        &self.principal
    }

    pub fn namespace(&self) -> NamespaceId {
        self.namespace
    }

    /// Creates all or none. 401 for the anonymous, 409 where a key is taken.
    pub async fn create(&self, table: &TableName, records: Vec<NewRecord>) -> Result<Answer<Vec<Record>>> {
        let _ = (table, records);
        todo!()
    }

    pub async fn get(&self, table: &TableName, key: &RecordKey) -> Result<Answer<Record>> {
        let _ = (table, key);
        todo!()
    }

    /// `limit` is 1 to 1,000; `cursor` is the `next_cursor` of the page before.
    pub async fn list(&self, table: &TableName, limit: u32, cursor: Option<&str>) -> Result<Answer<Page>> {
        let _ = (table, limit, cursor);
        todo!()
    }

    /// RFC 7396 with the field operators `$inc`, `$push`, `$pull` and `{"$null":true}`.
    pub async fn merge(&self, table: &TableName, key: &RecordKey, body: Json, if_match: Option<Tx>) -> Result<Answer<Record>> {
        let _ = (table, key, body, if_match);
        todo!()
    }

    pub async fn replace(
        &self,
        table: &TableName,
        key: &RecordKey,
        record: NewRecord,
        if_match: Option<Tx>,
    ) -> Result<Answer<Record>> {
        let _ = (table, key, record, if_match);
        todo!()
    }

    pub async fn delete(&self, table: &TableName, key: &RecordKey, if_match: Option<Tx>) -> Result<Answer<()>> {
        let _ = (table, key, if_match);
        todo!()
    }

    /// Makes the account, its record `user:<account.id>` owned by itself and, where given, its first session, in one
    /// transaction. Only for the system: 409 where the address is taken.
    pub async fn sign_up(&self, account: NewAccount, profile: Object, session: Option<NewSession>) -> Result<Answer<Record>> {
        let _ = (account, profile, session);
        todo!()
    }
}
