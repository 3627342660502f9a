//! Filters, in `where=` and in `$where`: one line for a case. What answers say beside their data, and errors that say what to write instead.

use ddb_testkit::{Cast, Client, Json, json};

use crate::STAGE;
use crate::percent::encode;

/// The user's records, and one of another user that has fields of its own.
struct World {
    table: String,
    lists: String,
}

async fn world(cast: &Cast) -> World {
    let (table, lists) = (cast.table(), cast.table());
    cast.user.post(&format!("/api/data/{lists}"), &json!({ "id": 1, "name": "first" })).await.expect(201);
    let link = |key: i64| json!({ "$record": format!("{lists}:{key}") });
    let day = |day: &str| json!({ "$datetime": format!("2026-12-{day}T00:00:00Z") });
    let records = json!([
        { "id": 1, "n": 5, "name": "Ann", "due": day("01"), "list": link(1), "tags": ["red", "blue"] },
        { "id": 2, "n": 35, "name": "Bob", "due": "2026-12-05", "list": format!("{lists}:1"), "done": true },
        { "id": 3, "n": 2.5, "name": "cy", "due": day("05"), "list": link(2), "at": { "city": "Rome", "due": day("05") } },
        { "id": 4, "name": null },
        { "id": 5, "n": "text" },
    ]);
    cast.user.post(&format!("/api/data/{table}"), &records).await.expect(201);
    let theirs = json!({ "id": 9, "secret": "x", "n": [1] });
    cast.other_user.post(&format!("/api/data/{table}"), &theirs).await.expect(201);
    World { table, lists }
}

impl World {
    fn filled(&self, text: &str, cast: &Cast) -> String {
        text.replace("{T}", &self.table).replace("{L}", &self.lists).replace("{U}", &cast.user.id)
    }

    /// Keys, then warnings; or status and message.
    async fn by_where(&self, cast: &Cast, caller: &Client, text: &str) -> String {
        let text = encode(&self.filled(text, cast));
        let answer = caller.get(&format!("/api/data/{}?where={text}", self.table)).await;
        told(answer.status, &answer.json, &answer.json["data"])
    }

    async fn by_json(&self, cast: &Cast, caller: &Client, json: &str) -> String {
        let filter: Json = serde_json::from_str(&self.filled(json, cast)).expect("JSON");
        let answer = caller.post("/api/query", &json!({ self.table.as_str(): { "$where": filter } })).await;
        told(answer.status, &answer.json, &answer.json["data"][&self.table])
    }
}

fn told(status: u16, answer: &Json, records: &Json) -> String {
    if status != 200 {
        return format!("{status} {}", answer["error"]["message"].as_str().unwrap_or_default());
    }
    let key = |record: &Json| record["id"].as_str().and_then(|id| id.split_once(':')).map(|(_, key)| key.to_owned());
    let keys: Vec<String> = records.as_array().expect("records").iter().filter_map(key).collect();
    let mut told = keys.join(" ");
    for warning in answer["warnings"].as_array().into_iter().flatten() {
        told.push_str(&format!(" !{}", warning["code"].as_str().unwrap_or_default()));
        for (sign, name) in [("=", "count"), (">=", "at_least")] {
            if let Some(number) = warning[name].as_u64() {
                told.push_str(&format!("{sign}{number}"));
            }
        }
    }
    told.trim().to_owned()
}

