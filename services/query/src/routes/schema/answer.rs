//! Tables and indexes as answers.

use ddb_core::{Object, Tx, Value, json};
use ddb_store::TableSchema;
use ddb_store::index::{Index, IndexPart};
use ddb_store::retention::History;

/// `{"data":…,"tx":n}`
pub(in crate::routes) fn data(data: Value, tx: Tx) -> Vec<u8> {
    let mut out = Vec::with_capacity(256);
    json::write_plain(&object([("data", data), ("tx", Value::Int(tx.0))]), &mut out);
    out
}

/// `{"name","fields":["status",…],"indexes":[…],"history":"30d","horizon":n}`; the table's own `history` is null where the namespace's counts, which is
/// in `keeps`.
pub(super) fn table(table: TableSchema) -> Value {
    let fields = table.fields.into_iter().map(Value::String).collect();
    let indexes = table.indexes.iter().map(index).collect();
    let history = |history: History| Value::String(history.to_string());
    object([
        ("name", table.name.as_str().into()),
        ("fields", Value::Array(fields)),
        ("indexes", Value::Array(indexes)),
        ("history", table.own_history.map_or(Value::Null, history)),
        ("keeps", history(table.history)),
        ("horizon", Value::Int(table.horizon.0)),
    ])
}

/// `{"name","fields":["status","-priority"],"unique","state","progress":{"done","total"}}`, and `problem` where it failed.
pub(super) fn index(index: &Index) -> Value {
    let mut members = vec![
        ("name", index.name.as_str().into()),
        ("fields", Value::Array(index.parts.iter().map(part).collect())),
        ("unique", Value::Bool(index.is_unique)),
        ("state", index.state.as_str().into()),
    ];
    members.push(("progress", object([("done", Value::Int(index.done)), ("total", Value::Int(index.total))])));
    if let Some(problem) = &index.problem {
        members.push(("problem", problem.as_str().into()));
    }
    object(members)
}

fn part(part: &IndexPart) -> Value {
    let minus = if part.descending { "-" } else { "" };
    Value::String(format!("{minus}{}", part.source.name()))
}

fn object<'a>(members: impl IntoIterator<Item = (&'a str, Value)>) -> Value {
    Value::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect::<Object>())
}
