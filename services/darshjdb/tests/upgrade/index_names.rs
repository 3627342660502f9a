//! Indexes of schema 11, whose fields were names of top-level fields: what they mean as paths.
//!
//! `schema-11-index-names.ddb` is a backup that a program with schema 11 wrote, of what [`fill`] makes (`UPGRADE_WRITE=1 TESTKIT_PROGRAMS=<folder of that
//! program>` wrote it).

use std::time::Duration;

use ddb_testkit::{Caller, Database, Json, Server, json};

use super::{USER, file};

fn backup() -> std::path::PathBuf {
    file(11).with_file_name("schema-11-index-names.ddb")
}

/// Indexes on names with points and other characters, with and without a field of that very name, and on `created` and `updated`. `name` writes a name as
/// the version takes it that runs.
async fn fill(server: &Server, name: impl Fn(&str) -> String) {
    let admin = server.admin().await;
    let ada = Caller::sign_up(&server.anon(), USER).await;
    let define = async |table: &str, index: &str, fields: &[&str], unique: bool| {
        let fields: Vec<String> = fields.iter().map(|field| name(field)).collect();
        let body = json!({ "name": index, "fields": fields, "unique": unique });
        admin.post(&format!("/api/schema/{table}/indexes"), &body).await.expect(201);
    };
    let people: Vec<Json> = (0..5).map(|n| json!({ "id": n, "profile": { "email": format!("a{n}@x") }, "n": n })).collect();
    ada.post("/api/data/people", &json!(people)).await.expect(201);
    define("people", "by_email", &["profile.email"], true).await;
    define("people", "by_n", &["-n", "profile.email"], false).await;
    let twins = json!([{ "id": "a", "profile": { "email": "same" } }, { "id": "b", "profile": { "email": "same" } }]);
    ada.post("/api/data/twins", &twins).await.expect(201);
    define("twins", "by_email", &["profile.email"], true).await;
    ada.post("/api/data/linked", &json!([{ "id": 1, "profile": { "$record": "people:1" } }, { "id": 2 }])).await.expect(201);
    define("linked", "by_email", &["profile.email"], false).await;
    ada.post("/api/data/literal", &json!([{ "id": 1, "a.b": 1, "a": { "b": 7 } }, { "id": 2, "a.b": 2, "a": { "b": 7 } }]))
        .await
        .expect(201);
    define("literal", "by_ab", &["a.b"], true).await;
    ada.post("/api/data/odd", &json!([{ "id": 1, "first name": "Ada", "tags": [{ "x": 1 }] }])).await.expect(201);
    define("odd", "by_name", &["first name"], true).await;
    define("odd", "by_tags", &["tags.*"], false).await;
    // A field of one record took the name in the whole table.
    ada.post("/api/data/times", &json!([{ "id": 1 }, { "id": 2 }])).await.expect(201);
    define("times", "before", &["-created"], false).await;
    ada.post("/api/data/times", &json!({ "id": 3, "created": "long ago" })).await.expect(201);
    define("times", "after", &["created", "n"], false).await;
    admin.post("/api/admin/namespaces", &json!({ "name": "second" })).await.expect(201);
    let second = admin.with_header("x-ddb-namespace", "second");
    second.post("/api/data/people", &json!([{ "id": 1, "profile": { "email": "a0@x" } }])).await.expect(201);
    let index = json!({ "name": "by_email", "fields": [name("profile.email")], "unique": true });
    second.post("/api/schema/people/indexes", &index).await.expect(201);
}

