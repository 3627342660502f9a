use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{KeyPair, RSA_PKCS1_SHA256, RSA_PKCS1_SHA512, RsaKeyPair, RsaPublicKeyComponents};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ddb_testkit::{Json, json};

use crate::harness::{Server, User, run, unique, until};

/// A key that the server trusts and the test can sign with: what is refused now is refused for what the token says, not for its signature.
struct Forger {
    pair: RsaKeyPair,
    public: RsaPublicKeyComponents<Vec<u8>>,
    kid: String,
}

impl Forger {
    async fn trusted_by(server: &Server) -> Self {
        let forger = Self::unknown();
        // So old that the server never signs with it.
        sqlx::query("insert into ddb.signing_key (id, modulus, exponent, private_box, created_at) values ($1, $2, $3, '', 1)")
            .bind(&forger.kid)
            .bind(&forger.public.n)
            .bind(&forger.public.e)
            .execute(server.pool())
            .await
            .expect("the key is inserted");
        sqlx::query("select pg_notify('ddb_keys_changed', '')").execute(server.pool()).await.expect("notified");
        let known =
            async || server.shared.authenticator.public_keys().await.expect("the keys").iter().any(|key| key.id == forger.kid);
        until(Duration::from_secs(1), known).await;
        forger
    }

    fn unknown() -> Self {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).expect("a key");
        let public = pair.public_key().into();
        Self { pair, public, kid: unique() }
    }

    fn header(&self) -> Json {
        json!({ "alg": "RS256", "typ": "at+jwt", "kid": self.kid })
    }

    fn sign(&self, header: &Json, claims: &str) -> String {
        let message = message(header, claims);
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message.as_bytes(), &mut signature).expect("signed");
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

fn message(header: &Json, claims: &str) -> String {
    format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(claims))
}

fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs() as i64
}

/// What the server itself put into the user's token.
fn claims(user: &User) -> Json {
    let part = user.access_token.split('.').nth(1).expect("a token");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).expect("base64url")).expect("JSON")
}

fn with(claims: &Json, name: &str, value: Json) -> String {
    let mut claims = claims.clone();
    claims[name] = value;
    claims.to_string()
}

fn without(claims: &Json, name: &str) -> String {
    let mut claims = claims.clone();
    claims.as_object_mut().expect("an object").remove(name);
    claims.to_string()
}

async fn accepts(server: &Server, token: &str) -> bool {
    match server.anon().with_token(token).get("/api/auth/me").await.status {
        200 => true,
        401 => false,
        other => panic!("{other}"),
    }
}

/// THREATS 1, 2, 3. Mutants: `key_id` does not compare `typ`, `Header` ignores unknown members. (`alg` is compared twice, here and by the library.)
#[test]
fn a_header_that_is_not_exactly_ours_is_refused() {
    run(async {
        let server = Server::shared().await;
        let user = server.user().await;
        let forger = Forger::trusted_by(&server).await;
        let claims = claims(&user).to_string();
        assert!(accepts(&server, &forger.sign(&forger.header(), &claims)).await, "the forger's token is a good one otherwise");

        let header = forger.header();
        for (name, value) in [
            ("alg", json!("none")),
            ("alg", json!("None")),
            ("alg", json!("NONE")),
            ("alg", json!("rs256")),
            ("alg", json!("RS512")),
            ("alg", json!("PS256")),
            ("alg", json!("HS256")),
            ("alg", json!(["RS256"])),
            ("alg", json!(null)),
            ("typ", json!("JWT")),
            ("typ", json!("AT+JWT")),
            ("typ", json!("rt+jwt")),
            ("typ", json!(null)),
            ("kid", json!("../../../../dev/null")),
            ("kid", json!("' or 1=1 --")),
            ("kid", json!("https://attacker.example/jwks.json")),
            ("kid", json!("\0")),
            ("kid", json!("")),
            ("kid", json!(null)),
            ("kid", json!([forger.kid])),
            ("jku", json!("https://attacker.example/jwks.json")),
            ("x5u", json!("https://attacker.example/cert.pem")),
            ("jwk", json!({ "kty": "RSA", "n": "AQAB", "e": "AQAB" })),
            ("x5c", json!([])),
            ("crit", json!(["exp"])),
            ("b64", json!(false)),
            ("zip", json!("DEF")),
        ] {
            let mut changed = header.clone();
            changed[name] = value.clone();
            assert!(!accepts(&server, &forger.sign(&changed, &claims)).await, "{name}: {value}");
        }
        for name in ["alg", "typ", "kid"] {
            let mut changed = header.clone();
            changed.as_object_mut().expect("an object").remove(name);
            assert!(!accepts(&server, &forger.sign(&changed, &claims)).await, "without {name}");
        }
    });
}

