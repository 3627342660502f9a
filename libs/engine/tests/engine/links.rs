use ddb_core::ErrorCode;
use ddb_engine::Known;

use crate::support::{World, record, table};

/// Evaluates until nothing is missing; what was asked for in each round.
fn rounds(world: &mut World, text: &str, known: &[(&str, &str)]) -> (String, Vec<Vec<String>>) {
    let mut asked = Vec::new();
    loop {
        let result = world.evaluate(text);
        let missing = world.records.take_missing();
        if missing.is_empty() {
            return (result.expect("nothing is missing").to_string(), asked);
        }
        asked.push(missing.iter().map(|id| id.literal().to_string()).collect());
        assert!(asked.len() < 10, "{text} never ends");
        for id in missing {
            match known.iter().find(|(known, _)| *known == id.literal().to_string()) {
                Some((id, fields)) => world.know(record(id, fields)),
                None => world.records.insert(id, Known::Absent),
            }
        }
    }
}

const KNOWN: &[(&str, &str)] = &[
    ("project:1", "{ name: 'x', lead: user:bob, n: 5 }"),
    ("user:bob", "{ name: 'Bob', friend: user:bob, peers: [user:bob, user:cy] }"),
];

// Mutant: a record known to be absent is noted as missing.
#[test]
fn a_link_is_followed_after_it_was_read() {
    let mut world = World::of("task:1", "{ project: project:1, gone: project:2, all: [project:1, project:2] }");
    for (text, expected, asked) in [
        ("project.lead.name", "'Bob'", vec![vec!["project:1"], vec!["user:bob"]]),
        ("gone.name", "NONE", vec![vec!["project:2"]]),
        ("all.name", "['x', NONE]", vec![]),
        ("project.n + 1", "6", vec![]),
        ("project.*", "{ id: project:1, lead: user:bob, n: 5, name: 'x' }", vec![]),
        ("project.{ name, lead.{ name } }", "{ lead: { name: 'Bob' }, name: 'x' }", vec![]),
        ("project._owner", "user:ann", vec![]),
        ("project.lead.peers.name", "['Bob', NONE]", vec![vec!["user:cy"]]),
        ("project[WHERE n = 5].name", "'x'", vec![]),
        ("project:1.name", "'x'", vec![]),
        ("gone.exists()", "false", vec![]),
        ("project", "project:1", vec![]),
    ] {
        assert_eq!(
            rounds(&mut world, text, KNOWN),
            (expected.to_owned(), asked.into_iter().map(|round| round.into_iter().map(str::to_owned).collect()).collect()),
            "{text}"
        );
    }
}

#[test]
fn a_link_to_itself_ends_and_needs_no_reading() {
    let mut world = World::of("task:1", "{ me: task:1, name: 'a' }");
    assert_eq!(rounds(&mut world, "me.me.me.name", &[]), ("'a'".to_owned(), vec![]));
    let mut world = World::of("task:1", "{ bob: user:bob }");
    assert_eq!(rounds(&mut world, "bob.friend.friend.friend.name", KNOWN).0, "'Bob'");
}

#[test]
fn kinds_are_no_error_while_records_are_missing() {
    let mut world = World::of("task:1", "{ project: project:1 }");
    assert!(world.evaluate("project.n + 1").unwrap().is_none());
    assert!(world.records.is_missing_any());
    let missing = world.records.take_missing();
    assert_eq!(missing[0].table, table("project"));
    world.records.insert(missing[0].clone(), Known::Absent);
    assert_eq!(world.evaluate("project.n + 1").unwrap_err().code(), ErrorCode::InvalidQuery);
}

#[test]
fn what_is_decided_already_is_not_read() {
    let mut world = World::of("task:1", "{ project: project:1 }");
    assert_eq!(rounds(&mut world, "false AND project.n", KNOWN), ("false".to_owned(), vec![]));
    assert_eq!(rounds(&mut world, "id ?? project.n", KNOWN), ("task:1".to_owned(), vec![]));
}
