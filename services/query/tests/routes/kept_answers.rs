//! Answers that are given again (`answer_cache`). The other tests of lists and queries run with them too; here stands each way in which a simpler
//! cache would be wrong.

use std::time::Duration;

use ddb_testkit::{Caller, Database, Json, Server, json};

const MASTER_KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

async fn server(database: &Database) -> Server {
    Server::builder().over(database).variable("DDB_MASTER_KEY", MASTER_KEY).start().await
}

/// What the records of a list have in the field `n`.
async fn list(caller: &Caller, path: &str) -> Vec<Json> {
    let answer = caller.get(path).await.expect(200);
    answer.records().iter().map(|record| record["n"].clone()).collect()
}

/// The same, often enough that the answer is kept; it is the same each time.
async fn kept(caller: &Caller, path: &str) -> Vec<Json> {
    let first = list(caller, path).await;
    for _ in 0..2 {
        assert_eq!(list(caller, path).await, first, "{path}");
    }
    first
}

async fn kept_query(caller: &Caller, query: &Json) -> Json {
    for _ in 0..2 {
        caller.post("/api/query", query).await.expect(200);
    }
    caller.post("/api/query", query).await.expect(200).json["data"].clone()
}

/// Changes a record behind the back of every process, so that it shows who looks at it.
async fn tamper(database: &Database, table: &str, n: i64) {
    let mut session = database.connect().await;
    let id = session.value(&format!("select id::text from ddb.data_table where name = '{table}'")).await;
    session.execute(&format!("update ddb_data.t1_{id} set doc = jsonb_set(doc, '{{n}}', '{n}')")).await;
}

#[tokio::test]
async fn an_answer_is_given_again_until_its_table_changes() {
    // Mutants: `are_unchanged` is always false (nothing is given again), or always true and `have_changed` false (a write does not show).
    let database = Database::new().await;
    let server = server(&database).await;
    let user = server.user().await;
    user.post("/api/data/t", &json!({ "id": 1, "n": 1 })).await.expect(201);
    user.post("/api/data/other", &json!({ "id": 1, "n": 1 })).await.expect(201);
    let query = json!({ "t": {} });
    assert_eq!(kept(&user, "/api/data/t").await, [1]);
    assert_eq!(kept_query(&user, &query).await["t"][0]["n"], 1);
    tamper(&database, "t", 2).await;
    let changed = user.patch("/api/data/other/1", &json!({ "n": 5 })).await.expect(200);
    let again = user.get("/api/data/t").await.expect(200);
    assert_eq!(again.records()[0]["n"], 1, "given again");
    assert_eq!(again.tx(), changed.tx(), "and true of the newest state");
    assert_eq!(again.header("x-ddb-tx"), changed.tx().to_string());
    assert_eq!(user.post("/api/query", &query).await.expect(200).json["data"]["t"][0]["n"], 1, "given again");
    assert_eq!(list(&user, "/api/data/t?limit=7").await, [2], "another question");
    user.post("/api/data/t", &json!({ "id": 2, "n": 3 })).await.expect(201);
    assert_eq!(list(&user, "/api/data/t").await, [2, 3], "read anew");
    let answer = user.post("/api/query", &query).await.expect(200);
    assert_eq!(answer.json["data"]["t"].as_array().map(Vec::len), Some(2));
    for n in 10..60 {
        user.patch("/api/data/t/2", &json!({ "n": n })).await.expect(200);
        assert_eq!(kept(&user, "/api/data/t").await, [json!(2), json!(n)], "every write shows at once");
    }
}

