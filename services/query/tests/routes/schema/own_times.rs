//! `created` and `updated` mean a record's own field where it has one, and the system's time in every other record: in answers, filters, orders, pages and
//! indexes.

use ddb_testkit::{Client, Database, Json, Server, json};

use super::built;
use crate::STAGE;
use crate::percent::encode;

/// The keys of a list, over pages of this size.
async fn pages(caller: &Client, table: &str, query: &str, limit: usize) -> Vec<String> {
    let (mut keys, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = caller.get(&format!("/api/data/{table}?{query}&limit={limit}{cursor}")).await.expect(200);
        keys.extend(page.ids().iter().map(|id| id.split_once(':').expect("an id").1.to_owned()));
        match page.json["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return keys,
        }
    }
}

/// To the records 1 and 2: others with texts, a number, datetimes before and after, an object, and one more with the system's time. The order is by kind.
async fn fill_mixed(caller: &Client, table: &str) {
    let path = format!("/api/data/{table}");
    caller
        .post(
            &path,
            &json!([
                { "id": 3, "created": "long ago" },
                { "id": 4, "created": 7 },
                { "id": 5, "created": { "$datetime": "2001-01-01T00:00:00.000000001Z" } },
                { "id": 6, "created": { "$datetime": "2901-01-01T00:00:00Z" } },
                { "id": 7, "created": { "at": 1 } },
                { "id": 8, "created": null },
            ]),
        )
        .await
        .expect(201);
    caller.post(&path, &json!({ "id": 9, "n": 9 })).await.expect(201);
}

const IN_ORDER: [&str; 9] = ["8", "4", "3", "5", "1", "2", "9", "6", "7"];

#[tokio::test]
async fn orders_filters_and_pages_go_over_mixed_records() {
    // Mutants: `position` takes the system's time of a record with a field; an index column does; `by_time_of_others` leaves out `jsonb_exists`.
    let cast = STAGE.cast().await;
    let table = cast.table();
    let index = |name: &str, fields: Json| json!({ "name": name, "fields": fields });
    let path = format!("/api/schema/{table}/indexes");
    cast.user.post(&format!("/api/data/{table}"), &json!([{ "id": 1, "n": 1 }, { "id": 2, "n": 2 }])).await.expect(201);
    // One was defined while the name meant the system's time alone.
    cast.admin.post(&path, &index("before", json!(["created"]))).await.expect(201);
    fill_mixed(&cast.user, &table).await;
    let backwards: Vec<&str> = IN_ORDER.iter().rev().copied().collect();
    for round in ["while it is built anew", "without an index", "with indexes"] {
        for caller in [&cast.user.client, &cast.admin.client] {
            for limit in [1, 2, 4, 100] {
                assert_eq!(pages(caller, &table, "order=created", limit).await, IN_ORDER, "{round}, {limit} a page");
                assert_eq!(pages(caller, &table, "order=-created", limit).await, backwards, "{round}, {limit} a page");
            }
            for (filter, expected) in [
                ("created > d'2020-01-01T00:00:00Z' AND created < d'2100-01-01T00:00:00Z'", &["1", "2", "9"][..]),
                ("created > d'2020-01-01T00:00:00Z'", &["1", "2", "6", "7", "9"]),
                ("created = 7", &["4"]),
                ("created.at = 1", &["7"]),
                ("created = NULL", &["8"]),
                ("created = NONE", &[]),
                ("created = d'2001-01-01T00:00:00.000000001Z'", &["5"]),
                ("created != 7 AND n = 2", &["2"]),
                ("!(created > d'2020-01-01T00:00:00Z')", &["3", "4", "5", "8"]),
                ("meta::created(id) > d'2020-01-01T00:00:00Z' AND created = 7", &["4"]),
            ] {
                let query = format!("where={}", encode(filter));
                assert_eq!(pages(caller, &table, &query, 100).await, expected, "{filter} {round}");
                let counted = caller.get(&format!("/api/data/{table}?{query}&count=exact")).await.expect(200);
                assert_eq!(counted.json["total"], expected.len(), "{filter} {round}");
            }
        }
        let asked = json!({ &table: { "$order": { "created": "desc" }, "$limit": 2 } });
        let answer = cast.user.post("/api/query", &asked).await.expect(200);
        assert_eq!(answer.json["data"][&table][0]["id"], format!("{table}:7"), "{round}");
        match round {
            "while it is built anew" => {
                let index = built(&cast.admin, &table, "before").await;
                assert_eq!((&index["state"], &index["fields"]), (&json!("ready"), &json!(["created"])), "{index}");
                cast.admin.delete(&format!("{path}/before")).await.expect(204);
            }
            _ => {
                for (name, fields) in [("asc", json!(["created"])), ("desc", json!(["-created", "n"]))] {
                    cast.admin.post(&path, &index(name, fields)).await;
                }
            }
        }
    }
    let verified = cast.server.ddb(&["verify"]);
    assert_eq!(verified.code, Some(0), "{}{}", verified.stdout, verified.stderr);
}

