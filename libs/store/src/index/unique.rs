//! Who holds which values of the unique indexes, as a group of writes goes on under the lock.
//!
//! The writes are evaluated in memory; values that nobody has asked PostgreSQL about yet count as free and are noted. If there
//! are any, PostgreSQL is asked about all of them in one statement per index, and the group is evaluated anew with what it said.

use std::collections::{HashMap, HashSet};

use ddb_core::{NamespaceId, Result, TableId, Value, sort_key};
use sqlx::{AssertSqlSafe, PgConnection, Row};

use super::{Index, IndexSource, Indexed, Indexes, TableIndexes};
use crate::connection::to_error;
use crate::{Record, projection};

/// The values of one record in one unique index, each as sort key.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Tuple {
    index: i32,
    keys: Vec<Vec<u8>>,
}

/// A record by the sort key of its key.
pub(crate) type Holder = (TableId, Vec<u8>);

/// What is known of the tuples that a group is about.
#[derive(Debug, Clone, Default)]
pub(crate) struct Claims {
    holders: HashMap<Tuple, Option<Holder>>,
    unknown: HashSet<Tuple>,
    /// Who has let go of a tuple in this group.
    former: HashMap<Tuple, Vec<Holder>>,
    /// Those of them whose tuple another record has taken since.
    replaced: HashSet<Holder>,
}

/// What one write changes in who holds what, until it is known to succeed.
#[derive(Default)]
pub(crate) struct Claiming {
    released: Vec<(Tuple, Holder)>,
    claimed: Vec<(Tuple, Holder)>,
}

/// A tuple of an index is another record's.
pub(crate) struct Taken {
    pub(crate) index: i32,
    /// Who wants it.
    pub(crate) claimant: Holder,
}

/// A record that has expired and holds a tuple which is claimed.
#[derive(Debug)]
pub(crate) struct Expired {
    pub(crate) table: TableId,
    pub(crate) key: Vec<u8>,
}

impl Claiming {
    /// Notes that a record of the table changes from `before` to `after`.
    pub(crate) fn change(
        &mut self,
        indexes: &TableIndexes,
        table: TableId,
        key: &[u8],
        before: Option<&Record>,
        after: Option<&Record>,
    ) -> Result<()> {
        for index in indexes.indexes.iter().filter(|index| index.is_enforced) {
            let (old, new) = (before.map(|record| index.tuple(record)), after.map(|record| index.tuple(record)));
            let (old, new) = (old.transpose()?.flatten(), new.transpose()?.flatten());
            if old == new {
                continue;
            }
            self.released.extend(old.map(|old| (old, (table, key.to_vec()))));
            self.claimed.extend(new.map(|new| (new, (table, key.to_vec()))));
        }
        Ok(())
    }
}

impl Claims {
    /// Lets a write have what it claims, or nothing has changed.
    pub(crate) fn settle(&mut self, claiming: Claiming) -> Result<(), Taken> {
        let Claiming { released, claimed } = claiming;
        let free: HashSet<&Tuple> = released.iter().map(|(tuple, _)| tuple).collect();
        let mut of_write: HashMap<&Tuple, &Holder> = HashMap::new();
        for (tuple, holder) in &claimed {
            let taken = || Taken { index: tuple.index, claimant: holder.clone() };
            if of_write.insert(tuple, holder).is_some_and(|other| other != holder) {
                return Err(taken());
            }
            let held = match self.holders.get(tuple) {
                None => {
                    self.unknown.insert(tuple.clone());
                    false
                }
                Some(None) => false,
                Some(Some(known)) => known != holder && !free.contains(tuple),
            };
            if held {
                return Err(taken());
            }
        }
        for (tuple, holder) in released {
            self.holders.insert(tuple.clone(), None);
            self.former.entry(tuple).or_default().push(holder);
        }
        for (tuple, holder) in &claimed {
            let former = self.former.get(tuple).into_iter().flatten();
            self.replaced.extend(former.filter(|former| *former != holder).cloned());
        }
        self.holders.extend(claimed.into_iter().map(|(tuple, holder)| (tuple, Some(holder))));
        Ok(())
    }

    /// The records whose rows let go of their values before the rows of the group are written: PostgreSQL looks at each row by itself, in an order
    /// of its own.
    pub(crate) fn take_replaced(&mut self) -> HashSet<Holder> {
        std::mem::take(&mut self.replaced)
    }

