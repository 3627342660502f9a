use std::collections::HashSet;
use std::sync::Arc;

use ddb_core::{Error, ErrorCode, Object, Principal, RecordId, RecordKey, Result, TableName, Tx};
use ddb_store::{Change, Current, Record, Step};

use super::create::taken;
use super::{Planned, Session, create, merge, visible};
use crate::op::{Action, at_op};
use crate::{Op, Patch};

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
        let made = ops.iter().filter_map(|op| Some((&op.table, op.made_key()?)));
        let of_others = Arc::new(self.profiles_of_others(made).await?);
        let mut steps = Vec::with_capacity(ops.len());
        for (index, op) in ops.into_iter().enumerate() {
            steps.push(self.step(op, &of_others).map_err(|error| at_op(index, "data", error))?);
        }
        Ok(steps)
    }

    fn step(&self, Op { table, action }: Op, of_others: &Arc<HashSet<RecordKey>>) -> Result<Step> {
        match action {
            Action::Create(record) => {
                if let Some(key) = record.key.as_ref().filter(|key| is_of_others(&table, key, of_others)) {
                    return Err(taken(&RecordId::new(table.clone(), key.clone())));
                }
                Ok(create::step(&table, record, self.policy(&table).owner_of_new(&self.principal)?, &self.keys))
            }
            Action::Upsert { key, patch, if_tx } => self.upsert_step(table, key, patch, if_tx, of_others.clone()),
            Action::Update { key, record, if_tx } => self.replace_step(&table, &key, record, if_tx),
            Action::Merge { key, patch, if_tx } => self.merge_step(&table, &key, patch, if_tx),
            Action::Delete { key, if_tx } => self.delete_step(&table, &key, if_tx),
        }
    }

    /// A record that the caller may not see keeps its key: 409, as for a create.
    fn upsert_step(
        &self,
        table: TableName,
        key: Option<RecordKey>,
        patch: Patch,
        if_tx: Option<Tx>,
        of_others: Arc<HashSet<RecordKey>>,
    ) -> Result<Step> {
        let owner = self.policy(&table).owner_of_new(&self.principal)?;
        let rows = self.policy(&table).visible(&self.principal);
        let key = key.unwrap_or_else(|| self.keys.generate());
        let id = RecordId::new(table.clone(), key.clone());
        let decide = move |current: Current<'_>| match current.record {
            Some(record) if !rows.contain(record.owner.as_ref()) => Err(taken(&id)),
            Some(_) => {
                let record = visible(current, &rows, if_tx, &id.table, &id.key)?;
                merge::merged(record, &patch, current.now)
            }
            None if is_of_others(&id.table, &id.key, &of_others) => Err(taken(&id)),
            None => {
                if let Some(expected) = if_tx {
                    let message = format!("there is no record {}, so its last change is not transaction {expected}", id.plain());
                    return Err(Error::new(ErrorCode::VersionMismatch, message));
                }
                let mut fields = Object::new();
                patch.apply(&mut fields)?;
                let expires = patch.ttl.flatten().map(|ttl| ttl.from(current.now));
                Ok(Change::Create { fields, owner: owner.clone(), expires })
            }
        };
        Ok(Step { table, key, makes_table: true, past: None, decide: Box::new(decide) })
    }
}

impl Op {
    /// The key of the record that the op may make, where the caller chose it.
    fn made_key(&self) -> Option<&RecordKey> {
        match &self.action {
            Action::Create(record) => record.key.as_ref(),
            Action::Upsert { key, .. } => key.as_ref(),
            Action::Update { .. } | Action::Merge { .. } | Action::Delete { .. } => None,
        }
    }
}

fn is_of_others(table: &TableName, key: &RecordKey, of_others: &HashSet<RecordKey>) -> bool {
    !of_others.is_empty() && *table == TableName::user() && of_others.contains(key)
}
