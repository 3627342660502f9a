//! `GET /api/data/{table}` with `where`, `vars`, `order`, `fields`, `expand` and `count`.

use ddb_testkit::{Cast, Client, Json, json};

use crate::STAGE;
use crate::percent::encode;

const PEOPLE: [(&str, &str, i64, &[&str]); 6] = [
    ("ada", "Ada", 36, &["math", "poetry"]),
    ("bob", "Bob", 20, &["chess"]),
    ("cyd", "Cyd", 36, &[]),
    ("dan", "Dan", 51, &["math"]),
    ("eve", "eve", 7, &["chess", "math"]),
    ("fay", "Fay", 20, &["go"]),
];

/// The people, the user's, in a table of their own.
async fn people(cast: &Cast) -> String {
    let table = cast.table();
    let records: Vec<Json> = PEOPLE
        .iter()
        .map(|(id, name, age, likes)| json!({ "id": id, "name": name, "age": age, "likes": likes, "at": { "city": &name[..1] } }))
        .collect();
    cast.user.post(&format!("/api/data/{table}"), &Json::Array(records)).await.expect(201);
    table
}

/// The keys that a list gives.
async fn keys(caller: &Client, table: &str, query: &str) -> String {
    let list = caller.get(&format!("/api/data/{table}?{query}")).await.expect(200);
    let keys: Vec<&str> = list.ids().iter().map(|id| id.split_once(':').expect("an id").1).collect();
    keys.join(" ")
}

#[tokio::test]
async fn a_filter_and_an_order_give_the_same_with_and_without_indexes() {
    // Mutants: `flipped` gives the same comparison; `Less` becomes `<=` in `Comparison::sql`; `position` of a descending term is not inverted.
    let cast = STAGE.cast().await;
    let table = people(cast).await;
    let cases = [
        ("age = 36", "", "ada cyd"),
        ("36 = age", "", "ada cyd"),
        ("age > 20", "age", "ada cyd dan"),
        ("20 < age", "-age", "dan cyd ada"),
        ("age >= 20 AND age < 51", "age,name", "bob fay ada cyd"),
        ("age != 20", "-age,-name", "dan cyd ada eve"),
        ("age IN [7, 51]", "", "dan eve"),
        ("age = 20 OR name = 'eve'", "", "bob eve fay"),
        ("age = 20 OR name CONTAINS 'd'", "", "ada bob cyd fay"),
        ("NOT (age = 20 OR name CONTAINS 'd')", "age", "eve dan"),
        ("NOT (age = 20)", "name", "ada cyd dan eve"),
        ("name CONTAINS 'a'", "", "ada dan fay"),
        ("likes CONTAINS 'math'", "-name", "eve dan ada"),
        ("at.city = 'B'", "", "bob"),
        ("age = 20.0", "", "bob fay"),
        ("age = '20'", "", ""),
        ("missing = NONE AND age > 30", "", "ada cyd dan"),
        ("missing != NONE", "", ""),
        ("id = $people:bob", "", ""),
        ("created > d'2020-01-01T00:00:00Z'", "-id", "fay eve dan cyd bob ada"),
        ("created > d'2920-01-01T00:00:00Z'", "", ""),
        ("_owner = NONE", "", ""),
        ("true", "name", "ada bob cyd dan fay eve"),
        ("age", "-at.city,age", "eve fay dan cyd bob ada"),
        ("false", "", ""),
        ("name + '!' = 'Dan!' AND age * 2 > 100", "", "dan"),
    ];
    for round in ["without an index", "with indexes"] {
        for caller in [&cast.user.client, &cast.admin.client] {
            for (filter, order, expected) in cases {
                let mut query = format!("where={}", encode(&filter.replace("$people", &table)));
                if !order.is_empty() {
                    query += &format!("&order={order}");
                }
                let expected = if filter.starts_with("id = ") { "bob" } else { expected };
                assert_eq!(keys(caller, &table, &query).await, expected, "{filter} by {order} {round}");
                assert_eq!(keys(&cast.other_user, &table, &query).await, "", "{filter} of another user");
                assert_eq!(keys(&cast.anon, &table, &query).await, "", "{filter} of nobody");
            }
        }
        for fields in [json!(["age", "name"]), json!(["-age", "-name"]), json!(["name"]), json!(["created"]), json!(["missing"])]
        {
            cast.admin
                .post(
                    &format!("/api/schema/{table}/indexes"),
                    &json!({ "fields": fields, "name": format!("i{}", fields.to_string().len()) }),
                )
                .await;
        }
    }
}

