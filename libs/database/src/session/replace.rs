use ddb_core::{RecordKey, Result, TableName, Tx};
use ddb_store::{Change, Current, Record, Step};

use super::{Planned, Session, planned, visible};
use crate::NewRecord;

impl Session {
    /// Replaces all fields and the expiry; key, owner and time of creation stay. 404 where the record is absent or not the
    /// caller's, 412 where its last change is not `if_match`.
    pub fn replace(
        &self,
        table: &TableName,
        key: &RecordKey,
        record: NewRecord,
        if_match: Option<Tx>,
    ) -> Result<Planned<Record>> {
        Ok(Planned::new(self, vec![self.replace_step(table, key, record, if_match)?], planned::one))
    }

    pub(super) fn replace_step(
        &self,
        table: &TableName,
        key: &RecordKey,
        record: NewRecord,
        if_match: Option<Tx>,
    ) -> Result<Step> {
        let rows = self.rows_to_change(table, key)?;
        let (of_table, of_key) = (table.clone(), key.clone());
        let NewRecord { fields, ttl, .. } = record;
        let decide = move |current: Current<'_>| {
            visible(current, &rows, if_match, &of_table, &of_key)?;
            Ok(Change::Update { fields: fields.clone(), expires: ttl.map(|ttl| ttl.from(current.now)) })
        };
        Ok(Step { table: table.clone(), key: key.clone(), makes_table: false, past: None, decide: Box::new(decide) })
    }
}
