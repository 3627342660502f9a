//! What was acknowledged is there after a crash, whatever PostgreSQL was told about durability.
//!
//! Mutants: `Config::new` (libs/store/src/config.rs) without `synchronous_commit`: every step but those of the transactor is lost. A pool or a connection
//! that is made without the store's options.

use std::process::Command;
use std::time::Duration;

use ddb_testkit::{Answer, Caller, Server, json, kill};
use tokio::time::{Instant, sleep};

use crate::recovery::RECOVERS;
use crate::turn;

/// PostgreSQL writes what was committed without being flushed a moment later by itself; the process that does it is held while `act` is acknowledged,
/// and then all are killed. The act is repeated where its connection turns out to have died in the crash before.
async fn survives<T>(server: &Server, act: impl AsyncFn() -> Option<T>) -> T {
    let mut session = server.embedded().await.connect().await;
    assert_eq!(session.value("select current_setting('synchronous_commit')").await, "off", "the test has set it");
    let writer = session.value("select pid::text from pg_stat_activity where backend_type = 'walwriter'").await;
    assert!(Command::new("kill").args(["-STOP", &writer]).status().expect("kill can be run").success());
    let done = loop {
        if let Some(done) = act().await {
            break done;
        }
    };
    processes(server).into_iter().for_each(kill);
    let begin = Instant::now();
    sleep(Duration::from_millis(50)).await;
    // Each connection of a pool that died in the crash shows at its first statement.
    let mut in_a_row = 0;
    while in_a_row < 8 {
        in_a_row = if server.anon().get("/ready").await.status == 200 { in_a_row + 1 } else { 0 };
        assert!(begin.elapsed() < 2 * RECOVERS, "PostgreSQL does not come back");
        sleep(Duration::from_millis(10)).await;
    }
    done
}

/// An answer, unless it is that PostgreSQL is not there.
fn given(answer: Answer, status: u16) -> Option<Answer> {
    (answer.status != 503).then(|| answer.expect(status))
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

    let made = survives(&server, async || given(user.post("/api/data/tasks", &json!({ "n": 1 })).await, 201)).await;
    user.get(&made.path()).await.expect(200);

    let sign_up = json!({ "email": "newcomer@example.com", "password": Caller::PASSWORD });
    let newcomer = survives(&server, async || given(anon.post("/api/auth/signup", &sign_up).await, 201)).await;
    let newcomer = Caller::of(&anon, &newcomer.json);
    newcomer.get("/api/auth/me").await.expect(200);
    assert_eq!(sign_in(&newcomer.email, Caller::PASSWORD).await, 200);

    let credentials = json!({ "email": user.email, "password": Caller::PASSWORD });
    let signed_in = survives(&server, async || given(anon.post("/api/auth/signin", &credentials).await, 200)).await;
    let signed_in = Caller::of(&anon, &signed_in.json);
    signed_in.get("/api/auth/me").await.expect(200);

    let refresh = async |token: &str| anon.post("/api/auth/refresh", &json!({ "refresh_token": token })).await;
    let refreshed = survives(&server, async || given(refresh(&signed_in.refresh_token).await, 200)).await;
    let next = Caller::of(&anon, &refreshed.json);
    refresh(&next.refresh_token).await.expect(200);

    survives(&server, async || given(next.post("/api/auth/signout", &json!({})).await, 204)).await;
    next.get("/api/auth/me").await.expect(401);

    let change = json!({ "current": Caller::PASSWORD, "new": "another horse 43 battery" });
    survives(&server, async || given(newcomer.post("/api/auth/password", &change).await, 200)).await;
    assert_eq!(sign_in(&newcomer.email, Caller::PASSWORD).await, 401);
    assert_eq!(sign_in(&newcomer.email, "another horse 43 battery").await, 200);

    let ban = ["admin", "ban", "--email", &banned.email];
    survives(&server, async || (server.ddb(&ban).code == Some(0)).then_some(())).await;
    assert_ne!(sign_in(&banned.email, Caller::PASSWORD).await, 200);
    banned.get("/api/auth/me").await.expect(401);

    let namespace = json!({ "name": "staging" });
    survives(&server, async || given(root.post("/api/admin/namespaces", &namespace).await, 201)).await;
    assert!(root.get("/api/admin/namespaces").await.expect(200).text().contains("staging"));

    let index = json!({ "name": "by_n", "fields": ["n"] });
    survives(&server, async || given(root.post("/api/schema/tasks/indexes", &index).await, 201)).await;
    assert!(root.get("/api/schema/tasks/indexes").await.expect(200).text().contains("by_n"));

    survives(&server, async || given(root.patch("/api/admin/limits", &json!({ "network": 98_765 })).await, 200)).await;
    assert!(root.get("/api/admin/limits").await.expect(200).text().contains("98765"));

    survives(&server, async || given(root.patch("/api/admin/quotas", &json!({ "owner": { "records": 87_654 } })).await, 200))
        .await;
    assert!(root.get("/api/admin/quotas").await.expect(200).text().contains("87654"));

    survives(&server, async || given(root.patch("/api/schema", &json!({ "history": "150y" })).await, 200)).await;
    assert!(root.get("/api/schema").await.expect(200).text().contains("150y"));

    let job = survives(&server, async || given(root.post("/api/audit/verify", &json!({})).await, 202)).await;
    let job = job.json["job"].as_i64().expect("a number");
    root.get(&format!("/api/jobs/{job}")).await.expect(200);
}
