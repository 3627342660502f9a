//! THREATS 9, between processes: two of them on one database, each with a store and an authenticator of its own.

use std::time::Duration;

use axum::http::Method;
use ddb_api::bus::Revoked;
use ddb_auth::Config;
use ddb_bus::Bus;
use ddb_core::NamespaceId;
use ddb_testkit::{Database, NatsServer, json};

use crate::harness::{Client, MEMORY, PASSWORD, Server, User, run, until};

const SECOND: Duration = Duration::from_secs(1);

async fn config() -> Config {
    Config { sign_ups_per_hour: 0, ..Config::default() }
}

/// Two processes that have no bus in common.
async fn two() -> (Server, Server) {
    let database = Database::new().await;
    let first = Server::over(&database, config().await, MEMORY, Bus::local()).await;
    let second = Server::over(&database, config().await, MEMORY, Bus::local()).await;
    (first, second)
}

async fn is_in(client: &Client) -> bool {
    match client.get("/api/auth/me").await.status {
        200 => true,
        401 => false,
        other => panic!("{other}"),
    }
}

/// The user as he is known to the other process.
fn at(server: &Server, user: &User) -> Client {
    server.anon().with_token(&user.access_token)
}

/// Mutants: the statements that end sessions do not notify; `obey` does nothing.
#[test]
fn what_ends_in_one_process_ends_in_the_other_within_a_second() {
    run(async {
        let (first, second) = two().await;
        for round in 0..3 {
            let (user, device) = {
                let user = first.user().await;
                let device = first.again(&user).await;
                (user, device)
            };
            let there = [at(&second, &user), at(&second, &device)];
            assert!(is_in(&there[0]).await && is_in(&there[1]).await);
            match round {
                0 => {
                    user.client.send(Method::POST, "/api/auth/signout", None).await.expect(204);
                    until(SECOND, async || !is_in(&there[0]).await).await;
                    assert!(is_in(&there[1]).await);
                }
                1 => {
                    let body = json!({ "current": PASSWORD, "new": "another horse 43" });
                    user.client.post("/api/auth/password", &body).await.expect(200);
                    until(SECOND, async || !is_in(&there[0]).await && !is_in(&there[1]).await).await;
                }
                _ => {
                    user.client.delete("/api/auth/sessions").await.expect(204);
                    until(SECOND, async || !is_in(&there[0]).await && !is_in(&there[1]).await).await;
                }
            }
        }
    });
}

/// The bus alone says it: PostgreSQL is healthy and silent. Mutant: `hear_bus` drops messages.
#[test]
fn a_revocation_travels_over_nats() {
    run(async {
        let nats = NatsServer::start().await;
        let database = Database::new().await;
        let bus = async |name| Bus::connect(&nats.url(), name).await.expect("connected");
        let first = Server::over(&database, config().await, MEMORY, bus("first").await).await;
        let second = Server::over(&database, config().await, MEMORY, bus("second").await).await;
        let user = first.user().await;
        let there = at(&second, &user);
        // Until both have subscribed.
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert!(is_in(&there).await);
        first.execute("update ddb.account set banned_at = 1 where id = $1", user.account()).await;
        tokio::time::sleep(Duration::from_millis(1200)).await;
        assert!(is_in(&there).await, "nobody has said anything, and what was read is trusted");
        first.shared.authenticator.revoked(&Revoked::account(NamespaceId::MAIN, user.account())).await;
        assert!(!user.is_in().await, "at once in the process that says it");
        until(SECOND, async || !is_in(&there).await).await;
    });
}

/// NATS dies; PostgreSQL still says it. Mutant: with NATS nobody listens to PostgreSQL.
#[test]
fn a_revocation_arrives_without_nats_too() {
    run(async {
        let mut nats = NatsServer::start().await;
        let database = Database::new().await;
        let bus = async |name| Bus::connect(&nats.url(), name).await.expect("connected");
        let first = Server::over(&database, config().await, MEMORY, bus("first").await).await;
        let second = Server::over(&database, config().await, MEMORY, bus("second").await).await;
        let user = first.user().await;
        let there = at(&second, &user);
        assert!(is_in(&there).await);
        nats.kill().await;
        let begin = tokio::time::Instant::now();
        user.client.send(Method::POST, "/api/auth/signout", None).await.expect(204);
        assert!(begin.elapsed() < 2 * SECOND, "a bus that is away does not hold up a request");
        until(SECOND, async || !is_in(&there).await).await;
    });
}

/// The connection that listens hangs without breaking, and the change is not announced at all. Mutant: `holds` trusts without a heartbeat.
#[test]
fn a_process_that_hears_nothing_reads_again_within_a_second() {
    run(async {
        let (first, second) = two().await;
        let user = first.user().await;
        let there = at(&second, &user);
        assert!(is_in(&there).await);
        let listening: Vec<(i32,)> = sqlx::query_as(
            "select pid from pg_stat_activity where datname = current_database() and application_name = 'ddb revocations'",
        )
        .fetch_all(first.pool())
        .await
        .expect("the list of connections");
        assert_eq!(listening.len(), 2);
        let stopped: Vec<Stopped> = listening.into_iter().map(|(pid,)| Stopped::stop(pid)).collect();
        first.execute("update ddb.account set banned_at = 1 where id = $1", user.account()).await;
        // A second, and the time that this machine needs for a request.
        until(Duration::from_millis(1200), async || !is_in(&there).await).await;

        // What comes back has missed nothing. The process may have a new connection by now and trust what it hears, so this change is
        // announced, as every change of the product's is.
        let statement = "
            with back as (update ddb.account set banned_at = null where id = $1 returning id)
            select pg_notify('ddb_revoked', json_build_object('namespace', 1, 'account', id)::text) from back
        ";
        first.execute(statement, user.account()).await;
        until(Duration::from_millis(1200), async || is_in(&there).await).await;
        drop(stopped);
        until(5 * SECOND, async || {
            let heard: (i64,) = sqlx::query_as("select count(*) from pg_stat_activity where datname = current_database() and application_name = 'ddb revocations' and query = 'select 1'")
                .fetch_one(first.pool())
                .await
                .expect("the list of connections");
            heard.0 >= 2
        })
        .await;
        user.client.send(Method::POST, "/api/auth/signout", None).await.expect(204);
        until(SECOND, async || !is_in(&there).await).await;
    });
}

/// A PostgreSQL backend that is halted as a machine or a network may halt it; it goes on when the value is dropped.
struct Stopped(i32);

impl Stopped {
    fn stop(pid: i32) -> Self {
        signal(pid, "-STOP");
        Self(pid)
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        signal(self.0, "-CONT");
    }
}

fn signal(pid: i32, signal: &str) {
    let sent = std::process::Command::new("kill").args([signal, &pid.to_string()]).status().expect("kill can be run");
    assert!(sent.success());
}

/// The connection is cut; between the cut and the new one a revocation is committed. Mutant: `hear` does not forget when it begins.
#[test]
fn what_was_said_while_nobody_listened_is_not_missed() {
    run(async {
        let (first, second) = two().await;
        let user = first.user().await;
        let there = at(&second, &user);
        assert!(is_in(&there).await);
        let mut transaction = first.pool().begin().await.expect("a transaction");
        sqlx::query("select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name = 'ddb revocations'")
            .execute(&mut *transaction)
            .await
            .expect("terminated");
        sqlx::query("update ddb.account set banned_at = 1 where id = $1")
            .bind(user.account())
            .execute(&mut *transaction)
            .await
            .expect("banned");
        transaction.commit().await.expect("committed");
        until(SECOND, async || !is_in(&there).await).await;
    });
}
