//! What must be there before an operation can succeed, and how its call names that.

use ddb_testkit::{Caller, Cast, Client, Json, json};

use crate::call::Call;
use crate::cases::By;

/// Stands in the owner's record and profile: nobody else may ever read it.
pub(crate) const SECRET: &str = "only the owner reads this";

/// Who calls, and what.
pub(crate) struct SetUp {
    pub(crate) by: Client,
    pub(crate) other_user: Client,
    /// With what the set-up made.
    pub(crate) call: Call,
    /// The same as somebody else would try it.
    pub(crate) call_of_other: Call,
}

impl SetUp {
    pub(crate) async fn new(cast: &Cast, operation: &str, by: By, examples: Call) -> Self {
        if examples.path.starts_with("/api/auth/") {
            of_account(cast, operation, by, examples).await
        } else {
            of_data(cast, operation, by, examples).await
        }
    }
}

/// Accounts of their own, since some of these calls end them.
async fn of_account(cast: &Cast, operation: &str, by: By, examples: Call) -> SetUp {
    let owner = cast.server.user().await;
    let other = cast.server.other_user().await;
    owner.patch("/api/auth/me", &json!({ "name": SECRET })).await.expect(200);
    let address = format!("new-{}", owner.email);
    let (call, call_of_other) = match operation {
        "signUp" => {
            let body = |email: &str| json!({ "email": email, "password": Caller::PASSWORD, "name": "Dev", "city": "London" });
            (examples.clone().with_body(body(&address)), examples.with_body(body(&owner.email)))
        }
        "signIn" => {
            let body = |password: &str| json!({ "email": owner.email, "password": password });
            (examples.clone().with_body(body(Caller::PASSWORD)), examples.with_body(body("another password")))
        }
        "refresh" => {
            let body = |token: &str| json!({ "refresh_token": token });
            let forged = format!("{}x", owner.refresh_token);
            (examples.clone().with_body(body(&owner.refresh_token)), examples.with_body(body(&forged)))
        }
        "changePassword" => {
            let body = |current: &str| json!({ "current": current, "new": "another horse 43 battery" });
            (examples.clone().with_body(body(Caller::PASSWORD)), examples.with_body(body("a guess of mine")))
        }
        "eraseMe" => same(examples.with_body(json!({ "password": Caller::PASSWORD }))),
        "endSession" => {
            let sessions = owner.get("/api/auth/sessions").await.expect(200).json;
            same(examples.with_part("id", sessions["data"][0]["id"].as_str().expect("a session")))
        }
        _ => same(examples),
    };
    let by = if by == By::Anybody { cast.anon.clone() } else { owner.client };
    SetUp { by, other_user: other.client, call, call_of_other }
}

/// A table with a record of the user's.
async fn of_data(cast: &Cast, operation: &str, by: By, examples: Call) -> SetUp {
    let table = cast.table();
    let fields = json!({ "id": "first", "title": SECRET, "status": "active", "priority": 1 });
    let made = cast.user.post(&format!("/api/data/{table}"), &fields).await.expect(201);
    let (record, tx) = (format!("/api/data/{table}/first"), made.tx().to_string());
    let mut call = examples;
    if call.parts.contains_key("table") {
        call = call.with_part("table", &table);
    }
    if call.parts.contains_key("key") {
        call = call.with_part("key", "first");
    }
    let (call, call_of_other) = match operation {
        "createRecords" => {
            let taken = call.clone().with_body(fields);
            (call, taken)
        }
        "getRecord" => same(call.with_query("at", tx)),
        "restoreRecord" => {
            cast.user.patch(&record, &json!({ "status": "done" })).await.expect(200);
            same(call.with_body(json!({ "tx": made.tx() })))
        }
        "undeleteRecord" => {
            cast.user.delete(&record).await.expect(204);
            same(call)
        }
        "query" => same(call.with_body(json!({ table: { "$where": { "status": "active" }, "$limit": 20 } }))),
        "mutate" => same(call.with_body(json!({ "ops": [merge(&table)] }))),
        "batch" => {
            let write = json!({ "id": "write", "type": "mutate", "ops": [merge(&table)] });
            same(call.with_body(json!({ "ops": [write, { "id": "read", "type": "query", "query": { table: {} } }] })))
        }
        "removeIndex" => {
            let index = json!({ "fields": ["status"], "name": "by_status" });
            cast.admin.post(&format!("/api/schema/{table}/indexes"), &index).await.expect(201);
            same(call)
        }
        "listActivity" => same(call.with_query("table", &table).with_query("key", "first")),
        "getTransaction" => same(call.with_part("tx", tx)),
        "getJob" => {
            let begun = cast.admin.post("/api/audit/verify", &json!({})).await.expect(202).json;
            same(call.with_part("job", begun["job"].to_string()))
        }
        "erase" => same(call.with_body(json!({ "records": [format!("{table}:first")], "reason": "a test" }))),
        "listErasures" => {
            let erase = json!({ "records": [format!("{table}:first")], "reason": "a test" });
            cast.admin.post("/api/admin/erase", &erase).await.expect(200);
            same(call)
        }
        "createNamespace" => same(call.with_body(json!({ "name": format!("made_{table}") }))),
        "removeNamespace" => {
            let name = format!("removed_{table}");
            cast.admin.post("/api/admin/namespaces", &json!({ "name": name })).await.expect(201);
            same(call.with_part("namespace", name))
        }
        _ => same(call),
    };
    let by = match by {
        By::Anybody => cast.anon.clone(),
        By::Owner => cast.user.client.clone(),
        By::Admin => cast.admin.client.clone(),
    };
    SetUp { by, other_user: cast.other_user.client.clone(), call, call_of_other }
}

fn same(call: Call) -> (Call, Call) {
    (call.clone(), call)
}

fn merge(table: &str) -> Json {
    json!({ "op": "merge", "table": table, "id": "first", "data": { "priority": { "$inc": 1 } } })
}
