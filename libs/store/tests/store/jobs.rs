//! Jobs that are done once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use ddb_core::{Error, NamespaceId};
use ddb_store::Store;
use ddb_store::job::{Job, JobState, NewJob, OneOff};
use ddb_testkit::Database;
use serde_json::json;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::support::store;

/// What the payload says: its number doubled; a failure; a panic; waiting for the second to come.
fn kinds(begun: &Arc<AtomicUsize>) -> Vec<OneOff> {
    let begun = begun.clone();
    vec![OneOff {
        kind: "test",
        run: Box::new(move |_, _, payload, progress| {
            let begun = begun.clone();
            Box::pin(async move {
                let nth = begun.fetch_add(1, Ordering::SeqCst);
                progress.expect(10);
                progress.advance(4);
                match payload["do"].as_str() {
                    Some("double") => Ok(json!({ "doubled": payload["n"].as_i64().map(|n| n * 2) })),
                    Some("fail") => Err(Error::bad_request("it cannot be done")),
                    Some("panic") => panic!("as it was asked for"),
                    Some("wait") if nth == 0 => {
                        sleep(Duration::from_secs(600)).await;
                        Err(Error::internal("nobody interrupted it"))
                    }
                    _ => Ok(json!("interrupted and done")),
                }
            })
        }),
    }]
}

fn new(payload: serde_json::Value) -> NewJob {
    NewJob { namespace: NamespaceId::MAIN, kind: "test", payload, by: None }
}

async fn job(store: &Store, id: i64) -> Job {
    store.job(NamespaceId::MAIN, id).await.expect("a read").expect("a job")
}

async fn until(store: &Store, id: i64, state: JobState) -> Job {
    let end = Instant::now() + Duration::from_secs(20);
    loop {
        let job = job(store, id).await;
        if job.state == state {
            return job;
        }
        assert!(Instant::now() < end, "{job:?}");
        sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_done_once_and_tells_its_end() {
    let database = Database::new().await;
    let store = store(&database).await;
    let begun = Arc::default();
    let doubled = store.enqueue(new(json!({ "do": "double", "n": 21 }))).await.expect("queued");
    let same = store.enqueue(new(json!({ "do": "double", "n": 21 }))).await.expect("queued");
    assert_eq!(same, doubled, "the same is not done twice");
    let failed = store.enqueue(new(json!({ "do": "fail" }))).await.expect("queued");
    let panicked = store.enqueue(new(json!({ "do": "panic" }))).await.expect("queued");
    assert_eq!(job(&store, doubled).await.state, JobState::Queued);
    let stop = CancellationToken::new();
    let running = {
        let (store, kinds, stop) = (store.clone(), kinds(&begun), stop.clone());
        tokio::spawn(async move { store.run_one_offs(&kinds, stop).await })
    };
    let done = until(&store, doubled, JobState::Done).await;
    assert_eq!((done.result.as_deref(), done.problem, done.done, done.total), (Some("{\"doubled\":42}"), None, 10, 10));
    assert!(done.finished.is_some_and(|finished| finished >= done.created));
    let failed = until(&store, failed, JobState::Failed).await;
    assert_eq!((failed.problem.as_deref(), failed.result, failed.done), (Some("it cannot be done"), None, 4));
    let panicked = until(&store, panicked, JobState::Failed).await;
    assert_eq!(panicked.problem.as_deref(), Some("an internal error occurred"), "of its cause the log tells");
    assert_eq!(begun.load(Ordering::SeqCst), 3);
    let again = store.enqueue(new(json!({ "do": "double", "n": 21 }))).await.expect("queued");
    assert_ne!(again, doubled, "what has ended can be asked for again");
    until(&store, again, JobState::Done).await;
    assert!(store.job(NamespaceId(2), again).await.expect("a read").is_none(), "jobs of another namespace");
    stop.cancel();
    running.await.expect("it ends");
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_job_is_left_to_the_next() {
    let database = Database::new().await;
    let store = store(&database).await;
    let begun = Arc::default();
    let id = store.enqueue(new(json!({ "do": "wait" }))).await.expect("queued");
    let run = |stop: &CancellationToken| {
        let (store, kinds, stop) = (store.clone(), kinds(&begun), stop.clone());
        tokio::spawn(async move { store.run_one_offs(&kinds, stop).await })
    };
    let stop = CancellationToken::new();
    let first = run(&stop);
    let running = until(&store, id, JobState::Running).await;
    assert!(running.finished.is_none());
    let end = Instant::now() + Duration::from_secs(10);
    while job(&store, id).await.done != 4 {
        assert!(Instant::now() < end, "its progress is not told");
        sleep(Duration::from_millis(50)).await;
    }
    stop.cancel();
    first.await.expect("it ends");
    assert_eq!(job(&store, id).await.state, JobState::Queued);
    let stop = CancellationToken::new();
    let second = run(&stop);
    let done = until(&store, id, JobState::Done).await;
    assert_eq!(done.result.as_deref(), Some("\"interrupted and done\""));
    stop.cancel();
    second.await.expect("it ends");
    store.close().await;
}
