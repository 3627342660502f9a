//! `GET /api/data/{table}`

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};

use ddb_testkit::{Client, Json, Method, json};

use crate::STAGE;

/// All pages of a list, and how many there were.
async fn walk(caller: &Client, path: &str, limit: usize) -> (Vec<String>, usize) {
    let (mut ids, mut pages, mut cursor) = (Vec::new(), 0, String::new());
    loop {
        let answer = caller.get(&format!("{path}?limit={limit}{cursor}")).await.expect(200);
        ids.extend(answer.ids().into_iter().map(str::to_owned));
        pages += 1;
        assert!(pages <= 1_000, "the walk does not end");
        assert!(answer.ids().len() <= limit);
        match answer.json["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return (ids, pages),
        }
    }
}

#[tokio::test]
async fn a_list_shows_the_callers_records_in_the_order_of_their_keys() {
    // Mutants: `Rows::OwnedBy(_) => None` in `session/list.rs`; `Anonymous => Rows::All` in `policy.rs` (the test of the anonymous).
    let cast = STAGE.cast().await;
    let table = cast.table();
    let path = format!("/api/data/{table}");
    let uuid = "018f3c5e-7c5a-7aaa-8aaa-000000000001";
    let ids = [
        json!("10"),
        json!("2"),
        json!(10),
        json!("a"),
        json!({ "$uuid": uuid }),
        json!(2),
        json!(-1),
        json!("B"),
        json!("é"),
        json!(i64::MIN),
    ];
    let bodies: Vec<Json> = ids.iter().map(|id| json!({ "id": id })).collect();
    cast.user.post(&path, &Json::Array(bodies)).await.expect(201);
    cast.other_user.post(&path, &json!({ "id": 5 })).await.expect(201);
    let minimum = i64::MIN.to_string();
    let keys = [&minimum, "-1", "2", "10", "'10'", "'2'", "B", "a", "é", &format!("u'{uuid}'")];
    let expected: Vec<String> = keys.iter().map(|key| format!("{table}:{key}")).collect();
    let list = cast.user.get(&path).await.expect(200);
    assert_eq!(list.ids(), expected);
    assert!(list.json["next_cursor"].is_null());
    assert_eq!(list.header("x-ddb-tx"), list.tx().to_string());
    assert_eq!((list.header("etag"), list.header("cache-control")), ("", "private, no-store"));
    for limit in [1, 2, 3, 9, 10, 11] {
        assert_eq!(walk(&cast.user, &path, limit).await, (expected.clone(), ids.len().div_ceil(limit)), "{limit}");
    }
    assert_eq!(cast.other_user.get(&path).await.ids(), [format!("{table}:5")]);
    assert_eq!(cast.admin.get(&path).await.ids().len(), ids.len() + 1);
}

#[tokio::test]
async fn a_list_says_of_each_record_what_get_says() {
    let cast = STAGE.cast().await;
    let path = format!("/api/data/{}", cast.table());
    cast.user.post(&path, &json!([{ "a": 1 }, { "a": null, "$ttl": 3_600 }, {}])).await.expect(201);
    for record in cast.user.get(&path).await.records() {
        let one = format!("/api/data/{}", record["id"].as_str().expect("an id").replacen(':', "/", 1));
        assert_eq!(&cast.user.get(&one).await.json["data"], record);
    }
}

#[tokio::test]
async fn the_anonymous_and_a_table_that_does_not_exist_have_an_empty_list() {
    let cast = STAGE.cast().await;
    let path = format!("/api/data/{}", cast.table());
    cast.user.post(&path, &json!({})).await.expect(201);
    let known = cast.anon.get(&path).await.expect(200);
    assert_eq!(known.json, json!({ "data": [], "next_cursor": null, "tx": known.tx() }));
    let never = cast.anon.get("/api/data/never_was").await.expect(200);
    assert_eq!(never.json, json!({ "data": [], "next_cursor": null, "tx": never.tx() }));
    for caller in [&cast.other_user, &cast.admin] {
        assert!(caller.get("/api/data/never_was").await.expect(200).ids().is_empty());
    }
}

