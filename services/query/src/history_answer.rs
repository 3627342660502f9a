//! The history of a record as an answer.

use ddb_core::{Tx, Value, json};
use ddb_database::HistoryPage;
use ddb_store::{Action, FieldChange, Version};

use crate::accept::Accept;
use crate::record_answer::{owner, write_name, write_next_cursor, write_time, write_tx, write_value};

/// `{"data":[{version},…],"next_cursor":…,"horizon"?:n,"tx":n}`
pub(crate) fn page(page: &HistoryPage, tx: Tx, accept: Accept) -> Vec<u8> {
    let mut out = Vec::with_capacity(128 + page.versions.len() * 256);
    out.extend_from_slice(b"{\"data\":[");
    for (index, version) in page.versions.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write_version(version, accept, &mut out);
    }
    out.push(b']');
    write_next_cursor(page.next_cursor.as_deref(), &mut out);
    if let Some(horizon) = page.horizon {
        write_name("horizon", &mut out);
        write_value(&Value::Int(horizon.0), Accept::Plain, &mut out);
    }
    write_tx(tx, &mut out);
    out
}

/// `{"tx":n,"time":…,"actor":…,"request_id":…,"action":…,"changes":{field:{"before"?:…,"after"?:…},…}}`
fn write_version(version: &Version, accept: Accept, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"tx\":");
    write_value(&Value::Int(version.place.tx.0), Accept::Plain, out);
    write_name("time", out);
    write_time(version.time, accept, out);
    write_name("actor", out);
    write_value(&owner(version.actor.as_ref()), accept, out);
    write_name("request_id", out);
    write_value(&version.request.clone().map_or(Value::Null, Value::String), accept, out);
    write_name("action", out);
    json::write_string(action(version.action), out);
    write_name("changes", out);
    out.push(b'{');
    for (index, (field, change)) in version.changes.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        json::write_string(field, out);
        out.push(b':');
        write_change(change, accept, out);
    }
    out.extend_from_slice(b"}}");
}

fn write_change(change: &FieldChange, accept: Accept, out: &mut Vec<u8>) {
    let mut separator = b'{';
    for (name, value) in [("before", &change.before), ("after", &change.after)] {
        if let Some(value) = value {
            out.push(separator);
            json::write_string(name, out);
            out.push(b':');
            write_value(value, accept, out);
            separator = b',';
        }
    }
    out.push(b'}');
}

pub(crate) fn action(action: Action) -> &'static str {
    match action {
        Action::Create => "create",
        Action::Update => "update",
        Action::Delete => "delete",
    }
}
