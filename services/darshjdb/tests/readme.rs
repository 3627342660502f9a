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
