//! `POST /api/admin/erase`

use std::time::{Duration, Instant};

use ddb_testkit::{Caller, Json, Server, json};

use crate::STAGE;

const SECRET: &str = "kzxqsecret";

/// Waits until no row of the server's database holds the secret.
async fn gone(server: &Server) {
    let database = server.embedded().await;
    let mut session = database.connect().await;
    let end = Instant::now() + Duration::from_secs(30);
    while session.value("select count(*)::text from ddb.erasure where done_at is null").await != "0" {
        assert!(Instant::now() < end, "the erasure is not carried out");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(session.holding(SECRET).await, Vec::<String>::new());
}

async fn sound(admin: &Caller) {
    let started = admin.post("/api/audit/verify", &json!({})).await.expect(202);
    let end = Instant::now() + Duration::from_secs(30);
    loop {
        let job = admin.get(&format!("/api/jobs/{}", started.json["job"])).await.expect(200).json["data"].take();
        if job["state"] == "done" {
            assert_eq!(job["result"]["sound"], json!(true), "{job}");
            break;
        }
        assert!(Instant::now() < end && job["state"] != "failed", "{job}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn an_erased_record_is_gone_for_everybody_and_from_the_database() {
    let server = Server::start().await;
    let (user, admin, other) = (server.user().await, server.admin().await, server.other_user().await);
    let address = format!("{SECRET}@example.com");
    let once = user.with_header("idempotency-key", "first");
    let body = json!({ "id": address, "value": SECRET, "long": SECRET.repeat(50_000) });
    let made = once.post("/api/data/people", &body).await.expect(201);
    admin.post("/api/schema/people/indexes", &json!({ "fields": ["value"], "unique": true })).await.expect(201);
    let path = format!("/api/data/people/{address}");
    user.patch(&path, &json!({ "value": format!("{SECRET} again") })).await.expect(200);
    user.delete(&path).await.expect(204);
    user.post(&format!("{path}/undelete"), &json!({})).await.expect(200);
    user.post("/api/data/people", &json!({ "id": "neighbour", "value": "harmless" })).await.expect(201);

    let body = json!({ "records": [format!("people:{address}"), "people:nobody", "nothing:1"], "reason": "by letter of 3 May" });
    let erased = admin.post("/api/admin/erase", &body).await.expect(200);
    assert_eq!(erased.json["erased"], 1);
    let (tx, made) = (erased.tx(), made.tx());
    assert_eq!(erased.json["tx"], json!(tx));

    // Every door answers as for a record that never was, to the owner, to others, and to admins.
    for caller in [&user, &admin, &other] {
        for (method, suffix, body) in [
            ("GET", String::new(), None),
            ("GET", format!("?at={made}"), None),
            ("GET", "/history".to_owned(), None),
            ("PATCH", String::new(), Some(json!({ "value": 1 }))),
            ("PUT", String::new(), Some(json!({ "value": 1 }))),
            ("DELETE", String::new(), None),
            ("POST", "/restore".to_owned(), Some(json!({ "tx": made }))),
            ("POST", "/undelete".to_owned(), Some(json!({}))),
        ] {
            let ask = async |path: &str| {
                let path = format!("{path}{suffix}");
                let method = method.parse().expect("a method");
                match &body {
                    Some(body) => caller.send_json(method, &path, body).await,
                    None => caller.send(method, &path, None).await,
                }
            };
            let never = ask("/api/data/people/neverwaszz@example.com").await.expect_error(404, "NOT_FOUND");
            let of_erased = ask(&path).await.expect_error(404, "NOT_FOUND");
            assert_eq!(of_erased.blind(&[&address]), never.blind(&["neverwaszz@example.com"]), "{method} {suffix}");
        }
        caller.get(&format!("/api/audit/proof/people/{address}?tx={made}")).await.expect_error(404, "NOT_FOUND");
        for path in [format!("/api/audit/tx/{made}"), format!("/api/audit/tx/{tx}")] {
            caller.get(&path).await.expect_error(404, "NOT_FOUND");
        }
        for path in ["/api/data/people?limit=1000", "/api/audit/activity?table=people", "/api/audit/activity"] {
            assert!(!caller.get(path).await.expect(200).text().contains(SECRET), "{path}");
        }
    }
    // The request that made it is known, its answer is not.
    let body = json!({ "id": address, "value": SECRET, "long": SECRET.repeat(50_000) });
    let repeated = once.post("/api/data/people", &body).await.expect_error(409, "CONFLICT");
    assert!(!repeated.text().contains(SECRET), "{}", repeated.text());
    gone(&server).await;
    sound(&admin).await;
    let repeated = once.post("/api/data/people", &body).await.expect_error(409, "CONFLICT");
    assert!(!repeated.text().contains(SECRET));

    let again = admin.post("/api/admin/erase", &json!({ "records": [format!("people:{address}")], "reason": "again" })).await;
    assert_eq!(again.expect(200).json["erased"], 0);
    let remade = other.post("/api/data/people", &json!({ "id": address, "value": "mine" })).await.expect(201);
    let history = other.get(&format!("{path}/history")).await.expect(200);
    assert_eq!(history.json["data"].as_array().map(Vec::len), Some(1));
    other.get(&format!("{path}?at={made}")).await.expect_error(404, "NOT_FOUND");
    assert!(remade.tx() > tx);
    assert_eq!(user.get("/api/data/people/neighbour").await.expect(200).json["data"]["value"], "harmless");
    sound(&admin).await;
    server.assert_not_logged(&[SECRET]);
}

#[tokio::test]
async fn an_erased_user_is_signed_out_at_once_and_the_address_is_free() {
    // Mutants: `delete from ddb.account` is left out; `authenticator.revoked` and `pg_notify` are left out.
    let server = Server::start().await;
    let (admin, other) = (server.admin().await, server.other_user().await);
    let address = format!("{SECRET}@example.com");
    let password = "correct horse 42 battery";
    let sign_up = json!({ "email": address, "password": password, "name": SECRET });
    let user = Caller::of(&server.anon(), &server.anon().post("/api/auth/signup", &sign_up).await.expect(201).json);
    let second = Caller::sign_in(&server.anon(), &address).await;
    user.post("/api/data/notes", &json!({ "id": "kept", "text": SECRET })).await.expect(201);
    user.post("/api/data/notes", &json!({ "id": "deleted", "text": SECRET })).await.expect(201);
    user.delete("/api/data/notes/deleted").await.expect(204);
    other.post("/api/data/notes", &json!({ "id": "others", "text": "harmless" })).await.expect(201);

    let as_record = json!({ "records": [user.id], "reason": "r" });
    admin.post("/api/admin/erase", &as_record).await.expect_error(409, "CONFLICT");
    let erased = admin.post("/api/admin/erase", &json!({ "user": user.id, "reason": "by letter" })).await.expect(200);
    assert_eq!(erased.json["erased"], 1);
    for caller in [&user, &second] {
        caller.get("/api/auth/me").await.expect_error(401, "UNAUTHENTICATED");
        caller.post("/api/data/notes", &json!({ "text": SECRET })).await.expect_error(401, "UNAUTHENTICATED");
        let refresh = json!({ "refresh_token": caller.refresh_token });
        server.anon().post("/api/auth/refresh", &refresh).await.expect_error(401, "UNAUTHENTICATED");
    }
    let sign_in = json!({ "email": address, "password": password });
    server.anon().post("/api/auth/signin", &sign_in).await.expect_error(401, "UNAUTHENTICATED");
    gone(&server).await;
    for key in ["kept", "deleted"] {
        admin.get(&format!("/api/data/notes/{key}")).await.expect_error(404, "NOT_FOUND");
        admin.get(&format!("/api/data/notes/{key}/history")).await.expect_error(404, "NOT_FOUND");
    }
    other.get("/api/data/notes/others").await.expect(200);
    let id = user.id.replacen("user:", "", 1);
    let database = server.embedded().await;
    assert_eq!(database.connect().await.holding(&id).await, Vec::<String>::new(), "the id is gone too");
    sound(&admin).await;

    let again = server.anon().post("/api/auth/signup", &sign_up).await.expect(201);
    assert_ne!(again.json["user"]["id"], json!(user.id));
    assert_eq!(admin.get("/api/data/notes/others").await.expect(200).json["data"]["text"], "harmless");
}

#[tokio::test]
async fn the_key_of_who_was_root_is_left_nowhere() {
    // Mutants: `clear_root` clears no namespace, or no answers; `usage.rs`, `write` keeps counters of nothing; `RELATIONS` without `ddb.usage`;
    // `clear_account` looks for the record among indexes, which hold the key.
    let server = Server::start().await;
    let admin = server.admin().await;
    let address = "ada@example.com";
    let id = Caller::sign_up(&server.anon(), address).await.id;
    assert_eq!(server.ddb(&["admin", "roles", "--email", address, "--add", "admin", "--add", "root"]).code, Some(0));
    let root = Caller::sign_in(&server.anon(), address).await;
    admin.patch("/api/admin/quotas", &json!({ "owner": { "records": 100 } })).await.expect(200);
    let end = Instant::now() + Duration::from_secs(30);
    while admin.get("/api/admin/quotas").await.expect(200).json["data"]["state"] != "enforced" {
        assert!(Instant::now() < end, "counted in time");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    root.post("/api/admin/namespaces", &json!({ "name": "shop" })).await.expect(201);
    let in_shop = root.with_header("x-ddb-namespace", "shop");
    for client in [&*root, &in_shop] {
        client.with_header("idempotency-key", "first").post("/api/data/notes", &json!({ "id": "a" })).await.expect(201);
        client.post("/api/schema/notes/indexes", &json!({ "fields": ["text"] })).await.expect(201);
        client.post("/api/audit/verify", &json!({})).await.expect(202);
    }
    let key = id.replacen("user:", "", 1);
    let database = server.embedded().await;
    let mut session = database.connect().await;
    session.execute("analyze").await;
    let held = session.holding(&key).await;
    for place in ["ddb.usage: 1", "ddb.namespace: 1", "ddb.kept_answer: 2", "ddb.job: 1", "samples of usage.owner"] {
        assert!(held.iter().any(|held| held.starts_with(place)), "the test looks at {place}: {held:?}");
    }
    root.delete("/api/auth/me").await.expect(204);
    gone(&server).await;
    assert_eq!(session.holding(&key).await, Vec::<String>::new());
    let listed = admin.get("/api/admin/namespaces").await.expect(200);
    assert_eq!((&listed.json["data"][1]["name"], &listed.json["data"][1]["created_by"]), (&json!("shop"), &json!(null)));
    sound(&admin).await;
}

#[tokio::test]
async fn keys_of_every_kind_are_erased() {
    let cast = STAGE.cast().await;
    let table = cast.table();
    for (key, path) in [
        (json!(7), "7"),
        (json!("7"), "'7'"),
        (json!("a b:c"), "a%20b:c"),
        (json!({ "$uuid": "018f3c5e-7c5a-7aaa-8aaa-000000000001" }), "u'018f3c5e-7c5a-7aaa-8aaa-000000000001'"),
        (json!([1, "two"]), "[1,'two']"),
        (json!({ "a": [1] }), "{a:[1]}"),
    ] {
        let made = cast.user.post(&format!("/api/data/{table}"), &json!({ "id": key, "n": 1 })).await.expect(201);
        let body = json!({ "records": [made.json["data"]["id"], made.json["data"]["id"]], "reason": "r" });
        assert_eq!(cast.admin.post("/api/admin/erase", &body).await.expect(200).json["erased"], 1, "{key}");
        cast.user.get(&format!("/api/data/{table}/{path}")).await.expect_error(404, "NOT_FOUND");
        cast.user.post(&format!("/api/data/{table}"), &json!({ "id": key, "n": 1 })).await.expect(201);
        cast.user.get(&format!("/api/data/{table}/{path}")).await.expect(200);
    }
}

#[tokio::test]
async fn what_was_answered_before_is_forgotten() {
    // Mutant: `write_erasure` without `forget_answers`, and `forget_what_is_erased` never does.
    let server = Server::start().await;
    let (user, admin) = (server.user().await, server.admin().await);
    user.post("/api/data/quiet", &json!({ "id": 1, "n": 1 })).await.expect(201);
    user.post("/api/data/people", &json!({ "id": "a", "n": 1 })).await.expect(201);
    let shown = async || user.get("/api/data/quiet").await.expect(200).records()[0]["n"].clone();
    for _ in 0..3 {
        assert_eq!(shown().await, 1);
    }
    // Behind the back of the server, so that it shows who reads anew.
    let mut session = server.embedded().await.connect().await;
    let id = session.value("select id::text from ddb.data_table where name = 'quiet'").await;
    session.execute(&format!("update ddb_data.t1_{id} set doc = jsonb_set(doc, '{{n}}', '2')")).await;
    assert_eq!(shown().await, 1, "it is given again");
    admin.post("/api/admin/erase", &json!({ "records": ["people:a"], "reason": "r" })).await.expect(200);
    assert_eq!(shown().await, 2, "nothing that was answered before is left in memory");
}

#[tokio::test]
async fn erasing_is_for_admins_and_the_last_of_them_stays() {
    let cast = STAGE.cast().await;
    let made = cast.user.post(&format!("/api/data/{}", cast.table()), &json!({ "a": 1 })).await.expect(201);
    let bodies =
        [json!({ "records": [made.json["data"]["id"]], "reason": "r" }), json!({ "user": cast.other_user.id, "reason": "r" })];
    for body in bodies {
        cast.anon.post("/api/admin/erase", &body).await.expect_error(401, "UNAUTHENTICATED");
        cast.user.post("/api/admin/erase", &body).await.expect_error(403, "PERMISSION_DENIED");
    }
    cast.user.get(&made.path()).await.expect(200);
    cast.other_user.get("/api/auth/me").await.expect(200);
    let last = cast.admin.post("/api/admin/erase", &json!({ "user": cast.admin.id, "reason": "r" })).await;
    assert!(last.expect_error(409, "CONFLICT").text().contains("last admin"));
    cast.admin.get("/api/auth/me").await.expect(200);
}

#[tokio::test]
async fn bad_input_is_refused() {
    let cast = STAGE.cast().await;
    let head = cast.head().await;
    let many: Vec<Json> = (0..101).map(|n| json!(format!("t:{n}"))).collect();
    for (body, field) in [
        (json!({ "records": ["t:1"] }), "reason"),
        (json!({ "records": ["t:1"], "reason": " " }), "reason"),
        (json!({ "records": ["t:1"], "reason": 1 }), "reason"),
        (json!({ "records": ["t:1"], "reason": "x".repeat(1_001) }), "reason"),
        (json!({ "records": ["t:1"], "reason": "a\u{0}b" }), "reason"),
        (json!({ "reason": "r" }), "records"),
        (json!({ "records": [], "reason": "r" }), "records"),
        (json!({ "records": "t:1", "reason": "r" }), "records"),
        (json!({ "records": many, "reason": "r" }), "records"),
        (json!({ "records": ["t:1", 2], "reason": "r" }), "records[1]"),
        (json!({ "records": ["t:1", "t"], "reason": "r" }), "records[1]"),
        (json!({ "records": ["t;x:1"], "reason": "r" }), "records[0]"),
        (json!({ "records": ["t:1"], "user": "user:a", "reason": "r" }), "user"),
        (json!({ "user": "a", "reason": "r" }), "user"),
        (json!({ "user": "task:a", "reason": "r" }), "user"),
        (json!({ "user": "user:1", "reason": "r" }), "user"),
        (json!({ "user": ["user:1"], "reason": "r" }), "user"),
        (json!({ "user": "user:never", "reason": "r", "x": 1 }), "x"),
    ] {
        let refused = cast.admin.post("/api/admin/erase", &body).await.expect_error(422, "VALIDATION_FAILED");
        assert_eq!(refused.json["error"]["details"][0]["field"], json!(field), "{body}");
    }
    cast.admin
        .post("/api/admin/erase?x=1", &json!({ "user": "user:never", "reason": "r" }))
        .await
        .expect_error(400, "BAD_REQUEST");
    cast.admin.get("/api/admin/erase").await.expect_error(405, "METHOD_NOT_ALLOWED");
    cast.admin.with_header("idempotency-key", "k").post("/api/admin/erase", &json!({})).await.expect_error(400, "BAD_REQUEST");
    let nobody = cast.admin.post("/api/admin/erase", &json!({ "user": "user:never", "reason": "r" })).await.expect(200);
    assert_eq!(nobody.json["erased"], 0);
    assert!(cast.head().await >= head);
}
