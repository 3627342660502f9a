//! The guide at `/api/docs` is true: each request is made as the page shows it, in the order of the page, and gets the answer that the page shows.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use ddb_testkit::{Json, Server};

/// A request of the guide and its answer.
struct Step {
    /// The lines to copy.
    lines: String,
    status: u16,
    answer: Option<Json>,
}

/// What the answers gave to later requests: the variables of the guide.
type Variables = BTreeMap<&'static str, String>;

#[tokio::test]
async fn the_lines_for_a_shell_work() {
    follow("shell", |lines, variables| {
        let script = format!("curl() {{ command curl --silent --show-error -w '\\n%{{http_code}}' \"$@\"; }}\n{lines}\n");
        let mut command = Command::new("bash");
        command.args(["-euo", "pipefail", "-c", &script]).envs(variables);
        let text = output(command);
        let (body, status) = text.trim_end().rsplit_once('\n').expect("a status stands behind the answer");
        (status.parse().expect("a status"), body.to_owned())
    })
    .await;
}

#[tokio::test]
async fn the_lines_for_python_work() {
    let packages = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.cache/schemathesis");
    assert!(packages.join("requests").is_dir(), "the package requests is not there: fetch it with `make schemathesis`");
    follow("python", move |lines, variables| {
        // The number of a transaction is a number, as the answer has it; the others are texts.
        let literal = |name: &str, value: &str| if name == "TX" { value.to_owned() } else { Json::from(value).to_string() };
        let set: String = variables.iter().map(|(name, value)| format!("{name} = {}\n", literal(name, value))).collect();
        let script = format!("{set}{lines}\nprint('---')\nprint(answer.status_code)\nprint(answer.text)");
        let mut command = Command::new("python3");
        command.env("PYTHONPATH", &packages).args(["-c", &script]);
        let text = output(command);
        let (_, text) = text.split_once("---\n").expect("the lines print something first");
        let (status, body) = text.split_once('\n').expect("a status and an answer");
        (status.parse().expect("a status"), body.to_owned())
    })
    .await;
}

/// Makes the requests of the page, one after another.
async fn follow(language: &str, send: impl Fn(&str, &Variables) -> (u16, String) + Send + 'static) {
    let server = Server::start().await;
    let page = server.anon().get("/api/docs").await.expect(200).text();
    let steps = steps(&page, language);
    assert!(steps.len() >= 30, "the guide has only {} requests", steps.len());
    let url = server.url();
    let follow = move || {
        let (mut variables, mut wrong) = (Variables::new(), Vec::new());
        for step in steps {
            let (status, body) = send(&step.lines.replace("http://localhost:7700", &url), &variables);
            match check(&step, status, &body) {
                Ok(answer) => remember(&answer, status, &mut variables),
                Err(difference) => wrong.push(format!("{difference}\n{}\n{status} {body}", step.lines)),
            }
        }
        assert!(wrong.is_empty(), "{} of the answers differ from the guide:\n\n{}", wrong.len(), wrong.join("\n\n"));
    };
    tokio::task::spawn_blocking(follow).await.expect("the guide is followed to its end");
}

/// The answer, if it is the one that the guide shows.
fn check(step: &Step, status: u16, body: &str) -> Result<Json, String> {
    if status != step.status {
        return Err(format!("the status is {status}, and not {}", step.status));
    }
    let Some(expected) = &step.answer else {
        return if body.trim().is_empty() { Ok(Json::Null) } else { Err("there is a body".to_owned()) };
    };
    let found: Json = serde_json::from_str(body).map_err(|error| error.to_string())?;
    compare(expected, &found, "the answer").map(|()| found)
}

fn output(mut command: Command) -> String {
    let output = command.output().expect("the lines can be run");
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{stdout}\n{stderr}");
    stdout.into_owned()
}

fn remember(answer: &Json, status: u16, variables: &mut Variables) {
    for (name, member) in [("TOKEN", "access_token"), ("REFRESH_TOKEN", "refresh_token"), ("CURSOR", "next_cursor")] {
        if let Some(text) = answer[member].as_str() {
            variables.insert(name, text.to_owned());
        }
    }
    if status == 201 && answer["tx"].is_u64() {
        variables.insert("TX", answer["tx"].to_string());
    }
}

