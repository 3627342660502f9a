use ddb_testkit::json;

use super::{built, fill};
use crate::STAGE;

#[tokio::test]
async fn an_index_of_a_large_table_is_built_while_records_are_written() {
    // Mutants: `key_of` gives the key of another field; `fill_chunk` stops after the first chunk.
    let cast = STAGE.cast().await;
    let table = cast.table();
    fill(&cast.user, &table, 3_000, |number| json!({ "id": number, "n": number % 7, "t": format!("t{number}") })).await;
    let path = format!("/api/schema/{table}/indexes");
    let defined = cast.admin.post(&path, &json!({ "name": "by_n", "fields": ["n", "-t"] })).await.expect(201);
    assert_eq!(defined.json["data"]["state"], "building");
    for number in 0..200 {
        let record = format!("/api/data/{table}/{}", number * 13);
        cast.user.patch(&record, &json!({ "n": { "$inc": 100 } })).await.expect(200);
        cast.user.post(&format!("/api/data/{table}"), &json!({ "n": number })).await.expect(201);
    }
    let index = built(&cast.admin, &table, "by_n").await;
    assert_eq!((&index["state"], &index["fields"]), (&json!("ready"), &json!(["n", "-t"])), "{index}");
    assert!(index["progress"]["total"].as_i64() >= Some(3_000), "{index}");
    let verified = cast.server.ddb(&["verify"]);
    assert_eq!(verified.code, Some(0), "{}{}", verified.stdout, verified.stderr);
}

#[tokio::test]
async fn indexes_share_columns_and_are_removed_one_by_one() {
    let cast = STAGE.cast().await;
    let table = cast.table();
    let path = format!("/api/schema/{table}/indexes");
    cast.admin.post(&path, &json!({ "name": "one", "fields": ["a"] })).await.expect(201);
    cast.admin.post(&path, &json!({ "name": "two", "fields": ["-a", "created"] })).await.expect(201);
    cast.admin.post(&path, &json!({ "name": "one", "fields": ["b"] })).await.expect_error(409, "CONFLICT");
    cast.admin.delete(&format!("{path}/one")).await.expect(204);
    cast.admin.delete(&format!("{path}/one")).await.expect_error(404, "NOT_FOUND");
    cast.user.post(&format!("/api/data/{table}"), &json!({ "a": 1 })).await.expect(201);
    cast.admin.delete(&format!("{path}/two")).await.expect(204);
    cast.user.post(&format!("/api/data/{table}"), &json!({ "a": 2 })).await.expect(201);
    assert_eq!(cast.admin.get(&path).await.expect(200).records(), [] as [ddb_testkit::Json; 0]);
    cast.admin.post(&path, &json!({ "name": "one", "fields": ["a"] })).await.expect(201);
    let verified = cast.server.ddb(&["verify"]);
    assert_eq!(verified.code, Some(0), "{}{}", verified.stdout, verified.stderr);
}

#[tokio::test]
async fn a_rebuild_fills_the_columns_of_indexes() {
    // Mutant: `rebuild` gives `ProjectionRows::new` no columns.
    let server = ddb_testkit::Server::start().await;
    let admin = server.admin().await;
    admin.post("/api/data/t", &json!([{ "a": 1 }, { "a": "x" }, {}])).await.expect(201);
    admin.post("/api/schema/t/indexes", &json!({ "fields": ["a"] })).await.expect(201);
    let rebuilt = server.ddb(&["rebuild"]);
    assert_eq!(rebuilt.code, Some(0), "{}{}", rebuilt.stdout, rebuilt.stderr);
    let verified = server.ddb(&["verify"]);
    assert_eq!(verified.code, Some(0), "{}{}", verified.stdout, verified.stderr);
}

#[tokio::test]
async fn bad_definitions_are_refused_and_define_nothing() {
    let cast = STAGE.cast().await;
    let table = cast.table();
    let path = format!("/api/schema/{table}/indexes");
    let many: Vec<String> = (0..9).map(|number| format!("f{number}")).collect();
    for (body, field) in [
        (json!([]), ""),
        (json!({}), "fields"),
        (json!({ "fields": "a" }), "fields"),
        (json!({ "fields": [] }), "fields"),
        (json!({ "fields": many }), "fields"),
        (json!({ "fields": [1] }), "fields[0]"),
        (json!({ "fields": ["a", "-a"] }), "fields[1]"),
        (json!({ "fields": ["a", ""] }), "fields[1]"),
        (json!({ "fields": ["id"] }), "fields[0]"),
        (json!({ "fields": ["$where"] }), "fields[0]"),
        (json!({ "fields": ["_tx"] }), "fields[0]"),
        (json!({ "fields": ["a\u{0}"] }), "fields[0]"),
        (json!({ "fields": ["created"], "unique": true }), "fields[0]"),
        (json!({ "fields": ["a"], "unique": "yes" }), "unique"),
        (json!({ "fields": ["a"], "name": 1 }), "name"),
        (json!({ "fields": ["a"], "name": "" }), "name"),
        (json!({ "fields": ["a"], "name": "x; drop table ddb.tx" }), "name"),
        (json!({ "fields": ["a"], "name": "x".repeat(64) }), "name"),
        (json!({ "fields": ["a"], "type": "gin" }), "type"),
    ] {
        let refused = cast.admin.post(&path, &body).await;
        let refused =
            if body["fields"][0] == "a\u{0}" { refused.expect(422) } else { refused.expect_error(422, "VALIDATION_FAILED") };
        if body["fields"][0] != "a\u{0}" {
            assert_eq!(refused.json["error"]["details"][0]["field"], field, "{body}");
        }
    }
    cast.admin.get(&format!("/api/schema/{table}")).await.expect_error(404, "NOT_FOUND");
    // Names that would mean something to SQL are names like any other.
    for field in ["a; drop table ddb.tx", "x1", "key", "doc", "é\"'", "a.b"] {
        cast.admin.post(&path, &json!({ "fields": [field], "name": format!("i{}", field.len()) })).await;
        cast.user.post(&format!("/api/data/{table}"), &json!({ field: 1 })).await.expect(201);
    }
    let verified = cast.server.ddb(&["verify"]);
    assert_eq!(verified.code, Some(0), "{}{}", verified.stdout, verified.stderr);
}
