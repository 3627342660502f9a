//! Tables that come into being with a record, and the names of their fields: who may, and how many.

use ddb_testkit::{Caller, Client, Database, Server, json};

/// 32 random bytes that both processes of a test have.
const MASTER_KEY: &str = "5d2a4937c0e8b1f48f1c6e0ba6d3297581e0c4b7f2a9d63548fb07c1e3a2d596";

async fn server(tables: &str, in_namespace: u32, per_user: u32) -> Server {
    Server::builder()
        .variable("DDB_IMPLICIT_TABLES", tables)
        .variable("DDB_IMPLICIT_TABLES_LIMIT", in_namespace.to_string())
        .variable("DDB_IMPLICIT_TABLES_PER_USER", per_user.to_string())
        .start()
        .await
}

async fn make(caller: &Client, table: &str) -> ddb_testkit::Answer {
    caller.post(&format!("/api/data/{table}"), &json!({ "a": 1 })).await
}

/// Names `count` new fields of a table, none of which another call with another `prefix` names.
async fn name_fields(caller: &Client, table: &str, prefix: &str, count: usize) -> ddb_testkit::Answer {
    let fields: serde_json::Map<String, serde_json::Value> = (0..count).map(|n| (format!("{prefix}{n}"), json!(n))).collect();
    caller.post(&format!("/api/data/{table}"), &json!(fields)).await
}

/// Mutants: `NewTables::check` does not look at the account's, or at the namespace's; `new` tables of the same request do not count.
#[tokio::test]
async fn a_user_and_a_namespace_have_only_so_many_tables_made_by_records() {
    let server = server("on", 6, 3).await;
    let (user, other, admin) = (server.user().await, server.other_user().await, server.admin().await);
    make(&user, "a1").await.expect(201);
    let batch = json!({ "ops": [
        { "op": "create", "table": "a2", "data": {} },
        { "op": "create", "table": "a3", "data": {} },
        { "op": "create", "table": "a4", "data": {} },
    ] });
    let refused = user.post("/api/mutate", &batch).await.expect_error(403, "QUOTA_EXCEEDED");
    assert!(refused.text().contains("op 2"), "the op that makes one too many: {}", refused.text());
    let tables = admin.get("/api/schema").await.expect(200);
    assert_eq!(tables.records().len(), 2, "a refused write makes no table: {}", tables.text());
    for table in ["a2", "a3"] {
        user.get(&format!("/api/data/{table}")).await.expect(200);
        make(&user, table).await.expect(201);
    }
    let refused = make(&user, "a4").await.expect_error(403, "QUOTA_EXCEEDED");
    assert!(refused.json["error"]["message"].as_str().is_some_and(|text| text.contains("`a4`")), "{}", refused.text());
    // What exists already can be used, also by who may make no more.
    make(&user, "a1").await.expect(201);
    make(&other, "a1").await.expect(201);
    // The table `user`, which sign-ups make, counts for nobody; a definition makes a table whatever there is.
    make(&other, "b1").await.expect(201);
    admin.post("/api/schema/defined/indexes", &json!({ "fields": ["a"] })).await.expect(201);
    make(&admin, "c1").await.expect(201);
    make(&admin, "c2").await.expect(201);
    make(&other, "b2").await.expect_error(403, "QUOTA_EXCEEDED");
    make(&admin, "c3").await.expect_error(403, "QUOTA_EXCEEDED");
    admin.post("/api/schema/defined_too/indexes", &json!({ "fields": ["a"] })).await.expect(201);
    make(&user, "defined_too").await.expect(201);
    let tables = admin.get("/api/schema").await.expect(200);
    let tables: Vec<&str> = tables.records().iter().filter_map(|table| table["name"].as_str()).collect();
    assert_eq!(tables, ["a1", "a2", "a3", "b1", "c1", "c2", "defined", "defined_too", "user"]);
}

#[tokio::test]
async fn an_admin_makes_more_tables_than_another_user() {
    let server = server("on", 0, 2).await;
    let (user, admin) = (server.user().await, server.admin().await);
    for n in 0..5 {
        make(&admin, &format!("a{n}")).await.expect(201);
    }
    make(&user, "b0").await.expect(201);
    make(&user, "b1").await.expect(201);
    make(&user, "b2").await.expect_error(403, "QUOTA_EXCEEDED");
}

