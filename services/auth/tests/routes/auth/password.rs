use ddb_testkit::json;

use crate::harness::{PASSWORD, Server, User, run};

const NEW: &str = "another horse 43 battery";

/// THREATS 9 and 10. Mutants: `change_password` leaves the epoch, `end_all` is not called.
#[test]
fn a_new_password_ends_everything_before_it() {
    run(async {
        let server = Server::shared().await;
        let user = server.user().await;
        let other = server.again(&user).await;
        assert!(user.is_in().await && other.is_in().await);
        let answer = user.client.post("/api/auth/password", &json!({ "current": PASSWORD, "new": NEW })).await.expect(200);
        let now = User::of(&server, &answer.json);
        assert!(!user.is_in().await && !other.is_in().await);
        assert!(now.is_in().await);
        let epoch: (i64,) = sqlx::query_as("select epoch from ddb.account where id = $1")
            .bind(user.account())
            .fetch_one(server.pool())
            .await
            .expect("the account is there");
        assert_eq!(epoch.0, 2);
        for token in [&user.refresh_token, &other.refresh_token] {
            server
                .anon()
                .post("/api/auth/refresh", &json!({ "refresh_token": token }))
                .await
                .expect_error(401, "UNAUTHENTICATED");
        }
        server.anon().post("/api/auth/refresh", &json!({ "refresh_token": now.refresh_token })).await.expect(200);
        let sign_in = async |password: &str| {
            server.anon().post("/api/auth/signin", &json!({ "email": user.email, "password": password })).await.status
        };
        assert_eq!(sign_in(PASSWORD).await, 401);
        assert_eq!(sign_in(NEW).await, 200);
    });
}

#[test]
fn bad_input_is_422_and_names_the_field() {
    run(async {
        let server = Server::shared().await;
        let user = server.user().await;
        for (body, field) in [
            (json!({ "current": "wrong password", "new": NEW }), "current"),
            (json!({ "current": PASSWORD, "new": "short" }), "new"),
            (json!({ "current": PASSWORD, "new": "a".repeat(1025) }), "new"),
            (json!({ "current": PASSWORD }), "new"),
            (json!({ "new": NEW }), "current"),
            (json!({ "current": PASSWORD, "new": NEW, "email": "a@x" }), "email"),
        ] {
            user.client.post("/api/auth/password", &body).await.expect_field(field);
        }
        assert!(user.is_in().await);
    });
}

#[test]
fn the_anonymous_has_no_password() {
    run(async {
        let server = Server::shared().await;
        let body = json!({ "current": PASSWORD, "new": NEW });
        server.anon().post("/api/auth/password", &body).await.expect_error(401, "UNAUTHENTICATED");
    });
}

/// A stolen access token guesses no faster than anybody else.
#[test]
fn guesses_of_the_current_password_are_limited() {
    run(async {
        let server = Server::shared().await;
        let user = server.user().await;
        let thief = user.client.at("198.51.100.99");
        for _ in 0..10 {
            thief.post("/api/auth/password", &json!({ "current": "wrong password", "new": NEW })).await.expect_field("current");
        }
        thief.post("/api/auth/password", &json!({ "current": PASSWORD, "new": NEW })).await.expect_error(429, "RATE_LIMITED");
    });
}

#[test]
fn of_two_changes_at_once_one_wins() {
    run(async {
        let server = Server::shared().await;
        let user = server.user().await;
        let mut tasks = tokio::task::JoinSet::new();
        for number in 0..2 {
            let client = user.client.clone();
            tasks.spawn(async move {
                let body = json!({ "current": PASSWORD, "new": format!("{NEW}{number}") });
                client.post("/api/auth/password", &body).await.status
            });
        }
        let statuses = tasks.join_all().await;
        assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    });
}
