use ddb_testkit::{Caller, Client, Server, json};
use tokio::task::JoinSet;

const TASKS: &str = "/api/data/tasks";

/// How many of `number` requests get an answer other than 429, and that the others are the envelope with the headers.
async fn through(client: &Client, path: &str, number: usize) -> usize {
    let mut through = 0;
    for _ in 0..number {
        let answer = client.get(path).await;
        if answer.status != 429 {
            through += 1;
            continue;
        }
        let answer = answer.expect_error(429, "RATE_LIMITED");
        let wait: u64 = answer.header("retry-after").parse().expect("seconds");
        assert!((1..=60).contains(&wait), "{wait}");
        assert_eq!(answer.header("ratelimit-remaining"), "0");
    }
    through
}

/// Numbers of the three headers.
fn standing(answer: &ddb_testkit::Answer) -> [u64; 3] {
    ["ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"]
        .map(|name| answer.header(name).parse().unwrap_or_else(|_| panic!("no header {name}: {}", answer.text())))
}

/// Mutants: `finish` without the standing; `Standing::empty` for every answer.
#[tokio::test]
async fn every_answer_says_how_its_caller_stands() {
    let server = Server::builder().argument("--rate-limit-anonymous=100").argument("--rate-limit-account=50").start().await;
    let (anon, user) = (server.anon(), server.user().await);
    for (path, status) in [("/health", 200), (TASKS, 200), ("/api/auth/me", 401), ("/nowhere", 404), ("/api/data/t%ff", 400)] {
        let [limit, remaining, reset] = standing(&anon.get(path).await.expect(status));
        assert!((limit, reset) == (500, 1) && (400..500).contains(&remaining), "{path}: {limit} {remaining} {reset}");
    }
    let post = anon.post(TASKS, &json!({})).await.expect(401);
    assert_eq!(standing(&post)[0], 500);
    // The first request with a token is the network's: nobody knows yet whether the token is good.
    user.get(TASKS).await.expect(200);
    let first = standing(&user.get(TASKS).await.expect(200));
    assert_eq!(first, [250, 249, 1]);
}

/// Mutant: `finish` leaves the headers out of what is unlimited.
#[tokio::test]
async fn also_the_answers_of_whom_nothing_limits_say_so() {
    let server = Server::start().await;
    for (path, status) in [("/health", 200), (TASKS, 200), ("/api/auth/me", 401), ("/nowhere", 404)] {
        assert_eq!(standing(&server.anon().get(path).await.expect(status)), [5_000_000, 5_000_000, 0], "{path}");
    }
}

/// Mutant: the network's anonymous budget is not asked.
#[tokio::test]
async fn the_anonymous_of_a_network_share_a_budget_that_those_who_are_signed_in_do_not_need() {
    let server =
        Server::builder().argument("--rate-limit-anonymous=read=1").argument("--rate-limit-account=read=100").start().await;
    let user = server.user().await;
    user.get(TASKS).await.expect(200);
    assert!((4..=8).contains(&through(&server.anon(), TASKS, 40).await));
    assert_eq!(through(&user, TASKS, 40).await, 40);
    // Other classes have their own.
    assert_eq!(through(&server.anon(), "/health", 40).await, 40);
}

/// Mutant: an account's budget is kept by session or by network.
#[tokio::test]
async fn an_account_has_one_budget_for_all_its_sessions() {
    let server = Server::builder().argument("--rate-limit-account=read=2").start().await;
    let (one, other) = (server.user().await, server.user().await);
    let elsewhere = Caller::sign_in(&server.anon(), &one.email).await;
    for caller in [&one, &elsewhere, &other] {
        caller.get(TASKS).await.expect(200);
    }
    let both = through(&one, TASKS, 20).await + through(&elsewhere, TASKS, 20).await;
    assert!((10..=14).contains(&both), "{both}");
    assert!(through(&other, TASKS, 10).await >= 10);
}

/// THREATS 57. Mutant: a token that is not known to be good is not charged to its network.
#[tokio::test]
async fn tokens_that_are_not_good_get_nobody_a_budget() {
    let server = Server::builder().argument("--rate-limit-anonymous=read=1,auth=1").start().await;
    let mut through = [0, 0];
    for number in 0..40 {
        let client = server.anon().with_token(format!("e30.e30.{number}"));
        through[0] += usize::from(client.get(TASKS).await.status == 401);
        let guess = client.post("/api/auth/signin", &json!({ "email": "a@example.com", "password": "b" })).await;
        through[1] += usize::from(guess.status != 429);
    }
    assert!(through.iter().all(|number| (5..=9).contains(number)), "{through:?}");
}

/// Mutant: the network's own budget is not asked.
#[tokio::test]
async fn a_network_has_a_budget_in_all() {
    let server = Server::builder().argument("--rate-limit-network=4").start().await;
    let user = server.user().await;
    let mut all = 0;
    for _ in 0..20 {
        all += through(&user, TASKS, 1).await + through(&server.anon(), "/health", 1).await;
    }
    assert!((18..=26).contains(&all), "{all}");
}

/// The defaults, as they are without a setting: a burst of an ordinary app passes, and one client cannot use up the server without signing in.
#[tokio::test(flavor = "multi_thread")]
async fn without_settings_bursts_of_an_app_pass_and_floods_do_not() {
    let server = ["NETWORK", "ANONYMOUS", "ACCOUNT"]
        .iter()
        .fold(Server::builder(), |builder, name| builder.variable(&format!("DDB_RATE_LIMIT_{name}"), ""))
        .start()
        .await;
    let user = server.user().await;
    user.get(TASKS).await.expect(200);
    assert_eq!(through(&user, TASKS, 300).await, 300);
    assert_eq!(standing(&user.get(TASKS).await.expect(200))[0], 5000);
    assert_eq!(standing(&server.anon().get(TASKS).await.expect(200))[0], 1000);
    assert_eq!(standing(&server.anon().get("/api/auth/me").await.expect(401))[0], 100);
    let mut flood = JoinSet::new();
    for _ in 0..8 {
        let anon = server.anon();
        flood.spawn(async move {
            let mut refused = 0;
            for _ in 0..50 {
                let answer = anon.post("/api/auth/refresh", &json!({ "refresh_token": "x" })).await;
                refused += usize::from(answer.status == 429);
            }
            refused
        });
    }
    let refused: usize = flood.join_all().await.iter().sum();
    assert!(refused > 100, "{refused}");
    assert_eq!(through(&user, TASKS, 10).await, 10);
}
