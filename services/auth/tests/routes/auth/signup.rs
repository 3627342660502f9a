use ddb_auth::Config;
use ddb_core::Value;
use ddb_testkit::json;

use crate::harness::{MEMORY, PASSWORD, Server, run, unique};

#[test]
fn a_new_user_gets_tokens_and_a_record_of_his_own() {
    run(async {
        let server = Server::shared().await;
        let email = format!("Dev.{}@Example.com", unique());
        let body = json!({ "email": email, "password": PASSWORD, "name": "Dev", "city": "Pune", "tags": ["a", 1, 1.5] });
        let answer = server.anon().post("/api/auth/signup", &body).await.expect(201);
        assert_eq!(answer.keys(), ["access_token", "expires_in", "refresh_token", "token_type", "user"]);
        assert_eq!(answer.json["token_type"], "Bearer");
        assert_eq!(answer.json["expires_in"], 900);
        assert!(answer.json["refresh_token"].as_str().is_some_and(|token| token.starts_with("ddbr_")));
        assert_eq!(answer.header("cache-control"), "private, no-store");
        assert!(answer.header("x-ddb-tx").parse::<u64>().is_ok());
        let user = &answer.json["user"];
        assert_eq!(user["email"], email.to_lowercase());
        assert_eq!(user["name"], "Dev");
        assert_eq!(user["roles"], json!([]));
        assert_eq!(user["verified"], false);
        assert!(user["created"].as_str().is_some_and(|time| time.ends_with('Z')));
        let fields: Vec<&String> = user.as_object().expect("an object").keys().collect();
        assert_eq!(fields, ["created", "email", "id", "name", "roles", "verified"]);

        let profile = server.profile(user["id"].as_str().expect("an id")).await.expect("the record exists");
        let names: Vec<&String> = profile.keys().collect();
        assert_eq!(names, ["city", "name", "tags"]);
        assert!(matches!(&profile["city"], Value::String(city) if city == "Pune"));
    });
}

#[test]
fn the_name_is_null_where_none_was_given() {
    run(async {
        let server = Server::shared().await;
        let body = json!({ "email": format!("{}@x", unique()), "password": PASSWORD });
        let answer = server.anon().post("/api/auth/signup", &body).await.expect(201);
        assert_eq!(answer.json["user"]["name"], json!(null));
    });
}

/// THREATS 23.
#[test]
fn a_taken_address_is_409_in_every_spelling() {
    run(async {
        let server = Server::shared().await;
        let name = unique();
        let sign_up =
            async |email: String| server.anon().post("/api/auth/signup", &json!({ "email": email, "password": PASSWORD })).await;
        sign_up(format!("a{name}@x.example")).await.expect(201);
        for email in [
            format!("a{name}@x.example"),
            format!("A{name}@X.Example"),
            format!("ａ{name}@x.example"),
            format!("a{name}@x.example."),
            format!(" a{name}@ｘ．example "),
        ] {
            sign_up(email).await.expect_error(409, "CONFLICT");
        }
        sign_up(format!("a{name}+tag@x.example")).await.expect(201);
        sign_up(format!("a{name}\\u0000@x.example")).await.expect_field("email");
    });
}

#[test]
fn of_parallel_sign_ups_with_one_address_one_wins() {
    run(async {
        let server = Server::shared().await;
        let body = json!({ "email": format!("{}@x", unique()), "password": PASSWORD });
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..5 {
            let (client, body) = (server.anon(), body.clone());
            tasks.spawn(async move { client.post("/api/auth/signup", &body).await.status });
        }
        let mut statuses = tasks.join_all().await;
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 409, 409, 409, 409]);
    });
}

