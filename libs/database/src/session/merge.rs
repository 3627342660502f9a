use ddb_core::{RecordKey, Result, TableName, Tx};
use ddb_store::{Change, Current, Record, Step};

use super::{Answer, Session, visible};
use crate::Patch;

impl Session {
    /// Merges into the record as it is at the commit, so that operators lose no update. 404 where the record is absent or not
    /// the caller's, 412 where its last change is not `if_match`.
    pub async fn merge(&self, table: &TableName, key: &RecordKey, patch: Patch, if_match: Option<Tx>) -> Result<Answer<Record>> {
        let rows = self.rows_to_change(table, key)?;
        let (of_table, of_key) = (table.clone(), key.clone());
        let decide = move |current: Current<'_>| {
            let record = visible(current, &rows, if_match, &of_table, &of_key)?;
            let mut fields = record.fields.clone();
            patch.apply(&mut fields)?;
            let expires = match patch.ttl {
                None => record.expires,
                Some(ttl) => ttl.map(|ttl| ttl.from(current.now)),
            };
            Ok(Change::Update { fields, expires })
        };
        self.write_one(Step { table: table.clone(), key: key.clone(), makes_table: false, past: None, decide: Box::new(decide) })
            .await
    }
}
