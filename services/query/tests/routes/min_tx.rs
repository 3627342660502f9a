//! `X-DDB-Min-Tx`: reading what one has written, whoever answers.

use std::time::{Duration, Instant};

use ddb_testkit::{Server, json};

use crate::STAGE;

#[tokio::test]
async fn an_answer_includes_the_transaction_that_it_must() {
    // Mutant: `App::route` does not ask `reach`.
    let cast = STAGE.cast().await;
    let table = cast.table();
    let made = cast.user.post(&format!("/api/data/{table}"), &json!({ "n": 1 })).await.expect(201);
    for tx in ["0".to_owned(), made.tx().to_string()] {
        let client = cast.user.with_header("x-ddb-min-tx", &tx);
        client.get(&made.path()).await.expect(200);
        client.get(&format!("/api/data/{table}")).await.expect(200);
        client.patch(&made.path(), &json!({ "n": 2 })).await.expect(200);
        client.post("/api/mutate", &json!({ "ops": [] })).await.expect(200);
        client.get("/nowhere").await.expect_error(404, "NOT_FOUND");
    }
    let client = cast.user.with_header("x-ddb-min-tx", "9000000000000");
    let begun = Instant::now();
    for answer in [client.get(&made.path()).await, client.patch(&made.path(), &json!({ "n": 3 })).await] {
        let answer = answer.expect_error(503, "UNAVAILABLE");
        let reached = answer.header("x-ddb-tx").to_owned();
        assert!(reached.parse::<i64>().is_ok_and(|reached| reached >= made.tx()), "{reached}");
        assert!(answer.text().contains(&format!("the newest is {reached}")), "{}", answer.text());
        assert!(!answer.header("retry-after").is_empty());
    }
    assert!(begun.elapsed() >= Duration::from_secs(4), "each waits for two seconds: {:?}", begun.elapsed());
    assert_eq!(cast.user.get(&made.path()).await.expect(200).json["data"]["n"], 2, "nothing was written");
    for value in ["", "-1", "+1", "1.0", "x", "9223372036854775808", "0x1"] {
        let client = cast.user.with_header("x-ddb-min-tx", value);
        client.get(&made.path()).await.expect_error(400, "BAD_REQUEST");
    }
    let twice = cast.user.with_header("x-ddb-min-tx", "1").with_header("x-ddb-min-tx", "1");
    twice.get(&made.path()).await.expect_error(400, "BAD_REQUEST");
}

#[tokio::test]
async fn a_transaction_that_is_still_to_come_is_waited_for() {
    // Mutant: `reach` looks once.
    let server = Server::start().await;
    let user = server.user().await;
    let made = user.post("/api/data/notes", &json!({ "n": 1 })).await.expect(201);
    let next = user.with_header("x-ddb-min-tx", &(made.tx() + 1).to_string());
    let path = made.path();
    let reading = next.get(&path);
    let writing = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        user.patch(&path, &json!({ "n": 2 })).await.expect(200)
    };
    let (read, written) = futures::future::join(reading, writing).await;
    assert_eq!(read.expect(200).json["data"]["n"], 2);
    assert_eq!(written.tx(), made.tx() + 1);
}
