//! What the README says about settings and commands is what the program does.

use std::path::Path;
use std::process::Command;

fn readme() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md")).expect("the README is there")
}

#[test]
fn the_settings_are_those_of_the_program() {
    let table = darshjdb::settings_table();
    assert!(readme().contains(&table), "the README's table of settings should be:\n\n{table}");
}

#[test]
fn every_command_is_in_the_readme() {
    let output = Command::new(env!("CARGO_BIN_EXE_ddb")).arg("--help").output().expect("ddb can be run");
    let help = String::from_utf8(output.stdout).expect("UTF-8");
    let commands: Vec<&str> = help
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_whitespace().next())
        .filter(|command| *command != "help")
        .collect();
    assert!(commands.len() >= 7, "{help}");
    let readme = readme();
    for command in commands {
        assert!(readme.contains(&format!("`ddb {command}")), "`ddb {command}` is not in the README");
    }
}

/// The places that a row of SECURITY.md names: files and folders below `libs` and `services`, the names in braces each by itself. A name without its crate
/// lies beside the one before it, or in its crate's tests.
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

/// Mutant: the file of a row is renamed, or a test that it names.
#[test]
fn every_test_that_security_names_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let security = std::fs::read_to_string(root.join("SECURITY.md")).expect("SECURITY.md is there");
    let rows: Vec<&str> = security.lines().filter(|line| line.starts_with("| ") && line.contains('`')).collect();
    assert!(rows.len() > 40, "the table has {} rows", rows.len());
    let mut missing = Vec::new();
    for row in rows {
        let cell = row.trim_end_matches(" |").rsplit(" | ").next().unwrap_or_default();
        let mut before: Vec<std::path::PathBuf> = Vec::new();
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
        let tests = cell.split('`').skip(1).step_by(2).filter(|name| name.contains('_') && !name.contains(['/', '.']));
        missing.extend(tests.filter(|test| !text.contains(&format!("fn {test}("))).map(str::to_owned));
    }
    assert!(missing.is_empty(), "SECURITY.md names what does not exist: {missing:?}");
}