#[tokio::test]
async fn a_change_of_what_is_linked_to_shows() {
    // Mutant: `fetch` does not look at the tables of the links.
    let database = Database::new().await;
    let server = server(&database).await;
    let user = server.user().await;
    user.post("/api/data/project", &json!({ "id": "p", "n": 1 })).await.expect(201);
    user.post("/api/data/task", &json!({ "id": 1, "n": 1, "project": { "$record": "project:p" } })).await.expect(201);
    user.post("/api/data/task", &json!({ "id": 2, "n": 2, "project": { "$record": "later:p" } })).await.expect(201);
    let paths =
        ["/api/data/task?expand=project", "/api/data/task?fields=n,project.n", "/api/data/task?where=project.n%20%3E%200"];
    let query = json!({ "task": { "project": {} } });
    let nested = json!({ "project": { "task": {} } });
    let mut before = Vec::new();
    for round in 0..4 {
        let mut now = Vec::new();
        for path in paths {
            kept(&user, path).await;
            let answer = user.get(path).await.expect(200);
            now.push(answer.json["data"].to_string());
        }
        for query in [&query, &nested] {
            now.push(kept_query(&user, query).await.to_string());
        }
        for (index, (now, before)) in now.iter().zip(&before).enumerate() {
            let is_by_table = index == 4 && round == 1;
            assert!(now != before || is_by_table, "round {round}, question {index}: {now}");
        }
        before = now;
        match round {
            // A table that did not exist when it was asked for.
            0 => user.post("/api/data/later", &json!({ "id": "p", "n": 7 })).await.expect(201),
            1 => user.patch("/api/data/project/p", &json!({ "n": 0 })).await.expect(200),
            _ => user.patch("/api/data/project/p", &json!({ "n": 5 })).await.expect(200),
        };
    }
}

