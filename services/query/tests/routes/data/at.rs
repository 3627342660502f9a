//! `GET /api/data/{table}/{key}?at=`

use std::time::Duration;

use ddb_testkit::{Json, json};

use crate::STAGE;

/// The times in answers have as few digits as tell them.
fn time_of(version: &Json) -> String {
    version["updated"].as_str().expect("a time").to_owned()
}

#[tokio::test]
async fn a_record_is_read_as_it_was() {
    let cast = STAGE.cast().await;
    let made = cast.user.post(&format!("/api/data/{}", cast.table()), &json!({ "a": 1, "b": [1.5, null] })).await.expect(201);
    let changed =
        cast.admin.patch(&made.path(), &json!({ "a": null, "c": { "$datetime": "2026-01-02T03:04:05Z" } })).await.expect(200);
    let replaced = cast.user.put(&made.path(), &json!({ "z": true, "$ttl": 3600 })).await.expect(200);
    for version in [&made, &changed, &replaced] {
        for caller in [&cast.user, &cast.admin] {
            let then = caller.get(&format!("{}?at={}", made.path(), version.tx())).await.expect(200);
            assert_eq!(then.json, version.json);
            assert_eq!(then.header("etag"), version.header("etag"));
            assert_eq!(then.header("x-ddb-tx"), version.tx().to_string());
            // Other transactions may have been made at the same time.
            let then = caller.get(&format!("{}?at={}", made.path(), time_of(&version.json["data"]))).await.expect(200);
            assert_eq!((&then.json["data"], then.tx() >= version.tx()), (&version.json["data"], true));
            assert_eq!(then.header("etag"), version.header("etag"));
        }
    }
    let typed = cast.user.with_header("accept", "application/vnd.ddb.typed+json");
    let then = typed.get(&format!("{}?at={}", made.path(), changed.tx())).await.expect(200);
    assert_eq!(then.json["data"]["c"], json!({ "$datetime": "2026-01-02T03:04:05Z" }));

    cast.user.delete(&made.path()).await.expect(204);
    cast.user.get(&made.path()).await.expect_error(404, "NOT_FOUND");
    let then = cast.user.get(&format!("{}?at={}", made.path(), replaced.tx())).await.expect(200);
    assert_eq!(then.json, replaced.json, "a deleted record has a past");
}

#[tokio::test]
async fn between_two_changes_the_earlier_one_counts() {
    let cast = STAGE.cast().await;
    let path = format!("/api/data/{}", cast.table());
    let made = cast.user.post(&path, &json!({ "a": 1 })).await.expect(201);
    let other = cast.user.post(&path, &json!({ "other": 1 })).await.expect(201);
    let changed = cast.user.patch(&made.path(), &json!({ "a": 2 })).await.expect(200);
    let then = cast.user.get(&format!("{}?at={}", made.path(), other.tx())).await.expect(200);
    assert_eq!((then.json["data"].clone(), then.tx()), (made.json["data"].clone(), other.tx()));
    assert_eq!(then.header("etag"), format!("\"{}\"", made.tx()));
    let time = time_of(&other.json["data"]);
    let then = cast.user.get(&format!("{}?at={time}", made.path())).await.expect(200);
    assert_eq!(then.json["data"], made.json["data"]);
    let now = cast.user.get(&format!("{}?at={}", made.path(), changed.tx())).await.expect(200);
    assert_eq!(now.json, changed.json);
}

#[tokio::test]
async fn before_it_existed_and_while_it_was_deleted_there_is_no_record() {
    let cast = STAGE.cast().await;
    let path = format!("/api/data/{}", cast.table());
    let first = cast.user.post(&path, &json!({})).await.expect(201);
    let made = cast.user.post(&path, &json!({ "id": "k", "a": 1 })).await.expect(201);
    let deleted = cast.user.delete(&made.path()).await.expect(204);
    let again = cast.user.post(&path, &json!({ "id": "k", "b": 1 })).await.expect(201);
    let deleted = deleted.header("x-ddb-tx").to_owned();
    for point in ["0", &first.tx().to_string(), &deleted, "1969-12-31T23:59:59Z", &time_of(&first.json["data"])] {
        cast.user.get(&format!("{}?at={point}", made.path())).await.expect_error(404, "NOT_FOUND");
    }
    for version in [&made, &again] {
        let then = cast.user.get(&format!("{}?at={}", made.path(), version.tx())).await.expect(200);
        assert_eq!(then.json, version.json);
    }
}

