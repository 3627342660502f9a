//! `GET /api/audit/activity`

use ddb_testkit::{Answer, Client, Json, json};

use crate::STAGE;

async fn activity(caller: &Client, query: &str) -> Answer {
    caller.get(&format!("/api/audit/activity?{query}")).await.expect(200)
}

/// Action, record and actor of each entry.
fn outline(answer: &Answer) -> Vec<Json> {
    answer.records().iter().map(|entry| json!([entry["action"], entry["id"], entry["actor"]])).collect()
}

/// All pages.
async fn whole(caller: &Client, query: &str, limit: usize) -> Vec<Json> {
    let mut entries = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = activity(caller, &format!("{query}&limit={limit}{cursor}")).await;
        assert!(page.records().len() <= limit);
        entries.extend(page.records().to_vec());
        let Some(next) = page.json["next_cursor"].as_str() else { return entries };
        cursor = format!("&cursor={next}");
    }
}

#[tokio::test]
async fn it_tells_who_did_what_with_which_record() {
    let cast = STAGE.cast().await;
    let table = cast.table();
    let path = format!("/api/data/{table}");
    let made =
        cast.user.with_header("x-request-id", "the-making").post(&path, &json!([{ "id": 1 }, { "id": "b" }])).await.expect(201);
    let changed = cast.admin.patch(&format!("{path}/1"), &json!({ "n": 1 })).await.expect(200);
    cast.user.delete(&format!("{path}/1")).await.expect(204);
    cast.other_user.post(&path, &json!({ "id": "c" })).await.expect(201);
    let (user, other, admin) = (&cast.user.id, &cast.other_user.id, &cast.admin.id);
    let of = |key: &str| format!("{table}:{key}");
    let own = [
        json!(["delete", of("1"), user]),
        json!(["update", of("1"), admin]),
        json!(["create", of("b"), user]),
        json!(["create", of("1"), user]),
    ];
    let all: Vec<Json> = [json!(["create", of("c"), other])].into_iter().chain(own.clone()).collect();
    assert_eq!(outline(&activity(&cast.admin, &format!("table={table}")).await), all);
    let seen = activity(&cast.user, &format!("table={table}")).await;
    assert_eq!(outline(&seen), own);
    let entry = &seen.records()[3];
    assert_eq!(
        (&entry["tx"], &entry["request_id"], &entry["table"], &entry["key"]),
        (&json!(made.tx()), &json!("the-making"), &json!(table), &json!(1))
    );
    assert_eq!(
        (&entry["time"], &seen.records()[1]["time"]),
        (&made.json["data"][0]["created"], &changed.json["data"]["updated"])
    );
    assert_eq!(seen.header("x-ddb-tx"), seen.tx().to_string());

    assert_eq!(outline(&activity(&cast.user, &format!("table={table}&key=b")).await), own[2..3]);
    assert_eq!(
        outline(&activity(&cast.user, &format!("table={table}&key=1")).await),
        [own[0].clone(), own[1].clone(), own[3].clone()]
    );
    for reader in [&cast.user, &cast.admin] {
        for by in [admin.clone(), admin.replacen("user:", "", 1)] {
            assert_eq!(outline(&activity(reader, &format!("table={table}&user={by}")).await), own[1..2]);
            assert_eq!(outline(&activity(reader, &format!("table={table}&key=1&user={by}")).await), own[1..2]);
        }
        assert_eq!(
            outline(&activity(reader, &format!("table={table}&user={user}")).await),
            [own[0].clone(), own[2].clone(), own[3].clone()]
        );
    }
    let typed = cast.user.with_header("accept", "application/vnd.ddb.typed+json");
    assert_eq!(activity(&typed, &format!("table={table}")).await.json["data"][1]["actor"], json!({ "$record": admin }));
    // Without a table: of everything there is, the newest first.
    let newest = activity(&cast.admin, "limit=1000").await;
    let numbers: Vec<i64> = newest.records().iter().filter_map(|entry| entry["tx"].as_i64()).collect();
    assert!(numbers.is_sorted_by(|a, b| a >= b) && numbers.contains(&made.tx()));
    let mine = activity(&cast.user, &format!("user={user}&limit=1000")).await;
    assert!(mine.records().iter().all(|entry| entry["actor"] == json!(user)) && outline(&mine).contains(&own[0]));
}

#[tokio::test]
async fn pages_hold_what_the_whole_holds() {
    let cast = STAGE.cast().await;
    let table = cast.table();
    let path = format!("/api/data/{table}");
    let bodies: Vec<Json> = (0..40).map(|n| json!({ "id": n })).collect();
    cast.user.post(&path, &json!(bodies)).await.expect(201);
    for n in 0..30 {
        cast.user.patch(&format!("{path}/{}", n % 7), &json!({ "n": n })).await.expect(200);
        cast.other_user.post(&path, &json!({})).await.expect(201);
    }
    for (query, expected) in [
        (format!("table={table}"), 70),
        (format!("table={table}&key=3"), 5),
        (format!("table={table}&user={}", cast.user.id), 70),
    ] {
        let all = whole(&cast.user, &query, 1_000).await;
        assert_eq!(all.len(), expected, "{query}");
        for limit in [1, 9, 39, 70] {
            assert_eq!(whole(&cast.user, &query, limit).await, all, "{query} by {limit}");
        }
    }
    assert_eq!(activity(&cast.admin, "").await.records().len(), 50, "50 are the default");
}

