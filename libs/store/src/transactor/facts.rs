//! What a change of a record says as facts.

use ddb_core::{AttributeId, Datetime, Object, RecordId, RecordKey, TableName, Timestamp, Value, attribute, canonical};

use crate::retention::Pruned;

/// A fact before its ids, salt and place are known.
pub(super) struct NewFact {
    pub(super) attribute: NewAttribute,
    /// Canonical bytes of what is asserted; None for a retraction.
    pub(super) value: Option<Vec<u8>>,
}

pub(super) enum NewAttribute {
    System(AttributeId),
    Field(String),
}

/// A create asserts that the record exists, its owner, its expiry where it has one, then its fields.
pub(super) fn of_create(fields: &Object, owner: Option<&RecordKey>, expires: Option<Timestamp>, facts: &mut Vec<NewFact>) {
    facts.push(assert(NewAttribute::System(attribute::EXISTS), &Value::Bool(true)));
    facts.push(assert(NewAttribute::System(attribute::OWNER), &owner_value(owner)));
    if let Some(expires) = expires {
        facts.push(assert(NewAttribute::System(attribute::EXPIRES), &Value::Datetime(Datetime::from_timestamp(expires))));
    }
    for (name, value) in fields {
        facts.push(assert(NewAttribute::Field(name.clone()), value));
    }
}

/// An update says what differs. Values that are equal to the language but not the same (1 and 1.0) differ here.
pub(super) fn of_update(
    before: &Object,
    after: &Object,
    expires_before: Option<Timestamp>,
    expires_after: Option<Timestamp>,
    facts: &mut Vec<NewFact>,
) {
    if expires_before != expires_after {
        facts.push(match expires_after {
            Some(expires) => {
                assert(NewAttribute::System(attribute::EXPIRES), &Value::Datetime(Datetime::from_timestamp(expires)))
            }
            None => retract(NewAttribute::System(attribute::EXPIRES)),
        });
    }
    for (name, value) in after {
        if !before.get(name).is_some_and(|old| old.identical(value)) {
            facts.push(assert(NewAttribute::Field(name.clone()), value));
        }
    }
    for name in before.keys().filter(|name| !after.contains_key(*name)) {
        facts.push(retract(NewAttribute::Field(name.clone())));
    }
}

/// A delete retracts that the record exists, which ends all of its facts.
pub(super) fn of_delete(facts: &mut Vec<NewFact>) {
    facts.push(retract(NewAttribute::System(attribute::EXISTS)));
}

/// An erasure says why, of what was deleted or never existed.
pub(super) fn of_erasure(reason: &str, facts: &mut Vec<NewFact>) {
    facts.push(assert(NewAttribute::System(attribute::ERASED), &Value::String(reason.to_owned())));
}

/// What was superseded in a table was removed.
pub(super) fn of_pruning(pruned: &Pruned, facts: &mut Vec<NewFact>) {
    facts.push(assert(NewAttribute::System(attribute::PRUNED), &pruned.to_value()));
}

fn assert(attribute: NewAttribute, value: &Value) -> NewFact {
    NewFact { attribute, value: Some(canonical::encode(value)) }
}

fn retract(attribute: NewAttribute) -> NewFact {
    NewFact { attribute, value: None }
}

fn owner_value(owner: Option<&RecordKey>) -> Value {
    match owner {
        Some(key) => RecordId::new(TableName::user(), key.clone()).into(),
        None => Value::None,
    }
}