fn steps(page: &str, language: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    for piece in page.split("<div class=\"samples\">").skip(1) {
        let (_, lines) = piece.split_once(&format!("<pre data-language=\"{language}\"")).expect("lines of the language");
        let lines = between(lines, "<code>", "</code>").expect("the lines");
        // The end of the samples; the answer stands behind it.
        let (_, behind) = piece.split_once("</div>").expect("the samples end");
        let (_, answer) = behind.split_once("<div class=\"answer\">").unwrap_or_else(|| panic!("no answer behind {lines}"));
        let (answer, _) = answer.split_once("</div>").expect("the answer ends");
        let status = between(answer, "<b>", "</b>").and_then(|text| text.parse().ok()).expect("a status");
        let answer = between(answer, "<code>", "</code>").map(|text| {
            let text = complete(&unescaped(text));
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
        });
        steps.push(Step { lines: unescaped(lines), status, answer });
    }
    steps
}

fn between<'t>(text: &'t str, begin: &str, end: &str) -> Option<&'t str> {
    text.split_once(begin)?.1.split_once(end).map(|(inner, _)| inner)
}

fn unescaped(html: &str) -> String {
    html.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'").replace("&amp;", "&")
}

/// Makes JSON of an answer in which `…` stands for any value, or for further members.
fn complete(text: &str) -> String {
    let (mut out, mut open, mut in_string) = (String::new(), Vec::new(), false);
    let mut last = ' ';
    for letter in text.chars() {
        match letter {
            '"' => in_string = !in_string,
            '{' | '[' if !in_string => open.push(letter),
            '}' | ']' if !in_string => drop(open.pop()),
            _ => {}
        }
        match letter {
            '…' if in_string => out.push('…'),
            '…' if open.last() == Some(&'{') && last != ':' => out.push_str("\"…\": \"…\""),
            '…' => out.push_str("\"…\""),
            other => out.push(other),
        }
        if !letter.is_whitespace() {
            last = letter;
        }
    }
    out
}

fn compare(expected: &Json, found: &Json, place: &str) -> Result<(), String> {
    match (expected, found) {
        (Json::String(text), _) if text == "…" => Ok(()),
        (Json::String(text), Json::String(found)) if text.ends_with('…') => {
            let begins = found.starts_with(text.trim_end_matches('…'));
            if begins { Ok(()) } else { Err(format!("{place} is {found:?}, and not {text:?}")) }
        }
        (Json::Array(items), Json::Array(found)) if items.len() == found.len() => {
            let mut pairs = items.iter().zip(found).enumerate();
            pairs.try_for_each(|(position, (item, found))| compare(item, found, &format!("{place}[{position}]")))
        }
        (Json::Object(members), Json::Object(others)) => {
            let is_open = members.contains_key("…");
            if let Some(more) = others.keys().find(|name| !is_open && !members.contains_key(*name)) {
                return Err(format!("{place} has a member `{more}` that the guide does not show"));
            }
            members.iter().filter(|(name, _)| *name != "…").try_for_each(|(name, member)| {
                let found = others.get(name).ok_or_else(|| format!("{place} has no `{name}`"))?;
                compare(member, found, &format!("{place}.{name}"))
            })
        }
        _ if expected == found => Ok(()),
        _ => Err(format!("{place} is {found}, and not {expected}")),
    }
}

/// Mutants of this file: a comparison that is always content; members that are not looked at.
#[test]
fn the_comparison_finds_differences() {
    for (shown, found, same) in [
        (r#"{"a": 1, …}"#, r#"{"a": 1, "b": 2}"#, true),
        (r#"{"a": 1}"#, r#"{"a": 1, "b": 2}"#, false),
        (r#"{"a": 2, …}"#, r#"{"a": 1, "b": 2}"#, false),
        (r#"{"a": …}"#, r#"{"b": 1}"#, false),
        (r#"{"a": […, …], …}"#, r#"{"a": [1, {}]}"#, true),
        (r#"{"a": […], …}"#, r#"{"a": [1, 2]}"#, false),
        (r#"{"a": "to be…"}"#, r#"{"a": "to be or not"}"#, true),
        (r#"{"a": "to be…"}"#, r#"{"a": "not to be"}"#, false),
        (r#"{"a": [{"b": null, …}]}"#, r#"{"a": [{"b": 0}]}"#, false),
    ] {
        let parse = |text: &str| serde_json::from_str(text).expect(text);
        assert_eq!(compare(&parse(&complete(shown)), &parse(found), "it").is_ok(), same, "{shown} {found}");
    }
}
