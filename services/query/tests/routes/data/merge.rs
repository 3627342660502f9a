//! `PATCH /api/data/{table}/{key}`

use ddb_testkit::{Json, Method, json};

use crate::STAGE;

/// The fields alone, without what the system adds.
fn fields(record: &Json) -> Json {
    let mut fields = record.clone();
    for name in ["id", "_owner", "created", "updated"] {
        fields.as_object_mut().expect("a record").remove(name);
    }
    fields
}

#[tokio::test]
async fn a_merge_changes_what_it_names() {
    let cast = STAGE.cast().await;
    let path = format!("/api/data/{}", cast.table());
    for (record, patch, expected) in [
        (json!({ "a": 1, "b": 2 }), json!({ "b": 3, "c": 4 }), json!({ "a": 1, "b": 3, "c": 4 })),
        (json!({ "a": 1, "b": null }), json!({ "a": null, "none": null }), json!({ "b": null })),
        (json!({ "a": 1 }), json!({ "a": { "$null": true } }), json!({ "a": null })),
        (
            json!({ "a": { "x": 1, "y": 2 } }),
            json!({ "a": { "x": null, "z": { "$null": true } } }),
            json!({ "a": { "y": 2, "z": null } }),
        ),
        (json!({ "a": 1 }), json!({ "a": { "b": { "c": null } } }), json!({ "a": { "b": {} } })),
        (json!({ "a": [1, 2] }), json!({ "a": [null] }), json!({ "a": [null] })),
        (json!({ "a": { "x": 1 } }), json!({ "a": {} }), json!({ "a": { "x": 1 } })),
        (json!({ "a": 1 }), json!({}), json!({ "a": 1 })),
    ] {
        let made = cast.user.post(&path, &record).await.expect(201);
        let merged = cast.user.patch(&made.path(), &patch).await.expect(200);
        assert_eq!(fields(&merged.json["data"]), expected, "{record} merged with {patch}");
        let read = cast.user.get(&made.path()).await.expect(200);
        assert_eq!(read.json["data"], merged.json["data"]);
        assert_eq!(read.header("etag"), merged.header("etag"));
        assert_eq!(read.json["data"]["created"], made.json["data"]["created"]);
    }
}

