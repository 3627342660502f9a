//! Records as answers: `id`, the fields, then the system's values.

use ddb_core::{Datetime, Object, RecordId, RecordKey, TableName, Timestamp, Tx, Value, Warning, json};
use ddb_database::{Page, PageRows, QueryResult, Shown, Wrote};
use ddb_http::Answer;
use ddb_store::Record;
use ddb_turns::{MANY, aside_if};
use utoipa::IntoResponses;

use crate::accept::Accept;

/// What [`ok`] answers, as routes describe it.
#[derive(IntoResponses)]
#[response(
    status = OK,
    description = "The record",
    headers(("ETag" = String, description = "`\"<tx>\"` of the record's last change, for `If-Match`"))
)]
pub(crate) struct OneRecord(#[expect(dead_code, reason = "the answer is written as JSON at once")] ddb_api::data::RecordAnswer);

/// 200 with one record, in the form that the caller wants, and its version.
pub(crate) fn ok(found: &ddb_database::Answer<Record>, accept: Accept) -> Answer {
    Answer::ok(one(&found.data, found.tx, accept)).content_type(accept.content_type()).tx(found.tx).etag(found.data.tx)
}

/// The same of a record that was written.
pub(crate) fn written(wrote: &Wrote<Record>, accept: Accept) -> Answer {
    Answer::ok(one_written(wrote, accept)).content_type(accept.content_type()).tx(wrote.tx).etag(wrote.data.tx)
}

/// The same of a record that was created.
pub(crate) fn created(wrote: &Wrote<Record>, accept: Accept) -> Answer {
    Answer::created(one_written(wrote, accept)).content_type(accept.content_type()).tx(wrote.tx).etag(wrote.data.tx)
}

/// `{"data":{record},"tx":n}`, with `warnings` where there are some.
fn one_written(wrote: &Wrote<Record>, accept: Accept) -> Vec<u8> {
    let mut out = Vec::with_capacity(256);
    out.extend_from_slice(b"{\"data\":");
    write_record(&wrote.data, accept, &mut out);
    let warnings: Vec<Warning> = wrote.warnings.iter().map(|(_, warning)| warning.clone()).collect();
    Warning::write_member(&warnings, &mut out);
    write_tx(wrote.tx, &mut out);
    out
}

/// `{"data":{record},"tx":n}`
pub(crate) fn one(record: &Record, tx: Tx, accept: Accept) -> Vec<u8> {
    let mut out = Vec::with_capacity(256);
    out.extend_from_slice(b"{\"data\":");
    write_record(record, accept, &mut out);
    write_tx(tx, &mut out);
    out
}

/// 200 with one record in the form that was asked for.
pub(crate) fn shown(found: &ddb_database::Answer<Shown>, accept: Accept) -> Answer {
    let Shown { object, changed, warnings } = &found.data;
    let mut out = Vec::with_capacity(256);
    out.extend_from_slice(b"{\"data\":");
    write_value(&Value::Object(object.clone()), accept, &mut out);
    Warning::write_member(warnings, &mut out);
    write_tx(found.tx, &mut out);
    Answer::ok(out).content_type(accept.content_type()).tx(found.tx).etag(*changed)
}

/// `{"data":[…],"tx":n}`, with `warnings` where there are some.
pub(crate) fn many_written(wrote: &Wrote<Vec<Record>>, accept: Accept) -> Vec<u8> {
    let records = &wrote.data;
    aside_if(records.len() > MANY, || {
        let mut out = Vec::with_capacity(64 + records.len() * 256);
        out.extend_from_slice(b"{\"data\":");
        write_records(records, accept, &mut out);
        let warnings = wrote.warnings.iter().map(|(index, warning)| (*index, warning));
        write_warnings(warnings, |index| index.to_string(), &mut out);
        write_tx(wrote.tx, &mut out);
        out
    })
}

/// Appends the warnings, each with the place of its record or op before its field.
fn write_warnings<'a>(warnings: impl Iterator<Item = (usize, &'a Warning)>, place: impl Fn(usize) -> String, out: &mut Vec<u8>) {
    let placed = |(index, warning): (usize, &Warning)| {
        let field = warning.field.as_ref().map(|field| format!("{}.{field}", place(index)));
        Warning { field, ..warning.clone() }
    };
    Warning::write_member(&warnings.map(placed).collect::<Vec<_>>(), out);
}

/// `{"tx":n,"results":[{record} or null,…]}`, with `warnings` where there are some; each comes with the index of its op.
pub(crate) fn results<'a>(
    records: &[Option<Record>],
    warnings: impl Iterator<Item = (usize, &'a Warning)>,
    tx: Tx,
    accept: Accept,
) -> Vec<u8> {
    let mut out = Vec::with_capacity(64 + records.len() * 256);
    out.extend_from_slice(b"{\"tx\":");
    write_value(&Value::Int(tx.0), Accept::Plain, &mut out);
    out.extend_from_slice(b",\"results\":[");
    aside_if(records.len() > MANY, || {
        for (index, record) in records.iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            match record {
                Some(record) => write_record(record, accept, &mut out),
                None => out.extend_from_slice(b"null"),
            }
        }
    });
    out.push(b']');
    write_warnings(warnings, |index| format!("ops[{index}].data"), &mut out);
    out.push(b'}');
    out
}

