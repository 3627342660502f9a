//! `POST /api/batch`

use ddb_testkit::{Answer, Client, Json, Method, json};
use futures::future::join_all;

use crate::STAGE;

async fn batch(caller: &Client, ops: Json, atomic: bool) -> Answer {
    caller.post("/api/batch", &json!({ "ops": ops, "atomic": atomic })).await
}

fn create(id: &str, table: &str, key: &str) -> Json {
    json!({ "id": id, "type": "mutate", "ops": [{ "op": "create", "table": table, "id": key }] })
}

fn query(id: &str, query: Json) -> Json {
    json!({ "id": id, "type": "query", "query": query })
}

#[tokio::test]
async fn an_atomic_batch_is_one_transaction_or_nothing() {
    // Mutant: `partition_point` leaves out mutations that end at the refused step.
    let cast = STAGE.cast().await;
    let table = cast.table();
    let data = format!("/api/data/{table}");
    let made = cast.user.post(&data, &json!({ "id": "r", "n": 1 })).await.expect(201);
    let add = |id: &str| {
        json!({ "id": id, "type": "mutate", "ops": [
        { "op": "merge", "table": table, "id": "r", "data": { "n": { "$inc": 1 } } },
        { "op": "merge", "table": table, "id": "r", "data": { "n": { "$inc": 1 } } },
    ] })
    };
    let answer = cast
        .user
        .post("/api/batch", &json!({ "ops": [add("one"), create("two", &table, "new"), add("three")] }))
        .await
        .expect(200);
    assert!(answer.tx() > made.tx());
    assert_eq!(answer.header("x-ddb-tx"), answer.tx().to_string());
    for key in ["r", "new"] {
        let found = cast.user.get(&format!("{data}/{key}")).await.expect(200);
        assert_eq!(found.header("etag"), format!("\"{}\"", answer.tx()), "one transaction");
    }
    let results = answer.json["results"].as_array().expect("results");
    let of = |index: usize| (&results[index]["id"], &results[index]["status"], results[index]["data"]["tx"] == answer.json["tx"]);
    assert_eq!(
        [of(0), of(1), of(2)],
        [(&json!("one"), &json!(200), true), (&json!("two"), &json!(200), true), (&json!("three"), &json!(200), true)]
    );
    assert_eq!((&results[0]["data"]["results"][1]["n"], &results[2]["data"]["results"][1]["n"]), (&json!(3), &json!(5)));
    assert_eq!(results[1]["data"]["results"][0]["id"], format!("{table}:new"));
    for (op, status, code, message, field) in [
        (create("bad", &table, "new"), 409, "CONFLICT", "op `bad`: op 0: ", "ops[1].ops[0]"),
        (
            json!({ "id": "bad", "type": "mutate", "ops": [{ "op": "upsert", "table": table, "id": "r" }, { "op": "delete", "table": table, "id": "no" }] }),
            404,
            "NOT_FOUND",
            "op `bad`: op 1: ",
            "ops[1].ops[1]",
        ),
        (
            json!({ "id": "bad", "type": "mutate", "ops": [{ "op": "create", "table": table, "data": { "id": 1 } }] }),
            422,
            "VALIDATION_FAILED",
            "op `bad`: op 0: ",
            "ops[1].ops[0].data.id",
        ),
    ] {
        let answer = batch(&cast.user, json!([add("one"), op, add("three")]), true).await.expect_error(status, code);
        let error = &answer.json["error"];
        assert!(error["message"].as_str().is_some_and(|text| text.starts_with(message)), "{error}");
        assert_eq!(error["details"][0]["field"], field, "{error}");
    }
    assert_eq!(cast.user.get(&format!("{data}/r")).await.expect(200).json["data"]["n"], 5);
    assert_eq!(batch(&cast.user, json!([]), true).await.expect(200).json["results"], json!([]));
}

