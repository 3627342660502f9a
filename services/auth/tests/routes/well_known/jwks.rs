use std::time::Duration;

use ddb_auth::{Config, keys};
use ddb_testkit::Json;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};

use crate::harness::{MEMORY, Server, run, until};

/// As another program would do it, with nothing but the document.
fn verify(document: &Json, token: &str) -> Option<Json> {
    let set: JwkSet = serde_json::from_value(document.clone()).expect("a key set");
    let key = set.find(&decode_header(token).ok()?.kid?)?;
    let mut validation = Validation::new(Algorithm::RS256);
    validation.set_audience(&["main"]);
    validation.set_issuer(&["darshjdb"]);
    Some(decode(token, &DecodingKey::from_jwk(key).ok()?, &validation).ok()?.claims)
}

#[test]
fn anybody_can_verify_a_token_with_the_public_keys() {
    run(async {
        let server = Server::shared().await;
        let user = server.user().await;
        let answer = server.anon().get("/.well-known/jwks.json").await.expect(200);
        assert_eq!(answer.header("content-type"), "application/jwk-set+json");
        assert_eq!(answer.header("cache-control"), "public, max-age=300, must-revalidate");
        let key = answer.json["keys"][0].as_object().expect("a key");
        let members: Vec<&String> = key.keys().collect();
        assert_eq!(members, ["alg", "e", "kid", "kty", "n", "use"], "nothing private");
        let claims = verify(&answer.json, &user.access_token).expect("it verifies");
        assert_eq!(claims["sub"], user.id);
        assert_eq!(claims["exp"].as_i64().zip(claims["iat"].as_i64()).map(|(exp, iat)| exp - iat), Some(900));
        let names: Vec<&String> = claims.as_object().expect("an object").keys().collect();
        assert_eq!(names, ["aud", "epoch", "exp", "iat", "iss", "sid", "sub"], "no roles");
        let tag = answer.header("etag").to_owned();
        let again =
            server.anon().with_header("if-none-match", &format!("\"x\", {tag}")).get("/.well-known/jwks.json").await.expect(304);
        assert!(again.body.is_empty());
        server.anon().get("/.well-known/openid-configuration").await.expect_error(404, "NOT_FOUND");
    });
}

/// Mutants: `retire_others` deletes, `newest` takes up the new key at once and no process is told.
#[test]
fn a_rotation_shows_two_keys_and_interrupts_nobody() {
    run(async {
        let server = Server::start(Config::default(), MEMORY).await;
        let before = server.user().await;
        assert!(before.is_in().await);
        keys::rotate(server.shared.database.store(), &server.shared.master_key).await.expect("rotated");
        let keys_shown = async || server.anon().get("/.well-known/jwks.json").await.json["keys"].as_array().map(Vec::len);
        until(Duration::from_secs(1), async || keys_shown().await == Some(2)).await;
        let old_kid = decode_header(&before.access_token).expect("a header").kid;
        until(Duration::from_secs(15), async || {
            let now = server.again(&before).await;
            assert!(now.is_in().await && before.is_in().await);
            decode_header(&now.access_token).expect("a header").kid != old_kid
        })
        .await;
        let document = server.anon().get("/.well-known/jwks.json").await.json;
        assert!(verify(&document, &before.access_token).is_some());

        // The old key's time passes.
        sqlx::query("update ddb.signing_key set retired_at = retired_at - 18 * 60 * 1000000 where retired_at is not null")
            .execute(server.pool())
            .await
            .expect("the statement runs");
        sqlx::query("select pg_notify('ddb_keys_changed', '')").execute(server.pool()).await.expect("the statement runs");
        until(Duration::from_secs(1), async || keys_shown().await == Some(1)).await;
        assert!(!before.is_in().await, "a token of a key that is gone is refused, also if it was accepted before");
        assert!(server.again(&before).await.is_in().await);
    });
}