/// THREATS 1, 2. Mutant: `verify` does not look at the signature.
#[test]
fn a_signature_that_is_not_ours_is_refused() {
    run(async {
        let server = Server::shared().await;
        let user = server.user().await;
        let forger = Forger::trusted_by(&server).await;
        let claims = claims(&user).to_string();
        let header = forger.header();
        let message = message(&header, &claims);
        let none = super::access_tokens::message(&json!({ "alg": "none", "typ": "at+jwt", "kid": forger.kid }), &claims);
        let hmac_with = |key: &[u8]| {
            let header = json!({ "alg": "HS256", "typ": "at+jwt", "kid": forger.kid });
            let message = super::access_tokens::message(&header, &claims);
            let mac = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), message.as_bytes());
            format!("{message}.{}", URL_SAFE_NO_PAD.encode(mac))
        };
        let der = aws_lc_rs::encoding::AsDer::<aws_lc_rs::encoding::PublicKeyX509Der<'_>>::as_der(forger.pair.public_key())
            .expect("DER");
        let mut sha512 = vec![0; 256];
        forger.pair.sign(&RSA_PKCS1_SHA512, &SystemRandom::new(), message.as_bytes(), &mut sha512).expect("signed");
        let (own_header, rest) = user.access_token.split_once('.').expect("a token");
        let (_, own_signature) = rest.split_once('.').expect("a token");
        let admin = URL_SAFE_NO_PAD.encode(with(&self::claims(&user), "sub", json!("user:admin")));
        let mut unknown = Forger::unknown();
        unknown.kid.clone_from(&forger.kid);
        for token in [
            format!("{none}."),
            none.clone(),
            format!("{message}."),
            format!("{message}.{}", "A".repeat(342)),
            hmac_with(&forger.public.n),
            hmac_with(der.as_ref()),
            hmac_with(b""),
            format!("{message}.{}", URL_SAFE_NO_PAD.encode(sha512)),
            format!("{own_header}.{admin}.{own_signature}"),
            unknown.sign(&header, &claims),
            Forger::unknown().sign(&json!({ "alg": "RS256", "typ": "at+jwt", "kid": unique() }), &claims),
            format!("{}=", user.access_token),
            format!("{}.", user.access_token),
            format!(".{}", user.access_token),
            user.access_token.replace('.', ".."),
            "a".repeat(10_000),
            format!("{}.{}.{}", "a".repeat(2000), "b".repeat(2000), "c".repeat(2000)),
            "..".to_owned(),
        ] {
            assert!(!accepts(&server, &token).await, "{}", token.chars().take(200).collect::<String>());
        }
        assert!(user.is_in().await);
    });
}