/// The index once it is no longer being built.
async fn built(admin: &ddb_testkit::Client, table: &str, name: &str) -> Json {
    for _ in 0..600 {
        let indexes = admin.get(&format!("/api/schema/{table}/indexes")).await.expect(200);
        let index = indexes.records().iter().find(|index| index["name"] == name).cloned().unwrap_or(Json::Null);
        if index["state"] != "building" {
            return index;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the index {name} of {table} is not built");
}

async fn check(server: &Server) {
    let (ada, admin) = (Caller::sign_in(&server.anon(), USER).await, server.admin().await);
    let second = admin.with_header("x-ddb-namespace", "second");
    for (client, table, name, fields, state) in [
        (&admin.client, "people", "by_email", json!(["profile.email"]), "ready"),
        (&admin.client, "people", "by_n", json!(["-n", "profile.email"]), "ready"),
        (&admin.client, "twins", "by_email", json!(["profile.email"]), "failed"),
        (&admin.client, "linked", "by_email", json!(["profile.email"]), "failed"),
        (&admin.client, "literal", "by_ab", json!(["`a.b`"]), "ready"),
        (&admin.client, "odd", "by_name", json!(["`first name`"]), "ready"),
        (&admin.client, "odd", "by_tags", json!(["`tags.*`"]), "ready"),
        (&admin.client, "times", "before", json!(["-created"]), "ready"),
        (&admin.client, "times", "after", json!(["created", "n"]), "ready"),
        (&second, "people", "by_email", json!(["profile.email"]), "ready"),
    ] {
        let index = built(client, table, name).await;
        assert_eq!((&index["fields"], &index["state"]), (&fields, &json!(state)), "{table}: {index}");
    }
    for (table, named) in [("twins", ["twins:a", "twins:b"]), ("linked", ["linked:1", "a link"])] {
        let mut problem = String::new();
        // The records are named a moment after the state is set.
        for _ in 0..100 {
            problem = built(&admin, table, "by_email").await["problem"].as_str().unwrap_or_default().to_owned();
            if named.iter().all(|name| problem.contains(name)) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert!(named.iter().all(|name| problem.contains(name)), "{table}: {problem}");
    }
    let verified = server.ddb(&["verify"]);
    assert_eq!(verified.code, Some(0), "{verified:?}");
    // The path is enforced now, in each namespace by itself, and found.
    let taken = ada.post("/api/data/people", &json!({ "profile": { "email": "a3@x" } })).await.expect_error(409, "CONFLICT");
    assert_eq!(taken.json["error"]["details"][0]["field"], "profile.email");
    second.post("/api/data/people", &json!({ "profile": { "email": "a3@x" } })).await.expect(201);
    second.post("/api/data/people", &json!({ "profile": { "email": "a0@x" } })).await.expect_error(409, "CONFLICT");
    let found = ada.get("/api/data/people?where=profile.email%20=%20'a3@x'").await.expect(200);
    assert_eq!(found.ids(), ["people:3"]);
    // A name that the table has had stays a name.
    ada.post("/api/data/literal", &json!({ "a.b": 2 })).await.expect_error(409, "CONFLICT");
    ada.post("/api/data/literal", &json!({ "a.b": 3, "a": { "b": 7 } })).await.expect(201);
    ada.post("/api/data/odd", &json!({ "first name": "Ada" })).await.expect_error(409, "CONFLICT");
    // What failed is in nobody's way, and neither is an index on items that never held any.
    ada.post("/api/data/twins", &json!({ "profile": { "email": "same" } })).await.expect(201);
    ada.patch("/api/data/linked/2", &json!({ "profile": [] })).await.expect(200);
    ada.patch("/api/data/odd/1", &json!({ "tags": [1] })).await.expect(200);
    // The others have the system's time again, which comes behind texts.
    let times = ada.get("/api/data/times?order=created").await.expect(200);
    assert_eq!(times.ids(), ["times:3", "times:1", "times:2"], "{}", times.text());
    assert!(times.records()[1]["created"].is_string());
    let rebuilt = server.ddb(&["rebuild"]);
    assert_eq!(rebuilt.code, Some(0), "{rebuilt:?}");
    let verified = server.ddb(&["verify"]);
    assert_eq!(verified.code, Some(0), "{verified:?}");
}

/// Mutants: the migration does not empty columns; it takes every name with a point for a path; `build` does not make the unique tree of what is not enforced.
#[tokio::test]
async fn an_index_on_a_name_with_a_point_becomes_a_path_unless_the_table_had_that_field() {
    let mut server = Server::start().await;
    if std::env::var_os("UPGRADE_WRITE").is_some() {
        fill(&server, str::to_owned).await;
        let saved = server.ddb(&["backup", backup().to_str().expect("the kit's paths are UTF-8"), "--json"]);
        assert_eq!(saved.code, Some(0), "{saved:?}");
        return;
    }
    server.stop();
    std::fs::rename(server.data_dir(), server.directory().join("lost")).expect("it can be moved");
    let restored = server.ddb(&["restore", backup().to_str().expect("the kit's paths are UTF-8")]);
    assert_eq!(restored.code, Some(0), "{restored:?}");
    server.restart().await;
    check(&server).await;
}

/// What schema 11 had in the place of paths.
const BACK_TO_SCHEMA_11: &str = r"
    alter table ddb.index_column add column field text;
    update ddb.index_column set field = trim(both '`' from path);
    alter table ddb.index_column alter column field set not null;
    alter table ddb.index_column drop column path;
    alter table ddb.index_column add unique (namespace, table_id, field);
    update ddb.index_definition set fields = (
        select array_agg(trim(both '`' from u.field) order by u.place) from unnest(fields) with ordinality as u (field, place)
    );
    update ddb.index_definition set fields = '{$created}' where name = 'before';
    delete from ddb.migration where number >= 12;
";

/// The same with projections that are there: the columns are filled anew.
#[tokio::test]
async fn a_database_is_upgraded_where_it_stands() {
    let database = Database::new().await;
    let mut server = Server::builder().over(&database).start().await;
    fill(&server, |name| if name.contains(['.', ' ']) { format!("`{name}`") } else { name.to_owned() }).await;
    let admin = server.admin().await;
    built(&admin, "times", "before").await;
    server.stop();
    database.connect().await.execute(BACK_TO_SCHEMA_11).await;
    server.restart().await;
    check(&server).await;
}
