//! Who may know whom. The rules for foreign crates stand in `deny.toml`; they are read here too, so that they hold where cargo-deny is not installed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use ddb_testkit::Json;

/// Our crates and the ones of ours that each may use. A service may use every library, and no other service.
const LIBRARIES: &[(&str, &[&str])] = &[
    ("ddb-core", &[]),
    ("ddb-darshjql", &["ddb-core"]),
    ("ddb-engine", &["ddb-core", "ddb-darshjql"]),
    ("ddb-api", &["ddb-core"]),
    ("ddb-access", &["ddb-core"]),
    ("ddb-bus", &["ddb-core"]),
    ("ddb-postgres", &["ddb-core"]),
    ("ddb-turns", &[]),
    ("ddb-store", &["ddb-core", "ddb-turns"]),
    ("ddb-database", &["ddb-core", "ddb-darshjql", "ddb-engine", "ddb-api", "ddb-access", "ddb-bus", "ddb-store", "ddb-turns"]),
    ("ddb-http", &["ddb-core", "ddb-darshjql", "ddb-database", "ddb-turns"]),
    ("ddb-runtime", &["ddb-core", "ddb-bus", "ddb-database", "ddb-http", "ddb-postgres", "ddb-store"]),
    ("ddb-testkit", &["ddb-postgres"]),
];
const SERVICES: &[&str] = &["ddb-auth", "ddb-query"];
/// Knows all of them.
const ROOT: &str = "darshjdb";
const TESTS_ONLY: &str = "ddb-testkit";
/// Crates that do no I/O, and what they must not reach, however indirectly.
const PURE: &[&str] = &["ddb-core", "ddb-darshjql", "ddb-engine", "ddb-api", "ddb-access"];
const IMPURE: &[&str] = &["tokio", "sqlx", "axum", "hyper", "async-nats", "mio", "socket2"];

struct Workspace {
    metadata: Json,
    deny: toml::Table,
}

impl Workspace {
    fn read() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let output = Command::new(env!("CARGO"))
            .args(["metadata", "--format-version=1", "--all-features", "--locked"])
            .current_dir(&root)
            .output()
            .expect("cargo can be run");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let deny = std::fs::read_to_string(root.join("deny.toml")).expect("deny.toml is there");
        Self {
            metadata: serde_json::from_slice(&output.stdout).expect("cargo prints JSON"),
            deny: deny.parse().expect("deny.toml is TOML"),
        }
    }

    fn packages(&self) -> &[Json] {
        self.metadata["packages"].as_array().expect("cargo lists packages")
    }

    fn is_ours(&self, package: &Json) -> bool {
        self.metadata["workspace_members"].as_array().is_some_and(|members| members.contains(&package["id"]))
    }

    /// Crate by crate, what it depends on and how (`null` normally, else `dev` or `build`).
    fn dependencies(&self) -> BTreeMap<&str, Vec<(&str, Option<&str>)>> {
        let nodes = self.metadata["resolve"]["nodes"].as_array().expect("cargo resolves the graph");
        let names: BTreeMap<&str, &str> =
            self.packages().iter().map(|package| (text(&package["id"]), text(&package["name"]))).collect();
        let mut all: BTreeMap<&str, Vec<(&str, Option<&str>)>> = BTreeMap::new();
        for node in nodes {
            let of_node = all.entry(names[text(&node["id"])]).or_default();
            for dependency in node["deps"].as_array().into_iter().flatten() {
                for kind in dependency["dep_kinds"].as_array().into_iter().flatten() {
                    of_node.push((names[text(&dependency["pkg"])], kind["kind"].as_str()));
                }
            }
        }
        all
    }
}

fn text(json: &Json) -> &str {
    json.as_str().expect("a string")
}

fn strings(value: Option<&toml::Value>) -> Vec<&str> {
    value.and_then(toml::Value::as_array).into_iter().flatten().filter_map(toml::Value::as_str).collect()
}

#[test]
fn each_crate_knows_only_the_layers_below_it() {
    let workspace = Workspace::read();
    let dependencies = workspace.dependencies();
    let libraries: Vec<&str> = LIBRARIES.iter().map(|(name, _)| *name).filter(|name| *name != TESTS_ONLY).collect();
    for package in workspace.packages().iter().filter(|package| workspace.is_ours(package)) {
        let name = text(&package["name"]);
        let allowed: Vec<&str> = match LIBRARIES.iter().find(|(library, _)| *library == name) {
            Some((_, allowed)) => allowed.to_vec(),
            None if SERVICES.contains(&name) => libraries.clone(),
            None if name == ROOT => libraries.iter().chain(SERVICES).copied().collect(),
            None => panic!("`{name}` has no place in the layers: add it to this test"),
        };
        for (used, kind) in &dependencies[name] {
            let is_ours = *used == ROOT || SERVICES.contains(used) || LIBRARIES.iter().any(|(library, _)| library == used);
            if is_ours && *kind != Some("dev") {
                assert!(allowed.contains(used), "`{name}` must not know `{used}`");
            }
        }
    }
}

