//! `id`, `_owner`, `_tx`, `_expires`, `created` and `updated` in bodies.

use ddb_testkit::{Answer, Caller, Json, json};

use crate::STAGE;

const OLD: &str = "2001-01-01T00:00:00Z";

async fn make(caller: &Caller, table: &str) -> Answer {
    caller.post(&format!("/api/data/{table}"), &json!({ "n": 1 })).await.expect(201)
}

fn warnings(json: &Json) -> Vec<(&str, &str)> {
    let warnings = json["warnings"].as_array().map(Vec::as_slice).unwrap_or_default();
    warnings
        .iter()
        .map(|warning| (warning["code"].as_str().expect("a code"), warning["field"].as_str().expect("a field")))
        .collect()
}

/// Mutants: `check_id` and `check_owner` always give Ok.
#[tokio::test]
async fn a_body_repeats_the_id_and_the_owner_but_changes_neither() {
    let cast = STAGE.cast().await;
    let table = cast.table();
    let path = format!("/api/data/{table}");
    for key in [json!("known"), json!(7), json!("7"), json!({ "$uuid": "6f1b4e1c-51c5-4a3c-8f0a-0d3f3a0f2c11" })] {
        let made = cast.user.post(&path, &json!({ "id": key, "n": 1 })).await.expect(201);
        let shown = made.json["data"].clone();
        for id in [shown["id"].clone(), key.clone(), json!({ "$record": shown["id"] })] {
            let body = json!({ "id": id, "_owner": shown["_owner"], "_tx": 1, "n": 1 });
            for same in [
                cast.user.put(&made.path(), &body).await,
                cast.user.patch(&made.path(), &body).await,
                cast.admin.put(&made.path(), &body).await,
            ] {
                assert_eq!(same.expect(200).header("etag"), made.header("etag"), "{body}");
            }
            for name in ["update", "merge", "upsert"] {
                let op = json!({ "ops": [{ "op": name, "table": table, "id": key, "data": body }] });
                cast.user.post("/api/mutate", &op).await.expect(200);
                assert_eq!(cast.user.get(&made.path()).await.header("etag"), made.header("etag"), "{op}");
            }
        }
        for (name, value) in [
            ("id", json!("another")),
            ("id", json!(8)),
            ("id", json!(format!("{table}:another"))),
            ("id", json!(format!("other:{}", key.as_str().unwrap_or("known")))),
            ("id", json!(null)),
            ("id", json!(1.5)),
            ("_owner", json!(cast.other_user.id)),
            ("_owner", json!(null)),
            ("_owner", json!("somebody")),
            ("_owner", json!(7)),
            ("_expires", json!("soon")),
            ("in", json!(1)),
            ("out", json!(1)),
        ] {
            let mut body = json!({ "n": 2 });
            body[name] = value;
            for caller in [&cast.user, &cast.admin] {
                for refused in [caller.put(&made.path(), &body).await, caller.patch(&made.path(), &body).await] {
                    let refused = refused.expect_error(422, "VALIDATION_FAILED");
                    assert_eq!(refused.json["error"]["details"][0]["field"], name, "{body}");
                }
                let op = json!({ "ops": [{ "op": "upsert", "table": table, "id": key, "data": body }] });
                let refused = caller.post("/api/mutate", &op).await.expect_error(422, "VALIDATION_FAILED");
                assert_eq!(refused.json["error"]["details"][0]["field"], format!("ops[0].data.{name}"), "{body}");
            }
            cast.other_user.put(&made.path(), &body).await;
        }
        assert_eq!(cast.user.get(&made.path()).await.json["data"], shown);
    }
    // What repeats nothing is not asked for in a create.
    for name in ["_owner", "_tx", "_expires"] {
        let mut body = json!({});
        body[name] = json!(null);
        cast.user.post(&path, &body).await.expect_error(422, "VALIDATION_FAILED");
    }
    let never = json!({ "ops": [{ "op": "upsert", "table": table, "id": "never", "data": { "_owner": cast.other_user.id } }] });
    cast.user.post("/api/mutate", &never).await.expect_error(422, "VALIDATION_FAILED");
    let expiring =
        json!({ "ops": [{ "op": "upsert", "table": table, "id": "never", "data": { "_expires": "2999-01-01T00:00:00Z" } }] });
    cast.user.post("/api/mutate", &expiring).await.expect_error(422, "VALIDATION_FAILED");
}

