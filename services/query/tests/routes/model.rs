//! Random requests of three callers against a small model of what the routes promise.

use std::collections::BTreeMap;

use ddb_testkit::{Client, Json, Method, json};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};

use crate::STAGE;

const STEPS: usize = 1_500;
const KEYS: i64 = 10;
/// The least share of all requests, in per cent.
const LEAST: &[(&str, usize)] = &[
    ("create", 12),
    ("get", 8),
    ("patch", 12),
    ("put", 8),
    ("delete", 6),
    ("list", 6),
    ("2xx", 40),
    ("4xx", 20),
    ("hidden", 8),
    ("absent", 5),
    ("409", 4),
    ("412", 2),
    ("422", 2),
    ("unchanged", 2),
];

type Fields = BTreeMap<String, Json>;

struct Record {
    owner: usize,
    fields: Fields,
    etag: String,
}

/// Whether the caller is an admin, and his id.
struct Person<'a> {
    client: &'a Client,
    id: &'a str,
    admin: bool,
}

struct World<'a> {
    people: Vec<Person<'a>>,
    table: String,
    records: BTreeMap<i64, Record>,
    newest: i64,
    counts: BTreeMap<&'static str, usize>,
    random: StdRng,
}

/// What a merge makes of a number or an array; None: it is refused.
fn merged(fields: &Fields, patch: &Json) -> Option<Fields> {
    let mut fields = fields.clone();
    for (name, change) in patch.as_object().expect("a patch is an object") {
        if change.is_null() {
            fields.remove(name);
        } else if let Some(by) = change.get("$inc") {
            let sum = match fields.get(name) {
                None => by.clone(),
                Some(value) if value.is_f64() => json!(value.as_f64()? + by.as_f64()?),
                Some(value) => json!(value.as_i64()?.checked_add(by.as_i64()?)?),
            };
            fields.insert(name.clone(), sum);
        } else if let Some(item) = change.get("$push") {
            let mut items = fields.get(name).map_or(Some(Vec::new()), |value| value.as_array().cloned())?;
            items.push(item.clone());
            fields.insert(name.clone(), json!(items));
        } else {
            fields.insert(name.clone(), change.clone());
        }
    }
    Some(fields)
}