#[tokio::test]
async fn ops_of_another_batch_have_their_own_status() {
    // Mutant: `one_by_one` ends at the first error.
    let cast = STAGE.cast().await;
    let table = cast.table();
    let ops = json!([
        create("a", &table, "x"),
        create("b", &table, "x"),
        { "id": "c", "type": "mutate", "ops": [{ "op": "nope", "table": table }] },
        { "id": "d", "type": "mutate", "ops": [{ "op": "create", "table": table, "id": "y" }, { "op": "delete", "table": table, "id": "never" }] },
        create("e", &table, "z"),
    ]);
    let answer = batch(&cast.user, ops, false).await.expect(200);
    let results = answer.json["results"].as_array().expect("results");
    let statuses: Vec<_> = results.iter().map(|result| result["status"].as_i64().expect("a status")).collect();
    assert_eq!(statuses, [200, 409, 422, 404, 200], "{}", answer.text());
    assert_eq!(results[3]["error"]["details"][0]["field"], "ops[3].ops[1]");
    assert_eq!(results[3]["error"]["request_id"], answer.header("x-request-id"));
    assert_eq!(answer.json["tx"], results[4]["data"]["tx"]);
    assert_eq!(
        cast.user.get(&format!("/api/data/{table}")).await.expect(200).ids(),
        [format!("{table}:x"), format!("{table}:z")]
    );
    let none = batch(&cast.user, json!([create("a", &table, "x")]), false).await.expect(200);
    assert!(none.tx() >= answer.tx());
}

#[tokio::test]
async fn a_batch_with_a_key_has_one_effect() {
    // Mutant: `one_by_one` gives every op the part 0.
    let cast = STAGE.cast().await;
    let table = cast.table();
    let data = format!("/api/data/{table}");
    cast.user.post(&data, &json!({ "id": "r", "n": 0 })).await.expect(201);
    let add = |id: &str| json!({ "id": id, "type": "mutate", "ops": [{ "op": "merge", "table": table, "id": "r", "data": { "n": { "$inc": 1 } } }] });
    for (atomic, count) in [(true, 2), (false, 4)] {
        let client = cast.user.with_header("idempotency-key", &format!("batch-{table}-{atomic}"));
        let calls = (0..20).map(|_| batch(&client, json!([add("a"), add("b")]), atomic));
        let answers = join_all(calls).await;
        assert!(answers.iter().all(|answer| answer.status == 200 && answer.body == answers[0].body), "{}", answers[0].text());
        assert_eq!(cast.user.get(&format!("{data}/r")).await.expect(200).json["data"]["n"], count);
    }
    // What failed in a batch that is not atomic is tried again, and the rest is not.
    let client = cast.user.with_header("idempotency-key", &format!("batch-{table}-again"));
    let ops = json!([add("a"), { "id": "b", "type": "mutate", "ops": [{ "op": "delete", "table": table, "id": "late" }] }]);
    assert_eq!(batch(&client, ops.clone(), false).await.expect(200).json["results"][1]["status"], 404);
    cast.user.post(&data, &json!({ "id": "late" })).await.expect(201);
    let again = batch(&client, ops, false).await.expect(200);
    assert_eq!(
        (&again.json["results"][0]["data"]["results"][0]["n"], &again.json["results"][1]["status"]),
        (&json!(5), &json!(200))
    );
    assert_eq!(cast.user.get(&format!("{data}/r")).await.expect(200).json["data"]["n"], 5);
}

