//! Calls every operation of the served document: as its example has it, without a token, as somebody else, wrongly, and for what is not there.

use std::collections::HashSet;

use ddb_testkit::{Answer, Cast};

use crate::STAGE;
use crate::call::Call;
use crate::cases::{BAD_PARAMETERS, BAD_PARTS, By, CASES, Case};
use crate::document::{Document, Operation};
use crate::set_up::{SECRET, SetUp};

/// Mutants: a record is read without looking at its owner; an admin's route that everybody may call; a parameter that is ignored; an answer with a member
/// that the document does not know; `Routes::with` without the layer of preconditions.
#[tokio::test]
async fn every_operation_answers_as_the_document_says_to_everybody() {
    let cast = STAGE.cast().await;
    let document = Document::served(&cast.anon).await;
    let operations = document.operations();
    let known: HashSet<&str> = operations.iter().map(|operation| operation.id).collect();
    for case in CASES {
        assert!(known.contains(case.operation), "`{}` has cases, but is no operation of the document", case.operation);
    }
    for operation in &operations {
        let case = CASES.iter().find(|case| case.operation == operation.id);
        let case = case.unwrap_or_else(|| panic!("`{}` has no cases: add it to the table and to the set-up", operation.id));
        walk(cast, &document, operation, case).await;
    }
}

/// What is refused comes first: it leaves no trace, or the call would not succeed in the end.
async fn walk(cast: &Cast, document: &Document, operation: &Operation<'_>, case: &Case) {
    let examples = Call::of_examples(document, operation);
    let set_up = SetUp::new(cast, operation.id, case.by, examples).await;
    let check = |answer: Answer, status: u16, what: &str| {
        let Operation { method, path, .. } = operation;
        assert_eq!(answer.status, status, "{method} {path} ({what}): {}", answer.text());
        document.assert_promised(operation, &answer, what);
        answer
    };

    for (what, call) in bad_calls(document, operation, &set_up.call) {
        check(call.send(&set_up.by).await, 400, &what);
    }
    if let Some(body) = &set_up.call.body {
        // Where the body may be left out, a call without one is a call as it is meant.
        let is_needed = operation.description["requestBody"]["required"] == true;
        for (what, sent, status) in [
            ("half a body", Some(("application/json", "{".to_owned())), 400),
            ("no body", Some(("application/json", String::new())), 400),
            // The form of a query is its syntax.
            ("a number", Some(("application/json", "7".to_owned())), if operation.id == "query" { 400 } else { 422 }),
            ("text", Some(("text/plain", body.to_string())), 415),
            ("nothing", None, 415),
        ] {
            if !is_needed && matches!(what, "no body" | "nothing") {
                continue;
            }
            check(set_up.call.send_with(&set_up.by, sent).await, status, what);
        }
    }

    let nowhere = set_up.call.clone().with_header("X-DDB-Namespace", "nowhere");
    check(nowhere.send(&set_up.by).await, 404, "a namespace that is not there");
    // A table that is not there comes into being, or is empty; everything else that a path names can be absent.
    let names_more = set_up.call.parts.keys().any(|part| part != "table");
    assert!(case.absent.is_some() || !names_more, "{}: what its path names can be absent", operation.id);
    if let Some((part, absent)) = case.absent {
        check(set_up.call.clone().with_part(part, absent).send(&set_up.by).await, 404, "what is not there");
    }

    let security = operation.description["security"].as_array().expect("who may call it");
    if case.by != By::Anybody {
        let answer = check(set_up.call.send(&cast.anon).await, case.anonymous, "anonymous");
        assert!(!answer.text().contains(SECRET), "{}: the anonymous read what is the owner's", operation.id);
        // Where the document asks for a token, nobody gets further without one; elsewhere the anonymous are callers for whom little exists.
        let is_optional = security.iter().any(|way| way.as_object().is_some_and(|way| way.is_empty()));
        assert_eq!(is_optional, answer.status != 401, "{}: whether it needs a token", operation.id);
        let with_wrong_token = cast.anon.with_token("no.such.token");
        check(set_up.call.send(&with_wrong_token).await, 401, "a token that is none");
    }
    let answer = check(set_up.call_of_other.send(&set_up.other_user).await, case.other_user, "another user");
    assert!(!answer.text().contains(SECRET), "{}: another user reads what is the owner's", operation.id);

    let promised = operation.description["responses"].as_object().expect("answers");
    let success: u16 =
        promised.keys().find(|status| status.starts_with('2')).and_then(|status| status.parse().ok()).expect("2xx");
    if let Some(body) = &set_up.call.body {
        let schema = &operation.description["requestBody"]["content"]["application/json"]["schema"];
        document.assert_taken(body, schema, &format!("{}: the body", operation.id));
    }
    let answer = check(set_up.call.send(&set_up.by).await, success, "as it is meant");
    if case.by == By::Anybody {
        assert_eq!(answer.status, case.anonymous, "{}: it is meant for the anonymous", operation.id);
    }
    let shows_the_record = matches!(operation.id, "getMe" | "exportMe" | "getRecord" | "listRecords" | "query" | "listVersions");
    let fields_are_chosen = set_up.call.query.contains_key("fields");
    assert!(
        !shows_the_record || fields_are_chosen || answer.text().contains(SECRET),
        "{}: the owner reads his own",
        operation.id
    );
}

/// Calls with something wrong in path, query or headers: 400, all of them.
fn bad_calls(document: &Document, operation: &Operation<'_>, call: &Call) -> Vec<(String, Call)> {
    let mut bad = vec![
        ("an unknown parameter".to_owned(), call.clone().with_query("unknown", "1")),
        ("an unknown header".to_owned(), call.clone().with_header("X-DDB-Unknown", "1")),
        ("a namespace that has no name's form".to_owned(), call.clone().with_header("X-DDB-Namespace", "-")),
        ("another version".to_owned(), call.clone().with_header("X-DDB-Version", "1")),
        ("a transaction that is no number".to_owned(), call.clone().with_header("X-DDB-Min-Tx", "x")),
    ];
    let parameters = document.parameters(operation);
    let takes = |name: &str| parameters.iter().any(|parameter| parameter["in"] == "header" && parameter["name"] == name);
    // Where the document does not know the header, the server does not either.
    let key = if takes("Idempotency-Key") { "with a space" } else { "a-key" };
    bad.push((format!("the key {key}"), call.clone().with_header("Idempotency-Key", key)));
    let version = if takes("If-Match") { "*" } else { "\"1\"" };
    bad.push((format!("the version {version}"), call.clone().with_header("If-Match", version)));
    for name in
        parameters.iter().filter(|parameter| parameter["in"] == "query").filter_map(|parameter| parameter["name"].as_str())
    {
        let (_, value) =
            BAD_PARAMETERS.iter().find(|(known, _)| *known == name).unwrap_or_else(|| panic!("`{name}` has a bad value"));
        bad.push((format!("{name}={value}"), call.clone().with_query(name, *value)));
    }
    for name in call.parts.keys() {
        bad.push((format!("{name}: no UTF-8"), call.clone().with_part(name, "%ff")));
        if let Some((_, value)) = BAD_PARTS.iter().find(|(known, _)| known == name) {
            bad.push((format!("{name}: {value}"), call.clone().with_part(name, *value)));
        }
    }
    bad
}
