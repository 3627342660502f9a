//! Indexes on paths of names over objects.

use ddb_testkit::{Json, Server, json};

use super::{failed_over, fill};
use crate::STAGE;
use crate::percent::encode;

async fn found(caller: &ddb_testkit::Client, table: &str, filter: &str) -> Vec<String> {
    let list = caller.get(&format!("/api/data/{table}?where={}", encode(filter))).await.expect(200);
    list.ids().iter().map(|id| id.split_once(':').expect("an id").1.to_owned()).collect()
}

#[tokio::test]
async fn a_unique_path_is_enforced_and_found_by() {
    // Mutants: `tuple` looks for a field that is called like the path; `key_of` does; `Shape::column` knows single names only.
    let cast = STAGE.cast().await;
    let table = cast.table();
    let (data, path) = (format!("/api/data/{table}"), format!("/api/schema/{table}/indexes"));
    cast.user.post(&data, &json!({ "id": "old", "profile": { "email": "old@x" } })).await.expect(201);
    let defined = cast.admin.post(&path, &json!({ "fields": ["profile.email"], "unique": true })).await.expect(201);
    assert_eq!(
        (&defined.json["data"]["state"], &defined.json["data"]["fields"], &defined.json["data"]["name"]),
        (&json!("ready"), &json!(["profile.email"]), &json!("profile_email"))
    );
    cast.user.post(&data, &json!({ "profile": { "email": "old@x" } })).await.expect_error(409, "CONFLICT");
    let ada = cast.user.post(&data, &json!({ "id": "ada", "profile": { "email": "a@x", "age": 7 } })).await.expect(201).path();
    let taken = cast.other_user.post(&data, &json!({ "profile": { "email": "a@x" } })).await.expect_error(409, "CONFLICT");
    assert_eq!(taken.json["error"]["details"][0]["field"], "profile.email", "{}", taken.text());
    // A field whose name only looks like the path is another one.
    cast.user.post(&data, &json!({ "id": "flat", "profile.email": "a@x" })).await.expect(201);
    // What has nothing at the path collides with nothing.
    for body in [
        json!({ "profile": 5 }),
        json!({ "profile": 5 }),
        json!({ "profile": "a@x" }),
        json!({ "profile": {} }),
        json!({ "profile": null }),
        json!({ "profile": { "email": null } }),
        json!({ "profile": { "email": null } }),
        json!({}),
    ] {
        cast.user.post(&data, &body).await.expect(201);
    }
    // A change inside of the object, by every door.
    let bob = cast.user.post(&data, &json!({ "id": "bob", "profile": { "email": "b@x" } })).await.expect(201).path();
    cast.user.patch(&bob, &json!({ "profile": { "email": "a@x" } })).await.expect_error(409, "CONFLICT");
    cast.user.put(&bob, &json!({ "profile": { "email": "a@x" } })).await.expect_error(409, "CONFLICT");
    let ops = |first: &str, second: &str| {
        let op = |key: &str, email: &str| json!({ "op": "merge", "table": table, "id": key, "data": { "profile": { "email": email } } });
        json!({ "ops": [op("ada", first), op("bob", second)] })
    };
    cast.user.post("/api/mutate", &ops("c@x", "c@x")).await.expect_error(409, "CONFLICT");
    cast.user.post("/api/mutate", &ops("b@x", "a@x")).await.expect(200);
    assert_eq!(cast.user.get(&ada).await.expect(200).json["data"]["profile"], json!({ "email": "b@x", "age": 7 }));
    for filter in ["profile.email = 'a@x'", "'a@x' = profile.email", "profile.email IN ['a@x', 'z']", "profile.`email` = 'a@x'"] {
        assert_eq!(found(&cast.user, &table, filter).await, ["bob"], "{filter}");
    }
    for filter in [json!({ "profile.email": "a@x" }), json!({ "profile": { "email": "a@x" } })] {
        let answer = cast.user.post("/api/query", &json!({ &table: { "$where": filter } })).await.expect(200);
        assert_eq!(answer.json["data"][&table][0]["id"], format!("{table}:bob"), "{}", answer.text());
    }
    let last = cast.user.get(&format!("{data}?order=-profile.email&limit=3")).await.expect(200);
    assert_eq!(last.ids(), [format!("{table}:old"), format!("{table}:ada"), format!("{table}:bob")]);
    let verified = cast.server.ddb(&["verify"]);
    assert_eq!(verified.code, Some(0), "{}{}", verified.stdout, verified.stderr);
}

