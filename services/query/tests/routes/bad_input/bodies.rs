//! Bodies that are no JSON, no record, of another kind or too large.

use ddb_testkit::{Answer, Bytes, Json, Method, json};

use super::quiet::{Quiet, WRITES};

const MEGABYTE: usize = 1 << 20;

#[tokio::test]
async fn what_is_no_json_is_400() {
    let quiet = Quiet::enter().await;
    for body in [
        "",
        " ",
        "{",
        "[",
        "}",
        "{\"a\"",
        "{\"a\":}",
        "{\"a\":1",
        "{\"a\":1,}",
        "[1,]",
        "{a:1}",
        "{'a':1}",
        "{,}",
        "nul",
        "truee",
        "{\"a\":1}}",
        "{}{}",
        "{} x",
        "{}\0",
        "{\"a\":01}",
        "{\"a\":+1}",
        "{\"a\":.5}",
        "{\"a\":1.}",
        "{\"a\":1e}",
        "{\"a\":0x1}",
        "{\"a\":NaN}",
        "{\"a\":Infinity}",
        "{\"a\":--1}",
        "{\"a\":\"\n\"}",
        "{\"a\":\"\t\"}",
        "{\"a\":\"\0\"}",
        "{\"a\":\"\\x\"}",
        "{\"a\":\"\\u12\"}",
        "{\"a\":\"\\u{12}\"}",
        "{\"a\":\"",
        "\"",
        "\u{feff}\u{feff}{}",
        "{\"a\":1 \"b\":2}",
        "{\"a\" 1}",
        "/**/{}",
        "{} //",
        "a=1&b=2",
        "<a/>",
        "{\"a\":\u{a0}1}",
        // Keys that stand twice.
        "{\"a\":1,\"a\":1}",
        "{\"a\":1,\"\\u0061\":2}",
        "{\"id\":1,\"id\":2}",
        "{\"$ttl\":1,\"$ttl\":2}",
        "{\"_owner\":1,\"_owner\":2}",
        "{\"a\":{\"b\":1,\"b\":2}}",
        "{\"a\":[{\"b\":1,\"b\":2}]}",
        "{\"a\":{\"$inc\":1,\"$inc\":1}}",
        "{\"\":1,\"\":2}",
        // Halves of characters.
        "{\"a\":\"\\ud800\"}",
        "{\"a\":\"\\udc00\"}",
        "{\"a\":\"\\ud800\\ud800\"}",
        "{\"a\":\"\\udc00\\ud800\"}",
        "{\"a\":\"\\ud800x\"}",
        "{\"\\ud800\":1}",
    ] {
        quiet.refuse_body(body, 400, "BAD_REQUEST").await;
    }
    for body in [
        &b"{\"a\":\"\xff\"}"[..],
        b"{\"a\":\"\xc0\x80\"}",
        b"{\"a\":\"\xed\xa0\x80\"}",
        b"{\"\xe2\x82\":1}",
        b"\xff\xfe{\0}\0",
        b"{\"a\":1}\x80",
        b"\x1f\x8b\x08\0",
    ] {
        quiet.refuse_body(Bytes::from_static(body), 400, "BAD_REQUEST").await;
    }
    let many: String = (0..2_000).map(|n| format!("\"k{n}\":0,")).collect();
    quiet.refuse_body(format!("{{{many}\"k1999\":0}}"), 400, "BAD_REQUEST").await;
    quiet.leave().await;
}

#[tokio::test]
async fn deep_nesting_is_400() {
    let quiet = Quiet::enter().await;
    for (open, inner, close) in [
        ("[", "1", "]"),
        ("{\"a\":", "1", "}"),
        ("[{\"a\":", "1", "}]"),
        ("{\"$set\":[", "1", "]}"),
        ("{\"$object\":", "{}", "}"),
    ] {
        for depth in [65, 10_000, 1_000_000] {
            quiet
                .refuse_body(format!("{{\"a\":{}{inner}{}}}", open.repeat(depth), close.repeat(depth)), 400, "BAD_REQUEST")
                .await;
            quiet.refuse_body(open.repeat(depth), 400, "BAD_REQUEST").await;
        }
    }
    // 64 levels with the record itself are taken.
    let deepest = format!("{{\"a\":{}{}}}", "[".repeat(63), "]".repeat(63));
    let path = format!("/api/data/{}", quiet.cast.table());
    let made = quiet.cast.user.send_text(Method::POST, &path, deepest).await.expect(201);
    assert!(quiet.cast.user.get(&made.path()).await.expect(200).text().contains(&"[".repeat(63)));
    let deeper = format!("{{\"a\":{}{}}}", "[".repeat(64), "]".repeat(64));
    quiet.cast.user.send_text(Method::POST, &path, deeper).await.expect_error(400, "BAD_REQUEST");
    quiet.accepted().await.leave().await;
}

