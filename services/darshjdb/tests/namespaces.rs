//! Namespaces as whoever runs the server meets them: the command line, restarts, backups.

use std::time::{Duration, Instant};

use ddb_testkit::{Caller, Client, Database, Json, Output, Server, json};

const HEADER: &str = "x-ddb-namespace";

fn within(client: &Client, namespace: &str) -> Client {
    client.with_header(HEADER, namespace)
}

async fn create(root: &Client, name: &str) {
    root.post("/api/admin/namespaces", &json!({ "name": name })).await.expect(201);
}

#[track_caller]
fn done(output: &Output) -> Json {
    assert_eq!(output.code, Some(0), "{output:?}");
    serde_json::from_str(&output.stdout).expect("the command prints JSON")
}

/// A namespace with an account and a few records; gives its record's path.
async fn fill(server: &Server, root: &Client, name: &str) -> (Caller, String) {
    create(root, name).await;
    let ada = Caller::sign_up(&within(&server.anon(), name), "ada@example.com").await;
    let made = ada.post("/api/data/notes", &json!({ "id": "a", "text": format!("of {name}") })).await.expect(201);
    ada.patch(&made.path(), &json!({ "text": format!("still of {name}") })).await.expect(200);
    within(root, name).post("/api/schema/notes/indexes", &json!({ "fields": ["text"] })).await.expect(201);
    (ada, made.path())
}

/// Mutants: `ddb verify` and `ddb rebuild` look at `main` alone.
#[tokio::test]
async fn the_command_line_knows_every_namespace() {
    let mut server = Server::start().await;
    let root = server.admin().await;
    fill(&server, &root, "shop").await;
    fill(&server, &root, "blog").await;
    let made = ["admin", "create", "--namespace", "shop", "--email", "boss@example.com", "--password-stdin"];
    let made = server.ddb_with(&made, &format!("{}\n", Caller::PASSWORD));
    assert_eq!(made.code, Some(0), "{made:?}");
    assert!(!made.stdout.contains("root"), "root is of main alone: {}", made.stdout);
    let boss = Caller::sign_in(&within(&server.anon(), "shop"), "boss@example.com").await;
    boss.get("/api/schema").await.expect(200);
    boss.get("/api/admin/namespaces").await.expect_error(403, "PERMISSION_DENIED");
    assert!(!server.ddb(&["admin", "list"]).stdout.contains("boss@"), "each namespace has its own admins");
    assert!(server.ddb(&["admin", "list", "--namespace", "shop"]).stdout.contains("boss@"));
    let unknown = server.ddb(&["admin", "list", "--namespace", "nowhere"]);
    assert!(unknown.code != Some(0) && unknown.stderr.contains("nowhere"), "{unknown:?}");
    let banned = server.ddb(&["admin", "ban", "--namespace", "shop", "--email", "boss@example.com", "--force"]);
    assert_eq!(banned.code, Some(0), "{banned:?}");
    let sign_in = json!({ "email": "boss@example.com", "password": Caller::PASSWORD });
    within(&server.anon(), "shop").post("/api/auth/signin", &sign_in).await.expect_error(401, "UNAUTHENTICATED");

    let status = done(&server.ddb(&["status", "--json"]));
    let names: Vec<&Json> = status["namespaces"].as_array().expect("namespaces").iter().map(|one| &one["name"]).collect();
    assert_eq!(names, ["main", "blog", "shop"]);
    assert_eq!(status["tx"], status["namespaces"][0]["tx"]);
    assert_eq!(done(&server.ddb(&["status", "--json", "--namespace", "blog"]))["namespaces"][0]["tables"][1]["records"], 1);

    let report = done(&server.ddb(&["verify", "--json"]));
    assert_eq!((&report["sound"], &report["namespaces"]["shop"]["sound"]), (&json!(true), &json!(true)));
    let head = status["namespaces"][1]["head_hash"].as_str().expect("a hash").to_owned();
    done(&server.ddb(&["verify", "--json", "--namespace", "blog", "--expect-head", &head]));
    assert_eq!(server.ddb(&["verify", "--expect-head", &head]).code, Some(1), "it is not of main");
    // What is wrong in any of them is found; what is not of the log is mended.
    let database = server.embedded().await;
    let mut session = database.connect().await;
    session.execute("update ddb_data.t2_2 set doc = '{\"text\": \"forged\"}'").await;
    let verified = server.ddb(&["verify"]);
    assert_eq!(verified.code, Some(1), "{verified:?}");
    assert!(verified.stdout.contains("namespace shop"), "{}", verified.stdout);
    assert_eq!(server.ddb(&["verify", "--namespace", "blog"]).code, Some(0));
    assert_eq!(server.ddb(&["rebuild"]).code, Some(0));
    assert_eq!(server.ddb(&["verify"]).code, Some(0));
    drop(session);
    server.restart().await;
    assert_eq!(within(&root, "shop").get("/api/data/notes/a").await.expect(200).json["data"]["text"], "still of shop");
}

