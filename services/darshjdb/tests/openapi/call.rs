//! A request that is made of the examples in the document.

use std::collections::BTreeMap;

use ddb_testkit::{Answer, Client, Json, Method};

use crate::document::{Document, Operation, sample};

#[derive(Clone)]
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) path: String,
    /// Of the path, by name.
    pub(crate) parts: BTreeMap<String, String>,
    pub(crate) query: BTreeMap<String, String>,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Option<Json>,
}

impl Call {
    /// Every part of the path and every parameter with an example has that, and so has the body.
    pub(crate) fn of_examples(document: &Document, operation: &Operation<'_>) -> Self {
        let (mut parts, mut query) = (BTreeMap::new(), BTreeMap::new());
        for parameter in document.parameters(operation) {
            let name = parameter["name"].as_str().expect("a name").to_owned();
            let example = match &parameter["example"] {
                Json::Null => continue,
                Json::String(text) => text.clone(),
                other => other.to_string(),
            };
            match parameter["in"].as_str() {
                Some("path") => drop(parts.insert(name, example)),
                Some("query") => drop(query.insert(name, example)),
                _ => {}
            }
        }
        let form = operation.description.pointer("/requestBody/content/application~1json");
        let body = form.and_then(|form| form.get("example").cloned().or_else(|| sample(document, &form["schema"])));
        let headers = BTreeMap::new();
        Self { method: operation.method.clone(), path: operation.path.to_owned(), parts, query, headers, body }
    }

    #[must_use]
    pub(crate) fn with_part(mut self, name: &str, value: impl Into<String>) -> Self {
        self.parts.insert(name.to_owned(), value.into());
        self
    }

    #[must_use]
    pub(crate) fn with_query(mut self, name: &str, value: impl Into<String>) -> Self {
        self.query.insert(name.to_owned(), value.into());
        self
    }

    #[must_use]
    pub(crate) fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.insert(name.to_owned(), value.to_owned());
        self
    }

    #[must_use]
    pub(crate) fn with_body(mut self, body: Json) -> Self {
        self.body = Some(body);
        self
    }

    pub(crate) async fn send(&self, client: &Client) -> Answer {
        let body = self.body.as_ref().map(|body| ("application/json", body.to_string()));
        self.send_with(client, body).await
    }

    /// With another body, and its content type.
    pub(crate) async fn send_with(&self, client: &Client, body: Option<(&str, String)>) -> Answer {
        let client = self.headers.iter().fold(client.clone(), |client, (name, value)| client.with_header(name, value));
        client.send(self.method.clone(), &self.target(), body.map(|(kind, text)| (kind, text.into()))).await
    }

    fn target(&self) -> String {
        let path = self.parts.iter().fold(self.path.clone(), |path, (name, value)| path.replace(&format!("{{{name}}}"), value));
        let query: Vec<String> = self.query.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        if query.is_empty() { path } else { format!("{path}?{}", query.join("&")) }
    }
}

fn encoded(text: &str) -> String {
    let encode = |byte: u8| match byte.is_ascii_alphanumeric() {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    };
    text.bytes().map(encode).collect()
}
