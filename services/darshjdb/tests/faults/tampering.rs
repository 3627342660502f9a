//! Whatever is changed behind the back of `ddb` is found by `ddb verify`, with its place.
//!
//! Mutants (libs/store, `verify/`), tried:
//! - `chain.rs`, `check`: does not compare the computed hash with the stored one.
//! - `chain.rs`, `check`: `expectation_met` starts as true.

use ddb_testkit::{Database, Json, Server, json};

use crate::turn;

/// A change, and the place that the report must name first.
struct Tampering {
    what: &'static str,
    sql: &'static str,
    place: &'static str,
}

const fn of(what: &'static str, sql: &'static str, place: &'static str) -> Tampering {
    Tampering { what, sql, place }
}

/// Transaction 3 creates `task:a` (a title, a number), 4 `task:b`, 5 changes the title of `task:a`, 6 deletes `task:b`, 7 creates `task:c`.
/// Table 2 is `task`.
const TAMPERINGS: &[Tampering] = &[
    of(
        "a fact's value",
        "update ddb.triple set value = set_byte(value, length(value) - 1, 33) where tx = 3 and position = 3",
        "tx 3",
    ),
    of(
        "a fact's salt",
        "update ddb.triple set salt = set_byte(salt, 0, get_byte(salt, 0) # 1) where tx = 3 and position = 2",
        "tx 3",
    ),
    of("a fact's order", "update ddb.triple set position = 5 - position where tx = 3 and position in (2, 3)", "tx 3"),
    of(
        "a fact's record",
        "update ddb.triple set entity = (select entity from ddb.triple where tx = 3 limit 1) where tx = 4 and position = 2",
        "tx 4",
    ),
    of("a fact is gone", "delete from ddb.triple where tx = 3 and position = 3", "tx 3"),
    of(
        "a fact more",
        "insert into ddb.triple select namespace, table_id, tx, entity, attribute, position + 1, asserted, value, salt
         from ddb.triple where tx = 3 and position = 3",
        "tx 3",
    ),
    of("a retraction became an assertion", "update ddb.triple set asserted = true where tx = 6", "tx 6"),
    of("a transaction's time", "update ddb.tx set time = time + 1 where tx = 4", "tx 4"),
    of("a transaction's actor", "update ddb.tx set actor = null where tx = 4", "tx 4"),
    of("a transaction's hash", "update ddb.tx set hash = set_byte(hash, 0, get_byte(hash, 0) # 1) where tx = 4", "tx 4"),
    of("the newest hash", "update ddb.tx set hash = set_byte(hash, 9, get_byte(hash, 9) # 1) where tx = 9", "tx 9"),
    of("a transaction is gone", "delete from ddb.tx where tx = 4", "tx 5"),
    of("the first transaction is gone", "delete from ddb.tx where tx = 1", "tx 2"),
    of(
        "a record's key",
        "update ddb.entity set key = set_byte(key, length(key) - 2, 122) where id = (select entity from ddb.triple where tx = 3 limit 1)",
        "tx 3",
    ),
    of(
        "a record's name salt",
        "update ddb.entity set salt = set_byte(salt, 3, get_byte(salt, 3) # 1) where id = (select entity from ddb.triple where tx = 4 limit 1)",
        "tx 4",
    ),
    of("a field's name", "update ddb.attribute set name = 'caption' where name = 'title'", "tx 3"),
    of(
        "a field's name salt",
        "update ddb.attribute set salt = set_byte(salt, 3, get_byte(salt, 3) # 1) where name = 'title'",
        "tx 3",
    ),
    of("a table's name", "update ddb.data_table set name = 'chore' where name = 'task'", "tx 3"),
    of("another namespace", "update ddb.namespace set uuid = gen_random_uuid()", "tx 1"),
    of("a projected field", "update ddb_data.t1_2 set doc = jsonb_set(doc, '{title}', '\"other\"') where tx = 5", "task:a"),
    of("a projected owner", "update ddb_data.t1_2 set owner = null where tx = 5", "task:a"),
    of("a projected time", "update ddb_data.t1_2 set updated = updated + 1 where tx = 5", "task:a"),
    of("a projected expiry", "update ddb_data.t1_2 set expires = 1 where tx = 5", "task:a"),
    of("a projected version", "update ddb_data.t1_2 set tx = 6 where tx = 5", "task:a"),
    of("a projected record is gone", "delete from ddb_data.t1_2 where tx = 5", "task:a"),
    of(
        "a projected record more",
        "insert into ddb_data.t1_2 select key || '\\x00', entity, doc, owner, created, updated, tx from ddb_data.t1_2 where tx = 5",
        "task",
    ),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_tampered_with_is_found_with_its_place() {
    let _turn = turn().await;
    let database = Database::new().await;
    let mut server = Server::builder().over(&database).start().await;
    write(&server).await;
    let old_head = verify(&server, &database, None)["head_hash"].as_str().expect("a hash").to_owned();
    let user = server.user().await;
    user.post("/api/data/note", &json!({ "text": "after the head was noted" })).await.expect(201);
    server.stop();
    let report = verify(&server, &database, Some(&old_head));
    assert_eq!(report["sound"], true, "untouched: {report}");

    for Tampering { what, sql, place } in TAMPERINGS {
        let copy = database.copy().await;
        let changed = copy.connect().await.execute(sql).await;
        assert!(changed > 0, "{what}: nothing was changed");
        let report = verify(&server, &copy, None);
        assert_eq!(report["sound"], false, "{what} is not found");
        let places: Vec<&str> =
            report["problems"].as_array().expect("a list").iter().filter_map(|p| p["place"].as_str()).collect();
        assert_eq!(places.first(), Some(place), "{what} is found elsewhere: {}", report["problems"]);
    }
    println!("{} ways of tampering, each found with its place", TAMPERINGS.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn newest_transactions_that_were_cut_off_are_found_by_an_expected_head() {
    let _turn = turn().await;
    let database = Database::new().await;
    let mut server = Server::builder().over(&database).start().await;
    write(&server).await;
    server.stop();
    let report = verify(&server, &database, None);
    let (head, hash) = (report["head"].as_i64().expect("a number"), report["head_hash"].as_str().expect("a hash"));
    assert_eq!(verify(&server, &database, Some(hash))["sound"], true);

    let mut session = database.connect().await;
    for relation in ["tx", "triple"] {
        session.execute(&format!("delete from ddb.{relation} where tx > {}", head - 2)).await;
    }
    // Whoever cuts carefully takes the names along: one without facts would show.
    session.execute("delete from ddb.entity e where not exists (select from ddb.triple f where f.entity = e.id)").await;
    session
        .execute("delete from ddb.attribute a where id > 15 and not exists (select from ddb.triple f where f.attribute = a.id)")
        .await;
    let rebuilt = server.ddb(&["rebuild"]);
    assert_eq!(rebuilt.code, Some(0), "{rebuilt:?}");
    let report = verify(&server, &database, None);
    assert_eq!((&report["sound"], &report["head"]), (&json!(true), &json!(head - 2)), "the rest is whole: {report}");
    let report = verify(&server, &database, Some(hash));
    assert_eq!(report["sound"], false, "{report}");
    assert_eq!(report["problems"][0]["place"], "head", "{report}");
}

/// Transaction 1 is the sign-up of the first user, 2 the one of another; see [`TAMPERINGS`].
async fn write(server: &Server) {
    let user = server.user().await;
    server.other_user().await;
    user.post("/api/data/task", &json!({ "id": "a", "title": "one", "number": 1 })).await.expect(201);
    user.post("/api/data/task", &json!({ "id": "b", "number": 2 })).await.expect(201);
    user.patch("/api/data/task/a", &json!({ "title": "two" })).await.expect(200);
    user.delete("/api/data/task/b").await.expect(204);
    user.post("/api/data/task", &json!({ "id": "c", "number": 3 })).await.expect(201);
}

fn verify(server: &Server, database: &Database, expected_head: Option<&str>) -> Json {
    let mut arguments = vec!["verify", "--json", "--database-url", database.url()];
    if let Some(hash) = expected_head {
        arguments.extend(["--expect-head", hash]);
    }
    let output = server.ddb(&arguments);
    let report: Json = serde_json::from_str(&output.stdout).unwrap_or_default();
    assert_eq!(output.code, Some(if report["sound"] == true { 0 } else { 1 }), "{output:?}");
    report
}
