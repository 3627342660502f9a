use std::path::PathBuf;

use clap::{ArgMatches, Args};
use ddb_core::{Error, NamespaceId, Result};
use ddb_runtime::Definitions;
use ddb_store::verify::{self, Report};
use serde_json::json;

use super::database::with_database;
use super::proof;

#[derive(Args)]
pub(crate) struct Arguments {
    /// The hash of a transaction noted earlier (`ddb status`): the chain must still contain it
    #[arg(long, value_name = "HASH")]
    expect_head: Option<String>,
    /// Check a proof that `/api/audit/proof` gave, without a database (`-`: standard input)
    #[arg(long, value_name = "FILE")]
    proof: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(definitions: &Definitions, flags: &ArgMatches, arguments: &Arguments) -> Result<()> {
    let expected = arguments.expect_head.as_deref();
    if let Some(file) = &arguments.proof {
        return proof::run(file, expected, arguments.json);
    }
    let report = with_database(definitions, flags, async |_, attachment| {
        verify::verify(attachment.database.store(), NamespaceId::MAIN, expected).await
    })?;
    if arguments.json {
        println!("{:#}", as_json(&report));
    } else {
        print(&report);
    }
    if report.is_sound() {
        return Ok(());
    }
    Err(Error::conflict(format!("{} problems were found", report.problem_count)))
}

fn as_json(report: &Report) -> serde_json::Value {
    let problems: Vec<_> =
        report.problems.iter().map(|problem| json!({ "place": problem.place, "message": problem.message })).collect();
    json!({
        "sound": report.is_sound(),
        "transactions": report.transactions,
        "facts": report.facts,
        "tables": report.tables,
        "records": report.records,
        "head": report.head,
        "head_hash": report.head_hash,
        "problem_count": report.problem_count,
        "problems": problems,
    })
}

fn print(report: &Report) {
    println!(
        "{} transactions with {} facts, {} records in {} tables",
        report.transactions, report.facts, report.records, report.tables
    );
    println!("head {} {}", report.head, report.head_hash);
    for problem in &report.problems {
        println!("{problem}");
    }
    let described = report.problems.len() as u64;
    if report.problem_count > described {
        println!("and {} more", report.problem_count - described);
    }
    if report.is_sound() {
        println!("everything is as it was written");
    }
}
