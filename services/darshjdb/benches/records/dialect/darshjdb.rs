//! DarshJDB: sign-up, records, and the default permission policy (a record belongs to its creator).

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use rand::rngs::SmallRng;
use serde_json::{Value, json};

use super::{PASSWORD, email};
use crate::http::Connection;
use crate::options::Options;
use crate::workload::{User, write_task};
use crate::{Result, fail};

pub(super) const RECORDS: &str = "/api/data/tasks";
const TABLE: &str = "tasks:";

/// Sign-up is limited per address, so the sixteenth user may have to wait.
const SIGN_UP_PAUSE: Duration = Duration::from_secs(2);
const SIGN_UP_TRIES: usize = 60;

pub(super) fn command(options: &Options, data: &Path, address: SocketAddr, answer_cache: &str) -> Command {
    let mut command = Command::new(options.ddb());
    // The load comes from one address and a few accounts; the other server's limits are off too.
    for limit in ["DDB_RATE_LIMIT_NETWORK", "DDB_RATE_LIMIT_ANONYMOUS", "DDB_RATE_LIMIT_ACCOUNT"] {
        if std::env::var_os(limit).is_none() {
            command.env(limit, "0");
        }
    }
    command.arg("start").arg("--data-dir").arg(data).arg("--bind").arg(address.to_string()).args(&options.server_args);
    command.arg("--answer-cache").arg(answer_cache);
    command.env("DDB_ADMIN_EMAIL", ADMIN).env("DDB_ADMIN_PASSWORD", PASSWORD);
    command
}

pub(super) async fn sign_up(connection: &mut Connection, count: usize) -> Result<Vec<User>> {
    let mut users = Vec::with_capacity(count);
    for number in 0..count {
        let body = json!({ "email": email(number), "password": PASSWORD, "name": format!("Bench {number}") }).to_string();
        let mut tries = 0;
        let answer = loop {
            let (status, answer) = connection.call("POST", "/api/auth/signup", None, &body).await?;
            tries += 1;
            match status {
                201 => break answer,
                429 if tries < SIGN_UP_TRIES => tokio::time::sleep(SIGN_UP_PAUSE).await,
                _ => return fail(format!("sign-up answered {status}: {answer}")),
            }
        };
        let mut user =
            User { id: text(&answer, "/user/id")?, token: String::new(), refresh_token: String::new(), keys: Vec::new() };
        take_tokens(&mut user, &answer)?;
        users.push(user);
    }
    Ok(users)
}

/// The admin that the server makes at its first start.
const ADMIN: &str = "admin@example.com";

pub(super) async fn index(connection: &mut Connection) -> Result<()> {
    let body = json!({ "email": ADMIN, "password": PASSWORD }).to_string();
    let (status, answer) = connection.call("POST", "/api/auth/signin", None, &body).await?;
    if status != 200 {
        return fail(format!("signing in as {ADMIN} answered {status}: {answer}"));
    }
    let token = text(&answer, "/access_token")?;
    let path = "/api/schema/tasks/indexes";
    let body = json!({ "fields": ["status", "priority"] }).to_string();
    let (status, answer) = connection.call("POST", path, Some(&token), &body).await?;
    if status != 201 {
        return fail(format!("defining the index answered {status}: {answer}"));
    }
    loop {
        let (_, answer) = connection.call("GET", path, Some(&token), "").await?;
        match text(&answer, "/data/0/state")?.as_str() {
            "ready" => return Ok(()),
            "building" => tokio::time::sleep(Duration::from_millis(100)).await,
            _ => return fail(format!("the index was not built: {answer}")),
        }
    }
}

pub(super) async fn renew(connection: &mut Connection, user: &mut User) -> Result<()> {
    let body = json!({ "refresh_token": user.refresh_token }).to_string();
    let (status, answer) = connection.call("POST", "/api/auth/refresh", None, &body).await?;
    if status != 200 {
        return fail(format!("refreshing a token answered {status}: {answer}"));
    }
    take_tokens(user, &answer)
}

pub(super) async fn seed(connection: &mut Connection, user: &User, count: usize, random: &mut SmallRng) -> Result<Vec<String>> {
    let mut body = vec![b'['];
    for number in 0..count {
        if number > 0 {
            body.push(b',');
        }
        write_task(random, None, &mut body);
    }
    body.push(b']');
    let body = String::from_utf8(body)?;
    let (status, answer) = connection.call("POST", RECORDS, Some(&user.token), &body).await?;
    if status != 201 {
        return fail(format!("creating {count} records answered {status}: {answer}"));
    }

    let records = answer["data"].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut keys = Vec::with_capacity(count);
    for record in records {
        let id = text(record, "/id")?;
        match id.strip_prefix(TABLE) {
            Some(key) => keys.push(key.to_owned()),
            None => return fail(format!("{id} is not an id of the table")),
        }
    }
    if keys.len() == count { Ok(keys) } else { fail(format!("{count} records sent, {} answered", keys.len())) }
}

fn take_tokens(user: &mut User, answer: &Value) -> Result<()> {
    user.token = text(answer, "/access_token")?;
    user.refresh_token = text(answer, "/refresh_token")?;
    Ok(())
}

fn text(value: &Value, pointer: &str) -> Result<String> {
    match value.pointer(pointer).and_then(Value::as_str) {
        Some(text) => Ok(text.to_owned()),
        None => fail(format!("an answer has no {pointer}")),
    }
}
