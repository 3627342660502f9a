//! Names and spellings in a path.

use ddb_testkit::{Bytes, Method};

use super::quiet::Quiet;

#[tokio::test]
async fn table_names_have_one_form() {
    let quiet = Quiet::enter().await;
    let long = "t".repeat(64);
    for table in [
        "x;drop%20table%20user",
        "%27;%20drop%20table%20x;%20--",
        "x%22",
        "1a",
        "9",
        "a-b",
        "a.b",
        "a%20b",
        "a%2Fb",
        "%2e%2e",
        "%2E",
        "..",
        ".",
        "%00",
        "a%00",
        "a%0A",
        "t%C3%A9",
        "%E2%84%AA",
        "user%20",
        "%20user",
        "$x",
        "*",
        "a%25",
        "ddb.tx",
        "pg_catalog.pg_class",
        &long,
        "%ff",
        "%",
        "%4",
        "%zz",
        "%c3%28",
        "user:1",
        "~",
        "@",
    ] {
        for (method, path, body) in [
            (Method::GET, format!("/api/data/{table}"), None),
            (Method::POST, format!("/api/data/{table}"), Some(("application/json", Bytes::from_static(b"{}")))),
            (Method::GET, format!("/api/data/{table}/1"), None),
            (Method::PATCH, format!("/api/data/{table}/1"), Some(("application/json", Bytes::from_static(b"{}")))),
            (Method::PUT, format!("/api/data/{table}/1"), Some(("application/json", Bytes::from_static(b"{}")))),
            (Method::DELETE, format!("/api/data/{table}/1"), None),
        ] {
            let answer = quiet.cast.admin.send(method.clone(), &path, body).await;
            quiet.refused(answer, 400, "BAD_REQUEST", &format!("{method} {path}")).await;
        }
    }
    let answer = quiet.cast.admin.get(&format!("/api/data//{}", quiet.table)).await;
    quiet.refused(answer, 400, "BAD_REQUEST", "an empty name").await;
    for table in ["t", "_", "T", &"t".repeat(63), "select", "tx", "null"] {
        quiet.cast.user.get(&format!("/api/data/{table}")).await.expect(200);
    }
    quiet.leave().await;
}

/// Threats 30 and 50: another spelling of a route is no route.
#[tokio::test]
async fn other_spellings_of_a_route_are_404() {
    let quiet = Quiet::enter().await;
    let (table, path) = (&quiet.table, &quiet.path);
    let key = path.rsplit('/').next().expect("a key");
    for path in [
        "/api".to_owned(),
        "/api/data".to_owned(),
        "/api/data/".to_owned(),
        format!("/api/data/{table}/"),
        format!("{path}/"),
        format!("{path}/x"),
        format!("//api/data/{table}"),
        format!("/api//data/{table}"),
        format!("/api/data/{table}//{key}"),
        format!("/API/data/{table}"),
        format!("/api/Data/{table}"),
        format!("/api/./data/{table}"),
        format!("/api/x/../data/{table}"),
        format!("/api/%2e/data/{table}"),
        format!("/api%2Fdata/{table}"),
        format!("/%61pi/data/{table}"),
        format!("/api/data;x=1/{table}"),
        format!("/v1/api/data/{table}"),
        "/api/sql".to_owned(),
        "/api/mutates".to_owned(),
        "/api/batches".to_owned(),
        "/api/schemas".to_owned(),
        "/api/admin/quota".to_owned(),
        "/api/admin/namespace".to_owned(),
        "/metrics/x".to_owned(),
    ] {
        for caller in [&quiet.cast.admin.client, &quiet.cast.anon] {
            for method in [Method::GET, Method::DELETE] {
                let answer = caller.send(method.clone(), &path, None).await;
                quiet.refused(answer, 404, "NOT_FOUND", &format!("{method} {path}")).await;
            }
            let answer = caller.send_text(Method::POST, &path, "{}").await;
            quiet.refused(answer, 404, "NOT_FOUND", &format!("POST {path}")).await;
        }
    }
    quiet.leave().await;
}