#[tokio::test]
async fn what_had_expired_is_absent_then() {
    let cast = STAGE.cast().await;
    let path = format!("/api/data/{}", cast.table());
    let made = cast.user.post(&path, &json!({ "a": 1, "$ttl": 1 })).await.expect(201);
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    cast.user.get(&made.path()).await.expect_error(404, "NOT_FOUND");
    let later = cast.user.post(&path, &json!({})).await.expect(201);
    let then = cast.user.get(&format!("{}?at={}", made.path(), made.tx())).await.expect(200);
    assert_eq!(then.json, made.json, "it was there when it was made");
    for point in [later.tx().to_string(), time_of(&later.json["data"])] {
        cast.user.get(&format!("{}?at={point}", made.path())).await.expect_error(404, "NOT_FOUND");
    }
    // Between its expiry and the next transaction only the time tells.
    let expires = made.json["data"]["_expires"].as_str().expect("a time");
    cast.user.get(&format!("{}?at={expires}", made.path())).await.expect_error(404, "NOT_FOUND");
}

#[tokio::test]
async fn the_past_of_others_never_was() {
    // Mutants: `may_read_before` without `may_read_newest`, and without the state then.
    let cast = STAGE.cast().await;
    let table = cast.table();
    let path = format!("/api/data/{table}");
    let of_user = cast.user.post(&path, &json!({ "id": "known", "secret": 1 })).await.expect(201);
    cast.user.delete(&of_user.path()).await.expect(204);
    let of_other = cast.other_user.post(&path, &json!({ "id": "known", "secret": 2 })).await.expect(201);
    let hidden_from_user = [of_user.tx(), of_other.tx()];
    for (caller, points) in
        [(&cast.user.client, &hidden_from_user[..]), (&cast.other_user.client, &[of_user.tx()]), (&cast.anon, &hidden_from_user)]
    {
        for point in points {
            let hidden = caller.get(&format!("{path}/known?at={point}")).await.expect_error(404, "NOT_FOUND");
            let never = caller.get(&format!("{path}/never?at={point}")).await.expect_error(404, "NOT_FOUND");
            assert_eq!(hidden.blind(&["known"]), never.blind(&["never"]));
            let no_table = "x".repeat(table.len());
            let nowhere = caller.get(&format!("/api/data/{no_table}/never?at={point}")).await.expect_error(404, "NOT_FOUND");
            assert_eq!(hidden.blind(&["known", &table]), nowhere.blind(&["never", &no_table]));
        }
    }
    for made in [&of_user, &of_other] {
        assert_eq!(cast.admin.get(&format!("{path}/known?at={}", made.tx())).await.expect(200).json, made.json);
    }
    assert_eq!(cast.other_user.get(&format!("{path}/known?at={}", of_other.tx())).await.expect(200).json, of_other.json);
}

#[tokio::test]
async fn a_point_that_is_none_or_still_to_come_is_refused() {
    let cast = STAGE.cast().await;
    let made = cast.user.post(&format!("/api/data/{}", cast.table()), &json!({})).await.expect(201);
    let points = [
        "",
        "-1",
        "%2B1",
        "1.0",
        "0x1",
        "now",
        "2026-11-22",
        "9223372036854775808",
        "9223372036854775807",
        "99999999",
        "9999-01-01T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "%00",
    ];
    for point in points {
        for path in [made.path(), "/api/data/nowhere/never".to_owned()] {
            for caller in [&cast.user.client, &cast.anon] {
                caller.get(&format!("{path}?at={point}")).await.expect_error(400, "BAD_REQUEST");
            }
        }
    }
    cast.user.get(&format!("{}?at=1&at=2", made.path())).await.expect_error(400, "BAD_REQUEST");
    cast.user.get(&format!("{}?at=1&x=2", made.path())).await.expect_error(400, "BAD_REQUEST");
}
