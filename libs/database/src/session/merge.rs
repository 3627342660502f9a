use ddb_core::{RecordId, RecordKey, Result, TableName, Tx};
use ddb_store::{Change, Current, Record, Step};

use super::user_records::UserRecords;
use super::{Planned, Session, planned, visible};
use crate::Patch;

impl Session {
    /// Merges into the record as it is at the commit, so that operators lose no update. 404 where the record is absent or not
    /// the caller's, 412 where its last change is not `if_match`.
    pub async fn merge(&self, table: &TableName, key: &RecordKey, patch: Patch, if_match: Option<Tx>) -> Result<Planned<Record>> {
        let users = self.user_records([(table, key)].into_iter()).await?;
        Ok(Planned::new(self, vec![self.merge_step(table, key, patch, if_match, users)?], planned::one))
    }

    pub(super) fn merge_step(
        &self,
        table: &TableName,
        key: &RecordKey,
        patch: Patch,
        if_match: Option<Tx>,
        users: UserRecords,
    ) -> Result<Step> {
        let rows = self.rows_to_change(table, key)?;
        let id = RecordId::new(table.clone(), key.clone());
        patch.system.check_id(&id)?;
        let decide = move |current: Current<'_>| {
            let record = visible(current, &rows, if_match, &id.table, &id.key)?;
            merged(record, &patch, &users, &current)
        };
        Ok(Step { table: table.clone(), key: key.clone(), makes_table: false, past: None, decide: Box::new(decide) })
    }
}

/// What a patch makes of a record that the caller may change.
pub(super) fn merged(record: &Record, patch: &Patch, users: &UserRecords, current: &Current<'_>) -> Result<Change> {
    patch.system.check_owner(record.owner.as_ref())?;
    let fields = patch.over(record, current)?;
    users.check_fields(&record.id, &record.fields, &fields)?;
    let expires = match patch.ttl {
        None => record.expires,
        Some(ttl) => {
            let expires = ttl.map(|ttl| ttl.from(current.now));
            users.check_expiry(&record.id, expires)?;
            expires
        }
    };
    Ok(Change::Update { fields, expires })
}
