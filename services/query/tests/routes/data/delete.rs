//! `DELETE /api/data/{table}/{key}`

use ddb_testkit::json;

use crate::STAGE;

#[tokio::test]
async fn a_deleted_record_is_gone_and_its_key_is_free() {
    let cast = STAGE.cast().await;
    let table = cast.table();
    let path = format!("/api/data/{table}");
    let made = cast.user.post(&path, &json!({ "id": "k", "a": 1 })).await.expect(201);
    let deleted = cast.user.delete(&made.path()).await.expect(204);
    assert!(deleted.body.is_empty());
    assert!(deleted.header("x-ddb-tx").parse::<i64>().expect("a tx") > made.tx());
    assert_eq!((deleted.header("etag"), deleted.header("content-type")), ("", ""));
    assert_eq!(deleted.header("cache-control"), "private, no-store");
    let gone = cast.user.get(&made.path()).await.expect_error(404, "NOT_FOUND");
    let never = cast.user.get(&format!("{path}/n")).await;
    assert_eq!(gone.blind(&[&format!("{table}:k")]), never.blind(&[&format!("{table}:n")]));
    cast.user.delete(&made.path()).await.expect_error(404, "NOT_FOUND");
    assert!(cast.user.get(&path).await.ids().is_empty());
    let again = cast.other_user.post(&path, &json!({ "id": "k", "b": 2 })).await.expect(201);
    assert!(again.json["data"].get("a").is_none(), "nothing of the old record comes back");
    cast.user.get(&made.path()).await.expect_error(404, "NOT_FOUND");
}

#[tokio::test]
async fn only_owner_and_admin_can_delete() {
    // Mutant: `Rows::All` for everyone in `Session::delete`.
    let cast = STAGE.cast().await;
    let table = cast.table();
    let path = format!("/api/data/{table}");
    let made = cast.user.post(&path, &json!({ "id": "known" })).await.expect(201);
    for caller in [&cast.other_user.client, &cast.anon] {
        let hidden = caller.delete(&format!("{path}/known")).await.expect_error(404, "NOT_FOUND");
        let never = caller.delete(&format!("{path}/never")).await.expect_error(404, "NOT_FOUND");
        assert_eq!(hidden.blind(&["known"]), never.blind(&["never"]));
        let caller = caller.with_header("if-match", "\"1\"");
        let hidden = caller.delete(&format!("{path}/known")).await.expect_error(404, "NOT_FOUND");
        assert_eq!(hidden.blind(&["known"]), never.blind(&["never"]), "the version is not told either");
    }
    cast.user.get(&made.path()).await.expect(200);
    cast.admin.delete(&made.path()).await.expect(204);
    cast.user.get(&made.path()).await.expect_error(404, "NOT_FOUND");
}

#[tokio::test]
async fn a_delete_can_be_of_a_version() {
    let cast = STAGE.cast().await;
    let made = cast.user.post(&format!("/api/data/{}", cast.table()), &json!({ "n": 1 })).await.expect(201);
    let changed = cast.user.patch(&made.path(), &json!({ "n": 2 })).await.expect(200);
    let of = |tx: i64| cast.user.with_header("if-match", &format!("\"{tx}\""));
    of(made.tx()).delete(&made.path()).await.expect_error(412, "VERSION_MISMATCH");
    of(i64::MAX).delete(&made.path()).await.expect_error(412, "VERSION_MISMATCH");
    for bad in ["*", "w/\"1\"", "W/1", "\"1\", \"2\"", "1", "\"x\"", "\"\"", "\"-1\"", "\"9223372036854775808\"", ""] {
        cast.user.with_header("if-match", bad).delete(&made.path()).await.expect_error(400, "BAD_REQUEST");
    }
    cast.user.get(&made.path()).await.expect(200);
    of(changed.tx()).delete(&made.path()).await.expect(204);
}

#[tokio::test]
async fn bad_input_deletes_nothing() {
    let cast = STAGE.cast().await;
    let table = cast.table();
    let made = cast.user.post(&format!("/api/data/{table}"), &json!({ "id": 1 })).await.expect(201);
    for path in [
        format!("{}?where=true", made.path()),
        format!("{}?x", made.path()),
        format!("/api/data/{table}/%ff"),
        format!("/api/data/{table}/[1"),
    ] {
        cast.user.delete(&path).await.expect_error(400, "BAD_REQUEST");
    }
    cast.user.delete(&format!("/api/data/{table}")).await.expect_error(405, "METHOD_NOT_ALLOWED");
    cast.user.get(&made.path()).await.expect(200);
}
