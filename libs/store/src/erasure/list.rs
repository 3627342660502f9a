//! The list of what was erased, which an older backup is restored with.
//!
//! A line is a JSON object: a record that was erased, or a namespace that was removed with all that it held. A record is named by its number in the log and the
//! commitment of its name, which tells nothing to whom the name's salt is gone. What was erased in a namespace is listed until that is removed. Lists can be
//! put one behind the other.

use std::io::{self, BufRead, Read, Write};

use ddb_core::chain::{from_hex, to_hex};
use ddb_core::{EntityId, Error, NamespaceId, RecordId, RecordKey, Result, TableName, Timestamp, Uuid};
use futures::TryStreamExt;
use serde::{Deserialize, Serialize};
use sqlx::{PgConnection, Row};

use super::{Expected, step_if};
use crate::connection::to_error;
use crate::system::{ErasedAccount, NewErasure};
use crate::{Allowance, Store, SystemRow, projection};

/// Bytes of a line, at most: a reason has 1,000 characters.
const MAX_LINE: u64 = 16 << 10;

/// A line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Listed {
    Record(ErasedRecord),
    Namespace(RemovedNamespace),
}

/// A namespace that was removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RemovedNamespace {
    pub namespace: Uuid,
    /// When.
    pub removed: String,
}

/// A record that was erased.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ErasedRecord {
    /// Of the namespace.
    pub namespace: Uuid,
    /// The record's number, the same in every backup of the same log.
    pub entity: i64,
    /// The commitment of its name, in hex.
    pub name: String,
    /// Whether it was an account's: that goes with it, and what it owned.
    pub account: bool,
    pub reason: String,
    /// The transaction that says so.
    pub tx: i64,
    pub time: String,
}

/// Writes every removed namespace and every erasure in the others, one a line; gives how many.
pub async fn list(store: &Store, mut out: impl Write) -> Result<u64> {
    let mut connection = store.pool().acquire().await.map_err(to_error)?;
    let mut count = 0;
    let mut put = |line: Listed| {
        count += 1;
        let line = serde_json::to_string(&line).map_err(Error::internal)?;
        writeln!(out, "{line}").map_err(cannot_write)
    };
    for removed in removed(&mut connection).await? {
        put(Listed::Namespace(removed))?;
    }
    let mut rows = sqlx::query(
        "
        select n.uuid::text, r.entity, r.name, r.is_account, r.reason, r.tx, t.time
        from ddb.erasure r
        join ddb.namespace n on n.id = r.namespace and n.removed_at is null
        join ddb.tx t on t.namespace = r.namespace and t.tx = r.tx
        order by r.namespace, r.tx, r.entity
        ",
    )
    .fetch(&mut *connection);
    while let Some(row) = rows.try_next().await.map_err(to_error)? {
        let read = || {
            Ok((
                row.try_get::<&str, _>(0)?,
                row.try_get(1)?,
                row.try_get::<&[u8], _>(2)?,
                row.try_get(3)?,
                row.try_get(4)?,
                row.try_get(5)?,
                Timestamp(row.try_get(6)?),
            ))
        };
        let (namespace, entity, name, account, reason, tx, time) = read().map_err(to_error)?;
        let (namespace, name) = (namespace.parse().map_err(Error::internal)?, to_hex(name));
        put(Listed::Record(ErasedRecord { namespace, entity, name, account, reason, tx, time: time.to_rfc3339() }))?;
    }
    out.flush().map_err(cannot_write)?;
    Ok(count)
}

async fn removed(connection: &mut PgConnection) -> Result<Vec<RemovedNamespace>> {
    let rows =
        sqlx::query("select uuid::text, removed_at from ddb.namespace where removed_at is not null order by removed_at, id")
            .fetch_all(connection)
            .await
            .map_err(to_error)?;
    let mut removed = Vec::with_capacity(rows.len());
    for row in &rows {
        let read = || Ok((row.try_get::<&str, _>(0)?, Timestamp(row.try_get(1)?)));
        let (namespace, time) = read().map_err(to_error)?;
        let namespace = namespace.parse().map_err(Error::internal)?;
        removed.push(RemovedNamespace { namespace, removed: time.to_rfc3339() });
    }
    Ok(removed)
}