#[tokio::test]
async fn fifty_records_are_a_page_and_a_thousand_the_most() {
    let cast = STAGE.cast().await;
    let path = format!("/api/data/{}", cast.table());
    let bodies: Vec<Json> = (0..1_001).map(|id| json!({ "id": id })).collect();
    cast.user.post(&path, &Json::Array(bodies)).await.expect(201);
    for (query, length) in [("", 50), ("?limit=1", 1), ("?limit=1000", 1_000), ("?limit=999", 999)] {
        let answer = cast.user.get(&format!("{path}{query}")).await.expect(200);
        assert_eq!(answer.ids().len(), length, "{query}");
        assert!(answer.json["next_cursor"].is_string());
    }
    for limit in ["0", "1001", "abc", "+5", "%2B5", "-1", "1.0", "", "99999999999999999999", "5%20", "٥", "0x10", "5&limit=5"] {
        for path in [&path, "/api/data/never_was"] {
            cast.user.get(&format!("{path}?limit={limit}").replace('٥', "%D9%A5")).await.expect_error(400, "BAD_REQUEST");
        }
    }
}

#[tokio::test]
async fn a_cursor_walks_every_record_once_while_others_write() {
    // Mutant: `p.key >= $2` in `read/list.rs`.
    let cast = STAGE.cast().await;
    let path = format!("/api/data/{}", cast.table());
    let bodies: Vec<Json> = (0..200).map(|n| json!({ "id": n * 10 })).collect();
    cast.user.post(&path, &Json::Array(bodies)).await.expect(201);
    let walked = AtomicBool::new(false);
    let writing = async {
        let mut n = 0;
        while !walked.load(Ordering::Relaxed) {
            cast.user.post(&path, &json!({ "id": n % 200 * 10 + 1 + n / 200 })).await.expect(201);
            cast.other_user.post(&path, &json!({ "id": -1 - n })).await.expect(201);
            n += 7;
        }
    };
    let walking = async {
        let pages = walk(&cast.user, &path, 9).await;
        walked.store(true, Ordering::Relaxed);
        pages
    };
    let ((ids, _), ()) = tokio::join!(walking, writing);
    let mut times: HashMap<&str, usize> = HashMap::new();
    for id in &ids {
        *times.entry(id).or_default() += 1;
    }
    assert!(times.values().all(|times| *times == 1));
    let table = path.rsplit('/').next().expect("a table");
    assert!((0..200).all(|n| times.contains_key(format!("{table}:{}", n * 10).as_str())));
    assert!(!ids.iter().any(|id| id.contains(":-")), "another's records are not walked");
}

#[tokio::test]
async fn a_cursor_is_good_for_its_list_and_its_caller_only() {
    let cast = STAGE.cast().await;
    let (path, other) = (format!("/api/data/{}", cast.table()), format!("/api/data/{}", cast.table()));
    for path in [&path, &other] {
        for caller in [&cast.user, &cast.other_user] {
            caller.post(path, &json!([{}, {}, {}])).await.expect(201);
        }
    }
    let cursor = cast.user.get(&format!("{path}?limit=1")).await.json["next_cursor"].as_str().expect("a cursor").to_owned();
    cast.user.get(&format!("{path}?cursor={cursor}&limit=2")).await.expect(200);
    cast.user.get(&format!("{other}?cursor={cursor}")).await.expect_error(400, "BAD_REQUEST");
    for caller in [&cast.other_user.client, &cast.admin.client, &cast.anon] {
        caller.get(&format!("{path}?cursor={cursor}")).await.expect_error(400, "BAD_REQUEST");
    }
    // Mutant: leave out the comparison of the MAC in `cursor.rs`.
    let flipped = |place: usize| {
        let mut bytes = cursor.clone().into_bytes();
        bytes[place] = if bytes[place] == b'A' { b'B' } else { b'A' };
        String::from_utf8(bytes).expect("ASCII")
    };
    let mut forged = vec![
        String::new(),
        "A".to_owned(),
        "%00".to_owned(),
        "'".to_owned(),
        "../../x".to_owned(),
        cursor[1..].to_owned(),
        format!("{cursor}A"),
        format!("{cursor}AAAA"),
        format!("{cursor}="),
        "A".repeat(10_000),
    ];
    forged.extend((1..cursor.len()).step_by(7).map(|end| cursor[..end].to_owned()));
    forged.extend((0..cursor.len()).step_by(5).map(flipped));
    for forged in &forged {
        cast.user.get(&format!("{path}?cursor={forged}")).await.expect_error(400, "BAD_REQUEST");
    }
    assert_eq!(cast.user.get(&format!("{path}?cursor={cursor}")).await.ids().len(), 2);
}