#[tokio::test]
async fn what_is_no_batch_is_refused_with_its_place() {
    let cast = STAGE.cast().await;
    let table = cast.table();
    let good = create("good", &table, "x");
    for (op, field) in [
        (json!(1), "ops[1]"),
        (json!({ "type": "mutate", "ops": [] }), "ops[1].id"),
        (json!({ "id": "", "type": "mutate", "ops": [] }), "ops[1].id"),
        (json!({ "id": "good", "type": "mutate", "ops": [] }), "ops[1].id"),
        (json!({ "id": "i".repeat(129), "type": "mutate", "ops": [] }), "ops[1].id"),
        (json!({ "id": 1, "type": "mutate", "ops": [] }), "ops[1].id"),
        (json!({ "id": "a", "ops": [] }), "ops[1].type"),
        (json!({ "id": "a", "type": "sql", "ops": [] }), "ops[1].type"),
        (json!({ "id": "a", "type": "mutate" }), "ops[1].ops"),
        (json!({ "id": "a", "type": "mutate", "ops": [], "x": 1 }), "ops[1].x"),
        (json!({ "id": "a", "type": "query" }), "ops[1].query"),
        (json!({ "id": "a", "type": "query", "query": {}, "ops": [] }), "ops[1].ops"),
        (json!({ "id": "a", "type": "mutate", "ops": [], "query": {} }), "ops[1].query"),
    ] {
        for atomic in [true, false] {
            let answer = batch(&cast.user, json!([good, op]), atomic).await.expect_error(422, "VALIDATION_FAILED");
            assert_eq!(answer.json["error"]["details"][0]["field"], field, "{op}");
        }
    }
    let many = |count: usize| json!((0..count).map(|n| create(&n.to_string(), &table, "x")).collect::<Vec<_>>());
    let halves = |count: usize| {
        let half = json!(vec![json!({ "op": "create", "table": table }); count]);
        json!([{ "id": "a", "type": "mutate", "ops": half }, { "id": "b", "type": "mutate", "ops": half }])
    };
    for body in [
        json!([]),
        json!({}),
        json!({ "ops": {} }),
        json!({ "ops": [], "atomic": 1 }),
        json!({ "ops": [], "x": 1 }),
        json!({ "ops": many(101) }),
        json!({ "ops": halves(5_001) }),
        json!({ "ops": (0..17).map(|n| query(&n.to_string(), json!({}))).collect::<Vec<_>>() }),
    ] {
        cast.user.post("/api/batch", &body).await.expect_error(422, "VALIDATION_FAILED");
    }
    batch(&cast.anon, json!([good]), true).await.expect_error(401, "UNAUTHENTICATED");
    cast.anon.send_text(Method::POST, "/api/batch", "{").await.expect_error(401, "UNAUTHENTICATED");
    cast.user.get("/api/batch").await.expect_error(405, "METHOD_NOT_ALLOWED");
    assert_eq!(cast.user.get(&format!("/api/data/{table}")).await.expect(200).records().len(), 0);
    let theirs = cast.other_user.post(&format!("/api/data/{table}"), &json!({ "id": "theirs" })).await.expect(201);
    let delete = json!([{ "id": "a", "type": "mutate", "ops": [{ "op": "delete", "table": table, "id": "theirs" }] }]);
    batch(&cast.user, delete, true).await.expect_error(404, "NOT_FOUND");
    cast.other_user.get(&theirs.path()).await.expect(200);
}

#[tokio::test]
async fn the_queries_of_an_atomic_batch_see_what_it_wrote() {
    let cast = STAGE.cast().await;
    let (mine, other) = (cast.table(), cast.table());
    cast.other_user.post(&format!("/api/data/{mine}"), &json!({ "id": "theirs", "n": 1 })).await.expect(201);
    let all = json!({ mine.as_str(): { "$order": "id" }, other.as_str(): {} });
    let ops = json!([create("a", &mine, "x"), create("b", &other, "y"), query("c", all.clone()), query("d", json!({}))]);
    let answer = batch(&cast.user, ops, true).await.expect(200);
    let results = answer.json["results"].as_array().expect("results");
    assert_eq!(
        results.iter().map(|result| (result["id"].as_str(), result["status"].as_i64())).collect::<Vec<_>>(),
        [(Some("a"), Some(200)), (Some("b"), Some(200)), (Some("c"), Some(200)), (Some("d"), Some(200)),]
    );
    let found = &results[2]["data"];
    assert_eq!(found["data"][&mine].as_array().map(Vec::len), Some(1), "{found}");
    assert_eq!(
        (&found["data"][&mine][0]["id"], &found["data"][&other][0]["id"]),
        (&json!(format!("{mine}:x")), &json!(format!("{other}:y")))
    );
    assert!(found["tx"].as_i64() >= answer.json["tx"].as_i64(), "{}", answer.text());
    assert_eq!(answer.json["tx"], results[0]["data"]["tx"]);
    assert_eq!(results[2]["data"]["tx"], results[3]["data"]["tx"], "one state");
    assert_eq!(answer.header("x-ddb-tx"), answer.tx().to_string());

    let alone = batch(&cast.user, json!([query("a", all.clone())]), true).await.expect(200);
    assert_eq!(alone.json["results"][0]["data"]["data"], found["data"]);
    assert_eq!(alone.json["tx"], alone.json["results"][0]["data"]["tx"]);
    let same = cast.user.post("/api/query", &all).await.expect(200);
    assert_eq!(same.json["data"], found["data"]);
    let typed = cast.user.with_header("accept", "application/vnd.ddb.typed+json");
    let typed = batch(&typed, json!([query("a", all)]), true).await.expect(200);
    assert!(typed.json["results"][0]["data"]["data"][&mine][0]["created"]["$datetime"].is_string(), "{}", typed.text());
    batch(&cast.anon, json!([query("a", json!({}))]), true).await.expect_error(401, "UNAUTHENTICATED");
}

