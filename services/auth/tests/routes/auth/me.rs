use std::sync::Arc;
use std::time::Duration;

use axum::http::Method;
use ddb_auth::Config;
use ddb_bus::Bus;
use ddb_core::{Account, NamespaceId, Principal, RecordKey, TableName, Value};
use ddb_testkit::{Database, Json, json};

use crate::harness::{MEMORY, PASSWORD, Server, User, run};

#[test]
fn everyone_reads_himself() {
    run(async {
        let server = Server::shared().await;
        let (user, other) = (server.user().await, server.user().await);
        let answer = user.client.get("/api/auth/me").await.expect(200);
        assert_eq!(answer.keys(), ["created", "email", "id", "name", "roles", "verified"]);
        assert_eq!(answer.json["id"], user.id);
        assert_eq!(other.client.get("/api/auth/me").await.json["id"], other.id);
    });
}

#[test]
fn the_anonymous_is_nobody() {
    run(async {
        let server = Server::shared().await;
        server.anon().get("/api/auth/me").await.expect_error(401, "UNAUTHENTICATED");
        server.anon().patch("/api/auth/me", &json!({ "name": "x" })).await.expect_error(401, "UNAUTHENTICATED");
        server.anon().delete("/api/auth/me").await.expect_error(401, "UNAUTHENTICATED");
    });
}

#[test]
fn the_profile_is_merged() {
    run(async {
        let server = Server::shared().await;
        let (user, other) = (server.user().await, server.user().await);
        let answer = user.client.patch("/api/auth/me", &json!({ "name": "Ada", "city": "Pune", "age": 3 })).await.expect(200);
        assert_eq!(answer.json["name"], "Ada");
        assert!(answer.header("x-ddb-tx").parse::<u64>().is_ok());
        let answer = user.client.patch("/api/auth/me", &json!({ "city": null, "age": { "$inc": 1 } })).await.expect(200);
        assert_eq!(answer.json["name"], "Ada");
        let shown = user.client.get("/api/auth/me").await.expect(200);
        assert_eq!((shown.keys(), &shown.json["age"]), (answer.keys(), &json!(4)));
        assert!(shown.json.get("city").is_none());
        let profile = server.profile(&user.id).await.expect("a profile");
        assert!(!profile.contains_key("city") && matches!(profile["age"], Value::Int(4)), "{profile:?}");
        assert_eq!(other.client.get("/api/auth/me").await.json["name"], json!(null));
    });
}

/// THREATS 31.
#[test]
fn what_is_the_servers_cannot_be_changed() {
    run(async {
        let server = Server::shared().await;
        let user = server.user().await;
        for field in ["email", "password", "roles", "verified", "id", "_owner", "_expires", "$ttl"] {
            let mut body = json!({});
            body[field] = json!("x");
            user.client.patch("/api/auth/me", &body).await.expect_field(field);
        }
        user.client.patch("/api/auth/me", &json!({ "name": 1 })).await.expect_field("name");
        user.client.patch("/api/auth/me", &json!([])).await.expect_error(422, "VALIDATION_FAILED");
        user.client.get("/api/auth/me?fields=x").await.expect_error(400, "BAD_REQUEST");
    });
}

/// Mutants: `leave_out_account` leaves nothing out, or everything.
#[test]
fn what_was_read_goes_back() {
    run(async {
        let server = Server::shared().await;
        let user = server.user().await;
        let profile = json!({
            "name": "Ada", "half": 1.0, "big": 1e300, "due": { "$datetime": "2026-01-01T00:00:00Z" }, "friend": { "$record": "user:1" }, "list": [null],
        });
        user.client.patch("/api/auth/me", &profile).await.expect(200);
        let before = server.profile(&user.id).await.expect("a profile");
        let shown = user.client.get("/api/auth/me").await.expect(200);
        assert_eq!((&shown.json["due"], &shown.json["friend"]), (&json!("2026-01-01T00:00:00Z"), &json!("user:1")));
        assert!(shown.text().contains("\"half\":1.0,"), "{}", shown.text());
        let patched = user.client.send(Method::PATCH, "/api/auth/me", Some(shown.text())).await.expect(200);
        assert_eq!(patched.text(), shown.text());
        let after = server.profile(&user.id).await.expect("a profile");
        assert!(Value::Object(after).identical(&Value::Object(before)), "kinds are kept");
        for (field, value) in [
            ("email", json!("other@example.com")),
            ("email", json!(null)),
            ("roles", json!(["admin"])),
            ("roles", json!([1])),
            ("verified", json!(true)),
            ("verified", json!({ "$inc": 1 })),
            ("id", json!("user:other")),
        ] {
            let mut body = json!({ "name": "Eve" });
            body[field] = value;
            user.client.patch("/api/auth/me", &body).await.expect_field(field);
        }
        assert_eq!(user.client.get("/api/auth/me").await.json["name"], "Ada");
    });
}

