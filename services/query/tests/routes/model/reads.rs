//! What is read.

use ddb_testkit::{Json, json};
use rand::RngExt;

use super::state::{ANONYMOUS, Fields, Spot, sees};
use super::{KEYS, World};
use crate::percent::encode;

/// A filter as text, in the JSON form, and what it means.
type Filter = (&'static str, &'static str, fn(&Fields) -> bool);

const FILTERS: [Filter; 6] = [
    ("true", "{}", |_| true),
    ("n >= 2", r#"{"n":{"$gte":2}}"#, |fields| number(fields).is_some_and(|n| n >= 2)),
    ("s = 'a'", r#"{"s":"a"}"#, |fields| fields.get("s") == Some(&Json::from("a"))),
    ("n = NONE", r#"{"n":{"$exists":false}}"#, |fields| number(fields).is_none()),
    ("n != NONE AND n < 1 AND s != NONE", r#"{"n":{"$exists":true,"$lt":1},"s":{"$exists":true}}"#, |fields| {
        number(fields).is_some_and(|n| n < 1) && fields.contains_key("s")
    }),
    ("l != NONE AND l CONTAINS 1", r#"{"l":{"$contains":1}}"#, |fields| {
        fields.get("l").and_then(Json::as_array).is_some_and(|items| items.contains(&Json::from(1)))
    }),
];

/// Names to order by, and whether each descends.
const ORDERS: [&[(&str, bool)]; 5] =
    [&[], &[("n", false)], &[("n", true)], &[("s", false), ("n", true)], &[("s", true), ("n", false)]];

fn number(fields: &Fields) -> Option<i64> {
    fields.get("n").and_then(Json::as_i64)
}

/// The place of a field in the order: what is not there, then numbers, then text.
fn rank(fields: &Fields, name: &str) -> (u8, i64, String) {
    match fields.get(name) {
        None => (0, 0, String::new()),
        Some(value) => match value.as_str() {
            None => (1, value.as_i64().expect("a number or text"), String::new()),
            Some(text) => (2, 0, text.to_owned()),
        },
    }
}

impl World<'_> {
    pub(super) async fn get(&mut self, person: usize, spot: Spot) {
        let answer = self.clients[person].get(&self.path(spot)).await;
        let Some(live) = self.state.visible(person, spot).cloned() else { return self.refused(answer, 404) };
        let answer = answer.expect(200);
        assert_eq!(answer.header("etag"), format!("\"{}\"", live.tx));
        self.check(&answer.json["data"], spot, (live.owner, &live.fields));
        self.count("records read");
    }

    pub(super) async fn at(&mut self, person: usize, spot: Spot) {
        if self.state.newest == 0 {
            return;
        }
        let future = self.random.random_bool(0.05);
        let tx = match (future, self.state.past.get(&spot)) {
            (true, _) => self.state.newest + 10_000_000,
            (false, Some(versions)) if self.random.random_bool(0.8) => {
                let versions: Vec<i64> = versions.iter().map(|version| version.tx).collect();
                (self.choose(&versions) - i64::from(self.random.random_bool(0.3))).max(1)
            }
            (false, _) => self.random.random_range(1..=self.state.newest),
        };
        let answer = self.clients[person].get(&format!("{}?at={tx}", self.path(spot))).await;
        if person == ANONYMOUS {
            assert!(matches!(answer.status, 400 | 404), "{}", answer.text());
            return;
        }
        if future {
            return self.refused(answer, 400);
        }
        let then = self.state.at(spot, tx).filter(|(owner, _)| sees(person, *owner) && self.state.knows(person, spot));
        let Some((owner, fields)) = then else { return self.refused(answer, 404) };
        let answer = answer.expect(200);
        self.check(&answer.json["data"], spot, (owner, &fields));
        self.count("the past read");
    }

    pub(super) async fn history(&mut self, person: usize, spot: Spot) {
        let expected = self.state.history(person, spot, |owner| self.ids[owner].clone());
        let (mut found, mut cursor) = (Vec::new(), String::new());
        loop {
            let answer = self.clients[person].get(&format!("{}/history?limit=20{cursor}", self.path(spot))).await;
            if expected.is_empty() {
                return self.refused(answer, 404);
            }
            let answer = answer.expect(200);
            found.extend(answer.records().to_vec());
            match answer.json["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={}", encode(next)),
                None => break,
            }
        }
        let expected: Vec<Json> = expected
            .into_iter()
            .map(|(tx, by, action, changes)| json!({ "tx": tx, "actor": self.ids[by], "action": action, "changes": changes }))
            .collect();
        for version in &mut found {
            let version = version.as_object_mut().expect("a version");
            assert!(version.remove("time").is_some() && version.remove("request_id").is_some());
        }
        assert_eq!(found, expected, "the history of {} for {person}", self.shown_id(spot));
        self.count("versions read");
    }

    /// The keys that a caller gets of a table.
    fn expected(&self, person: usize, table: usize, filter: fn(&Fields) -> bool, order: &[(&str, bool)]) -> Vec<usize> {
        let mut keys: Vec<usize> = (0..KEYS.len())
            .filter(|key| self.state.visible(person, (table, *key)).is_some_and(|live| filter(&live.fields)))
            .collect();
        keys.sort_by(|a, b| {
            let fields = |key: &usize| &self.state.live[&(table, *key)].fields;
            let mut ordering = std::cmp::Ordering::Equal;
            for (name, descends) in order {
                let by_term = rank(fields(a), name).cmp(&rank(fields(b), name));
                ordering = ordering.then(if *descends { by_term.reverse() } else { by_term });
            }
            let by_key = a.cmp(b);
            ordering.then(if order.last().is_some_and(|(_, descends)| *descends) { by_key.reverse() } else { by_key })
        });
        keys
    }

    /// Asserts that these are the records of a table, and in this order.
    fn check_list(&mut self, table: usize, shown: &[Json], keys: &[usize], asked: &str) {
        let ids: Vec<&str> = shown.iter().map(|record| record["id"].as_str().expect("an id")).collect();
        let expected: Vec<String> = keys.iter().map(|key| self.shown_id((table, *key))).collect();
        assert_eq!(ids, expected, "{asked}: {}", json!(shown));
        for (record, key) in shown.iter().zip(keys) {
            let live = &self.state.live[&(table, *key)];
            self.check(record, (table, *key), (live.owner, &live.fields));
        }
        if !keys.is_empty() {
            self.count("records read");
        }
    }

    pub(super) async fn list(&mut self, person: usize, table: usize) {
        let (filter, _, means) = self.choose(&FILTERS);
        let order = self.choose(&ORDERS);
        let limit = self.random.random_range(1..5);
        let expected = self.expected(person, table, means, order);
        let terms: Vec<String> =
            order.iter().map(|(name, descends)| format!("{}{name}", if *descends { "-" } else { "" })).collect();
        let mut query = format!("limit={limit}&count=exact&where={}", encode(filter));
        if !terms.is_empty() {
            query.push_str(&format!("&order={}", terms.join(",")));
        }
        let (mut records, mut cursor, mut pages) = (Vec::new(), String::new(), 0);
        loop {
            let page = self.clients[person].get(&format!("{}?{query}{cursor}", self.list_path(table))).await.expect(200);
            assert_eq!(page.json["total"], expected.len(), "{query}: {}", page.text());
            records.extend(page.records().to_vec());
            pages += 1;
            match page.json["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={}", encode(next)),
                None => break,
            }
        }
        if pages > 1 {
            self.count("pages");
        }
        self.check_list(table, &records, &expected, &query);
    }

    pub(super) async fn query(&mut self, person: usize, table: usize) {
        let (_, filter, means) = self.choose(&FILTERS);
        let order = self.choose(&ORDERS);
        let (offset, limit) = (self.random.random_range(0..3), self.random.random_range(1..10));
        let terms: Vec<String> =
            order.iter().map(|(name, descends)| format!("{}{name}", if *descends { "-" } else { "" })).collect();
        let filter: Json = serde_json::from_str(filter).expect("JSON");
        let mut question = json!({ "$where": filter, "$offset": offset, "$limit": limit });
        if !terms.is_empty() {
            question["$order"] = json!(terms);
        }
        let other = 1 - table;
        let query = json!({ self.tables[table].as_str(): question, self.tables[other].as_str(): {} });
        let answer = self.clients[person].post("/api/query", &query).await.expect(200);
        let keys: Vec<usize> = self.expected(person, table, means, order).into_iter().skip(offset).take(limit).collect();
        let all = self.expected(person, other, |_| true, &[]);
        for (table, keys) in [(table, keys), (other, all)] {
            let records = answer.json["data"][&self.tables[table]].as_array().expect("records").clone();
            self.check_list(table, &records, &keys, &query.to_string());
        }
    }

    /// Asserts that a query of a batch gave everything of both tables.
    pub(super) fn check_all(&mut self, person: usize, data: &Json) {
        for table in 0..self.tables.len() {
            let keys = self.expected(person, table, |_| true, &[]);
            let records = data["data"][&self.tables[table]].as_array().unwrap_or_else(|| panic!("no records: {data}")).clone();
            self.check_list(table, &records, &keys, "everything");
        }
    }

    pub(super) fn everything(&self) -> Json {
        json!({ self.tables[0].as_str(): {}, self.tables[1].as_str(): {} })
    }
}
