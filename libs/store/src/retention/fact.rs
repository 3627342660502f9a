//! What the chain says of what was pruned.

use std::collections::{HashMap, HashSet};

use ddb_core::{Error, NamespaceId, Object, RecordKey, Result, TableId, TableName, Tx, Value, attribute, canonical, sort_key};
use sqlx::{PgConnection, Row};

use super::TxSet;
use crate::connection::to_error;
use crate::{Change, Current, Step};

/// The member of a fact that holds the horizon, and that of the transactions that are dropped.
const HORIZON: &str = "horizon";
const DROPPED: &str = "dropped";

/// What a transaction says of a table: from now on the past is known from `horizon` on only, and these transactions keep their hashes alone.
#[derive(Debug, Clone)]
pub struct Pruned {
    pub(crate) horizon: Tx,
    pub(crate) dropped: TxSet,
}

impl Pruned {
    /// The value of the fact.
    pub(crate) fn to_value(&self) -> Value {
        let mut members = Object::new();
        members.insert(HORIZON.to_owned(), Value::Int(self.horizon.0));
        if !self.dropped.is_empty() {
            members.insert(DROPPED.to_owned(), Value::Bytes(self.dropped.to_bytes()));
        }
        Value::Object(members)
    }

    fn from_value(value: Value) -> Result<Self> {
        let damaged = || Error::internal("a fact about what was pruned is not one");
        let Value::Object(mut members) = value else { return Err(damaged()) };
        let Some(Value::Int(horizon)) = members.remove(HORIZON) else { return Err(damaged()) };
        let dropped = match members.remove(DROPPED) {
            None => TxSet::default(),
            Some(Value::Bytes(bytes)) => TxSet::from_bytes(&bytes)?,
            Some(_) => return Err(damaged()),
        };
        Ok(Self { horizon: Tx(horizon), dropped })
    }

    /// The write that says so.
    pub(super) fn step(self, table: TableName) -> Step {
        let decide = move |_: Current<'_>| Ok(Change::Prune(self.clone()));
        Step { table, key: of_table(), makes_table: false, past: None, decide: Box::new(decide) }
    }
}

/// The key under which the log knows a table itself: no record has it.
fn of_table() -> RecordKey {
    RecordKey::String(String::new())
}

/// All that the chain says of what was pruned in a namespace.
#[derive(Default)]
pub(crate) struct PrunedBefore {
    pub(crate) horizons: HashMap<TableId, Tx>,
    pub(crate) dropped: HashSet<i64>,
    /// Transactions whose fact about it is none.
    pub(crate) damaged: Vec<Tx>,
}

impl PrunedBefore {
    pub(crate) async fn load(connection: &mut PgConnection, namespace: NamespaceId) -> Result<Self> {
        let rows = sqlx::query(
            "
            select e.table_id, f.value, f.tx
            from ddb.data_table t
            join ddb.entity e on e.namespace = t.namespace and e.table_id = t.id and e.key = $2
            join ddb.triple f on f.namespace = e.namespace and f.entity = e.id and f.attribute = $3 and f.asserted
            where t.namespace = $1 and f.value is not null
            ",
        )
        .bind(namespace.0)
        .bind(sort_key::encode_record_key(&of_table())?)
        .bind(attribute::PRUNED.0)
        .fetch_all(connection)
        .await
        .map_err(to_error)?;
        let mut pruned = Self::default();
        for row in &rows {
            let value: &[u8] = row.try_get(1).map_err(to_error)?;
            let Ok(Pruned { horizon, dropped }) = canonical::decode(value).and_then(Pruned::from_value) else {
                pruned.damaged.push(Tx(row.try_get(2).map_err(to_error)?));
                continue;
            };
            let known = pruned.horizons.entry(TableId(row.try_get(0).map_err(to_error)?)).or_insert(horizon);
            *known = horizon.max(*known);
            pruned.dropped.extend(dropped.iter().map(|tx| tx.0));
        }
        Ok(pruned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_pruned_survives_its_value() {
        for dropped in [vec![], vec![Tx(3), Tx(900)]] {
            let pruned = Pruned { horizon: Tx(1_000), dropped: TxSet::new(dropped) };
            let read = Pruned::from_value(pruned.to_value()).expect("a fact");
            assert_eq!((read.horizon, read.dropped), (pruned.horizon, pruned.dropped));
        }
        assert!(Pruned::from_value(Value::Int(3)).is_err());
        assert!(Pruned::from_value(Value::Object(Object::new())).is_err());
    }
}
