//! What the documents say is so: settings, commands, links, and the tests that SECURITY.md and the list of public reports name.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The documents whose form is checked here.
const DOCUMENTS: [&str; 6] =
    ["README.md", "SECURITY.md", "CHANGELOG.md", "CONTRIBUTING.md", REFERENCE, "services/darshjdb/tests/public_reports.md"];
const REFERENCE: &str = "services/darshjdb/REFERENCE.md";
const LONGEST_LINE: usize = 140;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(document: &str) -> String {
    std::fs::read_to_string(root().join(document)).unwrap_or_else(|error| panic!("{document}: {error}"))
}

/// Mutants: a default in the table is changed; a row is missing.
#[test]
fn the_settings_are_those_of_the_program() {
    let table = darshjdb::settings_table();
    let page = read(REFERENCE);
    if std::env::var_os("REFERENCE_WRITE").is_some() {
        let begin = page.find("| setting |").expect("the page has the table");
        let end = begin + page[begin..].find("\n\n").expect("the table ends") + 1;
        std::fs::write(root().join(REFERENCE), format!("{}{table}{}", &page[..begin], &page[end..])).expect("it can be written");
        return;
    }
    assert!(page.contains(&table), "{REFERENCE} is not as the program: REFERENCE_WRITE=1 writes this table anew:\n\n{table}");
}

/// Mutant: the row of a command is removed.
#[test]
fn every_command_is_in_the_reference() {
    let page = read(REFERENCE);
    let commands = commands(&[]);
    assert!(commands.len() >= 7, "{commands:?}");
    for command in commands {
        assert!(page.contains(&format!("`ddb {command}")), "`ddb {command}` is not in {REFERENCE}");
        for inner in self::commands(&[&command]) {
            assert!(page.contains(&format!("`ddb {command} {inner}")), "`ddb {command} {inner}` is not in {REFERENCE}");
        }
    }
}

/// The commands below one, as its help lists them.
fn commands(of: &[&str]) -> Vec<String> {
    let output = Command::new(env!("CARGO_BIN_EXE_ddb")).args(of).arg("--help").output().expect("ddb can be run");
    let help = String::from_utf8(output.stdout).expect("UTF-8");
    // The page of `ddb` itself has groups of commands.
    let (begin, end) = if of.is_empty() { ("Run:", "Options:") } else { ("Commands:", "") };
    help.lines()
        .skip_while(|line| *line != begin)
        .take_while(|line| *line != end)
        .filter_map(|line| line.strip_prefix("  ")?.split_whitespace().next())
        .filter(|command| *command != "help")
        .map(str::to_owned)
        .collect()
}

/// Mutant: a linked file is renamed.
#[test]
fn links_between_documents_lead_somewhere() {
    for document in DOCUMENTS {
        let text = read(document);
        let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        for target in targets.filter(|target| !target.contains("://")) {
            let (file, heading) = target.split_once('#').unwrap_or((target, ""));
            let folder = root().join(document).parent().expect("a folder").to_owned();
            let linked =
                if file.is_empty() { text.clone() } else { std::fs::read_to_string(folder.join(file)).unwrap_or_default() };
            assert!(!linked.is_empty(), "{document} links to {target}");
            let anchors = linked
                .lines()
                .filter(|line| line.starts_with('#'))
                .map(|line| line.trim_start_matches('#').trim().to_lowercase().replace(' ', "-"));
            assert!(heading.is_empty() || anchors.into_iter().any(|anchor| anchor == heading), "{document} links to {target}");
        }
    }
}

/// Mutant: a paragraph is one line.
#[test]
fn lines_are_short() {
    for document in DOCUMENTS {
        for (number, line) in read(document).lines().enumerate().filter(|(_, line)| !line.starts_with('|')) {
            assert!(line.chars().count() <= LONGEST_LINE, "{document}:{} has {} characters", number + 1, line.chars().count());
        }
    }
}

