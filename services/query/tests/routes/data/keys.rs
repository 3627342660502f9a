//! Keys: in bodies as they are, in paths by their form.

use ddb_testkit::{Json, Method, json};

use crate::STAGE;

/// Percent-encodes everything that is not a letter or a digit.
fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| if byte.is_ascii_alphanumeric() { (byte as char).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

#[tokio::test]
async fn every_key_is_read_back_by_its_path() {
    let cast = STAGE.cast().await;
    let table = cast.table();
    let uuid = "018f3c5e-7c5a-7aaa-8aaa-000000000001";
    let long = "k".repeat(512);
    let cases: Vec<(Json, String, String)> = vec![
        (json!(0), "0".to_owned(), "0".to_owned()),
        (json!(1), "1".to_owned(), "1".to_owned()),
        (json!(-7), "-7".to_owned(), "-7".to_owned()),
        (json!(i64::MAX), i64::MAX.to_string(), i64::MAX.to_string()),
        (json!(i64::MIN), i64::MIN.to_string(), i64::MIN.to_string()),
        (json!("1"), "'1'".to_owned(), "'1'".to_owned()),
        (json!("-7"), "'-7'".to_owned(), "'-7'".to_owned()),
        (json!("007"), "007".to_owned(), "007".to_owned()),
        (json!("9223372036854775808"), "9223372036854775808".to_owned(), "9223372036854775808".to_owned()),
        (json!("abc_1"), "abc_1".to_owned(), "abc_1".to_owned()),
        (json!("a:b"), "a:b".to_owned(), "a:b".to_owned()),
        (json!("a/b"), "a/b".to_owned(), "a/b".to_owned()),
        (json!(".."), "..".to_owned(), "'..'".to_owned()),
        (json!("a b+c%41"), "a b+c%41".to_owned(), "a b+c%41".to_owned()),
        (json!("Größe 💡"), "Größe 💡".to_owned(), "Größe 💡".to_owned()),
        (json!("e\u{301}"), "e\u{301}".to_owned(), "e\u{301}".to_owned()),
        (json!("é"), "é".to_owned(), "é".to_owned()),
        (json!("'quoted'"), "''quoted''".to_owned(), "''quoted''".to_owned()),
        (json!("u'x'"), "'u'x''".to_owned(), "'u'x''".to_owned()),
        (json!("[1]"), "'[1]'".to_owned(), "'[1]'".to_owned()),
        (json!("{}"), "'{}'".to_owned(), "'{}'".to_owned()),
        (json!("a⟩\\b"), "a⟩\\b".to_owned(), "a⟩\\b".to_owned()),
        (json!("'; drop table x; --"), "'; drop table x; --".to_owned(), "''; drop table x; --'".to_owned()),
        (json!(uuid), uuid.to_owned(), uuid.to_owned()),
        (json!({ "$uuid": uuid }), format!("u'{uuid}'"), format!("u'{uuid}'")),
        (json!(long), long.clone(), long.clone()),
        (json!([]), "[]".to_owned(), "[]".to_owned()),
        (json!(["London", 1]), r#"["London",1.0]"#.to_owned(), "['London', 1]".to_owned()),
        (json!([2.0, { "$decimal": "0.10" }]), "[2, 0.1dec]".to_owned(), "[2, 0.1dec]".to_owned()),
        (json!(["a/b", "c'd%41"]), r"['a/b', 'c\'d%41']".to_owned(), r"['a/b', 'c\'d%41']".to_owned()),
        (
            json!([{ "$datetime": "2026-11-22T10:00:00Z" }, { "$uuid": uuid }, { "$record": "user:[1.0]" }]),
            format!("[d'2026-11-22T10:00:00Z', u'{uuid}', user:[1]]"),
            format!("[d'2026-11-22T10:00:00Z', u'{uuid}', user:[1]]"),
        ),
        (json!([null, true, { "$set": [2, 1, 1.0] }]), "[NULL, true, {1, 2}]".to_owned(), "[NULL, true, {1, 2}]".to_owned()),
        (json!({}), "{}".to_owned(), "{  }".to_owned()),
        (json!({ "b": 1, "a": [] }), r#"{"a":[],"b":1}"#.to_owned(), "{ a: [], b: 1 }".to_owned()),
        (json!({ "$object": { "$a": 1 } }), "{ '$a': 1 }".to_owned(), "{ '$a': 1 }".to_owned()),
        (json!([long[..507]]), format!("['{}']", &long[..507]), format!("['{}']", &long[..507])),
    ];
    let mut seen = std::collections::HashSet::new();
    for (id, path, shown) in &cases {
        let made = cast.user.post(&format!("/api/data/{table}"), &json!({ "id": id, "n": path })).await.expect(201);
        assert_eq!(made.json["data"]["id"], format!("{table}:{shown}"));
        assert!(seen.insert(shown.clone()));
        let path = format!("/api/data/{table}/{}", encoded(path));
        let read = cast.user.get(&path).await.expect(200);
        assert_eq!(read.json["data"], made.json["data"], "{path}");
    }
    for (_, path, _) in &cases {
        let path = format!("/api/data/{table}/{}", encoded(path));
        let merged = cast.user.patch(&path, &json!({ "m": 1 })).await.expect(200);
        assert_eq!(merged.json["data"]["m"], 1);
        cast.user.delete(&path).await.expect(204);
        cast.user.get(&path).await.expect_error(404, "NOT_FOUND");
    }
    assert!(cast.user.get(&format!("/api/data/{table}")).await.ids().is_empty());
}

#[tokio::test]
async fn what_is_no_key_is_refused_in_a_body() {
    // Mutant: leave out `check_storable` in `record_body.rs`.
    let cast = STAGE.cast().await;
    let path = format!("/api/data/{}", cast.table());
    for id in [
        json!(""),
        json!("k".repeat(513)),
        json!("💡".repeat(129)),
        json!(null),
        json!(true),
        json!(1.0),
        json!({ "$uuid": "x" }),
        json!({ "$set": [1] }),
        json!({ "$none": true }),
        json!({ "$record": "user:1" }),
        json!("a\u{1}b"),
        json!("a\nb"),
        json!("a\u{7f}b"),
        json!("a\u{85}b"),
    ] {
        let refused = cast.user.post(&path, &json!({ "id": id })).await.expect_error(422, "VALIDATION_FAILED");
        assert_eq!(refused.json["error"]["details"][0]["field"], "id", "{id}");
    }
    for id in ["9223372036854775808", "1e0", "1e400", "\"a\\u0000b\""] {
        let body = format!(r#"{{"id":{id}}}"#);
        cast.user.send_text(Method::POST, &path, body).await.expect_error(422, "VALIDATION_FAILED");
    }
    let deep = (0..32).fold(json!(1), |inner, _| json!([inner]));
    for (id, place) in [
        (json!([{ "$none": true }]), "id[0]"),
        (json!(["a", { "$float": "NaN" }]), "id[1]"),
        (json!([{ "$range": {} }]), "id[0]"),
        (json!([{ "$table": "user" }]), "id[0]"),
        (json!({ "a": { "$geometry": { "type": "Point", "coordinates": [1, 2] } } }), "id.a"),
        (json!({ "a": ["x\ny"] }), "id.a[0]"),
        (json!([{ "$record": "user:" }]), "id[0]"),
        (json!({ "$unknown": 1 }), "id.$unknown"),
        (json!({ "a": 1, "$b": 2 }), "id.$b"),
        (json!(["k".repeat(508)]), "id"),
        (json!((0..52).collect::<Vec<_>>()), "id"),
        (json!([deep]), "id[0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0]"),
    ] {
        let refused = cast.user.post(&path, &json!({ "id": id })).await.expect_error(422, "VALIDATION_FAILED");
        assert_eq!(refused.json["error"]["details"][0]["field"], place, "{id}");
        let link = json!({ "link": { "$record": { "table": "t", "key": id } } });
        cast.user.post(&path, &link).await.expect_error(422, "VALIDATION_FAILED");
    }
    cast.user.send_text(Method::POST, &path, r#"{"id":{"a":1,"a":2}}"#).await.expect_error(400, "BAD_REQUEST");
    for link in ["t:[NONE]", "t:[", "t:[1]x", "t:{1}", "t:[1..2]", "t:[a]", ":[1]", "t:[1] + [2]"] {
        cast.user.post(&path, &json!({ "link": { "$record": link } })).await.expect_error(422, "VALIDATION_FAILED");
    }
    assert!(cast.admin.get(&path).await.ids().is_empty());
}

#[tokio::test]
async fn an_id_of_another_table_is_a_plain_string_key() {
    let cast = STAGE.cast().await;
    let table = cast.table();
    let made = cast.other_user.post(&format!("/api/data/{table}"), &json!({ "id": cast.user.id })).await.expect(201);
    assert_eq!(made.json["data"]["id"], format!("{table}:{}", cast.user.id));
    assert_eq!(made.json["data"]["_owner"], cast.other_user.id.as_str());
}

#[tokio::test]
async fn what_is_no_key_is_refused_in_a_path() {
    let cast = STAGE.cast().await;
    let table = cast.table();
    let long = "k".repeat(513);
    for key in [
        "[1",
        "[a]",
        "[NONE]",
        "%5B%5D%5D",
        "%7B1%7D",
        "%7B1,2%7D",
        "%7B%22a%22:%7D",
        "%5B1..2%5D",
        "%5B%27a%5Cn%27%5D",
        "%5B%27a%5Cu%7B0%7D%27%5D",
        &format!("{}{}", "[".repeat(33), "]".repeat(33)),
        &"[".repeat(2_000),
        &format!("[{}]", vec!["1"; 52].join(",")),
        "u'x'",
        "%E2%9F%A8x",
        "%E2%9F%A8%E2%9F%A9",
        &format!("{table}:"),
        &format!("{table}:u'x'"),
        &format!("{table}:[1"),
        "u''",
        "''",
        "a%00b",
        "a%0Ab",
        "%ff",
        "%c3%28",
        "%zz",
        "%4",
        &long,
    ] {
        let path = format!("/api/data/{table}/{key}");
        cast.user.get(&path).await.expect_error(400, "BAD_REQUEST");
        for method in [Method::PATCH, Method::PUT] {
            cast.user.send_text(method, &path, "{}").await.expect_error(400, "BAD_REQUEST");
        }
        cast.user.delete(&path).await.expect_error(400, "BAD_REQUEST");
    }
}
