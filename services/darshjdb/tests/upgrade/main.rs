//! Data of earlier versions under this one, and data of a later one.
//!
//! `schema-<n>.ddb` is a backup that a program with that schema wrote, of what [`fill`] makes. Whoever adds a migration leaves the files that are there as they
//! are, and adds one of the schema before it (`UPGRADE_WRITE=1 cargo test --package darshjdb --test upgrade writes`, before the migration is added).

use std::path::PathBuf;

use ddb_testkit::{Caller, Json, Server, json};

mod index_names;

/// The files that there are, by their schema.
const SCHEMAS: &[u32] = &[11];
const USER: &str = "ada@example.com";

fn file(schema: u32) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/upgrade/schema-{schema}.ddb"))
}

/// Something in every relation that a backup holds.
async fn fill(server: &Server) {
    let admin = server.admin().await;
    let ada = Caller::sign_up(&server.anon(), USER).await;
    let numbers: Vec<Json> =
        (0..20).map(|n| json!({ "id": n, "title": format!("task {n}"), "n": n, "half": f64::from(n) / 2.0 })).collect();
    ada.post("/api/data/tasks", &json!(numbers)).await.expect(201);
    let kinds = json!({
        "id": ["London", 1.5], "when": { "$datetime": "2026-01-02T03:04:05.678901Z" }, "decimal": { "$decimal": "1.10" },
        "link": { "$record": "tasks:1" }, "bytes": { "$bytes": "AAEC/w==" }, "nothing": null,
    });
    ada.with_header("idempotency-key", "once").post("/api/data/notes", &kinds).await.expect(201);
    ada.patch("/api/data/tasks/1", &json!({ "title": "changed" })).await.expect(200);
    ada.delete("/api/data/tasks/2").await.expect(204);
    admin.post("/api/schema/tasks/indexes", &json!({ "name": "by_n", "fields": ["-n", "title"] })).await.expect(201);
    admin.post("/api/schema/tasks/indexes", &json!({ "name": "one", "fields": ["title"], "unique": true })).await.expect(201);
    admin.patch("/api/admin/quotas", &json!({ "owner": { "records": 1_000 } })).await.expect(200);
    admin.post("/api/admin/erase", &json!({ "records": ["tasks:3"], "reason": "asked for" })).await.expect(200);
    admin.post("/api/admin/namespaces", &json!({ "name": "second" })).await.expect(201);
    admin.with_header("x-ddb-namespace", "second").post("/api/data/log", &json!({ "id": "one", "line": 1 })).await.expect(201);
    admin.patch("/api/schema/tasks", &json!({ "history": "30d" })).await.expect(200);
}

/// What [`fill`] has made is there, and everything goes on with it.
async fn check(server: &Server, schema: u32) {
    let verified = server.ddb(&["verify"]);
    assert_eq!(verified.code, Some(0), "schema {schema}: {verified:?}");
    let (ada, admin) = (Caller::sign_in(&server.anon(), USER).await, server.admin().await);
    let tasks = ada.get("/api/data/tasks?order=-n,title&limit=100").await.expect(200);
    assert_eq!((tasks.records().len(), &tasks.records()[17]["title"]), (18, &json!("task 0")), "schema {schema}");
    let note = ada.get("/api/data/notes/['London',1.5]").await.expect(200);
    assert_eq!((&note.json["data"]["decimal"], &note.json["data"]["link"]), (&json!("1.10"), &json!("tasks:1")));
    let history = ada.get("/api/data/tasks/1/history").await.expect(200);
    assert_eq!(
        history.records()[0]["changes"],
        json!({ "title": { "before": "task 1", "after": "changed" } }),
        "schema {schema}"
    );
    ada.post("/api/data/tasks/2/undelete", &Json::Null).await.expect(200);
    ada.get("/api/data/tasks/3").await.expect_error(404, "NOT_FOUND");
    ada.post("/api/data/tasks", &json!({ "title": "task 9" })).await.expect_error(409, "CONFLICT");
    let indexes = admin.get("/api/schema/tasks/indexes").await.expect(200);
    assert!(
        indexes.records().iter().all(|index| index["state"] == "ready") && indexes.records().len() == 2,
        "{}",
        indexes.text()
    );
    assert_eq!(admin.get("/api/schema/tasks").await.expect(200).json["data"]["keeps"], "4w2d");
    assert_eq!(admin.get("/api/admin/quotas").await.expect(200).json["data"]["owner"]["records"]["limit"], 1_000);
    assert_eq!(admin.get("/api/admin/erasures").await.expect(200).records().len(), 1);
    let second = admin.with_header("x-ddb-namespace", "second");
    assert_eq!(second.get("/api/data/log/one").await.expect(200).json["data"]["line"], 1);
    ada.post("/api/data/tasks", &json!({ "id": 100, "title": "new" })).await.expect(201);
    let rebuilt = server.ddb(&["rebuild"]);
    assert_eq!(rebuilt.code, Some(0), "schema {schema}: {rebuilt:?}");
    let verified = server.ddb(&["verify"]);
    assert_eq!(verified.code, Some(0), "schema {schema}: {verified:?}");
}

#[tokio::test]
async fn this_version_writes_what_a_later_one_reads() {
    let mut server = Server::start().await;
    fill(&server).await;
    let written = server.directory().join("written.ddb");
    let saved = server.ddb(&["backup", written.to_str().expect("the kit's paths are UTF-8"), "--json"]);
    assert_eq!(saved.code, Some(0), "{saved:?}");
    if std::env::var_os("UPGRADE_WRITE").is_some() {
        let mut session = server.embedded().await.connect().await;
        let schema = session.value("select max(number) from ddb.migration").await.parse().expect("a number");
        std::fs::copy(&written, file(schema)).expect("it is written");
    }
    server.stop();
    check_restored(&mut server, &written, 0).await;
}

/// Mutant: a migration behind the newest file drops a column or loses a row.
#[tokio::test]
async fn what_an_earlier_version_wrote_is_all_there() {
    for schema in SCHEMAS {
        let mut server = Server::start().await;
        server.stop();
        check_restored(&mut server, &file(*schema), *schema).await;
    }
}

/// A backup is restored with the migrations up to its schema, then those behind it, as a data directory is upgraded.
async fn check_restored(server: &mut Server, backup: &std::path::Path, schema: u32) {
    std::fs::rename(server.data_dir(), server.directory().join("lost")).expect("it can be moved");
    let restored = server.ddb(&["restore", backup.to_str().expect("the kit's paths are UTF-8")]);
    assert_eq!(restored.code, Some(0), "schema {schema}: {restored:?}");
    server.restart().await;
    check(server, schema).await;
}

/// Mutant: `migration::run` does not compare with `NEWEST`.
#[tokio::test]
async fn data_of_a_later_version_is_refused_and_left_alone() {
    let mut server = Server::start().await;
    let database = server.embedded().await;
    let mut session = database.connect().await;
    let newest = session.value("select max(number) from ddb.migration").await;
    session.execute("insert into ddb.migration (number) values (999)").await;
    drop(session);
    server.stop();
    for command in [&["start"][..], &["status"], &["verify"], &["rebuild"]] {
        let refused = server.ddb(command);
        assert_eq!(refused.code, Some(1), "{command:?}: {refused:?}");
        let said = format!("{}{}", refused.stdout, refused.stderr);
        let expected = format!("written by a newer version (schema 999, this version knows {newest}): start that version");
        assert!(said.contains(&expected), "{command:?}: {said}");
    }
}
