//! Arrays and objects as keys, at every route that takes or gives a key.

use ddb_testkit::{Answer, Cast, Json, json};

use crate::STAGE;
use crate::percent::encode;

/// A key in a body, in a path, and as answers show it.
fn forms() -> [(Json, &'static str, &'static str); 2] {
    [
        (json!(["London", 1.0]), "['London',1]", "['London', 1]"),
        (json!({ "b": [2], "a": 1 }), "{a:1,b:[2dec]}", "{ a: 1, b: [2] }"),
    ]
}

fn path(table: &str, key: &str) -> String {
    format!("/api/data/{table}/{}", encode(key))
}

fn shown(answer: &Answer) -> &str {
    answer.json["data"]["id"].as_str().unwrap_or_else(|| panic!("no record: {}", answer.text()))
}

async fn listed(cast: &Cast, table: &str, filter: &str) -> String {
    let list = cast.user.get(&format!("/api/data/{table}?where={}", encode(filter))).await.expect(200);
    list.ids().iter().map(|id| id.split_once(':').expect("an id").1).collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn a_record_lives_under_its_key() {
    for (id, key, text) in forms() {
        let cast = STAGE.cast().await;
        let table = cast.table();
        let (path, list) = (path(&table, key), format!("/api/data/{table}"));
        cast.user.get(&path).await.expect_error(404, "NOT_FOUND");
        let made = cast.user.post(&list, &json!({ "id": id, "n": 1 })).await.expect(201);
        assert_eq!(shown(&made), format!("{table}:{text}"));
        cast.user.post(&list, &json!({ "id": id })).await.expect_error(409, "CONFLICT");
        let found = cast.user.get(&path).await.expect(200);
        assert_eq!(found.json["data"], made.json["data"]);
        let again = cast.user.get(&format!("{list}/{}", encode(text))).await.expect(200);
        assert_eq!(again.json["data"], made.json["data"], "the key as it is shown");
        let if_match = cast.user.with_header("if-match", "\"1\"");
        if_match.patch(&path, &json!({ "n": 2 })).await.expect_error(412, "VERSION_MISMATCH");
        cast.user.patch(&path, &json!({ "n": { "$inc": 1 } })).await.expect(200);
        let replaced = cast.user.put(&path, &json!({ "n": 3 })).await.expect(200);
        assert_eq!(replaced.json["data"]["n"], 3);

        let past = cast.user.get(&format!("{path}?at={}", made.tx())).await.expect(200);
        assert_eq!((shown(&past), &past.json["data"]["n"]), (shown(&made), &json!(1)));
        let history = cast.user.get(&format!("{path}/history")).await.expect(200);
        assert_eq!(history.records().len(), 3);
        let restored = cast.user.post(&format!("{path}/restore"), &json!({ "tx": made.tx() })).await.expect(200);
        assert_eq!((shown(&restored), &restored.json["data"]["n"]), (shown(&made), &json!(1)));
        cast.user.delete(&path).await.expect(204);
        cast.user.get(&path).await.expect_error(404, "NOT_FOUND");
        let back = cast.user.post(&format!("{path}/undelete"), &json!({})).await.expect(200);
        assert_eq!(shown(&back), shown(&made));

        let proof = cast.user.get(&path.replace("/api/data/", "/api/audit/proof/")).await.expect(200);
        assert!(proof.text().contains(&json!(shown(&made)).to_string()), "{}", proof.text());
        let checked = cast.server.ddb_with(&["verify", "--proof", "-"], &proof.text());
        assert_eq!(checked.code, Some(0), "{checked:?}");
        let activity = cast.user.get(&format!("/api/audit/activity?table={table}&key={}", encode(key))).await.expect(200);
        assert_eq!(activity.records().len(), 6);
        assert!(activity.records().iter().all(|entry| entry["id"] == shown(&made)));
        let tx = cast.user.get(&format!("/api/audit/tx/{}", made.tx())).await.expect(200);
        assert!(tx.text().contains(&json!(shown(&made)).to_string()), "{}", tx.text());

        for suffix in ["", "/history", "?at=1"] {
            cast.other_user.get(&format!("{path}{suffix}")).await.expect_error(404, "NOT_FOUND");
            cast.anon.get(&format!("{path}{suffix}")).await.expect_error(404, "NOT_FOUND");
        }
        cast.other_user.delete(&path).await.expect_error(404, "NOT_FOUND");
        cast.other_user.post(&list, &json!({ "id": id })).await.expect_error(409, "CONFLICT");
        let erase = json!({ "records": [shown(&made)], "reason": "a request" });
        cast.admin.post("/api/admin/erase", &erase).await.expect(200);
        cast.user.get(&path).await.expect_error(404, "NOT_FOUND");
        cast.user.post(&list, &json!({ "id": id, "n": 9 })).await.expect(201);
        assert_eq!(cast.user.get(&path).await.expect(200).json["data"]["n"], 9, "the key is free again");
    }
}

#[tokio::test]
async fn equal_keys_are_one_record_whatever_their_numbers_are_written_as() {
    // Mutant: `from_value` without `normal_key`.
    let cast = STAGE.cast().await;
    let table = cast.table();
    let list = format!("/api/data/{table}");
    for (number, others) in [
        (json!(1), vec![json!(1.0), json!({ "$decimal": "1.00" })]),
        (json!(0.5), vec![json!({ "$decimal": "0.50" })]),
        (json!({ "$decimal": "0.1" }), vec![json!({ "$decimal": "0.100" })]),
    ] {
        let made = cast.user.post(&list, &json!({ "id": [number] })).await.expect(201);
        for other in others {
            cast.user.post(&list, &json!({ "id": [other] })).await.expect_error(409, "CONFLICT");
            let op = json!({ "op": "upsert", "table": table, "id": [other], "data": { "n": 1 } });
            let merged = cast.user.post("/api/mutate", &json!({ "ops": [op] })).await.expect(200);
            assert_eq!(merged.json["results"][0]["id"], made.json["data"]["id"]);
        }
    }
    cast.user.post(&list, &json!({ "id": [0.1] })).await.expect(201);
    assert_eq!(listed(cast, &table, "true").await, "[0.1dec] [0.1f] [0.5f] [1]", "0.1dec is less than the float 0.1");
}

#[tokio::test]
async fn keys_are_in_order_and_pages_follow_it() {
    let cast = STAGE.cast().await;
    let table = cast.table();
    let list = format!("/api/data/{table}");
    let uuid = "018f3c5e-7c5a-7aaa-8aaa-000000000001";
    let ids = json!([
        { "id": { "a": 1 } }, { "id": [1, 2] }, { "id": [] }, { "id": ["a"] }, { "id": 7 }, { "id": "x" }, { "id": [1] }, { "id": [1, { "$decimal": "1.1" }] },
        { "id": { "$uuid": uuid } }, { "id": [null] }, { "id": [10] }, { "id": {} }, { "id": [[1]] }, { "id": [{ "a": 1 }] }, { "id": [{ "$set": [1] }] },
    ]);
    cast.user.post(&list, &ids).await.expect(201);
    let expected = [
        "7",
        "x",
        &format!("u'{uuid}'"),
        "[]",
        "[NULL]",
        "[1]",
        "[1, 1.1dec]",
        "[1, 2]",
        "[10]",
        "['a']",
        "[[1]]",
        "[{1,}]",
        "[{ a: 1 }]",
        "{  }",
        "{ a: 1 }",
    ]
    .map(|key| format!("{table}:{key}"));
    for (order, reversed) in [("", false), ("&order=id", false), ("&order=-id", true)] {
        let mut expected = expected.to_vec();
        if reversed {
            expected.reverse();
        }
        for limit in [1, 4, 100] {
            let (mut ids, mut cursor) = (Vec::new(), String::new());
            loop {
                let page = cast.user.get(&format!("{list}?limit={limit}{order}{cursor}")).await.expect(200);
                ids.extend(page.ids().iter().map(|id| (*id).to_owned()));
                match page.json["next_cursor"].as_str() {
                    Some(next) => cursor = format!("&cursor={}", encode(next)),
                    None => break,
                }
            }
            assert_eq!(ids, expected, "{order} in pages of {limit}");
        }
    }
    for (filter, expected) in [
        (format!("id = {table}:[1, 2]"), "[1, 2]"),
        (format!("id = {table}:[1f, 2dec]"), "[1, 2]"),
        (format!("id = {table}:{{ a: 0 + 1 }}"), "{ a: 1 }"),
        (format!("id IN [{table}:[], {table}:['a'], {table}:['b']]"), "[] ['a']"),
        (format!("id IN {table}:[1]..[2]"), "[1] [1, 1.1dec] [1, 2]"),
        (format!("id IN {table}:[1]>..=[1, 2]"), "[1, 1.1dec] [1, 2]"),
        (format!("id IN {table}:[NONE]..[1, NONE]"), "[NULL] [1]"),
        (format!("id > {table}:['a'] AND id < {table}:{{}}"), "[[1]] [{1,}] [{ a: 1 }]"),
        (format!("id != {table}:[] AND id <= {table}:[1]"), &format!("7 x u'{uuid}' [NULL] [1]")),
        (format!("id = type::record('{table}', [1, 2.0])"), "[1, 2]"),
        (format!("id = <record> '{table}:[1.0, 2]'"), "[1, 2]"),
        (format!("id = r'{table}:[1, 2]'"), "[1, 2]"),
        (format!("id = '{table}:[1, 2]'"), "[1, 2]"),
    ] {
        assert_eq!(listed(cast, &table, &filter).await, expected, "{filter}");
    }
    for filter in
        [format!("id = {table}:[NONE]"), format!("id = {table}:[1..2]"), format!("id = {table}:['{}']", "k".repeat(510))]
    {
        cast.user.get(&format!("{list}?where={}", encode(&filter))).await.expect_error(400, "INVALID_QUERY");
    }
}

#[tokio::test]
async fn links_lead_to_them_with_and_without_an_index() {
    let cast = STAGE.cast().await;
    let (cities, visits) = (cast.table(), cast.table());
    for (id, _, _) in forms() {
        cast.user.post(&format!("/api/data/{cities}"), &json!({ "id": id, "name": id.to_string() })).await.expect(201);
    }
    let list = format!("/api/data/{visits}");
    for (n, (id, key, text)) in forms().into_iter().enumerate() {
        let tagged = json!({ "n": n, "city": { "$record": format!("{cities}:{key}") } });
        let parts = json!({ "n": n, "city": { "$record": { "table": cities, "key": id } } });
        for body in [tagged, parts] {
            let made = cast.user.post(&list, &body).await.expect(201);
            assert_eq!(made.json["data"]["city"], format!("{cities}:{text}"));
        }
    }
    let typed = cast.user.with_header("accept", "application/vnd.ddb.typed+json");
    let first = &typed.get(&format!("{list}?where={}", encode("n = 0"))).await.expect(200).json["data"][0]["city"];
    let again = cast.user.post(&list, &json!({ "n": 0, "city": first })).await.expect(201);
    assert_eq!(again.json["data"]["city"], format!("{cities}:['London', 1]"), "a typed answer is a body: {first}");
    for indexed in [false, true] {
        if indexed {
            cast.admin
                .post(&format!("/api/schema/{visits}/indexes"), &json!({ "name": "by_city", "fields": ["city"] }))
                .await
                .expect(201);
        }
        for (n, (_, key, _)) in forms().into_iter().enumerate() {
            let filter = encode(&format!("city = {cities}:{key} AND n = {n}"));
            let found = cast.user.get(&format!("{list}?where={filter}&expand=city&count=exact")).await.expect(200);
            assert_eq!(found.records().len(), if n == 0 { 3 } else { 2 });
            assert!(found.records().iter().all(|record| record["city"]["name"].is_string()), "{}", found.text());
        }
        let vars = encode(&json!({ "city": { "$record": format!("{cities}:['London', 1]") } }).to_string());
        let found = cast.user.get(&format!("{list}?where={}&vars={vars}", encode("city = $city"))).await.expect(200);
        assert_eq!(found.records().len(), 3);
        let query = json!({ visits.as_str(): { "$where": { "city": { "$record": format!("{cities}:{{ a: 1, b: [2] }}") } }, "city": {} } });
        let found = cast.user.post("/api/query", &query).await.expect(200);
        assert_eq!(found.json["data"][&visits].as_array().map(Vec::len), Some(2), "{}", found.text());
    }
    let followed = cast.user.get(&format!("{list}?where={}", encode("city.name = '[\"London\",1.0]'"))).await.expect(200);
    assert_eq!(followed.records().len(), 3);
}

#[tokio::test]
async fn ops_name_them() {
    let cast = STAGE.cast().await;
    let table = cast.table();
    for (id, key, text) in forms() {
        let op = |op: &str, data: Json| json!({ "op": op, "table": table, "id": id, "data": data });
        let ops =
            json!([op("create", json!({ "n": 1 })), op("merge", json!({ "n": { "$inc": 1 } })), op("update", json!({ "m": 1 }))]);
        let answer = cast.user.post("/api/mutate", &json!({ "ops": ops })).await.expect(200);
        assert!(
            answer.json["results"].as_array().expect("results").iter().all(|record| record["id"] == format!("{table}:{text}"))
        );
        let delete = json!({ "id": "a", "type": "mutate", "ops": [{ "op": "delete", "table": table, "id": id }] });
        let keyed = cast.user.with_header("idempotency-key", &format!("delete-{}", text.len()));
        let answer = keyed.post("/api/batch", &json!({ "ops": [delete] })).await.expect(200);
        let repeated = keyed.post("/api/batch", &json!({ "ops": [delete] })).await.expect(200);
        assert_eq!(answer.text(), repeated.text());
        cast.user.get(&path(&table, key)).await.expect_error(404, "NOT_FOUND");
        let refused =
            cast.user.post("/api/mutate", &json!({ "ops": [op("merge", json!({}))] })).await.expect_error(404, "NOT_FOUND");
        assert_eq!(refused.json["error"]["details"][0]["field"], "ops[0]", "{}", refused.text());
    }
}
