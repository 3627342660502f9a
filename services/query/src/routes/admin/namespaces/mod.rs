//! `/api/admin/namespaces` and `/api/admin/namespaces/{namespace}`, for root.

mod create;
mod list;
mod remove;

use ddb_core::{Datetime, Object, Value};
use ddb_store::NamespaceInfo;

pub(crate) use create::*;
pub(crate) use list::*;
pub(crate) use remove::*;

/// `{"name","uuid","created","created_by","tx"}`
fn shown(namespace: NamespaceInfo) -> Value {
    let created_by = namespace.created_by.map_or(Value::Null, Value::String);
    let members = [
        ("name", namespace.name.as_str().into()),
        ("uuid", Value::Uuid(namespace.uuid)),
        ("created", Value::Datetime(Datetime::from_timestamp(namespace.created))),
        ("created_by", created_by),
        ("tx", Value::Int(namespace.head.0)),
    ];
    Value::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect::<Object>())
}
