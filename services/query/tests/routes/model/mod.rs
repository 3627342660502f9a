//! Random requests of four callers against a small model of what the routes promise: every answer is compared, then the past, then the log.

mod reads;
mod state;
mod writes;

use std::collections::BTreeMap;

use ddb_testkit::{Answer, Client, Json, Method, json};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};

use crate::STAGE;
use crate::percent::encode;
use state::{Fields, Spot, State};

/// Steps as `make test` and as `make soak` take them.
const SHORT: usize = 1_200;
const LONG: usize = 8_000;

/// Keys in their order: in a body, in a path, in answers.
const KEYS: [(&str, &str, &str); 8] = [
    ("-3", "-3", "-3"),
    ("1", "1", "1"),
    ("2", "2", "2"),
    ("\"1\"", "'1'", "'1'"),
    ("\"a\"", "a", "a"),
    ("\"b/c\"", "b/c", "b/c"),
    ("[\"x\", 1.0]", "['x',1]", "['x', 1]"),
    ("{\"b\": 2, \"a\": 1}", "{a:1,b:2}", "{ a: 1, b: 2 }"),
];

/// The least share of all steps, in per cent: what was asked, and how it was answered.
const LEAST: &[(&str, f64)] = &[
    ("create", 10.0),
    ("create many", 2.0),
    ("get", 2.0),
    ("patch", 7.0),
    ("put", 2.0),
    ("delete", 4.0),
    ("restore", 2.0),
    ("undelete", 2.0),
    ("list", 4.0),
    ("query", 2.0),
    ("at", 4.0),
    ("history", 2.0),
    ("mutate", 4.0),
    ("batch", 2.0),
    ("batch in turn", 2.0),
    ("anonymous", 4.0),
    ("repeated", 3.0),
    ("written", 22.0),
    ("unchanged", 2.0),
    ("records read", 15.0),
    ("pages", 1.0),
    ("versions read", 1.5),
    ("the past read", 1.5),
    ("404", 12.0),
    ("409", 8.0),
    ("412", 1.0),
    ("422", 0.5),
];

struct World<'a> {
    clients: [&'a Client; 4],
    ids: [String; 3],
    tables: [String; 2],
    state: State,
    counts: BTreeMap<String, usize>,
    random: StdRng,
}