    /// The tuples that PostgreSQL has to be asked about before the evaluation counts.
    pub(crate) fn take_unknown(&mut self) -> Vec<Tuple> {
        self.unknown.drain().collect()
    }
}

/// What PostgreSQL knew before the group.
#[derive(Debug, Clone, Default)]
pub(crate) struct Probed(HashMap<Tuple, Option<Holder>>);

impl Probed {
    pub(crate) fn claims(&self) -> Claims {
        Claims { holders: self.0.clone(), ..Claims::default() }
    }

    /// Asks about the tuples; gives the expired records among their holders.
    pub(crate) async fn ask(
        &mut self,
        connection: &mut PgConnection,
        namespace: NamespaceId,
        indexes: &Indexes,
        tuples: Vec<Tuple>,
        now: i64,
    ) -> Result<Vec<Expired>> {
        let mut by_index: HashMap<i32, Vec<Tuple>> = HashMap::new();
        for tuple in tuples {
            by_index.entry(tuple.index).or_default().push(tuple);
        }
        let mut expired = Vec::new();
        for (index, tuples) in by_index {
            let Some(index) = indexes.get(index) else { continue };
            let rows = holders(connection, namespace, index, &tuples).await?;
            self.0.extend(tuples.iter().map(|tuple| (tuple.clone(), None)));
            for (position, key, expires) in rows {
                if expires.is_some_and(|expires| expires <= now) {
                    expired.push(Expired { table: index.table, key });
                } else {
                    self.0.insert(tuples[position].clone(), Some((index.table, key)));
                }
            }
        }
        Ok(expired)
    }
}

/// The rows that hold the tuples: the tuple's position, the row's key and expiry.
async fn holders(
    connection: &mut PgConnection,
    namespace: NamespaceId,
    index: &Index,
    tuples: &[Tuple],
) -> Result<Vec<(usize, Vec<u8>, Option<i64>)>> {
    let relation = projection::relation(namespace, index.table);
    let width = index.parts.len();
    let columns: Vec<String> = (0..width).map(|part| format!("k{part}")).collect();
    let arrays: Vec<String> = (0..width).map(|part| format!("${}::bytea[]", part + 2)).collect();
    let equal: Vec<String> =
        index.parts.iter().zip(&columns).map(|(part, column)| format!("p.{} = u.{column}", part.source.column())).collect();
    let statement = format!(
        "select u.position, p.key, p.expires
         from unnest($1::int[], {}) as u (position, {})
         join {relation} p on {}",
        arrays.join(", "),
        columns.join(", "),
        equal.join(" and ")
    );
    let positions: Vec<i32> = (0..tuples.len() as i32).collect();
    let mut query = sqlx::query(AssertSqlSafe(statement)).bind(positions);
    for part in 0..width {
        query = query.bind(tuples.iter().map(|tuple| tuple.keys[part].clone()).collect::<Vec<_>>());
    }
    let rows = query.fetch_all(connection).await.map_err(to_error)?;
    rows.iter()
        .map(|row| Ok((row.try_get::<i32, _>(0)? as usize, row.try_get(1)?, row.try_get(2)?)))
        .collect::<Result<_, sqlx::Error>>()
        .map_err(to_error)
}

impl Index {
    /// The record's tuple; None where one of its values is NONE or null, which collides with nothing.
    fn tuple(&self, record: &Record) -> Result<Option<Tuple>> {
        let mut keys = Vec::with_capacity(self.parts.len());
        for part in &self.parts {
            match &part.source {
                IndexSource::Path { path, .. } => match Indexed::of(record).get(path).as_deref() {
                    // With a link or an array in the way, the record is in no index that is ready.
                    Err(_) | Ok(Value::None | Value::Null) => return Ok(None),
                    Ok(value) => keys.push(sort_key::encode(value)),
                },
                IndexSource::Owner => match &record.owner {
                    None => return Ok(None),
                    Some(owner) => keys.push(sort_key::encode_record_key(owner)?),
                },
                IndexSource::Created | IndexSource::Updated => return Ok(None),
            }
        }
        Ok(Some(Tuple { index: self.id, keys }))
    }
}
