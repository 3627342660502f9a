//! The first records of an order that no column has.

use std::collections::BTreeMap;

use ddb_core::{Error, Record, Result, Value, sort_key};
use ddb_engine::Row;
use ddb_engine::plan::{OrderTerm, Position, PositionPart};

/// Documents that are held while the rest of a table is read; the last ones are let go of first.
const MAX_BYTES: usize = 16 << 20;

/// The least records of what was pushed, so many as asked for.
pub(crate) struct Sorted<'a> {
    order: &'a [OrderTerm],
    limit: usize,
    least: BTreeMap<SortKey, (Record, usize)>,
    bytes: usize,
    /// The least of what was let go of: nothing beyond it can be of the page.
    bound: Option<SortKey>,
}

/// Compares as the order does: descending terms are inverted.
pub(crate) type SortKey = Vec<Vec<u8>>;

impl<'a> Sorted<'a> {
    pub(crate) fn new(order: &'a [OrderTerm], limit: usize) -> Self {
        Self { order, limit, least: BTreeMap::new(), bytes: 0, bound: None }
    }

    pub(crate) fn push(&mut self, record: Record, after: Option<&Position>) -> Result<()> {
        let place = position(&record, self.order)?;
        let key = self.key(&place);
        if after.is_some_and(|after| key <= self.key(after)) || self.bound.as_ref().is_some_and(|bound| key >= *bound) {
            return Ok(());
        }
        let bytes = ddb_core::doc::encode(&record.fields).len();
        self.least.insert(key, (record, bytes));
        self.bytes += bytes;
        while self.least.len() > self.limit || (self.bytes > MAX_BYTES && self.least.len() > 1) {
            if let Some((key, (_, bytes))) = self.least.pop_last() {
                self.bytes -= bytes;
                self.bound = Some(key);
            }
        }
        Ok(())
    }

    /// The records, and whether there are more.
    pub(crate) fn finish(self) -> (Vec<Record>, bool) {
        (self.least.into_values().map(|(record, _)| record).collect(), self.bound.is_some())
    }

    fn key(&self, place: &Position) -> SortKey {
        sort_key_of(place, self.order)
    }
}

/// Compares as the order does.
pub(crate) fn sort_key_of(place: &Position, order: &[OrderTerm]) -> SortKey {
    let mut key = Vec::with_capacity(place.parts.len() + 1);
    for (part, term) in place.parts.iter().zip(order) {
        key.push(directed(bytes(part), term.descending));
    }
    key.push(directed(place.key.clone(), order.last().is_some_and(|term| term.descending)));
    key
}

fn bytes(part: &PositionPart) -> Vec<u8> {
    match part {
        PositionPart::Int(int) => (int.cast_unsigned() ^ (1 << 63)).to_be_bytes().to_vec(),
        PositionPart::Key(key) => key.clone(),
    }
}

/// No sort key is the beginning of another, so inverting turns the order round.
fn directed(mut key: Vec<u8>, descending: bool) -> Vec<u8> {
    if descending {
        sort_key::invert(&mut key);
    }
    key
}

/// Where a record stands in an order.
pub(crate) fn position(record: &Record, order: &[OrderTerm]) -> Result<Position> {
    let row = Row::from(record);
    let parts = order.iter().map(|term| part(&row, &term.path)).collect::<Result<_>>()?;
    Ok(Position { parts, key: sort_key::encode_record_key(&record.id.key)? })
}

/// Whether a place holds a key that index columns have cut, so that their order says nothing of it.
pub(crate) fn is_long(place: &Position) -> bool {
    place.parts.iter().any(|part| matches!(part, PositionPart::Key(key) if sort_key::is_long(key)))
}

/// Transactions are ordered as numbers, as their column is; everything else by its sort key.
fn part(row: &Row<'_>, path: &[String]) -> Result<PositionPart> {
    let (name, rest) = path.split_first().ok_or_else(|| Error::internal("an order by an empty path"))?;
    Ok(match (name.as_str(), rest) {
        ("_tx", []) => PositionPart::Int(row.tx.0),
        ("id", []) => PositionPart::Key(sort_key::encode_record_key(&row.id.key)?),
        (name, rest) => PositionPart::Key(sort_key::encode_whole(&at(&row.get(name), rest))),
    })
}

/// What stands at a path of fields. An order does not lead over links: what is behind one is NONE.
fn at(value: &Value, path: &[String]) -> Value {
    match (value, path) {
        (value, []) => value.clone(),
        (Value::Object(object), [name, rest @ ..]) => match object.get(name) {
            Some(inner) => at(inner, rest),
            None => Value::None,
        },
        (Value::Array(items) | Value::Set(items), path) => Value::Array(items.iter().map(|item| at(item, path)).collect()),
        _ => Value::None,
    }
}
