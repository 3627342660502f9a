use ddb_core::{Error, RecordId, RecordKey, Result, TableName, Tx};
use ddb_store::{Change, Current, Past, Record, Step};

use super::{Planned, Session, absent, planned, visible};

impl Session {
    /// Makes the fields and the expiry of a record what they were at the end of transaction `tx`, by a write like any other; an expiry that has passed is
    /// not restored. 404 where the record is absent or not the caller's, now or then; 400 where `tx` is still to come; 412 where the record's last change
    /// is not `if_match`; 409 where it belonged to another owner then, because a write does not change the owner, and where an account's record had an expiry then; 410 where something of it was removed.
    pub async fn restore(&self, table: &TableName, key: &RecordKey, tx: Tx, if_match: Option<Tx>) -> Result<Planned<Record>> {
        let rows = self.rows_to_change(table, key)?;
        let head = self.database.store().head(self.namespace).await?;
        if tx > head {
            return Err(Error::bad_request(format!("there is no transaction {tx} yet; the newest is {head}")));
        }
        let users = self.user_records([(table, key)].into_iter()).await?;
        let id = RecordId::new(table.clone(), key.clone());
        let decide = move |current: Current<'_>| {
            let record = visible(current, &rows, if_match, &id.table, &id.key)?;
            let past = current.past.filter(|past| rows.contain(past.owner.as_ref()));
            let past = past.ok_or_else(|| absent(&id.table, &id.key))?;
            if past.owner != record.owner {
                return Err(Error::conflict(format!("the record belonged to another owner at transaction {tx}")));
            }
            let Record { fields, expires, .. } = past.record()?;
            let mut fields = fields.clone();
            users.keep_fields(&id, &record.fields, &mut fields);
            let expires = expires.filter(|expires| *expires > current.now);
            users.check_expiry(&id, expires)?;
            Ok(Change::Update { fields, expires })
        };
        let (table, key) = (table.clone(), key.clone());
        let step = Step { table, key, makes_table: false, past: Some(Past::At(tx)), decide: Box::new(decide) };
        Ok(Planned::new(self, vec![step], planned::one))
    }
}
