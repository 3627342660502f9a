use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgMatches, Args};
use ddb_core::{Error, NamespaceId, NamespaceName, Result};
use ddb_runtime::{Definitions, executor};
use ddb_store::job::Progress;
use ddb_store::verify::{self, Scope};
use serde_json::{Map, Value, json};

use super::count::count;
use super::database::{namespaces, with_database};
use super::remote::Remote;
use super::{proof, secret_line};
use crate::output;

/// How often a server that verifies itself is asked how far it is.
const POLL: Duration = Duration::from_millis(500);

/// Of SHA-512.
const HASH_DIGITS: usize = 128;

#[derive(Args)]
pub(crate) struct Arguments {
    /// The hash of a transaction noted earlier (`ddb status`): the chain of the namespace (`main`, where none is named) must still contain it
    #[arg(long, value_name = "HASH")]
    expect_head: Option<String>,
    /// Check a proof that `/api/audit/proof` gave, without a database (`-`: standard input)
    #[arg(long, value_name = "FILE")]
    proof: Option<PathBuf>,
    /// Let a running server verify itself (`https://host:port`), as an admin
    #[arg(long, value_name = "URL", requires = "token_stdin", conflicts_with = "proof")]
    url: Option<String>,
    /// Read an admin's access token from the first line of standard input
    #[arg(long, requires = "url")]
    token_stdin: bool,
    /// Only this namespace; otherwise all of them, or with `--url` the namespace main
    #[arg(long, value_name = "NAME", conflicts_with = "proof")]
    namespace: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(definitions: &Definitions, flags: &ArgMatches, arguments: &Arguments) -> Result<()> {
    let expected = arguments.expect_head.as_deref();
    if expected.is_some_and(|hash| hash.len() != HASH_DIGITS || !hash.bytes().all(|byte| byte.is_ascii_hexdigit())) {
        return Err(Error::bad_request(format!("`--expect-head` must be a hash of {HASH_DIGITS} hexadecimal digits")));
    }
    if let Some(file) = &arguments.proof {
        return proof::run(file, expected, arguments.json);
    }
    let name = arguments.namespace.as_deref().map(NamespaceName::parse).transpose()?;
    if let Some(url) = &arguments.url {
        return run_remote(url, name.as_ref(), expected, arguments.json);
    }
    let reports = with_database(definitions, flags, async |_, attachment| {
        let mut reports = Vec::new();
        for namespace in namespaces(attachment, name.as_ref()).await? {
            let expected = expected.filter(|_| name.is_some() || namespace.id == NamespaceId::MAIN);
            let scope = Scope::whole(expected);
            let report = verify::verify(attachment.database.store(), namespace.id, scope, &Progress::default()).await?;
            reports.push((namespace.name, report.to_json()));
        }
        Ok(reports)
    })?;
    conclude(&together(reports), arguments.json)
}

/// The report of `main`, or of the one that was asked for, with those of all others beside it: it is sound if they are.
fn together(mut reports: Vec<(NamespaceName, Value)>) -> Value {
    reports.sort_by_key(|(name, _)| name.as_str() != NamespaceName::MAIN);
    let mut reports = reports.into_iter();
    let Some((_, mut report)) = reports.next() else { return Value::Null };
    let others: Map<String, Value> = reports.map(|(name, report)| (name.to_string(), report)).collect();
    if !others.is_empty() {
        let problems: u64 = others.values().chain([&report]).filter_map(|report| report["problem_count"].as_u64()).sum();
        report["sound"] = (report["sound"] == true && others.values().all(|other| other["sound"] == true)).into();
        report["problem_count"] = problems.into();
        report["namespaces"] = Value::Object(others);
    }
    report
}

/// Starts the job and waits for its end.
fn run_remote(url: &str, namespace: Option<&NamespaceName>, expected: Option<&str>, as_json: bool) -> Result<()> {
    let remote = Remote::new(url, namespace.map(ToString::to_string), secret_line::read("access token")?)?;
    let report = executor()?.block_on(async {
        let started = remote.post("/api/audit/verify", &json!({ "expect_head": expected })).await?;
        let path = format!("/api/jobs/{}", started["job"]);
        let mut progress = ProgressLine::new();
        loop {
            let job = remote.get(&path).await?["data"].take();
            progress.show(&job["progress"]);
            match job["state"].as_str() {
                Some("done") => break Ok(job["result"].clone()),
                Some("failed") => {
                    let problem = job["problem"].as_str().unwrap_or("for a reason that it does not tell");
                    break Err(Error::unavailable(format!("the server could not verify itself: {problem}")));
                }
                _ => tokio::time::sleep(POLL).await,
            }
        }
    })?;
    conclude(&report, as_json)
}

/// How far the server is, on a terminal only.
struct ProgressLine {
    is_shown: bool,
}

impl ProgressLine {
    fn new() -> Self {
        Self { is_shown: std::io::stderr().is_terminal() }
    }

    fn show(&mut self, progress: &Value) {
        let (done, total) = (progress["done"].as_u64().unwrap_or(0), progress["total"].as_u64().unwrap_or(0));
        if self.is_shown && total > 0 {
            output::note(&format!("\r{:3} % of {total} transactions and records", done * 100 / total));
        }
    }
}

impl Drop for ProgressLine {
    fn drop(&mut self) {
        if self.is_shown {
            output::note("\r\x1b[K");
        }
    }
}

fn conclude(report: &Value, as_json: bool) -> Result<()> {
    let told = output::either(as_json, report, &sentences(report));
    match report["sound"].as_bool() {
        // Problems matter more than a report without a reader.
        Some(true) => told,
        _ => Err(Error::conflict(format!("verify found {}", count(report["problem_count"].as_u64().unwrap_or(0), "problem")))),
    }
}

fn sentences(report: &Value) -> String {
    let mut lines = sentences_of_one(report);
    for (name, other) in report["namespaces"].as_object().into_iter().flatten() {
        lines.push(format!("namespace {name}:"));
        lines.extend(sentences_of_one(other));
    }
    if report["sound"] == true {
        lines.push("everything is as it was written".to_owned());
    }
    lines.join("\n")
}

fn sentences_of_one(report: &Value) -> Vec<String> {
    let number = |name: &str| report[name].as_u64().unwrap_or(0);
    let mut lines = vec![
        format!(
            "{} with {}, {} in {}",
            count(number("transactions"), "transaction"),
            count(number("facts"), "fact"),
            count(number("records"), "record"),
            count(number("tables"), "table")
        ),
        format!("head {} {}", number("head"), report["head_hash"].as_str().unwrap_or_default()),
    ];
    let problems = report["problems"].as_array().map(Vec::as_slice).unwrap_or_default();
    for problem in problems {
        let text = |name: &str| problem[name].as_str().unwrap_or_default();
        lines.push(format!("{}: {}", text("place"), text("message")));
    }
    let of_others: u64 =
        report["namespaces"].as_object().into_iter().flatten().filter_map(|(_, other)| other["problem_count"].as_u64()).sum();
    let undescribed = (number("problem_count") - of_others).saturating_sub(problems.len() as u64);
    if undescribed > 0 {
        lines.push(format!("and {undescribed} more"));
    }
    lines
}