impl World<'_> {
    fn count(&mut self, what: &'static str) {
        *self.counts.entry(what).or_default() += 1;
    }

    fn sees(&self, person: usize, record: &Record) -> bool {
        self.people[person].admin || record.owner == person
    }

    fn random_fields(&mut self) -> Json {
        let mut fields = Fields::new();
        for name in ["n", "t", "s"] {
            if self.random.random_bool(0.6) {
                let values = [
                    json!(1),
                    json!(2),
                    json!(1.0),
                    json!(i64::MAX),
                    json!("text"),
                    json!(null),
                    json!([1, "a"]),
                    json!({ "x": [true] }),
                    json!([]),
                ];
                fields.insert(name.to_owned(), values.choose(&mut self.random).expect("values").clone());
            }
        }
        json!(fields)
    }

    fn random_patch(&mut self) -> Json {
        let mut patch = Fields::new();
        for name in ["n", "t", "s"] {
            if self.random.random_bool(0.4) {
                let changes = [
                    json!({ "$inc": 1 }),
                    json!({ "$inc": -3 }),
                    json!({ "$push": 1 }),
                    json!({ "$push": "a" }),
                    json!(null),
                    json!(5),
                    json!("text"),
                    json!([1]),
                    json!(1.0),
                ];
                patch.insert(name.to_owned(), changes.choose(&mut self.random).expect("changes").clone());
            }
        }
        json!(patch)
    }

    /// Asserts that the answer shows the record as the model has it.
    fn check(&self, shown: &Json, key: i64) {
        let record = &self.records[&key];
        let mut fields = shown.as_object().expect("a record").clone();
        assert_eq!(fields.remove("id"), Some(json!(format!("{}:{key}", self.table))));
        assert_eq!(fields.remove("_owner"), Some(json!(self.people[record.owner].id)));
        let (created, updated) = (fields.remove("created"), fields.remove("updated"));
        let time = |value: &Option<Json>| value.as_ref().and_then(|value| value.as_str().map(str::to_owned)).expect("a time");
        assert!(time(&created) <= time(&updated));
        assert_eq!(Json::Object(fields), json!(record.fields));
    }

    async fn step(&mut self) {
        let key = self.random.random_range(0..KEYS);
        let person = match self.records.get(&key) {
            // Otherwise most requests would be refused.
            Some(record) if self.random.random_bool(0.4) => record.owner,
            _ => self.random.random_range(0..self.people.len()),
        };
        let path = format!("/api/data/{}", self.table);
        let of_key = format!("{path}/{key}");
        let mut client = self.people[person].client.clone();
        let operation =
            *["create", "create", "get", "patch", "patch", "put", "delete", "list"].choose(&mut self.random).expect("operations");
        self.count(operation);
        let known = self.records.get(&key).map(|record| (self.sees(person, record), record.etag.clone()));
        let mut mismatch = false;
        if matches!(operation, "patch" | "put" | "delete") && self.random.random_bool(0.3) {
            let current = known.as_ref().map_or("\"1\"".to_owned(), |(_, etag)| etag.clone());
            let etag = if self.random.random_bool(0.5) { current.clone() } else { "\"1\"".to_owned() };
            mismatch = etag != current;
            client = client.with_header("if-match", &etag);
        }
        let patch = self.random_patch();
        let fields = match self.records.get(&key) {
            Some(record) if self.random.random_bool(0.2) => json!(record.fields),
            _ => self.random_fields(),
        };
        let as_map = |json: &Json| json.as_object().expect("an object").clone().into_iter().collect::<Fields>();
        let answer = match operation {
            "create" => {
                let mut body = fields.clone();
                body["id"] = json!(key);
                client.post(&path, &body).await
            }
            "get" => client.get(&of_key).await,
            "patch" => client.patch(&of_key, &patch).await,
            "put" => client.put(&of_key, &fields).await,
            "delete" => client.delete(&of_key).await,
            _ => return self.list(person, &path).await,
        };
        let class = if answer.status < 300 { "2xx" } else { "4xx" };
        self.count(class);
        if operation == "create" {
            if known.is_some() {
                self.count("409");
                answer.expect_error(409, "CONFLICT");
                return;
            }
            let answer = answer.expect(201);
            self.moved_on(answer.tx());
            self.records.insert(key, Record { owner: person, fields: as_map(&fields), etag: answer.header("etag").to_owned() });
            self.check(&answer.json["data"], key);
            return;
        }
        let Some((true, etag)) = known else {
            self.count(if known.is_some() { "hidden" } else { "absent" });
            answer.expect_error(404, "NOT_FOUND");
            return;
        };
        if mismatch {
            self.count("412");
            answer.expect_error(412, "VERSION_MISMATCH");
            return;
        }
        let record = &self.records[&key];
        let after = match operation {
            "get" => {
                let answer = answer.expect(200);
                assert_eq!(answer.header("etag"), etag);
                self.check(&answer.json["data"], key);
                return;
            }
            "delete" => {
                let tx = answer.expect(204).header("x-ddb-tx").parse().expect("a tx");
                self.moved_on(tx);
                self.records.remove(&key);
                return;
            }
            "put" => Some(as_map(&fields)),
            _ => merged(&record.fields, &patch),
        };
        let Some(after) = after else {
            self.count("422");
            answer.expect_error(422, "VALIDATION_FAILED");
            return;
        };
        let answer = answer.expect(200);
        // 1 and 1.0 are not the same here.
        if after == record.fields {
            self.count("unchanged");
            assert_eq!(answer.header("etag"), etag, "what changes nothing makes no version");
        } else {
            self.moved_on(answer.tx());
            assert_eq!(answer.header("etag"), format!("\"{}\"", answer.tx()));
        }
        let record = self.records.get_mut(&key).expect("it is known");
        record.fields = after;
        answer.header("etag").clone_into(&mut record.etag);
        self.check(&answer.json["data"], key);
    }

    fn moved_on(&mut self, tx: i64) {
        assert!(tx > self.newest, "the transaction {tx} comes after {}", self.newest);
        self.newest = tx;
    }

    async fn list(&mut self, person: usize, path: &str) {
        let expected: Vec<i64> =
            self.records.iter().filter(|(_, record)| self.sees(person, record)).map(|(key, _)| *key).collect();
        let limit = self.random.random_range(1..10);
        let (mut keys, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = self.people[person].client.get(&format!("{path}?limit={limit}{cursor}")).await.expect(200);
            for shown in page.records() {
                let key = shown["id"].as_str().and_then(|id| id.split_once(':')?.1.parse().ok()).expect("an int key");
                self.check(shown, key);
                keys.push(key);
            }
            match page.json["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(keys, expected);
        self.count("2xx");
    }
}

#[tokio::test]
async fn random_requests_do_what_the_model_says() {
    // Mutants: `Some(_) => Ok(Change::Keep)` in `session/create.rs`; `None` for `if_match` in `session/replace.rs`; `tx` left out of an update in `group.rs`.
    let cast = STAGE.cast().await;
    let person = |caller: &'static ddb_testkit::Caller, admin| Person { client: &caller.client, id: &caller.id, admin };
    let mut world = World {
        people: vec![person(&cast.user, false), person(&cast.other_user, false), person(&cast.admin, true)],
        table: cast.table(),
        records: BTreeMap::new(),
        newest: 0,
        counts: BTreeMap::new(),
        random: StdRng::seed_from_u64(2),
    };
    for _ in 0..STEPS {
        world.step().await;
    }
    let shares: BTreeMap<&str, usize> = world.counts.iter().map(|(what, count)| (*what, count * 100 / STEPS)).collect();
    println!("{STEPS} requests, in per cent: {shares:?}");
    for (what, least) in LEAST {
        let share = shares.get(what).copied().unwrap_or_default();
        assert!(share >= *least, "only {share} % of the requests were `{what}`");
    }
    cast.anon.send(Method::GET, "/health", None).await.expect(200);
    let verified = cast.server.ddb(&["verify"]);
    assert_eq!(verified.code, Some(0), "{}{}", verified.stdout, verified.stderr);
}
