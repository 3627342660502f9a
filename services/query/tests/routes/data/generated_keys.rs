//! Keys that the server makes: those of one request sort in its order.
//! Mutants: a `GeneratedKeys` for each record; `Keys::default()` for each mutation of a batch.

use std::collections::HashSet;

use ddb_testkit::{Answer, Json, json};

use crate::STAGE;

const RECORDS: usize = 300;

fn ns(records: &[Json]) -> Vec<i64> {
    records.iter().map(|record| record["n"].as_i64().expect("n")).collect()
}

fn ids_of_results(results: &Json) -> Vec<&str> {
    results.as_array().expect("results").iter().map(|record| record["id"].as_str().expect("an id")).collect()
}

fn is_ascending(ids: &[&str]) -> bool {
    ids.is_sorted() && ids.iter().collect::<HashSet<_>>().len() == ids.len()
}

#[tokio::test]
async fn the_records_of_an_array_are_listed_in_its_order() {
    let cast = STAGE.cast().await;
    let path = format!("/api/data/{}", cast.table());
    let bodies: Vec<Json> = (0..RECORDS).map(|n| json!({ "n": n })).collect();
    let made = cast.user.post(&path, &Json::Array(bodies)).await.expect(201);
    assert!(is_ascending(&made.ids()));
    assert!(made.ids().iter().all(|id| id.ends_with(|last: char| last.is_ascii_lowercase())));
    let list = cast.user.get(&format!("{path}?limit={RECORDS}")).await.expect(200);
    assert_eq!(ns(list.records()), (0..RECORDS as i64).collect::<Vec<_>>());
}

#[tokio::test]
async fn the_ops_of_a_mutation_and_of_a_batch_make_keys_in_their_order() {
    let cast = STAGE.cast().await;
    let table = cast.table();
    let op =
        |n: usize| json!({ "op": if n.is_multiple_of(3) { "upsert" } else { "create" }, "table": table, "data": { "n": n } });
    let mutated = cast.user.post("/api/mutate", &json!({ "ops": (0..50).map(op).collect::<Vec<_>>() })).await.expect(200);
    assert!(is_ascending(&ids_of_results(&mutated.json["results"])));
    for (atomic, begin) in [(true, 50), (false, 100)] {
        let part = |index: usize| {
            let ops: Vec<Json> = (0..10).map(|n| op(begin + index * 10 + n)).collect();
            json!({ "id": index.to_string(), "type": "mutate", "ops": ops })
        };
        let body = json!({ "atomic": atomic, "ops": (0..5).map(part).collect::<Vec<_>>() });
        let answer: Answer = cast.user.post("/api/batch", &body).await.expect(200);
        let results = answer.json["results"].as_array().expect("results");
        let ids: Vec<&str> = results.iter().flat_map(|result| ids_of_results(&result["data"]["results"])).collect();
        assert_eq!(ids.len(), 50, "{}", answer.text());
        assert!(is_ascending(&ids), "atomic: {atomic}");
    }
    let list = cast.user.get(&format!("/api/data/{table}?limit=200")).await.expect(200);
    assert_eq!(ns(list.records()), (0..150).collect::<Vec<_>>());
}

#[tokio::test]
async fn requests_at_one_time_never_make_the_same_key() {
    let cast = STAGE.cast().await;
    let path = format!("/api/data/{}", cast.table());
    let body = Json::Array(vec![json!({}); 200]);
    let requests = (0..16).map(|_| async { cast.user.post(&path, &body).await.expect(201) });
    let answers = futures::future::join_all(requests).await;
    assert!(answers.iter().all(|answer| is_ascending(&answer.ids())));
    let all: HashSet<&str> = answers.iter().flat_map(Answer::ids).collect();
    assert_eq!(all.len(), 16 * 200);
}