#[tokio::test]
async fn nobody_learns_what_concerns_others_nor_who_they_are() {
    // Mutant: `spans` of everybody.
    let cast = STAGE.cast().await;
    let table = cast.table();
    let path = format!("/api/data/{table}");
    cast.user.post(&path, &json!({ "id": "known" })).await.expect(201);
    let never = format!("user:{}", "x".repeat(cast.user.id.len() - 5));
    for caller in [&cast.other_user.client, &cast.anon] {
        for (hidden, unknown) in [
            (format!("table={table}"), format!("table={}", "x".repeat(table.len()))),
            (format!("table={table}&key=known"), format!("table={table}&key=never")),
            (format!("table={table}&user={}", cast.user.id), format!("table={table}&user={never}")),
            (format!("user={}", cast.user.id), format!("user={never}")),
        ] {
            let (hidden, unknown) = (activity(caller, &hidden).await, activity(caller, &unknown).await);
            assert!(hidden.records().is_empty(), "{}", hidden.text());
            assert_eq!(
                (&hidden.json["data"], &hidden.json["next_cursor"]),
                (&unknown.json["data"], &unknown.json["next_cursor"])
            );
        }
    }
    // When the key changes hands, each has his own.
    cast.user.delete(&format!("{path}/known")).await.expect(204);
    cast.other_user.post(&path, &json!({ "id": "known" })).await.expect(201);
    assert!(activity(&cast.user, &format!("table={table}")).await.records().is_empty());
    let other = activity(&cast.other_user, &format!("table={table}&key=known")).await;
    assert_eq!(outline(&other), [json!(["create", format!("{table}:known"), cast.other_user.id])]);
    assert_eq!(activity(&cast.admin, &format!("table={table}&key=known")).await.records().len(), 3);
    let own = activity(&cast.other_user, "limit=1000").await;
    assert!(!own.text().contains(&cast.user.id), "{}", own.text());
}

#[tokio::test]
async fn how_much_somebody_else_does_is_not_told_by_how_far_a_page_comes() {
    // Mutant: `by_actor` always true.
    const MORE_THAN_A_PAGE_LOOKS_AT: usize = 660;
    let cast = STAGE.cast().await;
    let path = format!("/api/data/{}", cast.table());
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..20 {
        let (client, path) = (cast.user.client.clone(), path.clone());
        writers.spawn(async move {
            for n in 0..MORE_THAN_A_PAGE_LOOKS_AT / 20 {
                client.post(&path, &json!({ "id": format!("{writer}-{n}") })).await.expect(201);
            }
        });
    }
    while let Some(written) = writers.join_next().await {
        written.expect("no panic");
    }
    let of_user = activity(&cast.other_user, &format!("user={}", cast.user.id)).await;
    let of_nobody = activity(&cast.other_user, "user=user:nobody").await;
    assert_eq!(of_user.json["next_cursor"], of_nobody.json["next_cursor"]);
    assert_eq!((of_user.records().len(), of_nobody.records().len()), (0, 0));
    let own = whole(&cast.user, &format!("user={}", cast.user.id), 1_000).await;
    assert!(own.len() >= MORE_THAN_A_PAGE_LOOKS_AT, "a short page leads on");
}

#[tokio::test]
async fn cursors_are_good_for_their_question_and_caller() {
    let cast = STAGE.cast().await;
    let table = cast.table();
    for _ in 0..3 {
        cast.user.post(&format!("/api/data/{table}"), &json!({})).await.expect(201);
    }
    let page = activity(&cast.user, &format!("table={table}&limit=1")).await;
    let cursor = page.json["next_cursor"].as_str().expect("there is more");
    activity(&cast.user, &format!("table={table}&cursor={cursor}")).await;
    for query in
        [format!("cursor={cursor}"), format!("table={table}&key=1&cursor={cursor}"), format!("table={table}&cursor=A{cursor}")]
    {
        cast.user.get(&format!("/api/audit/activity?{query}")).await.expect_error(400, "BAD_REQUEST");
    }
    let others = format!("/api/audit/activity?table={table}&cursor={cursor}");
    cast.admin.get(&others).await.expect_error(400, "BAD_REQUEST");
}

#[tokio::test]
async fn bad_input_is_refused() {
    let cast = STAGE.cast().await;
    for query in [
        "key=1",
        "table=1x",
        "table=a&key=",
        "user=",
        "user=tasks:1",
        "limit=0",
        "limit=1001",
        "x=1",
        "table=a&table=b",
        "cursor=A",
    ] {
        cast.admin.get(&format!("/api/audit/activity?{query}")).await.expect_error(400, "BAD_REQUEST");
    }
    cast.admin.post("/api/audit/activity", &json!({})).await.expect_error(405, "METHOD_NOT_ALLOWED");
}
