//! THREATS 11: no secret in a log, an error or a URL.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use ddb_testkit::json;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::harness::{Server, User, run, unique};

/// Keeps every word that anybody logs, at every level.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<String>>);

impl Visit for Log {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        let mut text = self.0.lock().expect("no panic");
        writeln!(text, "{field}={value:?}").expect("a string takes all");
    }
}

impl Subscriber for Log {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        attributes.record(&mut self.clone());
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        values.record(&mut self.clone());
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        event.record(&mut self.clone());
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// Mutant: a handler logs the body.
#[test]
fn passwords_tokens_and_addresses_are_in_no_log_line_and_no_error() {
    let log = Log::default();
    tracing::subscriber::set_global_default(log.clone()).expect("nobody else logs in this program");
    run(async {
        let server = Server::shared().await;
        let (password, wrong) = (format!("geheim-{}", unique()), format!("falsch-{}", unique()));
        let email = format!("{}@private.example", unique());
        let body = json!({ "email": email, "password": password });
        let mut errors = String::new();
        let user = User::of(&server, &server.anon().post("/api/auth/signup", &body).await.expect(201).json);
        let next = server.anon().post("/api/auth/refresh", &json!({ "refresh_token": user.refresh_token })).await.expect(200);
        let next = User::of(&server, &next.json);
        for answer in [
            server.anon().post("/api/auth/signup", &body).await,
            server.anon().post("/api/auth/signin", &json!({ "email": email, "password": wrong })).await,
            server.anon().post("/api/auth/signin", &json!({ "email": email, "password": [password] })).await,
            server.anon().post("/api/auth/refresh", &json!({ "refresh_token": format!("{}x", user.refresh_token) })).await,
            server.anon().post("/api/auth/refresh", &json!({ "refresh_token": [next.refresh_token] })).await,
            server.anon().with_token(&format!("{}x", user.access_token)).get("/api/auth/me").await,
            next.client.post("/api/auth/password", &json!({ "current": wrong, "new": password })).await,
            next.client.patch("/api/auth/me", &json!({ "password": password })).await,
        ] {
            assert!(answer.status >= 400);
            errors.push_str(&answer.text());
        }
        // Ends the session, which is logged.
        let third = server.anon().post("/api/auth/refresh", &json!({ "refresh_token": next.refresh_token })).await.expect(200);
        let third = User::of(&server, &third.json);
        server.anon().post("/api/auth/refresh", &json!({ "refresh_token": user.refresh_token })).await.expect(401);

        let hash: (String,) = sqlx::query_as("select password_hash from ddb.account where email = $1")
            .bind(&email)
            .fetch_one(server.pool())
            .await
            .expect("the account");
        let log = log.0.lock().expect("no panic").clone();
        assert!(log.contains("a refresh token was used again"), "the log is heard");
        for (name, secret) in [
            ("password", &password),
            ("wrong password", &wrong),
            ("hash", &hash.0),
            ("access token", &user.access_token),
            ("refresh token", &user.refresh_token),
            ("second refresh token", &next.refresh_token),
            ("third refresh token", &third.refresh_token),
        ] {
            assert!(!errors.contains(secret.as_str()), "the {name} stands in an error");
            assert!(!log.contains(secret.as_str()), "the {name} stands in the log");
        }
        assert!(!errors.contains(&email) && !log.contains(&email), "the address");
    });
}
