//! What an answer shows as an id names the record wherever an id is asked for.
//! Mutants: `id.literal()` for `id.plain()` in an answer or a message; `parse_own_id` that gives None.

use ddb_testkit::{Answer, Cast, Json, Method, json};

use crate::STAGE;
use crate::percent::encode;

/// Keys in a body, and in an answer.
fn keys(table: &str) -> Vec<(Json, String)> {
    let uuid = "018f3c5e-7c5a-7aaa-8aaa-000000000001";
    let string = |text: &str, shown: &str| (json!(text), shown.to_owned());
    vec![
        (json!(7), "7".to_owned()),
        string("7", "'7'"),
        string("my-post", "my-post"),
        string("ada@example.com", "ada@example.com"),
        string("a/b?c#d%2Fe&f=g h", "a/b?c#d%2Fe&f=g h"),
        string("it's \"x\" \\ `y`", "it's \"x\" \\ `y`"),
        string("Größe 💡 e\u{301}", "Größe 💡 e\u{301}"),
        string("..", "'..'"),
        string("'7'", "''7''"),
        string("⟨x⟩", "'⟨x⟩'"),
        string("[1]", "'[1]'"),
        string("user:1", "user:1"),
        (json!(uuid), uuid.to_owned()),
        (json!({ "$uuid": uuid }), format!("u'{uuid}'")),
        (json!(format!("u'{uuid}'")), format!("'u'{uuid}''")),
        // A full id of the table that is a string key for once.
        (json!(format!("{table}:'{table}:7'")), format!("'{table}:7'")),
        (json!("'".repeat(512)), "'".repeat(514)),
        (json!(["it's", 1.0]), r"['it\'s', 1]".to_owned()),
        (json!({ "a b": "⟨" }), "{ 'a b': '⟨' }".to_owned()),
    ]
}

fn id_of(answer: &Answer) -> String {
    answer.json["data"]["id"].as_str().unwrap_or_else(|| panic!("no record: {}", answer.text())).to_owned()
}

fn shows(answer: &Answer, id: &str) {
    let quoted = json!(id).to_string();
    assert!(answer.text().contains(&quoted[1..quoted.len() - 1]), "{id} is not in {}", answer.text());
}

/// Reads and writes the record by what was shown, at every door.
async fn walk(cast: &Cast, table: &str, key: &str, typed: &Json) {
    let id = format!("{table}:{key}");
    let list = format!("/api/data/{table}");
    for named in [encode(key), encode(&id)] {
        let path = format!("{list}/{named}");
        let got = cast.user.get(&path).await.expect(200);
        assert_eq!(id_of(&got), id);
        assert_eq!(id_of(&cast.user.get(&format!("{path}?at={}", got.tx())).await.expect(200)), id);
        assert_eq!(id_of(&cast.user.patch(&path, &json!({ "n": 1 })).await.expect(200)), id);
        let put = cast.user.put(&path, &json!({ "n": 2 })).await.expect(200);
        assert_eq!(id_of(&put), id);
        assert_eq!(id_of(&cast.user.post(&format!("{path}/restore"), &json!({ "tx": put.tx() })).await.expect(200)), id);
        cast.user.get(&format!("{path}/history")).await.expect(200);
        cast.user.delete(&path).await.expect(204);
        let gone = cast.user.get(&path).await.expect_error(404, "NOT_FOUND");
        shows(&gone, &id);
        assert_eq!(id_of(&cast.user.post(&format!("{path}/undelete"), &json!({})).await.expect(200)), id);
        shows(&cast.user.get(&path.replace("/api/data/", "/api/audit/proof/")).await.expect(200), &id);
        let activity = cast.user.get(&format!("/api/audit/activity?table={table}&key={named}&limit=1")).await.expect(200);
        assert_eq!(activity.records()[0]["id"], json!(id));
        shows(&cast.user.get(&format!("/api/audit/tx/{}", put.tx())).await.expect(200), &id);
    }
    // In bodies: as text, and as a typed answer has it.
    for named in [json!(id), typed.clone()] {
        let taken = cast.user.post(&list, &json!({ "id": named })).await.expect_error(409, "CONFLICT");
        shows(&taken, &format!("the key of {id} is taken"));
        let op = |op: &str| json!({ "op": op, "table": table, "id": named, "data": { "m": op } });
        let ops = json!([op("upsert"), op("merge"), op("update")]);
        let mutated = cast.user.post("/api/mutate", &json!({ "ops": ops })).await.expect(200);
        assert!(mutated.json["results"].as_array().expect("results").iter().all(|record| record["id"] == json!(id)));
        let delete = json!({ "id": "a", "type": "mutate", "ops": [{ "op": "delete", "table": table, "id": named }] });
        let create =
            json!({ "id": "b", "type": "mutate", "ops": [{ "op": "create", "table": table, "id": named, "data": { "n": 3 } }] });
        let batch = cast.user.post("/api/batch", &json!({ "ops": [delete, create] })).await.expect(200);
        assert_eq!(batch.json["results"][1]["data"]["results"][0]["id"], json!(id), "{}", batch.text());
    }
}

