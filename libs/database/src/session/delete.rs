use ddb_core::{RecordId, RecordKey, Result, TableName, Tx};
use ddb_store::{Change, Current, Step};

use super::user_records::UserRecords;
use super::{Planned, Session, visible};

impl Session {
    /// 404 where the record is absent or not the caller's, 412 where its last change is not `if_match`, 409 where it is an account's.
    pub async fn delete(&self, table: &TableName, key: &RecordKey, if_match: Option<Tx>) -> Result<Planned<()>> {
        let users = self.user_records([(table, key)].into_iter()).await?;
        Ok(Planned::new(self, vec![self.delete_step(table, key, if_match, users)?], |_| Ok(())))
    }

    pub(super) fn delete_step(
        &self,
        table: &TableName,
        key: &RecordKey,
        if_match: Option<Tx>,
        users: UserRecords,
    ) -> Result<Step> {
        let rows = self.rows_to_change(table, key)?;
        let id = RecordId::new(table.clone(), key.clone());
        let decide = move |current: Current<'_>| {
            visible(current, &rows, if_match, &id.table, &id.key)?;
            users.check_delete(&id)?;
            Ok(Change::Delete)
        };
        Ok(Step { table: table.clone(), key: key.clone(), makes_table: false, past: None, decide: Box::new(decide) })
    }
}
