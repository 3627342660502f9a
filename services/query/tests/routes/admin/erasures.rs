//! `GET /api/admin/erasures`

use std::time::{Duration, Instant};

use ddb_testkit::{Server, json};

#[tokio::test]
async fn admins_read_who_erased_how_much_when_and_why() {
    // Mutants: `erasures` without `require_admin`; `tx <= $2` in the statement (a page begins with the last of the one before).
    let server = Server::start().await;
    let (user, admin) = (server.user().await, server.admin().await);
    let none = admin.get("/api/admin/erasures").await.expect(200);
    assert_eq!((&none.json["data"], &none.json["next_cursor"]), (&json!([]), &json!(null)));
    let records: Vec<_> = (0..5).map(|n| json!({ "id": n })).collect();
    user.post("/api/data/t", &json!(records)).await.expect(201);
    let first = admin.post("/api/admin/erase", &json!({ "records": ["t:0", "t:1"], "reason": "first" })).await.expect(200);
    let second = admin.post("/api/admin/erase", &json!({ "records": ["t:2"], "reason": "second" })).await.expect(200);
    let page = admin.get("/api/admin/erasures?limit=1").await.expect(200);
    let told = &page.json["data"][0];
    assert_eq!((&told["tx"], &told["reason"], &told["records"]), (&json!(second.tx()), &json!("second"), &json!(1)), "{told}");
    assert_eq!((&told["actor"], &told["user"]), (&json!(admin.id), &json!(false)));
    assert_eq!(told["request_id"], second.header("x-request-id"));
    assert!(told["time"].is_string() && !page.text().contains("t:2"), "never what");
    let cursor = page.json["next_cursor"].as_str().expect("a cursor");
    let page = admin.get(&format!("/api/admin/erasures?limit=1&cursor={cursor}")).await.expect(200);
    assert_eq!((&page.json["data"][0]["tx"], &page.json["data"][0]["records"]), (&json!(first.tx()), &json!(2)));
    assert_eq!(page.json["next_cursor"], json!(null));

    // Of who erased himself, nobody is named; what he owned follows.
    user.delete("/api/auth/me").await.expect(204);
    let end = Instant::now() + Duration::from_secs(60);
    loop {
        let told = admin.get("/api/admin/erasures").await.expect(200).json["data"].take();
        let of_user = told.as_array().and_then(|told| told.iter().find(|told| told["user"] == true)).expect("his").clone();
        assert_eq!((&of_user["actor"], &of_user["records"]), (&json!(null), &json!(1)), "{of_user}");
        if told.as_array().is_some_and(|told| told.len() == 4 && told.iter().all(|told| told["finished"].is_string())) {
            let of_owned = told[0]["reason"].as_str().expect("a reason");
            assert!(of_owned.contains(&format!("its owner was erased in transaction {}", of_user["tx"])), "{of_owned}");
            assert_eq!(told[0]["records"], json!(2));
            break;
        }
        assert!(Instant::now() < end, "{told}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn others_read_nothing_and_bad_input_is_refused() {
    let cast = crate::STAGE.cast().await;
    cast.anon.get("/api/admin/erasures").await.expect_error(401, "UNAUTHENTICATED");
    cast.user.get("/api/admin/erasures").await.expect_error(403, "PERMISSION_DENIED");
    for query in ["limit=0", "limit=1001", "limit=x", "cursor=x", "x=1"] {
        cast.admin.get(&format!("/api/admin/erasures?{query}")).await.expect_error(400, "BAD_REQUEST");
    }
    cast.admin.post("/api/admin/erasures", &json!({})).await.expect_error(405, "METHOD_NOT_ALLOWED");
}
