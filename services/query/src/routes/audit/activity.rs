use ddb_core::{Error, RecordKey, Result, TableName, Tx, Value, json};
use ddb_darshjql::{parse_record_id, parse_record_key};
use ddb_database::{ActivityOf, ActivityPage};
use ddb_http::{Answer, ApiResult, Caller, Parameters, Query, QueryParameters, refusal};
use ddb_store::ActivityEntry;

use crate::accept::Accept;
use crate::history_answer::action;
use crate::record_answer::{owner, write_name, write_next_cursor, write_time, write_tx, write_value};

const DEFAULT_LIMIT: u32 = 50;
const MAX_LIMIT: u32 = 1_000;

pub(crate) struct PageOfActivity {
    of: ActivityOf,
    limit: u32,
    cursor: Option<String>,
}

impl QueryParameters for PageOfActivity {
    fn read(parameters: &mut Parameters) -> Result<Self> {
        let user = parameters.take("user").map(|text| user(&text)).transpose()?;
        let table = parameters.take("table").map(|text| TableName::parse(&text)).transpose()?;
        let key = match (parameters.take("key"), &table) {
            (None, _) => None,
            (Some(text), Some(table)) => Some(parse_record_key(table, &text)?),
            (Some(_), None) => return Err(Error::bad_request("`key` needs `table`")),
        };
        Ok(Self {
            of: ActivityOf { user, table, key },
            limit: parameters.take_number("limit", 1, MAX_LIMIT)?.unwrap_or(DEFAULT_LIMIT),
            cursor: parameters.take("cursor"),
        })
    }
}

/// `user:<key>`, or the key alone as in a path.
fn user(text: &str) -> Result<RecordKey> {
    if !text.contains(':') {
        return parse_record_key(&TableName::user(), text);
    }
    let id = parse_record_id(text)?;
    if id.table != TableName::user() {
        return Err(Error::bad_request("`user` must be the id of an account, such as `user:…`"));
    }
    Ok(id.key)
}

/// Lists the changes of records that the caller may read, the newest first
///
/// The server looks at a bounded number of transactions for each page. So a page may be short or empty and still have a `next_cursor`.
#[utoipa::path(
    get,
    path = "/api/audit/activity",
    operation_id = "listActivity",
    tag = "audit",
    params(ddb_api::audit::ActivityParameters, ddb_api::PageParameters),
    responses(
        (status = OK, description = "A page of changes", body = ddb_api::Page<ddb_api::audit::Activity>),
        refusal::NotAcceptable,
    ),
    security((), ("token" = [])),
)]
pub(crate) async fn activity(caller: Caller, accept: Accept, Query(page): Query<PageOfActivity>) -> ApiResult<Answer> {
    let PageOfActivity { of, limit, cursor } = page;
    let found = caller.session.activity(of, limit, cursor.as_deref()).await?;
    Ok(Answer::ok(answer(&found.data, found.tx, accept)).content_type(accept.content_type()).tx(found.tx))
}

fn answer(page: &ActivityPage, tx: Tx, accept: Accept) -> Vec<u8> {
    let mut out = Vec::with_capacity(128 + page.entries.len() * 256);
    out.extend_from_slice(b"{\"data\":[");
    for (index, entry) in page.entries.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write_entry(entry, accept, &mut out);
    }
    out.push(b']');
    write_next_cursor(page.next_cursor.as_deref(), &mut out);
    write_tx(tx, &mut out);
    out
}

fn write_entry(entry: &ActivityEntry, accept: Accept, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"tx\":");
    write_value(&Value::Int(entry.place.tx.0), Accept::Plain, out);
    write_name("time", out);
    write_time(entry.time, accept, out);
    write_name("actor", out);
    write_value(&owner(entry.actor.as_ref()), accept, out);
    write_name("request_id", out);
    write_value(&entry.request.clone().map_or(Value::Null, Value::String), accept, out);
    write_name("id", out);
    write_value(&entry.record.clone().into(), accept, out);
    write_name("table", out);
    json::write_string(entry.record.table.as_str(), out);
    write_name("key", out);
    write_value(&entry.record.key.clone().into(), accept, out);
    write_name("action", out);
    json::write_string(action(entry.action), out);
    out.push(b'}');
}
