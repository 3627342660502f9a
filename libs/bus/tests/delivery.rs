//! The same behaviour within a process and over a real NATS.

use std::time::Duration;

use bytes::Bytes;
use ddb_bus::{Bus, Delivery, Subject, Subscription};
use ddb_testkit::NatsServer;
use tokio::time::{Instant, sleep, timeout};

fn subject(text: &str) -> Subject {
    Subject::parse(text).expect("a subject")
}

/// The next message, whatever gaps come before it.
async fn message(subscription: &mut Subscription) -> Bytes {
    loop {
        match timeout(Duration::from_secs(5), subscription.next()).await.expect("a message within 5 s") {
            Some(Delivery::Message(payload)) => return payload,
            Some(Delivery::Gap) => continue,
            None => panic!("the bus is closed"),
        }
    }
}

async fn every_receiver_gets_every_message_of_its_subject_in_order(sender: &Bus, receiver: &Bus) {
    let (mine, other) = (subject("ddb._.test.mine"), subject("ddb._.test.other"));
    let mut first = receiver.subscribe(&mine).await.expect("subscribed");
    let mut second = receiver.subscribe(&mine).await.expect("subscribed");
    sender.publish(&other, Bytes::from_static(b"other")).await.expect("published");
    for number in 0..100 {
        sender.publish(&mine, Bytes::from(format!("{number}"))).await.expect("published");
    }
    for number in 0..100 {
        assert_eq!(message(&mut first).await, format!("{number}"));
        assert_eq!(message(&mut second).await, format!("{number}"));
    }
}

#[tokio::test]
async fn messages_pass_within_the_process() {
    let bus = Bus::local();
    every_receiver_gets_every_message_of_its_subject_in_order(&bus, &bus.clone()).await;
}

#[tokio::test]
async fn messages_pass_over_nats() {
    let server = NatsServer::start().await;
    let sender = Bus::connect(&server.url(), "sender").await.expect("connected");
    let receiver = Bus::connect(&server.url(), "receiver").await.expect("connected");
    every_receiver_gets_every_message_of_its_subject_in_order(&sender, &receiver).await;
}

/// Mutant: `RecvError::Lagged` asks for the next message instead of giving a gap.
#[tokio::test]
async fn a_slow_receiver_is_told_of_the_gap() {
    let bus = Bus::local();
    let subject = subject("ddb._.test.slow");
    let mut subscription = bus.subscribe(&subject).await.expect("subscribed");
    for number in 0..5000 {
        bus.publish(&subject, Bytes::from(format!("{number}"))).await.expect("published");
    }
    assert_eq!(subscription.next().await, Some(Delivery::Gap));
    assert!(matches!(subscription.next().await, Some(Delivery::Message(_))));
}

/// Mutant: `hear` does not count a gap when the connection comes back.
#[tokio::test]
async fn the_connection_comes_back_by_itself_and_tells_of_the_gap() {
    let mut server = NatsServer::start().await;
    let bus = Bus::connect(&server.url(), "test").await.expect("connected");
    let subject = subject("ddb._.test.again");
    let mut subscription = bus.subscribe(&subject).await.expect("subscribed");
    bus.publish(&subject, Bytes::from_static(b"before")).await.expect("published");
    assert_eq!(message(&mut subscription).await, "before");

    server.kill().await;
    until(async || bus.flush().await.is_err()).await;
    server.restart().await;
    until(async || bus.flush().await.is_ok()).await;
    assert_eq!(timeout(Duration::from_secs(5), subscription.next()).await.expect("in time"), Some(Delivery::Gap));
    // The subscription is made anew just after the connection.
    sleep(Duration::from_millis(200)).await;
    bus.publish(&subject, Bytes::from_static(b"after")).await.expect("published");
    assert_eq!(message(&mut subscription).await, "after");
}

#[tokio::test]
async fn a_server_that_is_away_never_makes_a_request_hang() {
    let mut server = NatsServer::start().await;
    let bus = Bus::connect(&server.url(), "test").await.expect("connected");
    server.kill().await;
    until(async || bus.flush().await.is_err()).await;
    let begin = Instant::now();
    // It may be taken for later or refused; what counts is that it returns.
    let _ = bus.publish(&subject("ddb._.test.away"), Bytes::from_static(b"x")).await;
    let _ = bus.flush().await;
    assert!(bus.subscribe(&subject("ddb._.test.away")).await.is_err());
    assert!(begin.elapsed() < Duration::from_secs(5), "{:?}", begin.elapsed());
}

#[tokio::test]
async fn an_unreachable_server_is_an_error_that_names_it() {
    let error = Bus::connect("nats://somebody:geheim@127.0.0.1:1", "test").await.err().expect("an error");
    assert!(error.message().contains("127.0.0.1:1"), "{error}");
    assert!(!format!("{error:?}").contains("geheim"));
}

async fn until(mut condition: impl AsyncFnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(15);
    while !condition().await {
        assert!(Instant::now() < end, "did not happen within 15 s");
        sleep(Duration::from_millis(20)).await;
    }
}
