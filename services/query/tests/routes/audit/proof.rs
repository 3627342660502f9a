//! `GET /api/audit/proof/{table}/{key}`

use std::io::Write;
use std::process::{Command, Stdio};

use ddb_testkit::{Answer, Json, json};

use crate::STAGE;

/// Whether the check that follows the documentation alone accepts the proof under a hash that was noted elsewhere.
fn holds(proof: &str, noted: &str) -> bool {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/routes/audit/check_proof.py");
    let mut python = Command::new("python3")
        .args([script, noted])
        .stdin(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("python3 can be run");
    python.stdin.take().expect("a pipe").write_all(proof.as_bytes()).expect("it reads the proof");
    python.wait().expect("it ends").success()
}

fn hash(answer: &Answer) -> String {
    answer.json["head"]["hash"].as_str().expect("a hash").to_owned()
}

fn fields(answer: &Answer) -> Vec<&str> {
    answer.json["facts"].as_array().expect("facts").iter().filter_map(|fact| fact["field"].as_str()).collect()
}

fn proof_of(made: &Answer) -> String {
    made.path().replace("/api/data/", "/api/audit/proof/")
}

#[tokio::test]
async fn a_proof_is_checked_with_its_documentation_alone_and_by_ddb_verify() {
    let cast = STAGE.cast().await;
    let path = format!("/api/data/{}", cast.table());
    // Several records in one transaction: a proof is about one of them.
    let bodies: Vec<Json> = (0..5).map(|n| json!({ "id": n, "secret": format!("of {n}"), "list": [n, 1.5, null] })).collect();
    let made = cast.user.post(&path, &json!(bodies)).await.expect(201);
    let changed = cast.admin.patch(&format!("{path}/3"), &json!({ "secret": null, "n": 1 })).await.expect(200);
    let of_key = |key: i64| format!("{}/{key}", path.replace("/api/data/", "/api/audit/proof/"));
    let head = cast.admin.get("/api/audit/head").await.expect(200);
    let first = cast.user.get(&format!("{}?tx={}", of_key(3), made.tx())).await.expect(200);
    let newest = cast.user.get(&of_key(3)).await.expect(200);
    let linked = cast.admin.get(&format!("{}?tx={}&to={}", of_key(3), made.tx(), head.tx())).await.expect(200);
    assert_eq!(fields(&first), ["$exists", "$owner", "list", "secret"]);
    assert_eq!(fields(&newest), ["n", "secret"]);
    assert_eq!(newest.json["transaction"]["tx"], changed.tx());
    assert_eq!((&first.json["actor"]["record"], &newest.json["actor"]["record"]), (&json!(cast.user.id), &json!(cast.admin.id)));
    assert_eq!(linked.json["links"].as_array().map(Vec::len), usize::try_from(head.tx() - made.tx()).ok());
    assert_eq!(json!(hash(&linked)), head.json["data"]["hash"]);
    for (proof, noted) in [(&first, hash(&first)), (&newest, hash(&newest)), (&linked, hash(&linked)), (&linked, hash(&first))] {
        assert!(!proof.text().contains("6f662032"), "`of 2` is another's value");
        assert!(holds(&proof.text(), &noted));
        let checked = cast.server.ddb_with(&["verify", "--proof", "-", "--expect-head", &noted], &proof.text());
        assert_eq!(checked.code, Some(0), "{checked:?}");
        let elsewhere = "0".repeat(128);
        assert!(!holds(&proof.text(), &elsewhere));
        let checked = cast.server.ddb_with(&["verify", "--proof", "-", "--expect-head", &elsewhere], &proof.text());
        assert_eq!(checked.code, Some(1), "{checked:?}");
        for (old, new) in [("\"position\":", "\"position\":1"), ("\"time\":1", "\"time\":2"), ("\"field\":\"", "\"field\":\"x")] {
            let forged = proof.text().replacen(old, new, 1);
            assert!(!holds(&forged, &noted), "{new}");
            assert_eq!(cast.server.ddb_with(&["verify", "--proof", "-"], &forged).code, Some(1), "{new}");
        }
    }
    let checked = cast.server.ddb_with(&["verify", "--proof", "-", "--json"], &first.text());
    let checked: Json = serde_json::from_str(&checked.stdout).expect("JSON");
    assert_eq!((&checked["sound"], &checked["anchored"]), (&json!(true), &json!(false)));
    assert_eq!(checked["facts"][3]["value"], "'of 3'");
    assert_eq!(checked["head_hash"], json!(hash(&first)));
    for bad in ["", "{}", "[]", "{\"format\":\"ddb-proof-2\"}"] {
        assert_eq!(cast.server.ddb_with(&["verify", "--proof", "-"], bad).code, Some(1), "{bad}");
    }
}

#[tokio::test]
async fn a_deletion_and_what_the_system_wrote_are_proved_too() {
    let cast = STAGE.cast().await;
    let made = cast.user.post(&format!("/api/data/{}", cast.table()), &json!({ "id": "k", "a": 1 })).await.expect(201);
    cast.user.delete(&made.path()).await.expect(204);
    let deleted = cast.user.get(&proof_of(&made)).await.expect(200);
    assert_eq!((fields(&deleted), &deleted.json["facts"][0]["asserted"]), (vec!["$exists"], &json!(false)));
    assert!(holds(&deleted.text(), &hash(&deleted)));
    // Sign-up is the system's.
    let profile = cast.user.get(&format!("/api/audit/proof/{}", cast.user.id.replacen(':', "/", 1))).await.expect(200);
    assert_eq!(profile.json["actor"], Json::Null);
    assert!(holds(&profile.text(), &hash(&profile)));
}

#[tokio::test]
async fn a_proof_is_only_of_what_the_caller_may_read() {
    // Mutants: `spans` of everybody in `prove`; `row.entity == entity.id` left out; `require_admin` for `to` left out.
    let cast = STAGE.cast().await;
    let table = cast.table();
    let path = format!("/api/data/{table}");
    let of_user = cast.user.post(&path, &json!({ "id": "known", "secret": "swordfish" })).await.expect(201);
    let proofs = format!("/api/audit/proof/{table}");
    for query in [String::new(), format!("?tx={}", of_user.tx())] {
        for caller in [&cast.other_user.client, &cast.anon] {
            let hidden = caller.get(&format!("{proofs}/known{query}")).await.expect_error(404, "NOT_FOUND");
            let never = caller.get(&format!("{proofs}/never{query}")).await.expect_error(404, "NOT_FOUND");
            assert_eq!(hidden.blind(&["known"]), never.blind(&["never"]));
        }
    }
    cast.user.delete(&of_user.path()).await.expect(204);
    let of_other = cast.other_user.post(&path, &json!({ "id": "known" })).await.expect(201);
    for (caller, tx) in [(&cast.user, of_user.tx()), (&cast.user, of_other.tx()), (&cast.other_user, of_user.tx())] {
        caller.get(&format!("{proofs}/known?tx={tx}")).await.expect_error(404, "NOT_FOUND");
    }
    cast.other_user.get(&format!("{proofs}/known")).await.expect(200);
    cast.admin.get(&format!("{proofs}/known?tx={}", of_user.tx())).await.expect(200);
    // The transactions between tell when others wrote.
    let to = format!("?tx={0}&to={0}", of_other.tx());
    cast.other_user.get(&format!("{proofs}/known{to}")).await.expect_error(403, "PERMISSION_DENIED");
    cast.anon.get(&format!("{proofs}/known{to}")).await.expect_error(401, "UNAUTHENTICATED");
}

#[tokio::test]
async fn bad_input_is_refused() {
    let cast = STAGE.cast().await;
    let made = cast.user.post(&format!("/api/data/{}", cast.table()), &json!({})).await.expect(201);
    let other = cast.user.post(&format!("/api/data/{}", cast.table()), &json!({})).await.expect(201);
    let path = proof_of(&made);
    for query in ["tx=0", "tx=x", "tx=-1", "tx=1&tx=1", "to=x", "to=0", "at=1", "tx=9223372036854775808"] {
        cast.admin.get(&format!("{path}?{query}")).await.expect_error(400, "BAD_REQUEST");
    }
    cast.admin.get(&format!("{path}?tx={}&to={}", made.tx(), made.tx() - 1)).await.expect_error(400, "BAD_REQUEST");
    cast.admin.get(&format!("{path}?to=9999999")).await.expect_error(400, "BAD_REQUEST");
    for tx in [other.tx(), 9_999_999] {
        cast.user.get(&format!("{path}?tx={tx}")).await.expect_error(404, "NOT_FOUND");
    }
    cast.admin.post(&path, &json!({})).await.expect_error(405, "METHOD_NOT_ALLOWED");
}
