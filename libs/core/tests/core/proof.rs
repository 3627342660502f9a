//! Mutants: the comparison with `transaction.root`, with `head`, of the actor, of the number of a link, of a position that stands twice, of the table of a
//! field, each left out.
use ddb_core::chain::{self, Hash, Leaf, Link, Proof, ProvenFact, from_hex, to_hex};
use ddb_core::json::{self, Json};
use ddb_core::{RecordId, Timestamp, Tx, Uuid, Value, canonical};

fn id(text: &str) -> RecordId {
    RecordId::parse(text).expect("an id")
}

fn fact(position: u32, table: &str, field: &str, value: Option<Value>) -> ProvenFact {
    let value = value.map(|value| (canonical::encode(&value), [position as u8; 16]));
    ProvenFact {
        position,
        table: table.to_owned(),
        field: field.to_owned(),
        field_salt: [40 + position as u8; 16],
        value,
        path: Vec::new(),
    }
}

/// A transaction of seven facts, three of them about one record, with two transactions behind it.
fn proof() -> Proof {
    let record = id("tasks:1");
    let entity_name = chain::name_commitment(&[7; 16], &chain::entity_name(&record));
    let mut facts = vec![
        fact(1, "", "$exists", Some(Value::Bool(true))),
        fact(3, "tasks", "title", Some("Ship".into())),
        fact(6, "tasks", "old", None),
    ];
    let mut leaves: Vec<Hash> = (0..7).map(|number| [number; 64]).collect();
    for fact in &facts {
        let name = chain::name_commitment(&fact.field_salt, &chain::attribute_name(&fact.table, &fact.field));
        let commitment = fact.value.as_ref().map_or(chain::NOTHING, |(value, salt)| chain::commitment(salt, value));
        let asserted = fact.value.is_some();
        let leaf =
            Leaf { position: fact.position, entity_name: &entity_name, attribute_name: &name, asserted, commitment: &commitment };
        leaves[fact.position as usize] = leaf.hash();
    }
    for fact in &mut facts {
        fact.path = chain::merkle_proof(&leaves, fact.position as usize).expect("a leaf");
    }
    let actor = id("user:ada");
    let actor_name = chain::name_commitment(&[8; 16], &chain::entity_name(&actor));
    let link =
        |tx: i64| Link { tx: Tx(tx), time: Timestamp(tx * 1_000), actor_name: [0; 64], leaf_count: 1, root: [tx as u8; 64] };
    Proof {
        record,
        record_salt: [7; 16],
        actor: Some((actor, [8; 16])),
        namespace: Uuid::max(),
        previous: [9; 64],
        transaction: Link { actor_name, leaf_count: 7, root: chain::merkle_root(&leaves), ..link(5) },
        facts,
        links: vec![link(6), link(7)],
    }
}

fn text(proof: &Proof) -> String {
    let mut out = Vec::new();
    json::write_plain(&proof.to_value(), &mut out);
    String::from_utf8(out).expect("JSON is UTF-8")
}

/// Whether a document proves something under a hash that was noted elsewhere.
fn holds(text: &str, noted: &Hash) -> bool {
    Proof::parse(text.as_bytes())
        .is_ok_and(|proof| proof.verify().is_ok() && proof.heads().iter().any(|head| head.hash == *noted))
}

#[test]
fn a_proof_is_read_back_and_holds() {
    let proof = proof();
    assert_eq!(Proof::parse(text(&proof).as_bytes()).expect("a document"), proof);
    let numbers: Vec<i64> = proof.heads().iter().map(|head| head.tx.0).collect();
    assert_eq!(numbers, [5, 6, 7]);
    for head in proof.heads() {
        assert!(holds(&text(&proof), &head.hash));
    }
    assert!(!holds(&text(&proof), &[0; 64]), "another chain");
    let mut of_system = proof.clone();
    of_system.actor = None;
    of_system.verify().expect_err("somebody acted");
    of_system.transaction.actor_name = chain::NOTHING;
    of_system.verify().expect("the system acted");
}