#[tokio::test]
async fn an_index_that_was_there_before_is_built_anew_and_kept() {
    // Mutants: the write does not raise the version (the transactor goes on without the column, and the planner with the old tree); it does not set the
    // state; `adopt` gives no column.
    let cast = STAGE.cast().await;
    let table = cast.table();
    let (data, path) = (format!("/api/data/{table}"), format!("/api/schema/{table}/indexes"));
    cast.user.post(&data, &json!([{ "id": 1, "n": 1 }, { "id": 2, "n": 2 }])).await.expect(201);
    for (name, fields) in [("c", json!(["created"])), ("both", json!(["n", "-updated", "created"])), ("other", json!(["n"]))] {
        let defined = cast.admin.post(&path, &json!({ "name": name, "fields": fields })).await.expect(201);
        assert_eq!(defined.json["data"]["state"], "ready");
    }
    assert_eq!(pages(&cast.user, &table, "order=-created", 10).await, ["2", "1"]);
    cast.user.patch(&format!("{data}/1"), &json!({ "created": { "$datetime": "2999-01-01T00:00:00Z" } })).await.expect(200);
    // From that very write on, whatever state the index is in.
    assert_eq!(pages(&cast.user, &table, "order=-created", 10).await, ["1", "2"]);
    cast.user.patch(&format!("{data}/2"), &json!({ "updated": "never" })).await.expect(200);
    for name in ["c", "both", "other"] {
        assert_eq!(built(&cast.admin, &table, name).await["state"], "ready", "{name}");
    }
    // A record without the field goes on with the system's times, one that loses it does again.
    cast.user.patch(&format!("{data}/1"), &json!({ "n": 5 })).await.expect(200);
    assert_eq!(pages(&cast.user, &table, "order=-updated", 10).await, ["1", "2"]);
    let lost = cast.user.patch(&format!("{data}/1"), &json!({ "created": null })).await.expect(200);
    assert!(lost.json["data"]["created"].as_str().is_some_and(|time| time < "2999"), "{}", lost.text());
    assert_eq!(pages(&cast.user, &table, "order=-created", 10).await, ["2", "1"]);
    cast.user.patch(&format!("{data}/1"), &json!({ "created": "a text" })).await.expect(200);
    assert_eq!(pages(&cast.user, &table, "order=created", 10).await, ["1", "2"]);
    let verified = cast.server.ddb(&["verify"]);
    assert_eq!(verified.code, Some(0), "{}{}", verified.stdout, verified.stderr);
    for name in ["c", "both", "other"] {
        cast.admin.delete(&format!("{path}/{name}")).await.expect(204);
    }
    assert_eq!(cast.admin.get(&path).await.expect(200).json["data"], json!([]));
}