/// `{"data":{"tasks":[…]},"next_cursors":{"tasks":…}`, to be ended by [`with_tx`].
pub(crate) fn query(result: &QueryResult, accept: Accept) -> Vec<u8> {
    let mut out = Vec::with_capacity(4_096);
    out.extend_from_slice(b"{\"data\":{");
    for (position, (name, objects)) in result.tables.iter().enumerate() {
        write_member(position, name, &mut out);
        write_objects(objects, accept, &mut out);
    }
    out.extend_from_slice(b"},\"next_cursors\":{");
    for (position, (name, cursor)) in result.next_cursors.iter().enumerate() {
        write_member(position, name, &mut out);
        json::write_string(cursor, &mut out);
    }
    out.push(b'}');
    Warning::write_member(&result.warnings, &mut out);
    out
}

/// Ends an answer with `,"tx":n}`.
pub(crate) fn with_tx(open: &[u8], tx: Tx) -> Vec<u8> {
    let mut out = Vec::with_capacity(open.len() + 32);
    out.extend_from_slice(open);
    write_tx(tx, &mut out);
    out
}

fn write_member(position: usize, name: &str, out: &mut Vec<u8>) {
    if position > 0 {
        out.push(b',');
    }
    json::write_string(name, out);
    out.push(b':');
}

/// `{"data":[…],"next_cursor":…`, with `total` where it was counted, to be ended by [`with_tx`].
pub(crate) fn page(page: &Page, accept: Accept) -> Vec<u8> {
    let mut out = Vec::with_capacity(4_096);
    out.extend_from_slice(b"{\"data\":");
    match &page.rows {
        PageRows::Records(records) => write_records(records, accept, &mut out),
        PageRows::Objects(objects) => write_objects(objects, accept, &mut out),
    }
    write_next_cursor(page.next_cursor.as_deref(), &mut out);
    if let Some(total) = page.total {
        out.extend_from_slice(b",\"total\":");
        out.extend_from_slice(total.to_string().as_bytes());
    }
    Warning::write_member(&page.warnings, &mut out);
    out
}

pub(crate) fn write_next_cursor(next_cursor: Option<&str>, out: &mut Vec<u8>) {
    out.extend_from_slice(b",\"next_cursor\":");
    match next_cursor {
        Some(cursor) => json::write_string(cursor, out),
        None => out.extend_from_slice(b"null"),
    }
}

pub(crate) fn write_tx(tx: Tx, out: &mut Vec<u8>) {
    out.extend_from_slice(b",\"tx\":");
    write_value(&Value::Int(tx.0), Accept::Plain, out);
    out.push(b'}');
}

fn write_records(records: &[Record], accept: Accept, out: &mut Vec<u8>) {
    out.push(b'[');
    for (index, record) in records.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write_record(record, accept, out);
    }
    out.push(b']');
}

fn write_objects(objects: &[Object], accept: Accept, out: &mut Vec<u8>) {
    out.push(b'[');
    for (index, object) in objects.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write_value(&Value::Object(object.clone()), accept, out);
    }
    out.push(b']');
}

fn write_record(record: &Record, accept: Accept, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"id\":");
    write_value(&record.id.clone().into(), accept, out);
    for (name, value) in &record.fields {
        write_name(name, out);
        write_value(value, accept, out);
    }
    write_name("_owner", out);
    write_value(&owner(record.owner.as_ref()), accept, out);
    if !record.fields.contains_key("created") {
        write_name("created", out);
        write_time(record.created, accept, out);
    }
    if !record.fields.contains_key("updated") {
        write_name("updated", out);
        write_time(record.updated, accept, out);
    }
    if let Some(expires) = record.expires {
        write_name("_expires", out);
        write_time(expires, accept, out);
    }
    out.push(b'}');
}

pub(crate) fn owner(owner: Option<&RecordKey>) -> Value {
    match owner {
        Some(key) => RecordId::new(TableName::user(), key.clone()).into(),
        None => Value::Null,
    }
}

pub(crate) fn write_name(name: &str, out: &mut Vec<u8>) {
    out.push(b',');
    json::write_string(name, out);
    out.push(b':');
}

pub(crate) fn write_time(time: Timestamp, accept: Accept, out: &mut Vec<u8>) {
    write_value(&Value::Datetime(Datetime::from_timestamp(time)), accept, out);
}

pub(crate) fn write_value(value: &Value, accept: Accept, out: &mut Vec<u8>) {
    match accept {
        Accept::Plain => json::write_plain(value, out),
        Accept::Typed => json::write_typed(value, out),
    }
}
