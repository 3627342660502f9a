//! `POST /api/query`

use ddb_testkit::{Cast, Json, Method, json};

use crate::STAGE;

struct Tables {
    projects: String,
    tasks: String,
}

/// Two projects and their tasks of the user, and a project and a task of another.
async fn tables(cast: &Cast) -> Tables {
    let (projects, tasks) = (cast.table(), cast.table());
    let link = |key: &str| json!({ "$record": format!("{projects}:{key}") });
    let tasks_path = format!("/api/data/{tasks}");
    cast.user
        .post(&format!("/api/data/{projects}"), &json!([{ "id": "a", "name": "A" }, { "id": "b", "name": "B" }]))
        .await
        .expect(201);
    cast.other_user.post(&format!("/api/data/{projects}"), &json!({ "id": "x", "name": "X" })).await.expect(201);
    let mine = json!([
        { "id": 1, "title": "one", "n": 1, "done": true, "project": link("a"), "tags": ["red", "blue"] },
        { "id": 2, "title": "two", "n": 2, "done": false, "project": link("a") },
        { "id": 3, "title": "three", "n": 3, "done": false, "project": link("b"), "also": [link("a"), link("x")] },
        { "id": 4, "title": "Four", "n": 4, "project": link("x") },
    ]);
    cast.user.post(&tasks_path, &mine).await.expect(201);
    cast.other_user.post(&tasks_path, &json!({ "id": 9, "title": "nine", "project": link("a") })).await.expect(201);
    Tables { projects, tasks }
}

fn titles(records: &Json) -> String {
    let titles: Vec<&str> =
        records.as_array().expect("an array").iter().map(|record| record["title"].as_str().expect("a title")).collect();
    titles.join(" ")
}

#[tokio::test]
async fn every_operator_filters() {
    // Mutants: `$lt` becomes `LessOrEqual`; `push_escaped` escapes nothing.
    let cast = STAGE.cast().await;
    let Tables { tasks, projects } = tables(cast).await;
    for (filter, expected) in [
        (json!({}), "one two three Four"),
        (json!({ "n": 2 }), "two"),
        (json!({ "n": { "$eq": 2 } }), "two"),
        (json!({ "n": { "$ne": 2 } }), "one three Four"),
        (json!({ "n": { "$gt": 2 } }), "three Four"),
        (json!({ "n": { "$gte": 2, "$lt": 4 } }), "two three"),
        (json!({ "n": { "$lte": 1 } }), "one"),
        (json!({ "n": { "$in": [1, 4, 7] } }), "one Four"),
        (json!({ "n": { "$nin": [1, 4] } }), "two three"),
        (json!({ "tags": { "$contains": "red" } }), "one"),
        (json!({ "title": { "$contains": "hre" } }), "three"),
        (json!({ "tags": { "$contains_any": ["red", "green"] } }), "one"),
        (json!({ "tags": { "$contains_all": ["red", "green"] } }), ""),
        (json!({ "tags": { "$contains_all": ["red", "blue"] } }), "one"),
        (json!({ "title": { "$like": "t%" } }), "two three"),
        (json!({ "title": { "$like": "_o__" } }), "Four"),
        (json!({ "title": { "$like": "t.*" } }), ""),
        (json!({ "title": { "$ilike": "f%" } }), "Four"),
        (json!({ "title": { "$starts_with": "th" } }), "three"),
        (json!({ "title": { "$ends_with": "e" } }), "one three"),
        (json!({ "done": { "$exists": false } }), "Four"),
        (json!({ "done": { "$exists": true } }), "one two three"),
        (json!({ "$and": [{ "done": false }, { "n": { "$gt": 2 } }] }), "three"),
        (json!({ "$or": [{ "n": 1 }, { "n": 4 }] }), "one Four"),
        (json!({ "$not": { "done": false } }), "one Four"),
        (json!({ "n": { "$not": { "$gt": 1 } } }), "one"),
        (json!({ "project": { "$record": format!("{projects}:a") } }), "one two"),
        (json!({ "project.name": "B" }), "three"),
        (json!({ "project": { "name": "X" } }), ""),
        (json!({ "n": "2" }), ""),
    ] {
        let query = json!({ tasks.as_str(): { "$where": filter, "$order": "n" } });
        let answer = cast.user.post("/api/query", &query).await.expect(200);
        assert_eq!(titles(&answer.json["data"][&tasks]), expected, "{filter}");
        let nobody = cast.anon.post("/api/query", &query).await.expect(200);
        assert_eq!(nobody.json["data"][&tasks], json!([]));
    }
}