#[tokio::test]
async fn what_an_answer_shows_can_be_used_wherever_an_id_is_asked_for() {
    let cast = STAGE.cast().await;
    let (table, links) = (cast.table(), cast.table());
    let list = format!("/api/data/{table}");
    let typed = cast.user.with_header("accept", "application/vnd.ddb.typed+json");
    let keys = keys(&table);
    for (key, shown) in &keys {
        let made = cast.user.post(&list, &json!({ "id": key, "n": 0 })).await.expect(201);
        let id = id_of(&made);
        assert_eq!(id, format!("{table}:{shown}"));
        let typed_id = typed.get(&format!("{list}/{}", encode(shown))).await.expect(200).json["data"]["id"].clone();
        walk(cast, &table, shown, &typed_id).await;

        // As a link: by what was shown, and by the typed answer.
        for link in [json!({ "$record": id }), typed_id] {
            let linking = cast.user.post(&format!("/api/data/{links}"), &json!({ "to": link })).await.expect(201);
            assert_eq!(linking.json["data"]["to"], json!(id));
            let typed_link = &typed.get(&linking.path()).await.expect(200).json["data"]["to"];
            let again = cast.user.put(&linking.path(), &json!({ "to": typed_link })).await.expect(200);
            assert_eq!(again.json["data"]["to"], json!(id));
        }
        let filter = encode(&format!("to = r{}", literal(&id)));
        let found = cast.user.get(&format!("/api/data/{links}?where={filter}&expand=to&fields=id,to")).await.expect(200);
        assert_eq!(found.records().len(), 2, "{id}");
        assert!(found.records().iter().all(|record| record["to"]["id"] == json!(id)), "{}", found.text());
        let vars = encode(&json!({ "to": { "$record": id } }).to_string());
        let found = cast.user.get(&format!("/api/data/{links}?where=to%20=%20$to&vars={vars}")).await.expect(200);
        assert_eq!(found.records().len(), 2, "{id}");
        let query = json!({ links.as_str(): { "$where": { "to": { "$record": id } }, "to": {} } });
        let found = cast.user.post("/api/query", &query).await.expect(200);
        assert_eq!(found.json["data"][&links][0]["to"]["id"], json!(id), "{}", found.text());
    }
    let records = cast.user.get(&format!("{list}?fields=id,n&limit=100")).await.expect(200);
    let mut shown: Vec<String> = keys.iter().map(|(_, shown)| format!("{table}:{shown}")).collect();
    let mut found = records.ids();
    shown.sort();
    found.sort_unstable();
    assert_eq!(found, shown);
    let erased = cast.admin.post("/api/admin/erase", &json!({ "records": shown, "reason": "a request" })).await.expect(200);
    assert_eq!(erased.json["erased"], json!(keys.len()));
    assert!(cast.user.get(&list).await.ids().is_empty());
}

