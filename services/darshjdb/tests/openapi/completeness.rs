use std::collections::HashSet;
use std::path::Path;

use ddb_testkit::{Json, Method};

use crate::STAGE;
use crate::document::{Document, METHODS, sample};

/// Set, the file is written as the server serves it: `make openapi`.
const WRITE: &str = "OPENAPI_WRITE";

#[tokio::test]
async fn the_checked_in_document_is_the_served_one() {
    let served = Document::served(&STAGE.cast().await.anon).await.0;
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json");
    if std::env::var_os(WRITE).is_some() {
        let text = serde_json::to_string_pretty(&served).expect("JSON can be written") + "\n";
        std::fs::write(&file, text).expect("the document can be written");
    }
    let text = std::fs::read_to_string(&file).expect("the document is checked in");
    let checked_in: Json = serde_json::from_str(&text).expect("the checked-in document is JSON");
    assert!(
        checked_in == served,
        "services/darshjdb/openapi.json is not what the server serves; write it anew with `make openapi`"
    );
}

/// Mutant: `layer` instead of `route_layer` in `Routes::with`.
#[tokio::test]
async fn a_path_knows_the_methods_of_the_document_and_no_other() {
    let cast = STAGE.cast().await;
    let document = Document::served(&cast.anon).await;
    // Whatever comes with the request.
    let client = cast.admin.with_header("idempotency-key", "a-key").with_header("if-match", "\"1\"");
    for (path, item) in document.0["paths"].as_object().expect("paths") {
        let described: Vec<&str> = METHODS.into_iter().filter(|method| item.get(method).is_some()).collect();
        assert_eq!(described.len(), item.as_object().expect("a path item").len(), "{path} describes methods only");
        for method in METHODS.into_iter().filter(|method| !described.contains(method)) {
            let method = Method::from_bytes(method.to_ascii_uppercase().as_bytes()).expect("a method");
            let answer = client.send(method.clone(), &path.replace(['{', '}'], ""), None).await;
            let answer = answer.expect_error(405, "METHOD_NOT_ALLOWED");
            let mut allowed: Vec<String> =
                answer.header("allow").split(',').filter(|name| *name != "HEAD").map(str::to_ascii_lowercase).collect();
            allowed.sort_by_key(|allowed| METHODS.iter().position(|method| method == allowed));
            assert_eq!(allowed, described, "{method} {path}");
        }
    }
}