/// Text, JSON, and what both give. An answer that begins with `400` is a part of the message.
const BOTH: [(&str, &str, &str); 46] = [
    ("id = '{T}:1'", r#"{"id":"{T}:1"}"#, "1"),
    ("'{T}:1' = id", r#"{"id":{"$eq":"{T}:1"}}"#, "1"),
    ("id = {T}:1", r#"{"id":{"$record":"{T}:1"}}"#, "1"),
    ("id = '{L}:1'", r#"{"id":"{L}:1"}"#, ""),
    ("id != '{T}:1'", r#"{"id":{"$ne":"{T}:1"}}"#, "2 3 4 5"),
    ("id IN ['{T}:1', '{T}:3', '{T}:9']", r#"{"id":{"$in":["{T}:1","{T}:3","{T}:9"]}}"#, "1 3"),
    ("id NOT IN ['{T}:1', '{T}:3']", r#"{"id":{"$nin":["{T}:1","{T}:3"]}}"#, "2 4 5"),
    ("id > '{T}:3'", r#"{"id":{"$gt":"{T}:3"}}"#, "4 5"),
    ("id <= '{T}:2'", r#"{"id":{"$lte":"{T}:2"}}"#, "1 2"),
    ("!(id = '{T}:1')", r#"{"$not":{"id":"{T}:1"}}"#, "2 3 4 5"),
    ("id = '1'", r#"{"id":"1"}"#, "400 `id` is compared with a full record id"),
    ("id IN ['{T}:1', 'x']", r#"{"id":{"$in":["{T}:1","x"]}}"#, "400 `id` is compared with a full record id"),
    ("id = 1", r#"{"id":1}"#, "!KIND"),
    ("_owner = '{U}'", r#"{"_owner":"{U}"}"#, "1 2 3 4 5"),
    ("_owner != '{U}'", r#"{"_owner":{"$ne":"{U}"}}"#, ""),
    ("_owner = 'nobody'", r#"{"_owner":"nobody"}"#, "400 `_owner` is compared with a full record id"),
    ("created > '2099-01-01T00:00:00Z'", r#"{"created":{"$gt":"2099-01-01T00:00:00Z"}}"#, ""),
    ("created < '2099-01-01T00:00:00Z'", r#"{"created":{"$lt":"2099-01-01T00:00:00Z"}}"#, "1 2 3 4 5"),
    ("created >= '2020-01-01'", r#"{"created":{"$gte":"2020-01-01"}}"#, "1 2 3 4 5"),
    ("updated < '2020-01-01'", r#"{"updated":{"$lt":"2020-01-01"}}"#, ""),
    ("created = '2020-01-01'", r#"{"created":"2020-01-01"}"#, ""),
    ("created IN ['2020-01-01']", r#"{"created":{"$in":["2020-01-01"]}}"#, ""),
    ("created > 'yesterday'", r#"{"created":{"$gt":"yesterday"}}"#, "400 `created` is compared with a datetime"),
    ("updated = '2026-02-30'", r#"{"updated":"2026-02-30"}"#, "400 `updated` is compared with a datetime"),
    ("_expires > '2020-01-01'", r#"{"_expires":{"$gt":"2020-01-01"}}"#, ""),
    ("created > 5", r#"{"created":{"$lt":5}}"#, "~"),
    ("due = '2026-12-05'", r#"{"due":"2026-12-05"}"#, "2 3"),
    ("due = '2026-12-01T01:00:00+01:00'", r#"{"due":"2026-12-01T01:00:00+01:00"}"#, "1"),
    ("due IN ['2026-12-05', '2026-12-01']", r#"{"due":{"$in":["2026-12-05","2026-12-01"]}}"#, "1 2 3"),
    ("due != '2026-12-05'", r#"{"due":{"$ne":"2026-12-05"}}"#, "1 4 5"),
    ("due NOT IN ['2026-12-05']", r#"{"due":{"$nin":["2026-12-05"]}}"#, "1 4 5"),
    ("at.due = '2026-12-05'", r#"{"at":{"due":"2026-12-05"}}"#, "3"),
    ("list = '{L}:1'", r#"{"list":"{L}:1"}"#, "1 2"),
    ("list IN ['{L}:1', '{L}:2']", r#"{"list":{"$in":["{L}:1","{L}:2"]}}"#, "1 2 3"),
    ("list = {L}:1", r#"{"list":{"$record":"{L}:1"}}"#, "1"),
    ("list = 'ghost:1'", r#"{"list":"ghost:1"}"#, ""),
    ("list.name = 'first'", r#"{"list":{"name":"first"}}"#, "1"),
    ("name = NULL", r#"{"name":null}"#, "4"),
    ("name = 'Bob' AND n = 35", r#"{"name":"Bob","n":35}"#, "2"),
    ("tags CONTAINS 'red'", r#"{"tags":{"$contains":"red"}}"#, "1"),
    ("name = 'nobody' OR n = 5", r#"{"$or":[{"name":"nobody"},{"n":5}]}"#, "1"),
    ("nope = 1", r#"{"nope":1}"#, "!UNKNOWN_FIELD"),
    ("nope = NONE AND n = 5", r#"{"nope":{"$exists":false},"n":5}"#, "1 !UNKNOWN_FIELD"),
    // Another user's field and one that nobody has look the same.
    ("secret = 'x'", r#"{"secret":"x"}"#, "!UNKNOWN_FIELD"),
    ("done = true", r#"{"done":true}"#, "2"),
    ("done = false", r#"{"done":false}"#, ""),
];

const TEXT: [(&str, &str); 41] = [
    ("due < '2026-12-05'", "4 5 !KIND"),
    ("due < d'2026-12-05T00:00:00Z'", "1 2 4 5"),
    ("list > '{L}:1'", "1 3 !KIND"),
    ("n < 35", "1 3 4"),
    ("n > 5", "2 5"),
    ("n * 2 > 60", "2 !FILTER_FAILED=2"),
    ("string::lowercase(name) = 'bob'", "2 !FILTER_FAILED=2"),
    ("!(n * 2 > 60)", "1 3 !FILTER_FAILED=2"),
    ("name = 'Bob' OR n * 2 > 60", "2 !FILTER_FAILED=2"),
    ("n * 2 > 60 AND name = 'Bob'", "2"),
    ("n != NONE AND n * 2 > 60", "2 !FILTER_FAILED=1"),
    ("v != $typo", "400 the variable `$typo` is not given"),
    ("n IN (5, 35)", "400 a list stands in square brackets: write `IN [5, 35]`"),
    ("name IN ('Ann')", "400 a list stands in square brackets: write `IN ['Ann']`"),
    ("n IN 5", "400 `IN` looks into a list"),
    ("name LIKE 'A%'", "400 `LIKE` is not known here; write `… ~ 'bob'`"),
    ("name ILIKE 'A%'", "400 `ILIKE` is not known here"),
    ("NOT done", "400 `NOT done` is not known; `!` negates: write `!done`"),
    ("n BETWEEN 1 AND 5", "400 `BETWEEN` is not known here; write `… IN 1..=5`"),
    ("n <> 5", "400 `<>` is not known; write `!=`"),
    ("n === 5", "400 `===` is not known; write `=`"),
    ("name IS NOT NULL", "400 `IS NOT NULL` is not known in filters; write `!= NONE`"),
    ("name IS NULL", "400 `IS NULL` is not known in filters"),
    ("n = 5 LIMIT 1", "400 `LIMIT` is not known here"),
    ("n = 5 ORDER BY n", "400 `ORDER` is not known here"),
    ("\"name\" = 'Ann'", "400 `\"name\"` is a text, not a field"),
    ("count(*) > 1", "400 `count(*)` is not known"),
    ("{{n}}", "400 `{{n}}` is a place of a template that was not filled in"),
    ("n = ${n}", "400 `${n}` is a place of a template"),
    ("due < 2026-12-05", "400 `2026-12-05` is a difference of numbers"),
    ("name CONTANS 'A'", "400 expected an operator or the end, found `CONTANS`; did you mean `CONTAINS`?"),
    ("string::lowercas(name) = 'bob'", "400 there is no function `string::lowercas`; did you mean `string::lowercase`?"),
    ("lower(name) = 'bob'", "400 there is no function `lower`; write `string::lowercase(…)`"),
    ("status:active", "400 `status:…` is a record id, no condition"),
    ("n = 5 & name = 'Ann'", "400 `&` does not belong here; write `AND`"),
    ("n = 5 && name = 'Ann'", "1"),
    ("n == 5 || n == 35", "1 2"),
    ("!name", "4 5"),
    ("not(n = 5)", "2 3 4 5"),
    ("name = Ann", "5 !UNKNOWN_FIELD"),
    ("_owner = $auth", "1 2 3 4 5"),
];

const JSON: [(&str, &str); 14] = [
    (r#"{"due":{"$lt":"2026-12-06"}}"#, "2 !KIND"),
    (r#"{"due":{"$lt":{"$datetime":"2026-12-05T00:00:00Z"}}}"#, "1"),
    (r#"{"n":{"$lt":35}}"#, "1 3"),
    (r#"{"n":{"$gt":5}}"#, "2"),
    (r#"{"n":{"$gte":2.5,"$lte":5}}"#, "1 3"),
    (r#"{"n":{"$gt":"a"}}"#, "5"),
    (r#"{"n":{"$ne":5}}"#, "2 3 4 5"),
    (r#"{"n":{"$not":{"$lt":35}}}"#, "2 4 5"),
    (r#"{"list":{"$gte":{"$record":"{L}:1"}}}"#, "1 3"),
    (r#"{"n":{"$regex":"x"}}"#, "400 `{T}.$where.n.$regex` is no operator; patterns are `$like`"),
    (r#"{"n":{"$gtt":1}}"#, "400 `{T}.$where.n.$gtt` is no operator; did you mean `$gt`?"),
    (r#"{"n":{"$gt":1,"$nope":2}}"#, "400 `{T}.$where.n.$nope` is no operator; there are `$eq` `$ne` `$gt`"),
    (r#"{"$gt":1}"#, "400 `{T}.$where.$gt` stands in a field"),
    (r#"{"$ore":[]}"#, "400 `{T}.$where.$ore` is no operator that stands here; did you mean `$or`?"),
];

#[tokio::test]
async fn filters_in_both_forms_say_what_they_mean() {
    // Mutants: `translate` is not asked; `matching` gives the error of a record instead of leaving the record out; `had_field` does not look at the owner.
    let cast = STAGE.cast().await;
    let world = world(cast).await;
    let mut wrong = Vec::new();
    let mut check = |asked: &str, actual: String, expected: &str| {
        let expected = world.filled(expected, cast);
        let is_right = if expected.starts_with("400 ") { actual.starts_with(&expected) } else { actual == expected };
        if !is_right && expected != "~" {
            wrong.push(format!("{asked}\n    gives    {actual}\n    expected {expected}"));
        }
    };
    for (text, json, expected) in BOTH {
        let by_json = world.by_json(cast, &cast.user, json).await;
        check(text, world.by_where(cast, &cast.user, text).await, expected);
        // Errors of the JSON form begin with its place.
        check(json, by_json.replace("400 `$where`: ", "400 "), expected);
    }
    for (text, expected) in TEXT {
        check(text, world.by_where(cast, &cast.user, text).await, expected);
    }
    for (json, expected) in JSON {
        check(json, world.by_json(cast, &cast.user, json).await, expected);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn indexes_change_no_answer_of_a_filter() {
    // Mutant: the comparisons of JSON are pushed without their kind.
    let cast = STAGE.cast().await;
    let world = world(cast).await;
    let mut before = Vec::new();
    for (text, json, _) in BOTH {
        before.push(world.by_where(cast, &cast.user, text).await);
        before.push(world.by_json(cast, &cast.user, json).await);
    }
    for fields in
        [json!(["n"]), json!(["due"]), json!(["list", "-n"]), json!(["created"]), json!(["-updated"]), json!(["_owner", "n"])]
    {
        cast.admin.post(&format!("/api/schema/{}/indexes", world.table), &json!({ "fields": fields })).await.expect(201);
    }
    let mut before = before.into_iter();
    for (text, json, _) in BOTH {
        assert_eq!(Some(world.by_where(cast, &cast.user, text).await), before.next(), "{text}");
        assert_eq!(Some(world.by_json(cast, &cast.user, json).await), before.next(), "{json}");
    }
}

#[tokio::test]
async fn a_filter_that_fails_on_records_says_on_how_many_of_the_callers() {
    // Mutants: `is_all` is always true; the count of the page is told beside the one of `count=exact`.
    let cast = STAGE.cast().await;
    let table = cast.table();
    let path = format!("/api/data/{table}");
    let numbers: Vec<Json> =
        (0..6).map(|n| if n % 2 == 0 { json!({ "id": n, "n": n }) } else { json!({ "id": n, "n": "odd" }) }).collect();
    cast.user.post(&path, &json!(numbers)).await.expect(201);
    cast.other_user.post(&path, &json!([{ "id": 10, "m": 1 }, { "id": 11, "n": 1 }])).await.expect(201);
    let query = format!("{path}?where={}", encode("n + 1 > 0"));
    for (caller, query, keys, failed) in [
        (&*cast.user, query.clone(), "0 2 4", json!({ "count": 3 })),
        (&*cast.other_user, query.clone(), "11", json!({ "count": 1 })),
        (&*cast.admin, query.clone(), "0 2 4 11", json!({ "count": 4 })),
        (&*cast.user, format!("{query}&order=-n"), "4 2 0", json!({ "count": 3 })),
        (&*cast.user, format!("{query}&count=exact&limit=1"), "0", json!({ "count": 3 })),
        (&*cast.user, format!("{query}&limit=1"), "0", json!({ "at_least": 3 })),
    ] {
        let answer = caller.get(&query).await.expect(200);
        let found: Vec<&str> = answer.ids().iter().map(|id| id.split_once(':').expect("an id").1).collect();
        assert_eq!(found.join(" "), keys, "{query}");
        let warnings = answer.json["warnings"].as_array().cloned().unwrap_or_default();
        assert_eq!(warnings.len(), 1, "{query}: {warnings:?}");
        assert_eq!(warnings[0]["code"], "FILTER_FAILED");
        let message = warnings[0]["message"].as_str().expect("a message");
        assert!(message.contains("`+` is not known for") && !message.contains("odd"), "{message}");
        for (name, number) in failed.as_object().expect("an object") {
            assert_eq!(warnings[0][name], *number, "{query}: {warnings:?}");
        }
        assert_eq!(warnings[0].get("count").is_some(), failed.get("count").is_some(), "{query}: {warnings:?}");
    }
    let total = cast.user.get(&format!("{query}&count=exact&limit=1")).await.expect(200);
    assert_eq!(total.json["total"], 3);
    // Pages go on past records on which the filter failed.
    let mut keys = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = cast.user.get(&format!("{query}&limit=1{cursor}")).await.expect(200);
        keys.extend(page.ids().iter().map(|id| (*id).to_owned()));
        match page.json["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(keys, [format!("{table}:0"), format!("{table}:2"), format!("{table}:4")]);
    // A list is given again with what it says.
    for _ in 0..4 {
        let again = cast.user.get(&query).await.expect(200);
        assert_eq!(again.json["warnings"][0]["count"], 3);
    }
    assert_eq!(cast.anon.get(&query).await.expect(200).json.get("warnings"), None, "nobody's records fail for the anonymous");
}

#[tokio::test]
async fn a_name_that_no_record_of_the_callers_has_or_had_is_told() {
    // Mutants: `tell_unknown` does not look at the page; `had_field` looks at what records have now only.
    let cast = STAGE.cast().await;
    let World { table, .. } = world(cast).await;
    let path = format!("/api/data/{table}");
    cast.user.patch(&format!("{path}/1"), &json!({ "once": 1 })).await.expect(200);
    cast.user.patch(&format!("{path}/1"), &json!({ "once": null })).await.expect(200);
    let user = &*cast.user;
    let (other, admin, anon) = (&*cast.other_user, &*cast.admin, &cast.anon);
    for (caller, query, unknown) in [
        (user, "order=nope", "nope"),
        (user, "expand=nope", "nope"),
        (user, "order=-nope,n", "nope"),
        (user, "expand=list.nope", ""),
        (user, "order=secret", "secret"),
        (user, "order=once", ""),
        (admin, "order=once", ""),
        (other, "order=once", "once"),
        (other, "order=secret", ""),
        (other, "order=name", "name"),
        (admin, "order=secret", ""),
        (admin, "order=nope", "nope"),
        (anon, "order=nope", ""),
        (user, "order=created,-updated,id,_owner,_tx", ""),
        (user, "limit=1&order=done", ""),
        (user, "fields=nope", ""),
        (user, "where=n%20%3D%201234", ""),
        (user, "where=nmae%20%3D%201", "nmae"),
    ] {
        let answer = caller.get(&format!("{path}?{query}")).await.expect(200);
        let warned: Vec<&str> = answer.json["warnings"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|warning| {
                assert_eq!(warning["code"], "UNKNOWN_FIELD", "{query}");
                warning["field"].as_str()
            })
            .collect();
        assert_eq!(warned.join(" "), unknown, "{query}");
    }
    let fresh = cast.table();
    assert_eq!(user.get(&format!("/api/data/{fresh}?order=nope")).await.expect(200).json.get("warnings"), None, "no table yet");
    let query = json!({ table.as_str(): { "$order": "-nope", "$where": { "n": { "$lt": 3 } } } });
    let answer = user.post("/api/query", &query).await.expect(200);
    assert_eq!(answer.json["warnings"][0]["field"], "nope");
    let batch = json!({ "ops": [{ "id": "a", "type": "query", "query": query }, { "id": "b", "type": "query", "query": { table.as_str(): {} } }] });
    for atomic in [true, false] {
        let mut batch = batch.clone();
        batch["atomic"] = json!(atomic);
        let answer = user.post("/api/batch", &batch).await.expect(200);
        assert_eq!(answer.json["results"][0]["data"]["warnings"][0]["field"], "nope", "{}", answer.json);
        assert_eq!(answer.json["results"][1]["data"].get("warnings"), None, "{}", answer.json);
    }
}

#[tokio::test]
async fn a_record_of_a_key_that_was_anothers_tells_no_field_of_it() {
    // Mutant: `had_field` counts facts from before the record's present life.
    let cast = STAGE.cast().await;
    let path = format!("/api/data/{}", cast.table());
    let (one, other) = (&*cast.user, &*cast.other_user);
    let warned = async |field: &str| {
        let answer = other.get(&format!("{path}?where={field}%20%3E%201")).await.expect(200);
        answer.json["warnings"][0]["code"] == "UNKNOWN_FIELD"
    };
    one.post(&path, &json!({ "id": "k", "salary": 1, "own": 1 })).await.expect(201);
    one.delete(&format!("{path}/k")).await.expect(204);
    other.post(&path, &json!({ "id": "k", "own": 1, "once": 1 })).await.expect(201);
    other.patch(&format!("{path}/k"), &json!({ "once": null })).await.expect(200);
    assert!(warned("salry").await && warned("salary").await);
    assert!(!warned("own").await && !warned("once").await);
}

#[tokio::test]
async fn a_record_is_shown_with_fields_and_links_as_in_lists() {
    // Mutant: `get_shown` does not ask what is visible.
    let cast = STAGE.cast().await;
    let World { table, lists } = world(cast).await;
    let path = format!("/api/data/{table}/1");
    let whole = cast.user.get(&path).await.expect(200);
    let expanded = cast.user.get(&format!("{path}?expand=list")).await.expect(200);
    assert_eq!(expanded.json["data"]["list"]["name"], "first");
    assert_eq!(expanded.header("etag"), whole.header("etag"));
    let some = cast.user.get(&format!("{path}?fields=name,list.name,_tx")).await.expect(200);
    let tx = some.json["data"]["_tx"].clone();
    assert_eq!(some.json["data"], json!({ "id": format!("{table}:1"), "name": "Ann", "list": { "name": "first" }, "_tx": tx }));
    let both = cast.user.get(&format!("{path}?fields=list&expand=list")).await.expect(200);
    assert_eq!(both.json["data"]["list"]["id"], format!("{lists}:1"));
    assert_eq!(both.json.get("warnings"), None);
    let unknown = cast.user.get(&format!("{path}?expand=nope")).await.expect(200);
    assert_eq!((&unknown.json["warnings"][0]["code"], &unknown.json["data"]["name"]), (&json!("UNKNOWN_FIELD"), &json!("Ann")));
    for query in ["at=1&expand=list", "at=1&fields=name", "expand=", "fields=a[0]", "where=true", "order=n"] {
        cast.user.get(&format!("{path}?{query}")).await.expect_error(400, "BAD_REQUEST");
    }
    for caller in [&*cast.other_user, &cast.anon] {
        caller.get(&format!("{path}?expand=list")).await.expect_error(404, "NOT_FOUND");
    }
    cast.user.get(&format!("/api/data/{table}/77?fields=name")).await.expect_error(404, "NOT_FOUND");
    cast.admin.get(&format!("{path}?expand=list")).await.expect(200);
    let typed =
        cast.user.with_header("accept", "application/vnd.ddb.typed+json").get(&format!("{path}?fields=due")).await.expect(200);
    assert_eq!(typed.json["data"]["due"], json!({ "$datetime": "2026-12-01T00:00:00Z" }));
}

#[tokio::test]
async fn parameters_of_other_interfaces_are_told_which_is_ours() {
    let cast = STAGE.cast().await;
    let World { table, .. } = world(cast).await;
    for (query, message) in [
        ("offset=5", "`cursor`"),
        ("page=2", "`cursor`"),
        ("sort=n", "`order`"),
        ("orderBy=n", "`order`"),
        ("filter=n", "`where`"),
        ("select=n", "`fields`"),
        ("include=list", "`expand`"),
        ("per_page=5", "`limit`"),
        ("order=priority%20desc", "write `-priority`"),
        ("order=n,priority%20ASC", "write `priority`"),
        ("vars=x", "`vars` must be a JSON object"),
        ("vars=[1]", "`vars` must be a JSON object"),
        ("vars=%7B%7Bv%7D%7D", "`vars` must be a JSON object"),
        ("vars=%7B%22auth%22%3A1%7D", "the server gives `$auth`"),
    ] {
        let refused = cast.user.get(&format!("/api/data/{table}?{query}")).await.expect_error(400, "BAD_REQUEST");
        assert!(refused.text().contains(message), "{query}: {}", refused.text());
    }
    for (question, message) in [
        (json!({ "$filter": {} }), "did you mean `$where`?"),
        (json!({ "$sort": "n" }), "did you mean `$order`?"),
        (json!({ "$order": "n desc" }), "write `-n`"),
        (json!({ "$nope": 1 }), "there are `$table`"),
    ] {
        let refused = cast.user.post("/api/query", &json!({ table.as_str(): question })).await.expect_error(400, "BAD_REQUEST");
        assert!(refused.text().contains(message), "{question}: {}", refused.text());
    }
}

#[tokio::test]
async fn one_table_is_asked_twice_in_one_query() {
    let cast = STAGE.cast().await;
    let World { table, lists } = world(cast).await;
    let query = json!({
        "few": { "$table": table, "$where": { "n": { "$lt": 10 } }, "$order": "n", "$limit": 1, "$fields": ["n"] },
        "many things": { "$table": table, "$where": { "n": { "$gte": 10 } }, "$fields": ["n"] },
        "lists": { "$table": lists, "open": { "$table": table, "$via": "list", "$where": { "n": 5 }, "$fields": ["n"] } },
    });
    let answer = cast.user.post("/api/query", &query).await.expect(200);
    let data = &answer.json["data"];
    assert_eq!(data["few"], json!([{ "id": format!("{table}:3"), "n": 2.5 }]));
    assert_eq!(data["many things"], json!([{ "id": format!("{table}:2"), "n": 35 }]));
    assert_eq!(data["lists"][0]["open"], json!([{ "id": format!("{table}:1"), "n": 5 }]));
    let cursor = answer.json["next_cursors"]["few"].clone();
    let more = json!({ "few": { "$table": table, "$where": { "n": { "$lt": 10 } }, "$order": "n", "$cursor": cursor, "$fields": ["n"] } });
    let answer = cast.user.post("/api/query", &more).await.expect(200);
    assert_eq!(answer.json["data"]["few"], json!([{ "id": format!("{table}:1"), "n": 5 }]));
    for wrong in [json!({ "a": { "$table": 1 } }), json!({ "a": { "$table": "no table" } }), json!({ "": { "$table": table } })] {
        cast.user.post("/api/query", &wrong).await.expect_error(400, "BAD_REQUEST");
    }
}

#[tokio::test]
async fn an_order_over_a_link_is_told() {
    let cast = STAGE.cast().await;
    let World { table, .. } = world(cast).await;
    let answer = cast.user.get(&format!("/api/data/{table}?order=list.name&limit=2")).await.expect(200);
    assert_eq!(
        (&answer.json["warnings"][0]["code"], &answer.json["warnings"][0]["field"]),
        (&json!("KIND"), &json!("list.name"))
    );
    assert_eq!(answer.records().len(), 2);
}

/// Mutant: `Reader::select` looks up tables for `Rows::Nothing`.
#[tokio::test]
async fn who_may_read_nothing_does_not_learn_which_tables_exist() {
    let cast = STAGE.cast().await;
    let World { table, .. } = world(cast).await;
    let ask = async |text: &str| {
        let path = format!("/api/data/{}?where={}", cast.table(), encode(text));
        cast.anon.get(&path).await.expect(200).json["warnings"].clone()
    };
    assert_eq!(ask(&format!("a < '{table}:1'")).await, ask("a < 'no_such_table:1'").await);
    let refused = cast.anon.get(&format!("/api/data/{table}?where={}", encode("a = $nope"))).await;
    refused.expect_error(400, "INVALID_QUERY");
}

#[tokio::test]
async fn a_filter_may_name_more_tables_than_there_are() {
    let cast = STAGE.cast().await;
    let World { table, lists } = world(cast).await;
    let mut items: Vec<String> = (0..3_000).map(|n| format!("t{n}:x")).collect();
    items.push(format!("{lists}:1"));
    let body = json!({ table.clone(): { "$where": { "list": { "$in": items } } } });
    let found = cast.user.post("/api/query", &body).await.expect(200);
    let alone = json!({ table.clone(): { "$where": { "list": { "$in": [format!("{lists}:1")] } } } });
    assert_eq!(found.json["data"], cast.user.post("/api/query", &alone).await.expect(200).json["data"]);
}