#[tokio::test]
async fn operators_compute_on_what_is_stored() {
    let cast = STAGE.cast().await;
    let path = format!("/api/data/{}", cast.table());
    for (record, patch, expected) in [
        (r#"{}"#, r#"{"n":{"$inc":5}}"#, r#"{"n":5}"#),
        (r#"{"n":1}"#, r#"{"n":{"$inc":-3}}"#, r#"{"n":-2}"#),
        (r#"{"n":1}"#, r#"{"n":{"$inc":0.5}}"#, r#"{"n":1.5}"#),
        (r#"{"n":0.5}"#, r#"{"n":{"$inc":1}}"#, r#"{"n":1.5}"#),
        (r#"{"n":{"$decimal":"0.1"}}"#, r#"{"n":{"$inc":{"$decimal":"0.2"}}}"#, r#"{"n":"0.3"}"#),
        (r#"{"n":9223372036854775806}"#, r#"{"n":{"$inc":1}}"#, r#"{"n":9223372036854775807}"#),
        (r#"{"s":{"n":1}}"#, r#"{"s":{"n":{"$inc":1},"m":{"$inc":2}}}"#, r#"{"s":{"n":2,"m":2}}"#),
        (r#"{}"#, r#"{"t":{"$push":null}}"#, r#"{"t":[null]}"#),
        (r#"{"t":["a"]}"#, r#"{"t":{"$push":["b"]}}"#, r#"{"t":["a",["b"]]}"#),
        (r#"{"t":{"$set":[1,2]}}"#, r#"{"t":{"$push":2}}"#, r#"{"t":[1,2]}"#),
        (r#"{"t":["a","b","a"]}"#, r#"{"t":{"$pull":"a"}}"#, r#"{"t":["b"]}"#),
        (r#"{"t":[1,1.0,2]}"#, r#"{"t":{"$pull":1}}"#, r#"{"t":[2]}"#),
        (r#"{"t":[{"x":1},{"x":2}]}"#, r#"{"t":{"$pull":{"x":2}}}"#, r#"{"t":[{"x":1}]}"#),
        (r#"{"t":["a"]}"#, r#"{"t":{"$pull":"z"}}"#, r#"{"t":["a"]}"#),
        (r#"{}"#, r#"{"t":{"$pull":"a"}}"#, r#"{}"#),
    ] {
        let made = cast.user.send_text(Method::POST, &path, record).await.expect(201);
        let merged = cast.user.send_text(Method::PATCH, &made.path(), patch).await.expect(200);
        let expected: Json = expected.parse().expect("JSON");
        assert_eq!(fields(&merged.json["data"]), expected, "{record} merged with {patch}");
        assert_eq!(fields(&cast.user.get(&made.path()).await.json["data"]), expected);
    }
}

#[tokio::test]
async fn operators_that_cannot_compute_change_nothing() {
    let cast = STAGE.cast().await;
    let path = format!("/api/data/{}", cast.table());
    for (record, patch, field) in [
        (r#"{"n":9223372036854775807}"#, r#"{"other":1,"n":{"$inc":1}}"#, "n"),
        (r#"{"n":-9223372036854775808}"#, r#"{"n":{"$inc":-1}}"#, "n"),
        (r#"{"n":1.7e308}"#, r#"{"n":{"$inc":1.7e308}}"#, "n"),
        (r#"{"n":{"$decimal":"79228162514264337593543950335"}}"#, r#"{"n":{"$inc":1}}"#, "n"),
        (r#"{"n":{"$decimal":"1"}}"#, r#"{"n":{"$inc":{"$float":"NaN"}}}"#, "n"),
        (r#"{"n":"1"}"#, r#"{"n":{"$inc":1}}"#, "n"),
        (r#"{"n":null}"#, r#"{"n":{"$inc":1}}"#, "n"),
        (r#"{"n":[1]}"#, r#"{"n":{"$inc":1}}"#, "n"),
        (r#"{"n":1}"#, r#"{"n":{"$inc":"1"}}"#, "n"),
        (r#"{"n":1}"#, r#"{"n":{"$inc":null}}"#, "n"),
        (r#"{"s":{"n":"x"}}"#, r#"{"s":{"n":{"$inc":1}}}"#, "s.n"),
        (r#"{"t":"a"}"#, r#"{"t":{"$push":1}}"#, "t"),
        (r#"{"t":1}"#, r#"{"t":{"$pull":1}}"#, "t"),
        (r#"{"t":{"a":1}}"#, r#"{"t":{"$push":1}}"#, "t"),
        (r#"{"n":1}"#, r#"{"n":{"$inc":1,"x":2}}"#, "n.$inc"),
        (r#"{"n":1}"#, r#"{"n":{"$inc":1,"$push":2}}"#, "n.$inc"),
        (r#"{"n":1}"#, r#"{"n":{"$mul":2}}"#, "n.$mul"),
        (r#"{"n":1}"#, r#"{"n":{"$null":false}}"#, "n.$null"),
        (r#"{"n":[1]}"#, r#"{"n":[{"$inc":1}]}"#, "n[0].$inc"),
        (r#"{"n":1}"#, r#"{"$inc":{"n":1}}"#, "$inc"),
    ] {
        let made = cast.user.send_text(Method::POST, &path, record).await.expect(201);
        let refused = cast.user.send_text(Method::PATCH, &made.path(), patch).await.expect_error(422, "VALIDATION_FAILED");
        assert_eq!(refused.json["error"]["details"][0]["field"], field, "{record} merged with {patch}");
        let read = cast.user.get(&made.path()).await;
        assert_eq!((&read.json["data"], read.header("etag")), (&made.json["data"], made.header("etag")));
    }
}

#[tokio::test]
async fn increments_of_many_callers_are_not_lost() {
    let cast = STAGE.cast().await;
    let made = cast.user.post(&format!("/api/data/{}", cast.table()), &json!({ "n": 0, "t": [] })).await.expect(201);
    let one = async |_| {
        for _ in 0..10 {
            cast.user.patch(&made.path(), &json!({ "n": { "$inc": 1 }, "t": { "$push": 1 } })).await.expect(200);
        }
    };
    tokio::join!(one(0), one(1), one(2), one(3), one(4), one(5));
    let read = cast.user.get(&made.path()).await.expect(200);
    assert_eq!((&read.json["data"]["n"], read.json["data"]["t"].as_array().map(Vec::len)), (&json!(60), Some(60)));
}

#[tokio::test]
async fn ttl_is_set_kept_and_ended() {
    let cast = STAGE.cast().await;
    let made = cast.user.post(&format!("/api/data/{}", cast.table()), &json!({ "a": 1 })).await.expect(201);
    let set = cast.user.patch(&made.path(), &json!({ "$ttl": 3_600 })).await.expect(200);
    let expires = set.json["data"]["_expires"].clone();
    assert!(expires.is_string() && set.tx() > made.tx());
    let kept = cast.user.patch(&made.path(), &json!({ "a": 2 })).await.expect(200);
    assert_eq!(kept.json["data"]["_expires"], expires);
    for ttl in [json!(0), json!(-5), json!("1"), json!(1.5), json!(i64::MAX), json!({ "$inc": 1 })] {
        cast.user.patch(&made.path(), &json!({ "$ttl": ttl })).await.expect_error(422, "VALIDATION_FAILED");
    }
    let ended = cast.user.patch(&made.path(), &json!({ "$ttl": null })).await.expect(200);
    assert!(ended.json["data"].get("_expires").is_none());
}

#[tokio::test]
async fn only_owner_and_admin_can_merge() {
    // Mutant: `Rows::All` for everyone in `Session::merge`.
    let cast = STAGE.cast().await;
    let path = format!("/api/data/{}", cast.table());
    let made = cast.user.post(&path, &json!({ "id": "known", "n": "text" })).await.expect(201);
    for caller in [&cast.other_user.client, &cast.anon] {
        for caller in
            [caller.clone(), caller.with_header("if-match", "\"1\""), caller.with_header("if-match", made.header("etag"))]
        {
            // A merge that would fail on the stored value tells nothing about it.
            for patch in [
                json!({}),
                json!({ "n": 2 }),
                json!({ "n": { "$inc": 1 } }),
                json!({ "n": { "$push": 1 } }),
                json!({ "big": "x".repeat(1 << 20) }),
            ] {
                let hidden = caller.patch(&format!("{path}/known"), &patch).await.expect_error(404, "NOT_FOUND");
                let never = caller.patch(&format!("{path}/never"), &patch).await.expect_error(404, "NOT_FOUND");
                assert_eq!(hidden.blind(&["known"]), never.blind(&["never"]));
            }
        }
    }
    let merged = cast.admin.patch(&made.path(), &json!({ "by": "admin" })).await.expect(200);
    assert_eq!(merged.json["data"]["_owner"], cast.user.id.as_str());
}

#[tokio::test]
async fn a_merge_can_be_of_a_version() {
    let cast = STAGE.cast().await;
    let made = cast.user.post(&format!("/api/data/{}", cast.table()), &json!({ "n": 1 })).await.expect(201);
    let first = cast.user.with_header("if-match", made.header("etag"));
    let second = first.patch(&made.path(), &json!({ "n": 2 })).await.expect(200);
    first.patch(&made.path(), &json!({ "n": 3 })).await.expect_error(412, "VERSION_MISMATCH");
    for bad in ["*", "w/\"1\"", "W/1", "\"1\", \"2\"", "1", "garbage", ""] {
        cast.user.with_header("if-match", bad).patch(&made.path(), &json!({ "n": 4 })).await.expect_error(400, "BAD_REQUEST");
    }
    // A proxy that compresses answers makes the tag a weak one.
    let weak = |tag: &str| cast.user.with_header("if-match", &format!("W/{tag}"));
    weak(made.header("etag")).patch(&made.path(), &json!({ "n": 5 })).await.expect_error(412, "VERSION_MISMATCH");
    weak(second.header("etag")).patch(&made.path(), &json!({ "n": 5 })).await.expect(200);
    cast.user
        .with_header("if-match", "\"1\"")
        .patch("/api/data/no_such_table/1", &json!({}))
        .await
        .expect_error(404, "NOT_FOUND");
}

/// Of writers that each read a version and write only onto that, exactly one gets through.
#[tokio::test]
async fn of_two_writers_of_one_version_one_gets_through() {
    let cast = STAGE.cast().await;
    let made = cast.user.post(&format!("/api/data/{}", cast.table()), &json!({ "n": 0 })).await.expect(201);
    let write = async |n: i32| {
        cast.user.with_header("if-match", made.header("etag")).patch(&made.path(), &json!({ "n": n })).await.status
    };
    let (a, b, c, d) = tokio::join!(write(1), write(2), write(3), write(4));
    let mut statuses = [a, b, c, d];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412, 412, 412]);
}

#[tokio::test]
async fn the_servers_names_cannot_be_written() {
    let cast = STAGE.cast().await;
    let made = cast.user.post(&format!("/api/data/{}", cast.table()), &json!({ "n": 1 })).await.expect(201);
    for body in [json!({ "in": 1 }), json!({ "out": 1 }), json!({ "_other": 1, "_owner": cast.other_user.id })] {
        let refused = cast.user.patch(&made.path(), &body).await.expect_error(422, "VALIDATION_FAILED");
        assert_eq!(refused.json["error"]["details"][0]["code"], "RESERVED", "{body}");
        cast.admin.patch(&made.path(), &body).await.expect_error(422, "VALIDATION_FAILED");
    }
    for body in [json!([]), json!([{}]), json!(1), json!(null)] {
        cast.user.patch(&made.path(), &body).await.expect_error(422, "VALIDATION_FAILED");
    }
    assert_eq!(cast.user.get(&made.path()).await.json["data"], made.json["data"]);
}

#[tokio::test]
async fn a_record_grows_to_1_megabyte_at_most() {
    let cast = STAGE.cast().await;
    let made = cast.user.post(&format!("/api/data/{}", cast.table()), &json!({ "t": ["x".repeat(600_000)] })).await.expect(201);
    let push = json!({ "t": { "$push": "x".repeat(600_000) } });
    cast.user.patch(&made.path(), &push).await.expect_error(413, "PAYLOAD_TOO_LARGE");
    cast.user.patch(&made.path(), &json!({ "u": "x".repeat(600_000) })).await.expect_error(413, "PAYLOAD_TOO_LARGE");
    assert_eq!(cast.user.get(&made.path()).await.header("etag"), made.header("etag"));
}

/// The place of an error is not written out for each of a million fields.
#[tokio::test]
async fn a_merge_of_many_fields_under_a_long_name_is_quick() {
    // Mutant: write out `inner.path()` for every field in `change` of `patch.rs`, without `take(SHOWN_NAME)`.
    let cast = STAGE.cast().await;
    let made = cast.user.post(&format!("/api/data/{}", cast.table()), &json!({ "n": 1 })).await.expect(201);
    let inner: String = (0..100_000).map(|n| format!("\"{n}\":0,")).collect();
    let patch = format!(r#"{{"a":{{"{}":{{{inner}"z":{{"$inc":"x"}}}}}}}}"#, "x".repeat(4 << 20));
    let path = made.path();
    let sending = cast.user.send_text(Method::PATCH, &path, patch);
    let answer = tokio::time::timeout(std::time::Duration::from_secs(10), sending).await.expect("an answer within 10 s");
    let refused = answer.expect_error(422, "VALIDATION_FAILED");
    assert!(refused.body.len() < 4_096, "the answer has {} bytes", refused.body.len());
}