/// A stranger learns nothing from what a body repeats.
#[tokio::test]
async fn a_record_of_somebody_else_is_absent_whatever_the_body_repeats() {
    let cast = STAGE.cast().await;
    let table = cast.table();
    let made = make(&cast.user, &table).await;
    let never = format!("/api/data/{table}/never");
    for body in [
        json!({ "_owner": cast.user.id }),
        json!({ "_owner": cast.other_user.id }),
        json!({ "created": OLD }),
        json!({ "_expires": OLD }),
    ] {
        for caller in [&cast.other_user.client, &cast.anon] {
            for (known, unknown) in [
                (caller.put(&made.path(), &body).await, caller.put(&never, &body).await),
                (caller.patch(&made.path(), &body).await, caller.patch(&never, &body).await),
            ] {
                known.expect_error(404, "NOT_FOUND");
                unknown.expect_error(404, "NOT_FOUND");
            }
        }
    }
}

#[tokio::test]
async fn an_expiry_that_is_sent_back_stays() {
    let cast = STAGE.cast().await;
    let table = cast.table();
    let made = cast.user.post(&format!("/api/data/{table}"), &json!({ "id": "r", "n": 1, "$ttl": 3_600 })).await.expect(201);
    let expires = made.json["data"]["_expires"].clone();
    let put = cast.user.put(&made.path(), &json!({ "n": 2, "_expires": expires })).await.expect(200);
    assert_eq!(put.json["data"]["_expires"], expires);
    // A stale form does not move it, and `$ttl` does.
    let stale = cast.user.put(&made.path(), &json!({ "n": 3, "_expires": OLD })).await.expect(200);
    assert_eq!(stale.json["data"]["_expires"], expires);
    let op = json!({ "ops": [{ "op": "update", "table": table, "id": "r", "data": { "_expires": expires } }] });
    assert_eq!(cast.user.post("/api/mutate", &op).await.expect(200).json["results"][0]["_expires"], expires);
    let moved = cast.user.put(&made.path(), &json!({ "n": 3, "_expires": expires, "$ttl": 7_200 })).await.expect(200);
    assert!(moved.json["data"]["_expires"].as_str() > expires.as_str());
    let ended = cast.user.put(&made.path(), &json!({ "n": 3, "_expires": expires, "$ttl": null })).await.expect(200);
    assert!(ended.json["data"].get("_expires").is_none());
    let none = cast.user.put(&made.path(), &json!({ "n": 4, "_expires": null })).await.expect(200);
    assert!(none.json["data"].get("_expires").is_none());
}

