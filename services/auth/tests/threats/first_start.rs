//! THREATS 28, and the keys of the first start.

use ddb_auth::{Config, FirstAdmin, admin, keys};
use ddb_bus::Bus;
use ddb_core::{ErrorCode, NamespaceId, Principal};
use ddb_database::{Authenticator, AuthenticatorConfig, MasterKey};
use ddb_testkit::{Database, json};
use zeroize::Zeroizing;

use crate::harness::{MASTER_KEY, MEMORY, PASSWORD, Server, User, run, shared};

fn with_admin(email: &str) -> Config {
    let password = Zeroizing::new(PASSWORD.to_owned());
    Config { first_admin: Some(FirstAdmin { email: email.to_owned(), password }), ..Config::default() }
}

#[test]
fn nobody_is_admin_by_default_and_nobody_can_become_one() {
    run(async {
        let server = Server::start(Config::default(), MEMORY).await;
        assert!(!admin::exists(&server.shared.database).await.expect("an answer"));
        assert_eq!(server.user().await.client.get("/api/auth/me").await.json["roles"], json!([]));
        assert!(!admin::exists(&server.shared.database).await.expect("an answer"));
    });
}

/// Mutant: `ensure_admin` does not ask whether there is one.
#[test]
fn the_first_admin_is_made_once_and_has_the_role_root() {
    run(async {
        let database = Database::new().await;
        let server = Server::over(&database, with_admin("Root@Example.com"), MEMORY, Bus::local()).await;
        let again = Server::over(&database, with_admin("other@example.com"), MEMORY, Bus::local()).await;
        let listed = admin::list(&again.shared.database, NamespaceId::MAIN).await.expect("a list");
        assert_eq!(listed.len(), 1);
        assert_eq!(
            (listed[0].email.as_str(), listed[0].roles.as_slice()),
            ("root@example.com", ["admin".to_owned(), "root".to_owned()].as_slice())
        );
        let body = json!({ "email": "root@example.com", "password": PASSWORD });
        let answer = server.anon().post("/api/auth/signin", &body).await.expect(200);
        assert_eq!(answer.json["user"]["roles"], json!(["admin", "root"]));
        let user = User::of(&server, &answer.json);
        let Principal::Account(account) = server.shared.authenticator.authenticate(&user.access_token).await.expect("signed in")
        else {
            panic!("an account")
        };
        assert!(account.admin && account.root);

        let second =
            admin::create(&server.shared.database, NamespaceId::MAIN, "second@example.com", Zeroizing::new(PASSWORD.to_owned()))
                .await
                .expect("made");
        assert_eq!(second.roles, ["admin"]);
        let taken =
            admin::create(&server.shared.database, NamespaceId::MAIN, "SECOND@example.com", Zeroizing::new(PASSWORD.to_owned()))
                .await;
        assert_eq!(taken.expect_err("taken").code(), ErrorCode::Conflict);
        let weak =
            admin::create(&server.shared.database, NamespaceId::MAIN, "third@example.com", Zeroizing::new("short".to_owned()))
                .await;
        assert_eq!(weak.expect_err("weak").code(), ErrorCode::ValidationFailed);
    });
}

/// Mutant: `Sessions` ignores the setting.
#[test]
fn the_role_root_can_be_switched_off() {
    run(async {
        let server = Server::start(with_admin("root@example.com"), MEMORY).await;
        let body = json!({ "email": "root@example.com", "password": PASSWORD });
        let user = User::of(&server, &server.anon().post("/api/auth/signin", &body).await.expect(200).json);
        let config = AuthenticatorConfig { root: false, ..AuthenticatorConfig::default() };
        let store = server.shared.database.store().clone();
        let without = Authenticator::new(store, Bus::local(), config).authenticate(&user.access_token).await;
        let Principal::Account(account) = without.expect("signed in") else { panic!("an account") };
        assert!(account.admin && !account.root);
    });
}

#[test]
fn two_processes_that_start_at_once_agree_on_one_key_and_one_admin() {
    run(async {
        let database = Database::new().await;
        // The schema is made first; that is the store's own race.
        drop(shared(&database, Bus::local(), MEMORY, &MasterKey::new(MASTER_KEY)).await);
        let (first, second) = tokio::join!(
            Server::over(&database, with_admin("root@example.com"), MEMORY, Bus::local()),
            Server::over(&database, with_admin("root@example.com"), MEMORY, Bus::local())
        );
        let keys: (i64,) = sqlx::query_as("select count(*) from ddb.signing_key").fetch_one(first.pool()).await.expect("a count");
        assert_eq!(keys.0, 1);
        assert_eq!(admin::list(&first.shared.database, NamespaceId::MAIN).await.expect("a list").len(), 1);
        let user = first.user().await;
        second.anon().with_token(&user.access_token).get("/api/auth/me").await.expect(200);
    });
}

/// Mutant: a key that cannot be opened is replaced.
#[test]
fn another_master_key_is_an_error_at_start_that_says_so() {
    run(async {
        let server = Server::start(Config::default(), MEMORY).await;
        let other = shared(&server.database, Bus::local(), MEMORY, &MasterKey::new([1; 32])).await;
        let error = ddb_auth::service(Config::default(), &other).await.err().expect("refused");
        assert_eq!(error.code(), ErrorCode::Internal, "no client reads of it");
        let cause = std::error::Error::source(&error).expect("a cause").to_string();
        assert!(cause.contains("DDB_MASTER_KEY"), "{cause}");
    });
}

/// Mutant: `replace` does not open the key in use.
#[test]
fn another_master_key_rotates_nothing() {
    run(async {
        let server = Server::start(Config::default(), MEMORY).await;
        let keys = async || {
            let rows: Vec<(String, Option<i64>)> = sqlx::query_as("select id, retired_at from ddb.signing_key order by id")
                .fetch_all(server.pool())
                .await
                .expect("keys");
            rows
        };
        let before = keys().await;
        let store = server.shared.database.store();
        let error = keys::rotate(store, &MasterKey::new([1; 32])).await.expect_err("refused");
        assert_eq!(error.code(), ErrorCode::Internal);
        assert_eq!(keys().await, before);
        keys::rotate(store, &MasterKey::new(MASTER_KEY)).await.expect("rotated");
        assert_eq!(keys().await.len(), 2);
        server.user().await;
    });
}

/// The private key is nowhere in the database but in its box.
#[test]
fn the_private_key_is_encrypted_at_rest() {
    run(async {
        let server = Server::start(Config::default(), MEMORY).await;
        let (modulus, closed): (Vec<u8>, Vec<u8>) =
            sqlx::query_as("select modulus, private_box from ddb.signing_key").fetch_one(server.pool()).await.expect("the key");
        assert_eq!(modulus.len(), 256);
        // PKCS#8 holds the modulus; its bytes would show.
        assert!(!closed.windows(16).any(|window| window == &modulus[100..116]));
    });
}
