//! Money is neither made nor lost, and nobody sees a transfer half done.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use ddb_testkit::json;
use futures::future::{join, join_all};

use super::mutate;
use crate::STAGE;

const ACCOUNTS: i64 = 8;
const START: i64 = 100;
const WRITERS: usize = 16;
const TRANSFERS: usize = 12;

/// Mutant: the route carries out each op by itself.
#[tokio::test]
async fn readers_never_see_a_torn_total() {
    let cast = STAGE.cast().await;
    let table = cast.table();
    let data = format!("/api/data/{table}");
    let accounts: Vec<_> = (0..ACCOUNTS).map(|id| json!({ "id": id, "balance": START })).collect();
    cast.user.post(&data, &json!(accounts)).await.expect(201);
    let (done, reads) = (AtomicBool::new(false), AtomicU32::new(0));
    let writer = |writer: usize| {
        let (table, user) = (&table, &cast.user);
        async move {
            let mut moved = 0;
            for number in 0..TRANSFERS {
                let from = (writer + number) as i64 % ACCOUNTS;
                let to = (writer * 3 + number * 5 + 1) as i64 % ACCOUNTS;
                let amount = (number as i64 * 7 + writer as i64) % 30 + 1;
                let transfer = json!([
                    { "op": "merge", "table": table, "id": from, "data": { "balance": { "$inc": -amount } } },
                    { "op": "merge", "table": table, "id": to, "data": { "balance": { "$inc": amount } } },
                ]);
                mutate(user, transfer).await.expect(200);
                moved += i64::from(from != to);
            }
            moved
        }
    };
    let writing = async {
        let moved: i64 = join_all((0..WRITERS).map(writer)).await.into_iter().sum();
        done.store(true, Ordering::Relaxed);
        moved
    };
    let reading = join_all((0..4).map(|_| async {
        while !done.load(Ordering::Relaxed) {
            let list = cast.user.get(&data).await.expect(200);
            let total: i64 = list.records().iter().map(|account| account["balance"].as_i64().expect("a balance")).sum();
            assert_eq!(total, ACCOUNTS * START, "{}", list.text());
            reads.fetch_add(1, Ordering::Relaxed);
        }
    }));
    let (moved, _) = join(writing, reading).await;
    assert!(moved > 100 && reads.load(Ordering::Relaxed) >= 20, "{moved} transfers, {reads:?} reads");
}
