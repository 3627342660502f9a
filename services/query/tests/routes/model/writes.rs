//! What is written.

use ddb_testkit::{Answer, Client, Json, Method, json};
use rand::RngExt;

use super::state::{ANONYMOUS, Act, Outcome, Spot};
use super::{KEYS, World};

impl World<'_> {
    fn body_key(key: usize) -> Json {
        serde_json::from_str(KEYS[key].0).expect("JSON")
    }

    /// The client, and whether his writes carry an `Idempotency-Key`.
    fn client(&mut self, person: usize) -> (Client, bool) {
        let keyed = person != ANONYMOUS && self.random.random_bool(0.25);
        let client = self.clients[person];
        match keyed {
            true => (
                client.with_header("idempotency-key", &format!("model-{}-{}", self.tables[0], self.random.random::<u64>())),
                true,
            ),
            false => (client.clone(), false),
        }
    }

    /// A write that changed something, once more under its key: the answer is that of the first time, and nothing happens.
    async fn repeat(&mut self, client: &Client, method: Method, path: &str, body: Option<&Json>, first: &Answer) {
        self.count("repeated");
        let again = match body {
            Some(body) => client.send_json(method.clone(), path, body).await,
            None => client.send(method.clone(), path, None).await,
        };
        assert_eq!((again.status, &again.body), (first.status, &first.body), "{}", again.text());
        assert_eq!((again.header("etag"), again.header("x-ddb-tx")), (first.header("etag"), first.header("x-ddb-tx")));
        if body.is_some() && self.random.random_bool(0.2) {
            let other = client.send_json(method, path, &json!({ "other": 1 })).await;
            assert!(matches!(other.status, 422 | 400), "{}", other.text());
        }
    }

    /// Records what transaction `tx` made, and whether that was anything.
    fn written(&mut self, person: usize, outcomes: &[(Spot, Outcome)], tx: i64) -> bool {
        let changed = outcomes.iter().any(|(spot, outcome)| self.state.changes(*spot, outcome));
        if changed {
            assert!(tx > self.state.newest, "the transaction {tx} comes after {}", self.state.newest);
        }
        for (spot, outcome) in outcomes {
            self.state.commit(person, *spot, outcome.clone(), tx);
        }
        self.count(if changed { "written" } else { "unchanged" });
        changed
    }

    pub(super) async fn write_one(&mut self, person: usize, spot: Spot, operation: &str) {
        let (client, keyed) = self.client(person);
        let path = self.path(spot);
        let (method, path, body, act) = match operation {
            "create" => {
                let fields = self.random_fields();
                let mut body = json!(fields);
                body["id"] = Self::body_key(spot.1);
                (Method::POST, self.list_path(spot.0), Some(body), Act::Create(fields))
            }
            "patch" => {
                let patch = self.random_patch();
                (Method::PATCH, path, Some(patch.clone()), Act::Merge(patch))
            }
            "put" => {
                let fields = match self.state.live.get(&spot) {
                    Some(live) if self.random.random_bool(0.3) => live.fields.clone(),
                    _ => self.random_fields(),
                };
                (Method::PUT, path, Some(json!(fields)), Act::Replace(fields))
            }
            "delete" => (Method::DELETE, path, None, Act::Delete),
            "restore" => {
                let tx = match self
                    .state
                    .past
                    .get(&spot)
                    .map(|versions| versions.iter().map(|version| version.tx).collect::<Vec<_>>())
                {
                    Some(versions) => self.choose(&versions),
                    None => 1,
                };
                (Method::POST, format!("{path}/restore"), Some(json!({ "tx": tx })), Act::Restore(tx))
            }
            _ => (Method::POST, format!("{path}/undelete"), None, Act::Undelete),
        };
        let mut client = client;
        let mut expected = self.state.decide(person, spot, &act);
        if matches!(operation, "patch" | "put" | "delete" | "restore") && self.random.random_bool(0.3) {
            let current = self.state.live.get(&spot).map_or(1, |live| live.tx);
            let etag = if self.random.random_bool(0.6) { current } else { 1 };
            client = client.with_header("if-match", &format!("\"{etag}\""));
            if self.state.visible(person, spot).is_some_and(|live| live.tx != etag) {
                expected = Err(412);
            }
        }
        let answer = match &body {
            Some(body) => client.send_json(method.clone(), &path, body).await,
            None => client.send(method.clone(), &path, None).await,
        };
        let outcome = match expected {
            Ok(outcome) => outcome,
            Err(status) => return self.refused(answer, status),
        };
        let answer = answer.expect(match operation {
            "create" => 201,
            "delete" => 204,
            _ => 200,
        });
        let tx = answer.header("x-ddb-tx").parse().expect("a tx");
        let changed = self.written(person, &[(spot, outcome.clone())], tx);
        if let Some((owner, fields)) = &outcome {
            self.check(&answer.json["data"], spot, (*owner, fields));
            assert_eq!(
                answer.header("etag"),
                format!("\"{}\"", self.state.live[&spot].tx),
                "what changes nothing makes no version"
            );
        }
        if changed && keyed {
            self.repeat(&client, method, &path, body.as_ref(), &answer).await;
        }
    }

    pub(super) async fn create_many(&mut self, person: usize, table: usize) {
        let (client, keyed) = self.client(person);
        let spots: Vec<Spot> = self.some_spots().into_iter().map(|(_, key)| (table, key)).collect();
        let (mut bodies, mut outcomes, mut refusal) = (Vec::new(), Vec::new(), None);
        for spot in spots {
            if outcomes.iter().any(|(known, _)| *known == spot) {
                continue;
            }
            let fields = self.random_fields();
            let mut body = json!(fields);
            body["id"] = Self::body_key(spot.1);
            bodies.push(body);
            match self.state.decide(person, spot, &Act::Create(fields)) {
                Ok(outcome) => outcomes.push((spot, outcome)),
                Err(status) => refusal = refusal.or(Some(status)),
            }
        }
        // A key that is taken may stand twice in the body: that is refused like one that is taken.
        let path = self.list_path(table);
        let answer = client.post(&path, &json!(bodies)).await;
        if let Some(status) = refusal {
            return self.refused(answer, status);
        }
        let answer = answer.expect(201);
        self.written(person, &outcomes, answer.tx());
        for ((spot, outcome), shown) in outcomes.iter().zip(answer.records()) {
            let (owner, fields) = outcome.as_ref().expect("it was made");
            self.check(shown, *spot, (*owner, fields));
        }
        if keyed {
            self.repeat(&client, Method::POST, &path, Some(&json!(bodies)), &answer).await;
        }
    }

    /// One to three different records.
    fn some_spots(&mut self) -> Vec<Spot> {
        let mut spots: Vec<Spot> = (0..self.random.random_range(1..4)).map(|_| self.spot_and_person().0).collect();
        spots.sort_unstable();
        spots.dedup();
        spots
    }

    /// An op of a mutation, and what it does.
    fn random_op(&mut self, person: usize, spot: Spot) -> (Json, Act) {
        let exists = self.state.visible(person, spot).is_some();
        // What can succeed more often than not: all ops of a mutation have to.
        let kinds: &[&str] = match exists || self.random.random_bool(0.1) {
            true => &["merge", "update", "delete", "upsert"],
            false => &["create", "create", "upsert"],
        };
        let kind = self.choose(kinds);
        let (fields, patch) = (self.random_fields(), self.random_patch());
        let (data, act) = match kind {
            "create" => (Some(json!(fields)), Act::Create(fields)),
            "update" => (Some(json!(fields)), Act::Replace(fields)),
            "merge" => (Some(patch.clone()), Act::Merge(patch)),
            "upsert" => (Some(patch.clone()), Act::Upsert(patch)),
            _ => (None, Act::Delete),
        };
        let mut op = json!({ "op": kind, "table": self.tables[spot.0], "id": Self::body_key(spot.1) });
        if let Some(data) = data {
            op["data"] = data;
        }
        (op, act)
    }

    /// Ops on different records, and what they do together: all or, with the status of the first refusal, nothing.
    fn random_ops(&mut self, person: usize, spots: &[Spot]) -> (Json, Result<Vec<(Spot, Outcome)>, u16>) {
        let (mut ops, mut outcomes, mut refusal) = (Vec::new(), Vec::new(), None);
        for spot in spots {
            let (op, act) = self.random_op(person, *spot);
            ops.push(op);
            match self.state.decide(person, *spot, &act) {
                Ok(outcome) => outcomes.push((*spot, outcome)),
                Err(status) => refusal = refusal.or(Some(status)),
            }
        }
        (json!(ops), refusal.map_or(Ok(outcomes), Err))
    }

    /// Asserts what a mutation answered.
    fn check_results(&self, outcomes: &[(Spot, Outcome)], results: &Json) {
        let results = results.as_array().expect("results");
        assert_eq!(results.len(), outcomes.len());
        for ((spot, outcome), shown) in outcomes.iter().zip(results) {
            match outcome {
                Some((owner, fields)) => self.check(shown, *spot, (*owner, fields)),
                None => assert_eq!(*shown, Json::Null),
            }
        }
    }

    pub(super) async fn mutate(&mut self, person: usize) {
        let (client, keyed) = self.client(person);
        let spots = self.some_spots();
        let (ops, expected) = self.random_ops(person, &spots);
        let body = json!({ "ops": ops });
        let answer = client.post("/api/mutate", &body).await;
        let outcomes = match expected {
            _ if person == ANONYMOUS => return self.refused(answer, 401),
            Err(status) => return self.refused(answer, status),
            Ok(outcomes) => outcomes,
        };
        let answer = answer.expect(200);
        let changed = self.written(person, &outcomes, answer.tx());
        self.check_results(&outcomes, &answer.json["results"]);
        if changed && keyed {
            self.repeat(&client, Method::POST, "/api/mutate", Some(&body), &answer).await;
        }
    }

    /// Two mutations in one transaction, and a query that sees them.
    pub(super) async fn batch(&mut self, person: usize) {
        let (client, keyed) = self.client(person);
        let spots = self.some_spots();
        let (first, second) = spots.split_at(1);
        let (ops, expected) = self.random_ops(person, first);
        let (more, expected_more) = self.random_ops(person, second);
        let asks = self.random.random_bool(0.7);
        let mut all =
            vec![json!({ "id": "a", "type": "mutate", "ops": ops }), json!({ "id": "b", "type": "mutate", "ops": more })];
        if asks {
            all.push(json!({ "id": "c", "type": "query", "query": self.everything() }));
        }
        let body = json!({ "ops": all, "atomic": true });
        let answer = client.post("/api/batch", &body).await;
        let (first, second) = match (expected, expected_more) {
            _ if person == ANONYMOUS => return self.refused(answer, 401),
            (Err(status), _) | (_, Err(status)) => return self.refused(answer, status),
            (Ok(first), Ok(second)) => (first, second),
        };
        let answer = answer.expect(200);
        let outcomes: Vec<_> = first.iter().chain(&second).cloned().collect();
        let changed = self.written(person, &outcomes, answer.tx());
        self.check_results(&first, &answer.json["results"][0]["data"]["results"]);
        self.check_results(&second, &answer.json["results"][1]["data"]["results"]);
        if asks {
            self.check_all(person, &answer.json["results"][2]["data"]);
        } else if changed && keyed {
            self.repeat(&client, Method::POST, "/api/batch", Some(&body), &answer).await;
        }
    }

    /// Mutations with a query between them, each by itself.
    pub(super) async fn batch_in_turn(&mut self, person: usize) {
        let (client, _) = self.client(person);
        let spots = self.some_spots();
        let (first, second) = spots.split_at(1);
        let (ops, expected) = self.random_ops(person, first);
        let (more, expected_more) = self.random_ops(person, second);
        let body = json!({ "atomic": false, "ops": [
            { "id": "a", "type": "mutate", "ops": ops },
            { "id": "b", "type": "query", "query": self.everything() },
            { "id": "c", "type": "mutate", "ops": more },
        ] });
        let answer = client.post("/api/batch", &body).await;
        if person == ANONYMOUS {
            return self.refused(answer, 401);
        }
        let answer = answer.expect(200);
        for (index, expected) in [(0, expected), (2, expected_more)] {
            let result = &answer.json["results"][index];
            match expected {
                Ok(outcomes) => {
                    assert_eq!(result["status"], 200, "{result}");
                    self.written(person, &outcomes, result["data"]["tx"].as_i64().expect("a tx"));
                    self.check_results(&outcomes, &result["data"]["results"]);
                }
                Err(status) => assert_eq!(result["status"], status, "{result}"),
            }
            if index == 0 {
                self.check_all(person, &answer.json["results"][1]["data"]);
            }
        }
    }
}