#[test]
fn pure_crates_reach_no_io() {
    let workspace = Workspace::read();
    let dependencies = workspace.dependencies();
    for pure in PURE {
        let (mut reached, mut open) = (BTreeSet::new(), vec![*pure]);
        while let Some(name) = open.pop() {
            if reached.insert(name) {
                open.extend(dependencies[name].iter().filter(|(_, kind)| kind.is_none()).map(|(used, _)| *used));
            }
        }
        for impure in IMPURE {
            assert!(!reached.contains(impure), "`{pure}` reaches `{impure}`");
        }
    }
}

#[test]
fn a_banned_crate_is_used_by_its_wrappers_only() {
    let workspace = Workspace::read();
    let dependencies = workspace.dependencies();
    let rules = workspace.deny["bans"]["deny"].as_array().expect("deny.toml has bans");
    assert!(!rules.is_empty());
    for rule in rules {
        let banned = rule["name"].as_str().expect("a ban has a name");
        let wrappers = strings(rule.get("wrappers"));
        for (user, used) in &dependencies {
            let uses = used.iter().any(|(name, _)| *name == banned);
            assert!(!uses || wrappers.contains(user), "`{user}` must not use `{banned}`: see deny.toml");
        }
    }
}

#[test]
fn every_licence_is_one_that_is_allowed() {
    let workspace = Workspace::read();
    let allowed = strings(workspace.deny["licenses"].get("allow"));
    for package in workspace.packages() {
        let licence = package["license"].as_str().unwrap_or_default();
        assert!(
            is_allowed(licence, &allowed),
            "`{}` has the licence `{licence}`, which deny.toml does not allow",
            package["name"]
        );
    }
}

#[test]
fn every_foreign_crate_comes_from_the_one_registry() {
    let workspace = Workspace::read();
    for package in workspace.packages().iter().filter(|package| !workspace.is_ours(package)) {
        let source = package["source"].as_str().unwrap_or_default();
        assert!(source == "registry+https://github.com/rust-lang/crates.io-index", "`{}` comes from `{source}`", package["name"]);
    }
}

/// An SPDX expression: some way through its `OR`s must be allowed in all its `AND`s. An old slash is an `OR`.
fn is_allowed(expression: &str, allowed: &[&str]) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = words.as_slice();
    !rest.is_empty() && any(&mut rest, allowed) && rest.is_empty()
}

fn any(words: &mut &[&str], allowed: &[&str]) -> bool {
    let mut result = every(words, allowed);
    while let ["OR", rest @ ..] = words {
        *words = rest;
        result |= every(words, allowed);
    }
    result
}

fn every(words: &mut &[&str], allowed: &[&str]) -> bool {
    let mut result = one(words, allowed);
    while let ["AND", rest @ ..] = words {
        *words = rest;
        result &= one(words, allowed);
    }
    result
}

fn one(words: &mut &[&str], allowed: &[&str]) -> bool {
    match words {
        ["(", rest @ ..] => {
            *words = rest;
            let result = any(words, allowed);
            *words = words.strip_prefix(&[")"]).unwrap_or(words);
            result
        }
        [name, "WITH", exception, rest @ ..] => {
            let result = allowed.contains(&format!("{name} WITH {exception}").as_str());
            *words = rest;
            result
        }
        [name, rest @ ..] => {
            let result = allowed.contains(name);
            *words = rest;
            result
        }
        [] => false,
    }
}

#[test]
fn licence_expressions_are_understood() {
    let allowed = ["MIT", "Apache-2.0", "ISC", "Apache-2.0 WITH LLVM-exception"];
    for (expression, expected) in [
        ("MIT", true),
        ("GPL-3.0", false),
        ("MIT OR GPL-3.0", true),
        ("MIT AND GPL-3.0", false),
        ("(MIT OR GPL-3.0) AND ISC", true),
        ("GPL-3.0 OR (MIT AND ISC)", true),
        ("(GPL-3.0 AND MIT) OR GPL-2.0", false),
        ("GPL-3.0/MIT", true),
        ("Apache-2.0 WITH LLVM-exception OR GPL-3.0", true),
        ("GPL-3.0 WITH LLVM-exception", false),
        ("", false),
    ] {
        assert_eq!(is_allowed(expression, &allowed), expected, "{expression}");
    }
}