#[tokio::test]
async fn a_query_that_fails_undoes_nothing_and_has_its_own_status() {
    // Mutants: the mutations are not told from the queries before them; a query is read only once the mutations are written.
    let cast = STAGE.cast().await;
    let table = cast.table();
    let list = format!("/api/data/{table}");
    let refused = batch(&cast.user, json!([query("a", json!({})), create("b", &table, "x")]), true).await;
    let refused = refused.expect_error(422, "VALIDATION_FAILED");
    assert_eq!(refused.json["error"]["details"][0]["field"], "ops[1].type");
    for bad in
        [json!(1), json!({ "a b": {} }), json!({ table.as_str(): { "$nope": 1 } }), json!({ table.as_str(): { "$limit": 0 } })]
    {
        let refused = batch(&cast.user, json!([create("a", &table, "x"), query("b", bad.clone())]), true).await;
        let refused = refused.expect_error(400, "BAD_REQUEST");
        assert!(refused.text().contains("op `b`: "), "{}", refused.text());
        let own = batch(&cast.user, json!([query("b", bad), query("c", json!({}))]), false).await.expect(200);
        assert_eq!((&own.json["results"][0]["status"], &own.json["results"][1]["status"]), (&json!(400), &json!(200)));
        assert_eq!(own.json["results"][0]["error"]["request_id"], own.header("x-request-id"));
    }
    batch(&cast.user, json!([create("a", &table, "x"), create("b", &table, "x"), query("c", json!({}))]), true)
        .await
        .expect_error(409, "CONFLICT");
    assert_eq!(cast.user.get(&list).await.expect(200).records().len(), 0, "nothing was written");
    let ask = |cursor: &str| query(cursor, json!({ table.as_str(): { "$cursor": cursor } }));
    let ops = json!([create("a", &table, "x"), ask("bad"), query("b", json!({ table.as_str(): {} }))]);
    let answer = batch(&cast.user, ops, true).await.expect(200);
    let results = answer.json["results"].as_array().expect("results");
    assert_eq!((&results[1]["status"], &results[1]["error"]["code"]), (&json!(400), &json!("BAD_REQUEST")), "{}", answer.text());
    assert_eq!((&results[2]["status"], results[2]["data"]["data"][&table].as_array().map(Vec::len)), (&json!(200), Some(1)));
    assert_eq!(cast.user.get(&list).await.expect(200).records().len(), 1);
}

#[tokio::test]
async fn ops_in_turn_see_what_those_before_them_did() {
    let cast = STAGE.cast().await;
    let table = cast.table();
    let ask = |id: &str| query(id, json!({ table.as_str(): {} }));
    let ops = json!([ask("a"), create("b", &table, "x"), ask("c"), create("d", &table, "x"), create("e", &table, "y"), ask("f")]);
    let answer = batch(&cast.user, ops, false).await.expect(200);
    let results = answer.json["results"].as_array().expect("results");
    let seen: Vec<Option<usize>> = results.iter().map(|result| result["data"]["data"][&table].as_array().map(Vec::len)).collect();
    assert_eq!(seen, [Some(0), None, Some(1), None, None, Some(2)], "{}", answer.text());
    let statuses: Vec<_> = results.iter().map(|result| result["status"].as_i64().expect("a status")).collect();
    assert_eq!(statuses, [200, 200, 200, 409, 200, 200]);
    assert_eq!(answer.json["tx"], results[5]["data"]["tx"]);
}

