//! `/api/admin/namespaces`, and what is kept apart between namespaces.

use std::time::{Duration, Instant};

use ddb_testkit::{Caller, Client, Database, Json, Server, json};

const HEADER: &str = "x-ddb-namespace";
/// 32 random bytes that both processes of a test have.
const MASTER_KEY: &str = "c0e8b1f4a6d3297581e0c4b7f2a9d63548fb07c1e3a2d5965d2a49378f1c6e0b";

fn within(client: &Client, namespace: &str) -> Client {
    client.with_header(HEADER, namespace)
}

async fn create(root: &Client, name: &str) {
    root.post("/api/admin/namespaces", &json!({ "name": name })).await.expect(201);
}

/// A namespace that no other test of the process has.
async fn fresh(cast: &ddb_testkit::Cast) -> String {
    let name = format!("ns_{:08x}", rand::random::<u32>());
    create(&cast.admin, &name).await;
    name
}

/// Mutants: `require_root` lets admins pass; `Sessions::who` gives `root` whatever `DDB_ROOT` says.
#[tokio::test]
async fn namespaces_are_roots() {
    let server = Server::start().await;
    let (root, user) = (server.admin().await, server.user().await);
    let second = ["admin", "create", "--email", "second@example.com", "--password-stdin"];
    assert_eq!(server.ddb_with(&second, &format!("{}\n", Caller::PASSWORD)).code, Some(0));
    let admin = Caller::sign_in(&server.anon(), "second@example.com").await;
    let path = "/api/admin/namespaces";
    for (caller, status, code) in
        [(&server.anon(), 401, "UNAUTHENTICATED"), (&*user, 403, "PERMISSION_DENIED"), (&*admin, 403, "PERMISSION_DENIED")]
    {
        caller.get(path).await.expect_error(status, code);
        caller.post(path, &json!({ "name": "shop" })).await.expect_error(status, code);
        caller.delete(&format!("{path}/shop")).await.expect_error(status, code);
        caller.delete(&format!("{path}/main")).await.expect_error(status, code);
    }
    let made = root.post(path, &json!({ "name": "shop" })).await.expect(201);
    assert_eq!((&made.json["data"]["name"], &made.json["data"]["created_by"]), (&json!("shop"), &json!(root.id)));
    assert_eq!(made.json["data"]["tx"], 0);
    root.post(path, &json!({ "name": "shop" })).await.expect_error(409, "CONFLICT");
    root.post(path, &json!({ "name": "main" })).await.expect_error(409, "CONFLICT");
    root.post(path, &json!({ "name": "Shop" })).await.expect(201);
    for name in ["", "a b", "1a", "a-b", "é", &"n".repeat(64), "x;drop table ddb.namespace"] {
        root.post(path, &json!({ "name": name })).await.expect_error(400, "BAD_REQUEST");
    }
    for body in [json!({}), json!({ "name": 1 }), json!({ "name": "x", "more": 1 })] {
        root.post(path, &body).await.expect_error(422, "VALIDATION_FAILED");
    }
    root.post(path, &json!([])).await.expect_error(422, "VALIDATION_FAILED");
    let listed = root.get(path).await.expect(200);
    let names: Vec<&Json> = listed.records().iter().map(|namespace| &namespace["name"]).collect();
    assert_eq!(names, ["Shop", "main", "shop"], "in the order of their bytes");
    root.delete(&format!("{path}/nowhere")).await.expect_error(404, "NAMESPACE_NOT_FOUND");
    root.delete(&format!("{path}/main")).await.expect_error(409, "CONFLICT");
    root.delete(&format!("{path}/a-b")).await.expect_error(400, "BAD_REQUEST");
    root.delete(&format!("{path}/Shop")).await.expect(204);
    root.delete(&format!("{path}/Shop")).await.expect_error(404, "NAMESPACE_NOT_FOUND");
    // Root is root in whatever namespace it names.
    within(&root, "shop").post(path, &json!({ "name": "other" })).await.expect(201);
}

#[tokio::test]
async fn root_can_be_switched_off() {
    let server = Server::builder().variable("DDB_ROOT", "off").start().await;
    let root = server.admin().await;
    root.get("/api/admin/namespaces").await.expect_error(403, "PERMISSION_DENIED");
    root.post("/api/admin/namespaces", &json!({ "name": "shop" })).await.expect_error(403, "PERMISSION_DENIED");
    within(&root, "shop").get("/api/data/t").await.expect_error(404, "NAMESPACE_NOT_FOUND");
}