#[tokio::test]
async fn a_compound_one_goes_over_paths_owners_and_names() {
    let cast = STAGE.cast().await;
    let table = cast.table();
    let data = format!("/api/data/{table}");
    let index = json!({ "fields": ["_owner", "place.city", "-name"], "unique": true });
    cast.admin.post(&format!("/api/schema/{table}/indexes"), &index).await.expect(201);
    let body = json!({ "place": { "city": "Rome" }, "name": "a" });
    cast.user.post(&data, &body).await.expect(201);
    cast.user.post(&data, &body).await.expect_error(409, "CONFLICT");
    cast.other_user.post(&data, &body).await.expect(201);
    cast.user.post(&data, &json!({ "place": { "city": "Oslo" }, "name": "a" })).await.expect(201);
    cast.user.post(&data, &json!({ "place": "Rome", "name": "a" })).await.expect(201);
    cast.user.post(&data, &json!([body])).await.expect_error(409, "CONFLICT");
}

#[tokio::test]
async fn a_link_or_an_array_inside_of_a_path_is_refused() {
    // Mutants: `check_paths` does nothing; it looks at the end of a path too; `nested` leaves out what is being built.
    let cast = STAGE.cast().await;
    let table = cast.table();
    let data = format!("/api/data/{table}");
    let index = json!({ "name": "deep", "fields": ["a.b.c"] });
    cast.admin.post(&format!("/api/schema/{table}/indexes"), &index).await.expect(201);
    let good = cast.user.post(&data, &json!({ "id": 1, "a": { "b": { "c": 1 } } })).await.expect(201).path();
    let link = json!({ "$record": format!("{table}:1") });
    let refused = |answer: ddb_testkit::Answer| {
        let answer = answer.expect_error(422, "VALIDATION_FAILED");
        let detail = &answer.json["error"]["details"][0];
        assert_eq!(detail["code"], "INDEX_PATH", "{}", answer.text());
        assert!(detail["field"].as_str().is_some_and(|field| field.contains("a.b.c")), "{}", answer.text());
    };
    for bad in [link.clone(), json!([]), json!([{ "b": { "c": 1 } }]), json!({ "$set": [1] })] {
        for body in [json!({ "a": bad }), json!({ "a": { "b": bad } })] {
            refused(cast.user.post(&data, &body).await);
            refused(cast.user.post(&data, &json!([{ "ok": 1 }, body])).await);
            refused(cast.user.patch(&good, &body).await);
            refused(cast.user.put(&good, &body).await);
            let op = json!({ "ops": [{ "op": "upsert", "table": table, "id": "new", "data": body }] });
            refused(cast.user.post("/api/mutate", &op).await);
        }
        // At its end any value may stand.
        let id = cast.user.post(&data, &json!({ "a": { "b": { "c": bad } } })).await.expect(201).path();
        cast.user.patch(&id, &json!({ "more": bad })).await.expect(200);
    }
    assert_eq!(cast.user.get(&good).await.expect(200).json["data"]["a"], json!({ "b": { "c": 1 } }));
    // Without the index it is a field like any other.
    cast.admin.delete(&format!("/api/schema/{table}/indexes/deep")).await.expect(204);
    cast.user.post(&data, &json!({ "id": "linked", "a": link })).await.expect(201);
    // And what is there stands in the way of a definition, which names it.
    let refused = cast.admin.post(&format!("/api/schema/{table}/indexes"), &index).await.expect_error(409, "CONFLICT");
    assert_eq!(refused.json["error"]["details"][0]["code"], "INDEX_PATH");
    assert!(refused.text().contains(&format!("{table}:linked")), "{}", refused.text());
    assert_eq!(cast.admin.get(&format!("/api/schema/{table}/indexes")).await.expect(200).json["data"], json!([]));
    let verified = cast.server.ddb(&["verify"]);
    assert_eq!(verified.code, Some(0), "{}{}", verified.stdout, verified.stderr);
}