#[tokio::test]
async fn parameters_of_later_versions_are_refused() {
    let cast = STAGE.cast().await;
    let path = format!("/api/data/{}", cast.table());
    for query in ["offset=1", "page=2", "LIMIT=5", "limit%00=5", "'"] {
        cast.user.get(&format!("{path}?{query}")).await.expect_error(400, "BAD_REQUEST");
    }
}

#[tokio::test]
async fn other_methods_are_405() {
    let cast = STAGE.cast().await;
    let path = format!("/api/data/{}", cast.table());
    for method in [Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS, Method::TRACE] {
        let refused = cast.user.send(method, &path, None).await.expect_error(405, "METHOD_NOT_ALLOWED");
        let mut allowed: Vec<&str> = refused.header("allow").split(',').map(str::trim).collect();
        allowed.sort_unstable();
        assert_eq!(allowed, ["GET", "HEAD", "POST"]);
    }
    for method in [Method::POST, Method::OPTIONS, Method::from_bytes(b"BREW").expect("a method")] {
        let refused = cast.user.send(method, &format!("{path}/1"), None).await.expect_error(405, "METHOD_NOT_ALLOWED");
        let mut allowed: Vec<&str> = refused.header("allow").split(',').map(str::trim).collect();
        allowed.sort_unstable();
        assert_eq!(allowed, ["DELETE", "GET", "HEAD", "PATCH", "PUT"]);
    }
    let head = cast.user.send(Method::HEAD, &path, None).await.expect(200);
    assert!(head.body.is_empty());
}

/// Mutant: `MAX_PAGE_BYTES` in `select/reader.rs` is 80 MB.
#[tokio::test]
async fn a_page_of_large_records_ends_early_and_goes_on() {
    let cast = STAGE.cast().await;
    let table = cast.table();
    let path = format!("/api/data/{table}");
    let text = "x".repeat(900_000);
    let records: Vec<Json> = (0..12).map(|n| json!({ "id": n, "text": text })).collect();
    cast.user.post(&path, &Json::Array(records)).await.expect(201);
    let expected: Vec<String> = (0..12).map(|n| format!("{table}:{n}")).collect();
    for query in ["limit=50", "limit=50&order=-created,-id", "limit=50&where=id%20!=%20NONE"] {
        let (mut ids, mut pages, mut cursor) = (Vec::new(), 0, String::new());
        loop {
            let page = cast.user.get(&format!("{path}?{query}{cursor}")).await.expect(200);
            assert!(page.body.len() < 10_000_000, "{query}: a page of {} bytes", page.body.len());
            ids.extend(page.ids().into_iter().map(str::to_owned));
            pages += 1;
            match page.json["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        if query.contains("order=-") {
            ids.reverse();
        }
        assert_eq!(ids, expected, "{query}");
        assert_eq!(pages, 2, "{query}");
    }
}