/// Mutant: `copy` copies all rows.
#[tokio::test]
async fn a_backup_holds_every_namespace_and_nothing_of_removed_ones() {
    let server = Server::start().await;
    let root = server.admin().await;
    let (_, path) = fill(&server, &root, "shop").await;
    fill(&server, &root, "gone").await;
    root.delete("/api/admin/namespaces/gone").await.expect(204);
    // What the removed one held is not deleted yet.
    let file = server.directory().join("backup");
    let saved = done(&server.ddb(&["backup", file.to_str().expect("a path"), "--json"]));
    let names: Vec<&Json> = saved["namespaces"].as_array().expect("namespaces").iter().map(|one| &one["name"]).collect();
    assert_eq!(names, ["main", "shop"]);
    let restored = Server::builder().empty();
    let mut copy = restored.start().await;
    copy.stop();
    std::fs::remove_dir_all(copy.data_dir()).expect("the data can be removed");
    let output = copy.ddb(&["restore", file.to_str().expect("a path"), "--json"]);
    assert_eq!(output.code, Some(0), "{output:?}");
    copy.restart().await;
    let ada = Caller::sign_in(&within(&copy.anon(), "shop"), "ada@example.com").await;
    assert_eq!(ada.get(&path).await.expect(200).json["data"]["text"], "still of shop");
    within(&copy.anon(), "gone").get("/api/data/notes").await.expect_error(404, "NAMESPACE_NOT_FOUND");
    let database = copy.embedded().await;
    let mut session = database.connect().await;
    assert_eq!(session.value("select count(*)::text from ddb.triple where namespace = 3").await, "0");
    assert_eq!(session.value("select count(*)::text from ddb.account where namespace = 3").await, "0");
    // The number of the removed one is not given again.
    let root = Caller::sign_in(&copy.anon(), "admin@example.com").await;
    create(&root, "gone").await;
    assert_eq!(session.value("select id::text from ddb.namespace where name = 'gone'").await, "4");
    assert_eq!(copy.ddb(&["verify"]).code, Some(0));
}

/// Mutants: `restore` reads no line of a removed namespace; it takes `main` away.
#[tokio::test]
async fn a_restore_with_the_list_of_erasures_removes_what_was_removed_since() {
    let server = Server::start().await;
    let root = server.admin().await;
    fill(&server, &root, "shop").await;
    let file = server.directory().join("backup");
    let file = file.to_str().expect("a path");
    done(&server.ddb(&["backup", file, "--json"]));
    root.delete("/api/admin/namespaces/shop").await.expect(204);
    let list = server.ddb(&["erasures"]);
    assert_eq!((list.code, list.stdout.lines().count()), (Some(0), 1), "{list:?}");
    let path = server.directory().join("erasures.jsonl");
    std::fs::write(&path, &list.stdout).expect("the list can be written");
    let (list_path, place) = (path.to_str().expect("a path"), server.directory().join("restored"));
    let restored = done(&server.ddb_in(&place, &["restore", file, "--erasures", list_path, "--json"]));
    assert_eq!((&restored["removed_namespaces"], &restored["unmatched"]), (&json!(1), &json!(0)));
    let status = done(&server.ddb_in(&place, &["status", "--json"]));
    let names: Vec<&Json> = status["namespaces"].as_array().expect("namespaces").iter().map(|one| &one["name"]).collect();
    assert_eq!(names, ["main"]);
    assert_eq!(server.ddb_in(&place, &["erasures"]).stdout, list.stdout, "the list goes on");

    // Nobody can have removed `main`.
    let main = server.embedded().await.connect().await.value("select uuid::text from ddb.namespace where id = 1").await;
    std::fs::write(&path, format!("{}\n", json!({ "namespace": main, "removed": "2026-11-22T00:00:00Z" }))).expect("a list");
    let refused = server.ddb_in(&server.directory().join("refused"), &["restore", file, "--erasures", list_path]);
    assert!(refused.code == Some(1) && refused.stderr.contains("`main` was removed"), "{refused:?}");
}

