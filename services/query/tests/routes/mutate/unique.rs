//! Unique indexes under several ops.

use ddb_testkit::{Cast, json};
use futures::future::join_all;

use super::mutate;
use crate::STAGE;

async fn seats(cast: &Cast) -> String {
    let table = cast.table();
    let body = json!({ "name": "seat", "fields": ["seat"], "unique": true });
    cast.admin.post(&format!("/api/schema/{table}/indexes"), &body).await.expect(201);
    let body = json!([{ "id": "a", "seat": 1 }, { "id": "b", "seat": 2 }, { "id": "c", "seat": 3 }]);
    cast.user.post(&format!("/api/data/{table}"), &body).await.expect(201);
    table
}

async fn seat_of(cast: &Cast, table: &str, key: &str) -> i64 {
    let found = cast.user.get(&format!("/api/data/{table}/{key}")).await.expect(200);
    found.json["data"]["seat"].as_i64().expect("a seat")
}

#[tokio::test]
async fn values_are_swapped_and_handed_on_in_one_request() {
    // Mutant: `pass` does not call `commit::vacate`.
    let cast = STAGE.cast().await;
    let table = seats(cast).await;
    let take = |key: &str, seat: i64| json!({ "op": "merge", "table": table, "id": key, "data": { "seat": seat } });
    mutate(&cast.user, json!([take("a", 2), take("b", 1)])).await.expect(200);
    assert_eq!((seat_of(cast, &table, "a").await, seat_of(cast, &table, "b").await), (2, 1));
    mutate(&cast.user, json!([take("a", 3), take("b", 2), take("c", 1)])).await.expect(200);
    assert_eq!(seat_of(cast, &table, "c").await, 1);
    // From a record that goes to one that comes.
    let handed = json!([
        { "op": "create", "table": table, "id": "d", "data": { "seat": 1 } },
        { "op": "delete", "table": table, "id": "c" },
    ]);
    mutate(&cast.user, handed).await.expect(200);
    assert_eq!(seat_of(cast, &table, "d").await, 1);
    // Back and forth.
    mutate(&cast.user, json!([take("a", 9), take("b", 3), take("b", 2), take("a", 3)])).await.expect(200);
    assert_eq!((seat_of(cast, &table, "a").await, seat_of(cast, &table, "b").await), (3, 2));
    let refused = mutate(&cast.user, json!([take("b", 8), take("a", 1)])).await.expect_error(409, "CONFLICT");
    assert_eq!(refused.json["error"]["details"][0]["field"], "ops[1].data.seat");
    let both = mutate(&cast.user, json!([take("a", 7), take("b", 7)])).await;
    both.expect_error(409, "CONFLICT");
    let log = cast.server.log();
    assert!(!log.contains("repeated one by one"), "PostgreSQL's constraint is a net, not the way");
    let verified = cast.server.ddb(&["verify"]);
    assert_eq!(verified.code, Some(0), "{}{}", verified.stdout, verified.stderr);
}

#[tokio::test]
async fn swaps_of_many_callers_leave_every_value_once() {
    let cast = STAGE.cast().await;
    let table = seats(cast).await;
    let swaps = (0..40).map(|number| {
        let (from, to) = [("a", "b"), ("b", "c"), ("c", "a")][number % 3];
        let table = &table;
        async move {
            let (one, other) = (seat_of(cast, table, from).await, seat_of(cast, table, to).await);
            let take = |key: &str, seat: i64| json!({ "op": "merge", "table": table, "id": key, "data": { "seat": seat } });
            mutate(&cast.user, json!([take(from, other), take(to, one)])).await.status
        }
    });
    let statuses = join_all(swaps).await;
    assert!(statuses.iter().all(|status| [200, 409].contains(status)), "{statuses:?}");
    assert!(statuses.contains(&200), "{statuses:?}");
    let mut seats = [seat_of(cast, &table, "a").await, seat_of(cast, &table, "b").await, seat_of(cast, &table, "c").await];
    seats.sort_unstable();
    assert_eq!(seats, [1, 2, 3]);
}
