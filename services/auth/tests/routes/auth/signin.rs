use std::time::Duration;

use ddb_testkit::json;

use crate::harness::{PASSWORD, Server, User, run, unique};

#[test]
fn the_right_password_gives_a_session() {
    run(async {
        let server = Server::shared().await;
        let user = server.user().await;
        let body = json!({ "email": user.email.to_uppercase(), "password": PASSWORD });
        let answer = server.anon().post("/api/auth/signin", &body).await.expect(200);
        assert_eq!(answer.keys(), ["access_token", "expires_in", "refresh_token", "token_type", "user"]);
        let again = User::of(&server, &answer.json);
        assert_eq!(again.id, user.id);
        assert!(again.is_in().await && user.is_in().await);
        assert_ne!(again.refresh_token, user.refresh_token);
    });
}

#[test]
fn a_stale_token_in_the_header_does_not_stand_in_the_way() {
    run(async {
        let server = Server::shared().await;
        let user = server.user().await;
        let body = json!({ "email": user.email, "password": PASSWORD });
        server.anon().with_token("rubbish").post("/api/auth/signin", &body).await.expect(200);
    });
}

/// THREATS 13: same status, same body.
#[test]
fn a_wrong_password_an_unknown_address_and_a_ban_look_the_same() {
    run(async {
        let server = Server::shared().await;
        let (user, banned) = (server.user().await, server.user().await);
        server.execute("update ddb.account set banned_at = 1 where id = $1", banned.account()).await;
        let mut answers = Vec::new();
        for (email, password) in [
            (user.email.clone(), "wrong password"),
            (format!("{}@nowhere", unique()), PASSWORD),
            (banned.email.clone(), PASSWORD),
            (banned.email.clone(), "wrong password"),
            (user.email.clone(), ""),
        ] {
            let answer = server.anon().post("/api/auth/signin", &json!({ "email": email, "password": password })).await;
            let mut error = answer.expect_error(401, "UNAUTHENTICATED").json;
            error["error"]["request_id"] = json!(null);
            answers.push(error);
        }
        assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:?}");
    });
}

#[test]
fn bad_input_is_422_and_names_the_field() {
    run(async {
        let server = Server::shared().await;
        for (body, field) in [
            (json!({ "email": "a@x" }), "password"),
            (json!({ "password": PASSWORD }), "email"),
            (json!({ "email": "no address", "password": PASSWORD }), "email"),
            (json!({ "email": "a@x", "password": "a".repeat(1025) }), "password"),
            (json!({ "email": "a@x", "password": PASSWORD, "otp": "1" }), "otp"),
            (json!({ "email": { "$ne": null }, "password": { "$ne": null } }), "email"),
        ] {
            server.anon().post("/api/auth/signin", &body).await.expect_field(field);
        }
    });
}

#[test]
fn a_body_over_64_kilobytes_is_413() {
    run(async {
        let server = Server::shared().await;
        let user = server.user().await;
        let body = json!({ "email": "a@x", "password": "a".repeat(64 << 10) });
        for route in ["signin", "signup", "refresh", "password"] {
            let answer = user.client.post(&format!("/api/auth/{route}"), &body).await;
            answer.expect_error(413, "PAYLOAD_TOO_LARGE");
        }
        user.client.patch("/api/auth/me", &body).await.expect_error(413, "PAYLOAD_TOO_LARGE");
    });
}

/// THREATS 14. Mutant: the attempt is given back whatever the verdict.
#[test]
fn guessing_is_slowed_for_the_guesser_and_for_nobody_else() {
    run(async {
        let server = Server::shared().await;
        let (victim, neighbour) = (server.user().await, server.user().await);
        let guess = async |address: &str, password: &str| {
            let body = json!({ "email": victim.email, "password": password });
            server.anon().at(address).with_header("x-forwarded-for", &unique()).post("/api/auth/signin", &body).await
        };
        for _ in 0..10 {
            guess("198.51.100.7", "wrong password").await.expect_error(401, "UNAUTHENTICATED");
        }
        let refused = guess("198.51.100.7", PASSWORD).await.expect_error(429, "RATE_LIMITED");
        let wait: u64 = refused.header("retry-after").parse().expect("seconds");
        assert!((1..=60).contains(&wait), "{wait}");
        guess("198.51.100.8", PASSWORD).await.expect(200);
        let body = json!({ "email": neighbour.email, "password": PASSWORD });
        server.anon().at("198.51.100.7").post("/api/auth/signin", &body).await.expect(200);
    });
}

