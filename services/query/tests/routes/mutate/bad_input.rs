//! What is no mutation.

use ddb_testkit::{Method, Stage, json};

use super::mutate;
use crate::STAGE;

/// Large writes keep all others waiting, so they have a server of their own.
static LARGE: Stage = Stage::new();

#[tokio::test]
async fn the_anonymous_are_told_before_their_body_is_read() {
    let cast = STAGE.cast().await;
    let ops = json!([{ "op": "create", "table": "things", "data": {} }]);
    mutate(&cast.anon, ops).await.expect_error(401, "UNAUTHENTICATED");
    mutate(&cast.anon, json!([])).await.expect_error(401, "UNAUTHENTICATED");
    cast.anon.send_text(Method::POST, "/api/mutate", "{").await.expect_error(401, "UNAUTHENTICATED");
    cast.user.get("/api/mutate").await.expect_error(405, "METHOD_NOT_ALLOWED");
}

#[tokio::test]
async fn what_is_no_op_is_refused_with_its_place() {
    // Mutants: `members.into_iter().next()` is not asked; `if_tx` takes any number.
    let cast = STAGE.cast().await;
    let head = cast.user.post(&format!("/api/data/{}", cast.table()), &json!({})).await.expect(201);
    let t = cast.table();
    for (op, code, field) in [
        (json!(1), "VALIDATION_FAILED", "ops[1]"),
        (json!({}), "VALIDATION_FAILED", "ops[1].op"),
        (json!({ "op": 1, "table": t }), "VALIDATION_FAILED", "ops[1].op"),
        (json!({ "op": "relate", "table": t, "id": 1 }), "VALIDATION_FAILED", "ops[1].op"),
        (json!({ "op": "CREATE", "table": t }), "VALIDATION_FAILED", "ops[1].op"),
        (json!({ "op": "create" }), "VALIDATION_FAILED", "ops[1].table"),
        (json!({ "op": "create", "table": 1 }), "VALIDATION_FAILED", "ops[1].table"),
        (json!({ "op": "create", "table": "a b" }), "BAD_REQUEST", "ops[1].table"),
        (json!({ "op": "create", "table": "t; drop table ddb.tx" }), "BAD_REQUEST", "ops[1].table"),
        (json!({ "op": "create", "table": t, "x": 1 }), "VALIDATION_FAILED", "ops[1].x"),
        (json!({ "op": "create", "table": t, "if_tx": 1 }), "VALIDATION_FAILED", "ops[1].if_tx"),
        (json!({ "op": "create", "table": t, "id": [{ "$none": true }] }), "VALIDATION_FAILED", "ops[1].id[0]"),
        (json!({ "op": "create", "table": t, "id": null }), "VALIDATION_FAILED", "ops[1].id"),
        (json!({ "op": "create", "table": t, "data": [] }), "VALIDATION_FAILED", "ops[1].data"),
        (json!({ "op": "create", "table": t, "data": { "id": 1 } }), "VALIDATION_FAILED", "ops[1].data.id"),
        (json!({ "op": "create", "table": t, "data": { "_owner": "user:x" } }), "VALIDATION_FAILED", "ops[1].data._owner"),
        (json!({ "op": "create", "table": t, "data": { "a": { "$x": 1 } } }), "VALIDATION_FAILED", "ops[1].data.a.$x"),
        (json!({ "op": "create", "table": t, "data": { "$ttl": 0 } }), "VALIDATION_FAILED", "ops[1].data.$ttl"),
        (
            json!({ "op": "upsert", "table": t, "data": { "a": { "b": { "$inc": "x" } } } }),
            "VALIDATION_FAILED",
            "ops[1].data.a.b",
        ),
        (json!({ "op": "update", "table": t, "id": 1 }), "VALIDATION_FAILED", "ops[1].data"),
        (json!({ "op": "update", "table": t, "data": {} }), "VALIDATION_FAILED", "ops[1].id"),
        (json!({ "op": "merge", "table": t, "id": 1 }), "VALIDATION_FAILED", "ops[1].data"),
        (json!({ "op": "merge", "table": t, "data": {} }), "VALIDATION_FAILED", "ops[1].id"),
        (json!({ "op": "merge", "table": t, "id": 1, "data": {}, "if_tx": "1" }), "VALIDATION_FAILED", "ops[1].if_tx"),
        (json!({ "op": "merge", "table": t, "id": 1, "data": {}, "if_tx": 0 }), "VALIDATION_FAILED", "ops[1].if_tx"),
        (json!({ "op": "merge", "table": t, "id": 1, "data": {}, "if_tx": 1.0 }), "VALIDATION_FAILED", "ops[1].if_tx"),
        (json!({ "op": "delete", "table": t }), "VALIDATION_FAILED", "ops[1].id"),
        (json!({ "op": "delete", "table": t, "id": 1, "data": {} }), "VALIDATION_FAILED", "ops[1].data"),
    ] {
        let answer = mutate(&cast.user, json!([{ "op": "create", "table": t }, op])).await;
        let status = if code == "BAD_REQUEST" { 400 } else { 422 };
        let answer = answer.expect_error(status, code);
        assert_eq!(answer.json["error"]["details"][0]["field"], field, "{op}: {}", answer.text());
        assert!(answer.text().contains("\"message\":\"op 1: "), "{}", answer.text());
    }
    for (body, status) in [
        (json!([]), 422),
        (json!({}), 422),
        (json!({ "ops": {} }), 422),
        (json!({ "ops": [], "atomic": true }), 422),
        (json!({ "ops": vec![json!({ "op": "create", "table": t }); 10_001] }), 422),
        (json!({ "ops": (0..33).map(|n| json!({ "op": "create", "table": format!("{t}_{n}") })).collect::<Vec<_>>() }), 422),
    ] {
        cast.user.post("/api/mutate", &body).await.expect_error(status, "VALIDATION_FAILED");
    }
    cast.user.post("/api/mutate?x=1", &json!({ "ops": [] })).await.expect_error(400, "BAD_REQUEST");
    cast.user.with_header("if-match", "\"1\"").post("/api/mutate", &json!({ "ops": [] })).await.expect_error(400, "BAD_REQUEST");
    cast.user.send_text(Method::POST, "/api/mutate", "{\"ops\":[],\"ops\":[]}").await.expect_error(400, "BAD_REQUEST");
    cast.admin.get(&format!("/api/schema/{t}")).await.expect_error(404, "NOT_FOUND");
    assert!(head.tx() > 0);
}

#[tokio::test]
async fn a_small_request_does_not_write_gigabytes() {
    // Mutant: `effect` gives a record that did not change the size 0.
    let cast = LARGE.cast().await;
    let table = cast.table();
    let body = json!({ "id": "big", "text": "x".repeat(1_000_000) });
    let made = cast.user.post(&format!("/api/data/{table}"), &body).await.expect(201);
    for data in [json!({ "n": { "$inc": 1 } }), json!({})] {
        let op = json!({ "op": "merge", "table": table, "id": "big", "data": data });
        let refused = mutate(&cast.user, json!(vec![op.clone(); 60])).await.expect_error(413, "PAYLOAD_TOO_LARGE");
        assert!(refused.text().contains("op 33: "), "{}", refused.text());
        mutate(&cast.user, json!(vec![op; 10])).await.expect(200);
    }
    assert!(made.tx() > 0);
    let many: Vec<_> = (0..10_000).map(|n| json!({ "op": "create", "table": table, "data": { "n": n } })).collect();
    let answer = mutate(&cast.user, json!(many)).await.expect(200);
    assert_eq!(answer.json["results"].as_array().map(Vec::len), Some(10_000));
}