/// The cells of the rows of all tables of a document, without heads.
fn rows(document: &str) -> Vec<Vec<String>> {
    let text = read(document);
    let lines: Vec<&str> = text.lines().collect();
    let heads: BTreeSet<usize> = (1..lines.len()).filter(|n| lines[*n].starts_with("|---")).flat_map(|n| [n - 1, n]).collect();
    let rows = lines.iter().enumerate().filter(|(number, line)| line.starts_with('|') && !heads.contains(number));
    rows.map(|(_, line)| line.trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned()).collect()).collect()
}

/// The files and folders that a cell names: below `libs` and `services`, the names in braces each by itself. A name without its crate lies beside the one
/// before it, or in its crate's tests.
fn places(cell: &str) -> Vec<String> {
    let named = cell.split('`').skip(1).step_by(2).filter(|name| name.contains('/') || name.ends_with(".rs"));
    named
        .flat_map(|name| match (name.split_once('{'), name.split_once('}')) {
            (Some((before, rest)), Some((_, after))) => {
                let names = rest.split('}').next().unwrap_or_default();
                names.split(',').map(|one| format!("{before}{one}{after}")).collect()
            }
            _ => vec![name.to_owned()],
        })
        .collect()
}

/// What a cell names and does not exist: files, and tests that are in none of its files.
fn missing(cell: &str) -> Vec<String> {
    let root = root();
    let mut missing = Vec::new();
    let mut before: Vec<PathBuf> = Vec::new();
    let mut text = String::new();
    for place in places(cell) {
        let crates = ["libs", "services"].map(|folder| root.join(folder).join(&place));
        let beside = before.iter().flat_map(|other| other.ancestors().skip(1).take(2).map(|folder| folder.join(&place)));
        match crates.into_iter().chain(beside).find(|path| path.exists()) {
            Some(found) => {
                text += &std::fs::read_to_string(&found).unwrap_or_default();
                before.push(found);
            }
            None => missing.push(place),
        }
    }
    let tests = cell.split('`').skip(1).step_by(2).filter(|name| name.contains('_') && !name.contains(['/', '.', '=', ' ']));
    missing.extend(tests.filter(|test| !text.contains(&format!("fn {test}("))).map(str::to_owned));
    missing
}

/// Mutants: the file of a row is renamed, or a test that it names; a number is left out; a row says nothing.
#[test]
fn security_names_tests_that_exist_for_every_threat() {
    let rows = rows("SECURITY.md");
    let missing: Vec<String> = rows.iter().flat_map(|row| missing(&row[2])).collect();
    assert!(missing.is_empty(), "SECURITY.md names what does not exist: {missing:?}");
    let numbered: Vec<&str> = rows.iter().map(|row| row[0].as_str()).filter(|number| !number.is_empty()).collect();
    let expected: Vec<String> = (1..=80).map(|n| n.to_string()).chain(('a'..='l').map(String::from)).collect();
    assert_eq!(numbered, expected);
    let silent: Vec<&Vec<String>> = rows.iter().filter(|row| row[2].is_empty() && !row[1].starts_with("**")).collect();
    assert!(silent.is_empty(), "{silent:?}");
}

/// Mutants: a test that a row names is renamed; a report stands twice; a row names neither a test nor a step.
#[test]
fn every_public_report_names_a_test_or_a_step() {
    let rows = rows("services/darshjdb/tests/public_reports.md");
    assert!(rows.len() >= 80, "{} reports", rows.len());
    let mut seen = BTreeSet::new();
    for row in &rows {
        let [report, _, wrong, here] = row.as_slice() else { panic!("{row:?}") };
        assert!(seen.insert(report), "{report} stands twice");
        assert!(report.contains("](https://") && !wrong.is_empty(), "{row:?}");
        assert_eq!(missing(here), Vec::<String>::new(), "{report}");
        assert!(here.starts_with("not yet (") || !places(here).is_empty(), "{report} names neither a test nor a step");
    }
}
