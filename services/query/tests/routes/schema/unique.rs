use ddb_testkit::{Json, json};

use super::{built, failed_over, fill};
use crate::STAGE;

#[tokio::test]
async fn equal_values_are_refused_and_free_ones_are_not() {
    // Mutants: `settle` never finds a holder; `released` is left out; `tuple` gives a tuple for null.
    let cast = STAGE.cast().await;
    let table = cast.table();
    let (data, path) = (format!("/api/data/{table}"), format!("/api/schema/{table}/indexes"));
    cast.admin.post(&path, &json!({ "fields": ["email"], "unique": true })).await.expect(201);
    let first = cast.user.post(&data, &json!({ "email": "a@x" })).await.expect(201).path();
    let refused = cast.other_user.post(&data, &json!({ "email": "a@x", "n": 1 })).await.expect_error(409, "CONFLICT");
    assert_eq!(refused.json["error"]["details"][0]["field"], "email");
    assert!(!refused.text().contains(first.rsplit('/').next().expect("a key")), "the other record is not named");
    assert_eq!(cast.admin.get(&data).await.expect(200).records().len(), 1, "nothing was written");
    // Equal to the language is equal here; other kinds are not.
    cast.user.post(&data, &json!({ "email": 1 })).await.expect(201);
    cast.user.post(&data, &json!({ "email": 1.0 })).await.expect_error(409, "CONFLICT");
    cast.user.post(&data, &json!({ "email": "1" })).await.expect(201);
    // NONE and null collide with nothing.
    for body in [json!({}), json!({}), json!({ "email": null }), json!({ "email": null })] {
        cast.user.post(&data, &body).await.expect(201);
    }
    // Within one request too.
    cast.user.post(&data, &json!([{ "email": "b" }, { "email": "b" }])).await.expect_error(409, "CONFLICT");
    let long = "x".repeat(5_000);
    cast.user.post(&data, &json!([{ "email": long }, { "email": format!("{long}y") }])).await.expect(201);
    cast.user.post(&data, &json!({ "email": long })).await.expect_error(409, "CONFLICT");
    // What a record lets go of is free.
    cast.user.patch(&first, &json!({ "email": "c" })).await.expect(200);
    let second = cast.other_user.post(&data, &json!({ "email": "a@x" })).await.expect(201).path();
    cast.user.patch(&first, &json!({ "email": "a@x" })).await.expect_error(409, "CONFLICT");
    cast.other_user.delete(&second).await.expect(204);
    cast.user.patch(&first, &json!({ "email": "a@x" })).await.expect(200);
    cast.user.put(&first, &json!({ "email": "a@x", "more": 1 })).await.expect(200);
}

#[tokio::test]
async fn a_compound_one_may_name_the_owner() {
    let cast = STAGE.cast().await;
    let table = cast.table();
    let (data, path) = (format!("/api/data/{table}"), format!("/api/schema/{table}/indexes"));
    cast.admin.post(&path, &json!({ "fields": ["_owner", "name"], "unique": true })).await.expect(201);
    cast.user.post(&data, &json!({ "name": "a" })).await.expect(201);
    cast.user.post(&data, &json!({ "name": "a" })).await.expect_error(409, "CONFLICT");
    cast.other_user.post(&data, &json!({ "name": "a" })).await.expect(201);
    cast.user.post(&data, &json!({ "name": "b" })).await.expect(201);
}

#[tokio::test]
async fn sixteen_racing_writers_make_one_record() {
    // Mutant: `claims` of a later round forgets what was probed.
    let cast = STAGE.cast().await;
    let table = cast.table();
    let (data, path) = (format!("/api/data/{table}"), format!("/api/schema/{table}/indexes"));
    cast.admin.post(&path, &json!({ "fields": ["slot", "day"], "unique": true })).await.expect(201);
    for day in 0..5 {
        let body = json!({ "slot": "nine", "day": day });
        let racers = (0..16).map(|racer| {
            let caller = if racer % 2 == 0 { &cast.user } else { &cast.other_user };
            caller.post(&data, &body)
        });
        let answers = futures::future::join_all(racers).await;
        let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
        statuses.sort_unstable();
        assert_eq!((statuses[0], &statuses[1..]), (201, &[409; 15][..]));
    }
    assert_eq!(cast.admin.get(&data).await.expect(200).records().len(), 5);
}

