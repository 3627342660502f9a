//! The records that a group touches, as they stand after the writes evaluated so far.

use std::collections::HashMap;
use std::sync::Arc;

use ddb_core::chain::Hash;
use ddb_core::{EntityId, RecordId, Result, TableId, sort_key};

use crate::projection::RawRecord;
use crate::{PastRecord, Record};

/// An entity's id and what stands for it in leaves.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entity {
    pub(super) id: EntityId,
    pub(super) commitment: Hash,
}

/// A record that the group touches.
#[derive(Clone)]
pub(super) struct Slot {
    pub(super) table: TableId,
    pub(super) id: RecordId,
    pub(super) sort_key: Vec<u8>,
    pub(super) entity: Option<Entity>,
    /// Whether the projection has a row for it.
    pub(super) has_row: bool,
    /// As it stands after the writes evaluated so far; may be expired.
    pub(super) record: Option<Record>,
    /// The record's fields as they are to be stored; None while nothing has changed.
    pub(super) doc: Option<String>,
    /// Bytes of the record's document; 0 where there is no record.
    pub(super) size: usize,
    pub(super) changed: bool,
    /// The record as it was at the point that a step named.
    pub(super) past: Option<Arc<PastRecord>>,
}

/// The records that a group touches, each once.
#[derive(Clone, Default)]
pub(super) struct Slots {
    pub(super) all: Vec<Slot>,
    by_key: HashMap<(TableId, Vec<u8>), usize>,
}

impl Slots {
    pub(super) fn add(&mut self, table: TableId, id: RecordId) -> Result<usize> {
        let sort_key = sort_key::encode_record_key(&id.key)?;
        let next = self.all.len();
        let index = *self.by_key.entry((table, sort_key.clone())).or_insert(next);
        if index == next {
            self.all.push(Slot {
                table,
                id,
                sort_key,
                entity: None,
                has_row: false,
                record: None,
                doc: None,
                size: 0,
                changed: false,
                past: None,
            });
        }
        Ok(index)
    }

    pub(super) fn find(&mut self, table: TableId, sort_key: Vec<u8>) -> Option<&mut Slot> {
        let index = *self.by_key.get(&(table, sort_key))?;
        self.all.get_mut(index)
    }

    /// Stands for the n-th of the tables that do not exist and that the group would make.
    pub(super) fn yet_to_be_made(position: usize) -> TableId {
        TableId(-1 - i32::try_from(position).unwrap_or(i32::MAX - 1))
    }

    /// Whether the number stands for a table that does not exist and is made once a write that needs it is known to succeed.
    pub(super) fn is_yet_to_be_made(table: TableId) -> bool {
        table.0 < 0
    }

    /// The tables that are touched, each once, in order.
    pub(super) fn tables(&self) -> Vec<TableId> {
        let mut tables: Vec<TableId> = self.all.iter().map(|slot| slot.table).collect();
        tables.sort_unstable();
        tables.dedup();
        tables
    }
}

impl Slot {
    pub(super) fn fill(&mut self, entity: Entity, raw: Option<RawRecord>) -> Result<()> {
        self.entity = Some(entity);
        self.has_row = raw.is_some();
        self.size = raw.as_ref().map_or(0, RawRecord::size);
        self.record = raw.map(|raw| raw.decode(&self.id.table)).transpose()?;
        Ok(())
    }
}