#[tokio::test]
async fn pages_of_an_order_are_one_list() {
    // Mutants: `after` leaves out the key; a cut at 256 rows ends the list.
    let cast = STAGE.cast().await;
    let table = cast.table();
    let records: Vec<Json> =
        (0..700).map(|number: i64| json!({ "id": number, "n": number * 7919 % 13, "t": format!("{}", number % 5) })).collect();
    cast.user.post(&format!("/api/data/{table}"), &Json::Array(records)).await.expect(201);
    for round in 0..2 {
        for (filter, order) in
            [("n > 3", "n"), ("n > 3", "-n"), ("t = '2'", "n,-id"), ("t = '2'", "-n"), ("n % 2 = 1", "-t,n"), ("true", "-id")]
        {
            let query = format!("where={}&order={order}", encode(filter));
            let whole = keys(&cast.user, &table, &format!("{query}&limit=1000")).await;
            for limit in [7, 100] {
                let (mut pages, mut cursor) = (Vec::new(), String::new());
                loop {
                    let page = cast.user.get(&format!("/api/data/{table}?{query}&limit={limit}{cursor}")).await.expect(200);
                    pages.extend(page.ids().iter().map(|id| id.split_once(':').expect("an id").1.to_owned()));
                    match page.json["next_cursor"].as_str() {
                        Some(next) => cursor = format!("&cursor={next}"),
                        None => break,
                    }
                }
                assert_eq!(pages.join(" "), whole, "{filter} by {order}, {limit} a page, round {round}");
            }
        }
        for fields in [json!(["n"]), json!(["t", "-n"])] {
            let name = format!("round{round}_{}", fields.as_array().map_or(0, Vec::len));
            let index = json!({ "name": name, "fields": fields });
            cast.admin.post(&format!("/api/schema/{table}/indexes"), &index).await.expect(201);
        }
    }
}

