use ddb_testkit::{Client, Json, Server};

async fn through(clients: Vec<Client>) -> usize {
    let mut through = 0;
    for client in clients {
        through += usize::from(client.get("/health").await.status == 200);
    }
    through
}

fn forwarded(server: &Server, name: &str, value: impl Fn(usize) -> String) -> Vec<Client> {
    (0..30).map(|number| server.anon().with_header(name, &value(number))).collect()
}

/// THREATS 57. Mutant: `TrustedProxies::client` believes everybody.
#[tokio::test]
async fn without_trusted_proxies_forwarded_addresses_are_only_said() {
    let server = Server::builder().argument("--rate-limit-anonymous=other=1").start().await;
    let mut all = 0;
    for name in ["x-forwarded-for", "X-FORWARDED-FOR", "forwarded", "x-real-ip"] {
        all += through(forwarded(&server, name, |number| format!("for=192.0.2.{number}"))).await;
        all += through(forwarded(&server, name, |number| format!("192.0.2.{number}"))).await;
    }
    assert!((5..=15).contains(&all), "{all}");
}

/// THREATS 57. Mutant: `Network::of` takes an IPv6 address as a whole.
#[tokio::test]
async fn behind_a_trusted_proxy_each_client_has_its_own_budget_and_cannot_choose_another() {
    let settings = ["--rate-limit-anonymous=other=1", "--trusted-proxies=127.0.0.1,10.0.0.0/8"];
    let server = settings.into_iter().fold(Server::builder(), ddb_testkit::Builder::argument).start().await;
    let name = "x-forwarded-for";
    assert_eq!(through(forwarded(&server, name, |number| format!("192.0.2.{number}"))).await, 30);
    // What the client says of itself stands before what the proxy says of the client.
    let forged = through(forwarded(&server, name, |number| format!("203.0.113.{number}, 198.51.100.1, 10.0.0.{number}"))).await;
    assert!((5..=8).contains(&forged), "{forged}");
    let one_network = through(forwarded(&server, name, |number| format!("2001:db8:1:2:{number:x}::{number:x}"))).await;
    assert!((5..=8).contains(&one_network), "{one_network}");
    let garbage = through(forwarded(&server, name, |number| format!("192.0.2.1, garbage{number}"))).await;
    assert!((5..=8).contains(&garbage), "{garbage}");
}

#[tokio::test]
async fn the_address_of_a_session_is_the_clients() {
    let settings = ["--trusted-proxies=127.0.0.0/8", "--proxy-header=forwarded"];
    let server = settings.into_iter().fold(Server::builder(), ddb_testkit::Builder::argument).start().await;
    let proxied = server
        .anon()
        .with_header("forwarded", "for=192.0.2.1, for=\"[2001:db8:1:2::7]:4711\";proto=https")
        .with_header("x-forwarded-for", "203.0.113.1");
    let user = ddb_testkit::Caller::sign_up(&proxied, "ada@example.com").await;
    let sessions = user.get("/api/auth/sessions").await.expect(200);
    assert!(sessions.text().contains("2001:db8:1:2::/64") && !sessions.text().contains("203.0.113.1"), "{}", sessions.text());
    let Json::Object(_) = sessions.json else { panic!("no object: {}", sessions.text()) };
}