/// THREATS 14. Mutant: `is_familiar` answers false.
#[test]
fn an_attack_from_everywhere_does_not_lock_the_victim_out_of_his_home() {
    run(async {
        let server = Server::shared().await;
        // Signed up from HERE.
        let victim = server.user().await;
        let sign_in = async |address: String, password: &str| {
            let body = json!({ "email": victim.email, "password": password });
            server.anon().at(&address).post("/api/auth/signin", &body).await
        };
        for number in 0..50 {
            sign_in(format!("203.0.113.{number}"), "wrong password").await.expect_error(401, "UNAUTHENTICATED");
        }
        sign_in("203.0.113.200".to_owned(), PASSWORD).await.expect_error(429, "RATE_LIMITED");
        let home = server.again(&victim).await;
        assert!(home.is_in().await);
    });
}

/// Mutant: the ended ones are forgotten only where the sign-in ended one.
#[test]
fn signing_in_and_out_leaves_at_most_fifty_ended_sessions() {
    run(async {
        let server = Server::shared().await;
        let user = server.user().await;
        server.execute("insert into ddb.session (id, namespace, account, created_at, rotated_at, ended_at) select gen_random_uuid(), 1, $1, x.now, x.now, x.now from (select (extract(epoch from clock_timestamp()) * 1000000)::bigint as now) x, generate_series(1, 70)", user.account()).await;
        server.again(&user).await;
        let ended: (i64,) = sqlx::query_as("select count(*) from ddb.session where account = $1 and ended_at is not null")
            .bind(user.account())
            .fetch_one(server.pool())
            .await
            .expect("a count");
        assert_eq!(ended.0, 50);
        assert!(user.is_in().await);
    });
}

/// THREATS 12.
#[test]
fn the_oldest_of_more_than_fifty_sessions_ends() {
    run(async {
        let server = Server::shared().await;
        let first = server.user().await;
        let second = server.again(&first).await;
        for _ in 0..48 {
            server.execute("insert into ddb.session (id, namespace, account, created_at, rotated_at) select gen_random_uuid(), 1, $1, x.now, x.now from (select (extract(epoch from clock_timestamp()) * 1000000)::bigint as now) x", first.account()).await;
        }
        assert!(first.is_in().await);
        let last = server.again(&first).await;
        assert!(!first.is_in().await, "the fifty-first session ends the first");
        assert!(second.is_in().await && last.is_in().await);
        let listed = last.client.get("/api/auth/sessions").await.expect(200);
        assert_eq!(listed.json["data"].as_array().map(Vec::len), Some(50));
    });
}

#[test]
fn a_hash_of_older_parameters_is_renewed_with_the_next_sign_in() {
    run(async {
        use argon2::{Algorithm, Argon2, Params, PasswordHasher, Version};
        let server = Server::shared().await;
        let user = server.user().await;
        let old = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(8192, 1, 1, Some(32)).expect("parameters"));
        let old = old.hash_password_with_salt(PASSWORD.as_bytes(), b"0123456789abcdef").expect("a hash").to_string();
        sqlx::query("update ddb.account set password_hash = $2 where id = $1")
            .bind(user.account())
            .bind(&old)
            .execute(server.pool())
            .await
            .expect("the statement runs");
        assert!(server.again(&user).await.is_in().await);
        let hash: (String,) = sqlx::query_as("select password_hash from ddb.account where id = $1")
            .bind(user.account())
            .fetch_one(server.pool())
            .await
            .expect("the account is there");
        assert!(hash.0.starts_with("$argon2id$v=19$m=65536,t=3,p=1$"), "{}", hash.0);
        assert!(server.again(&user).await.is_in().await);
    });
}

/// The password that was checked is changed before the session is made. Mutant: `enter` does not compare the hash again.
#[test]
fn no_session_is_made_with_a_password_that_was_just_changed() {
    run(async {
        let server = Server::shared().await;
        let user = server.user().await;
        let mut transaction = server.pool().begin().await.expect("a transaction");
        sqlx::query("update ddb.account set password_hash = 'other' where id = $1")
            .bind(user.account())
            .execute(&mut *transaction)
            .await
            .expect("the statement runs");
        let (client, email) = (server.anon(), user.email.clone());
        let waiting = tokio::spawn(async move {
            client.post("/api/auth/signin", &json!({ "email": email, "password": PASSWORD })).await.status
        });
        tokio::time::sleep(Duration::from_millis(1500)).await;
        transaction.commit().await.expect("committed");
        assert_eq!(waiting.await.expect("no panic"), 401);
    });
}