#[test]
fn bad_input_is_422_and_names_the_field() {
    run(async {
        let server = Server::shared().await;
        let email = format!("{}@x", unique());
        for (body, field) in [
            (json!({ "password": PASSWORD }), "email"),
            (json!({ "email": email }), "password"),
            (json!({ "email": null, "password": PASSWORD }), "email"),
            (json!({ "email": 1, "password": PASSWORD }), "email"),
            (json!({ "email": ["a@x"], "password": PASSWORD }), "email"),
            (json!({ "email": "no address", "password": PASSWORD }), "email"),
            (json!({ "email": email, "password": "1234567" }), "password"),
            (json!({ "email": email, "password": "a".repeat(1025) }), "password"),
            (json!({ "email": email, "password": "a".repeat(60_000) }), "password"),
            (json!({ "email": email, "password": 12345678 }), "password"),
            (json!({ "email": email, "password": PASSWORD, "name": 5 }), "name"),
            (json!({ "email": email, "password": PASSWORD, "a": { "$unknown": 1 } }), "a.$unknown"),
            (json!([]), ""),
            (json!("text"), ""),
        ] {
            server.anon().post("/api/auth/signup", &body).await.expect_field(field);
        }
        // None of these made the account.
        server.anon().post("/api/auth/signup", &json!({ "email": email, "password": PASSWORD })).await.expect(201);
    });
}

/// THREATS 31. Mutant: `body::check_profile` refuses nothing.
#[test]
fn what_is_the_servers_cannot_be_set() {
    run(async {
        let server = Server::shared().await;
        let email = format!("{}@x", unique());
        for field in ["roles", "verified", "id", "in", "out", "_owner", "_tx", "_expires", "$ttl", "$system"] {
            let mut body = json!({ "email": email, "password": PASSWORD });
            body[field] = json!(["admin"]);
            server.anon().post("/api/auth/signup", &body).await.expect_field(field);
        }
        let body =
            json!({ "email": email, "password": PASSWORD, "password_hash": "x", "epoch": 7, "banned_at": null, "admin": true });
        let answer = server.anon().post("/api/auth/signup", &body).await.expect(201);
        assert_eq!(answer.json["user"]["roles"], json!([]));
        let duplicate = format!(r#"{{"email":"{email}","email":"b{email}","password":"{PASSWORD}"}}"#);
        server.anon().send(axum::http::Method::POST, "/api/auth/signup", Some(duplicate)).await.expect_error(400, "BAD_REQUEST");
    });
}

#[test]
fn only_json_without_query_parameters_is_taken() {
    run(async {
        let server = Server::shared().await;
        let body = json!({ "email": format!("{}@x", unique()), "password": PASSWORD });
        server.anon().post("/api/auth/signup?admin=1", &body).await.expect_error(400, "BAD_REQUEST");
        server.anon().send(axum::http::Method::POST, "/api/auth/signup", None).await.expect_error(415, "UNSUPPORTED_MEDIA_TYPE");
        server
            .anon()
            .send(axum::http::Method::POST, "/api/auth/signup", Some("{".to_owned()))
            .await
            .expect_error(400, "BAD_REQUEST");
        server.anon().get("/api/auth/signup").await.expect_error(405, "METHOD_NOT_ALLOWED");
        server.anon().with_header("idempotency-key", "k").post("/api/auth/signup", &body).await.expect_error(400, "BAD_REQUEST");
    });
}

/// Mutant: the IPv6 address is counted whole.
#[test]
fn sign_ups_of_one_network_are_limited() {
    run(async {
        let server = Server::start(Config { sign_ups_per_hour: 3, ..Config::default() }, MEMORY).await;
        let sign_up = async |address: &str| {
            let body = json!({ "email": format!("{}@x", unique()), "password": PASSWORD });
            server.anon().at(address).post("/api/auth/signup", &body).await
        };
        for address in ["2001:db8::1", "2001:db8::2", "2001:db8::3:4"] {
            sign_up(address).await.expect(201);
        }
        let refused = sign_up("2001:db8::5").await.expect_error(429, "RATE_LIMITED");
        let wait: u64 = refused.header("retry-after").parse().expect("seconds");
        assert!((1100..=1200).contains(&wait), "{wait}");
        sign_up("2001:db8:0:1::1").await.expect(201);
        sign_up("198.51.100.1").await.expect(201);
        let forged = server.anon().at("2001:db8::6").with_header("x-forwarded-for", "203.0.113.9");
        let body = json!({ "email": format!("{}@x", unique()), "password": PASSWORD });
        forged.post("/api/auth/signup", &body).await.expect_error(429, "RATE_LIMITED");
    });
}
