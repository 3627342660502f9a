//! PostgreSQL is away for 10 seconds, once so that it refuses connections, once so that it takes them and is silent: requests are answered with
//! 503 in time, and everything goes on by itself when it is back.
//!
//! Mutants, tried:
//! - `libs/database/src/authenticator/sessions.rs`, `get`: no limit on waiting for another one's read. Requests of one session wait one after
//!   the other.
//! - `services/auth/src/routes/auth/signin.rs`: the attempt is not given back. Who signs in meanwhile is locked out.

use std::collections::BTreeMap;
use std::time::Duration;

use ddb_testkit::{Answer, Caller, Client, Database, Proxy, Server, json};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use crate::turn;
use crate::workload::{Answers, Coverage, Users, Workload};

const AWAY: Duration = Duration::from_secs(10);
/// What a request may take while PostgreSQL is away.
const ANSWERED_WITHIN: Duration = Duration::from_millis(3_500);
/// When everything succeeds again, counted from the return.
const BACK_WITHIN: Duration = Duration::from_millis(2_500);
const HANGS: Duration = Duration::from_secs(30);
const EVERY: Duration = Duration::from_millis(500);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_are_answered_while_postgresql_refuses_connections() {
    away("refuses", Proxy::refuse).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_are_answered_while_postgresql_is_silent() {
    away("is silent", Proxy::hang).await;
}

async fn away(how: &str, leave: impl FnOnce(&Proxy)) {
    let _turn = turn().await;
    let database = Database::new().await;
    let proxy = Proxy::start(&database).await;
    let server = Server::builder().over(&proxy.database()).start().await;
    let users = Users::sign_up(&server).await;
    let user = server.user().await;
    user.post("/api/data/note", &json!({ "id": "a", "n": 0 })).await.expect(201);
    let workload = Workload::start(&users, "r0", 17, Answers::Always).await;
    sleep(Duration::from_millis(500)).await;

    let began = Instant::now();
    leave(&proxy);
    let mut requests = JoinSet::new();
    while began.elapsed() < AWAY {
        for request in REQUESTS {
            requests.spawn(timed(*request, server.anon(), user.clone()));
        }
        sleep(EVERY).await;
    }
    let mut slowest: BTreeMap<Request, Duration> = BTreeMap::new();
    // What is asked at the end is answered before the return.
    let mut wrong = Vec::new();
    for (request, elapsed, answer) in requests.join_all().await {
        let slowest = slowest.entry(request).or_default();
        *slowest = elapsed.max(*slowest);
        let expected = if request == Request::Health { 200 } else { 503 };
        if answer.status != expected {
            wrong.push(format!("{request:?} was answered {}: {}", answer.status, answer.text()));
        } else if expected == 503 {
            assert!(answer.header("retry-after").parse::<u64>().is_ok_and(|seconds| seconds >= 1), "{request:?}: no Retry-After");
            answer.expect_error(503, "UNAVAILABLE");
        }
    }
    println!("PostgreSQL {how}; slowest answers: {slowest:?}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for (request, elapsed) in slowest {
        assert!(elapsed <= ANSWERED_WITHIN, "{request:?} took {elapsed:?}");
    }

    proxy.resume();
    let returned = Instant::now();
    for request in REQUESTS {
        loop {
            let (_, _, answer) = timed(*request, server.anon(), user.clone()).await;
            if answer.status < 500 {
                break;
            }
            assert!(returned.elapsed() < BACK_WITHIN, "{request:?} does not succeed: {}", answer.text());
            sleep(Duration::from_millis(20)).await;
        }
    }
    println!("after the return everything succeeded within {:?}", returned.elapsed());
    assert!(returned.elapsed() < BACK_WITHIN);
    sleep(Duration::from_millis(300)).await;
    let mut coverage = Coverage::default();
    workload.stop().await.check(&server, &users, &mut coverage).await;
    println!("{coverage}");
    coverage.expect_acknowledged(1, 0.05);
    // Every writer was: before its write was sent, or at a commit of which nobody knew.
    let refused = coverage.of("unavailable").1 + coverage.of("not known").1;
    assert!(refused >= 16, "too few writes were refused:\n{coverage}");
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Request {
    Health,
    Ready,
    Get,
    List,
    ListOfNobody,
    Create,
    CreateInNewTable,
    Patch,
    Delete,
    Me,
    SignIn,
}

const REQUESTS: &[Request] = &[
    Request::Health,
    Request::Ready,
    Request::Get,
    Request::List,
    Request::ListOfNobody,
    Request::Create,
    Request::CreateInNewTable,
    Request::Patch,
    Request::Delete,
    Request::Me,
    Request::SignIn,
];

async fn timed(request: Request, anon: Client, user: Caller) -> (Request, Duration, Answer) {
    let began = Instant::now();
    let answer = timeout(HANGS, answer(request, anon, user)).await;
    (request, began.elapsed(), answer.unwrap_or_else(|_| panic!("{request:?} hangs")))
}

async fn answer(request: Request, anon: Client, user: Caller) -> Answer {
    match request {
        Request::Health => anon.get("/health").await,
        Request::Ready => anon.get("/ready").await,
        Request::Get => user.get("/api/data/note/a").await,
        Request::List => user.get("/api/data/note").await,
        Request::ListOfNobody => anon.get("/api/data/note").await,
        Request::Create => user.post("/api/data/note", &json!({ "n": 1 })).await,
        Request::CreateInNewTable => user.post("/api/data/novelty", &json!({ "n": 1 })).await,
        Request::Patch => user.patch("/api/data/note/a", &json!({ "n": { "$inc": 1 } })).await,
        Request::Delete => user.delete("/api/data/note/absent").await,
        Request::Me => user.get("/api/auth/me").await,
        Request::SignIn => {
            let body = json!({ "email": user.email, "password": Caller::PASSWORD });
            anon.post("/api/auth/signin", &body).await
        }
    }
}