#[tokio::test]
async fn what_is_no_record_is_422() {
    let quiet = Quiet::enter().await;
    let long = "f".repeat(129);
    let field_names = [
        "",
        &long,
        &"é".repeat(65),
        "$x",
        "$",
        "$ttl2",
        "a\u{1}b",
        "a\nb",
        "\u{7f}",
        "a\u{85}b",
        "id2\u{0}",
        "_owner",
        "_expires",
        "in",
        "out",
    ];
    for name in field_names {
        let body = Json::from_iter([(name, json!(1))]).to_string();
        quiet.refuse_body(body, 422, "VALIDATION_FAILED").await;
    }
    // A change may send back the `_tx` that it read; a create has read none.
    let answer = quiet.cast.user.send_text(Method::POST, &quiet.path(&Method::POST), "{\"_tx\":1}").await;
    quiet.refused(answer, 422, "VALIDATION_FAILED", "_tx").await;
    for body in [
        "1",
        "\"x\"",
        "null",
        "true",
        "1.5",
        "{\"a\":1e400}",
        "{\"a\":9223372036854775808}",
        "{\"a\":[{\"b\":-1e999}]}",
        "{\"a\":\"\\u0000\"}",
        "{\"a\\u0000\":1}",
        "{\"a\":{\"\\u0000\":1}}",
        "{\"id\":\"\\u0000\"}",
        "{\"$ttl\":\"1\"}",
        "{\"$ttl\":1e3}",
        "{\"$ttl\":true}",
        "{\"$ttl\":-1}",
        "{\"a\":{\"$nope\":1}}",
        "{\"a\":{\"$datetime\":1}}",
        "{\"$where\":1}",
        "{\"$set\":{\"a\":1}}",
        "{\"$owner\":\"user:1\"}",
        "{\"_owner\":null}",
        "{\"_owner\":{\"$record\":\"user:1\"}}",
        "{\"a\":{\"$record\":\"t:\"}}",
        "{\"a\":{\"$record\":{\"table\":\"t\",\"key\":\"a\\nb\"}}}",
    ] {
        quiet.refuse_body(body, 422, "VALIDATION_FAILED").await;
    }
    let links = r#"{"a":[1,{"b":{"$record":{"table":"t","key":""}}}]}"#;
    for method in WRITES {
        let answer = quiet.cast.user.send_text(method.clone(), &quiet.path(&method), links).await;
        let refused = quiet.refused(answer, 422, "VALIDATION_FAILED", "a link that no record can have").await;
        assert_eq!(refused.json["error"]["details"][0]["field"], "a[1].b", "{method}");
    }
    quiet.refuse_body(format!("{{\"a\":{}}}", "9".repeat(100_000)), 422, "VALIDATION_FAILED").await;
    quiet.refuse_body(format!("{{\"a\":1.5e{}}}", "9".repeat(100_000)), 422, "VALIDATION_FAILED").await;
    quiet.leave().await;
}

#[tokio::test]
async fn names_that_look_dangerous_are_only_names() {
    let quiet = Quiet::enter().await;
    let path = format!("/api/data/{}", quiet.cast.table());
    let names = [
        "'; drop table x; --",
        "\"",
        "`",
        "\\",
        "a.b",
        "a[0]",
        "*",
        "%s",
        "{}",
        "__proto__",
        "constructor",
        "toString",
        "user.id",
        "auth",
        "select",
        "a b",
        "é",
        "💡",
        "owner",
        "_id",
        "_",
        "ID",
        "doc",
        "tx",
        "\u{200b}",
        "\u{202e}x",
    ]
    .map(str::to_owned)
    .into_iter()
    .chain(["f".repeat(128)])
    .collect::<Vec<_>>();
    for (n, name) in names.iter().enumerate() {
        let body = Json::from_iter([(name.as_str(), json!({ name.as_str(): n }))]);
        let made = quiet.cast.user.post(&path, &body).await.expect(201);
        assert_eq!(made.json["data"][name][name], n, "{name}");
        let merged =
            quiet.cast.user.patch(&made.path(), &Json::from_iter([(name.as_str(), json!({ "more": 1 }))])).await.expect(200);
        assert_eq!(merged.json["data"][name], json!({ name.as_str(): n, "more": 1 }), "{name}");
        assert_eq!(quiet.cast.user.get(&made.path()).await.json["data"], merged.json["data"]);
        let removed = quiet.cast.user.patch(&made.path(), &Json::from_iter([(name.as_str(), Json::Null)])).await.expect(200);
        assert!(removed.json["data"].get(name).is_none(), "{name}");
        assert_eq!(removed.json["data"]["_owner"], quiet.cast.user.id.as_str());
    }
    quiet.accepted().await.leave().await;
}

