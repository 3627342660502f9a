//! The reference of the language, whose every example is run, and whose tables name the functions that there are.
use crate::support::{World, check};

const REFERENCE: &str = include_str!("../../../darshjql/README.md");

/// What stands in the fences of the language.
fn examples() -> Vec<(String, String)> {
    let mut examples: Vec<(String, String)> = Vec::new();
    let mut within = false;
    for line in REFERENCE.lines() {
        match line {
            "```darshjql" => within = true,
            "```" => within = false,
            _ if !within => {}
            _ => match line.split_once(" -- ") {
                Some((text, value)) => examples.push((text.trim().to_owned(), value.trim().to_owned())),
                // A value of several lines.
                None => examples.last_mut().expect("a value has a beginning").1.push_str(&format!("\n{line}")),
            },
        }
    }
    examples
}

#[test]
fn every_example_of_the_reference_is_true() {
    let examples = examples();
    assert!(examples.len() > 70, "{}", examples.len());
    for (text, expected) in examples {
        check(&text, &expected);
    }
}

/// The functions of the table, `is_` and its like spelt out; a constant is known without brackets.
#[test]
fn every_function_of_the_reference_is_known() {
    let rows =
        REFERENCE.lines().skip_while(|line| !line.starts_with("| family |")).skip(2).take_while(|line| line.starts_with('|'));
    let mut count = 0;
    for row in rows {
        let cells: Vec<&str> = row.trim_matches('|').splitn(2, '|').collect();
        let [family, names] = cells[..] else { panic!("{row}") };
        let family = family.trim().trim_matches('`');
        for group in names.trim().split("; ") {
            let (prefix, names) = match group.split_once(' ') {
                Some((first @ ("is_" | "constants" | "constant"), rest)) => (first, rest),
                Some((first, rest)) if first.ends_with("::") => (first, rest),
                _ => ("", group),
            };
            for name in names.split(' ').map(|name| name.trim_matches('`')) {
                let full = match (family, prefix) {
                    ("", _) => name.to_owned(),
                    (_, "constant" | "constants") => format!("{family}::{name}"),
                    _ => format!("{family}::{prefix}{name}"),
                };
                let text = if prefix.starts_with("constant") { full.clone() } else { format!("{full}(1, 2, 3, 4, 5, 6, 7)") };
                if let Err(error) = World::new().evaluate(&text) {
                    let message = error.message();
                    assert!(!message.contains("there is no function") && !message.contains("is no constant"), "{message}");
                }
                count += 1;
            }
        }
    }
    assert!(count > 300, "{count}");
}
