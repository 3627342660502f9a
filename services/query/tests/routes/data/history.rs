//! `GET /api/data/{table}/{key}/history`

use std::time::Duration;

use ddb_testkit::{Answer, Caller, Client, Json, Method, json};

use crate::STAGE;

fn history(path: &str) -> String {
    format!("{path}/history")
}

/// Action, actor and transaction of each version.
fn outline(answer: &Answer) -> Vec<(String, Json, i64)> {
    answer
        .records()
        .iter()
        .map(|version| {
            let action = version["action"].as_str().expect("an action").to_owned();
            (action, version["actor"].clone(), version["tx"].as_i64().expect("a tx"))
        })
        .collect()
}

fn tx(answer: &Answer) -> i64 {
    answer.header("x-ddb-tx").parse().expect("a tx")
}

#[tokio::test]
async fn versions_say_who_when_and_what() {
    let cast = STAGE.cast().await;
    let made = cast
        .user
        .with_header("x-request-id", "the-first")
        .post(&format!("/api/data/{}", cast.table()), &json!({ "a": 1, "b": "x" }))
        .await
        .expect(201);
    let changed = cast.admin.patch(&made.path(), &json!({ "a": 2, "b": null, "c": [1], "$ttl": 3600 })).await.expect(200);
    cast.user.patch(&made.path(), &json!({ "a": 2 })).await.expect(200);
    let deleted = cast.user.delete(&made.path()).await.expect(204);
    let (user, admin) = (&cast.user.id, &cast.admin.id);
    let expires = &changed.json["data"]["_expires"];
    let expected = json!([
        { "action": "delete", "actor": user, "tx": tx(&deleted), "changes": {
            "a": { "before": 2 }, "c": { "before": [1] }, "_owner": { "before": user }, "_expires": { "before": expires },
        } },
        { "action": "update", "actor": admin, "tx": changed.tx(), "changes": {
            "a": { "before": 1, "after": 2 }, "b": { "before": "x" }, "c": { "after": [1] }, "_expires": { "after": expires },
        } },
        { "action": "create", "actor": user, "tx": made.tx(), "changes": {
            "a": { "after": 1 }, "b": { "after": "x" }, "_owner": { "after": user },
        } },
    ]);
    for caller in [&cast.user, &cast.admin] {
        let answer = caller.get(&history(&made.path())).await.expect(200);
        let mut versions = answer.json["data"].clone();
        let taken =
            |version: &mut Json, name: &str| version.as_object_mut().and_then(|version| version.remove(name)).expect("there");
        let (mut times, mut requests) = (Vec::new(), Vec::new());
        for version in versions.as_array_mut().expect("a list") {
            times.push(taken(version, "time"));
            requests.push(taken(version, "request_id"));
        }
        assert_eq!(versions, expected);
        assert_eq!(times[1..], [changed.json["data"]["updated"].clone(), made.json["data"]["created"].clone()]);
        assert_eq!(requests[2], "the-first");
        assert_eq!((&answer.json["next_cursor"], answer.tx() >= tx(&deleted)), (&Json::Null, true));
        assert_eq!(answer.header("x-ddb-tx"), answer.tx().to_string());
    }
    let typed = cast.user.with_header("accept", "application/vnd.ddb.typed+json").get(&history(&made.path())).await.expect(200);
    assert_eq!(typed.json["data"][0]["actor"], json!({ "$record": user }));
}