#[tokio::test]
async fn nobody_gets_the_answer_of_another() {
    // Mutant: the principal does not stand in the key.
    let database = Database::new().await;
    let server = server(&database).await;
    let (ada, bob, admin) = (server.user().await, server.user().await, server.admin().await);
    ada.post("/api/data/t", &json!({ "n": 1 })).await.expect(201);
    bob.post("/api/data/t", &json!({ "n": 2 })).await.expect(201);
    for _ in 0..4 {
        assert_eq!(list(&ada, "/api/data/t").await, [1]);
        assert_eq!(list(&bob, "/api/data/t").await, [2]);
        assert_eq!(list(&admin, "/api/data/t?order=n").await, [1, 2]);
        assert!(server.anon().get("/api/data/t").await.expect(200).records().is_empty());
    }
    assert_eq!(list(&admin, "/api/data/t?order=n").await, [1, 2]);
    // Rights that end: nothing was written to any table.
    let made = server.ddb(&["admin", "roles", "--email", &ada.email, "--add", "admin"]);
    assert_eq!(made.code, Some(0), "{}", made.stderr);
    eventually(&ada, &[json!(1), json!(2)]).await;
    let ended = server.ddb(&["admin", "roles", "--email", &ada.email, "--remove", "admin"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    eventually(&ada, &[json!(1)]).await;
}

async fn eventually(caller: &Caller, expected: &[Json]) {
    for _ in 0..100 {
        if list(caller, "/api/data/t?order=n").await == expected {
            return;
        }
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    panic!("the list did not become {expected:?}");
}

#[tokio::test]
async fn what_has_expired_leaves_though_nobody_writes() {
    // Mutant: `expires` is not looked at in `still`.
    let database = Database::new().await;
    let server = server(&database).await;
    let user = server.user().await;
    user.post("/api/data/t", &json!({ "id": "stays", "n": 2 })).await.expect(201);
    for round in 0.. {
        let made = user.post("/api/data/t", &json!({ "n": 1, "$ttl": 2 })).await.expect(201);
        let mut seen = 0;
        let left = loop {
            let answer = user.get("/api/data/t?order=n&count=exact").await.expect(200);
            assert_eq!(answer.json["total"], answer.records().len());
            match answer.records().len() {
                2 => seen += 1,
                _ => break answer,
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        assert_eq!(left.records().len(), 1);
        assert!(seen > 3, "the list was asked {seen} times before");
        // Where the record was deleted as soon as it had expired, this says nothing.
        if left.tx() == made.tx() {
            return;
        }
        assert!(round < 5, "the record is always deleted before a list shows that it has expired");
    }
}

#[tokio::test]
async fn time_and_chance_are_asked_again() {
    // Mutant: `note_fleeting` does nothing.
    let database = Database::new().await;
    let server = server(&database).await;
    let user = server.user().await;
    let records: Vec<Json> = (0..16).map(|n| json!({ "n": n })).collect();
    user.post("/api/data/t", &json!(records)).await.expect(201);
    for filter in ["rand()%20%3E%200.5", "rand::bool()", "array::shuffle(%5Btrue,false%5D)%5B0%5D", "n%20%3D%20rand::int(0,15)"] {
        let path = format!("/api/data/t?where={filter}");
        let first = list(&user, &path).await;
        let mut differs = false;
        for _ in 0..40 {
            differs |= list(&user, &path).await != first;
        }
        assert!(differs, "{filter}");
    }
    let recent = "/api/data/t?where=n%20%3D%2016%20AND%20created%20%3E%20time::now()%20-%202s";
    user.post("/api/data/t", &json!({ "n": 16 })).await.expect(201);
    assert_eq!(kept(&user, recent).await, [16]);
    tokio::time::sleep(Duration::from_millis(2_100)).await;
    assert_eq!(list(&user, recent).await, [] as [Json; 0]);
}

#[tokio::test]
async fn what_another_process_writes_shows_at_once() {
    // Mutant: `committed` goes on with a streak though a transaction is missing in it, or `still` does not ask PostgreSQL.
    let database = Database::new().await;
    let (one, two) = (server(&database).await, server(&database).await);
    let user = one.user().await;
    let elsewhere = two.anon().with_token(token(&user));
    user.post("/api/data/t", &json!({ "id": 1, "n": 0 })).await.expect(201);
    for n in 1..30 {
        assert_eq!(kept(&user, "/api/data/t").await, [n - 1]);
        elsewhere.patch("/api/data/t/1", &json!({ "n": n })).await.expect(200);
        // A transaction of this process behind that of the other.
        user.post("/api/data/other", &json!({})).await.expect(201);
        assert_eq!(list(&user, "/api/data/t").await, [n], "round {n}");
    }
}

fn token(caller: &Caller) -> String {
    caller.client.token.clone().expect("a caller is signed in")
}

#[tokio::test]
async fn a_rebuild_shows_at_once() {
    // Mutant: `rebuild` does not raise the version of the definitions.
    let database = Database::new().await;
    let server = server(&database).await;
    let user = server.user().await;
    user.post("/api/data/t", &json!({ "n": 1 })).await.expect(201);
    tamper(&database, "t", 2).await;
    assert_eq!(kept(&user, "/api/data/t").await, [2]);
    let rebuilt = server.ddb(&["rebuild"]);
    assert_eq!(rebuilt.code, Some(0), "{}", rebuilt.stderr);
    assert_eq!(list(&user, "/api/data/t").await, [1]);
}

#[tokio::test]
async fn a_definition_costs_a_question_one_reading() {
    // Mutant: `forget_shapes` does nothing: a question over links is never kept again.
    let database = Database::new().await;
    let server = server(&database).await;
    let (user, admin) = (server.user().await, server.admin().await);
    user.post("/api/data/project", &json!({ "id": "p", "n": 1 })).await.expect(201);
    user.post("/api/data/task", &json!({ "id": 1, "n": 1, "project": { "$record": "project:p" } })).await.expect(201);
    let path = "/api/data/task?expand=project";
    assert_eq!(kept(&user, path).await, [1]);
    admin.post("/api/schema/task/indexes", &json!({ "fields": ["n"] })).await.expect(201);
    kept(&user, path).await;
    assert_eq!(kept(&user, path).await, [1]);
    tamper(&database, "task", 2).await;
    assert_eq!(list(&user, path).await, [1], "given again");
}
