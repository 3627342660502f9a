use ddb_core::{Error, Object, RecordId, RecordKey, Result, TableName};
use ddb_store::{Change, Current, Past, Record, Step};

use super::{Planned, Session, absent, planned};

impl Session {
    /// Makes a deleted or expired record anew, as it was last and for whom it belonged to; an expiry that has passed is not restored. 409 where it exists,
    /// 404 where it never did or its last state was not the caller's, 410 where something of it was removed.
    pub async fn undelete(&self, table: &TableName, key: &RecordKey) -> Result<Planned<Record>> {
        let rows = self.rows_to_change(table, key)?;
        let users = self.user_records([(table, key)].into_iter()).await?;
        let of = RecordId::new(table.clone(), key.clone());
        let decide = move |current: Current<'_>| {
            let last = match (current.record, current.expired, current.past) {
                (Some(record), _, _) if rows.contain(record.owner.as_ref()) => {
                    return Err(Error::conflict(format!("the record {} exists", of.plain())));
                }
                (Some(_), _, _) => None,
                (None, Some(expired), _) => Some(expired).filter(|record| rows.contain(record.owner.as_ref())),
                (None, None, Some(past)) if rows.contain(past.owner.as_ref()) => Some(past.record()?),
                (None, None, _) => None,
            };
            let Record { fields, owner, expires, .. } = last.ok_or_else(|| absent(&of.table, &of.key))?;
            // The record of an account has no expiry, also where it had one when it went.
            let expires = expires.filter(|expires| *expires > current.now && users.check_expiry(&of, Some(*expires)).is_ok());
            // What the profile said of rights when it went counts no more.
            let mut fields = fields.clone();
            users.keep_fields(&of, &Object::new(), &mut fields);
            Ok(Change::Create { fields, owner: owner.clone(), expires })
        };
        let (table, key) = (table.clone(), key.clone());
        let step = Step { table, key, makes_table: false, past: Some(Past::BeforeDeletion), decide: Box::new(decide) };
        Ok(Planned::new(self, vec![step], planned::one))
    }
}