#[tokio::test]
async fn what_has_expired_holds_nothing() {
    // Mutant: `ask` treats an expired holder like any other.
    let cast = STAGE.cast().await;
    let table = cast.table();
    let (data, path) = (format!("/api/data/{table}"), format!("/api/schema/{table}/indexes"));
    cast.admin.post(&path, &json!({ "fields": ["name"], "unique": true })).await.expect(201);
    for round in 0..4 {
        cast.user.post(&data, &json!({ "name": "a", "round": round, "$ttl": 1 })).await.expect(201);
        cast.user.post(&data, &json!({ "name": "a" })).await.expect_error(409, "CONFLICT");
        tokio::time::sleep(std::time::Duration::from_millis(1_050)).await;
    }
    cast.other_user.post(&data, &json!({ "name": "a" })).await.expect(201);
    let verified = cast.server.ddb(&["verify"]);
    assert_eq!(verified.code, Some(0), "{}{}", verified.stdout, verified.stderr);
}

#[tokio::test]
async fn duplicates_that_are_there_already_are_told() {
    let cast = STAGE.cast().await;
    let (small, large) = (cast.table(), cast.table());
    fill(&cast.user, &small, 3, |number| json!({ "n": number % 2 })).await;
    fill(&cast.user, &large, 20_500, |number| json!({ "n": number % 20_499 })).await;
    let body = json!({ "name": "u", "fields": ["n"], "unique": true });
    cast.admin.post(&format!("/api/schema/{small}/indexes"), &body).await.expect_error(409, "CONFLICT");
    let indexes = cast.admin.get(&format!("/api/schema/{small}/indexes")).await.expect(200);
    assert_eq!(indexes.json["data"], json!([]));
    cast.admin.post(&format!("/api/schema/{large}/indexes"), &body).await.expect(201);
    let failed = failed_over(&cast.admin, &large, "u", &format!("`{large}:")).await;
    assert_eq!(failed["state"], "failed", "{failed}");
    assert!(failed["problem"].as_str().is_some_and(|problem| problem.contains("have the same values")), "{failed}");
    // A failed index is in nobody's way.
    cast.user.post(&format!("/api/data/{large}"), &json!({ "n": 0 })).await.expect(201);
    cast.admin.delete(&format!("/api/schema/{large}/indexes/u")).await.expect(204);
}

#[tokio::test]
async fn a_table_of_thousands_is_guarded_at_once() {
    let cast = STAGE.cast().await;
    let table = cast.table();
    fill(&cast.user, &table, 3_000, |number| json!({ "n": number })).await;
    let (data, path) = (format!("/api/data/{table}"), format!("/api/schema/{table}/indexes"));
    let defined = cast.admin.post(&path, &json!({ "fields": ["n"], "unique": true })).await.expect(201);
    assert_eq!(defined.json["data"]["state"], "ready");
    cast.user.post(&data, &json!({ "n": 2_999 })).await.expect_error(409, "CONFLICT");
}

#[tokio::test]
async fn a_large_table_is_guarded_while_the_index_is_built() {
    let cast = STAGE.cast().await;
    let table = cast.table();
    fill(&cast.user, &table, 20_500, |number| json!({ "n": number })).await;
    let (data, path) = (format!("/api/data/{table}"), format!("/api/schema/{table}/indexes"));
    cast.admin.post(&path, &json!({ "name": "u", "fields": ["n"], "unique": true })).await.expect(201);
    let fresh: Vec<Json> = (0..20).map(|number| json!({ "n": format!("new{number}") })).collect();
    for body in &fresh {
        cast.user.post(&data, body).await.expect(201);
        cast.user.post(&data, body).await.expect_error(409, "CONFLICT");
    }
    assert_eq!(built(&cast.admin, &table, "u").await["state"], "ready");
    cast.user.post(&data, &json!({ "n": 20_499 })).await.expect_error(409, "CONFLICT");
}
