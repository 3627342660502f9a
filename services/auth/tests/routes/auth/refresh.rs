use std::collections::HashSet;
use std::time::Duration;

use ddb_testkit::json;

use crate::harness::{Answer, Server, User, run};

async fn refresh(server: &Server, token: &str) -> Answer {
    server.anon().post("/api/auth/refresh", &json!({ "refresh_token": token })).await
}

#[test]
fn a_refresh_token_gives_a_new_pair() {
    run(async {
        let server = Server::shared().await;
        let user = server.user().await;
        let answer = refresh(&server, &user.refresh_token).await.expect(200);
        assert_eq!(answer.keys(), ["access_token", "expires_in", "refresh_token", "token_type", "user"]);
        let next = User::of(&server, &answer.json);
        assert_ne!(next.refresh_token, user.refresh_token);
        assert!(next.is_in().await);
        assert!(user.is_in().await, "the access token before it still has its time");
    });
}

/// THREATS 7: R1→R2→R3, then R1. Mutant: `decide` answers Stale instead of End.
#[test]
fn an_old_token_ends_the_session() {
    run(async {
        let server = Server::shared().await;
        let first = server.user().await;
        let other = server.again(&first).await;
        let second = User::of(&server, &refresh(&server, &first.refresh_token).await.expect(200).json);
        let third = User::of(&server, &refresh(&server, &second.refresh_token).await.expect(200).json);
        refresh(&server, &first.refresh_token).await.expect_error(401, "UNAUTHENTICATED");
        refresh(&server, &third.refresh_token).await.expect_error(401, "UNAUTHENTICATED");
        assert!(!first.is_in().await && !second.is_in().await && !third.is_in().await);
        assert!(other.is_in().await, "the user's other session goes on");
    });
}

/// THREATS 7: the answer was lost. Mutant: the predecessor gets a successor of its own.
#[test]
fn the_predecessor_gets_the_same_successor_for_ten_seconds() {
    run(async {
        let server = Server::shared().await;
        let first = server.user().await;
        let second = User::of(&server, &refresh(&server, &first.refresh_token).await.expect(200).json);
        let again = User::of(&server, &refresh(&server, &first.refresh_token).await.expect(200).json);
        assert_eq!(again.refresh_token, second.refresh_token);
        assert!(again.is_in().await);
        server.execute("update ddb.session set rotated_at = rotated_at - 11 * 1000000 where account = $1", first.account()).await;
        refresh(&server, &first.refresh_token).await.expect_error(401, "UNAUTHENTICATED");
        refresh(&server, &second.refresh_token).await.expect_error(401, "UNAUTHENTICATED");
    });
}

/// THREATS 8. Mutant: the predecessor gets a successor of its own.
#[test]
fn twenty_at_once_are_one_lineage() {
    run(async {
        let server = Server::shared().await;
        let user = server.user().await;
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..20 {
            let (server, token) = (server.clone(), user.refresh_token.clone());
            tasks.spawn(async move { refresh(&server, &token).await });
        }
        let mut successors = HashSet::new();
        for answer in tasks.join_all().await {
            let answer = answer.expect(200);
            successors.insert(answer.json["refresh_token"].as_str().expect("a token").to_owned());
        }
        assert_eq!(successors.len(), 1);
        for successor in successors {
            refresh(&server, &successor).await.expect(200);
        }
    });
}

/// Two refreshes elsewhere are under way; what this one decides, it decides after them. Mutant: the session is read without `for update`.
#[test]
fn a_refresh_waits_for_those_before_it() {
    run(async {
        let server = Server::shared().await;
        let user = server.user().await;
        let mut transaction = server.pool().begin().await.expect("a transaction");
        sqlx::query("update ddb.session set counter = counter + 2 where account = $1")
            .bind(user.account())
            .execute(&mut *transaction)
            .await
            .expect("the statement runs");
        let waiting = tokio::spawn({
            let (server, token) = (server.clone(), user.refresh_token.clone());
            async move { refresh(&server, &token).await }
        });
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert!(!waiting.is_finished());
        transaction.commit().await.expect("committed");
        waiting.await.expect("no panic").expect_error(401, "UNAUTHENTICATED");
        assert!(!user.is_in().await);
    });
}

/// THREATS 5.
#[test]
fn nothing_else_is_a_refresh_token() {
    run(async {
        let server = Server::shared().await;
        let user = server.user().await;
        let mut forged = user.refresh_token.clone();
        forged.replace_range(forged.len() - 1.., if forged.ends_with('A') { "B" } else { "A" });
        let next_counter = user.refresh_token.replacen("_1_", "_2_", 1);
        for token in [user.access_token.as_str(), "", "ddbr_", &forged, &next_counter, &"a".repeat(60_000)] {
            refresh(&server, token).await.expect_error(401, "UNAUTHENTICATED");
        }
        // None of these ended anything.
        refresh(&server, &user.refresh_token).await.expect(200);
        for body in [json!({}), json!({ "refresh_token": 1 }), json!({ "refresh_token": null })] {
            server.anon().post("/api/auth/refresh", &body).await.expect_field("refresh_token");
        }
    });
}

#[test]
fn an_ended_session_and_a_banned_account_do_not_refresh() {
    run(async {
        let server = Server::shared().await;
        let (user, banned) = (server.user().await, server.user().await);
        user.client.post("/api/auth/signout", &json!(null)).await;
        refresh(&server, &user.refresh_token).await.expect_error(401, "UNAUTHENTICATED");
        server.execute("update ddb.account set banned_at = 1 where id = $1", banned.account()).await;
        refresh(&server, &banned.refresh_token).await.expect_error(401, "UNAUTHENTICATED");
    });
}

#[test]
fn a_session_ends_unused_after_seven_days_and_in_any_case_after_ninety() {
    run(async {
        let server = Server::shared().await;
        let (idle, old) = (server.user().await, server.user().await);
        server
            .execute(
                "update ddb.session set rotated_at = rotated_at - (7 * 86400 + 1) * 1000000::bigint where account = $1",
                idle.account(),
            )
            .await;
        server
            .execute(
                "update ddb.session set created_at = created_at - (90 * 86400 + 1) * 1000000::bigint where account = $1",
                old.account(),
            )
            .await;
        refresh(&server, &idle.refresh_token).await.expect_error(401, "UNAUTHENTICATED");
        refresh(&server, &old.refresh_token).await.expect_error(401, "UNAUTHENTICATED");
        server
            .execute("update ddb.session set rotated_at = rotated_at + 10 * 1000000::bigint where account = $1", idle.account())
            .await;
        refresh(&server, &idle.refresh_token).await.expect(200);
    });
}