/// THREATS 4. Mutant: `Principal::within` gives the account whatever namespace is named.
#[tokio::test]
async fn a_token_is_good_in_its_own_namespace_only() {
    let cast = crate::STAGE.cast().await;
    let (one, two) = (fresh(cast).await, fresh(cast).await);
    let email = "ada@example.com";
    let ada = Caller::sign_up(&within(&cast.anon, &one), email).await;
    let other = Caller::sign_up(&within(&cast.anon, &two), email).await;
    assert_ne!(ada.id, other.id, "the same address is another account");
    ada.get("/api/auth/me").await.expect(200);
    let token = ada.client.token.clone().expect("a token");
    for path in ["/api/data/t", "/api/data/t/1", "/api/auth/me", "/api/auth/sessions", "/api/schema", "/api/audit/head"] {
        for client in [within(&cast.anon, &two), cast.anon.clone()] {
            client.with_token(token.clone()).get(path).await.expect_error(401, "UNAUTHENTICATED");
        }
        within(&cast.user, &one).get(path).await.expect_error(401, "UNAUTHENTICATED");
        within(&cast.user, "no_such_one").get(path).await.expect_error(404, "NAMESPACE_NOT_FOUND");
    }
    // Nor is a refresh token, which is not used up by that.
    let refresh = json!({ "refresh_token": ada.refresh_token });
    for client in [within(&cast.anon, &two), cast.anon.clone()] {
        client.post("/api/auth/refresh", &refresh).await.expect_error(401, "UNAUTHENTICATED");
    }
    let refreshed = within(&cast.anon, &one).post("/api/auth/refresh", &refresh).await.expect(200);
    let again = Caller::of(&within(&cast.anon, &one), &refreshed.json);
    let password = json!({ "current": Caller::PASSWORD, "new": "another one 42 horse" });
    let changed = again.post("/api/auth/password", &password).await.expect(200);
    Caller::of(&within(&cast.anon, &one), &changed.json).get("/api/auth/me").await.expect(200);
    // In the other namespace the password is what it was, and so are sign-ins.
    Caller::sign_in(&within(&cast.anon, &two), email).await;
    let unknown = json!({ "email": email, "password": Caller::PASSWORD });
    within(&cast.anon, &one).post("/api/auth/signin", &unknown).await.expect_error(401, "UNAUTHENTICATED");
}