/// Every string, number and truth value of a document, changed one at a time.
fn changed(json: &Json, change: &mut dyn FnMut(Json)) {
    match json {
        Json::String(text) => {
            for place in [0, text.len() / 2, text.len().saturating_sub(1)].into_iter().filter(|place| *place < text.len()) {
                let mut bytes = text.clone().into_bytes();
                bytes[place] = if bytes[place] == b'a' { b'b' } else { b'a' };
                change(Json::String(String::from_utf8(bytes).expect("ASCII")));
            }
            change(Json::String(String::new()));
            change(Json::String(text.to_uppercase()));
        }
        Json::Int(int) => [int + 1, int - 1, -int].map(|int| change(Json::Int(int))).into_iter().collect(),
        Json::Bool(bool) => change(Json::Bool(!bool)),
        Json::Array(items) => {
            for index in 0..items.len() {
                let with = |item: Json| {
                    Json::Array(
                        items.iter().enumerate().map(|(at, old)| if at == index { item.clone() } else { old.clone() }).collect(),
                    )
                };
                changed(&items[index], &mut |item| change(with(item)));
                let mut doubled = items.clone();
                doubled.insert(index, items[index].clone());
                change(Json::Array(doubled));
            }
            change(Json::Array(Vec::new()));
        }
        Json::Object(members) => {
            for (index, (_, value)) in members.iter().enumerate() {
                changed(value, &mut |value| {
                    let mut members = members.clone();
                    members[index].1 = value;
                    change(Json::Object(members));
                });
                let mut without = members.clone();
                without.remove(index);
                change(Json::Object(without));
            }
        }
        Json::Null | Json::Float(_) => {}
    }
}

fn write(json: &Json, out: &mut String) {
    match json {
        Json::Null => out.push_str("null"),
        Json::Bool(bool) => out.push_str(&bool.to_string()),
        Json::Int(int) => out.push_str(&int.to_string()),
        Json::Float(float) => out.push_str(&float.to_string()),
        Json::String(text) => {
            let mut bytes = Vec::new();
            json::write_string(text, &mut bytes);
            out.push_str(std::str::from_utf8(&bytes).expect("UTF-8"));
        }
        Json::Array(items) => {
            out.push('[');
            items.iter().enumerate().for_each(|(index, item)| {
                out.push_str(if index > 0 { "," } else { "" });
                write(item, out);
            });
            out.push(']');
        }
        Json::Object(members) => {
            out.push('{');
            members.iter().enumerate().for_each(|(index, (name, value))| {
                out.push_str(if index > 0 { "," } else { "" });
                write(&Json::String(name.clone()), out);
                out.push(':');
                write(value, out);
            });
            out.push('}');
        }
    }
}

#[test]
fn whatever_is_changed_in_a_proof_breaks_it() {
    let proof = proof();
    let noted = proof.heads()[2].hash;
    let original = text(&proof);
    let document = json::parse(original.as_bytes()).expect("JSON");
    let mut tried = 0;
    changed(&document, &mut |json| {
        let mut forged = String::new();
        write(&json, &mut forged);
        if json::parse(forged.as_bytes()).is_ok_and(|forged| forged == document) {
            return;
        }
        tried += 1;
        assert!(!holds(&forged, &noted), "{forged}");
    });
    println!("{tried} forgeries");
    assert!(tried > 200);
}

#[test]
fn a_fact_of_another_table_or_a_field_that_looks_like_the_systems_is_no_fact_of_the_record() {
    for (table, field) in [("users", "title"), ("tasks", "$exists"), ("", "title")] {
        let mut proof = proof();
        let entity_name = chain::name_commitment(&proof.record_salt, &chain::entity_name(&proof.record));
        let fact = &mut proof.facts[1];
        (fact.table, fact.field) = (table.to_owned(), field.to_owned());
        // With a tree in which it stands, so that only its name speaks against it.
        let name = chain::name_commitment(&fact.field_salt, &chain::attribute_name(table, field));
        let (value, salt) = fact.value.clone().expect("an assertion");
        let commitment = chain::commitment(&salt, &value);
        let leaf =
            Leaf { position: 0, entity_name: &entity_name, attribute_name: &name, asserted: true, commitment: &commitment };
        proof.transaction.root = leaf.hash();
        proof.transaction.leaf_count = 1;
        let fact = ProvenFact { position: 0, path: Vec::new(), ..fact.clone() };
        proof.facts = vec![fact];
        proof.verify().expect_err(field);
    }
}

#[test]
fn links_follow_one_another() {
    let mut proof = proof();
    proof.links[1].tx = Tx(8);
    proof.verify().expect_err("7 is missing");
    proof.links.remove(0);
    proof.verify().expect_err("6 is missing");
}

#[test]
fn hexadecimal_is_lower_case_pairs() {
    assert_eq!(to_hex(&[0, 0x1F, 0xFF]), "001fff");
    for (text, expected) in
        [("001fff", Some(vec![0, 0x1F, 0xFF])), ("", Some(vec![])), ("0", None), ("0g", None), ("AB", None), ("é", None)]
    {
        assert_eq!(from_hex(text), expected, "{text}");
    }
}
