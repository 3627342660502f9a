use ddb_core::{Error, ErrorCode, Principal, RecordId, RecordKey, Result, TableName, Tx};
use ddb_store::{Change, Current, Record, Step};

use super::create::taken;
use super::user_records::UserRecords;
use super::{Planned, Session, create, merge, visible};
use crate::op::{Action, at_op};
use crate::{Op, Patch, system_values};

impl Session {
    /// What can be told before the ops are read: 401 for the anonymous.
    pub fn check_mutate(&self) -> Result<()> {
        match self.principal {
            Principal::Anonymous => Err(Error::unauthenticated("sign in to write")),
            Principal::Account(_) | Principal::Root(_) | Principal::System => Ok(()),
        }
    }

    /// All of the ops, in their order, or none. Each sees what those before it did, and is decided by itself: as a create, a merge and so on of its own
    /// would be. The record of each op as the op left it; None for a delete.
    pub async fn mutate(&self, ops: Vec<Op>) -> Result<Planned<Vec<Option<Record>>>> {
        self.check_mutate()?;
        Op::check_all(ops.iter())?;
        let steps = self.steps(ops).await?;
        let planned = Planned::new(self, steps, |written| Ok(written.records));
        Ok(planned.refusing(|refused| match refused.step {
            Some(index) => at_op(index, "data", refused.error),
            None => refused.error,
        }))
    }

    /// A step for each op.
    pub(super) async fn steps(&self, ops: Vec<Op>) -> Result<Vec<Step>> {
        let users = self.user_records(ops.iter().filter_map(|op| Some((&op.table, op.key()?)))).await?;
        let mut steps = Vec::with_capacity(ops.len());
        for (index, op) in ops.into_iter().enumerate() {
            steps.push(self.step(op, users.clone()).map_err(|error| at_op(index, "data", error))?);
        }
        Ok(steps)
    }

    fn step(&self, Op { table, action }: Op, users: UserRecords) -> Result<Step> {
        match action {
            Action::Create(record) => {
                let owner = self.policy(&table).owner_of_new(&self.principal)?;
                create::step(&table, record, owner, &self.keys, &users)
            }
            Action::Upsert { key, patch, if_tx } => self.upsert_step(table, key, patch, if_tx, users),
            Action::Update { key, replacement, if_tx } => self.replace_step(&table, &key, replacement, if_tx, users),
            Action::Merge { key, patch, if_tx } => self.merge_step(&table, &key, patch, if_tx, users),
            Action::Delete { key, if_tx } => self.delete_step(&table, &key, if_tx, users),
        }
    }

    /// A record that the caller may not see keeps its key: 409, as for a create.
    fn upsert_step(
        &self,
        table: TableName,
        key: Option<RecordKey>,
        patch: Patch,
        if_tx: Option<Tx>,
        users: UserRecords,
    ) -> Result<Step> {
        self.check_mutate()?;
        // Who may not make a record may still change one that is there.
        let owner = self.policy(&table).owner_of_new(&self.principal);
        let rows = self.policy(&table).visible(&self.principal);
        let key = key.unwrap_or_else(|| self.keys.generate());
        let id = RecordId::new(table.clone(), key.clone());
        patch.system.check_id(&id)?;
        let decide = move |current: Current<'_>| {
            if current.record.is_some_and(|record| rows.contain(record.owner.as_ref())) {
                let record = visible(current, &rows, if_tx, &id.table, &id.key)?;
                return merge::merged(record, &patch, &users, &current);
            }
            let owner = owner.as_ref().map_err(Error::for_another)?;
            if current.record.is_some() || users.is_of_another(&id) {
                return Err(taken(&id));
            }
            if let Some(expected) = if_tx {
                let message = format!("there is no record {}, so its last change is not transaction {expected}", id.plain());
                return Err(Error::new(ErrorCode::VersionMismatch, message));
            }
            patch.system.check_owner(owner.as_ref())?;
            if patch.system.keeps_expiry && patch.ttl.is_none() {
                return Err(system_values::no_expiry_yet());
            }
            let fields = patch.alone(&current)?;
            let expires = patch.ttl.flatten().map(|ttl| ttl.from(current.now));
            users.check_expiry(&id, expires)?;
            Ok(Change::Create { fields, owner: owner.clone(), expires })
        };
        Ok(Step { table, key, makes_table: true, past: None, decide: Box::new(decide) })
    }
}

impl Op {
    /// The key of the record that the op is about, where the caller chose it.
    fn key(&self) -> Option<&RecordKey> {
        match &self.action {
            Action::Create(record) => record.key.as_ref(),
            Action::Upsert { key, .. } => key.as_ref(),
            Action::Update { key, .. } | Action::Merge { key, .. } | Action::Delete { key, .. } => Some(key),
        }
    }
}
