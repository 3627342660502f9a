//! The model: what the routes promise of records, in memory.

use std::collections::BTreeMap;

use ddb_testkit::{Json, json};

pub(crate) type Fields = BTreeMap<String, Json>;

/// A table and a key, by their numbers.
pub(crate) type Spot = (usize, usize);

/// Whoever asks, by his number: two owners, an admin, and nobody.
pub(crate) const ADMIN: usize = 2;
pub(crate) const ANONYMOUS: usize = 3;

#[derive(Clone)]
pub(crate) struct Live {
    pub(crate) owner: usize,
    pub(crate) fields: Fields,
    pub(crate) tx: i64,
}

/// What a transaction made of a record.
#[derive(Clone)]
pub(crate) struct Version {
    pub(crate) tx: i64,
    pub(crate) by: usize,
    /// None: deleted.
    pub(crate) state: Option<(usize, Fields)>,
}

/// What is asked of a record.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    Create(Fields),
    Merge(Json),
    Replace(Fields),
    Delete,
    Upsert(Json),
    Restore(i64),
    Undelete,
}

/// A record's owner and fields afterwards; None: it is gone.
pub(crate) type Outcome = Option<(usize, Fields)>;

#[derive(Default)]
pub(crate) struct State {
    pub(crate) live: BTreeMap<Spot, Live>,
    pub(crate) past: BTreeMap<Spot, Vec<Version>>,
    pub(crate) newest: i64,
}

pub(crate) fn sees(person: usize, owner: usize) -> bool {
    person == ADMIN || person == owner
}

impl State {
    pub(crate) fn visible(&self, person: usize, spot: Spot) -> Option<&Live> {
        self.live.get(&spot).filter(|live| sees(person, live.owner))
    }

    /// What an act does, or the status of its refusal.
    pub(crate) fn decide(&self, person: usize, spot: Spot, act: &Act) -> Result<Outcome, u16> {
        if person == ANONYMOUS {
            return Err(if matches!(act, Act::Create(_) | Act::Upsert(_)) { 401 } else { 404 });
        }
        let visible = self.visible(person, spot).ok_or(404);
        match act {
            Act::Create(fields) => self.created(person, spot, fields.clone()),
            Act::Upsert(patch) => match (self.live.get(&spot), visible) {
                (Some(_), Ok(live)) => merged(&live.fields, patch).map(|fields| Some((live.owner, fields))).ok_or(422),
                (Some(_), Err(_)) => Err(409),
                (None, _) => merged(&Fields::new(), patch).map(|fields| Some((person, fields))).ok_or(422),
            },
            Act::Merge(patch) => {
                let live = visible?;
                merged(&live.fields, patch).map(|fields| Some((live.owner, fields))).ok_or(422)
            }
            Act::Replace(fields) => visible.map(|live| Some((live.owner, fields.clone()))),
            Act::Delete => visible.map(|_| None),
            Act::Restore(tx) => {
                let live = visible?;
                match self.at(spot, *tx).filter(|(owner, _)| sees(person, *owner)) {
                    None => Err(404),
                    Some((owner, _)) if owner != live.owner => Err(409),
                    Some(past) => Ok(Some(past)),
                }
            }
            Act::Undelete => match (self.live.get(&spot), visible, self.last(spot)) {
                (Some(_), Ok(_), _) => Err(409),
                (None, _, Some((owner, fields))) if sees(person, owner) => Ok(Some((owner, fields))),
                _ => Err(404),
            },
        }
    }

    fn created(&self, person: usize, spot: Spot, fields: Fields) -> Result<Outcome, u16> {
        if self.live.contains_key(&spot) { Err(409) } else { Ok(Some((person, fields))) }
    }

    /// Whether an outcome is another state than the one there is. 1 and 1.0 are not the same here.
    pub(crate) fn changes(&self, spot: Spot, outcome: &Outcome) -> bool {
        let now = self.live.get(&spot).map(|live| (live.owner, &live.fields));
        now != outcome.as_ref().map(|(owner, fields)| (*owner, fields))
    }

