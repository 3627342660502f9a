//! `ddb --help`, `ddb help COMMAND`, and what is said of a wrong line.

use ddb_testkit::{Output, command};

use crate::run;

/// The widest line.
const WIDTH: usize = 100;

fn help(arguments: &[&str]) -> String {
    let output = run(command("ddb").args(arguments));
    assert_eq!((output.code, output.stderr.as_str()), (Some(0), ""), "{arguments:?}");
    output.stdout
}

fn wrong(arguments: &[&str]) -> Output {
    let output = run(command("ddb").args(arguments));
    assert_eq!((output.code, output.stdout.as_str()), (Some(2), ""), "{arguments:?}: {output:?}");
    output
}

/// The commands in the page of `ddb --help`.
fn commands() -> Vec<String> {
    let page = help(&["--help"]);
    let listed = page.lines().skip_while(|line| *line != "Run:").take_while(|line| *line != "Options:");
    listed.filter_map(|line| line.strip_prefix("  ")?.split_whitespace().next().map(str::to_owned)).collect()
}

#[test]
fn help_shows_groups_examples_and_exit_statuses() {
    let page = help(&["--help"]);
    for part in
        ["\nRun:\n", "\nAccounts:\n", "\nSave and check:\n", "\nShell:\n", "\nOptions:\n", "\nExamples:\n", "Exit status: 0 done"]
    {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert_eq!(page, help(&["help"]));
    let commands = commands();
    for name in ["start", "status", "verify", "rebuild", "backup", "restore", "erasures", "admin", "keys", "completions"] {
        assert!(commands.iter().any(|command| command == name), "{name}: {commands:?}");
    }
}

#[test]
fn every_command_has_its_page_with_an_example_and_no_line_is_too_wide() {
    let mut pages = vec![help(&["--help"])];
    for command in commands().iter().filter(|command| *command != "help") {
        let page = help(&["help", command]);
        assert_eq!(page, help(&[command, "--help"]), "{command}");
        assert!(command == "completions" || page.contains("Example"), "{page}");
        pages.push(page);
    }
    for line in pages.iter().flat_map(|page| page.lines()) {
        assert!(line.chars().count() <= WIDTH, "{line}");
    }
}

#[test]
fn help_of_start_has_groups_and_names_the_secrets() {
    let page = help(&["start", "--help"]);
    for part in
        ["Where the data lies:", "Where the server listens:", "Rate limits:", "Log and metrics:", "Secrets (", "Examples:"]
    {
        assert!(page.lines().any(|line| line.starts_with(part)), "{part}: {page}");
    }
    for secret in ["DDB_MASTER_KEY", "DDB_ADMIN_PASSWORD", "DDB_METRICS_TOKEN"] {
        assert!(page.contains(secret), "{secret}: {page}");
    }
    assert!(!page.contains("Other settings"), "{page}");
    let position = |text: &str| page.find(text).unwrap_or_else(|| panic!("{text}: {page}"));
    assert!(position("--data-dir") < position("--bind") && position("--bind") < position("--rate-limit-network"));
}

#[test]
fn what_is_misspelt_is_met_with_what_it_may_have_been() {
    for (line, expected) in [
        (&["statsu"][..], "'status'"),
        (&["bakup", "x"], "'backup'"),
        (&["admin", "lst"], "'list'"),
        (&["status", "--jsno"], "'--json'"),
        (&["start", "--data-dri", "x"], "'--data-dir'"),
        (&["backup"], "<FILE>"),
    ] {
        let output = wrong(line);
        assert!(output.stderr.starts_with("ddb: ") && output.stderr.contains(expected), "{line:?}: {output:?}");
    }
}