impl World<'_> {
    fn count(&mut self, what: impl Into<String>) {
        *self.counts.entry(what.into()).or_default() += 1;
    }

    fn choose<T: Clone>(&mut self, from: &[T]) -> T {
        from.choose(&mut self.random).expect("something to choose").clone()
    }

    /// A record, and somebody who asks for it: more often than by chance one who may.
    fn spot_and_person(&mut self) -> (Spot, usize) {
        let spot = (self.random.random_range(0..self.tables.len()), self.random.random_range(0..KEYS.len()));
        let person = match self.state.last(spot) {
            Some((owner, _)) if self.random.random_bool(0.5) => owner,
            _ => self.choose(&[0, 0, 1, 1, 2, 2, 3]),
        };
        (spot, person)
    }

    fn list_path(&self, table: usize) -> String {
        format!("/api/data/{}", self.tables[table])
    }

    fn path(&self, (table, key): Spot) -> String {
        format!("{}/{}", self.list_path(table), encode(KEYS[key].1))
    }

    fn shown_id(&self, (table, key): Spot) -> String {
        format!("{}:{}", self.tables[table], KEYS[key].2)
    }

    /// `n` is an int, `s` text, `l` an array, or they are not there.
    fn random_fields(&mut self) -> Fields {
        let mut fields = Fields::new();
        let (n, s, l) = (
            self.random.random_range(-2..6),
            self.choose(&["a", "b", "é"]),
            self.choose(&[json!([]), json!([1]), json!([1, 2])]),
        );
        for (name, value) in [("n", json!(n)), ("s", json!(s)), ("l", l)] {
            if self.random.random_bool(0.7) {
                fields.insert(name.to_owned(), value);
            }
        }
        fields
    }

    fn random_patch(&mut self) -> Json {
        let mut patch = Fields::new();
        let n = self.choose(&[json!({ "$inc": 1 }), json!({ "$inc": -2 }), json!(null), json!(3)]);
        let s = self.choose(&[json!("a"), json!("b"), json!(null), json!({ "$inc": 1 }), json!({ "$inc": 1 })]);
        let l = self.choose(&[json!({ "$push": 1 }), json!({ "$push": 2 }), json!({ "$pull": 1 }), json!([2]), json!(null)]);
        for (name, change, often) in [("n", n, 0.5), ("s", s, 0.4), ("l", l, 0.5)] {
            if self.random.random_bool(often) {
                patch.insert(name.to_owned(), change);
            }
        }
        json!(patch)
    }

    /// Asserts that the answer shows a record so.
    fn check(&self, shown: &Json, spot: Spot, (owner, fields): (usize, &Fields)) {
        let mut rest = shown.as_object().unwrap_or_else(|| panic!("no record: {shown}")).clone();
        assert_eq!(rest.remove("id"), Some(json!(self.shown_id(spot))));
        assert_eq!(rest.remove("_owner"), Some(json!(self.ids[owner])), "{shown}");
        let mut time = |name: &str| rest.remove(name).and_then(|value| value.as_str().map(str::to_owned)).expect("a time");
        assert!(time("created") <= time("updated"));
        assert_eq!(Json::Object(rest), json!(fields), "{}", self.shown_id(spot));
    }

    /// Asserts a refusal.
    fn refused(&mut self, answer: Answer, status: u16) {
        let code = match status {
            400 => "BAD_REQUEST",
            401 => "UNAUTHENTICATED",
            404 => "NOT_FOUND",
            409 => "CONFLICT",
            412 => "VERSION_MISMATCH",
            _ => "VALIDATION_FAILED",
        };
        answer.expect_error(status, code);
        self.count(status.to_string());
    }

    async fn step(&mut self) {
        let operations = [
            "create",
            "create",
            "create",
            "create",
            "create many",
            "get",
            "patch",
            "patch",
            "patch",
            "put",
            "delete",
            "delete",
            "restore",
            "undelete",
            "list",
            "list",
            "query",
            "at",
            "at",
            "history",
            "mutate",
            "mutate",
            "batch",
            "batch in turn",
        ];
        let operation = self.choose(&operations);
        let (mut spot, person) = self.spot_and_person();
        if operation == "create" && self.random.random_bool(0.6) {
            let free: Vec<Spot> =
                (0..self.tables.len() * KEYS.len()).map(|number| (number / KEYS.len(), number % KEYS.len())).collect();
            let free: Vec<Spot> = free.into_iter().filter(|spot| !self.state.live.contains_key(spot)).collect();
            spot = free.choose(&mut self.random).copied().unwrap_or(spot);
        }
        self.count(operation);
        if person == state::ANONYMOUS {
            self.count("anonymous");
        }
        match operation {
            "get" => self.get(person, spot).await,
            "at" => self.at(person, spot).await,
            "history" => self.history(person, spot).await,
            "list" => self.list(person, spot.0).await,
            "query" => self.query(person, spot.0).await,
            "create many" => self.create_many(person, spot.0).await,
            "mutate" => self.mutate(person).await,
            "batch" => self.batch(person).await,
            "batch in turn" => self.batch_in_turn(person).await,
            single => self.write_one(person, spot, single).await,
        }
    }
}

/// Mutants: `None` for `if_match` in `session/replace.rs`; `Rows::OwnedBy` contains every owner; `may_read_before` does not ask for the newest state;
/// `session/restore.rs` does not ask whose the record was.
#[tokio::test]
async fn random_requests_do_what_the_model_says_soak() {
    let cast = STAGE.cast().await;
    let steps = if std::env::var_os("DDB_SOAK").is_some() { LONG } else { SHORT };
    let seed = if std::env::var_os("DDB_SOAK").is_some() { rand::random() } else { 2 };
    println!("seed {seed}");
    let mut world = World {
        clients: [&cast.user.client, &cast.other_user.client, &cast.admin.client, &cast.anon],
        ids: [cast.user.id.clone(), cast.other_user.id.clone(), cast.admin.id.clone()],
        tables: [cast.table(), cast.table()],
        state: State::default(),
        counts: BTreeMap::new(),
        random: StdRng::seed_from_u64(seed),
    };
    for _ in 0..steps {
        world.step().await;
    }
    let share = |what: &str| world.counts.get(what).copied().unwrap_or_default() as f64 * 100.0 / steps as f64;
    let shares: Vec<String> = world.counts.keys().map(|what| format!("{what} {:.1} %", share(what))).collect();
    println!("{steps} steps: {}", shares.join(", "));
    for (what, least) in LEAST {
        assert!(share(what) >= *least, "only {:.1} % of the steps were `{what}`", share(what));
    }
    // What everything was at transactions in between, for everyone.
    for table in 0..world.tables.len() {
        for key in 0..KEYS.len() {
            for person in 0..4 {
                world.at(person, (table, key)).await;
                world.history(person, (table, key)).await;
            }
        }
    }
    cast.anon.send(Method::GET, "/health", None).await.expect(200);
    let verified = cast.server.ddb(&["verify"]);
    assert_eq!(verified.code, Some(0), "{}{}", verified.stdout, verified.stderr);
}