    /// Transaction `tx` made this of a record.
    pub(crate) fn commit(&mut self, person: usize, spot: Spot, outcome: Outcome, tx: i64) {
        if !self.changes(spot, &outcome) {
            return;
        }
        assert!(tx >= self.newest, "the transaction {tx} comes after {}", self.newest);
        self.newest = tx;
        self.past.entry(spot).or_default().push(Version { tx, by: person, state: outcome.clone() });
        match outcome {
            Some((owner, fields)) => drop(self.live.insert(spot, Live { owner, fields, tx })),
            None => drop(self.live.remove(&spot)),
        }
    }

    /// The owner and the fields at the end of a transaction.
    pub(crate) fn at(&self, spot: Spot, tx: i64) -> Outcome {
        self.past.get(&spot)?.iter().rev().find(|version| version.tx <= tx)?.state.clone()
    }

    /// Of a record that exists what it is, otherwise what it was last.
    pub(crate) fn last(&self, spot: Spot) -> Outcome {
        self.past.get(&spot)?.iter().rev().find_map(|version| version.state.clone())
    }

    /// Whether the caller may read the record as it is now or was last.
    pub(crate) fn knows(&self, person: usize, spot: Spot) -> bool {
        self.last(spot).is_some_and(|(owner, _)| sees(person, owner))
    }

    /// The versions that the caller may read, the newest first: transaction, who, action, changes.
    pub(crate) fn history(
        &self,
        person: usize,
        spot: Spot,
        name: impl Fn(usize) -> String,
    ) -> Vec<(i64, usize, &'static str, Json)> {
        let mut versions = Vec::new();
        let mut before: Outcome = None;
        for version in self.past.get(&spot).map(Vec::as_slice).unwrap_or_default() {
            let action = match (&before, &version.state) {
                (None, _) => "create",
                (Some(_), Some(_)) => "update",
                (Some(_), None) => "delete",
            };
            let of_both = before.as_ref().or(version.state.as_ref()).map(|(owner, _)| *owner);
            if of_both.is_some_and(|owner| sees(person, owner)) && self.knows(person, spot) {
                versions.push((version.tx, version.by, action, difference(before.as_ref(), version.state.as_ref(), &name)));
            }
            before.clone_from(&version.state);
        }
        versions.reverse();
        versions
    }
}

/// `{field: {"before"?, "after"?}}`
fn difference(before: Option<&(usize, Fields)>, after: Option<&(usize, Fields)>, name: impl Fn(usize) -> String) -> Json {
    let all = |state: Option<&(usize, Fields)>| {
        let mut fields = state.map(|(_, fields)| fields.clone()).unwrap_or_default();
        if let Some((owner, _)) = state {
            fields.insert("_owner".to_owned(), json!(name(*owner)));
        }
        fields
    };
    let (before, after) = (all(before), all(after));
    let mut changes = serde_json::Map::new();
    for field in before.keys().chain(after.keys()) {
        let (old, new) = (before.get(field), after.get(field));
        if old != new {
            let sides = [("before", old), ("after", new)];
            let sides = sides.into_iter().filter_map(|(side, value)| Some((side.to_owned(), value?.clone())));
            changes.insert(field.clone(), Json::Object(sides.collect()));
        }
    }
    Json::Object(changes)
}

/// What a merge makes of the fields; None: it is refused.
fn merged(fields: &Fields, patch: &Json) -> Option<Fields> {
    let mut fields = fields.clone();
    for (name, change) in patch.as_object().expect("a patch is an object") {
        if change.is_null() {
            fields.remove(name);
        } else if let Some(by) = change.get("$inc") {
            let sum = match fields.get(name) {
                None => by.clone(),
                Some(value) => json!(value.as_i64()?.checked_add(by.as_i64()?)?),
            };
            fields.insert(name.clone(), sum);
        } else if let Some(item) = change.get("$push") {
            let mut items = fields.get(name).map_or(Some(Vec::new()), |value| value.as_array().cloned())?;
            items.push(item.clone());
            fields.insert(name.clone(), json!(items));
        } else if let Some(item) = change.get("$pull") {
            let Some(value) = fields.get(name) else { continue };
            let items: Vec<Json> = value.as_array()?.iter().filter(|known| *known != item).cloned().collect();
            fields.insert(name.clone(), json!(items));
        } else {
            fields.insert(name.clone(), change.clone());
        }
    }
    Some(fields)
}