#[tokio::test]
async fn every_operation_is_described_whole() {
    let document = Document::served(&STAGE.cast().await.anon).await;
    let tags: HashSet<&Json> = document.0["tags"].as_array().expect("tags").iter().map(|tag| &tag["name"]).collect();
    let mut ids = HashSet::new();
    for operation in document.operations() {
        let what = format!("{} {}", operation.method, operation.path);
        let description = operation.description;
        assert!(!operation.id.is_empty() && ids.insert(operation.id), "{what} has an id of its own");
        let summary = description["summary"].as_str().unwrap_or_default();
        assert!((4..=120).contains(&summary.len()) && !summary.contains('\n'), "{what}: {summary:?} is a line");
        assert!(
            description["tags"].as_array().is_some_and(|own| own.len() == 1 && tags.contains(&own[0])),
            "{what} has a chapter"
        );

        let security = description["security"].as_array().unwrap_or_else(|| panic!("{what} says who may call it"));
        let takes_token = security.iter().any(|way| way.get("token").is_some());
        let responses = description["responses"].as_object().expect("answers");
        for status in ["400", "404", "429", "431", "500", "503"].into_iter().chain(takes_token.then_some("401")) {
            assert!(responses.contains_key(status), "{what} can answer {status}");
        }

        let parameters = document.parameters(&operation);
        let in_path: HashSet<&str> = operation.path.split(['{', '}']).skip(1).step_by(2).collect();
        let described =
            parameters.iter().filter(|parameter| parameter["in"] == "path").filter_map(|parameter| parameter["name"].as_str());
        assert_eq!(in_path, described.collect(), "{what} describes the parts of its path");
        let mut names = HashSet::new();
        for parameter in &parameters {
            let name = parameter["name"].as_str().expect("a name");
            assert!(names.insert((name, &parameter["in"])), "{what}: {name} stands once");
            assert!(parameter["description"].is_string() && !parameter["schema"].is_null(), "{what}: {name} is described");
            if let Some(example) = parameter.get("example") {
                document.assert_valid(example, &parameter["schema"], &format!("{what}: the example of {name}"));
            }
        }
        for name in ["X-DDB-Namespace", "X-DDB-Version", "X-DDB-Min-Tx", "X-Request-Id"] {
            assert!(names.iter().any(|(known, _)| *known == name), "{what} takes {name}");
        }

        if let Some(body) = description.get("requestBody") {
            let form = &body["content"]["application/json"];
            let example = form.get("example").cloned().or_else(|| sample(&document, &form["schema"]));
            let example = example.unwrap_or_else(|| panic!("{what} has an example of its body"));
            document.assert_taken(&example, &form["schema"], &format!("{what}: the example of the body"));
            for status in ["408", "413", "415", "422"] {
                assert!(responses.contains_key(status), "{what} can answer {status}");
            }
        }

        assert!(responses.keys().any(|status| status.starts_with('2')), "{what} can succeed");
        for (status, answer) in responses {
            let answer = document.resolve(answer);
            let what = format!("{what}: the answer {status}");
            assert!(answer["description"].as_str().is_some_and(|text| !text.is_empty()), "{what} is described");
            for name in ["X-DDB-Tx", "X-DDB-Version", "X-Request-Id"] {
                assert!(!document.resolve(&answer["headers"][name]).is_null(), "{what} carries {name}");
            }
            for (form, content) in answer["content"].as_object().into_iter().flatten() {
                let example = content.get("example").cloned().or_else(|| sample(&document, &content["schema"]));
                let example = example.unwrap_or_else(|| panic!("{what} has an example as {form}"));
                document.assert_valid(&example, &content["schema"], &format!("{what}: the example as {form}"));
            }
            if status.as_str() >= "400" {
                assert!(answer["content"]["application/json"].is_object(), "{what} is the envelope");
            }
        }
    }
}

#[tokio::test]
async fn the_document_leads_nowhere_but_into_itself() {
    let document = Document::served(&STAGE.cast().await.anon).await;
    assert_eq!(document.0["openapi"], "3.1.0");
    // Wherever the document was loaded from.
    assert_eq!(
        document.0["servers"].as_array().map(|servers| servers.iter().map(|server| &server["url"]).collect()),
        Some(vec![&Json::from("/")])
    );
    let text = document.0.to_string();
    assert_eq!(text.matches("://").count(), text.matches("http://localhost:7700/").count(), "the lines to copy have one address");
    for piece in text.split("\"$ref\":\"").skip(1) {
        let reference = piece.split('"').next().expect("a reference ends");
        document.resolve(&serde_json::json!({ "$ref": reference }));
    }
}

#[tokio::test]
async fn the_document_is_not_sent_again_to_who_has_it() {
    let cast = STAGE.cast().await;
    for path in ["/api/openapi.json", "/api/docs"] {
        let answer = cast.anon.get(path).await.expect(200);
        assert_eq!(answer.header("cache-control"), "public, max-age=300, must-revalidate");
        let tag = answer.header("etag");
        let again = cast.anon.with_header("if-none-match", tag).get(path).await.expect(304);
        assert!(again.body.is_empty() && again.header("etag") == tag);
        // A browser takes the headers of this answer for those of what it has.
        for name in ["content-security-policy", "content-type"] {
            assert_eq!(again.header(name), answer.header(name), "{path}: {name}");
        }
        cast.anon.with_header("if-none-match", "\"another\"").get(path).await.expect(200);
    }
}
