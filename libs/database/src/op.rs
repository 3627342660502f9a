//! The ops of a mutation, as a body writes them.

use std::collections::HashSet;

use ddb_core::json::Json;
use ddb_core::{Error, ErrorCode, RecordKey, Result, TableName, Tx};

use crate::record_body::{self, take};
use crate::{NewRecord, Patch, Replacement};

/// Ops of one transaction.
const MAX_OPS: usize = 10_000;
/// Tables of one transaction.
const MAX_TABLES: usize = 32;

/// What one op of a mutation does to one record.
#[derive(Debug, Clone)]
pub struct Op {
    pub(crate) table: TableName,
    pub(crate) action: Action,
}

#[derive(Debug, Clone)]
pub(crate) enum Action {
    Create(NewRecord),
    /// Makes the record where it is absent, and merges otherwise.
    Upsert {
        key: Option<RecordKey>,
        patch: Patch,
        if_tx: Option<Tx>,
    },
    Update {
        key: RecordKey,
        replacement: Replacement,
        if_tx: Option<Tx>,
    },
    Merge {
        key: RecordKey,
        patch: Patch,
        if_tx: Option<Tx>,
    },
    Delete {
        key: RecordKey,
        if_tx: Option<Tx>,
    },
}

impl Op {
    /// `[{"op","table","id"?,"data"?,"if_tx"?},…]`; an error names the op.
    pub fn parse_all(json: Json) -> Result<Vec<Self>> {
        let Json::Array(items) = json else {
            return Err(Error::invalid("ops", "TYPE", "`ops` must be an array"));
        };
        if items.len() > MAX_OPS {
            return Err(Error::invalid("ops", "RANGE", format!("a request has at most {MAX_OPS} ops")));
        }
        let parse = |(index, item)| Self::parse(item).map_err(|error| at_op(index, "", error));
        items.into_iter().enumerate().map(parse).collect()
    }

    /// Whether so many ops on so many tables can be one transaction.
    pub(crate) fn check_all<'a>(ops: impl Iterator<Item = &'a Self>) -> Result<()> {
        let (mut count, mut tables) = (0, HashSet::new());
        for op in ops {
            count += 1;
            tables.insert(&op.table);
            if count > MAX_OPS {
                return Err(Error::invalid("ops", "RANGE", format!("a transaction has at most {MAX_OPS} ops")));
            }
            if tables.len() > MAX_TABLES {
                return Err(Error::invalid("ops", "RANGE", format!("a transaction writes to at most {MAX_TABLES} tables")));
            }
        }
        Ok(())
    }

    fn parse(json: Json) -> Result<Self> {
        let Json::Object(mut members) = json else {
            return Err(Error::invalid("", "TYPE", "an op must be an object"));
        };
        let name = required_string(&mut members, "op")?;
        let table = required_string(&mut members, "table")?;
        let table = TableName::parse(&table).map_err(|error| in_member("table", error))?;
        let action = match name.as_str() {
            "create" => {
                let key = key(&table, &mut members)?;
                let mut record = match take(&mut members, "data") {
                    Some(data) => NewRecord::for_create(&table, data).map_err(|error| in_member("data", error))?,
                    None => NewRecord { key: None, fields: Default::default(), ttl: None, system: Default::default() },
                };
                if record.key.is_some() {
                    return Err(Error::invalid("data.id", "RESERVED", "the key is the op's `id`, not a field of its `data`"));
                }
                record.key = key;
                Action::Create(record)
            }
            "upsert" => {
                let patch = match take(&mut members, "data") {
                    Some(data) => Patch::parse(data).map_err(|error| in_member("data", error))?,
                    None => Patch::default(),
                };
                Action::Upsert { key: key(&table, &mut members)?, patch, if_tx: if_tx(&mut members)? }
            }
            "update" => {
                let replacement = Replacement::parse(data(&mut members)?).map_err(|error| in_member("data", error))?;
                Action::Update { key: required_key(&table, &mut members)?, replacement, if_tx: if_tx(&mut members)? }
            }
            "merge" => {
                let patch = Patch::parse(data(&mut members)?).map_err(|error| in_member("data", error))?;
                Action::Merge { key: required_key(&table, &mut members)?, patch, if_tx: if_tx(&mut members)? }
            }
            "delete" => Action::Delete { key: required_key(&table, &mut members)?, if_tx: if_tx(&mut members)? },
            _ => {
                let message = "`op` must be one of create, upsert, update, merge and delete";
                return Err(Error::invalid("op", "UNKNOWN", message));
            }
        };
        match members.into_iter().next() {
            None => Ok(Self { table, action }),
            Some((member, _)) => {
                Err(Error::invalid(record_body::shown(&member), "UNKNOWN", format!("`{name}` does not take this member")))
            }
        }
    }
}

/// An error of the op with this index; `member` is the one that the error's fields stand in.
pub(crate) fn at_op(index: usize, member: &str, error: Error) -> Error {
    if error.code() == ErrorCode::Internal {
        return error;
    }
    let place = format!("ops[{index}]");
    let (code, message) = (error.code().as_str(), error.message().to_owned());
    let has_details = !error.details().is_empty();
    let inner = if member.is_empty() { place.clone() } else { format!("{place}.{member}") };
    let error = error.within(&format!("op {index}"), &inner);
    if has_details { error } else { error.with_detail(place, code, message) }
}

fn in_member(member: &str, error: Error) -> Error {
    if error.details().is_empty() {
        let (code, message) = (error.code().as_str(), error.message().to_owned());
        return error.with_detail(member, code, message);
    }
    error.in_field(member)
}

fn required_string(members: &mut Vec<(String, Json)>, name: &str) -> Result<String> {
    match take(members, name) {
        Some(Json::String(text)) => Ok(text),
        Some(_) => Err(Error::invalid(name, "TYPE", format!("`{name}` must be a string"))),
        None => Err(Error::invalid(name, "REQUIRED", format!("`{name}` is required"))),
    }
}

fn key(table: &TableName, members: &mut Vec<(String, Json)>) -> Result<Option<RecordKey>> {
    take(members, "id").map(|json| record_body::key(table, json)).transpose()
}

fn required_key(table: &TableName, members: &mut Vec<(String, Json)>) -> Result<RecordKey> {
    key(table, members)?.ok_or_else(|| Error::invalid("id", "REQUIRED", "`id` is required"))
}

fn data(members: &mut Vec<(String, Json)>) -> Result<Json> {
    take(members, "data").ok_or_else(|| Error::invalid("data", "REQUIRED", "`data` is required"))
}

fn if_tx(members: &mut Vec<(String, Json)>) -> Result<Option<Tx>> {
    match take(members, "if_tx") {
        None => Ok(None),
        Some(Json::Int(tx)) if tx >= 1 => Ok(Some(Tx(tx))),
        Some(_) => Err(Error::invalid("if_tx", "TYPE", "`if_tx` must be the number of a transaction")),
    }
}