#[tokio::test]
async fn the_build_of_a_large_table_fails_over_a_link_and_names_the_record() {
    let cast = STAGE.cast().await;
    let table = cast.table();
    fill(&cast.user, &table, 1_200, |number| json!({ "id": number, "a": { "b": number } })).await;
    let data = format!("/api/data/{table}");
    cast.user.post(&data, &json!({ "id": "odd", "a": [1], "n": 1 })).await.expect(201);
    cast.admin.post(&format!("/api/schema/{table}/indexes"), &json!({ "name": "i", "fields": ["a.b"] })).await.expect(201);
    // What was there may stay and change elsewhere, while it is built and after.
    cast.user.patch(&format!("{data}/odd"), &json!({ "n": 2 })).await.expect(200);
    let failed = failed_over(&cast.admin, &table, "i", &format!("{table}:odd")).await;
    assert!(
        failed["state"] == "failed" && failed["problem"].as_str().is_some_and(|problem| problem.contains("an array")),
        "{failed}"
    );
    cast.user.patch(&format!("{data}/odd"), &json!({ "n": 3 })).await.expect(200);
    cast.user.post(&data, &json!({ "a": [2] })).await.expect(201);
    // A record that is erased is named nowhere. Mutant: `rest::clear` leaves the problems of indexes.
    let erase = json!({ "records": [format!("{table}:odd")], "reason": "asked for" });
    cast.admin.post("/api/admin/erase", &erase).await.expect(200);
    let mut named = true;
    for _ in 0..600 {
        let index = cast.admin.get(&format!("/api/schema/{table}/indexes")).await.expect(200);
        named = index.text().contains(&format!("{table}:odd"));
        if !named {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert!(!named, "the problem of the index names what was erased");
    let verified = cast.server.ddb(&["verify"]);
    assert_eq!(verified.code, Some(0), "{}{}", verified.stdout, verified.stderr);
}

#[tokio::test]
async fn a_name_in_backticks_may_hold_anything() {
    // Mutant: `FieldPath::parse` splits at points inside of backticks.
    let cast = STAGE.cast().await;
    let table = cast.table();
    let (data, path) = (format!("/api/data/{table}"), format!("/api/schema/{table}/indexes"));
    cast.admin.post(&path, &json!({ "name": "literal", "fields": ["`a.b`"], "unique": true })).await.expect(201);
    cast.admin.post(&path, &json!({ "name": "path", "fields": ["a.b"] })).await.expect(201);
    cast.user.post(&data, &json!({ "id": 1, "a.b": 1, "a": { "b": 2 } })).await.expect(201);
    cast.user.post(&data, &json!({ "id": 2, "a.b": 2, "a": { "b": 2 } })).await.expect(201);
    cast.user.post(&data, &json!({ "a.b": 2 })).await.expect_error(409, "CONFLICT");
    assert_eq!(found(&cast.user, &table, "`a.b` = 2").await, ["2"]);
    assert_eq!(found(&cast.user, &table, "a.b = 2").await, ["1", "2"]);
    for (number, (field, shown, body)) in [
        ("`first name`", "`first name`", json!({ "first name": 1 })),
        ("ünïcode", "`ünïcode`", json!({ "ünïcode": 1 })),
        ("`日本`.`読み`", "`日本`.`読み`", json!({ "日本": { "読み": 1 } })),
        ("plain.`x`", "plain.x", json!({ "plain": { "x": 1 } })),
        ("`tick\\`s`.`\\\\`", "`tick\\`s`.`\\\\`", json!({ "tick`s": { "\\": 1 } })),
        ("`items.*`", "`items.*`", json!({ "items.*": 1 })),
        ("`-minus`", "`-minus`", json!({ "-minus": 1 })),
        ("obj.id", "obj.id", json!({ "obj": { "id": 1 } })),
        ("created.at", "created.at", json!({ "created": { "at": 1 } })),
    ]
    .into_iter()
    .enumerate()
    {
        let table = cast.table();
        let (data, path) = (format!("/api/data/{table}"), format!("/api/schema/{table}/indexes"));
        // Who makes a table may begin its field `created`.
        cast.user.post(&data, &json!({})).await.expect(201);
        let index = json!({ "name": format!("i{number}"), "fields": [field], "unique": true });
        let defined = cast.admin.post(&path, &index).await.expect(201);
        assert_eq!(defined.json["data"]["fields"], json!([shown]));
        cast.user.post(&data, &body).await.expect(201);
        cast.user.post(&data, &body).await.expect_error(409, "CONFLICT");
        assert_eq!(found(&cast.user, &table, &format!("{shown} = 1")).await.len(), 1, "{shown}");
        // What is shown defines the same index again.
        cast.admin.delete(&format!("{path}/i{number}")).await.expect(204);
        let again = json!({ "name": "again", "fields": defined.json["data"]["fields"], "unique": true });
        cast.admin.post(&path, &again).await.expect(201);
        cast.user.post(&data, &body).await.expect_error(409, "CONFLICT");
    }
    let verified = cast.server.ddb(&["verify"]);
    assert_eq!(verified.code, Some(0), "{}{}", verified.stdout, verified.stderr);
}

#[tokio::test]
async fn paths_that_are_none_are_refused_and_say_why() {
    let cast = STAGE.cast().await;
    let table = cast.table();
    let path = format!("/api/schema/{table}/indexes");
    let long = format!("a.{}", "x".repeat(1_000));
    let deep = vec!["a"; 65].join(".");
    for (field, says) in [
        ("tags.*", "cannot be indexed yet"),
        ("items.*.sku", "cannot be indexed yet"),
        ("a[0]", "cannot be indexed yet"),
        ("a[WHERE b].c", "cannot be indexed yet"),
        ("a.{b, c}", "cannot be indexed yet"),
        ("a.?.b", "cannot be indexed yet"),
        ("a...b", "cannot be indexed yet"),
        ("a..b", "a name is missing"),
        (".a", "a name is missing"),
        ("a.", "a name is missing"),
        ("", "a name is missing"),
        ("-", "a name is missing"),
        ("``", "a name is missing"),
        ("`a", "not closed"),
        ("`a`b", "behind a name"),
        ("a`b`", "in backticks as a whole"),
        ("id.x", "does not follow links"),
        ("_owner.x", "does not follow links"),
        ("in.x", "does not follow links"),
        ("_tx.x", "it is no field"),
        ("_expires", "no field"),
        ("`id`", "no field"),
        ("$where.x", "no field"),
        (deep.as_str(), "64 names"),
        (long.as_str(), "1000 bytes"),
    ] {
        let refused = cast.admin.post(&path, &json!({ "name": "i", "fields": [field] })).await;
        let refused = refused.expect_error(422, "VALIDATION_FAILED");
        let detail = &refused.json["error"]["details"][0];
        assert_eq!(detail["field"], "fields[0]", "{field}");
        assert!(detail["message"].as_str().is_some_and(|message| message.contains(says)), "{field}: {}", refused.text());
    }
    for twice in [json!(["a.b", "a.b"]), json!(["a.b", "-a.`b`"]), json!(["`a`", "a"])] {
        let refused = cast.admin.post(&path, &json!({ "fields": twice })).await.expect_error(422, "VALIDATION_FAILED");
        assert_eq!(refused.json["error"]["details"][0]["code"], "DUPLICATE");
    }
    cast.admin.get(&format!("/api/schema/{table}")).await.expect_error(404, "NOT_FOUND");
}

#[tokio::test]
async fn a_path_is_as_deep_as_a_body() {
    let cast = STAGE.cast().await;
    let table = cast.table();
    let names = vec!["a"; 60].join(".");
    cast.admin
        .post(&format!("/api/schema/{table}/indexes"), &json!({ "name": "deep", "fields": [names], "unique": true }))
        .await
        .expect(201);
    let body = (0..60).fold(json!(7), |inner, _| json!({ "a": inner }));
    cast.user.post(&format!("/api/data/{table}"), &body).await.expect(201);
    cast.user.post(&format!("/api/data/{table}"), &body).await.expect_error(409, "CONFLICT");
    assert_eq!(found(&cast.user, &table, &format!("{names} = 7")).await.len(), 1);
}

#[tokio::test]
async fn paths_and_own_times_come_back_with_a_rebuild_and_a_backup() {
    // Mutant: rows that are copied get the key of NONE.
    let mut server = Server::start().await;
    let (user, admin) = (server.user().await, server.admin().await);
    let records = json!([
        { "id": 1, "a": { "b": 1 }, "created": { "$datetime": "2001-01-01T00:00:00Z" } },
        { "id": 2, "a": { "b": "x" } },
        { "id": 3, "a": 1, "updated": 5 },
    ]);
    user.post("/api/data/t", &records).await.expect(201);
    for fields in [json!(["a.b"]), json!(["created", "a.b"]), json!(["-updated"])] {
        admin.post("/api/schema/t/indexes", &json!({ "fields": fields })).await.expect(201);
    }
    admin.post("/api/schema/t/indexes", &json!({ "name": "one", "fields": ["a.b"], "unique": true })).await.expect(201);
    let rebuilt = server.ddb(&["rebuild"]);
    assert_eq!(rebuilt.code, Some(0), "{}{}", rebuilt.stdout, rebuilt.stderr);
    let check = async |server: &Server, email: &str| {
        let verified = server.ddb(&["verify"]);
        assert_eq!(verified.code, Some(0), "{}{}", verified.stdout, verified.stderr);
        let user = ddb_testkit::Caller::sign_in(&server.anon(), email).await;
        for (order, expected) in [("a.b", [3, 1, 2]), ("created", [1, 2, 3]), ("-updated", [2, 1, 3])] {
            let list = user.get(&format!("/api/data/t?order={order}")).await.expect(200);
            let expected = expected.map(|key| format!("t:{key}"));
            // Those with the system's time have one and the same, and come by key then.
            assert_eq!(list.ids(), expected, "{order}: {}", list.text());
        }
        user.post("/api/data/t", &json!({ "a": { "b": 1 } })).await.expect_error(409, "CONFLICT");
    };
    check(&server, &user.email).await;
    let backup = server.directory().join("kept.ddb");
    let saved = server.ddb(&["backup", backup.to_str().expect("UTF-8")]);
    assert_eq!(saved.code, Some(0), "{saved:?}");
    server.stop();
    std::fs::rename(server.data_dir(), server.directory().join("lost")).expect("it can be moved");
    let restored = server.ddb(&["restore", backup.to_str().expect("UTF-8")]);
    assert_eq!(restored.code, Some(0), "{restored:?}");
    server.restart().await;
    check(&server, &user.email).await;
}

#[tokio::test]
async fn a_path_is_removed_and_defined_again() {
    let cast = STAGE.cast().await;
    let table = cast.table();
    let (data, path) = (format!("/api/data/{table}"), format!("/api/schema/{table}/indexes"));
    let body: Json = json!({ "a": { "b": 1 } });
    for unique in [false, true, false, true] {
        cast.admin.post(&path, &json!({ "name": "i", "fields": ["a.b"], "unique": unique })).await.expect(201);
        let answer = cast.user.post(&data, &body).await;
        let status = if unique { 409 } else { 201 };
        cast.admin.delete(&format!("{path}/i")).await.expect(204);
        let id = answer.expect(status);
        if status == 201 {
            // One of them stays.
            let all = cast.user.get(&data).await.expect(200);
            if all.ids().len() > 1 {
                cast.user.delete(&id.path()).await.expect(204);
            }
        }
        assert_eq!(cast.user.get(&data).await.expect(200).ids().len(), 1);
    }
}
