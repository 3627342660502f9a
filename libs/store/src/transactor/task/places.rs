//! What the steps of a group are about: records, their authors, their past.

use std::collections::HashSet;
use std::sync::Arc;

use ddb_core::{Result, TableName, sort_key};

use super::Task;
use crate::catalogue::{self, Table};
use crate::transactor::additions::Tables;
use crate::transactor::commit;
use crate::transactor::failure::Failure;
use crate::transactor::queue::Pending;
use crate::transactor::round_trip::watched;
use crate::transactor::slots::{Entity, Slots};
use crate::{dictionary, past, projection};

/// Actors whose entity is remembered.
const MAX_ACTORS: usize = 10_000;

/// Where the steps of a group find their records.
#[derive(Default)]
pub(super) struct Places {
    pub(super) slots: Slots,
    /// For each write the slots of its steps; None where the table does not exist.
    pub(super) of_writes: Vec<Vec<Option<usize>>>,
    /// Tables that do not exist and that a step would make; the slots know them by [`Slots::yet_to_be_made`].
    pub(super) to_be_made: Vec<TableName>,
    pub(super) tables: Tables,
}

impl Task {
    /// The slots of a group and, for each write, those of its steps.
    pub(super) async fn places(&mut self, group: &[Pending]) -> Result<Places, Failure> {
        let namespace = self.namespace.id;
        let steps = || group.iter().flat_map(|pending| &pending.write.steps);
        let is_known = |table: &TableName| self.catalogue.known(namespace, table).is_some();
        let unknown: HashSet<&TableName> = steps().map(|step| &step.table).filter(|table| !is_known(table)).collect();
        if !unknown.is_empty() {
            let options = self.options.clone();
            let names = unknown.iter().map(|table| table.as_str().to_owned()).collect();
            let connection = self.connection().await?;
            let finding = catalogue::find_tables(&mut *connection, namespace, Some(names));
            for (name, table) in watched(&options, finding).await?.map_err(Failure::from_error)? {
                self.catalogue.remember(namespace, name, table);
            }
        }
        let mut places = Places::default();
        for pending in group {
            for step in pending.write.steps.iter().filter(|step| step.makes_table) {
                if self.catalogue.known(namespace, &step.table).is_none() && !places.to_be_made.contains(&step.table) {
                    places.to_be_made.push(step.table.clone());
                }
            }
        }
        for pending in group {
            let mut of_write = Vec::with_capacity(pending.write.steps.len());
            for step in &pending.write.steps {
                let made = || places.to_be_made.iter().position(|table| *table == step.table).map(Slots::yet_to_be_made);
                let known = self.catalogue.known(namespace, &step.table);
                if let Some(Table { id, made_by }) = &known {
                    places.tables.made_by.entry(*id).or_insert_with(|| made_by.clone());
                }
                let table = known.map(|known| known.id).or_else(made);
                let id = ddb_core::RecordId { table: step.table.clone(), key: step.key.clone() };
                let place = table.map(|table| places.slots.add(table, id)).transpose().map_err(Failure::Refused)?;
                of_write.push(place);
            }
            places.of_writes.push(of_write);
        }
        Ok(places)
    }

    pub(super) async fn find_actors(&mut self, group: &[Pending]) -> Result<()> {
        let mut unknown = HashSet::new();
        for key in group.iter().filter_map(|pending| pending.write.actor.as_ref()) {
            let key = sort_key::encode_record_key(key)?;
            if !self.actors.contains_key(&key) {
                unknown.insert(key);
            }
        }
        if unknown.is_empty() {
            return Ok(());
        }
        if self.actors.len() + unknown.len() > MAX_ACTORS {
            self.actors.clear();
            for key in group.iter().filter_map(|pending| pending.write.actor.as_ref()) {
                unknown.insert(sort_key::encode_record_key(key)?);
            }
        }
        let connection = self.connection.as_mut().expect("connected by begin");
        for (key, id, salt) in commit::find_actors(connection, self.namespace.id, unknown.into_iter().collect()).await? {
            let record = ddb_core::RecordId { table: TableName::user(), key: projection::decode_key(&key)? };
            let commitment = dictionary::entity_commitment(&dictionary::salt(&salt)?, &record);
            self.actors.insert(key, Entity { id, commitment });
        }
        Ok(())
    }

    /// What steps want to know of the past of their records.
    pub(super) async fn find_past(&mut self, group: &[Pending], places: &[Vec<Option<usize>>], slots: &mut Slots) -> Result<()> {
        let connection = self.connection.as_mut().expect("connected by begin");
        let steps = group.iter().flat_map(|pending| &pending.write.steps).zip(places.iter().flatten());
        for (step, place) in steps {
            let (Some(past), Some(place)) = (step.past, place) else { continue };
            let slot = &mut slots.all[*place];
            let Some(entity) = slot.entity else { continue };
            let past = past::past(connection, self.namespace.id, (slot.table, &slot.id, entity.id.0), past).await?;
            slot.past = past.map(Arc::new);
        }
        Ok(())
    }
}
