//! What was acknowledged is there after a crash, whatever PostgreSQL was told about durability.
//!
//! Mutants: `Config::new` (libs/store/src/config.rs) without `synchronous_commit`: every step but those of the transactor is lost. A pool or a connection
//! that is made without the store's options.

use std::process::Command;
use std::time::Duration;

use ddb_testkit::{Caller, Server, json, kill};
use tokio::time::{Instant, sleep};

use crate::recovery::RECOVERS;
use crate::turn;

/// PostgreSQL writes what was committed without being flushed a moment later by itself; the process that does it is held while `act` is acknowledged,
/// and then all are killed.
async fn survives<T>(server: &Server, act: impl AsyncFnOnce() -> T) -> T {
    let mut session = server.embedded().await.connect().await;
    assert_eq!(session.value("select current_setting('synchronous_commit')").await, "off", "the test has set it");
    let writer = session.value("select pid::text from pg_stat_activity where backend_type = 'walwriter'").await;
    assert!(Command::new("kill").args(["-STOP", &writer]).status().expect("kill can be run").success());
    let done = act().await;
    processes(server).into_iter().for_each(kill);
    let begin = Instant::now();
    sleep(Duration::from_millis(50)).await;
    while server.anon().get("/ready").await.status != 200 {
        assert!(begin.elapsed() < RECOVERS, "PostgreSQL does not come back");
        sleep(Duration::from_millis(20)).await;
    }
    done
}

/// The postmaster first, so that it starts no other process.
fn processes(server: &Server) -> Vec<u32> {
    let cluster = server.data_dir().join("postgres");
    let entries = std::fs::read_dir("/proc").expect("there is /proc").flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let here = pids.filter(|pid| std::fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|cwd| cwd == cluster));
    server.postmaster().into_iter().chain(here).collect()
}

#[tokio::test]
async fn every_acknowledged_write_survives_a_crash_where_durability_was_turned_off() {
    let _turn = turn().await;
    let mut server = Server::start().await;
    let (root, banned, user) = (server.admin().await, server.user().await, server.user().await);
    let mut session = server.embedded().await.connect().await;
    for whose in ["role ddb", "database darshjdb", "role ddb in database darshjdb"] {
        session.execute(&format!("alter {whose} set synchronous_commit = off")).await;
    }
    session.execute("alter system set synchronous_commit = off").await;
    drop(session);
    assert_eq!(server.stop().code(), Some(0));
    server.restart().await;
    let anon = server.anon();
    let sign_in = async |email: &str, password: &str| {
        anon.post("/api/auth/signin", &json!({ "email": email, "password": password })).await.status
    };

    let made = survives(&server, async || user.post("/api/data/tasks", &json!({ "n": 1 })).await.expect(201)).await;
    user.get(&made.path()).await.expect(200);

    let newcomer = survives(&server, async || server.user().await).await;
    newcomer.get("/api/auth/me").await.expect(200);
    assert_eq!(sign_in(&newcomer.email, Caller::PASSWORD).await, 200);

    let signed_in = survives(&server, async || Caller::sign_in(&anon, &user.email).await).await;
    signed_in.get("/api/auth/me").await.expect(200);

    let refresh = async |token: &str| anon.post("/api/auth/refresh", &json!({ "refresh_token": token })).await;
    let refreshed = survives(&server, async || refresh(&signed_in.refresh_token).await.expect(200)).await;
    let next = Caller::of(&anon, &refreshed.json);
    refresh(&next.refresh_token).await.expect(200);

    survives(&server, async || next.post("/api/auth/signout", &json!({})).await.expect(204)).await;
    next.get("/api/auth/me").await.expect(401);

    let change = json!({ "current": Caller::PASSWORD, "new": "another horse 43 battery" });
    survives(&server, async || newcomer.post("/api/auth/password", &change).await.expect(200)).await;
    assert_eq!(sign_in(&newcomer.email, Caller::PASSWORD).await, 401);
    assert_eq!(sign_in(&newcomer.email, "another horse 43 battery").await, 200);

    let ban = ["admin", "ban", "--email", &banned.email];
    survives(&server, async || assert_eq!(server.ddb(&ban).code, Some(0))).await;
    assert_ne!(sign_in(&banned.email, Caller::PASSWORD).await, 200);
    banned.get("/api/auth/me").await.expect(401);

    let namespace = json!({ "name": "staging" });
    survives(&server, async || root.post("/api/admin/namespaces", &namespace).await.expect(201)).await;
    assert!(root.get("/api/admin/namespaces").await.expect(200).text().contains("staging"));

    let index = json!({ "name": "by_n", "fields": ["n"] });
    survives(&server, async || root.post("/api/schema/tasks/indexes", &index).await.expect(201)).await;
    assert!(root.get("/api/schema/tasks/indexes").await.expect(200).text().contains("by_n"));

    survives(&server, async || root.patch("/api/admin/limits", &json!({ "network": 98_765 })).await.expect(200)).await;
    assert!(root.get("/api/admin/limits").await.expect(200).text().contains("98765"));

    survives(&server, async || root.patch("/api/admin/quotas", &json!({ "owner": { "records": 87_654 } })).await.expect(200))
        .await;
    assert!(root.get("/api/admin/quotas").await.expect(200).text().contains("87654"));

    survives(&server, async || root.patch("/api/schema", &json!({ "history": "150y" })).await.expect(200)).await;
    assert!(root.get("/api/schema").await.expect(200).text().contains("150y"));

    let job = survives(&server, async || root.post("/api/audit/verify", &json!({})).await.expect(202)).await;
    let job = job.json["job"].as_str().expect("a job").to_owned();
    root.get(&format!("/api/jobs/{job}")).await.expect(200);
}
