use std::ops::Deref;

use serde_json::{Value, json};

use crate::Client;

/// A client that is signed in.
#[derive(Debug, Clone)]
pub struct Caller {
    pub client: Client,
    /// `user:<key>`.
    pub id: String,
    pub email: String,
    pub refresh_token: String,
}

pub(crate) const PASSWORD: &str = "correct horse 42 battery";

impl Caller {
    /// Its password, the same for every caller of the kit.
    pub const PASSWORD: &str = PASSWORD;

    /// A new user, in the namespace that the client names.
    pub async fn sign_up(client: &Client, email: &str) -> Self {
        let answer = client.post("/api/auth/signup", &json!({ "email": email, "password": PASSWORD })).await.expect(201);
        Self::of(client, &answer.json)
    }

    /// A user that the kit has signed up.
    pub async fn sign_in(client: &Client, email: &str) -> Self {
        let answer = client.post("/api/auth/signin", &json!({ "email": email, "password": PASSWORD })).await.expect(200);
        Self::of(client, &answer.json)
    }

    /// The caller that an answer with tokens makes.
    pub fn of(client: &Client, answer: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap_or_else(|| panic!("no tokens in {answer}")).to_owned();
        Self {
            client: client.with_token(text(&answer["access_token"])),
            id: text(&answer["user"]["id"]),
            email: text(&answer["user"]["email"]),
            refresh_token: text(&answer["refresh_token"]),
        }
    }
}

impl Deref for Caller {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}
