//! Questions that are small and cost much are answered with an error, and soon.

use ddb_testkit::{Json, json};

use crate::STAGE;
use crate::percent::encode;

#[tokio::test]
async fn links_to_oneself_are_no_bomb() {
    // Mutants: `Output::add` never fails; `owned` counts nothing.
    let cast = STAGE.cast().await;
    let table = cast.table();
    let path = format!("/api/data/{table}");
    let itself = json!({ "$record": format!("{table}:1") });
    cast.user.post(&path, &json!({ "id": 1, "l": vec![itself; 15_000] })).await.expect(201);
    for query in ["expand=l", "expand=l.l.l", "fields=l.l", "fields=l.l.l", &format!("where={}", encode("l.l.l = 1"))] {
        cast.user.get(&format!("{path}?{query}")).await.expect_error(400, "QUERY_LIMIT");
    }
    let query = json!({ table.as_str(): { "l": { "$limit": 1000, "l": { "$limit": 1000 } } } });
    cast.user.post("/api/query", &query).await.expect_error(400, "QUERY_LIMIT");
    assert_eq!(cast.user.get(&path).await.expect(200).ids().len(), 1);
}

#[tokio::test]
async fn a_query_asks_so_many_questions_and_no_more() {
    let cast = STAGE.cast().await;
    let nested: serde_json::Map<String, Json> = (0..40).map(|number| (format!("k{number}"), json!({}))).collect();
    cast.anon.post("/api/query", &json!({ "t": nested })).await.expect_error(400, "BAD_REQUEST");
    let patterns: Vec<Json> = (0..40).map(|number| json!({ "a": { "$like": format!("%{number}%") } })).collect();
    let table = cast.table();
    cast.user.post(&format!("/api/data/{table}"), &json!({ "a": "x" })).await.expect(201);
    cast.user
        .post("/api/query", &json!({ table.as_str(): { "$where": { "$or": patterns } } }))
        .await
        .expect_error(400, "QUERY_LIMIT");
    let long = json!({ table.as_str(): { "$where": { "a": { "$like": "_".repeat(2_000) } } } });
    cast.user.post("/api/query", &long).await.expect_error(400, "BAD_REQUEST");
    let parts: Vec<Json> = (0..2_000).map(|number| json!({ "a": number })).collect();
    cast.user
        .post("/api/query", &json!({ table.as_str(): { "$where": { "$or": parts } } }))
        .await
        .expect_error(400, "BAD_REQUEST");
    let some: Vec<Json> = (0..900).map(|number| json!({ "a": number })).chain([json!({ "a": "x" })]).collect();
    let found = cast.user.post("/api/query", &json!({ table.as_str(): { "$where": { "$or": some } } })).await.expect(200);
    assert_eq!(found.json["data"][&table].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn what_sql_cannot_say_exactly_is_left_to_the_evaluator() {
    // Mutants: floats of any size are pushed; `@>` instead of equality; `type::field` counts as constant; NUL is bound as text.
    let cast = STAGE.cast().await;
    let table = cast.table();
    let path = format!("/api/data/{table}");
    let time = "2026-01-01T00:00:00Z";
    cast.user
        .post(
            &path,
            &json!([
                { "id": 1, "n": 1_152_921_504_606_846_976_i64, "b": 5 },
                { "id": 2, "n": 1_152_921_504_606_846_980_i64, "a": 5, "b": 5 },
                { "id": 3, "a": { "$object": { "$datetime": time, "b": 1 } }, "b": 1 },
                { "id": 4, "a": { "$datetime": time } },
            ]),
        )
        .await
        .expect(201);
    let cases = [
        ("n = 1152921504606846976.0".to_owned(), "1"),
        ("n > 1152921504606846976.0".to_owned(), "2"),
        (format!("a = d'{time}'"), "4"),
        (format!("a != NONE AND a != d'{time}'"), "2 3"),
        ("a = type::field('b')".to_owned(), "2"),
        ("a = 'x\\0'".to_owned(), ""),
        ("`a\\0b` = 1".to_owned(), ""),
    ];
    for (filter, expected) in cases {
        let list = cast.user.get(&format!("{path}?count=exact&where={}", encode(&filter))).await;
        if list.status == 400 && filter.contains("\\0") {
            continue;
        }
        let list = list.expect(200);
        let keys: Vec<&str> = list.ids().iter().map(|id| id.split_once(':').expect("an id").1).collect();
        assert_eq!(keys.join(" "), expected, "{filter}");
        assert_eq!(list.json["total"], keys.len(), "{filter}");
    }
}

#[tokio::test]
async fn what_nests_as_deep_as_it_may_takes_no_time_and_no_stack() {
    // Mutants: `write_unary` prints its operand twice; `STACK_BYTES` is 1 MB.
    let cast = STAGE.cast().await;
    let table = cast.table();
    let path = format!("/api/data/{table}");
    cast.user.post(&path, &json!({ "id": "a", "l": { "$record": format!("{table}:a") } })).await.expect(201);
    for levels in 1..12 {
        let nested = (0..levels)
            .fold(json!({ "$fields": ["id", "l"], "$where": { "l": { "$exists": true } } }), |inner, _| json!({ "l": inner }));
        let status = cast.user.post("/api/query", &json!({ table.as_str(): nested })).await.status;
        assert!(matches!(status, 200 | 400), "{levels} levels: {status}");
    }
    for (prefix, suffix) in [("- ", ""), ("!", ""), ("-(", ")"), ("(", ")"), ("[", "]"), ("<array> ", "")] {
        for count in [20, 50, 95] {
            let filter = format!("{}1{}", prefix.repeat(count), suffix.repeat(count));
            let asked = std::time::Instant::now();
            let status = cast.anon.get(&format!("{path}?where={}", encode(&filter))).await.status;
            assert!(matches!(status, 200 | 400), "{count} times {prefix}: {status}");
            assert!(asked.elapsed().as_secs() < 5, "{count} times {prefix} took {:?}", asked.elapsed());
        }
    }
    cast.anon.get("/health").await.expect(200);
}