/// What a profile holds under the names of the account does not stand in for the account.
#[test]
fn the_account_shows_before_the_profile() {
    run(async {
        let server = Server::shared().await;
        let user = server.user().await;
        server.execute("update ddb.account set roles = '{admin}' where id = $1", user.account()).await;
        server
            .write_profile(
                &user,
                json!({ "roles": ["root"], "verified": true, "email": "other@example.com", "name": 7, "city": "Pune" }),
            )
            .await;
        let shown = user.client.get("/api/auth/me").await.expect(200).json;
        assert_eq!(
            (&shown["roles"], &shown["verified"], &shown["email"]),
            (&json!(["admin"]), &json!(false), &json!(user.email))
        );
        assert_eq!((&shown["name"], &shown["city"]), (&json!(null), &json!("Pune")));
    });
}

/// Mutant: `erase_me` asks for nothing; `is_recent` looks at `rotated_at`.
#[test]
fn an_account_is_erased_with_its_password_or_a_recent_sign_in() {
    run(async {
        let server = Server::start(Config { sign_ups_per_hour: 0, ..Config::default() }, MEMORY).await;
        let user = server.user().await;
        let erase = |user: &User, body: Option<Json>| {
            let (client, body) = (user.client.clone(), body.map(|body| body.to_string()));
            async move { client.send(Method::DELETE, "/api/auth/me", body).await }
        };
        let age = "update ddb.session set created_at = created_at - 301000000 where account = $1";
        server.execute(age, user.account()).await;
        let refused = erase(&user, None).await.expect_error(403, "PERMISSION_DENIED");
        assert!(refused.text().contains("password") && refused.text().contains("sign in again"), "{}", refused.text());
        erase(&user, Some(json!({}))).await.expect_error(403, "PERMISSION_DENIED");
        erase(&user, Some(json!({ "password": null }))).await.expect_error(403, "PERMISSION_DENIED");
        // A refreshed session is as old as its sign-in.
        let refreshed =
            server.anon().post("/api/auth/refresh", &json!({ "refresh_token": user.refresh_token })).await.expect(200);
        let refreshed = User::of(&server, &refreshed.json);
        erase(&refreshed, None).await.expect_error(403, "PERMISSION_DENIED");
        erase(&user, Some(json!({ "password": "not the password" }))).await.expect_field("password");
        for bad in [json!({ "password": 1 }), json!({ "password": PASSWORD, "x": 1 }), json!([])] {
            erase(&user, Some(bad)).await.expect_error(422, "VALIDATION_FAILED");
        }
        user.client.send(Method::DELETE, "/api/auth/me", Some("{".to_owned())).await.expect_error(400, "BAD_REQUEST");
        server
            .anon()
            .send(Method::DELETE, "/api/auth/me", Some(json!({ "password": PASSWORD }).to_string()))
            .await
            .expect_error(401, "UNAUTHENTICATED");
        assert!(user.is_in().await);
        erase(&user, Some(json!({ "password": PASSWORD }))).await.expect(204);
        assert!(!user.is_in().await);
        // Somebody who has just signed in need not say it again; a wrong password counts all the same.
        let recent = server.user().await;
        erase(&recent, Some(json!({ "password": "not the password" }))).await.expect_field("password");
        server.execute("update ddb.session set created_at = created_at - 290000000 where account = $1", recent.account()).await;
        erase(&recent, None).await.expect(204);
        assert!(!recent.is_in().await);
        // An old account whose owner signs in again.
        let old = server.user().await;
        server.execute(age, old.account()).await;
        erase(&old, None).await.expect_error(403, "PERMISSION_DENIED");
        erase(&server.again(&old).await, None).await.expect(204);
    });
}

