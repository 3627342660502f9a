//! What a group adds to the relations.

use crate::SystemRow;
use crate::index::{CREATED, UPDATED};
use crate::kept::{Kept, KeptKey};

/// The rows that a group adds, by column as `unnest` takes them.
#[derive(Default)]
pub(super) struct Rows {
    pub(super) tx: TxRows,
    pub(super) entity: EntityRows,
    pub(super) attribute: AttributeRows,
    pub(super) triple: TripleRows,
    pub(super) erased: ErasedRows,
    pub(super) pruned: PrunedRows,
    pub(super) system: Vec<SystemRow>,
    pub(super) kept: Vec<(KeptKey, Kept)>,
}

#[derive(Default)]
pub(super) struct TxRows {
    pub(super) tx: Vec<i64>,
    pub(super) actor: Vec<Option<i64>>,
    pub(super) request: Vec<Option<String>>,
    pub(super) fact_count: Vec<i32>,
    pub(super) hash: Vec<Vec<u8>>,
}

#[derive(Default)]
pub(super) struct EntityRows {
    pub(super) id: Vec<i64>,
    pub(super) table: Vec<i32>,
    pub(super) key: Vec<Vec<u8>>,
    pub(super) salt: Vec<Vec<u8>>,
}

/// The records that a write erases.
#[derive(Default)]
pub(super) struct ErasedRows {
    pub(super) entity: Vec<i64>,
    /// What stands for the name from now on.
    pub(super) name: Vec<Vec<u8>>,
    pub(super) reason: Vec<String>,
    pub(super) tx: Vec<i64>,
    /// The sort key of the account's key, where the record is an account's.
    pub(super) owner: Vec<Option<Vec<u8>>>,
}

/// The tables of which the log says from where on their past is known.
#[derive(Default)]
pub(super) struct PrunedRows {
    pub(super) table: Vec<i32>,
    pub(super) horizon: Vec<i64>,
}

#[derive(Default)]
pub(super) struct AttributeRows {
    pub(super) id: Vec<i32>,
    pub(super) table: Vec<i32>,
    pub(super) name: Vec<String>,
    pub(super) salt: Vec<Vec<u8>>,
    pub(super) named_by: Vec<Option<i64>>,
}

impl AttributeRows {
    /// The tables that get their first field of the name of one of the system's times, and how definitions of indexes call that time.
    pub(super) fn own_times(&self) -> Vec<(i32, String)> {
        let names = self.table.iter().zip(&self.name);
        names
            .filter(|(_, name)| matches!(name.as_str(), CREATED | UPDATED))
            .map(|(table, name)| (*table, format!("${name}")))
            .collect()
    }
}

#[derive(Default)]
pub(super) struct TripleRows {
    pub(super) tx: Vec<i64>,
    pub(super) table: Vec<i32>,
    pub(super) entity: Vec<i64>,
    pub(super) attribute: Vec<i32>,
    pub(super) position: Vec<i32>,
    pub(super) value: Vec<Option<Vec<u8>>>,
    pub(super) salt: Vec<Option<Vec<u8>>>,
}