#[tokio::test]
async fn an_own_time_that_begins_while_its_index_is_built_is_taken_into_it() {
    // Mutant: `set_state` sets `ready` whatever the table has had meanwhile. The index stays over the system's times.
    let database = Database::new().await;
    let server = Server::builder().over(&database).start().await;
    let (user, admin) = (server.user().await, server.admin().await);
    user.post("/api/data/t", &json!([{ "id": 1 }, { "id": 2 }])).await.expect(201);
    admin.post("/api/schema/t/indexes", &json!({ "name": "c", "fields": ["created"] })).await.expect(201);
    let mut session = database.connect().await;
    let of_index = "from ddb.index_definition where name = 'c'";
    let table = session.value(&format!("select 'ddb_data.t' || namespace || '_' || table_id {of_index}")).await;
    let tree = session.value(&format!("select 'i' || namespace || '_' || id || '_all' {of_index}")).await;
    // PostgreSQL drops and builds a tree only once those who write the table have ended.
    let mut writer = database.connect().await;
    writer.execute(&format!("begin; lock table {table} in row exclusive mode")).await;
    session.execute("update ddb.index_definition set state = 'building' where name = 'c'").await;
    let building = format!(
        "select count(*)::text from pg_stat_activity
         where query like '%index concurrently%{tree}%' and state = 'active' and pid <> pg_backend_pid()"
    );
    for _ in 0..600 {
        if session.value(&building).await == "1" {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(session.value(&building).await, "1", "the index is not being built");
    user.patch("/api/data/t/1", &json!({ "created": { "$datetime": "2999-01-01T00:00:00Z" } })).await.expect(200);
    writer.execute("commit").await;
    assert_eq!(built(&admin, "t", "c").await["state"], "ready");
    assert_eq!(session.value(&format!("select fields::text {of_index}")).await, "{created}");
    assert_eq!(pages(&user, "t", "order=-created", 10).await, ["1", "2"]);
}

#[tokio::test]
async fn a_cursor_from_before_the_first_own_field_goes_on_behind_it() {
    let cast = STAGE.cast().await;
    let table = cast.table();
    let data = format!("/api/data/{table}");
    for number in 1..=4 {
        cast.user.post(&data, &json!({ "id": number })).await.expect(201);
    }
    let first = cast.user.get(&format!("{data}?order=created&limit=2")).await.expect(200);
    let cursor = first.json["next_cursor"].as_str().expect("there are more").to_owned();
    cast.user.patch(&format!("{data}/4"), &json!({ "created": { "$datetime": "2999-01-01T00:00:00Z" } })).await.expect(200);
    cast.user.post(&data, &json!({ "id": 5, "created": 1 })).await.expect(201);
    let rest = cast.user.get(&format!("{data}?order=created&limit=9&cursor={cursor}")).await.expect(200);
    assert_eq!(rest.ids(), [format!("{table}:3"), format!("{table}:4")]);
}

#[tokio::test]
async fn another_process_learns_of_the_first_own_field_by_the_version() {
    // Mutant: the write leaves `definitions` as it was. The other process goes on with the system's column.
    let database = Database::new().await;
    let key = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
    let one = Server::builder().over(&database).variable("DDB_MASTER_KEY", key).start().await;
    let two = Server::builder().over(&database).variable("DDB_MASTER_KEY", key).start().await;
    let (user, admin) = (one.user().await, one.admin().await);
    let there = ddb_testkit::Caller::sign_in(&two.anon(), &user.email).await;
    user.post("/api/data/t", &json!([{ "id": 1 }, { "id": 2 }])).await.expect(201);
    admin.post("/api/schema/t/indexes", &json!({ "name": "i", "fields": ["created"] })).await.expect(201);
    // Often enough that shapes and answers are kept; the other process has written too.
    for _ in 0..3 {
        assert_eq!(pages(&there, "t", "order=-created", 10).await, ["2", "1"]);
    }
    there.post("/api/data/t", &json!({ "id": 3 })).await.expect(201);
    user.patch("/api/data/t/1", &json!({ "created": { "$datetime": "2999-01-01T00:00:00Z" } })).await.expect(200);
    for _ in 0..3 {
        assert_eq!(pages(&there, "t", "order=-created", 10).await, ["1", "3", "2"]);
        let query = format!("where={}", encode("created > d'2900-01-01T00:00:00Z'"));
        assert_eq!(pages(&there, "t", &query, 10).await, ["1"]);
    }
    built(&admin, "t", "i").await;
    there.post("/api/data/t", &json!({ "id": 4, "created": "text" })).await.expect(201);
    there.patch("/api/data/t/3", &json!({ "created": 5 })).await.expect(200);
    for caller in [&user, &there] {
        assert_eq!(pages(caller, "t", "order=created", 10).await, ["3", "4", "2", "1"]);
    }
    let verified = one.ddb(&["verify"]);
    assert_eq!(verified.code, Some(0), "{}{}", verified.stdout, verified.stderr);
}

#[tokio::test]
async fn the_past_shows_what_the_name_meant_then() {
    let cast = STAGE.cast().await;
    let table = cast.table();
    let made = cast.user.post(&format!("/api/data/{table}"), &json!({ "n": 1 })).await.expect(201);
    let path = made.path();
    let own = cast.user.patch(&path, &json!({ "created": "mine" })).await.expect(200);
    let lost = cast.user.patch(&path, &json!({ "created": null })).await.expect(200);
    let time = made.json["data"]["created"].clone();
    for (tx, expected) in [(made.tx(), &time), (own.tx(), &json!("mine")), (lost.tx(), &time)] {
        assert_eq!(cast.user.get(&format!("{path}?at={tx}")).await.expect(200).json["data"]["created"], *expected);
    }
    let history = cast.user.get(&format!("{path}/history")).await.expect(200);
    assert_eq!(history.records()[1]["changes"]["created"], json!({ "after": "mine" }), "{}", history.text());
}
