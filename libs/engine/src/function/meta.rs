//! What the system knows of a record.
use ddb_core::{RecordId, Value};

use super::{Arguments, Function, Outcome, function};
use crate::problem::Failure;
use crate::row::{Row, time};

pub(super) const FUNCTIONS: &[Function] = &[
    function("meta::id", 1, 1, key),
    function("meta::table", 1, 1, table),
    function("meta::tb", 1, 1, table),
    function("meta::owner", 1, 1, owner),
    function("meta::created", 1, 1, created),
    function("meta::updated", 1, 1, updated),
    function("meta::tx", 1, 1, tx),
    function("record::id", 1, 1, key),
    function("record::table", 1, 1, table),
    function("record::tb", 1, 1, table),
    function("record::exists", 1, 1, exists),
];

fn id(arguments: &mut Arguments<'_>) -> Result<RecordId, Failure> {
    match arguments.value()?.as_ref() {
        Value::Record(id) => Ok((**id).clone()),
        other => Err(arguments.mismatch("a record id", other.kind_name())),
    }
}

fn key(arguments: &mut Arguments<'_>) -> Outcome {
    Ok(id(arguments)?.key.into())
}

fn table(arguments: &mut Arguments<'_>) -> Outcome {
    Ok(Value::String(id(arguments)?.table.as_str().to_owned()))
}

/// Something of the record, or NONE where it is not there.
fn of_record(arguments: &mut Arguments<'_>, read: impl Fn(Row<'_>) -> Value) -> Outcome {
    let id = id(arguments)?;
    Ok(arguments.scope.record(&id).map_or(Value::None, |linked| read(linked.row())))
}

fn owner(arguments: &mut Arguments<'_>) -> Outcome {
    of_record(arguments, |row| row.owner())
}

fn created(arguments: &mut Arguments<'_>) -> Outcome {
    of_record(arguments, |row| time(row.created))
}

fn updated(arguments: &mut Arguments<'_>) -> Outcome {
    of_record(arguments, |row| time(row.updated))
}

fn tx(arguments: &mut Arguments<'_>) -> Outcome {
    of_record(arguments, |row| Value::Int(row.tx.0))
}

fn exists(arguments: &mut Arguments<'_>) -> Outcome {
    let id = id(arguments)?;
    Ok(Value::Bool(arguments.scope.record(&id).is_some()))
}