#[tokio::test]
async fn a_history_is_read_page_by_page() {
    let cast = STAGE.cast().await;
    let made = cast.user.post(&format!("/api/data/{}", cast.table()), &json!({ "n": 0 })).await.expect(201);
    for n in 1..70 {
        cast.user.patch(&made.path(), &json!({ "n": n })).await.expect(200);
    }
    cast.user.delete(&made.path()).await.expect(204);
    let path = history(&made.path());
    let whole = cast.user.get(&format!("{path}?limit=1000")).await.expect(200);
    assert_eq!((whole.records().len(), &whole.json["next_cursor"]), (71, &Json::Null));
    assert_eq!(whole.records()[1]["changes"], json!({ "n": { "before": 68, "after": 69 } }));
    assert_eq!(cast.user.get(&path).await.expect(200).records().len(), 50, "50 are the default");
    for limit in [1, 7, 35, 70, 71] {
        let mut pages = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = cast.user.get(&format!("{path}?limit={limit}{cursor}")).await.expect(200);
            assert!((1..=limit).contains(&page.records().len()));
            pages.extend(page.records().to_vec());
            let Some(next) = page.json["next_cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(pages, whole.records(), "pages of {limit}");
    }
}

#[tokio::test]
async fn a_page_of_large_values_ends_early_and_goes_on() {
    let cast = STAGE.cast().await;
    let made = cast.user.post(&format!("/api/data/{}", cast.table()), &json!({ "n": 0 })).await.expect(201);
    for n in 0..80 {
        cast.user.patch(&made.path(), &json!({ "big": n.to_string().repeat(150_000) })).await.expect(200);
    }
    let path = history(&made.path());
    let first = cast.user.get(&format!("{path}?limit=1000")).await.expect(200);
    assert!(first.records().len() < 80, "{} versions", first.records().len());
    let next = first.json["next_cursor"].as_str().expect("there is more");
    let second = cast.user.get(&format!("{path}?limit=1000&cursor={next}")).await.expect(200);
    assert!(second.records()[0]["tx"].as_i64() < first.records().last().expect("one")["tx"].as_i64());
}

#[tokio::test]
async fn a_record_that_was_made_anew_shows_each_only_his_own() {
    // Mutants: those of the test of spans in `ddb-store`; `Rows::All` in `Session::history`.
    let cast = STAGE.cast().await;
    let table = cast.table();
    let path = format!("/api/data/{table}");
    let (user, other): (&Caller, &Caller) = (&cast.user, &cast.other_user);
    let known = format!("{path}/known");
    let versions_of = async |caller: &Client| {
        let answer = caller.get(&history(&known)).await;
        if answer.status == 200 {
            outline(&answer).into_iter().map(|(action, ..)| action).collect::<Vec<_>>().join(" ")
        } else {
            answer.status.to_string()
        }
    };
    let steps: [(&Caller, &str, [&str; 3]); 7] = [
        (user, "create", ["create", "404", "create"]),
        (user, "delete", ["delete create", "404", "delete create"]),
        (other, "create", ["404", "create", "create delete create"]),
        (other, "change", ["404", "update create", "update create delete create"]),
        (other, "delete", ["404", "delete update create", "delete update create delete create"]),
        (user, "create", ["create delete create", "404", "create delete update create delete create"]),
        (user, "delete", ["delete create delete create", "404", "delete create delete update create delete create"]),
    ];
    for (caller, what, expected) in steps {
        match what {
            "create" => caller.post(&path, &json!({ "id": "known", "secret": caller.id })).await.expect(201),
            "change" => caller.patch(&known, &json!({ "n": 1 })).await.expect(200),
            _ => caller.delete(&known).await.expect(204),
        };
        let seen = [versions_of(&user.client).await, versions_of(&other.client).await, versions_of(&cast.admin.client).await];
        assert_eq!(seen, expected, "after {what}");
        for (reader, stranger) in [(user, other), (other, user)] {
            assert!(!reader.get(&history(&known)).await.text().contains(&stranger.id));
        }
    }
    for caller in [&other.client, &cast.anon] {
        let hidden = caller.get(&history(&known)).await.expect_error(404, "NOT_FOUND");
        let never = caller.get(&history(&format!("{path}/never"))).await.expect_error(404, "NOT_FOUND");
        assert_eq!(hidden.blind(&["known"]), never.blind(&["never"]));
        let no_table = "x".repeat(table.len());
        let nowhere = caller.get(&history(&format!("/api/data/{no_table}/never"))).await.expect_error(404, "NOT_FOUND");
        assert_eq!(hidden.blind(&["known", &table]), nowhere.blind(&["never", &no_table]));
    }
    // A record that is referred to, or whose account acts, has a name but no history.
    cast.user.get(&history(&format!("{path}/never"))).await.expect_error(404, "NOT_FOUND");
}

#[tokio::test]
async fn whoever_takes_the_key_of_an_expired_record_learns_nothing_of_it() {
    let cast = STAGE.cast().await;
    let path = format!("/api/data/{}", cast.table());
    cast.user.post(&path, &json!({ "id": "k", "secret": 1, "$ttl": 1 })).await.expect(201);
    tokio::time::sleep(Duration::from_millis(1_050)).await;
    let mine = cast.user.get(&format!("{path}/k/history")).await.expect(200);
    assert!(!mine.records().is_empty(), "an expired record has a history like a deleted one");
    let taken = cast.other_user.post(&path, &json!({ "id": "k" })).await.expect(201);
    let seen = cast.other_user.get(&format!("{path}/k/history")).await.expect(200);
    assert_eq!(outline(&seen), [("create".to_owned(), json!(cast.other_user.id), taken.tx())]);
    assert_eq!(seen.json["data"][0]["changes"], json!({ "_owner": { "after": cast.other_user.id } }));
    cast.user.get(&format!("{path}/k/history")).await.expect_error(404, "NOT_FOUND");
    let all = cast.admin.get(&format!("{path}/k/history")).await.expect(200);
    assert_eq!(outline(&all).iter().map(|(action, ..)| action.as_str()).collect::<Vec<_>>(), ["create", "delete", "create"]);
}

#[tokio::test]
async fn cursors_are_good_for_their_record_and_caller() {
    let cast = STAGE.cast().await;
    let path = format!("/api/data/{}", cast.table());
    let made = cast.user.post(&path, &json!({ "id": "a", "n": 1 })).await.expect(201);
    cast.user.patch(&made.path(), &json!({ "n": 2 })).await.expect(200);
    cast.user.post(&path, &json!({ "id": "b" })).await.expect(201);
    let page = cast.user.get(&format!("{path}/a/history?limit=1")).await.expect(200);
    let cursor = page.json["next_cursor"].as_str().expect("there is more");
    cast.user.get(&format!("{path}/a/history?cursor={cursor}")).await.expect(200);
    cast.user.get(&format!("{path}/b/history?cursor={cursor}")).await.expect_error(400, "BAD_REQUEST");
    cast.user.get(&format!("{path}?cursor={cursor}")).await.expect_error(400, "BAD_REQUEST");
    cast.admin.get(&format!("{path}/a/history?cursor={cursor}")).await.expect_error(400, "BAD_REQUEST");
    let forged = format!("B{}", &cursor[1..]);
    for cursor in ["", "A", "AAAA", "%00", forged.as_str()] {
        cast.user.get(&format!("{path}/a/history?cursor={cursor}")).await.expect_error(400, "BAD_REQUEST");
    }
}

#[tokio::test]
async fn bad_input_is_refused() {
    let cast = STAGE.cast().await;
    let made = cast.user.post(&format!("/api/data/{}", cast.table()), &json!({})).await.expect(201);
    for query in ["limit=0", "limit=1001", "limit=x", "limit=1&limit=1", "at=1", "where=true", "x"] {
        cast.user.get(&format!("{}?{query}", history(&made.path()))).await.expect_error(400, "BAD_REQUEST");
    }
    cast.user.get(&format!("/api/data/{}/history", "1x/k")).await.expect_error(400, "BAD_REQUEST");
    cast.user.get("/api/data/things/%ff/history").await.expect_error(400, "BAD_REQUEST");
    for method in [Method::POST, Method::PATCH, Method::PUT, Method::DELETE] {
        cast.user.send(method, &history(&made.path()), None).await.expect_error(405, "METHOD_NOT_ALLOWED");
    }
    cast.user.with_header("accept", "text/html").get(&history(&made.path())).await.expect_error(406, "NOT_ACCEPTABLE");
}
