use ddb_testkit::{Database, Server, json};

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

#[tokio::test]
async fn a_query_behind_the_removal_of_its_index_is_answered() {
    // Mutant: `remove_index` leaves the shape of the table as it was known.
    let cast = STAGE.cast().await;
    let table = cast.table();
    fill(&cast.user, &table, 10, |number| json!({ "id": number, "n": number })).await;
    let indexes = format!("/api/schema/{table}/indexes");
    cast.admin.post(&indexes, &json!({ "name": "by_n", "fields": ["n"] })).await.expect(201);
    let query = async |number: i64| {
        let found = cast.user.post("/api/query", &json!({ &table: { "$where": { "n": number } } })).await.expect(200);
        assert_eq!(found.json["data"][&table][0]["id"], format!("{table}:{number}"));
    };
    query(1).await;
    cast.admin.delete(&format!("{indexes}/by_n")).await.expect(204);
    query(2).await;
}

#[tokio::test]
async fn lists_go_on_when_an_index_is_removed() {
    // Mutant: a shape whose column is gone is not forgotten.
    let cast = STAGE.cast().await;
    let table = cast.table();
    let (data, path) = (format!("/api/data/{table}"), format!("/api/schema/{table}/indexes"));
    cast.user.post(&data, &json!([{ "a": 2 }, { "a": 1 }])).await.expect(201);
    for round in 0..3 {
        cast.admin.post(&path, &json!({ "name": "i", "fields": ["a"] })).await.expect(201);
        for query in ["where=a%20%3D%201", "order=a", "order=-a&count=exact", "where=a%20%21%3D%201&order=a"] {
            cast.user.get(&format!("{data}?{query}")).await.expect(200);
        }
        cast.admin.delete(&format!("{path}/i")).await.expect(204);
        for query in ["where=a%20%3D%201", "order=a", "order=-a&count=exact", "where=a%20%21%3D%201&order=a"] {
            // Once it may be told to ask again.
            if cast.user.get(&format!("{data}?{query}")).await.status == 503 {
                cast.user.get(&format!("{data}?{query}")).await.expect(200);
            }
        }
        assert_eq!(cast.user.get(&format!("{data}?order=a")).await.expect(200).records()[0]["a"], 1, "round {round}");
    }
}

#[tokio::test]
async fn values_too_long_for_a_b_tree_are_413_and_a_problem_of_the_index() {
    let cast = STAGE.cast().await;
    let (table, large) = (cast.table(), cast.table());
    let mut text = String::new();
    for number in 0_u64..200 {
        text += &format!("{:x}", number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    }
    let wide = json!({ "a": format!("a{text}"), "b": format!("b{text}"), "c": format!("c{text}") });
    let index = json!({ "name": "i", "fields": ["a", "b", "c"] });
    cast.admin.post(&format!("/api/schema/{table}/indexes"), &index).await.expect(201);
    cast.user.post(&format!("/api/data/{table}"), &wide).await.expect_error(413, "PAYLOAD_TOO_LARGE");
    cast.user.post(&format!("/api/data/{table}"), &json!({ "a": 1 })).await.expect(201);
    fill(&cast.user, &large, 1_100, |number| json!({ "a": number })).await;
    cast.user.post(&format!("/api/data/{large}"), &wide).await.expect(201);
    cast.admin.post(&format!("/api/schema/{large}/indexes"), &index).await.expect(201);
    let failed = built(&cast.admin, &large, "i").await;
    assert_eq!(failed["state"], "failed", "{failed}");
}

#[tokio::test]
async fn what_a_builder_that_died_has_left_is_cleared_away() {
    // Mutant: `build` does not drop the trees first. The index stays *building*.
    let database = Database::new().await;
    let server = Server::builder().over(&database).start().await;
    let (user, admin) = (server.user().await, server.admin().await);
    fill(&user, "t", 3_000, |number| json!({ "n": number })).await;
    admin.post("/api/schema/t/indexes", &json!({ "name": "by_n", "fields": ["n"] })).await.expect(201);
    let mut session = database.connect().await;
    let id = session.value("select id::text from ddb.index_definition where name = 'by_n'").await;
    let table = session.value("select table_id::text from ddb.index_definition where name = 'by_n'").await;
    for tree in ["all", "own"] {
        session.execute(&format!("create index if not exists i1_{id}_{tree} on ddb_data.t1_{table} (created)")).await;
    }
    let index = built(&admin, "t", "by_n").await;
    assert_eq!(index["state"], "ready", "{index}");
    let definition = session.value(&format!("select indexdef from pg_indexes where indexname = 'i1_{id}_all'")).await;
    assert!(!definition.contains("created"), "{definition}");
}
