//! `/api/admin/limits`, for root: the budgets bind the admins of namespaces too.

mod change;
mod get;

use ddb_core::{Object, Tx, Value};
use ddb_http::limit::{ClassRates, RateLimits};

use crate::routes::schema::data;

pub(crate) use change::*;
pub(crate) use get::*;

/// `{"data":{"network":n,"anonymous":{"read","write","auth","other"},"account":{…}},"tx":n}`
fn shown(limits: RateLimits, tx: Tx) -> Vec<u8> {
    let members =
        [("network", number(limits.network)), ("anonymous", classes(limits.anonymous)), ("account", classes(limits.account))];
    data(object(members), tx)
}

fn classes(rates: ClassRates) -> Value {
    let ClassRates { read, write, auth, other } = rates;
    object([("read", number(read)), ("write", number(write)), ("auth", number(auth)), ("other", number(other))])
}

fn number(number: u32) -> Value {
    Value::Int(number.into())
}

fn object<'a>(members: impl IntoIterator<Item = (&'a str, Value)>) -> Value {
    Value::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect::<Object>())
}
