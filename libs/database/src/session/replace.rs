use ddb_core::{RecordKey, Result, TableName, Tx};
use ddb_store::{Change, Current, Record, Step};

use super::{Answer, Session, visible};
use crate::NewRecord;

impl Session {
    /// Replaces all fields and the expiry; key, owner and time of creation stay. 404 where the record is absent or not the
    /// caller's, 412 where its last change is not `if_match`.
    pub async fn replace(
        &self,
        table: &TableName,
        key: &RecordKey,
        record: NewRecord,
        if_match: Option<Tx>,
    ) -> Result<Answer<Record>> {
        let rows = self.rows_to_change(table, key)?;
        let (of_table, of_key) = (table.clone(), key.clone());
        let NewRecord { fields, ttl, .. } = record;
        let decide = move |current: Current<'_>| {
            visible(current, &rows, if_match, &of_table, &of_key)?;
            Ok(Change::Update { fields: fields.clone(), expires: ttl.map(|ttl| ttl.from(current.now)) })
        };
        self.write_one(Step { table: table.clone(), key: key.clone(), makes_table: false, past: None, decide: Box::new(decide) })
            .await
    }
}