/// Mutant: a wrong password of `erase_me` gives its attempt back.
#[test]
fn wrong_passwords_for_an_erasure_count_like_sign_ins() {
    run(async {
        let server = Server::start(Config { sign_ups_per_hour: 0, ..Config::default() }, MEMORY).await;
        let user = server.user().await;
        let wrong = Some(json!({ "password": "not the password" }).to_string());
        for _ in 0..10 {
            // Each from its own budget of erasures, but one network of the account's.
            user.client.send(Method::DELETE, "/api/auth/me", wrong.clone()).await.expect_field("password");
        }
        let signin = json!({ "email": user.email, "password": PASSWORD });
        server.anon().post("/api/auth/signin", &signin).await.expect_error(429, "RATE_LIMITED");
    });
}

#[test]
fn a_role_shows_as_soon_as_it_is_given() {
    run(async {
        let server = Server::shared().await;
        let user = server.user().await;
        server.execute("update ddb.account set roles = '{admin}' where id = $1", user.account()).await;
        assert_eq!(user.client.get("/api/auth/me").await.json["roles"], json!(["admin"]));
    });
}

#[test]
fn an_account_is_erased_by_its_owner_alone() {
    // Mutants: `erase_own_account` erases without the account; `erase_me` tells no process; `erase_account` does not notify.
    run(async {
        let database = Database::new().await;
        let here = Server::over(&database, Config { sign_ups_per_hour: 0, ..Config::default() }, MEMORY, Bus::local()).await;
        let there = Server::over(&database, Config { sign_ups_per_hour: 0, ..Config::default() }, MEMORY, Bus::local()).await;
        let (user, other) = (here.user().await, here.user().await);
        let elsewhere = there.anon().with_token(&user.access_token);
        elsewhere.get("/api/auth/me").await.expect(200);
        let erased = user.client.delete("/api/auth/me").await.expect(204);
        assert!(erased.header("x-ddb-tx").parse::<u64>().is_ok());
        user.client.get("/api/auth/me").await.expect_error(401, "UNAUTHENTICATED");
        tokio::time::sleep(Duration::from_secs(1)).await;
        // A route that does not look the account up.
        elsewhere.get("/api/auth/sessions").await.expect_error(401, "UNAUTHENTICATED");
        user.client.delete("/api/auth/me").await.expect_error(401, "UNAUTHENTICATED");
        here.anon()
            .post("/api/auth/refresh", &json!({ "refresh_token": user.refresh_token }))
            .await
            .expect_error(401, "UNAUTHENTICATED");
        assert!(here.profile(&user.id).await.is_none());
        other.client.get("/api/auth/me").await.expect(200);
        let mut session = database.connect().await;
        assert_eq!(session.value("select count(*)::text from ddb.account").await, "1");
        assert_eq!(session.value("select count(*)::text from ddb.session").await, "1");
        // The address is free.
        here.anon().post("/api/auth/signup", &json!({ "email": user.email, "password": PASSWORD })).await.expect(201);
    });
}

#[test]
fn the_last_admin_cannot_erase_himself() {
    run(async {
        let server = Server::start(Config { sign_ups_per_hour: 0, ..Config::default() }, MEMORY).await;
        let (first, second) = (server.user().await, server.user().await);
        for admin in [&first, &second] {
            server.execute("update ddb.account set roles = '{admin}' where id = $1", admin.account()).await;
        }
        second.client.delete("/api/auth/me").await.expect(204);
        let refused = first.client.delete("/api/auth/me").await.expect_error(409, "CONFLICT");
        assert!(refused.text().contains("last admin"), "{}", refused.text());
        first.client.get("/api/auth/me").await.expect(200);
    });
}

/// Mutant: `erase_me` asks `Attempts` nothing.
#[test]
fn erasures_from_one_network_are_limited() {
    run(async {
        let server = Server::start(Config { sign_ups_per_hour: 0, ..Config::default() }, MEMORY).await;
        let user = server.user().await;
        // The last admin is refused, which counts too.
        server.execute("update ddb.account set roles = '{admin}' where id = $1", user.account()).await;
        for address in ["2001:db8::1", "2001:db8::2"].repeat(5) {
            user.client.at(address).delete("/api/auth/me").await.expect_error(409, "CONFLICT");
        }
        let refused = user.client.at("2001:db8::3").delete("/api/auth/me").await.expect_error(429, "RATE_LIMITED");
        let wait: u64 = refused.header("retry-after").parse().expect("seconds");
        assert!((50..=60).contains(&wait), "{wait}");
        user.client.at("2001:db8:0:1::1").delete("/api/auth/me").await.expect_error(409, "CONFLICT");
        user.client.get("/api/auth/me").await.expect(200);
    });
}