#[tokio::test]
async fn nested_keys_follow_links_both_ways_and_show_only_what_is_the_callers() {
    // Mutants: `linked_to` reads from the parent's field whatever is visible; `linking` is not authorized.
    let cast = STAGE.cast().await;
    let Tables { tasks, projects } = tables(cast).await;
    let query = json!({
        projects.as_str(): { "$order": { "name": "desc" }, "$fields": ["name"], tasks.as_str(): { "$via": "project", "$order": { "n": "desc" }, "$fields": ["title"] } },
        tasks.as_str(): { "$order": "n", "$fields": ["title"], "project": { "$fields": ["name"] }, "also": { "$fields": ["name"] } },
    });
    let answer = cast.user.post("/api/query", &query).await.expect(200);
    let id = |table: &str, key: &str| format!("{table}:{key}");
    let task = |key: &str, title: &str| json!({ "id": id(&tasks, key), "title": title });
    let project = |key: &str, name: &str| json!({ "id": id(&projects, key), "name": name });
    assert_eq!(
        answer.json["data"][&projects],
        json!([
            { "id": id(&projects, "b"), "name": "B", tasks.as_str(): [task("3", "three")] },
            { "id": id(&projects, "a"), "name": "A", tasks.as_str(): [task("2", "two"), task("1", "one")] },
        ])
    );
    let records = answer.json["data"][&tasks].as_array().expect("an array").clone();
    assert_eq!(records[0]["project"], project("a", "A"));
    assert_eq!(records[2]["also"], json!([project("a", "A")]), "another user's project is not there");
    assert_eq!(records[3]["project"], json!(null));
    assert_eq!(answer.header("x-ddb-tx"), answer.tx().to_string());
    // Without a field named, every field is looked through.
    let all = json!({ projects.as_str(): { tasks.as_str(): { "$order": "n" } } });
    let answer = cast.user.post("/api/query", &all).await.expect(200);
    assert_eq!(titles(&answer.json["data"][&projects][0][&tasks]), "one two three");
    let limited = json!({ projects.as_str(): { tasks.as_str(): { "$order": "n", "$limit": 1, "$offset": 1, "$where": { "n": { "$gt": 0 } } } } });
    let answer = cast.user.post("/api/query", &limited).await.expect(200);
    assert_eq!(titles(&answer.json["data"][&projects][0][&tasks]), "two");
}

#[tokio::test]
async fn pages_go_on_where_the_last_ended() {
    let cast = STAGE.cast().await;
    let Tables { tasks, .. } = tables(cast).await;
    let query = |more: Json| {
        let mut question = json!({ "$order": "-n", "$limit": 3 });
        question.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        json!({ tasks.as_str(): question })
    };
    let first = cast.user.post("/api/query", &query(json!({}))).await.expect(200);
    assert_eq!(titles(&first.json["data"][&tasks]), "Four three two");
    let cursor = first.json["next_cursors"][&tasks].clone();
    let second = cast.user.post("/api/query", &query(json!({ "$cursor": cursor }))).await.expect(200);
    assert_eq!((titles(&second.json["data"][&tasks]).as_str(), &second.json["next_cursors"]), ("one", &json!({})));
    let skipped = cast.user.post("/api/query", &query(json!({ "$offset": 2 }))).await.expect(200);
    assert_eq!(titles(&skipped.json["data"][&tasks]), "two one");
    for other in [
        json!({ "$cursor": cursor, "$order": "n" }),
        json!({ "$cursor": cursor, "$where": { "n": 1 } }),
        json!({ "$cursor": "x" }),
    ] {
        cast.user.post("/api/query", &query(other)).await.expect_error(400, "BAD_REQUEST");
    }
    cast.admin.post("/api/query", &query(json!({ "$cursor": cursor }))).await.expect_error(400, "BAD_REQUEST");
}

