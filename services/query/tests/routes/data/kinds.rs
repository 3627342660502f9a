//! "Kinds are kept": a client may send back what it read, by every door.

use std::collections::BTreeMap;

use ddb_testkit::{Answer, Caller, Client, Json, Method, json};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};

use crate::STAGE;

const TYPED: &str = "application/vnd.ddb.typed+json";
const RECORDS: usize = 40;

/// The doors by which a record is written back.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Door {
    Put,
    Patch,
    Update,
    Merge,
    Upsert,
    Batch,
}

const DOORS: [Door; 6] = [Door::Put, Door::Patch, Door::Update, Door::Merge, Door::Upsert, Door::Batch];

impl Door {
    /// `null` removes a field of a merge, as RFC 7396 says, so nulls do not go round there.
    fn merges(self) -> bool {
        matches!(self, Self::Patch | Self::Merge | Self::Upsert)
    }

    /// Writes the record; the record as the answer shows it, and the whole answer.
    async fn write(self, client: &Client, table: &str, key: &str, record: &str) -> (Json, Answer) {
        let path = format!("/api/data/{table}/{key}");
        let name = match self {
            Self::Put => {
                let answer = client.send_text(Method::PUT, &path, record.to_owned()).await;
                return (answer.json["data"].clone(), answer);
            }
            Self::Patch => {
                let answer = client.send_text(Method::PATCH, &path, record.to_owned()).await;
                return (answer.json["data"].clone(), answer);
            }
            Self::Update | Self::Batch => "update",
            Self::Merge => "merge",
            Self::Upsert => "upsert",
        };
        let ops = format!(r#"[{{"op":"{name}","table":"{table}","id":"{key}","data":{record}}}]"#);
        if self == Self::Batch {
            let body = format!(r#"{{"ops":[{{"id":"w","type":"mutate","ops":{ops}}}]}}"#);
            let answer = client.send_text(Method::POST, "/api/batch", body).await;
            return (answer.json["results"][0]["data"]["results"][0].clone(), answer);
        }
        let answer = client.send_text(Method::POST, "/api/mutate", format!(r#"{{"ops":{ops}}}"#)).await;
        (answer.json["results"][0].clone(), answer)
    }
}

/// The record of an answer as it was sent, so that no reader of JSON changes a number.
fn sent(answer: &Answer) -> String {
    let text = answer.text();
    let (record, _) = text.strip_prefix(r#"{"data":"#).expect("a record").rsplit_once(r#","tx":"#).expect("a tx");
    record.to_owned()
}

/// Random records of all kinds, as typed JSON.
struct Maker {
    random: StdRng,
    /// Records that there are.
    links: Vec<String>,
    /// How often each kind stood at each form of path.
    seen: BTreeMap<(&'static str, String), usize>,
    /// Whether null may stand in objects.
    nulls: bool,
}

const SCALARS: [&str; 16] = [
    "null",
    "bool",
    "int",
    "float",
    "decimal",
    "string",
    "look-alike",
    "duration",
    "datetime",
    "uuid",
    "bytes",
    "table",
    "record",
    "range",
    "geometry",
    "non-finite",
];

impl Maker {
    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of.choose(&mut self.random).expect("some")
    }

    fn scalar(&mut self, kind: &'static str) -> Json {
        match kind {
            "null" => Json::Null,
            "bool" => json!(self.random.random_bool(0.5)),
            "int" => json!(self.random.random_range(-3..3_i64)),
            "float" => json!([0.5, 1.0, -2.0, 1e300, 0.1][self.random.random_range(0..5)]),
            "non-finite" => json!({ "$float": self.one(&["NaN", "inf", "-inf", "-0.0"]) }),
            "decimal" => json!({ "$decimal": self.one(&["1.5", "1.50", "0", "-79228162514264337593543950335"]) }),
            "string" => json!(self.one(&["", "x", "plain text", "äöü"])),
            "look-alike" => {
                let link = self.links.choose(&mut self.random).expect("links").clone();
                let texts = ["2026-01-01T00:00:00Z", "NaN", "1.5", "1h", "aGk=", "1..2", "6f1b4e1c-51c5-4a3c-8f0a-0d3f3a0f2c11", &link];
                json!(self.one(&texts))
            }
            "duration" => json!({ "$duration": self.one(&["1h", "2w3d", "15ms"]) }),
            "datetime" => {
                json!({ "$datetime": self.one(&["2026-01-01T00:00:00Z", "1969-12-31T23:59:59.123456789Z", "+12026-01-01T00:00:00Z"]) })
            }
            "uuid" => json!({ "$uuid": "6f1b4e1c-51c5-4a3c-8f0a-0d3f3a0f2c11" }),
            "bytes" => json!({ "$bytes": self.one(&["", "aGk=", "AAEC"]) }),
            "table" => json!({ "$table": self.one(&["user", "post"]) }),
            "record" => {
                let mut links = self.links.clone();
                links.extend(["gone:1", "gone:abc"].map(str::to_owned));
                let link = links.choose(&mut self.random).expect("links").clone();
                let key = [json!("a b"), json!("7"), json!([1, "x"]), json!({ "$uuid": "6f1b4e1c-51c5-4a3c-8f0a-0d3f3a0f2c11" })];
                match self.random.random_range(0..6) {
                    0 => json!({ "$record": { "table": "gone", "key": key.choose(&mut self.random).expect("keys") } }),
                    _ => json!({ "$record": link }),
                }
            }
            "range" => {
                let (begin, end) = (self.random.random_range(0..3), self.random.random_range(3..6));
                [
                    json!({ "$range": { "begin": { "included": begin }, "end": { "excluded": end } } }),
                    json!({ "$range": { "begin": { "excluded": begin }, "end": { "included": end } } }),
                    json!({ "$range": { "end": { "included": "it's" } } }),
                    json!({ "$range": { "begin": { "included": { "$datetime": "2026-01-01T00:00:00Z" } } } }),
                    json!({ "$range": {} }),
                ][self.random.random_range(0..5)]
                .clone()
            }
            "geometry" => [
                json!({ "$geometry": { "type": "Point", "coordinates": [1.5, 2.0] } }),
                json!({ "$geometry": { "type": "LineString", "coordinates": [[0, 0], [1, 1]] } }),
                json!({ "$geometry": { "type": "MultiPoint", "coordinates": [[0, 0], [1, 1]] } }),
                json!({ "$geometry": { "type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]] } }),
                json!({ "$geometry": { "type": "GeometryCollection", "geometries": [{ "type": "Point", "coordinates": [1, 2] }] } }),
            ][self.random.random_range(0..5)]
            .clone(),
            other => panic!("{other}"),
        }
    }

    fn value(&mut self, path: &str, depth: usize) -> Json {
        let composite = depth < 3 && self.random.random_bool(0.45);
        let in_object = !path.ends_with("[]");
        if !composite {
            let kinds: Vec<&'static str> =
                SCALARS.into_iter().filter(|kind| *kind != "null" || self.nulls || !in_object).collect();
            let kind = *kinds.choose(&mut self.random).expect("kinds");
            self.note(kind, path);
            return self.scalar(kind);
        }
        match self.random.random_range(0..6) {
            0 => {
                self.note("object", path);
                self.object(path, depth)
            }
            1 => {
                self.note("mixed array", path);
                let count = self.random.random_range(0..4);
                (0..count).map(|_| self.value(&format!("{path}[]"), depth + 1)).collect()
            }
            2 => {
                self.note("array of one kind", path);
                let kind = *SCALARS.choose(&mut self.random).expect("kinds");
                let count = self.random.random_range(0..4);
                (0..count)
                    .map(|_| {
                        self.note(kind, &format!("{path}[]"));
                        self.scalar(kind)
                    })
                    .collect()
            }
            3 => {
                self.note("array of objects", path);
                let count = self.random.random_range(0..4);
                (0..count).map(|_| self.object(&format!("{path}[]"), depth + 1)).collect()
            }
            4 => {
                self.note("set", path);
                let count = self.random.random_range(0..4);
                let items: Vec<Json> = (0..count).map(|_| self.value(&format!("{path}[]"), depth + 1)).collect();
                json!({ "$set": items })
            }
            _ => {
                self.note("array with NONE", path);
                json!([{ "$none": true }, self.value(&format!("{path}[]"), depth + 1)])
            }
        }
    }

    fn object(&mut self, path: &str, depth: usize) -> Json {
        let mut object = json!({});
        for name in ["a", "b", "link"] {
            if self.random.random_bool(0.7) {
                object[name] = self.value(&format!("{path}.{name}"), depth + 1);
            }
        }
        object
    }

    fn note(&mut self, kind: &'static str, path: &str) {
        let form: String = path.split('.').map(|step| if step.contains("[]") { "[]" } else { "." }).collect();
        *self.seen.entry((kind, form)).or_default() += 1;
    }

    fn record(&mut self) -> Json {
        let mut record = json!({});
        for name in ["a", "b", "c", "d", "e", "f", "g", "h"] {
            record[name] = self.value(name, 0);
        }
        record["links"] = (0..3).map(|_| self.scalar("record")).collect();
        record["link"] = self.scalar("record");
        record
    }
}

/// Mutants: `text_over` gives None; `items_over` without `around`, or without `known`; `expanded_link` gives None; `members_over` without the
/// members that are NONE; `Patch::over` with `given.value()`.
#[tokio::test]
async fn what_was_read_goes_back_and_changes_nothing() {
    let cast = STAGE.cast().await;
    let (table, linked) = (cast.table(), cast.table());
    let path = format!("/api/data/{table}");
    let targets = json!([{ "id": "one", "n": 1 }, { "id": 2, "list": [1] }, { "id": "x y", "n": null }]);
    let targets = cast.user.post(&format!("/api/data/{linked}"), &targets).await.expect(201);
    let links = targets.records().iter().map(|record| record["id"].as_str().expect("an id").to_owned()).collect();
    let mut maker = Maker { random: StdRng::seed_from_u64(7), links, seen: BTreeMap::new(), nulls: false };
    let typed = cast.user.with_header("accept", TYPED);
    for number in 0..RECORDS {
        let door = DOORS[number % DOORS.len()];
        maker.nulls = !door.merges();
        let mut record = maker.record();
        let key = format!("r{number}");
        record["id"] = json!(key);
        record["$ttl"] = json!(3_600);
        let made = cast.user.post(&path, &record).await.expect(201);
        let before = typed.get(&made.path()).await.expect(200);
        let plain = cast.user.get(&made.path()).await.expect(200);
        let expanded =
            format!("{path}?where=id={table}:{key}&expand=link,links,a,b,c,d,e,f,g,h,a.link,b.link,c.link,d.link,e.link");
        let expanded = cast.user.get(&expanded).await.expect(200);
        let expanded = expanded.text();
        let (expanded, _) =
            expanded.strip_prefix(r#"{"data":["#).expect("a list").rsplit_once(r#"],"next_cursor""#).expect("a page");
        for (form, client, body) in [
            ("plain", &cast.user.client, sent(&plain)),
            ("typed", &typed, sent(&before)),
            ("expanded", &cast.user.client, expanded.to_owned()),
        ] {
            let (_, written) = door.write(client, &table, &key, &body).await;
            assert_eq!(written.status, 200, "{door:?} {form}: {body}: {}", written.text());
            assert!(!written.text().contains("warnings"), "{}", written.text());
            let after = typed.get(&made.path()).await.expect(200);
            assert_eq!(sent(&after), sent(&before), "{door:?} {form}: {body}");
            assert_eq!(after.header("etag"), made.header("etag"), "{door:?} {form}: a new transaction for {body}");
        }
    }
    for ((kind, form), count) in &maker.seen {
        println!("{kind:>18} {form:<12} {count}");
    }
    for kind in SCALARS {
        assert!(maker.seen.keys().any(|(seen, form)| *seen == kind && form.contains('[')), "{kind} in a list");
        assert!(maker.seen.keys().any(|(seen, form)| *seen == kind && !form.contains('[')), "{kind} outside of lists");
    }
}

/// Writes a stored value and then `given` over it, and shows what is there then.
async fn over(user: &Caller, table: &str, door: Door, stored: &str, given: &str) -> String {
    let made = user.send_text(Method::POST, &format!("/api/data/{table}"), format!(r#"{{"v":{stored}}}"#)).await.expect(201);
    let path = made.path();
    let key = path.rsplit('/').next().expect("a key").to_owned();
    let (_, written) = door.write(&user.client, table, &key, &format!(r#"{{"v":{given}}}"#)).await;
    assert_eq!(written.status, 200, "{given} over {stored}: {}", written.text());
    let read = user.with_header("accept", TYPED).get(&path).await.expect(200);
    read.json["data"]["v"].to_string()
}

/// What reads as the stored kind is of that kind, whatever the value; what does not replaces it.
#[tokio::test]
async fn a_value_over_another_has_its_kind_if_it_reads_so() {
    let cast = STAGE.cast().await;
    let table = cast.table();
    let uuid = "6f1b4e1c-51c5-4a3c-8f0a-0d3f3a0f2c11";
    let (uuid_tag, uuid_text) = (format!(r#"{{"$uuid":"{uuid}"}}"#), format!(r#""{uuid}""#));
    let point = r#"{"$geometry":{"coordinates":[1.0,2.0],"type":"Point"}}"#;
    for (stored, given, expected) in [
        (r#"{"$record":"user:1"}"#, r#""user:abc""#, r#"{"$record":"user:abc"}"#),
        (r#"{"$record":"user:1"}"#, r#""other:2""#, r#"{"$record":"other:2"}"#),
        (r#"{"$record":"user:1"}"#, r#""no link""#, r#""no link""#),
        (r#"{"$record":"user:1"}"#, r#"{"$string":"user:1"}"#, r#""user:1""#),
        (r#"{"$record":"user:1"}"#, "7", "7"),
        (r#"{"$record":"user:1"}"#, r#"{"id":"user:1","name":"Ada"}"#, r#"{"$record":"user:1"}"#),
        (r#"{"$record":"user:1"}"#, r#"{"id":{"$record":"user:1"}}"#, r#"{"$record":"user:1"}"#),
        (r#"{"$record":"user:1"}"#, r#"{"id":"user:2"}"#, r#"{"id":"user:2"}"#),
        (r#"{"$record":"user:1"}"#, r#"{"name":"Ada"}"#, r#"{"name":"Ada"}"#),
        (r#"{"$record":"user:1"}"#, r#"{"$object":{"id":"user:1"}}"#, r#"{"id":"user:1"}"#),
        (r#""user:1""#, r#""user:2""#, r#""user:2""#),
        (r#"{"$datetime":"2026-01-01T00:00:00Z"}"#, r#""2027-01-01T01:00:00+01:00""#, r#"{"$datetime":"2027-01-01T00:00:00Z"}"#),
        (r#"{"$datetime":"2026-01-01T00:00:00Z"}"#, r#""soon""#, r#""soon""#),
        (r#""2026-01-01T00:00:00Z""#, r#""2027-01-01T00:00:00Z""#, r#""2027-01-01T00:00:00Z""#),
        (&uuid_tag, &uuid_text, &uuid_tag),
        (&uuid_tag, r#""none""#, r#""none""#),
        (r#"{"$duration":"1h"}"#, r#""2h""#, r#"{"$duration":"2h"}"#),
        (r#"{"$duration":"1h"}"#, r#""long""#, r#""long""#),
        (r#"{"$decimal":"1.5"}"#, r#""2.50""#, r#"{"$decimal":"2.50"}"#),
        (r#"{"$decimal":"1.5"}"#, "2", "2"),
        (r#"{"$bytes":"aGk="}"#, r#""AAEC""#, r#"{"$bytes":"AAEC"}"#),
        (r#"{"$bytes":"aGk="}"#, r#""not base64""#, r#""not base64""#),
        (
            r#"{"$range":{"begin":{"included":1},"end":{"excluded":4}}}"#,
            r#""2..=5""#,
            r#"{"$range":{"begin":{"included":2},"end":{"included":5}}}"#,
        ),
        (r#"{"$range":{"begin":{"included":1}}}"#, r#""1 to 4""#, r#""1 to 4""#),
        (r#"{"$float":"NaN"}"#, r#""-inf""#, r#"{"$float":"-inf"}"#),
        (r#"{"$float":"NaN"}"#, r#""nan""#, r#""nan""#),
        (r#"{"$float":"inf"}"#, "1", "1.0"),
        ("1.5", r#""NaN""#, r#""NaN""#),
        ("1.5", "2", "2.0"),
        ("1.5", "9007199254740993", "9007199254740993"),
        ("1.5", "9223372036854775807", "9223372036854775807"),
        ("1", "2.5", "2.5"),
        ("1", "1.0", "1.0"),
        (point, r#"{"type":"Point","coordinates":[3,4]}"#, r#"{"$geometry":{"coordinates":[3.0,4.0],"type":"Point"}}"#),
        (point, r#"{"type":"Nothing"}"#, r#"{"type":"Nothing"}"#),
        (point, r#"{"$object":{"type":"Point","coordinates":[3,4]}}"#, r#"{"coordinates":[3,4],"type":"Point"}"#),
        (
            r#"{"type":"Point","coordinates":[1,2]}"#,
            r#"{"type":"Point","coordinates":[3,4]}"#,
            r#"{"coordinates":[3,4],"type":"Point"}"#,
        ),
        (r#"{"$set":[1,2]}"#, "[3,2,3]", r#"{"$set":[2,3]}"#),
        (
            r#"{"$set":[{"$datetime":"2026-01-01T00:00:00Z"}]}"#,
            r#"["2027-01-01T00:00:00Z"]"#,
            r#"{"$set":[{"$datetime":"2027-01-01T00:00:00Z"}]}"#,
        ),
        ("[1,2]", r#"{"$set":[2,2]}"#, r#"{"$set":[2]}"#),
        // Lists: what is of one kind keeps it wherever it stands.
        (r#"[{"$record":"user:1"}]"#, r#"["user:2","user:1",7,"x"]"#, r#"[{"$record":"user:2"},{"$record":"user:1"},7,"x"]"#),
        (r#"[{"$record":"user:1"},null]"#, r#"[null,"user:2"]"#, r#"[null,{"$record":"user:2"}]"#),
        (
            r#"[{"$record":"user:1"},{"$record":"user:2"}]"#,
            r#"[{"id":"user:2","n":1},"user:1"]"#,
            r#"[{"$record":"user:2"},{"$record":"user:1"}]"#,
        ),
        ("[1.0,2.5]", "[3,1,2.5]", "[3.0,1.0,2.5]"),
        (r#"[1.0,{"$float":"NaN"}]"#, r#"["NaN",1]"#, r#"[{"$float":"NaN"},1.0]"#),
        (r#"[["a"],[{"$record":"user:1"}]]"#, r#"[["user:9"],["user:2"]]"#, r#"[["user:9"],[{"$record":"user:2"}]]"#),
        (r#"[[{"$record":"user:1"}],[]]"#, r#"[[],["user:2"]]"#, r#"[[],[{"$record":"user:2"}]]"#),
        // Where several kinds are stored, the position tells.
        (r#"[{"$record":"user:1"},"x"]"#, r#"["user:2","user:3"]"#, r#"[{"$record":"user:2"},"user:3"]"#),
        (r#"[1,2.5]"#, "[3,4]", "[3,4.0]"),
        // Objects in lists.
        (
            r#"[{"by":{"$record":"user:1"},"at":{"$datetime":"2026-01-01T00:00:00Z"}},{"by":{"$record":"user:2"}}]"#,
            r#"[{"by":"user:3","at":"2027-01-01T00:00:00Z"},{"by":"user:2"},{"by":"user:1","at":"2026-01-01T00:00:00Z"}]"#,
            r#"[{"at":{"$datetime":"2027-01-01T00:00:00Z"},"by":{"$record":"user:3"}},{"by":{"$record":"user:2"}},{"at":{"$datetime":"2026-01-01T00:00:00Z"},"by":{"$record":"user:1"}}]"#,
        ),
        // A member of several kinds: an item that is there already is itself, also at another place.
        (
            r#"[{"v":"hi"},{"v":{"$record":"user:1"}}]"#,
            r#"[{"v":"new"},{"v":"hi"},{"v":"user:1"}]"#,
            r#"[{"v":"new"},{"v":"hi"},{"v":{"$record":"user:1"}}]"#,
        ),
        (
            r#"{"o":{"l":{"$record":"user:1"}}}"#,
            r#"{"o":{"l":"user:2","n":"user:3"}}"#,
            r#"{"o":{"l":{"$record":"user:2"},"n":"user:3"}}"#,
        ),
    ] {
        let expected: Json = serde_json::from_str(expected).expect("JSON");
        for door in DOORS {
            // A merge into an object keeps what it does not name; everything else is the same by all doors.
            let found: Json = serde_json::from_str(&over(&cast.user, &table, door, stored, given).await).expect("JSON");
            if door.merges() && stored.starts_with(r#"{"type""#) {
                continue;
            }
            assert_eq!(found, expected, "{given} over {stored} by {door:?}");
        }
    }
}

#[tokio::test]
async fn operands_of_push_and_pull_are_items() {
    let cast = STAGE.cast().await;
    let table = cast.table();
    for (stored, given, expected) in [
        (r#"[{"$record":"user:1"}]"#, r#"{"$push":"user:2"}"#, r#"[{"$record":"user:1"},{"$record":"user:2"}]"#),
        (r#"[{"$record":"user:1"}]"#, r#"{"$push":{"$string":"user:2"}}"#, r#"[{"$record":"user:1"},"user:2"]"#),
        (r#"[{"$record":"user:1"}]"#, r#"{"$push":{"id":"user:1","n":1}}"#, r#"[{"$record":"user:1"},{"$record":"user:1"}]"#),
        (r#"[{"$record":"user:1"},"x"]"#, r#"{"$push":"user:2"}"#, r#"[{"$record":"user:1"},"x","user:2"]"#),
        ("[]", r#"{"$push":"user:2"}"#, r#"["user:2"]"#),
        (r#"{"$set":[{"$record":"user:1"}]}"#, r#"{"$push":"user:1"}"#, r#"{"$set":[{"$record":"user:1"}]}"#),
        (r#"[{"$record":"user:1"},{"$record":"user:2"}]"#, r#"{"$pull":"user:1"}"#, r#"[{"$record":"user:2"}]"#),
        (r#"[{"$record":"user:1"}]"#, r#"{"$pull":{"$string":"user:1"}}"#, r#"[{"$record":"user:1"}]"#),
        (r#"{"$set":[{"$datetime":"2026-01-01T00:00:00Z"}]}"#, r#"{"$pull":"2026-01-01T00:00:00Z"}"#, r#"{"$set":[]}"#),
        ("[1.5]", r#"{"$push":2}"#, "[1.5,2.0]"),
        (
            r#"[{"by":{"$record":"user:1"}}]"#,
            r#"{"$push":{"by":"user:2"}}"#,
            r#"[{"by":{"$record":"user:1"}},{"by":{"$record":"user:2"}}]"#,
        ),
        (
            r#"[{"by":{"$record":"user:1"}},{"by":{"$record":"user:2"}}]"#,
            r#"{"$pull":{"by":"user:1"}}"#,
            r#"[{"by":{"$record":"user:2"}}]"#,
        ),
    ] {
        let expected: Json = serde_json::from_str(expected).expect("JSON");
        for door in [Door::Patch, Door::Merge, Door::Upsert] {
            let found: Json = serde_json::from_str(&over(&cast.user, &table, door, stored, given).await).expect("JSON");
            assert_eq!(found, expected, "{given} over {stored} by {door:?}");
        }
    }
}

/// Several ops of one transaction on one record: each sees the kinds that the ones before it left.
#[tokio::test]
async fn an_op_keeps_the_kinds_that_the_op_before_it_left() {
    let cast = STAGE.cast().await;
    let table = cast.table();
    let op = |name: &str, v: Json| json!({ "op": name, "table": table, "id": "r", "data": { "v": v } });
    let ops = json!({ "ops": [
        op("create", json!({ "$record": "user:1" })),
        op("merge", json!("user:2")),
        op("update", json!({ "$string": "user:3" })),
        op("upsert", json!("user:4")),
    ] });
    let typed = cast.user.with_header("accept", TYPED);
    let written = typed.post("/api/mutate", &ops).await.expect(200);
    let values: Vec<&Json> = written.json["results"].as_array().expect("results").iter().map(|record| &record["v"]).collect();
    assert_eq!(values, [&json!({ "$record": "user:1" }), &json!({ "$record": "user:2" }), &json!("user:3"), &json!("user:4")]);
}

/// Nothing is stored where a record is made, so text stays text; `$string` says so everywhere.
#[tokio::test]
async fn a_new_record_has_the_kinds_that_its_body_names() {
    let cast = STAGE.cast().await;
    let table = cast.table();
    let data = json!({ "link": "user:1", "text": { "$string": "2026-01-01T00:00:00Z" }, "time": { "$datetime": "2026-01-01T00:00:00Z" } });
    let typed = cast.user.with_header("accept", TYPED);
    let posted = typed.post(&format!("/api/data/{table}"), &data).await.expect(201);
    let path = format!("/api/data/{}", posted.json["data"]["id"]["$record"].as_str().expect("an id").replacen(':', "/", 1));
    let upserted = json!({ "ops": [{ "op": "upsert", "table": table, "id": "new", "data": data }] });
    let upserted = typed.post("/api/mutate", &upserted).await.expect(200);
    for record in [&posted.json["data"], &upserted.json["results"][0]] {
        assert_eq!((&record["link"], &record["text"]), (&json!("user:1"), &json!("2026-01-01T00:00:00Z")));
        assert_eq!(record["time"], json!({ "$datetime": "2026-01-01T00:00:00Z" }));
    }
    for bad in [json!({ "$string": 1 }), json!({ "$string": ["x"] }), json!([{ "$string": null }])] {
        cast.user.post(&format!("/api/data/{table}"), &json!({ "v": bad })).await.expect_error(422, "VALIDATION_FAILED");
        cast.user.put(&path, &json!({ "v": bad })).await.expect_error(422, "VALIDATION_FAILED");
        cast.user.patch(&path, &json!({ "v": bad })).await.expect_error(422, "VALIDATION_FAILED");
    }
}

/// What came before stays what it was: a restore and a repeated request do not read anything anew.
#[tokio::test]
async fn restores_and_repeated_requests_keep_what_was() {
    let cast = STAGE.cast().await;
    let typed = cast.user.with_header("accept", TYPED);
    let made = cast.user.post(&format!("/api/data/{}", cast.table()), &json!({ "v": "user:1" })).await.expect(201);
    cast.user.patch(&made.path(), &json!({ "v": { "$record": "user:2" } })).await.expect(200);
    let restored = typed.post(&format!("{}/restore", made.path()), &json!({ "tx": made.tx() })).await.expect(200);
    assert_eq!(restored.json["data"]["v"], "user:1");
    let once = typed.with_header("idempotency-key", &format!("k-{}", made.path()));
    let body = json!({ "v": "user:3" });
    let first = once.patch(&made.path(), &body).await.expect(200);
    cast.user.patch(&made.path(), &json!({ "v": { "$record": "user:4" } })).await.expect(200);
    let again = once.patch(&made.path(), &body).await.expect(200);
    assert_eq!(again.json, first.json);
    assert_eq!(typed.get(&made.path()).await.json["data"]["v"], json!({ "$record": "user:4" }));
}