#[tokio::test]
async fn a_batch_with_a_key_writes_once_and_asks_anew() {
    // Mutant: `run` instead of `run_once` where there are queries.
    let cast = STAGE.cast().await;
    let table = cast.table();
    let list = format!("/api/data/{table}");
    cast.user.post(&list, &json!({ "id": "r", "n": 0 })).await.expect(201);
    let add = json!({ "id": "a", "type": "mutate", "ops": [{ "op": "merge", "table": table, "id": "r", "data": { "n": { "$inc": 1 } } }] });
    let ask = query("b", json!({ table.as_str(): { "$fields": ["n"] } }));
    for (atomic, count) in [(true, 1), (false, 2)] {
        let client = cast.user.with_header("idempotency-key", &format!("asked-{table}-{atomic}"));
        let first = batch(&client, json!([add, ask]), atomic).await.expect(200);
        assert_eq!(first.json["results"][1]["data"]["data"][&table][0]["n"], count);
        cast.user.patch(&format!("{list}/r"), &json!({ "m": atomic })).await.expect(200);
        let again = batch(&client, json!([add, ask]), atomic).await.expect(200);
        assert_eq!(again.json["results"][0], first.json["results"][0], "the mutation is the first one");
        assert_eq!(again.json["results"][1]["data"]["data"], first.json["results"][1]["data"]["data"], "{}", again.text());
        assert!(again.json["results"][1]["data"]["tx"].as_i64() > first.json["results"][1]["data"]["tx"].as_i64(), "asked anew");
        let other = query("b", json!({ table.as_str(): {} }));
        batch(&client, json!([add, other]), true).await.expect_error(422, "VALIDATION_FAILED");
    }
    assert_eq!(cast.user.get(&format!("{list}/r")).await.expect(200).json["data"]["n"], 2);
}

#[tokio::test]
async fn the_queries_of_an_atomic_batch_never_see_half_a_transfer() {
    // Mutant: `queries` with a `Reader` for each query.
    const TRANSFERS: usize = 60;
    let cast = STAGE.cast().await;
    let (from, to) = (cast.table(), cast.table());
    for table in [&from, &to] {
        cast.user.post(&format!("/api/data/{table}"), &json!({ "id": "account", "n": 1_000 })).await.expect(201);
    }
    let transfer = |amount: i64| {
        json!([
            { "id": "out", "type": "mutate", "ops": [{ "op": "merge", "table": from, "id": "account", "data": { "n": { "$inc": -amount } } }] },
            { "id": "in", "type": "mutate", "ops": [{ "op": "merge", "table": to, "id": "account", "data": { "n": { "$inc": amount } } }] },
        ])
    };
    let balance = |table: &str| query(table, json!({ table: {} }));
    let read = json!([balance(&from), balance(&to), query("both", json!({ from.as_str(): {}, to.as_str(): {} }))]);
    let writing = async {
        for amount in 1..=TRANSFERS as i64 {
            batch(&cast.user, transfer(amount), true).await.expect(200);
        }
    };
    let reading = async {
        let mut states = std::collections::HashSet::new();
        for _ in 0..TRANSFERS {
            let answer = batch(&cast.user, read.clone(), true).await.expect(200);
            let results = answer.json["results"].as_array().expect("results");
            let of = |index: usize, table: &str| results[index]["data"]["data"][table][0]["n"].as_i64().expect("a balance");
            assert_eq!(of(0, &from) + of(1, &to), 2_000, "{}", answer.text());
            assert_eq!((of(0, &from), of(1, &to)), (of(2, &from), of(2, &to)));
            states.insert(of(0, &from));
        }
        states.len()
    };
    let ((), states) = tokio::join!(writing, reading);
    assert!(states > 5, "the reader met {states} states");
}

#[tokio::test]
async fn the_answers_of_a_batch_are_bounded_together() {
    // Mutants: `ask` does not add what it gives to the output; without `MAX_ANSWER`.
    let cast = STAGE.cast().await;
    let table = cast.table();
    for id in 0..7 {
        cast.user.post(&format!("/api/data/{table}"), &json!({ "id": id, "text": "x".repeat(990_000) })).await.expect(201);
    }
    let queries: Vec<_> = (0..14).map(|n| query(&format!("q{n}"), json!({ table.as_str(): {} }))).collect();
    for atomic in [true, false] {
        let answer = batch(&cast.user, json!(queries), atomic).await.expect(200);
        let results = answer.json["results"].as_array().expect("results");
        let statuses: Vec<i64> = results.iter().map(|result| result["status"].as_i64().expect("a status")).collect();
        let given = statuses.iter().take_while(|status| **status == 200).count();
        assert!((8..=10).contains(&given), "{statuses:?}");
        assert!(results[given..].iter().all(|result| result["error"]["code"] == "QUERY_LIMIT"), "{statuses:?}");
    }
}
