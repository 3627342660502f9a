//! `/api/admin/quotas`

mod change;
mod get;

use ddb_core::{Object, Tx, Value};
use ddb_store::quota::{Counting, Limits, QuotaState, Usage};

use crate::routes::schema::data;

pub(crate) use change::*;
pub(crate) use get::*;

/// `{"data":{"state","namespace":{"records":{"limit","used"},"bytes":{"limit","used"}},"owner":{…}},"tx":n}`
fn shown(state: &QuotaState, tx: Tx) -> Vec<u8> {
    let counting = match state.counting {
        Counting::Off => "off",
        Counting::Counting => "counting",
        Counting::Counted => "enforced",
    };
    let members = [
        ("state", Value::from(counting)),
        ("namespace", limits(state.quota.namespace, state.used)),
        ("owner", limits(state.quota.owner, state.used_by_owner)),
    ];
    data(object(members), tx)
}

/// What is not known, or not limited, is null.
fn limits(limits: Limits, used: Option<Usage>) -> Value {
    let one = |limit: Option<i64>, used: Option<i64>| {
        let number = |number: Option<i64>| number.map_or(Value::Null, Value::Int);
        object([("limit", number(limit)), ("used", number(used))])
    };
    object([
        ("records", one(limits.records, used.map(|used| used.records))),
        ("bytes", one(limits.bytes, used.map(|used| used.bytes))),
    ])
}

fn object<'a>(members: impl IntoIterator<Item = (&'a str, Value)>) -> Value {
    Value::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect::<Object>())
}