/// Mutant: `make_table` does not count anew under its own lock.
#[tokio::test(flavor = "multi_thread")]
async fn two_processes_together_make_no_table_too_many() {
    const MOST: usize = 5;
    let database = Database::new().await;
    let start = || {
        Server::builder()
            .over(&database)
            .without_data_dir()
            .variable("DDB_MASTER_KEY", MASTER_KEY)
            .variable("DDB_IMPLICIT_TABLES_PER_USER", MOST.to_string())
            .start()
    };
    let (one, two) = tokio::join!(start(), start());
    let mut made = 0;
    for round in 0..6 {
        let user = one.user().await;
        let at = |server: &Server| server.anon().with_token(user.client.token.clone().expect("a token"));
        let clients = [at(&one), at(&two)];
        let calls = (0..12).map(|n| {
            let client = clients[n % 2].clone();
            async move {
                loop {
                    let answer = make(&client, &format!("t{round}_{n}")).await;
                    // Making tables takes a while on a busy machine; nothing was written then.
                    if answer.status != 503 {
                        return answer;
                    }
                }
            }
        });
        let answers = futures::future::join_all(calls).await;
        let succeeded = answers.iter().filter(|answer| answer.status == 201).count();
        assert_eq!(succeeded, MOST, "round {round}");
        assert!(
            answers.iter().all(|answer| answer.status == 201 || answer.code() == "QUOTA_EXCEEDED"),
            "nothing else goes wrong"
        );
        made += succeeded;
    }
    let admin = one.admin().await;
    let tables = admin.get("/api/schema").await.expect(200);
    assert_eq!(tables.records().len(), made + 1, "and none is left that a refused write would have made");
}

/// Mutants: `expect_table` lets everything pass; `NewTables::check` lets `None` pass.
#[tokio::test]
async fn where_records_make_no_tables_an_unknown_table_is_404() {
    let server = server("off", 0, 0).await;
    let (user, admin) = (server.user().await, server.admin().await);
    for caller in [&user, &admin] {
        let unknown = make(caller, "tasks").await.expect_error(404, "NOT_FOUND");
        assert!(unknown.text().contains("`tasks`"), "{}", unknown.text());
        caller.get("/api/data/tasks").await.expect_error(404, "NOT_FOUND");
        caller.get("/api/data/tasks?count=exact&limit=1").await.expect_error(404, "NOT_FOUND");
        caller.post("/api/query", &json!({ "tasks": {} })).await.expect_error(404, "NOT_FOUND");
        let upsert = json!({ "ops": [{ "op": "upsert", "table": "tasks", "id": 1, "data": {} }] });
        caller.post("/api/mutate", &upsert).await.expect_error(404, "NOT_FOUND");
        caller.patch("/api/data/tasks/1", &json!({})).await.expect_error(404, "NOT_FOUND");
    }
    server.anon().get("/api/data/tasks").await.expect(200);
    admin.post("/api/schema/tasks/indexes", &json!({ "fields": ["a"] })).await.expect(201);
    make(&user, "tasks").await.expect(201);
    assert_eq!(user.get("/api/data/tasks").await.expect(200).records().len(), 1);
}

#[tokio::test]
async fn admins_alone_make_tables_where_that_is_set() {
    let server = server("admins", 0, 0).await;
    let (user, admin) = (server.user().await, server.admin().await);
    make(&user, "tasks").await.expect_error(404, "NOT_FOUND");
    user.get("/api/data/tasks").await.expect_error(404, "NOT_FOUND");
    admin.get("/api/data/tasks").await.expect(200);
    make(&admin, "tasks").await.expect(201);
    make(&user, "tasks").await.expect(201);
    assert_eq!(user.get("/api/data/tasks").await.expect(200).records().len(), 1);
}

/// Mutants: `share` is None for everybody; `check_names` counts the names of all accounts as one's own, or never looks at those of all together.
#[tokio::test]
async fn nobody_uses_up_the_names_of_a_table_that_is_not_his() {
    let cast = crate::STAGE.cast().await;
    let table = cast.table();
    make(&cast.user, &table).await.expect(201);
    let users = |n: usize| async move { futures::future::join_all((0..n).map(|_| cast.server.user())).await };
    // One other user names 100 fields, in however many requests, and then none; he goes on using those that there are.
    let other: &Caller = &cast.other_user;
    name_fields(other, &table, "x", 99).await.expect(201);
    name_fields(other, &table, "y", 2).await.expect_error(403, "QUOTA_EXCEEDED");
    name_fields(other, &table, "y", 1).await.expect(201);
    name_fields(other, &table, "z", 1).await.expect_error(403, "QUOTA_EXCEEDED");
    name_fields(other, &table, "x", 99).await.expect(201);
    // Many together name 500 of the 1,000.
    let others = users(5).await;
    for (n, caller) in others[..4].iter().enumerate() {
        name_fields(caller, &table, &format!("o{n}_"), 100).await.expect(201);
    }
    name_fields(&others[4], &table, "p", 1).await.expect_error(403, "QUOTA_EXCEEDED");
    // The rest is for who made the table, and for admins.
    name_fields(&cast.user, &table, "own", 300).await.expect(201);
    name_fields(&cast.admin, &table, "admin", 199).await.expect(201);
    name_fields(&cast.admin, &table, "last", 1).await.expect_error(403, "QUOTA_EXCEEDED");
}