#[tokio::test]
async fn bodies_of_another_kind_are_415() {
    let quiet = Quiet::enter().await;
    let body = Bytes::from_static(b"{\"b\":1}");
    for kind in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "text/json",
        "application/msgpack",
        "application/jsonp",
        "json",
        "*/*",
        "application/",
    ] {
        for method in WRITES {
            let answer = quiet.cast.user.send(method.clone(), &quiet.path(&method), Some((kind, body.clone()))).await;
            quiet.refused(answer, 415, "UNSUPPORTED_MEDIA_TYPE", &format!("{method} {kind}")).await;
        }
    }
    for coding in ["gzip", "br", "identity, gzip", "x"] {
        let client = quiet.cast.user.with_header("content-encoding", coding);
        for method in WRITES {
            let answer = client.send_text(method.clone(), &quiet.path(&method), body.clone()).await;
            quiet.refused(answer, 415, "UNSUPPORTED_MEDIA_TYPE", &format!("{method} {coding}")).await;
        }
    }
    for method in WRITES {
        let answer = quiet.cast.user.send(method.clone(), &quiet.path(&method), None).await;
        quiet.refused(answer, 415, "UNSUPPORTED_MEDIA_TYPE", &format!("{method} without a body")).await;
    }
    let plain = quiet.cast.user.with_header("content-encoding", "identity");
    plain.send_text(Method::PATCH, &quiet.path, "{}").await.expect(200);
    quiet.leave().await;
}

#[tokio::test]
async fn what_is_too_large_is_413() {
    let quiet = Quiet::enter().await;
    quiet.refuse_body(format!("{{\"a\":\"{}\"}}", "x".repeat(MEGABYTE)), 413, "PAYLOAD_TOO_LARGE").await;
    quiet.refuse_body(format!("{{\"a\":[{}1]}}", "1,".repeat(MEGABYTE / 2)), 413, "PAYLOAD_TOO_LARGE").await;
    quiet.refuse_body(format!("{{\"a\":\"{}\"}}", "x".repeat(16 * MEGABYTE - 8)), 413, "PAYLOAD_TOO_LARGE").await;
    quiet.refuse_body(" ".repeat(16 * MEGABYTE + 1), 413, "PAYLOAD_TOO_LARGE").await;
    // A body of 16 MB is read; this one is a record with much white space around.
    let spacious = format!("{}{{\"a\":1}}{}", " ".repeat(8 * MEGABYTE), " ".repeat(8 * MEGABYTE - 7));
    assert_eq!(spacious.len(), 16 * MEGABYTE);
    quiet.cast.user.send_text(Method::PATCH, &quiet.path, spacious).await.expect(200);
    quiet.leave().await;
}

#[tokio::test]
async fn a_body_of_100_megabytes_is_413_and_the_client_can_read_it() {
    let quiet = Quiet::enter().await;
    let token = quiet.cast.user.token.as_deref().expect("a token");
    for method in WRITES {
        let path = quiet.path(&method);
        let head = |how: &str| {
            format!("{method} {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\n{how}\r\n\r\n").into_bytes()
        };
        let piece = Bytes::from(vec![b' '; MEGABYTE]);
        let with_length = head(&format!("content-length: {}", 100 * MEGABYTE));
        let chunk = Bytes::from([format!("{MEGABYTE:x}\r\n").as_bytes(), &piece, b"\r\n"].concat());
        for (head, piece) in [(with_length, piece), (head("transfer-encoding: chunked"), chunk)] {
            let answer = quiet.cast.user.upload(&head, std::iter::repeat_n(piece, 100)).await.expect("the answer arrives");
            let answer = Answer::parse_all(&answer).remove(0);
            quiet.refused(answer, 413, "PAYLOAD_TOO_LARGE", &format!("{method} of 100 MB")).await;
        }
    }
    quiet.leave().await;
}
