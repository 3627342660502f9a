//! `GET /api/audit/head`

use ddb_testkit::{Json, json};

use crate::STAGE;

#[tokio::test]
async fn the_head_is_the_hash_that_status_and_verify_know() {
    let cast = STAGE.cast().await;
    cast.user.post(&format!("/api/data/{}", cast.table()), &json!({})).await.expect(201);
    let head = cast.admin.get("/api/audit/head").await.expect(200);
    let data = &head.json["data"];
    assert_eq!((&data["tx"], head.header("x-ddb-tx")), (&head.json["tx"], head.tx().to_string().as_str()));
    assert!(data["time"].as_str().is_some_and(|time| time.ends_with('Z')));
    assert_eq!((data["hash"].as_str().map(str::len), data["namespace"].as_str().map(str::len)), (Some(128), Some(36)));
    // Others may have written since: the chain still holds the hash.
    let verified = cast.server.ddb(&["verify", "--json", "--expect-head", data["hash"].as_str().expect("a hash")]);
    let verified: Json = serde_json::from_str(&verified.stdout).expect("JSON");
    assert_eq!(verified["sound"], true, "{verified}");
    let next = cast.user.post(&format!("/api/data/{}", cast.table()), &json!({})).await.expect(201);
    assert!(cast.admin.get("/api/audit/head").await.expect(200).tx() >= next.tx());
}

#[tokio::test]
async fn the_head_is_for_admins() {
    // Mutant: `require_admin` left out.
    let cast = STAGE.cast().await;
    cast.anon.get("/api/audit/head").await.expect_error(401, "UNAUTHENTICATED");
    cast.user.get("/api/audit/head").await.expect_error(403, "PERMISSION_DENIED");
    cast.admin.get("/api/audit/head?x=1").await.expect_error(400, "BAD_REQUEST");
    cast.admin.post("/api/audit/head", &json!({})).await.expect_error(405, "METHOD_NOT_ALLOWED");
}