fn cannot_write(error: io::Error) -> Error {
    Error::bad_request(format!("cannot write the list: {error}"))
}

/// Reads a list to its end; 400 where a line is none of it.
pub fn read(mut input: impl BufRead) -> Result<Vec<Listed>> {
    let mut listed = Vec::new();
    loop {
        let mut line = String::new();
        let length = (&mut input)
            .take(MAX_LINE)
            .read_line(&mut line)
            .map_err(|error| Error::bad_request(format!("the list of erasures cannot be read: {error}")))?;
        if length == 0 {
            return Ok(listed);
        }
        let of_list = |problem: String| {
            Error::bad_request(format!("line {} of the list of erasures is not a valid entry: {problem}", listed.len() + 1))
        };
        let of_line = parse(&line).map_err(of_list)?;
        if !line.ends_with('\n') {
            return Err(of_list("it has no end".to_owned()));
        }
        listed.push(of_line);
    }
}

fn parse(line: &str) -> Result<Listed, String> {
    let line: serde_json::Value = serde_json::from_str(line).map_err(|error| error.to_string())?;
    if line.get("removed").is_some() {
        let namespace: RemovedNamespace = serde_json::from_value(line).map_err(|error| error.to_string())?;
        Timestamp::parse_rfc3339(&namespace.removed).map_err(|_| "`removed` is no time".to_owned())?;
        return Ok(Listed::Namespace(namespace));
    }
    let record: ErasedRecord = serde_json::from_value(line).map_err(|error| error.to_string())?;
    if from_hex(&record.name).is_none_or(|name| name.len() != 64) {
        return Err("`name` is no hash".to_owned());
    }
    Ok(Listed::Record(record))
}

/// Records the erasures that a list has brought, one transaction each.
pub(crate) async fn apply(store: &Store) -> Result<()> {
    let rows = sqlx::query(
        "
        select r.namespace, t.name, e.key, r.reason, r.is_account, r.entity
        from ddb.erasure r
        join ddb.entity e on e.namespace = r.namespace and e.id = r.entity
        join ddb.data_table t on t.namespace = e.namespace and t.id = e.table_id
        where r.done_at is null and r.tx is null and e.key is not null
          and exists (select from ddb.namespace n where n.id = r.namespace and n.name is not null)
        order by r.namespace, r.entity
        ",
    )
    .fetch_all(store.pool())
    .await
    .map_err(to_error)?;
    for row in &rows {
        let read = || {
            Ok((
                NamespaceId(row.try_get(0)?),
                row.try_get::<&str, _>(1)?,
                row.try_get::<&[u8], _>(2)?,
                row.try_get(3)?,
                row.try_get(4)?,
            ))
        };
        let (namespace, table, key, reason, is_account): (_, _, _, String, bool) = read().map_err(to_error)?;
        let id = RecordId::new(TableName::parse(table)?, projection::decode_key(key)?);
        let account = match &id.key {
            RecordKey::String(account) if is_account => {
                Some(ErasedAccount { id: account.clone(), notice: String::new(), may_be_last_admin: true })
            }
            RecordKey::Int(_) | RecordKey::String(_) | RecordKey::Uuid(_) | RecordKey::Array(_) | RecordKey::Object(_) => None,
        };
        let system = vec![SystemRow::Erasure(NewErasure { account })];
        // Another process may have been here before, and somebody may have made a record under the key since.
        let expected = Expected { entity: EntityId(row.try_get(5).map_err(to_error)?), owner: None };
        let steps = vec![step_if(id, reason, expected)];
        store.write(crate::Write { namespace, actor: None, request: None, steps, allowance: Allowance::ANY, system }).await?;
    }
    Ok(())
}