#[tokio::test]
async fn what_is_no_query_is_refused_with_its_place() {
    let cast = STAGE.cast().await;
    let deep = (0..40).fold(json!({}), |inner, _| json!({ "$not": inner }));
    let nested = (0..12).fold(json!({}), |inner, _| json!({ "a": inner }));
    for (body, place) in [
        (json!([]), "object"),
        (json!({ "no table": {} }), ""),
        (json!({ "t": 1 }), "t"),
        (json!({ "t": { "$nope": 1 } }), "t.$nope"),
        (json!({ "t": { "$search": "x" } }), "t.$search"),
        (json!({ "t": { "$limit": 0 } }), "t.$limit"),
        (json!({ "t": { "$limit": 1001 } }), "t.$limit"),
        (json!({ "t": { "$limit": "5" } }), "t.$limit"),
        (json!({ "t": { "$offset": -1 } }), "t.$offset"),
        (json!({ "t": { "$order": { "a": "up" } } }), "t.$order.a"),
        (json!({ "t": { "$order": 1 } }), "t.$order"),
        (json!({ "t": { "$order": "a; drop table ddb.tx" } }), "t.$order"),
        (json!({ "t": { "$fields": "a" } }), "t.$fields"),
        (json!({ "t": { "$fields": ["*"] } }), "t.$fields[0]"),
        (json!({ "t": { "$where": [] } }), "t.$where"),
        (json!({ "t": { "$where": { "a": { "$regex": "x" } } } }), "t.$where.a"),
        (json!({ "t": { "$where": { "$or": [{ "a": { "$in": 1 } }] } } }), "t.$where.$or[0].a.$in"),
        (json!({ "t": { "$where": deep } }), "nests"),
        (json!({ "t": nested }), "nests"),
        (json!({ "t": { "$via": "x" } }), "t.$via"),
    ] {
        let refused = cast.user.post("/api/query", &body).await;
        assert!(matches!(refused.status, 400 | 422), "{body}: {}", refused.text());
        assert!(refused.text().contains(place), "{body}: {}", refused.text());
    }
    cast.user.get("/api/query").await.expect_error(405, "METHOD_NOT_ALLOWED");
    let missing = cast.user.post("/api/query", &json!({ "not_there": { "x": {} } })).await.expect(200);
    assert_eq!(missing.json["data"], json!({ "not_there": [] }));
}

/// Mutant: a smaller `MAX` of the body.
#[tokio::test]
async fn a_query_has_as_many_bytes_as_any_other_body() {
    let cast = STAGE.cast().await;
    let table = cast.table();
    cast.user.post(&format!("/api/data/{table}"), &json!([{ "n": 1 }, { "n": -1 }, { "n": 199_999 }])).await.expect(201);
    let numbers: Vec<usize> = (0..250_000).collect();
    let body = json!({ table.as_str(): { "$where": { "n": { "$in": numbers } } } });
    assert!(body.to_string().len() > 1_300_000);
    for _ in 0..2 {
        let found = cast.user.post("/api/query", &body).await.expect(200);
        assert_eq!(found.json["data"][&table].as_array().map(Vec::len), Some(2), "{}", found.text());
    }
    let query = json!({ table.as_str(): {} }).to_string();
    let spaces = |all: usize| format!("{query}{}", " ".repeat(all - query.len()));
    cast.user.send_text(Method::POST, "/api/query", spaces(16 << 20)).await.expect(200);
    cast.user.send_text(Method::POST, "/api/query", spaces((16 << 20) + 1)).await.expect_error(413, "PAYLOAD_TOO_LARGE");
}

#[tokio::test]
async fn what_admins_send_may_be_as_large() {
    let cast = STAGE.cast().await;
    let table = cast.table();
    cast.user.post(&format!("/api/data/{table}"), &json!({})).await.expect(201);
    let of = |body: Json| format!("{}{body}", " ".repeat(100 << 10));
    let history = json!({ "history": "forever" });
    cast.admin.send_text(Method::PATCH, &format!("/api/schema/{table}"), of(history.clone())).await.expect(200);
    cast.admin.send_text(Method::POST, &format!("/api/schema/{table}/indexes"), of(json!({ "fields": ["n"] }))).await.expect(201);
    let erase = json!({ "records": [format!("{table}:x")], "reason": "a request" });
    cast.admin.send_text(Method::POST, "/api/admin/erase", of(erase)).await.expect(200);
    // The body of somebody who may not is not read.
    for method_and_path in [
        (Method::PATCH, format!("/api/schema/{table}")),
        (Method::PATCH, "/api/schema".to_owned()),
        (Method::POST, "/api/admin/erase".to_owned()),
    ] {
        let (method, path) = method_and_path;
        cast.user.send_text(method, &path, "no JSON").await.expect_error(403, "PERMISSION_DENIED");
    }
}
