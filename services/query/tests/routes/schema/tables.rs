use ddb_testkit::json;

use crate::STAGE;

#[tokio::test]
async fn admins_read_tables_with_fields_and_indexes() {
    let cast = STAGE.cast().await;
    let table = cast.table();
    cast.user.post(&format!("/api/data/{table}"), &json!({ "b": 1, "a": { "c": 2 } })).await.expect(201);
    cast.admin.post(&format!("/api/schema/{table}/indexes"), &json!({ "fields": ["-a", "b"] })).await.expect(201);
    let one = cast.admin.get(&format!("/api/schema/{table}")).await.expect(200);
    let index = json!({
        "name": "a_b", "fields": ["-a", "b"], "unique": false, "state": "ready", "progress": { "done": 0, "total": 0 },
    });
    let expected = json!({
        "name": table, "fields": ["a", "b"], "indexes": [index], "history": null, "keeps": "forever", "horizon": 0,
    });
    assert_eq!(one.json["data"], expected);
    assert_eq!(one.header("x-ddb-tx"), one.tx().to_string());
    let all = cast.admin.get("/api/schema").await.expect(200);
    assert!(all.records().contains(&expected), "{}", all.text());
}

#[tokio::test]
async fn only_admins_read_and_define() {
    // Mutant: `require_admin` gives `Ok(())` for every account.
    let cast = STAGE.cast().await;
    let table = cast.table();
    cast.user.post(&format!("/api/data/{table}"), &json!({ "a": 1 })).await.expect(201);
    let body = json!({ "fields": ["a"] });
    for path in ["/api/schema".to_owned(), format!("/api/schema/{table}"), format!("/api/schema/{table}/indexes")] {
        cast.anon.get(&path).await.expect_error(401, "UNAUTHENTICATED");
        cast.user.get(&path).await.expect_error(403, "PERMISSION_DENIED");
    }
    for (path, caller) in [(table.as_str(), &cast.user), ("table_that_is_not_there", &cast.other_user)] {
        let path = format!("/api/schema/{path}/indexes");
        cast.anon.post(&path, &body).await.expect_error(401, "UNAUTHENTICATED");
        caller.post(&path, &body).await.expect_error(403, "PERMISSION_DENIED");
        caller.post(&path, &json!({ "nonsense": 1 })).await.expect_error(403, "PERMISSION_DENIED");
        cast.anon.delete(&format!("{path}/a")).await.expect_error(401, "UNAUTHENTICATED");
        caller.delete(&format!("{path}/a")).await.expect_error(403, "PERMISSION_DENIED");
    }
    cast.admin.get("/api/schema/table_that_is_not_there").await.expect_error(404, "NOT_FOUND");
    cast.admin.get("/api/schema/no%20table").await.expect_error(400, "BAD_REQUEST");
    cast.admin.get("/api/schema?x=1").await.expect_error(400, "BAD_REQUEST");
}
