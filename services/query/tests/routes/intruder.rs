//! Threat 30: one user tries every method on another's records, in random forms, and learns and changes nothing.

use std::collections::BTreeMap;

use ddb_testkit::{Answer, Client, Json, Method, json};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};

use crate::STAGE;

const PROBES: usize = 600;
const SECRET: &str = "swordfish";

/// A key that is taken and one of the same form that never was, as bodies and paths have them.
struct Pair {
    taken: (Json, String),
    never: (Json, String),
}

fn pairs(random: &mut StdRng) -> Vec<Pair> {
    let mut pairs = Vec::new();
    for n in 0..6 {
        let int = random.random_range(1_000..5_000);
        let text = |first: char| format!("{first}{n}-{}", random_text(&mut StdRng::seed_from_u64(n)));
        let uuid = |first: char| format!("{first}18f3c5e-7c5a-7aaa-8aaa-00000000000{n}");
        pairs.push(Pair { taken: (json!(int), int.to_string()), never: (json!(int + 5_000), (int + 5_000).to_string()) });
        pairs.push(Pair { taken: (json!(text('a')), text('a')), never: (json!(text('b')), text('b')) });
        let (a, b) = (uuid('a'), uuid('b'));
        pairs.push(Pair { taken: (json!({ "$uuid": a }), format!("u'{a}'")), never: (json!({ "$uuid": b }), format!("u'{b}'")) });
    }
    pairs
}

fn random_text(random: &mut StdRng) -> String {
    (0..8).map(|_| *b"abcdefghijklmnop".choose(random).expect("letters") as char).collect()
}

/// A request without its key.
#[derive(Clone)]
struct Probe {
    method: Method,
    headers: Vec<(&'static str, String)>,
    body: Option<Json>,
}

fn probe(random: &mut StdRng, etag: &str) -> Probe {
    let method = [Method::GET, Method::HEAD, Method::PATCH, Method::PUT, Method::DELETE].choose(random).expect("methods").clone();
    let mut headers = Vec::new();
    if random.random_bool(0.5) {
        headers.push((
            "if-match",
            [etag.to_owned(), "\"1\"".to_owned(), "*".to_owned(), "\"99999999\"".to_owned()]
                .choose(random)
                .expect("tags")
                .clone(),
        ));
    }
    if random.random_bool(0.3) {
        headers.push(("accept", "application/vnd.ddb.typed+json".to_owned()));
    }
    let bodies = [
        json!({}),
        json!({ "secret": "stolen" }),
        json!({ "secret": null }),
        json!({ "n": { "$inc": 1 } }),
        json!({ "secret": { "$inc": 1 } }),
        json!({ "t": { "$push": 1 } }),
        json!({ "t": { "$pull": SECRET } }),
        json!({ "$ttl": 1 }),
        json!({ "_owner": "user:me" }),
        json!({ "big": "x".repeat(1 << 20) }),
        json!([]),
    ];
    let body = matches!(method, Method::PATCH | Method::PUT).then(|| bodies.choose(random).expect("bodies").clone());
    Probe { method, headers, body }
}

impl Probe {
    async fn send(&self, caller: &Client, path: &str) -> Answer {
        let client = self.headers.iter().fold(caller.clone(), |client, (name, value)| client.with_header(name, value));
        match &self.body {
            Some(body) => client.send_json(self.method.clone(), path, body).await,
            None => client.send(self.method.clone(), path, None).await,
        }
    }
}

#[tokio::test]
async fn another_users_records_do_not_exist_whatever_is_asked() {
    // Mutants: `owner.is_some()` in `Rows::contain`; `if_match` compared before the owner in `session/mod.rs`; `Anonymous => Rows::All` in `policy.rs`.
    let cast = STAGE.cast().await;
    let table = cast.table();
    let mut random = StdRng::seed_from_u64(30);
    let pairs = pairs(&mut random);
    for pair in &pairs {
        let record = json!({ "id": pair.taken.0, "secret": SECRET, "n": 7, "t": [SECRET] });
        cast.user.post(&format!("/api/data/{table}"), &record).await.expect(201);
    }
    let before = cast.user.get(&format!("/api/data/{table}?limit=1000")).await.expect(200);
    let etag = cast.user.get(&format!("/api/data/{table}/{}", pairs[0].taken.1)).await.header("etag").to_owned();
    let profile = format!("/api/data/{}", cast.user.id.replacen(':', "/", 1));
    let profile_before = cast.user.get(&profile).await.expect(200);

    let mut tried: BTreeMap<(String, bool), usize> = BTreeMap::new();
    for _ in 0..PROBES {
        let pair = pairs.choose(&mut random).expect("pairs");
        let is_anonymous = random.random_bool(0.25);
        let caller = if is_anonymous { &cast.anon } else { &cast.other_user.client };
        let probe = probe(&mut random, &etag);
        let taken = probe.send(caller, &format!("/api/data/{table}/{}", pair.taken.1)).await;
        let never = probe.send(caller, &format!("/api/data/{table}/{}", pair.never.1)).await;
        assert!(taken.status >= 400, "{} {}", probe.method, taken.text());
        assert!(!taken.text().contains(SECRET));
        assert_eq!(taken.blind(&[&pair.taken.1]), never.blind(&[&pair.never.1]), "{} {:?}", probe.method, probe.body);
        *tried.entry((probe.method.to_string(), is_anonymous)).or_default() += 1;
        if taken.status == 404 {
            *tried.entry(("404".to_owned(), is_anonymous)).or_default() += 1;
        }
    }
    // His profile, by its id, and every key by creating over it.
    for caller in [&cast.other_user.client, &cast.anon] {
        for method in [Method::PATCH, Method::PUT] {
            caller.send_json(method, &profile, &json!({ "name": "stolen" })).await.expect_error(404, "NOT_FOUND");
        }
        caller.get(&profile).await.expect_error(404, "NOT_FOUND");
        caller.delete(&profile).await.expect_error(404, "NOT_FOUND");
        assert!(caller.get(&format!("/api/data/{table}")).await.expect(200).ids().is_empty());
        assert!(!caller.get("/api/data/user").await.expect(200).text().contains(&cast.user.id));
    }
    for pair in &pairs {
        let body = json!({ "id": pair.taken.0, "secret": "stolen" });
        let refused = cast.other_user.post(&format!("/api/data/{table}"), &body).await.expect_error(409, "CONFLICT");
        assert!(!refused.text().contains(SECRET));
        cast.anon.post(&format!("/api/data/{table}"), &body).await.expect_error(401, "UNAUTHENTICATED");
    }

    let after = cast.user.get(&format!("/api/data/{table}?limit=1000")).await.expect(200);
    assert_eq!(after.json["data"], before.json["data"]);
    assert_eq!(cast.user.get(&profile).await.json["data"], profile_before.json["data"]);
    println!("{PROBES} probes: {tried:?}");
    for method in ["GET", "HEAD", "PATCH", "PUT", "DELETE"] {
        for (is_anonymous, least) in [(false, PROBES / 10), (true, PROBES / 50)] {
            let times = tried.get(&(method.to_owned(), is_anonymous)).copied().unwrap_or_default();
            assert!(times >= least, "{method} was tried {times} times");
        }
    }
    let hidden: usize = [false, true].iter().filter_map(|anonymous| tried.get(&("404".to_owned(), *anonymous))).sum();
    assert!(hidden * 2 > PROBES, "only {hidden} probes reached the record");
}
