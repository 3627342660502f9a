//! `POST /api/audit/verify` and `GET /api/jobs/{id}`

use std::time::{Duration, Instant};

use ddb_testkit::{Client, Json, json};

use crate::STAGE;

/// The job once it has ended.
async fn ended(caller: &Client, id: i64) -> Json {
    let end = Instant::now() + Duration::from_secs(60);
    loop {
        let job = caller.get(&format!("/api/jobs/{id}")).await.expect(200).json["data"].take();
        match job["state"].as_str() {
            Some("done" | "failed") => return job,
            state => assert!(matches!(state, Some("queued" | "running")), "{job}"),
        }
        assert!(Instant::now() < end, "{job}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn the_log_is_verified_in_the_background() {
    let cast = STAGE.cast().await;
    let made = cast.user.post(&format!("/api/data/{}", cast.table()), &json!({ "a": 1 })).await.expect(201);
    let head = cast.admin.get("/api/audit/head").await.expect(200).json["data"]["hash"].clone();
    let started = cast.admin.post("/api/audit/verify", &json!({ "expect_head": head })).await.expect(202);
    let id = started.json["job"].as_i64().expect("a number");
    let job = ended(&cast.admin, id).await;
    assert_eq!((&job["state"], &job["kind"], &job["problem"]), (&json!("done"), &json!("verify"), &Json::Null), "{job}");
    assert_eq!((&job["result"]["sound"], &job["result"]["problem_count"]), (&json!(true), &json!(0)), "{job}");
    assert!(job["result"]["head"].as_i64() >= Some(made.tx()) && job["result"]["records"].as_i64() > Some(0));
    assert_eq!(job["progress"]["done"], job["progress"]["total"]);
    assert!(job["created"].as_str() <= job["finished"].as_str());

    let body = json!({ "from": made.tx(), "to": made.tx() });
    let part = cast.admin.post("/api/audit/verify", &body).await.expect(202);
    let part = ended(&cast.admin, part.json["job"].as_i64().expect("a number")).await;
    assert_eq!((&part["result"]["sound"], &part["result"]["transactions"]), (&json!(true), &json!(1)));
    assert_eq!((&part["result"]["head"], &part["progress"]["total"]), (&json!(made.tx()), &json!(1)));

    let elsewhere = json!({ "expect_head": "0".repeat(127) + "1" });
    let cut = cast.admin.post("/api/audit/verify", &elsewhere).await.expect(202);
    let cut = ended(&cast.admin, cut.json["job"].as_i64().expect("a number")).await;
    assert_eq!((&cut["result"]["sound"], &cut["result"]["problems"][0]["place"]), (&json!(false), &json!("head")));
}

#[tokio::test]
async fn verifying_and_its_job_are_for_admins() {
    // Mutant: `is_visible` always true.
    let cast = STAGE.cast().await;
    cast.anon.post("/api/audit/verify", &json!({})).await.expect_error(401, "UNAUTHENTICATED");
    cast.user.post("/api/audit/verify", &json!({})).await.expect_error(403, "PERMISSION_DENIED");
    let started = cast.admin.post("/api/audit/verify", &json!({ "from": 1, "to": 1 })).await.expect(202);
    let id = started.json["job"].as_i64().expect("a number");
    for caller in [&cast.user.client, &cast.anon] {
        let hidden = caller.get(&format!("/api/jobs/{id}")).await.expect_error(404, "NOT_FOUND");
        let never = caller.get("/api/jobs/987654321").await.expect_error(404, "NOT_FOUND");
        let told = |error: &Json, id: &str| error["error"]["message"].to_string().replace(id, "…");
        assert_eq!(told(&hidden.json, &id.to_string()), told(&never.json, "987654321"));
    }
    cast.admin.get("/api/jobs/987654321").await.expect_error(404, "NOT_FOUND");
    // The reaper is a job too, but none that anybody asked for.
    for id in 1..id {
        let job = cast.admin.get(&format!("/api/jobs/{id}")).await;
        assert!(job.status == 404 || job.json["data"]["kind"] == "verify", "{}", job.text());
    }
}

#[tokio::test]
async fn bad_input_is_refused() {
    let cast = STAGE.cast().await;
    for body in [
        json!([]),
        json!({ "from": 0 }),
        json!({ "from": "1" }),
        json!({ "to": 1.0 }),
        json!({ "x": 1 }),
        json!({ "expect_head": 1 }),
        json!({ "expect_head": "ab" }),
        json!({ "expect_head": "x".repeat(128) }),
    ] {
        cast.admin.post("/api/audit/verify", &body).await.expect_error(422, "VALIDATION_FAILED");
    }
    for body in [json!({ "from": 99_999_999 }), json!({ "to": 99_999_999 }), json!({ "from": 2, "to": 1 })] {
        cast.admin.post("/api/audit/verify", &body).await.expect_error(400, "BAD_REQUEST");
    }
    for id in ["0", "-1", "x", "1.0", "9223372036854775808", "1?x=1"] {
        cast.admin.get(&format!("/api/jobs/{id}")).await.expect_error(400, "BAD_REQUEST");
    }
    cast.admin.get("/api/audit/verify").await.expect_error(405, "METHOD_NOT_ALLOWED");
    cast.admin.delete("/api/jobs/1").await.expect_error(405, "METHOD_NOT_ALLOWED");
}