/// THREATS 4, 6. Mutants: `iss`, `aud`, `sid`, `epoch` are not compared; the times are checked with a skew of 60 s for `exp` too.
#[test]
fn claims_that_are_not_ours_are_refused() {
    run(async {
        let server = Server::shared().await;
        let (user, other) = (server.user().await, server.user().await);
        let forger = Forger::trusted_by(&server).await;
        let good = claims(&user);
        let other_claims = claims(&other);
        let now = now();
        let mut refused: Vec<(String, String)> = ["iss", "aud", "sub", "sid", "iat", "exp", "epoch"]
            .iter()
            .map(|name| (format!("without {name}"), without(&good, name)))
            .collect();
        for (name, value) in [
            ("iss", json!("somebody")),
            ("iss", json!(["darshjdb"])),
            ("aud", json!("other")),
            ("aud", json!(["main"])),
            ("aud", json!("")),
            ("sub", other_claims["sub"].clone()),
            ("sub", json!("user:admin")),
            ("sub", json!(user.account())),
            ("sub", json!("task:1")),
            ("sid", other_claims["sid"].clone()),
            ("sid", json!("00000000-0000-4000-8000-000000000000")),
            ("sid", json!("x")),
            ("epoch", json!(0)),
            ("epoch", json!(2)),
            ("epoch", json!(1.0)),
            ("epoch", json!("1")),
            ("exp", json!(now - 1)),
            ("exp", json!(now)),
            ("exp", json!(now as f64 + 500.0)),
            ("exp", json!((now + 500).to_string())),
            ("exp", json!(i64::MAX)),
            ("exp", json!(1e300)),
            ("exp", json!(now + 3 * 3600)),
            ("exp", json!(-1)),
            ("exp", json!(null)),
            ("nbf", json!(now + 90)),
            ("nbf", json!(now as f64)),
            ("iat", json!(now + 90)),
            ("iat", json!(i64::MIN)),
            ("iat", json!(now - 4000)),
        ] {
            refused.push((format!("{name}: {value}"), with(&good, name, value)));
        }
        for exp in [now - 1, now] {
            let mut expired = good.clone();
            expired["iat"] = json!(now - 800);
            expired["exp"] = json!(exp);
            refused.push((format!("expired {exp}, now {now}"), expired.to_string()));
        }
        let twice = good.to_string().replacen('{', &format!("{{\"sub\":\"{}\",", other.id), 1);
        refused.push(("sub twice".to_owned(), twice));
        refused.push(("no object".to_owned(), "[]".to_owned()));
        refused.push(("no JSON".to_owned(), "\u{0}".to_owned()));
        for (what, claims) in refused {
            assert!(!accepts(&server, &forger.sign(&forger.header(), &claims)).await, "{what}");
        }
        for (name, value) in
            [("nbf", json!(now + 30)), ("iat", json!(now + 30)), ("exp", json!(now + 100)), ("scope", json!("x"))]
        {
            assert!(accepts(&server, &forger.sign(&forger.header(), &with(&good, name, value.clone()))).await, "{name}: {value}");
        }
    });
}

/// THREATS 6: also one that was accepted before. Mutant: `authenticate` does not look at `exp` of a token that it remembers.
#[test]
fn a_token_ends_with_its_second() {
    run(async {
        let server = Server::shared().await;
        let user = server.user().await;
        let forger = Forger::trusted_by(&server).await;
        let ends = now() + 2;
        let token = forger.sign(&forger.header(), &with(&claims(&user), "exp", json!(ends)));
        assert!(accepts(&server, &token).await);
        tokio::time::sleep(Duration::from_millis(2100)).await;
        assert!(now() >= ends && !accepts(&server, &token).await);
    });
}

/// THREATS 5.
#[test]
fn a_refresh_token_gives_no_access() {
    run(async {
        let server = Server::shared().await;
        let user = server.user().await;
        assert!(!accepts(&server, &user.refresh_token).await);
        for value in ["Bearer", "Bearer ", "Basic dXNlcjpwYXNz", "Bearer a b", "Token x", "x"] {
            let answer = server.anon().with_header("authorization", value).get("/api/auth/me").await;
            answer.expect_error(401, "UNAUTHENTICATED");
        }
    });
}

/// Made-up key ids do not become queries. Mutant: `RELOAD_AT_MOST_EVERY` is zero.
#[test]
fn unknown_keys_are_looked_up_once_a_second() {
    run(async {
        let server = Server::shared().await;
        let user = server.user().await;
        let claims = claims(&user).to_string();
        let forger = Forger::unknown();
        let tokens: Vec<String> = (0..200)
            .map(|number| forger.sign(&json!({ "alg": "RS256", "typ": "at+jwt", "kid": format!("made-up-{number}") }), &claims))
            .collect();
        let scans = async || {
            sqlx::query("select pg_stat_clear_snapshot()").execute(server.pool()).await.expect("cleared");
            let row: (i64,) = sqlx::query_as("select seq_scan + coalesce(idx_scan, 0) from pg_stat_user_tables where schemaname = 'ddb' and relname = 'signing_key'")
                .fetch_one(server.pool())
                .await
                .expect("statistics");
            row.0
        };
        // Statistics of a backend are written at most once a second.
        tokio::time::sleep(Duration::from_millis(1500)).await;
        let before = scans().await;
        for token in &tokens {
            assert!(!accepts(&server, token).await);
        }
        tokio::time::sleep(Duration::from_millis(1500)).await;
        let looked = scans().await - before;
        assert!(looked < 50, "{looked} look-ups for 200 tokens");
    });
}
