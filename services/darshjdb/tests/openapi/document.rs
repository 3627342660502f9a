//! The document as tests read it.

use ddb_testkit::{Answer, Client, Json, Method};
use serde_json::{Map, json};

pub(crate) const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

pub(crate) struct Document(pub(crate) Json);

/// One method of one path.
pub(crate) struct Operation<'d> {
    pub(crate) id: &'d str,
    pub(crate) method: Method,
    pub(crate) path: &'d str,
    pub(crate) description: &'d Json,
}

impl Document {
    pub(crate) async fn served(client: &Client) -> Self {
        Self(client.get("/api/openapi.json").await.expect(200).json)
    }

    pub(crate) fn operations(&self) -> Vec<Operation<'_>> {
        let mut operations = Vec::new();
        for (path, item) in self.0["paths"].as_object().expect("paths") {
            for (method, description) in item.as_object().expect("a path item") {
                let method = Method::from_bytes(method.to_ascii_uppercase().as_bytes()).expect("a method");
                let id = description["operationId"].as_str().unwrap_or_default();
                operations.push(Operation { id, method, path, description });
            }
        }
        operations
    }

    /// What a `$ref` stands for; anything else is itself.
    pub(crate) fn resolve<'d>(&'d self, object: &'d Json) -> &'d Json {
        match object["$ref"].as_str() {
            Some(reference) => {
                let pointer = reference.strip_prefix('#').expect("a reference within the document");
                self.0.pointer(pointer).unwrap_or_else(|| panic!("{reference} leads nowhere"))
            }
            None => object,
        }
    }

    pub(crate) fn parameters<'d>(&'d self, operation: &Operation<'d>) -> Vec<&'d Json> {
        let parameters = operation.description["parameters"].as_array();
        parameters.into_iter().flatten().map(|parameter| self.resolve(parameter)).collect()
    }

    /// Asserts that the value is one that the schema allows; an object that says nothing of further members has none.
    #[track_caller]
    pub(crate) fn assert_valid(&self, value: &Json, schema: &Json, what: &str) {
        self.assert_fits(value, schema, what, true);
    }

    /// The same, with further members as the schema says, as for what a client sends.
    #[track_caller]
    pub(crate) fn assert_taken(&self, value: &Json, schema: &Json, what: &str) {
        self.assert_fits(value, schema, what, false);
    }

    #[track_caller]
    fn assert_fits(&self, value: &Json, schema: &Json, what: &str, closed: bool) {
        let mut root = json!({"allOf": [schema], "components": {"schemas": self.0["components"]["schemas"]}});
        if closed {
            close(&mut root);
        }
        let validator = jsonschema::validator_for(&root).unwrap_or_else(|error| panic!("{what}: no schema: {error}"));
        let errors: Vec<String> =
            validator.iter_errors(value).map(|error| format!("{} at `{}`", error, error.instance_path())).collect();
        assert!(errors.is_empty(), "{what}: {}\n{value}", errors.join("\n"));
    }

    /// Asserts that the answer is one that the document promises: status, headers, form and body.
    #[track_caller]
    pub(crate) fn assert_promised(&self, operation: &Operation<'_>, answer: &Answer, what: &str) {
        let what = format!("{} {} ({what}) answers {}", operation.method, operation.path, answer.status);
        let promised = &operation.description["responses"][answer.status.to_string()];
        assert!(!promised.is_null(), "{what}, which is not in the document: {}", answer.text());
        let promised = self.resolve(promised);
        for (name, header) in promised["headers"].as_object().unwrap_or(&Map::new()) {
            let header = self.resolve(header);
            assert!(header["required"] != true || !answer.header(name).is_empty(), "{what} without the header {name}");
        }
        let Some(forms) = promised["content"].as_object() else {
            assert!(answer.body.is_empty(), "{what} with a body: {}", answer.text());
            return;
        };
        let form = forms.get(answer.header("content-type"));
        let form = form.unwrap_or_else(|| panic!("{what} with the content type {:?}", answer.header("content-type")));
        if answer.header("content-type").ends_with("json") {
            self.assert_valid(&answer.json, &form["schema"], &what);
        }
    }
}

/// Makes objects whose members are listed, and which say nothing of others, take no others: an answer that holds more than it should is found. Parts of an
/// `allOf` have no type of their own here.
fn close(schema: &mut Json) {
    match schema {
        Json::Object(members) => {
            if members.get("type").is_some_and(|kind| kind == "object") && members.contains_key("properties") {
                members.entry("additionalProperties").or_insert(Json::Bool(false));
            }
            members.values_mut().for_each(close);
        }
        Json::Array(items) => items.iter_mut().for_each(close),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
    }
}

/// The first example of a schema, or one made of those of its parts.
pub(crate) fn sample(document: &Document, schema: &Json) -> Option<Json> {
    let schema = document.resolve(schema);
    let given = [schema.get("example"), schema.pointer("/examples/0"), schema.get("default"), schema.pointer("/enum/0")];
    if let Some(given) = given.into_iter().flatten().next() {
        return Some(given.clone());
    }
    for parts in ["oneOf", "anyOf"] {
        if let Some(parts) = schema[parts].as_array() {
            return parts.iter().find_map(|part| sample(document, part));
        }
    }
    let kind = schema["type"].as_str().or_else(|| schema["type"].get(0)?.as_str());
    match kind? {
        "array" => Some(Json::Array(sample(document, &schema["items"]).into_iter().collect())),
        "boolean" => Some(Json::Bool(false)),
        "object" => {
            let required: Vec<&str> = schema["required"].as_array().into_iter().flatten().filter_map(Json::as_str).collect();
            let members =
                required.into_iter().map(|name| Some((name.to_owned(), sample(document, &schema["properties"][name])?)));
            Some(Json::Object(members.collect::<Option<Map<_, _>>>()?))
        }
        _ => None,
    }
}
