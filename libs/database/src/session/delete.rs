use ddb_core::{RecordKey, Result, TableName, Tx};
use ddb_store::{Change, Current, Step};

use super::{Planned, Session, visible};

impl Session {
    /// 404 where the record is absent or not the caller's, 412 where its last change is not `if_match`.
    pub fn delete(&self, table: &TableName, key: &RecordKey, if_match: Option<Tx>) -> Result<Planned<()>> {
        Ok(Planned::new(self, vec![self.delete_step(table, key, if_match)?], |_| Ok(())))
    }

    pub(super) fn delete_step(&self, table: &TableName, key: &RecordKey, if_match: Option<Tx>) -> Result<Step> {
        let rows = self.rows_to_change(table, key)?;
        let (of_table, of_key) = (table.clone(), key.clone());
        let decide = move |current: Current<'_>| {
            visible(current, &rows, if_match, &of_table, &of_key)?;
            Ok(Change::Delete)
        };
        Ok(Step { table: table.clone(), key: key.clone(), makes_table: false, past: None, decide: Box::new(decide) })
    }
}
