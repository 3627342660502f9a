//! Before anything is measured: the records are really private to their owners, and an update is really stored.
//! A server that skips the check would be faster.

use serde_json::Value;

use crate::dialect::Dialect;
use crate::http::Connection;
use crate::workload::User;
use crate::{Result, fail};

/// No draw gives this priority.
const MARK: i64 = 7_000_001;

pub(crate) async fn check(dialect: Dialect, connection: &mut Connection, owner: &User, other: &User) -> Result<()> {
    let records = dialect.records_path();
    let path = format!("{records}/{}", owner.keys[0]);
    let change = format!(r#"{{"priority":{MARK}}}"#);
    let record = r#"{"title":"a","status":"b","priority":1,"done":false}"#;

    expect(connection, "GET", &path, Some(owner), "", &[200]).await?;
    expect(connection, "GET", &path, Some(other), "", &[404]).await?;
    expect(connection, "GET", &path, None, "", &[404]).await?;
    expect(connection, "PATCH", &path, Some(other), &change, &[404]).await?;
    expect(connection, "POST", records, None, record, &[400, 401, 403]).await?;

    expect(connection, "PATCH", &path, Some(owner), &change, &[200]).await?;
    let read = expect(connection, "GET", &path, Some(owner), "", &[200]).await?;
    let priority = read.pointer("/data/priority").or(read.get("priority"));
    if priority.and_then(Value::as_i64) == Some(MARK) {
        Ok(())
    } else {
        fail(format!("{} does not show an update that it answered with 200: {read}", dialect.name()))
    }
}

async fn expect(
    connection: &mut Connection,
    method: &str,
    path: &str,
    caller: Option<&User>,
    body: &str,
    statuses: &[u16],
) -> Result<Value> {
    let (status, answer) = connection.call(method, path, caller.map(|user| user.token.as_str()), body).await?;
    if statuses.contains(&status) {
        Ok(answer)
    } else {
        fail(format!("the permission policy is not in force: {method} {path} answered {status}: {answer}"))
    }
}