/// The same keys, tables, actors and questions in two namespaces. Mutant: the catalogue of tables is one for all namespaces.
#[tokio::test]
async fn nothing_of_one_namespace_shows_in_another() {
    let cast = crate::STAGE.cast().await;
    let (one, two) = (fresh(cast).await, fresh(cast).await);
    let (ada, bob) = (
        Caller::sign_up(&within(&cast.anon, &one), "ada@example.com").await,
        Caller::sign_up(&within(&cast.anon, &two), "bob@example.com").await,
    );
    let (root_one, root_two) = (within(&cast.admin, &one), within(&cast.admin, &two));
    for n in 0..3 {
        let made = ada.post("/api/data/notes", &json!({ "id": n, "text": format!("of ada {n}") })).await.expect(201);
        assert_eq!(made.tx(), 2 + n, "each namespace counts for itself");
    }
    assert_eq!(bob.get("/api/data/notes").await.expect(200).tx(), 1);
    let made = bob.post("/api/data/notes", &json!({ "id": 1, "secret": true })).await.expect(201);
    assert_eq!((made.tx(), made.header("x-ddb-tx")), (2, "2"));
    let changed = bob.patch("/api/data/notes/1", &json!({ "text": "of bob" })).await.expect(200);
    assert_eq!(changed.tx(), 3);
    bob.get("/api/data/notes/2").await.expect_error(404, "NOT_FOUND");
    assert_eq!(ada.get("/api/data/notes/1").await.expect(200).json["data"]["text"], "of ada 1");
    for (root, records) in [(&root_one, 3), (&root_two, 1)] {
        let listed = root.get("/api/data/notes?count=exact").await.expect(200);
        assert_eq!((listed.records().len(), &listed.json["total"]), (records, &json!(records)));
        let queried = root.post("/api/query", &json!({ "notes": {}, "user": {} })).await.expect(200);
        assert_eq!(queried.json["data"]["notes"].as_array().map(Vec::len), Some(records));
        assert_eq!(queried.json["data"]["user"].as_array().map(Vec::len), Some(1));
    }
    let history = root_two.get("/api/data/notes/1/history").await.expect(200);
    assert_eq!(history.records().len(), 2);
    assert!(!history.text().contains("ada"), "{}", history.text());
    assert_eq!(root_two.get("/api/data/notes/1?at=2").await.expect(200).json["data"]["secret"], true);
    root_two.get("/api/audit/tx/4").await.expect_error(404, "NOT_FOUND");
    let shown = root_two.get("/api/audit/tx/2").await.expect(200);
    // Salts are hexadecimal and may hold `ada` by themselves.
    assert!(!shown.text().contains("of ada") && !shown.text().contains(&ada.id), "{}", shown.text());
    assert!(shown.text().contains(&bob.id), "{}", shown.text());
    let (head_one, head_two) =
        (root_one.get("/api/audit/head").await.expect(200), root_two.get("/api/audit/head").await.expect(200));
    assert_ne!(head_one.json["data"]["namespace"], head_two.json["data"]["namespace"]);
    assert_eq!((head_one.tx(), head_two.tx()), (4, 3));
    let activity = root_two.get("/api/audit/activity").await.expect(200);
    assert!(!activity.text().contains(&ada.id) && activity.text().contains(&bob.id), "{}", activity.text());
    let schema = root_two.get("/api/schema/notes").await.expect(200);
    assert_eq!(schema.json["data"]["fields"], json!(["secret", "text"]));
    // Definitions.
    root_one.post("/api/schema/notes/indexes", &json!({ "fields": ["text"], "unique": true })).await.expect(201);
    assert_eq!(root_two.get("/api/schema/notes/indexes").await.expect(200).records().len(), 0);
    ada.post("/api/data/notes", &json!({ "text": "of ada 1" })).await.expect_error(409, "CONFLICT");
    bob.post("/api/data/notes", &json!({ "text": "of bob" })).await.expect(201);
    // Jobs, by number.
    let job = root_one.post("/api/audit/verify", &json!({})).await.expect(202);
    let job = format!("/api/jobs/{}", job.json["job"]);
    root_one.get(&job).await.expect(200);
    root_two.get(&job).await.expect_error(404, "NOT_FOUND");
    cast.admin.get(&job).await.expect_error(404, "NOT_FOUND");
    // A cursor.
    let page = root_one.get("/api/data/notes?limit=1").await.expect(200);
    let next = format!("/api/data/notes?limit=1&cursor={}", page.json["next_cursor"].as_str().expect("a cursor"));
    root_one.get(&next).await.expect(200);
    root_two.get(&next).await.expect_error(400, "BAD_REQUEST");
    // A transaction that only the other namespace has.
    let minimum = root_one.get("/api/data/notes").await.expect(200).tx().to_string();
    root_one.with_header("x-ddb-min-tx", &minimum).get("/api/data/notes").await.expect(200);
    let far = ada.post("/api/data/notes", &json!([{}, {}, {}])).await.expect(201).tx() + 10;
    let waits = root_two.with_header("x-ddb-min-tx", &far.to_string()).get("/api/data/notes").await;
    assert_eq!(waits.expect_error(503, "UNAVAILABLE").header("x-ddb-tx"), "4");
}

/// Mutant: `kept_caller` gives None for root.
#[tokio::test]
async fn root_in_another_namespace_is_an_admin_without_a_record() {
    let cast = crate::STAGE.cast().await;
    let (one, two) = (fresh(cast).await, fresh(cast).await);
    let root = within(&cast.admin, &one);
    let ada = Caller::sign_up(&within(&cast.anon, &one), "ada@example.com").await;
    let of_ada = ada.post("/api/data/notes", &json!({ "text": "mine" })).await.expect(201);
    root.patch(&of_ada.path(), &json!({ "text": "seen" })).await.expect(200);
    let made = root.post("/api/data/notes", &json!({})).await.expect(201);
    assert_eq!(made.json["data"]["_owner"], Json::Null);
    ada.get(&made.path()).await.expect_error(404, "NOT_FOUND");
    let history = root.get(&format!("{}/history", made.path())).await.expect(200);
    assert_eq!(history.records()[0]["actor"], Json::Null);
    // What is sent twice happens once, in each namespace by itself.
    for (namespace, tx) in [(&one, 5), (&two, 1)] {
        let once = within(&cast.admin, namespace).with_header("idempotency-key", "the-same");
        let first = once.post("/api/data/once", &json!({ "n": 1 })).await.expect(201);
        let second = once.post("/api/data/once", &json!({ "n": 1 })).await.expect(201);
        assert_eq!((first.tx(), &first.body), (tx, &second.body));
        assert_eq!(within(&cast.admin, namespace).get("/api/data/once").await.expect(200).records().len(), 1);
    }
    // Its account is one of `main`.
    root.get("/api/auth/me").await.expect_error(403, "PERMISSION_DENIED");
    root.patch("/api/auth/me", &json!({ "name": "x" })).await.expect_error(403, "PERMISSION_DENIED");
    root.delete("/api/auth/sessions").await.expect_error(403, "PERMISSION_DENIED");
    cast.admin.get("/api/auth/me").await.expect(200);
}

