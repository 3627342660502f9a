//! `GET /api/data/{table}/{key}`

use ddb_testkit::{Method, json};

use crate::STAGE;

#[tokio::test]
async fn a_record_is_read_with_its_version() {
    let cast = STAGE.cast().await;
    let made = cast.user.post(&format!("/api/data/{}", cast.table()), &json!({ "a": 1 })).await.expect(201);
    for caller in [&cast.user, &cast.admin] {
        let read = caller.get(&made.path()).await.expect(200);
        assert_eq!(read.json["data"], made.json["data"]);
        assert_eq!(read.header("etag"), format!("\"{}\"", made.tx()));
        assert_eq!(read.header("x-ddb-tx"), read.tx().to_string());
        assert!(read.tx() >= made.tx());
        assert_eq!(read.header("cache-control"), "private, no-store");
    }
}

#[tokio::test]
async fn what_the_caller_may_not_see_never_was() {
    // Mutant: `found.data` without the filter in `Session::get`.
    let cast = STAGE.cast().await;
    let table = cast.table();
    cast.user.post(&format!("/api/data/{table}"), &json!({ "id": "known", "secret": 1 })).await.expect(201);
    for caller in [&cast.other_user.client, &cast.anon] {
        let hidden = caller.get(&format!("/api/data/{table}/known")).await.expect_error(404, "NOT_FOUND");
        let never = caller.get(&format!("/api/data/{table}/never")).await.expect_error(404, "NOT_FOUND");
        assert_eq!(hidden.blind(&["known"]), never.blind(&["never"]));
        let no_table = "x".repeat(table.len());
        let nowhere = caller.get(&format!("/api/data/{no_table}/never")).await.expect_error(404, "NOT_FOUND");
        assert_eq!(hidden.blind(&["known", &table]), nowhere.blind(&["never", &no_table]));
    }
}

#[tokio::test]
async fn head_is_get_without_a_body() {
    let cast = STAGE.cast().await;
    let made = cast.user.post(&format!("/api/data/{}", cast.table()), &json!({ "a": 1 })).await.expect(201);
    let read = cast.user.get(&made.path()).await.expect(200);
    let head = cast.user.send(Method::HEAD, &made.path(), None).await.expect(200);
    assert_eq!((head.body.len(), head.header("content-length")), (0, read.body.len().to_string().as_str()));
    assert_eq!(head.header("etag"), read.header("etag"));
    let hidden = cast.other_user.send(Method::HEAD, &made.path(), None).await.expect(404);
    assert!(hidden.body.is_empty());
}

#[tokio::test]
async fn parameters_of_later_versions_are_refused() {
    let cast = STAGE.cast().await;
    let path = cast.user.post(&format!("/api/data/{}", cast.table()), &json!({})).await.expect(201).path();
    for query in ["fields=a&at=1", "expand=a&at=1", "where=true", "x", "=", "limit=1", "%00=1"] {
        cast.user.get(&format!("{path}?{query}")).await.expect_error(400, "BAD_REQUEST");
    }
    cast.user.get(&format!("{path}?")).await.expect(200);
}
