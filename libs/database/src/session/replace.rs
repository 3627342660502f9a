use ddb_core::{RecordId, RecordKey, Result, TableName, Tx};
use ddb_store::{Change, Current, Record, Step};

use super::user_records::UserRecords;
use super::{Planned, Session, planned, visible};
use crate::Replacement;

impl Session {
    /// Replaces all fields and the expiry; key, owner and time of creation stay. 404 where the record is absent or not the
    /// caller's, 412 where its last change is not `if_match`.
    pub async fn replace(
        &self,
        table: &TableName,
        key: &RecordKey,
        replacement: Replacement,
        if_match: Option<Tx>,
    ) -> Result<Planned<Record>> {
        let users = self.user_records([(table, key)].into_iter()).await?;
        Ok(Planned::new(self, vec![self.replace_step(table, key, replacement, if_match, users)?], planned::one))
    }

    pub(super) fn replace_step(
        &self,
        table: &TableName,
        key: &RecordKey,
        replacement: Replacement,
        if_match: Option<Tx>,
        users: UserRecords,
    ) -> Result<Step> {
        let rows = self.rows_to_change(table, key)?;
        let id = RecordId::new(table.clone(), key.clone());
        replacement.system.check_id(&id)?;
        let decide = move |current: Current<'_>| {
            let record = visible(current, &rows, if_match, &id.table, &id.key)?;
            replacement.system.check_owner(record.owner.as_ref())?;
            let mut fields = replacement.over(record, &current);
            users.keep_missing(&id, &record.fields, &mut fields);
            users.check_fields(&id, &record.fields, &fields)?;
            let expires = match replacement.ttl {
                None if replacement.system.keeps_expiry => record.expires,
                ttl => {
                    let expires = ttl.flatten().map(|ttl| ttl.from(current.now));
                    users.check_expiry(&id, expires)?;
                    expires
                }
            };
            Ok(Change::Update { fields, expires })
        };
        Ok(Step { table: table.clone(), key: key.clone(), makes_table: false, past: None, decide: Box::new(decide) })
    }
}
