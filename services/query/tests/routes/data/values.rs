//! What is stored comes back: every kind of value, plain and typed.

use ddb_testkit::{Json, Method};

use crate::STAGE;

const TYPED: &str = "application/vnd.ddb.typed+json";

/// How the field `v` stands in an answer.
fn shown(body: &[u8]) -> String {
    let text = std::str::from_utf8(body).expect("UTF-8");
    let begin = text.find("\"v\":").expect("a field v") + 4;
    let end = text.rfind(",\"_owner\"").expect("an owner");
    text[begin..end].to_owned()
}

#[tokio::test]
async fn every_kind_of_value_comes_back() {
    let cast = STAGE.cast().await;
    let path = format!("/api/data/{}", cast.table());
    let typed = cast.user.with_header("accept", TYPED);
    // What is sent, the plain answer, the typed answer where it is not what was sent.
    for (sent, plain, kept) in [
        ("null", "null", ""),
        ("true", "true", ""),
        ("0", "0", ""),
        ("-0", "0", "0"),
        ("9223372036854775807", "9223372036854775807", ""),
        ("-9223372036854775808", "-9223372036854775808", ""),
        ("9007199254740993", "9007199254740993", ""),
        ("1.0", "1.0", ""),
        ("1e0", "1.0", "1.0"),
        ("1E+2", "100.0", "100.0"),
        ("0.1", "0.1", ""),
        ("0.1000000000000000055", "0.1", "0.1"),
        ("9007199254740993.0", "9007199254740992.0", "9007199254740992.0"),
        ("1e-400", "0.0", "0.0"),
        ("1.7976931348623157e308", "1.7976931348623157e308", ""),
        ("5e-324", "5e-324", ""),
        ("1e21", "1e21", ""),
        ("1e+21", "1e21", "1e21"),
        ("100000000000000000000.0", "1e20", "1e20"),
        ("-1E21", "-1e21", "-1e21"),
        ("1e-7", "1e-7", ""),
        ("[1e21,{\"a\":1e-7}]", "[1e21,{\"a\":1e-7}]", ""),
        ("-0.0", "-0.0", r#"{"$float":"-0.0"}"#),
        (r#"{"$float":"-0.0"}"#, "-0.0", ""),
        (r#"{"$float":"NaN"}"#, r#""NaN""#, ""),
        (r#"{"$float":"inf"}"#, r#""inf""#, ""),
        (r#"{"$float":"-inf"}"#, r#""-inf""#, ""),
        (r#"{"$decimal":"1.50"}"#, r#""1.50""#, ""),
        (r#"{"$decimal":"-79228162514264337593543950335"}"#, r#""-79228162514264337593543950335""#, ""),
        (r#""""#, r#""""#, ""),
        (
            r#""a\"\\\/\b\f\n\r\t\u0001é💡\ud83d\ude00""#,
            "\"a\\\"\\\\/\\b\\f\\n\\r\\t\\u0001é💡😀\"",
            "\"a\\\"\\\\/\\b\\f\\n\\r\\t\\u0001é💡😀\"",
        ),
        (r#""2026-01-01T00:00:00Z""#, r#""2026-01-01T00:00:00Z""#, ""),
        (r#""{\"$datetime\":1}""#, r#""{\"$datetime\":1}""#, ""),
        (r#"{"$datetime":"2026-01-02T03:04:05.000000006Z"}"#, r#""2026-01-02T03:04:05.000000006Z""#, ""),
        (r#"{"$datetime":"2026-01-02T03:04:05+02:00"}"#, r#""2026-01-02T01:04:05Z""#, r#"{"$datetime":"2026-01-02T01:04:05Z"}"#),
        (r#"{"$duration":"1y2w3d4h5m6s7ms8us9ns"}"#, r#""1y2w3d4h5m6s7ms8us9ns""#, ""),
        (r#"{"$duration":"0ns"}"#, r#""0ns""#, ""),
        (r#"{"$uuid":"018f3c5e-7c5a-7aaa-8aaa-000000000001"}"#, r#""018f3c5e-7c5a-7aaa-8aaa-000000000001""#, ""),
        (r#"{"$bytes":"AAEC/w=="}"#, r#""AAEC/w==""#, ""),
        (r#"{"$table":"user"}"#, r#""user""#, ""),
        (r#"{"$record":"user:1"}"#, r#""user:1""#, ""),
        (r#"{"$record":"user:⟨a:b⟩"}"#, r#""user:a:b""#, r#"{"$record":"user:a:b"}"#),
        (r#"{"$record":"user:'1'"}"#, r#""user:'1'""#, ""),
        (r#"{"$record":{"key":[1,"a"],"table":"x"}}"#, r#""x:[1, 'a']""#, ""),
        (r#"{"$set":[1,2,"a"]}"#, r#"[1,2,"a"]"#, ""),
        (r#"{"$set":["a",2,1,2]}"#, r#"[1,2,"a"]"#, r#"{"$set":[1,2,"a"]}"#),
        (r#"[1,[2.0,{"$set":[]}],null]"#, "[1,[2.0,[]],null]", ""),
        ("[]", "[]", ""),
        ("{}", "{}", ""),
        (
            r#"{"a":{"b":{"$decimal":"1"}},"__proto__":1,"x.y":2}"#,
            r#"{"__proto__":1,"a":{"b":"1"},"x.y":2}"#,
            r#"{"__proto__":1,"a":{"b":{"$decimal":"1"}},"x.y":2}"#,
        ),
        (r#"{"$object":{"$inc":1}}"#, r#"{"$inc":1}"#, ""),
        (r#"{"$object":{"$ttl":1,"b":2}}"#, r#"{"$ttl":1,"b":2}"#, ""),
        (r#"{"$geometry":{"type":"Point","coordinates":[1.5,-2.0]}}"#, r#"{"type":"Point","coordinates":[1.5,-2.0]}"#, ""),
        (
            r#"{"$geometry":{"type":"GeometryCollection","geometries":[{"type":"LineString","coordinates":[[0.0,0.0],[1.0,1.0]]}]}}"#,
            r#"{"type":"GeometryCollection","geometries":[{"type":"LineString","coordinates":[[0.0,0.0],[1.0,1.0]]}]}"#,
            "",
        ),
        (r#"{"$range":{"begin":{"included":1},"end":{"included":4}}}"#, r#""1..=4""#, ""),
        (r#"{"$range":{}}"#, r#""..""#, ""),
    ] {
        let made = cast.user.send_text(Method::POST, &path, format!(r#"{{"v":{sent}}}"#)).await.expect(201);
        assert_eq!(shown(&made.body), plain, "{sent}");
        let read = cast.user.get(&made.path()).await.expect(200);
        assert_eq!(shown(&read.body), plain, "{sent}, read again");
        let kept = if kept.is_empty() { sent } else { kept };
        let read = typed.get(&made.path()).await.expect(200);
        assert_eq!(shown(&read.body), kept, "{sent}, typed");
        let list = typed.get(&format!("{path}?limit=1000")).await.expect(200).text();
        assert!(list.contains(&format!("\"v\":{kept},\"_owner\"")), "{sent}, in a list");
        // What a typed answer says is the same value again: a replace with it changes nothing.
        let same = typed.send_text(Method::PUT, &made.path(), format!(r#"{{"v":{kept}}}"#)).await.expect(200);
        assert_eq!(same.header("etag"), made.header("etag"), "{sent}, written again");
    }
}

#[tokio::test]
async fn none_is_no_field() {
    let cast = STAGE.cast().await;
    let path = format!("/api/data/{}", cast.table());
    let made = cast.user.send_text(Method::POST, &path, r#"{"v":{"$none":true},"a":1}"#).await.expect(201);
    assert!(made.json["data"].get("v").is_none());
    let merged = cast.user.send_text(Method::PATCH, &made.path(), r#"{"a":{"$none":true}}"#).await.expect(200);
    assert!(merged.json["data"].get("a").is_none());
}

#[tokio::test]
async fn system_values_are_typed_too() {
    let cast = STAGE.cast().await;
    let table = cast.table();
    let typed = cast.user.with_header("accept", TYPED);
    let made = typed.send_text(Method::POST, &format!("/api/data/{table}"), r#"{"id":"x","$ttl":60}"#).await.expect(201);
    let record = &made.json["data"];
    assert_eq!(record["id"], Json::from_iter([("$record", format!("{table}:x"))]));
    assert_eq!(record["_owner"], Json::from_iter([("$record", cast.user.id.clone())]));
    for name in ["created", "updated", "_expires"] {
        assert!(record[name]["$datetime"].is_string(), "{name}: {record}");
    }
    assert!(made.json["tx"].is_i64());
}

#[tokio::test]
async fn what_is_no_value_is_refused_with_its_place() {
    let cast = STAGE.cast().await;
    let path = format!("/api/data/{}", cast.table());
    for (value, field) in [
        ("1e400", "v"),
        ("-1e400", "v"),
        ("9223372036854775808", "v"),
        ("-9223372036854775809", "v"),
        (r#"[0,{"a":99999999999999999999}]"#, "v[1].a"),
        (r#""a\u0000""#, "v"),
        (r#"{"a\u0000":1}"#, "v"),
        (r#"{"$float":"1.5"}"#, "v"),
        (r#"{"$float":1.5}"#, "v"),
        (r#"{"$decimal":"x"}"#, "v"),
        (r#"{"$decimal":"79228162514264337593543950336"}"#, "v"),
        (r#"{"$datetime":"yesterday"}"#, "v"),
        (r#"{"$datetime":"2026-02-30T00:00:00Z"}"#, "v"),
        (r#"{"$datetime":1}"#, "v"),
        (r#"{"$duration":"1 fortnight"}"#, "v"),
        (r#"{"$duration":"999999999999999999y"}"#, "v"),
        (r#"{"$uuid":"1234"}"#, "v"),
        (r#"{"$bytes":"%%%"}"#, "v"),
        (r#"{"$table":"a b"}"#, "v"),
        (r#"{"$record":"no colon"}"#, "v"),
        (r#"{"$record":"a b:1"}"#, "v"),
        (r#"{"$record":"user:"}"#, "v"),
        (r#"{"$record":{"table":"user"}}"#, "v"),
        (r#"{"$set":1}"#, "v"),
        (r#"{"$geometry":{"type":"Point","coordinates":[1]}}"#, "v"),
        (r#"{"$geometry":{"type":"Circle","coordinates":[1,2]}}"#, "v"),
        (r#"{"$geometry":{"type":"Point","coordinates":[1,2],"crs":1}}"#, "v"),
        (r#"{"$range":{"begin":1}}"#, "v"),
        (r#"{"$none":false}"#, "v"),
        (r#"{"$nope":1}"#, "v.$nope"),
        (r#"{"a":1,"$datetime":"2026-01-01T00:00:00Z"}"#, "v.$datetime"),
        (r#"[{"$datetime":"x"}]"#, "v[0]"),
    ] {
        let refused =
            cast.user.send_text(Method::POST, &path, format!(r#"{{"v":{value}}}"#)).await.expect_error(422, "VALIDATION_FAILED");
        let detail = &refused.json["error"]["details"][0];
        assert!(detail["field"].as_str().is_some_and(|at| at.starts_with(field)), "{value}: {detail}");
    }
    assert!(cast.admin.get(&path).await.ids().is_empty());
}

#[tokio::test]
async fn a_form_that_is_not_known_is_406() {
    let cast = STAGE.cast().await;
    let path = format!("/api/data/{}", cast.table());
    let made = cast.user.post(&path, &ddb_testkit::json!({ "v": 1.0 })).await.expect(201);
    for (accept, kind) in [
        ("*/*", "application/json"),
        ("application/json", "application/json"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "application/json"),
        ("application/json;q=0.1, application/vnd.ddb.typed+json", TYPED),
        ("application/vnd.ddb.typed+json;q=0.1, application/json", "application/json"),
        ("application/vnd.ddb.typed+json;q=0, */*", "application/json"),
        ("Application/VND.ddb.Typed+JSON; charset=utf-8", TYPED),
    ] {
        let answer = cast.user.with_header("accept", accept).get(&made.path()).await.expect(200);
        assert_eq!(answer.header("content-type"), kind, "{accept}");
    }
    for accept in ["text/html", "application/msgpack", "application/vnd.ddb.typed+json;q=0", "garbage", "application/json;q=0"] {
        let client = cast.user.with_header("accept", accept);
        client.get(&made.path()).await.expect_error(406, "NOT_ACCEPTABLE");
        client.get(&path).await.expect_error(406, "NOT_ACCEPTABLE");
        client.patch(&made.path(), &ddb_testkit::json!({ "v": 2 })).await.expect_error(406, "NOT_ACCEPTABLE");
        client.post(&path, &ddb_testkit::json!({})).await.expect_error(406, "NOT_ACCEPTABLE");
    }
    assert_eq!(cast.user.get(&path).await.ids().len(), 1, "a refused form writes nothing");
    assert_eq!(cast.user.get(&made.path()).await.header("etag"), made.header("etag"));
}

#[tokio::test]
async fn a_byte_order_mark_before_a_body_is_skipped() {
    let cast = STAGE.cast().await;
    let table = cast.table();
    let path = format!("/api/data/{table}");
    let made = cast.user.send_text(Method::POST, &path, "\u{feff}{\"v\":1e21}").await.expect(201);
    for method in [Method::PATCH, Method::PUT] {
        let changed = cast.user.send_text(method, &made.path(), "\u{feff}\r\n{\"v\":\"\u{feff}\"}").await.expect(200);
        assert_eq!(shown(&changed.body), "\"\u{feff}\"", "only the one before the body");
    }
    let ops = format!("\u{feff}{{\"ops\":[{{\"op\":\"create\",\"table\":\"{table}\"}}]}}");
    cast.user.send_text(Method::POST, "/api/mutate", ops).await.expect(200);
    cast.user.send_text(Method::POST, "/api/query", format!("\u{feff}{{\"{table}\":{{}}}}")).await.expect(200);
    cast.user.send_text(Method::POST, &path, "\u{feff}\u{feff}{}").await.expect_error(400, "BAD_REQUEST");
}

#[tokio::test]
async fn a_day_that_there_is_not_is_named() {
    let cast = STAGE.cast().await;
    let path = format!("/api/data/{}", cast.table());
    for (datetime, expected) in [
        ("2023-02-29T00:00:00Z", "there is no 29 February in 2023"),
        ("2026-13-01T00:00:00Z", "there is no month 13"),
        ("2026-11-22T24:00:00Z", "there is no hour 24"),
        ("2026-11-22", "2026-11-22T00:00:00Z"),
    ] {
        let body = format!(r#"{{"due":{{"$datetime":"{datetime}"}}}}"#);
        let refused = cast.user.send_text(Method::POST, &path, body).await.expect_error(422, "VALIDATION_FAILED");
        assert!(refused.text().contains(expected), "{}", refused.text());
        assert_eq!(refused.json["error"]["details"][0]["field"], "due");
    }
}
