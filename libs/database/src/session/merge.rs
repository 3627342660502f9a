use ddb_core::{RecordKey, Result, TableName, Timestamp, Tx};
use ddb_store::{Change, Current, Record, Step};

use super::{Planned, Session, planned, visible};
use crate::Patch;

impl Session {
    /// Merges into the record as it is at the commit, so that operators lose no update. 404 where the record is absent or not
    /// the caller's, 412 where its last change is not `if_match`.
    pub fn merge(&self, table: &TableName, key: &RecordKey, patch: Patch, if_match: Option<Tx>) -> Result<Planned<Record>> {
        Ok(Planned::new(self, vec![self.merge_step(table, key, patch, if_match)?], planned::one))
    }

    pub(super) fn merge_step(&self, table: &TableName, key: &RecordKey, patch: Patch, if_match: Option<Tx>) -> Result<Step> {
        let rows = self.rows_to_change(table, key)?;
        let (of_table, of_key) = (table.clone(), key.clone());
        let decide = move |current: Current<'_>| {
            let record = visible(current, &rows, if_match, &of_table, &of_key)?;
            merged(record, &patch, current.now)
        };
        Ok(Step { table: table.clone(), key: key.clone(), makes_table: false, past: None, decide: Box::new(decide) })
    }
}

/// What a patch makes of a record.
pub(super) fn merged(record: &Record, patch: &Patch, now: Timestamp) -> Result<Change> {
    let mut fields = record.fields.clone();
    patch.apply(&mut fields)?;
    let expires = match patch.ttl {
        None => record.expires,
        Some(ttl) => ttl.map(|ttl| ttl.from(now)),
    };
    Ok(Change::Update { fields, expires })
}