/// The same for the fields of profiles, which come with sign-ups. Mutants: `SHARE_OF_SIGN_UP` is 100; `name` counts.
#[tokio::test]
async fn sign_ups_share_the_names_of_the_table_user() {
    let server = Server::start().await;
    let sign_up = |n: usize, fields: serde_json::Value| {
        let mut body = json!({ "email": format!("u{n}@example.com"), "password": Caller::PASSWORD });
        body.as_object_mut().expect("an object").extend(fields.as_object().expect("an object").clone());
        let anon = server.anon();
        async move { anon.post("/api/auth/signup", &body).await }
    };
    let fields = |prefix: &str, count: usize| {
        json!((0..count).map(|n| (format!("{prefix}{n}"), json!(n))).collect::<serde_json::Map<_, _>>())
    };
    // Also the very first one, which makes the table.
    sign_up(0, json!({ "created": 1 })).await.expect_error(403, "PERMISSION_DENIED");
    let mut session = server.embedded().await.connect().await;
    assert_eq!(session.value("select count(*)::text from ddb.data_table").await, "0", "a refused write makes no table");
    sign_up(0, fields("a", 9)).await.expect_error(403, "QUOTA_EXCEEDED");
    for n in 0..12 {
        sign_up(n, fields(&format!("f{n}_"), 8)).await.expect(201);
    }
    sign_up(20, fields("b", 5)).await.expect_error(403, "QUOTA_EXCEEDED");
    sign_up(20, fields("b", 4)).await.expect(201);
    sign_up(21, fields("c", 1)).await.expect_error(403, "QUOTA_EXCEEDED");
    let mut named = fields("f0_", 8);
    named["name"] = json!("Ada");
    sign_up(21, named).await.expect(201);
    sign_up(22, json!({ "created": "yesterday" })).await.expect_error(403, "PERMISSION_DENIED");
    let me = Caller::sign_in(&server.anon(), "u21@example.com").await;
    me.patch("/api/auth/me", &json!({ "updated": 1 })).await.expect(200);
    assert!(me.get(&format!("/api/data/{}", me.id.replace(':', "/"))).await.expect(200).json["data"]["created"].is_string());
}

/// Mutant: `SYSTEM_VALUES` is empty.
#[tokio::test]
async fn only_its_maker_and_admins_give_a_table_a_field_with_the_name_of_a_system_value() {
    let cast = crate::STAGE.cast().await;
    for name in ["created", "updated"] {
        let table = cast.table();
        let path = format!("/api/data/{table}");
        let mine = make(&cast.user, &table).await.expect(201);
        let theirs = make(&cast.other_user, &table).await.expect(201);
        for ignored in [
            cast.other_user.post(&path, &json!({ name: "x" })).await.expect(201),
            cast.other_user.patch(&theirs.path(), &json!({ name: "x" })).await.expect(200),
        ] {
            assert_ne!(ignored.json["data"][name], "x");
            assert_eq!(ignored.json["warnings"][0]["code"], "SYSTEM_VALUE", "{}", ignored.text());
        }
        let time = cast.user.get(&mine.path()).await.expect(200).json["data"][name].clone();
        assert_eq!(time, mine.json["data"][name], "the system's still");
        cast.user.patch(&mine.path(), &json!({ name: "mine" })).await.expect(200);
        // From then on it is a field like any other.
        cast.other_user.patch(&theirs.path(), &json!({ name: "theirs" })).await.expect(200);
        let by_admin = cast.table();
        make(&cast.user, &by_admin).await.expect(201);
        cast.admin.post(&format!("/api/data/{by_admin}"), &json!({ name: 1 })).await.expect(201);
    }
}
