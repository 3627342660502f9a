//! Random creates, changes, deletions and creations anew by three callers; then every history and every state of the past is compared with a model, for
//! every caller.

use std::collections::BTreeMap;

use ddb_testkit::{Answer, Client, Json, json};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};

use crate::STAGE;

const STEPS: usize = 260;
const KEYS: i64 = 6;
const LOOKS: usize = 400;

type Fields = BTreeMap<String, Json>;

/// What a transaction made of a record.
struct Event {
    tx: i64,
    actor: usize,
    owner: usize,
    /// None: it was deleted.
    after: Option<Fields>,
    before: Option<Fields>,
}

struct World<'a> {
    people: [(&'a Client, &'a str); 3],
    table: String,
    events: BTreeMap<i64, Vec<Event>>,
    random: StdRng,
}

const ADMIN: usize = 2;

impl World<'_> {
    fn may_read(person: usize, owner: usize) -> bool {
        person == ADMIN || person == owner
    }

    fn fields(&mut self) -> Fields {
        let names = ["a", "b", "c"];
        let values = [json!(1), json!(1.0), json!(null), json!("text"), json!([1, { "x": true }])];
        let pairs = names.iter().filter_map(|name| {
            let value = values.choose(&mut self.random).expect("values").clone();
            self.random.random_bool(0.6).then(|| ((*name).to_owned(), value))
        });
        pairs.collect()
    }

    async fn step(&mut self) {
        let key = self.random.random_range(0..KEYS);
        let path = format!("/api/data/{}", self.table);
        let current = self.events.get(&key).and_then(|events| events.last());
        let current = current.and_then(|event| Some((event.owner, event.after.clone()?)));
        let Some((owner, before)) = current else {
            let actor = self.random.random_range(0..3);
            let fields = self.fields();
            let mut body = json!(fields);
            body["id"] = json!(key);
            let made = self.people[actor].0.post(&path, &body).await.expect(201);
            let event = Event { tx: made.tx(), actor, owner: actor, after: Some(fields), before: None };
            self.events.entry(key).or_default().push(event);
            return;
        };
        let actor = if self.random.random_bool(0.3) { ADMIN } else { owner };
        let path = format!("{path}/{key}");
        let (answer, after): (Answer, Option<Fields>) = match self.random.random_range(0..5) {
            0 | 1 => (self.people[actor].0.delete(&path).await.expect(204), None),
            _ => {
                let mut fields = self.fields();
                let answer = self.people[actor].0.put(&path, &json!(fields)).await.expect(200);
                // An int over a float is one.
                for (name, value) in &mut fields {
                    if *value == json!(1) && before.get(name) == Some(&json!(1.0)) {
                        *value = json!(1.0);
                    }
                }
                (answer, Some(fields))
            }
        };
        // What changes nothing makes no transaction; 1 and 1.0 are different values here as in the store.
        if after.as_ref() == Some(&before) {
            return;
        }
        let tx = answer.header("x-ddb-tx").parse().expect("a tx");
        self.events.entry(key).or_default().push(Event { tx, actor, owner, after, before: Some(before) });
    }

    /// What the model shows of a key's history, None: nothing.
    fn history(&self, person: usize, key: i64) -> Option<Vec<Json>> {
        let events = self.events.get(&key)?;
        let newest = events.last()?;
        let visible = events.iter().rev().filter(|event| Self::may_read(person, event.owner));
        Self::may_read(person, newest.owner).then(|| visible.map(|event| self.version(event)).collect())
    }

    fn version(&self, event: &Event) -> Json {
        let action = match (&event.before, &event.after) {
            (None, _) => "create",
            (_, None) => "delete",
            _ => "update",
        };
        let mut changes = serde_json::Map::new();
        let empty = Fields::new();
        let (before, after) = (event.before.as_ref().unwrap_or(&empty), event.after.as_ref().unwrap_or(&empty));
        for name in before.keys().chain(after.keys()) {
            let mut change = serde_json::Map::new();
            let pair = (before.get(name), after.get(name));
            if let (Some(before), Some(after)) = pair
                && before == after
            {
                continue;
            }
            pair.0.map(|value| change.insert("before".to_owned(), value.clone()));
            pair.1.map(|value| change.insert("after".to_owned(), value.clone()));
            changes.insert(name.clone(), Json::Object(change));
        }
        let owner = self.people[event.owner].1;
        match action {
            "create" => _ = changes.insert("_owner".to_owned(), json!({ "after": owner })),
            "delete" => _ = changes.insert("_owner".to_owned(), json!({ "before": owner })),
            _ => {}
        }
        json!({ "tx": event.tx, "actor": self.people[event.actor].1, "action": action, "changes": changes })
    }

    /// The record as the model has it at a transaction, as far as the person may see it.
    fn state(&self, person: usize, key: i64, tx: i64) -> Option<Json> {
        let events = self.events.get(&key)?;
        let newest = events.last()?;
        let event = events.iter().rev().find(|event| event.tx <= tx)?;
        if !Self::may_read(person, newest.owner) || !Self::may_read(person, event.owner) {
            return None;
        }
        let mut record = json!(event.after.as_ref()?);
        record["id"] = json!(format!("{}:{key}", self.table));
        record["_owner"] = json!(self.people[event.owner].1);
        Some(record)
    }

    async fn check_history(&mut self, person: usize, key: i64) -> bool {
        let path = format!("/api/data/{}/{key}/history", self.table);
        let limit = *[1, 2, 3, 1000].choose(&mut self.random).expect("limits");
        let Some(expected) = self.history(person, key) else {
            self.people[person].0.get(&path).await.expect_error(404, "NOT_FOUND");
            return false;
        };
        let mut versions = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = self.people[person].0.get(&format!("{path}?limit={limit}{cursor}")).await.expect(200);
            versions.extend(page.records().to_vec());
            let Some(next) = page.json["next_cursor"].as_str() else { break };
            assert_eq!(page.records().len(), limit);
            cursor = format!("&cursor={next}");
        }
        for version in &mut versions {
            let version = version.as_object_mut().expect("an object");
            assert!(version.remove("time").is_some_and(|time| time.is_string()));
            assert!(version.remove("request_id").is_some_and(|id| id.is_string()));
        }
        assert_eq!(versions, expected, "{path} of person {person}");
        true
    }

    async fn check_state(&mut self, person: usize, key: i64, tx: i64) -> bool {
        let answer = self.people[person].0.get(&format!("/api/data/{}/{key}?at={tx}", self.table)).await;
        let Some(expected) = self.state(person, key, tx) else {
            answer.expect_error(404, "NOT_FOUND");
            return false;
        };
        let answer = answer.expect(200);
        assert_eq!(answer.tx(), tx);
        let events = &self.events[&key];
        let mut shown = answer.json["data"].as_object().expect("a record").clone();
        assert!(shown.remove("created").is_some() && shown.remove("updated").is_some());
        assert_eq!(Json::Object(shown), expected, "person {person}, key {key}, tx {tx}");
        let last = events.iter().rev().find(|event| event.tx <= tx).expect("there is a state");
        assert_eq!(answer.header("etag"), format!("\"{}\"", last.tx));
        true
    }
}