/// Mutants: `is_field` gives true for the system's value, or does not warn.
#[tokio::test]
async fn a_stale_time_is_ignored_with_a_warning() {
    let cast = STAGE.cast().await;
    let table = cast.table();
    let made = make(&cast.user, &table).await;
    let key = made.path().rsplit('/').next().expect("a key").to_owned();
    let changed = cast.user.patch(&made.path(), &json!({ "n": 2 })).await.expect(200);
    let now = changed.json["data"].clone();
    for caller in [&cast.user, &cast.admin] {
        // As read: nothing happens, and nothing is said.
        for answer in [caller.put(&made.path(), &now).await, caller.patch(&made.path(), &now).await] {
            let answer = answer.expect(200);
            assert_eq!((answer.header("etag"), warnings(&answer.json)), (changed.header("etag"), Vec::new()));
        }
        // Read before the last change.
        let stale = json!({ "created": OLD, "updated": made.json["data"]["updated"], "n": 2 });
        for answer in [caller.put(&made.path(), &stale).await, caller.patch(&made.path(), &stale).await] {
            let answer = answer.expect(200);
            assert_eq!(warnings(&answer.json), [("SYSTEM_VALUE", "created"), ("SYSTEM_VALUE", "updated")]);
            assert_eq!(answer.header("etag"), changed.header("etag"), "a warning is no change");
            assert_eq!(answer.json["data"], now);
        }
        let ops = json!([
            { "op": "merge", "table": table, "id": key, "data": {} },
            { "op": "upsert", "table": table, "id": key, "data": { "created": OLD } },
            { "op": "update", "table": table, "id": key, "data": { "n": 2, "created": OLD } },
        ]);
        let places = [("SYSTEM_VALUE", "ops[1].data.created"), ("SYSTEM_VALUE", "ops[2].data.created")];
        let mutated = caller.post("/api/mutate", &json!({ "ops": ops })).await.expect(200);
        assert_eq!(warnings(&mutated.json), places);
        for atomic in [true, false] {
            let calm = json!([{ "op": "merge", "table": table, "id": key, "data": {} }]);
            let batch = json!({ "atomic": atomic, "ops": [
                { "id": "calm", "type": "mutate", "ops": calm },
                { "id": "stale", "type": "mutate", "ops": ops },
            ] });
            let answer = caller.post("/api/batch", &batch).await.expect(200);
            assert!(answer.json["results"][0]["data"].get("warnings").is_none(), "{}", answer.text());
            assert_eq!(warnings(&answer.json["results"][1]["data"]), places);
        }
    }
}

#[tokio::test]
async fn a_repeated_request_is_warned_as_the_first_was() {
    let cast = STAGE.cast().await;
    let made = make(&cast.user, &cast.table()).await;
    let once = cast.user.with_header("idempotency-key", &format!("w-{}", made.path()));
    let first = once.put(&made.path(), &json!({ "n": 2, "created": OLD })).await.expect(200);
    assert_eq!(warnings(&first.json), [("SYSTEM_VALUE", "created")]);
    let again = once.put(&made.path(), &json!({ "n": 2, "created": OLD })).await.expect(200);
    assert_eq!(again.text(), first.text());
}

/// In a create such text is the record's own time, so that imports keep theirs; only who may name the field does it.
#[tokio::test]
async fn imports_keep_their_times() {
    let cast = STAGE.cast().await;
    let typed = |caller: &Caller| caller.with_header("accept", "application/vnd.ddb.typed+json");
    for name in ["created", "updated"] {
        let table = cast.table();
        let path = format!("/api/data/{table}");
        make(&cast.user, &table).await;
        let mut body = json!({ "n": 1 });
        body[name] = json!(OLD);
        let upsert = json!({ "ops": [{ "op": "upsert", "table": table, "data": body }, { "op": "create", "table": table, "data": body }] });
        // Somebody who neither made the table nor is an admin.
        let other = cast.other_user.post(&path, &body).await.expect(201);
        assert_eq!(warnings(&other.json), [("SYSTEM_VALUE", name)]);
        assert_ne!(other.json["data"][name], OLD);
        let many = cast.other_user.post(&path, &json!([{ "n": 1 }, body])).await.expect(201);
        assert_eq!(warnings(&many.json), [("SYSTEM_VALUE", format!("1.{name}").as_str())]);
        let both = cast.other_user.post("/api/mutate", &upsert).await.expect(200);
        let places = [format!("ops[0].data.{name}"), format!("ops[1].data.{name}")];
        assert_eq!(warnings(&both.json), [("SYSTEM_VALUE", places[0].as_str()), ("SYSTEM_VALUE", places[1].as_str())]);
        for value in [json!({ "$datetime": OLD }), json!("long ago"), json!(7)] {
            let mut odd = json!({});
            odd[name] = value;
            let other = cast.other_user.patch(&other.path(), &odd).await.expect(200);
            assert_eq!(warnings(&other.json), [("SYSTEM_VALUE", name)]);
        }
        for caller in [&cast.admin, &cast.user] {
            let own = typed(caller).post(&path, &body).await.expect(201);
            assert_eq!((&own.json["data"][name], warnings(&own.json)), (&json!({ "$datetime": OLD }), Vec::new()));
            let both = typed(caller).post("/api/mutate", &upsert).await.expect(200);
            for record in both.json["results"].as_array().expect("results") {
                assert_eq!(record[name], json!({ "$datetime": OLD }));
            }
            // It is a field now: kept in kind, and changed like any other.
            let mut later = json!({});
            later[name] = json!("2002-02-02T00:00:00Z");
            let path = format!("/api/data/{}", own.json["data"]["id"]["$record"].as_str().expect("an id").replacen(':', "/", 1));
            let changed = typed(caller).patch(&path, &later).await.expect(200);
            assert_eq!(
                (&changed.json["data"][name], warnings(&changed.json)),
                (&json!({ "$datetime": "2002-02-02T00:00:00Z" }), Vec::new())
            );
        }
        // The table has the field: others may use it too.
        let other = typed(&cast.other_user).post(&path, &body).await.expect(201);
        assert_eq!((&other.json["data"][name], warnings(&other.json)), (&json!({ "$datetime": OLD }), Vec::new()));
    }
}