async fn write(server: &Server, user: &User, table: &str, records: Json) {
    let key = RecordKey::String(user.account().to_owned());
    let account = Account { namespace: NamespaceId::MAIN, key, session: None, admin: false, root: false };
    let session = server.shared.database.session(Principal::Account(Arc::new(account)), NamespaceId::MAIN, None);
    let table = TableName::parse(table).expect("a name");
    for record in records.as_array().expect("records") {
        let body = ddb_core::json::parse(record.to_string().as_bytes()).expect("JSON");
        let new = ddb_database::NewRecord::for_create(&table, body).expect("a record");
        session.create(&table, vec![new]).await.expect("it may be created").run().await.expect("it is created");
    }
}

#[test]
fn an_export_holds_all_that_is_stored_about_the_caller_and_nothing_of_others() {
    // Mutants: `export` keeps `admin`; `Document::next` forgets a comma or a bracket (it is no JSON then).
    run(async {
        let server = Server::start(Config { sign_ups_per_hour: 0, ..Config::default() }, MEMORY).await;
        let (user, other) = (server.user().await, server.user().await);
        let empty = user.client.get("/api/auth/me/export").await.expect(200);
        assert_eq!(empty.keys(), ["account", "activity", "records", "sessions"]);
        assert_eq!(
            empty.json["records"].as_object().map(|tables| tables.keys().cloned().collect::<Vec<_>>()),
            Some(vec!["user".to_owned()])
        );
        server.execute("update ddb.account set roles = '{admin}' where id = $1", user.account()).await;
        let many: Vec<Json> = (0..1_203).map(|n| json!({ "id": n, "n": n })).collect();
        write(&server, &user, "a_first", json!([{ "id": "only", "text": "mine" }])).await;
        write(&server, &user, "many", json!(many)).await;
        write(&server, &other, "many", json!([{ "id": "others", "text": "hidden" }])).await;
        write(&server, &other, "z_hidden", json!([{ "id": "others", "text": "hidden" }])).await;
        server.anon().post("/api/auth/signout", &json!({})).await.expect_error(401, "UNAUTHENTICATED");
        let second = server.again(&user).await;
        second.client.post("/api/auth/signout", &json!({})).await.expect(204);

        let exported = user.client.get("/api/auth/me/export").await.expect(200);
        assert_eq!(exported.header("content-disposition"), "attachment; filename=\"export.json\"");
        assert_eq!(exported.header("cache-control"), "private, no-store");
        let Json::Object(export) = exported.json.clone() else { panic!("{}", exported.text()) };
        assert_eq!(export["account"]["email"], json!(user.email));
        assert_eq!(export["account"]["id"], json!(user.id));
        let sessions = export["sessions"].as_array().expect("sessions");
        assert_eq!((sessions.len(), sessions[0]["ended"].is_string(), &sessions[1]["ended"]), (2, true, &Json::Null));
        let tables: Vec<&String> = export["records"].as_object().expect("tables").keys().collect();
        assert_eq!(tables, ["a_first", "many", "user"], "though he is an admin");
        let numbers: Vec<&Json> =
            export["records"]["many"].as_array().expect("records").iter().map(|record| &record["n"]).collect();
        assert_eq!(numbers, (0..1_203).map(|n| json!(n)).collect::<Vec<_>>().iter().collect::<Vec<_>>());
        assert_eq!(export["records"]["a_first"][0]["text"], "mine");
        assert_eq!(export["activity"].as_array().map(Vec::len), Some(1_204));
        assert_eq!(export["activity"][0]["action"], "create");
        for hidden in ["hidden", "z_hidden", &other.id, &other.email, "password", "$argon2", "epoch"] {
            assert!(!exported.text().contains(hidden), "{hidden}");
        }
        server.anon().get("/api/auth/me/export").await.expect_error(401, "UNAUTHENTICATED");
        user.client.get("/api/auth/me/export?x=1").await.expect_error(400, "BAD_REQUEST");
        user.client.post("/api/auth/me/export", &json!({})).await.expect_error(405, "METHOD_NOT_ALLOWED");
    });
}