/// As a person types a path: only what a URL cannot hold is encoded.
#[tokio::test]
async fn plain_ids_stand_in_a_path_as_they_are() {
    let cast = STAGE.cast().await;
    let table = cast.table();
    let list = format!("/api/data/{table}");
    for (id, key) in [
        (json!(7), "7"),
        (json!("7"), "'7'"),
        (json!("ada@example.com"), "ada@example.com"),
        (json!("a:b;c=d,e!f*(g)"), "a:b;c=d,e!f*(g)"),
    ] {
        let made = cast.user.post(&list, &json!({ "id": id })).await.expect(201);
        assert_eq!(made.json["data"]["id"], json!(format!("{table}:{key}")));
        for path in [format!("{list}/{key}"), format!("{list}/{table}:{key}")] {
            assert_eq!(cast.user.get(&path).await.expect(200).json["data"]["id"], made.json["data"]["id"], "{path}");
        }
    }
}

/// A string of the language.
fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

#[tokio::test]
async fn a_string_in_a_body_is_an_id_only_where_it_is_a_full_id_of_the_requests_table() {
    let cast = STAGE.cast().await;
    let table = cast.table();
    let list = format!("/api/data/{table}");
    let longer = format!("{table}x");
    for (id, shown) in [
        (format!("{table}:x"), "x".to_owned()),
        (format!("{table}:7"), "7".to_owned()),
        (format!("{table}:'8'"), "'8'".to_owned()),
        (format!("{table}:⟨a b⟩"), "a b".to_owned()),
        (format!("{table}:[1, 'a']"), "[1, 'a']".to_owned()),
        // Those are not: the key is the text as it is.
        ("7".to_owned(), "'7'".to_owned()),
        ("'x'".to_owned(), "''x''".to_owned()),
        ("⟨x⟩".to_owned(), "'⟨x⟩'".to_owned()),
        ("[1]".to_owned(), "'[1]'".to_owned()),
        (format!("{longer}:x"), format!("{longer}:x")),
        (format!("{table}:"), format!("'{table}:'")),
        (format!("{table}:u'x'"), format!("'{table}:u'x''")),
        (format!("{table}:[1"), format!("'{table}:[1'")),
        (format!("{table}:⟨"), format!("'{table}:⟨'")),
        (format!(" {table}:x"), format!(" {table}:x")),
        ("user:x".to_owned(), "user:x".to_owned()),
    ] {
        let made = cast.user.post(&list, &json!({ "id": id })).await.expect(201);
        assert_eq!(made.json["data"]["id"], json!(format!("{table}:{shown}")), "{id}");
        let op = json!({ "op": "upsert", "table": table, "id": id, "data": { "n": 1 } });
        let upserted = cast.user.post("/api/mutate", &json!({ "ops": [op] })).await.expect(200);
        assert_eq!(upserted.json["results"][0]["id"], made.json["data"]["id"]);
        assert_eq!(cast.user.get(&format!("{list}/{}", encode(&shown))).await.expect(200).json["data"]["n"], 1);
        // In a path the rest of a full id is a key.
        cast.user.get(&format!("{list}/{}", encode(&format!("{table}:{shown}")))).await.expect(200);
    }
    let of_other = json!({ "id": { "$record": format!("{longer}:x") } });
    let refused = cast.user.post(&list, &of_other).await.expect_error(422, "VALIDATION_FAILED");
    assert!(refused.text().contains("is a record of another table"), "{}", refused.text());
    cast.user.post(&list, &json!({ "id": { "$record": format!("{table}:y") } })).await.expect(201);
    cast.user.get(&format!("{list}/y")).await.expect(200);
    cast.user
        .send_text(Method::POST, &list, format!(r#"{{"id":"{table}:{}"}}"#, "k".repeat(513)))
        .await
        .expect_error(422, "VALIDATION_FAILED");
}
