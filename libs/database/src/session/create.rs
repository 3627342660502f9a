use std::collections::HashSet;

use ddb_core::{Error, RecordId, RecordKey, Result, TableName};
use ddb_store::{Change, Current, Record, Step};
use ddb_turns::{MANY, aside_if};

use super::user_records::UserRecords;
use super::{Keys, Planned, Session, planned};
use crate::{NewRecord, system_values};

/// Records of one transaction.
pub(super) const MAX_RECORDS: usize = 10_000;

impl Session {
    /// What can be told before the records are read: 401 for the anonymous.
    pub fn check_create(&self, table: &TableName) -> Result<()> {
        self.policy(table).owner_of_new(&self.principal).map(|_| ())
    }

    /// Creates all or none. 401 for the anonymous, 409 where a key is taken, visible to the caller or not.
    pub async fn create(&self, table: &TableName, records: Vec<NewRecord>) -> Result<Planned<Vec<Record>>> {
        let owner = self.policy(table).owner_of_new(&self.principal)?;
        if records.len() > MAX_RECORDS {
            return Err(Error::new(
                ddb_core::ErrorCode::ValidationFailed,
                format!("a request creates {MAX_RECORDS} records at most"),
            ));
        }
        let steps = self.create_steps(table, records, owner).await?;
        Ok(Planned::new(self, steps, |written| Ok(written.records.into_iter().flatten().collect())))
    }

    /// The same of one record.
    pub async fn create_one(&self, table: &TableName, record: NewRecord) -> Result<Planned<Record>> {
        let owner = self.policy(table).owner_of_new(&self.principal)?;
        Ok(Planned::new(self, self.create_steps(table, vec![record], owner).await?, planned::one))
    }

    async fn create_steps(&self, table: &TableName, records: Vec<NewRecord>, owner: Option<RecordKey>) -> Result<Vec<Step>> {
        check(table, &records)?;
        let users = self.user_records(records.iter().filter_map(|record| Some((table, record.key.as_ref()?)))).await?;
        let mut steps = Vec::with_capacity(records.len());
        for record in records {
            steps.push(step(table, record, owner.clone(), &self.keys, &users)?);
        }
        Ok(steps)
    }
}

/// What can be told without the database is told before a table comes into being for records that cannot be made.
fn check(table: &TableName, records: &[NewRecord]) -> Result<()> {
    let mut keys = HashSet::new();
    for key in records.iter().filter_map(|record| record.key.as_ref()) {
        if !keys.insert(key) {
            return Err(taken(&RecordId::new(table.clone(), key.clone())));
        }
    }
    aside_if(records.len() > MANY, || ddb_store::check_new(records.iter().map(|record| &record.fields)))
}

pub(super) fn taken(id: &RecordId) -> Error {
    Error::conflict(format!("the key of {} is taken", id.plain()))
}

pub(super) fn step(
    table: &TableName,
    record: NewRecord,
    owner: Option<RecordKey>,
    keys: &Keys,
    users: &UserRecords,
) -> Result<Step> {
    let NewRecord { key, fields, ttl, system } = record;
    system.check_owner(owner.as_ref())?;
    let key = key.unwrap_or_else(|| keys.generate());
    let id = RecordId::new(table.clone(), key.clone());
    if users.is_of_another(&id) {
        return Err(taken(&id));
    }
    let users = users.clone();
    let decide = move |current: Current<'_>| match current.record {
        Some(record) => Err(taken(&record.id)),
        None => {
            let mut fields = fields.clone();
            system_values::keep_own_alone(&mut fields, &current);
            let expires = ttl.map(|ttl| ttl.from(current.now));
            users.check_expiry(&id, expires)?;
            Ok(Change::Create { fields, owner: owner.clone(), expires })
        }
    };
    Ok(Step { table: table.clone(), key, makes_table: true, past: None, decide: Box::new(decide) })
}
