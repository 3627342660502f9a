use ddb_core::{Error, RecordId, Result, TableName};
use ddb_store::{Change, Current, Record, Step};

use super::{Planned, Session, merge, planned, visible};
use crate::Patch;

impl Session {
    /// Merges into the caller's own record of the table `user`, and makes it where it is missing. 401 for callers without an account here.
    pub async fn change_profile(&self, patch: Patch) -> Result<Planned<Record>> {
        let key = self.principal.user_key().cloned().ok_or_else(|| Error::unauthenticated("sign in first"))?;
        let id = RecordId::new(TableName::user(), key.clone());
        let users = self.user_records([(&id.table, &id.key)].into_iter()).await?;
        let rows = self.rows_to_change(&id.table, &id.key)?;
        patch.system.check_id(&id)?;
        let decide = move |current: Current<'_>| {
            if current.record.is_some() {
                let record = visible(current, &rows, None, &id.table, &id.key)?;
                return merge::merged(record, &patch, &users, &current);
            }
            patch.system.check_owner(Some(&id.key))?;
            let fields = patch.alone(&current)?;
            users.check_fields(&id, &Default::default(), &fields)?;
            let expires = patch.ttl.flatten().map(|ttl| ttl.from(current.now));
            users.check_expiry(&id, expires)?;
            Ok(Change::Create { fields, owner: Some(id.key.clone()), expires })
        };
        let step = Step { table: TableName::user(), key, makes_table: true, past: None, decide: Box::new(decide) };
        Ok(Planned::new(self, vec![step], planned::one))
    }
}
