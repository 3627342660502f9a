use ddb_core::{Error, Object, Principal, RecordKey, Result, TableName};
use ddb_store::system::{NewAccount, NewSession};
use ddb_store::{Allowance, Change, Current, NewFields, NewRecords, NewTables, Record, Step, SystemRow, Write};

use super::{Answer, Session};

impl Session {
    /// Makes the account, its record `user:<account.id>` owned by itself and, where given, its first session, in one
    /// transaction. Only for the system: 409 where the address is taken.
    pub async fn sign_up(&self, account: NewAccount, profile: Object, session: Option<NewSession>) -> Result<Answer<Record>> {
        if !matches!(self.principal, Principal::System) {
            return Err(Error::internal("sign-up is the system's"));
        }
        let key = RecordKey::String(account.id.clone());
        let owner = key.clone();
        let decide = move |current: Current<'_>| match current.record {
            Some(_) => Err(Error::conflict("the key of the user's record is taken")),
            None => Ok(Change::Create { fields: profile.clone(), owner: Some(owner.clone()), expires: None }),
        };
        let mut system = vec![SystemRow::Account(account)];
        system.extend(session.map(SystemRow::Session));
        let write = Write {
            namespace: self.namespace,
            actor: None,
            request: self.request.clone(),
            // Anybody can sign up with any fields.
            allowance: Allowance { tables: NewTables::Any, fields: NewFields::Share, records: NewRecords::OfOwner },
            steps: vec![Step { table: TableName::user(), key, makes_table: true, past: None, decide: Box::new(decide) }],
            system,
        };
        let written = self.database.store().write(write).await?;
        let record = written.records.into_iter().next().flatten();
        Ok(Answer { data: record.ok_or_else(|| Error::internal("the sign-up gave no record"))?, tx: written.tx })
    }
}