#[tokio::test]
async fn a_cursor_is_good_for_its_question_only() {
    let cast = STAGE.cast().await;
    let table = people(cast).await;
    let path = format!("/api/data/{table}");
    let vars = encode(r#"{"a":1}"#);
    let question = format!("where={}&vars={vars}&order=-age", encode("age > $a"));
    let first = cast.user.get(&format!("{path}?{question}&limit=2")).await.expect(200);
    let cursor = first.json["next_cursor"].as_str().expect("more pages").to_owned();
    cast.user.get(&format!("{path}?{question}&limit=3&cursor={cursor}")).await.expect(200);
    let other_vars = encode(r#"{"a":2}"#);
    for other in [
        format!("where={}&vars={vars}&order=age", encode("age > $a")),
        format!("where={}&vars={other_vars}&order=-age", encode("age > $a")),
        format!("where={}&vars={vars}&order=-age", encode("age >= $a")),
        "order=-age".to_owned(),
        "limit=1".to_owned(),
    ] {
        cast.user.get(&format!("{path}?{other}&cursor={cursor}")).await.expect_error(400, "BAD_REQUEST");
    }
    cast.admin.get(&format!("{path}?{question}&cursor={cursor}")).await.expect_error(400, "BAD_REQUEST");
}

#[tokio::test]
async fn fields_links_and_counts() {
    // Mutant: `visible` in `fetch` is not asked.
    let cast = STAGE.cast().await;
    let (projects, tasks) = (cast.table(), cast.table());
    let link = |key: &str| json!({ "$record": format!("{projects}:{key}") });
    cast.user
        .post(
            &format!("/api/data/{projects}"),
            &json!({ "id": "mine", "name": "Mine", "lead": { "$record": format!("{projects}:boss") } }),
        )
        .await
        .expect(201);
    cast.user.post(&format!("/api/data/{projects}"), &json!({ "id": "boss", "name": "Boss" })).await.expect(201);
    cast.other_user.post(&format!("/api/data/{projects}"), &json!({ "id": "theirs", "name": "Theirs" })).await.expect(201);
    cast.user
        .post(
            &format!("/api/data/{tasks}"),
            &json!([
                { "id": 1, "title": "a", "project": link("mine"), "all": [link("mine"), link("theirs"), link("gone")] },
                { "id": 2, "title": "b", "project": link("theirs") },
                { "id": 3, "title": "c", "project": link("gone") },
                { "id": 4, "title": "d" },
            ]),
        )
        .await
        .expect(201);
    let path = format!("/api/data/{tasks}");
    let some = cast.user.get(&format!("{path}?fields=title,project.name,project.lead.name,_tx")).await.expect(200);
    let tx = some.records()[0]["_tx"].clone();
    assert_eq!(
        some.json["data"],
        json!([
            { "id": format!("{tasks}:1"), "title": "a", "_tx": tx, "project": { "name": "Mine", "lead": { "name": "Boss" } } },
            { "id": format!("{tasks}:2"), "title": "b", "_tx": tx },
            { "id": format!("{tasks}:3"), "title": "c", "_tx": tx },
            { "id": format!("{tasks}:4"), "title": "d", "_tx": tx },
        ])
    );
    let expanded = cast.user.get(&format!("{path}?expand=project.lead,all")).await.expect(200);
    let records = expanded.records();
    assert_eq!(records[0]["project"]["name"], "Mine");
    assert_eq!(records[0]["project"]["lead"]["name"], "Boss");
    assert_eq!(records[0]["all"][0]["name"], "Mine");
    // What is not his and what is not there look the same.
    assert_eq!(records[0]["all"][1], format!("{projects}:theirs"));
    assert_eq!(records[0]["all"][2], format!("{projects}:gone"));
    assert_eq!(
        (&records[1]["project"], &records[2]["project"]),
        (&json!(format!("{projects}:theirs")), &json!(format!("{projects}:gone")))
    );
    for (filter, expected) in [
        ("project.name = 'Mine'", "1"),
        ("project.name = 'Theirs'", ""),
        ("project.lead.name = 'Boss'", "1"),
        ("project.name = NONE", "2 3 4"),
        ("project.name != 'Mine'", "2 3 4"),
    ] {
        assert_eq!(keys(&cast.user, &tasks, &format!("where={}", encode(filter))).await, expected, "{filter}");
    }
    for mode in ["exact", "estimate"] {
        for (filter, mine, all) in [("true", 4, 4), ("title > 'a'", 3, 3), ("project.name = 'Mine'", 1, 1)] {
            let query = format!("{path}?count={mode}&limit=1&where={}", encode(filter));
            assert_eq!(cast.user.get(&query).await.expect(200).json["total"], mine);
            assert_eq!(cast.admin.get(&query).await.expect(200).json["total"], all);
            assert_eq!(cast.other_user.get(&query).await.expect(200).json["total"], 0);
        }
    }
}

#[tokio::test]
async fn bad_questions_are_told_where() {
    let cast = STAGE.cast().await;
    let table = people(cast).await;
    let path = format!("/api/data/{table}");
    let refused = cast.user.get(&format!("{path}?where={}", encode("age >> 3"))).await.expect_error(400, "INVALID_QUERY");
    let error = &refused.json["error"];
    assert_eq!((&error["line"], &error["column"]), (&json!(1), &json!(6)), "{error}");
    assert!(error["excerpt"].as_str().is_some_and(|excerpt| excerpt.contains("age >> 3")), "{error}");
    for (query, code) in [
        (format!("where={}", encode("")), "INVALID_QUERY"),
        (format!("where={}", encode("age = ")), "INVALID_QUERY"),
        (format!("where={}", encode("age = 1; DELETE x")), "INVALID_QUERY"),
        (format!("where={}", encode("nope::nope(age)")), "INVALID_QUERY"),
        (format!("where={}", encode("name > $typo")), "INVALID_QUERY"),
        (format!("where={}", encode("created > 'soon'")), "INVALID_QUERY"),
        (format!("where={}", encode(&format!("{}1{}", "(".repeat(200), ")".repeat(200)))), "QUERY_LIMIT"),
        ("vars=1".to_owned(), "BAD_REQUEST"),
        ("vars=%7B".to_owned(), "BAD_REQUEST"),
        ("order=".to_owned(), "BAD_REQUEST"),
        ("order=a,,b".to_owned(), "BAD_REQUEST"),
        (format!("order={}", encode("a; drop table ddb.tx")), "BAD_REQUEST"),
        (format!("order={}", encode("a[0]")), "BAD_REQUEST"),
        (format!("fields={}", encode("a.*")), "BAD_REQUEST"),
        (format!("expand={}", "a,".repeat(65)), "BAD_REQUEST"),
        ("count=all".to_owned(), "BAD_REQUEST"),
        ("wher=1".to_owned(), "BAD_REQUEST"),
    ] {
        cast.user.get(&format!("{path}?{query}")).await.expect_error(400, code);
    }
    let verified = cast.server.ddb(&["verify"]);
    assert_eq!(verified.code, Some(0), "{}{}", verified.stdout, verified.stderr);
}