/// A tag, or what is no time, begins a field of its own also where a record is changed.
#[tokio::test]
async fn a_tag_begins_a_field_of_the_records_own() {
    let cast = STAGE.cast().await;
    for (value, shown) in [
        (json!({ "$datetime": OLD }), json!({ "$datetime": OLD })),
        (json!({ "$string": OLD }), json!(OLD)),
        (json!("long ago"), json!("long ago")),
        (json!(7), json!(7)),
        (json!({ "by": "hand" }), json!({ "by": "hand" })),
    ] {
        let table = cast.table();
        for put in [true, false] {
            let made = make(&cast.user, &table).await;
            let body = json!({ "n": 1, "created": value });
            let typed = cast.user.with_header("accept", "application/vnd.ddb.typed+json");
            let changed = if put { typed.put(&made.path(), &body).await } else { typed.patch(&made.path(), &body).await };
            let changed = changed.expect(200);
            assert_eq!((&changed.json["data"]["created"], warnings(&changed.json)), (&shown, Vec::new()), "{value}");
        }
    }
}

/// Mutants: `owner` does not look for an `id`; `alone` inserts NONE; `wrote` does not truncate.
#[tokio::test]
async fn an_expanded_owner_goes_back_and_nothing_becomes_a_field_by_none() {
    let cast = STAGE.cast().await;
    let table = cast.table();
    let made = make(&cast.user, &table).await;
    let shown = cast.user.get(&format!("{}?expand=_owner", made.path())).await.expect(200);
    assert!(shown.json["data"]["_owner"].is_object());
    let put = cast.user.put(&made.path(), &shown.json["data"]).await.expect(200);
    assert_eq!(put.json["data"], made.json["data"]);

    let op = json!({ "op": "upsert", "table": table, "id": "n", "data": { "created": { "$none": true } } });
    cast.user.post("/api/mutate", &json!({ "ops": [op] })).await.expect(200);
    let created = cast.user.get(&format!("/api/data/{table}/n")).await.expect(200).json["data"]["created"].clone();
    assert!(created.is_string(), "{created}");

    let body: Vec<Json> = (0..100).map(|n| json!({ "n": n, "created": "yesterday", "updated": 1 })).collect();
    let many = cast.other_user.post(&format!("/api/data/{table}"), &json!(body)).await.expect(201);
    assert_eq!(many.json["warnings"].as_array().map(Vec::len), Some(32));
}