#[tokio::test]
async fn histories_and_states_of_the_past_are_those_of_a_model() {
    // Mutants: `Place::end_of` becomes `beginning_of` in `at`; `life.begin` becomes the first place in `state::before`; `action` of the first version is
    // `Update`.
    let cast = STAGE.cast().await;
    let people = [
        (&cast.user.client, cast.user.id.as_str()),
        (&cast.other_user.client, cast.other_user.id.as_str()),
        (&cast.admin.client, cast.admin.id.as_str()),
    ];
    let random = StdRng::seed_from_u64(47);
    let mut world = World { people, table: cast.table(), events: BTreeMap::new(), random };
    let mut shown = [0, 0];
    for step in 0..STEPS {
        world.step().await;
        if step % 20 == 0 {
            let (person, key) = (world.random.random_range(0..3), world.random.random_range(0..KEYS));
            shown[usize::from(world.check_history(person, key).await)] += 1;
        }
    }
    for person in 0..3 {
        for key in 0..KEYS {
            shown[usize::from(world.check_history(person, key).await)] += 1;
        }
    }
    let transactions: Vec<i64> = world.events.values().flatten().map(|event| event.tx).collect();
    let mut states = [0, 0];
    for _ in 0..LOOKS {
        let (person, key) = (world.random.random_range(0..3), world.random.random_range(0..KEYS));
        let tx = *transactions.choose(&mut world.random).expect("transactions");
        states[usize::from(world.check_state(person, key, tx).await)] += 1;
    }
    let events: usize = world.events.values().map(Vec::len).sum();
    println!("{events} versions; histories hidden and shown {shown:?}, states {states:?}");
    assert!(shown.iter().all(|count| *count >= 5) && states.iter().all(|count| *count >= LOOKS / 5), "one side is hardly tried");
}