/// Mutant: the row says that everything is deleted before it is.
#[tokio::test]
async fn a_kill_while_a_namespace_is_deleted_leaves_the_rest_to_the_next_start() {
    let database = Database::new().await;
    let mut server = Server::builder().over(&database).start().await;
    let root = server.admin().await;
    let (ada, _) = fill(&server, &root, "shop").await;
    for table in 0..8 {
        let records: Vec<Json> = (0..1_500).map(|n| json!({ "n": n, "a": 1, "b": 2, "c": 3 })).collect();
        ada.post(&format!("/api/data/t{table}"), &json!(records)).await.expect(201);
    }
    root.delete("/api/admin/namespaces/shop").await.expect(204);
    let mut session = database.connect().await;
    let left = "select (select count(*) from ddb.triple where namespace = 2)::text";
    let all: u64 = session.value(left).await.parse().expect("a number");
    let tables = "select count(*)::text from pg_tables where schemaname = 'ddb_data' and tablename like 't2\\_%'";
    let end = Instant::now() + Duration::from_secs(60);
    // Killed again and again, as soon as something has gone.
    let mut kills = 0;
    let mut before = (session.value(tables).await, all);
    loop {
        let now = (session.value(tables).await, session.value(left).await.parse().expect("a number"));
        if now == ("0".to_owned(), 0) {
            break;
        }
        if now != before && kills < 3 {
            server.kill();
            kills += 1;
            // Whoever dies leaves a job to others a minute later; this test has not the time.
            session.execute("update ddb.job set lease_until = null").await;
            before = now;
            server.restart().await;
            within(&root, "shop").get("/api/data/t0").await.expect_error(404, "NAMESPACE_NOT_FOUND");
        }
        assert!(Instant::now() < end, "everything is deleted");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(kills > 0, "it was interrupted");
    let purged = "select count(*)::text from ddb.namespace where id = 2 and purged_at is not null";
    while session.value(purged).await == "0" {
        assert!(Instant::now() < end, "and it is noted that nothing is left");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    for relation in ["tx", "entity", "attribute", "account", "session", "data_table", "index_definition", "kept_answer"] {
        assert_eq!(
            session.value(&format!("select count(*)::text from ddb.{relation} where namespace = 2")).await,
            "0",
            "{relation}"
        );
    }
    assert_eq!(server.ddb(&["verify"]).code, Some(0));
}

/// A start does nothing for each namespace.
#[tokio::test]
async fn hundreds_of_namespaces_do_not_slow_a_start() {
    let mut server = Server::start().await;
    let root = server.admin().await;
    let started = Instant::now();
    server.restart().await;
    let alone = started.elapsed();
    for n in 0..200 {
        create(&root, &format!("n{n}")).await;
    }
    // Some of them with tables.
    for n in 0..20 {
        within(&root, &format!("n{n}")).post("/api/data/notes", &json!({})).await.expect(201);
    }
    let started = Instant::now();
    server.restart().await;
    let with_many = started.elapsed();
    assert!(with_many < alone + Duration::from_secs(2), "{with_many:?} with 200 namespaces, {alone:?} without");
    within(&root, "n19").post("/api/data/notes", &json!({})).await.expect(201);
}
