//! `/api/admin/quotas`

use std::time::{Duration, Instant};

use ddb_testkit::{Caller, Cast, Client, Json, json};

const PATH: &str = "/api/admin/quotas";

/// A namespace of its own, with an admin of its own being root, and two users.
async fn fresh(cast: &Cast) -> (Client, Caller, Caller) {
    let name = format!("q_{:08x}", rand::random::<u32>());
    cast.admin.post("/api/admin/namespaces", &json!({ "name": name })).await.expect(201);
    let within = |client: &Client| client.with_header("x-ddb-namespace", &name);
    let anon = within(&cast.anon);
    (within(&cast.admin), Caller::sign_up(&anon, "ada@example.com").await, Caller::sign_up(&anon, "bob@example.com").await)
}

fn without_token(client: &Client) -> Client {
    let mut anon = client.clone();
    anon.token = None;
    anon
}

/// Waits until what is there is counted.
async fn enforced(root: &Client) -> Json {
    let end = Instant::now() + Duration::from_secs(30);
    loop {
        let mut answer = root.get(PATH).await.expect(200);
        if answer.json["data"]["state"] == "enforced" {
            return answer.json["data"].take();
        }
        assert!(Instant::now() < end, "counted in time");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn only_admins_read_limits_and_only_root_limits_a_namespace() {
    let cast = crate::STAGE.cast().await;
    let (root, ada, _) = fresh(cast).await;
    let limit = json!({ "namespace": { "records": 10 } });
    let anon = without_token(&root);
    anon.get(PATH).await.expect_error(401, "UNAUTHENTICATED");
    anon.patch(PATH, &limit).await.expect_error(401, "UNAUTHENTICATED");
    ada.get(PATH).await.expect_error(403, "PERMISSION_DENIED");
    ada.patch(PATH, &limit).await.expect_error(403, "PERMISSION_DENIED");
    let off = root.get(PATH).await.expect(200);
    assert_eq!(off.json["data"]["state"], "off");
    assert_eq!(off.json["data"]["namespace"]["records"], json!({ "limit": null, "used": null }));
    for body in [
        json!([]),
        json!({ "records": 1 }),
        json!({ "namespace": 1 }),
        json!({ "namespace": { "records": -1 } }),
        json!({ "owner": { "bytes": 1.5 } }),
        json!({ "owner": { "bytes": "1" } }),
        json!({ "owner": { "files": 1 } }),
    ] {
        root.patch(PATH, &body).await.expect_error(422, "VALIDATION_FAILED");
    }
    root.get(&format!("{PATH}?owner=task:1")).await.expect_error(400, "BAD_REQUEST");
    root.get(&format!("{PATH}?x=1")).await.expect_error(400, "BAD_REQUEST");
}

/// Mutants: `check` looks at no owner, or at no namespace; deletes give nothing back; `OfNamespace` frees admins of the namespace's limit too.
#[tokio::test]
async fn records_and_bytes_are_limited_for_owners_and_for_the_namespace() {
    let cast = crate::STAGE.cast().await;
    let (root, ada, bob) = fresh(cast).await;
    ada.post("/api/data/notes", &json!([{ "id": 1 }, { "id": 2 }])).await.expect(201);
    root.patch(PATH, &json!({ "namespace": { "records": 9 }, "owner": { "records": 4, "bytes": 100 } })).await.expect(200);
    // Two profiles and two notes, of which the profile and the notes are of one owner.
    let state = enforced(&root).await;
    assert_eq!(state["namespace"]["records"], json!({ "limit": 9, "used": 4 }));
    let of_ada = root.get(&format!("{PATH}?owner={}", ada.id)).await.expect(200);
    assert_eq!(of_ada.json["data"]["owner"]["records"], json!({ "limit": 4, "used": 3 }));
    // All or none.
    ada.post("/api/data/notes", &json!([{}, {}])).await.expect_error(403, "QUOTA_EXCEEDED");
    ada.post("/api/data/notes", &json!({ "id": 3 })).await.expect(201);
    ada.post("/api/data/notes", &json!({})).await.expect_error(403, "QUOTA_EXCEEDED");
    // What takes nothing more is not refused, and what is deleted is free at once.
    ada.patch("/api/data/notes/3", &json!({ "n": 1 })).await.expect(200);
    ada.delete("/api/data/notes/3").await.expect(204);
    ada.post("/api/data/notes", &json!({ "id": 3 })).await.expect(201);
    let swap =
        json!({ "ops": [{ "op": "delete", "table": "notes", "id": 3 }, { "op": "create", "table": "notes", "data": {} }] });
    ada.post("/api/mutate", &swap).await.expect(200);
    // Bytes of documents.
    ada.patch("/api/data/notes/1", &json!({ "text": "x".repeat(60) })).await.expect(200);
    ada.patch("/api/data/notes/2", &json!({ "text": "x".repeat(60) })).await.expect_error(403, "QUOTA_EXCEEDED");
    ada.patch("/api/data/notes/1", &json!({ "text": "short" })).await.expect(200);
    ada.patch("/api/data/notes/2", &json!({ "text": "x".repeat(60) })).await.expect(200);
    // The namespace: owners have their own limit, admins only this one.
    bob.post("/api/data/notes", &json!([{}, {}, {}])).await.expect(201);
    root.post("/api/data/notes", &json!({})).await.expect(201);
    root.post("/api/data/notes", &json!({})).await.expect_error(403, "QUOTA_EXCEEDED");
    let sign_up = json!({ "email": "eve@example.com", "password": Caller::PASSWORD });
    without_token(&root).post("/api/auth/signup", &sign_up).await.expect_error(403, "QUOTA_EXCEEDED");
    // Without limits nothing is counted, and nothing is refused.
    root.patch(PATH, &json!({ "namespace": { "records": null }, "owner": { "records": null, "bytes": null } })).await.expect(200);
    assert_eq!(root.get(PATH).await.expect(200).json["data"]["state"], "off");
    ada.post("/api/data/notes", &json!([{}, {}, {}, {}, {}])).await.expect(201);
}

/// Many write at the same time, from before the limit is set on. Mutants: the snapshot is taken after the commit; `counting` does not count.
#[tokio::test(flavor = "multi_thread")]
async fn counters_are_exact_while_everybody_writes() {
    const MOST: usize = 60;
    let cast = crate::STAGE.cast().await;
    let (root, ada, bob) = fresh(cast).await;
    let is_over = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let writers: Vec<_> = (0..6)
        .map(|n| {
            let (caller, is_over) = (if n % 2 == 0 { ada.clone() } else { bob.clone() }, is_over.clone());
            tokio::spawn(async move {
                for round in (0..40).cycle() {
                    if is_over.load(std::sync::atomic::Ordering::Relaxed) {
                        break;
                    }
                    let table = format!("t{}", round % 3);
                    let made = caller.post(&format!("/api/data/{table}"), &json!({ "n": n, "text": "x".repeat(round) })).await;
                    match made.status {
                        201 if round % 4 == 0 => drop(caller.delete(&made.path()).await.expect(204)),
                        201 if round % 4 == 1 => {
                            let patch = json!({ "text": "é\"\\ ".repeat(round), "list": [1, 1.5, null] });
                            caller.patch(&made.path(), &patch).await.expect(200);
                        }
                        201 => {}
                        _ => drop(made.expect_error(403, "QUOTA_EXCEEDED")),
                    }
                }
            })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(150)).await;
    root.patch(PATH, &json!({ "namespace": { "records": MOST } })).await.expect(200);
    enforced(&root).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    is_over.store(true, std::sync::atomic::Ordering::Relaxed);
    for writer in writers {
        writer.await.expect("a writer");
    }
    let state = enforced(&root).await;
    let used = state["namespace"]["records"]["used"].as_u64().expect("a number") as usize;
    let (mut records, mut bytes) = (0, 0);
    for table in ["user", "t0", "t1", "t2"] {
        let listed = root.get(&format!("/api/data/{table}?limit=1000")).await.expect(200);
        records += listed.records().len();
        for record in listed.records() {
            let mut fields = record.as_object().expect("an object").clone();
            fields.retain(|name, _| !matches!(name.as_str(), "id" | "_owner" | "created" | "updated"));
            bytes += json!(fields).to_string().len();
        }
    }
    assert_eq!((used, state["namespace"]["bytes"]["used"].as_u64()), (records, Some(bytes as u64)));
    // However many were made before the limit was enforced, none was above it after that.
    ada.post("/api/data/t0", &json!(vec![json!({}); MOST])).await.expect_error(403, "QUOTA_EXCEEDED");
    for caller in [&ada, &bob] {
        while caller.post("/api/data/t0", &json!({})).await.status == 201 {}
    }
    let used = enforced(&root).await["namespace"]["records"]["used"].as_u64().expect("a number") as usize;
    assert!(used == MOST || used == records && records > MOST, "{used} of {MOST}");
}