/// Mutants: `purge` deletes no facts; `create` numbers by the living ones.
#[tokio::test]
async fn a_removed_namespace_is_gone_at_once_and_its_name_is_free() {
    let server = Server::start().await;
    let root = server.admin().await;
    create(&root, "shop").await;
    let ada = Caller::sign_up(&within(&server.anon(), "shop"), "ada@example.com").await;
    let secret = "a value that nobody else has";
    let once = ada.with_header("idempotency-key", "k");
    let made = once.post("/api/data/notes", &json!({ "text": secret })).await.expect(201);
    within(&root, "shop").post("/api/schema/notes/indexes", &json!({ "fields": ["text"] })).await.expect(201);
    within(&root, "shop").post("/api/audit/verify", &json!({})).await.expect(202);
    root.delete("/api/admin/namespaces/shop").await.expect(204);
    for client in [&*ada, &within(&root, "shop"), &within(&server.anon(), "shop")] {
        let gone = client.get(&made.path()).await.expect_error(404, "NAMESPACE_NOT_FOUND");
        assert_eq!(gone.header("x-ddb-tx"), "0", "an answer about no namespace shows no transaction");
        client.post("/api/data/notes", &json!({})).await.expect_error(404, "NAMESPACE_NOT_FOUND");
    }
    // Another one of the same name has nothing of it, also while it is being deleted.
    create(&root, "shop").await;
    ada.get(&made.path()).await.expect_error(401, "UNAUTHENTICATED");
    let sign_in = json!({ "email": "ada@example.com", "password": Caller::PASSWORD });
    within(&server.anon(), "shop").post("/api/auth/signin", &sign_in).await.expect_error(401, "UNAUTHENTICATED");
    assert_eq!(within(&root, "shop").get("/api/data/notes").await.expect(200).tx(), 0);
    let again = Caller::sign_up(&within(&server.anon(), "shop"), "ada@example.com").await;
    assert_eq!(again.post("/api/data/notes", &json!({ "text": "new" })).await.expect(201).tx(), 2);

    let database = server.embedded().await;
    let mut session = database.connect().await;
    let purged = "select count(*)::text from ddb.namespace where id = 2 and purged_at is not null";
    let end = Instant::now() + Duration::from_secs(30);
    while session.value(purged).await == "0" {
        assert!(Instant::now() < end, "what the namespace held is deleted");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let relations = "select c.relname::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
                     join pg_attribute a on a.attrelid = c.oid
                     where n.nspname = 'ddb' and c.relkind = 'r' and a.attname = 'namespace'";
    for relation in session.values(relations).await {
        let rows = session.value(&format!("select count(*)::text from ddb.{relation} where namespace = 2")).await;
        assert_eq!(rows, "0", "{relation}");
    }
    let tables = session.values("select tablename::text from pg_tables where schemaname = 'ddb_data' order by 1").await;
    assert_eq!(tables, ["t1_1", "t3_1", "t3_2"], "its tables are dropped, its number is not used again");
    assert_eq!(again.get("/api/data/notes").await.expect(200).records().len(), 1);
    assert_eq!(server.ddb(&["verify"]).code, Some(0));
}

/// Mutants: `TRUSTED` is a minute; the transactor does not look whether its namespace was removed.
#[tokio::test(flavor = "multi_thread")]
async fn another_process_learns_within_a_second_and_open_requests_end_cleanly() {
    let database = Database::new().await;
    let start = || Server::builder().over(&database).without_data_dir().variable("DDB_MASTER_KEY", MASTER_KEY).start();
    let (one, two) = tokio::join!(start(), start());
    let root = one.admin().await;
    create(&root, "shop").await;
    let ada = Caller::sign_up(&within(&two.anon(), "shop"), "ada@example.com").await;
    ada.post("/api/data/notes", &json!({ "n": 0 })).await.expect(201);
    let writers: Vec<_> = (0..8)
        .map(|_| {
            let ada = ada.clone();
            tokio::spawn(async move {
                loop {
                    let answer = ada.post("/api/data/notes", &json!({ "n": 1 })).await;
                    match answer.status {
                        201 => {}
                        404 => return (Instant::now(), answer.code().to_owned()),
                        _ => panic!("{}", answer.text()),
                    }
                }
            })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(300)).await;
    root.delete("/api/admin/namespaces/shop").await.expect(204);
    let removed = Instant::now();
    loop {
        let read = ada.get("/api/data/notes").await;
        if read.status == 404 {
            break;
        }
        read.expect(200);
        assert!(removed.elapsed() < Duration::from_secs(1), "the other process does not know after a second");
    }
    for writer in writers {
        let (ended, code) = writer.await.expect("a writer");
        assert_eq!(code, "NAMESPACE_NOT_FOUND");
        assert!(ended < removed + Duration::from_millis(500), "nothing is written once the removal is answered");
    }
    let late =
        "select count(*)::text from ddb.tx t join ddb.namespace n on n.id = t.namespace where n.id = 2 and t.time > n.removed_at";
    assert_eq!(database.connect().await.value(late).await, "0", "nothing was written after the removal");
    // One that is made anew is there at once too, and is another one.
    create(&root, "shop").await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    ada.get("/api/data/notes").await.expect_error(401, "UNAUTHENTICATED");
    let again = Caller::sign_up(&within(&two.anon(), "shop"), "ada@example.com").await;
    assert_eq!(again.post("/api/data/notes", &json!({})).await.expect(201).tx(), 2);
}

/// Several processes make one name once, and give no number twice.
#[tokio::test(flavor = "multi_thread")]
async fn two_processes_make_a_namespace_once() {
    let database = Database::new().await;
    let start = || Server::builder().over(&database).without_data_dir().variable("DDB_MASTER_KEY", MASTER_KEY).start();
    let (one, two) = tokio::join!(start(), start());
    let root = one.admin().await;
    let roots = [root.client.clone(), two.anon().with_token(root.client.token.clone().expect("a token"))];
    let calls = (0..24).map(|n| {
        let root = roots[n % 2].clone();
        async move { root.post("/api/admin/namespaces", &json!({ "name": format!("n{}", n / 4) })).await }
    });
    let answers = futures::future::join_all(calls).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 6);
    assert_eq!(answers.iter().filter(|answer| answer.status == 409).count(), 18);
    assert_eq!(root.get("/api/admin/namespaces").await.expect(200).records().len(), 7);
}

/// Many namespaces are written to at the same time over few connections. Mutant: `connection` takes no seat.
#[tokio::test(flavor = "multi_thread")]
async fn many_namespaces_share_few_connections() {
    let server = Server::builder().variable("DDB_MEMORY_LIMIT", "512MB").start().await;
    let root = server.admin().await;
    let database = server.embedded().await;
    let mut session = database.connect().await;
    let writers: Vec<_> = (0..24)
        .map(|n| {
            let root = root.clone();
            tokio::spawn(async move {
                let name = format!("n{n}");
                create(&root, &name).await;
                let client = within(&root, &name);
                for tx in 1..=10 {
                    let made = loop {
                        let made = client.post("/api/data/notes", &json!({ "n": tx })).await;
                        // The seats are few and the machine may be busy; nothing was written then.
                        if made.status != 503 {
                            break made.expect(201);
                        }
                    };
                    assert_eq!(made.tx(), tx);
                }
            })
        })
        .collect();
    let mut most = 0;
    while !writers.iter().all(tokio::task::JoinHandle::is_finished) {
        // Those that transactors have opened: nobody else takes this setting.
        let count = session.value("select count(*)::text from pg_stat_activity where application_name = 'ddb'").await;
        most = most.max(count.parse::<u32>().expect("a number"));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    for writer in writers {
        writer.await.expect("a writer");
    }
    assert!(most <= 14 + 1 + 4 + 3, "{most} connections: those of the pools, of `main`, of the others, and of jobs for a moment");
}
