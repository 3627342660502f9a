//! Orders, and places in them.

use ddb_core::{Error, Result, sort_key};

use super::{Bind, Column, Places, Shape};

/// What rows are ordered by; the record's key follows in the direction of the last term.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderTerm {
    /// The names of a path of fields; the first is a name of the row.
    pub path: Vec<String>,
    pub descending: bool,
}

/// `-a.b`, as lists and queries are asked.
impl std::fmt::Display for OrderTerm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{}", if self.descending { "-" } else { "" }, self.path.join("."))
    }
}

/// A place in an order: what the row there is ordered by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// Of each term.
    pub parts: Vec<PositionPart>,
    /// The sort key of the record's key.
    pub key: Vec<u8>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum PositionPart {
    /// Of a transaction.
    Int(i64),
    /// A sort key.
    Key(Vec<u8>),
}

/// The columns of an order and, last, the key; None where a term has no column.
pub(super) fn columns(order: &[OrderTerm], shape: &Shape) -> Option<Vec<(Column, bool)>> {
    let mut columns = Vec::with_capacity(order.len() + 1);
    for term in order {
        // The owner of the system's records is null, which SQL sorts in a place of its own.
        let column = shape.column(&term.path).filter(|column| *column != Column::Owner)?;
        columns.push((column, term.descending));
    }
    columns.push((Column::Key, order.last().is_some_and(|term| term.descending)));
    Some(columns)
}

pub(super) fn sql(columns: &[(Column, bool)]) -> String {
    let terms: Vec<String> = columns
        .iter()
        .map(|(column, descending)| format!("{}{}", column.sql(), if *descending { " desc" } else { "" }))
        .collect();
    terms.join(", ")
}

/// That a row comes after a place. One comparison of rows where all terms have one direction, which an index can begin at.
pub(super) fn after(columns: &[(Column, bool)], after: &Position, places: &mut Places) -> Result<String> {
    if after.parts.len() + 1 != columns.len() {
        return Err(Error::internal("a place has other terms than the order"));
    }
    let mut values = Vec::with_capacity(columns.len());
    for (part, (column, _)) in after.parts.iter().zip(columns) {
        values.push(match (part, column) {
            (PositionPart::Int(int), _) => places.bind(Bind::Int(*int)),
            (PositionPart::Key(key), Column::Created | Column::Updated) => places.bind(Bind::Int(micros(key))),
            (PositionPart::Key(key), _) => places.bind(Bind::Bytes(key.clone())),
        });
    }
    values.push(places.bind(Bind::Bytes(after.key.clone())));
    let sides: Vec<(&str, &str, &str)> = columns
        .iter()
        .zip(&values)
        .map(|((column, descending), value)| (column.sql(), value.as_str(), if *descending { "<" } else { ">" }))
        .collect();
    if sides.windows(2).all(|pair| pair[0].2 == pair[1].2) {
        let (names, values): (Vec<&str>, Vec<&str>) = sides.iter().map(|(name, value, _)| (*name, *value)).unzip();
        return Ok(format!("({}) {} ({})", names.join(", "), sides[0].2, values.join(", ")));
    }
    // a beyond, or a the same and b beyond, …; the first term bounds the range that is read.
    let (last, others) = sides.split_last().expect("an order ends with the key");
    let innermost = format!("{} {} {}", last.0, last.2, last.1);
    let beyond = others.iter().rev().fold(innermost, |inner, (name, value, direction)| {
        format!("{name} {direction} {value} or ({name} = {value} and ({inner}))")
    });
    let (name, value, direction) = sides[0];
    Ok(format!("{name} {direction}= {value} and ({beyond})"))
}

/// The time of a sort key as the system's columns have it. A key of another value comes from a record's own field: the plan is out of date then, and its scan
/// is refused.
fn micros(key: &[u8]) -> i64 {
    sort_key::decode_datetime(key).and_then(ddb_core::Datetime::to_timestamp).map_or(i64::MAX, |time| time.0)
}
