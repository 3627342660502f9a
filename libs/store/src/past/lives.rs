//! When a record existed, and whose it was: all that its visibility depends on.

use std::collections::HashMap;

use ddb_core::{NamespaceId, RecordKey, Result, Tx, Value, attribute};
use sqlx::{PgConnection, Row};

use super::{MayRead, Place};
use crate::connection::to_error;
use crate::fold::Fact;

/// The lives of a record, the oldest first. A record that is made anew under its key begins another one.
#[derive(Debug, Default)]
pub(crate) struct Lives(Vec<Life>);

#[derive(Debug)]
pub(crate) struct Life {
    pub(crate) begin: Place,
    /// The fact that ends it, which still belongs to it.
    pub(crate) end: Option<Place>,
    /// From which place on whose; the first from the beginning. Whoever owns the record at the end of a transaction owns all that
    /// the transaction says of it.
    owners: Vec<(Place, Option<RecordKey>)>,
}

/// A part of a life without a gap that a caller may read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    /// Where the life begins that it is a part of.
    pub(crate) life: Place,
    pub(crate) begin: Place,
    /// Behind its last fact.
    pub(crate) until: Place,
}

impl Span {
    /// Whether a fact about the record is one that the caller may read. A retraction in the transaction by which a part of a life begins that is not its
    /// beginning tells what was before.
    pub(crate) fn shows(&self, place: Place, asserted: bool) -> bool {
        let tells_of_before = !asserted && self.begin != self.life && self.begin.tx == place.tx;
        self.begin <= place && place < self.until && !tells_of_before
    }
}

impl Lives {
    /// The lives of some entities, as of the transaction `head`, without those that ended so long ago that they are pruned.
    pub(crate) async fn load(
        connection: &mut PgConnection,
        namespace: NamespaceId,
        entities: &[i64],
        head: Tx,
    ) -> Result<HashMap<i64, Self>> {
        let rows = sqlx::query(
            "
            select f.entity, f.attribute, f.asserted, f.value, f.tx, f.position, 0::bigint
            from unnest($2::bigint[]) as e (id)
            cross join unnest($3::int[]) as a (id)
            join ddb.triple f on f.namespace = $1 and f.entity = e.id and f.attribute = a.id and f.tx <= $4
              and f.commitment is null
            order by f.entity, f.tx, f.position
            ",
        )
        .bind(namespace.0)
        .bind(entities)
        .bind(vec![attribute::EXISTS.0, attribute::OWNER.0])
        .bind(head.0)
        .fetch_all(connection)
        .await
        .map_err(to_error)?;
        let mut lives: HashMap<i64, Self> = HashMap::with_capacity(entities.len());
        for row in &rows {
            let entity = row.try_get(0).map_err(to_error)?;
            lives.entry(entity).or_default().add(&Fact::from_row(row, 1).map_err(to_error)?)?;
        }
        Ok(lives)
    }

    pub(crate) async fn of(connection: &mut PgConnection, namespace: NamespaceId, entity: i64, head: Tx) -> Result<Self> {
        Ok(Self::load(connection, namespace, &[entity], head).await?.remove(&entity).unwrap_or_default())
    }

    /// Takes the next fact of the record in the order of the log.
    pub(crate) fn add(&mut self, fact: &Fact) -> Result<()> {
        let place = fact.place;
        if fact.attribute == attribute::EXISTS && fact.asserted {
            self.0.push(Life { begin: place, end: None, owners: Vec::new() });
        } else if let Some(life) = self.0.last_mut() {
            if fact.attribute == attribute::EXISTS {
                life.end = Some(place);
            } else {
                life.set_owner(place, fact.value()?);
            }
        }
        Ok(())
    }

    /// The life that the record has, or that it had last.
    pub(crate) fn last(&self) -> Option<&Life> {
        self.0.last()
    }

    /// Whose the record is or, where it does not exist any more, was last.
    pub(crate) fn last_owner(&self) -> Option<&RecordKey> {
        self.last()?.last_owner()
    }

    /// The life that the record has before `place`.
    pub(crate) fn before(&self, place: Place) -> Option<&Life> {
        self.0.iter().rev().find(|life| life.begin < place).filter(|life| life.end.is_none_or(|end| end >= place))
    }

    /// Whether the caller may read the record as it is now or, where it does not exist any more, as it was last.
    pub(crate) fn may_read_newest(&self, may_read: MayRead<'_>) -> bool {
        self.last().is_some_and(|life| may_read(life.last_owner()))
    }

    /// Whether the caller may read the state before `place`, the record's newest one allowing it too.
    pub(crate) fn may_read_before(&self, place: Place, may_read: MayRead<'_>) -> bool {
        self.may_read_newest(may_read) && self.before(place).is_some_and(|life| may_read(life.owner_before(place)))
    }

    /// What the caller may read of the record's history, the newest first: nothing where he may not read its newest state.
    pub(crate) fn spans(&self, head: Tx, may_read: MayRead<'_>) -> Vec<Span> {
        if !self.may_read_newest(may_read) {
            return Vec::new();
        }
        let spans = self.0.iter().rev();
        spans.flat_map(|life| life.spans(head, may_read)).collect()
    }
}

impl Life {
    fn set_owner(&mut self, place: Place, value: Option<Value>) {
        let owner = match value {
            Some(Value::Record(owner)) => Some(owner.key),
            _ => None,
        };
        let from = Place::beginning_of(place.tx).max(self.begin);
        match self.owners.last_mut() {
            Some((begin, last)) if *begin == from => *last = owner,
            _ => self.owners.push((from, owner)),
        }
    }

    pub(super) fn last_owner(&self) -> Option<&RecordKey> {
        self.owners.last()?.1.as_ref()
    }

    pub(crate) fn owner_before(&self, place: Place) -> Option<&RecordKey> {
        self.owners.iter().rev().find(|(from, _)| *from < place)?.1.as_ref()
    }

    /// The newest first.
    fn spans(&self, head: Tx, may_read: MayRead<'_>) -> Vec<Span> {
        let end = self.end.map_or(Place::end_of(head), Place::next);
        let mut spans: Vec<Span> = Vec::new();
        for (index, (begin, owner)) in self.owners.iter().enumerate() {
            if !may_read(owner.as_ref()) {
                continue;
            }
            let until = self.owners.get(index + 1).map_or(end, |(next, _)| *next);
            match spans.last_mut() {
                Some(span) if span.until == *begin => span.until = until,
                _ => spans.push(Span { life: self.begin, begin: *begin, until }),
            }
        }
        spans.reverse();
        spans
    }
}

#[cfg(test)]
mod tests {
    use ddb_core::{AttributeId, RecordId, TableName, Timestamp, canonical};

    use super::*;

    fn key(name: &str) -> RecordKey {
        RecordKey::String(name.to_owned())
    }

    /// `tx.position+` begins a life, `-` ends it, `=name` gives it to an owner.
    fn lives(facts: &str) -> Lives {
        let mut lives = Lives::default();
        for word in facts.split_whitespace() {
            let (place, what) = word.split_at(word.find(['+', '-', '=']).expect("a fact"));
            let (tx, position) = place.split_once('.').expect("a place");
            let owner = |name: &str| RecordId::new(TableName::user(), key(name)).into();
            let (attribute, value): (AttributeId, Option<Value>) = match what.split_at(1) {
                ("+", _) => (attribute::EXISTS, Some(Value::Bool(true))),
                ("-", _) => (attribute::EXISTS, None),
                (_, "") => (attribute::OWNER, Some(Value::None)),
                (_, name) => (attribute::OWNER, Some(owner(name))),
            };
            let fact = Fact {
                attribute,
                asserted: value.is_some(),
                value: value.as_ref().map(canonical::encode),
                place: Place { tx: Tx(tx.parse().expect("a number")), position: position.parse().expect("a number") },
                time: Timestamp(0),
            };
            lives.add(&fact).expect("a fact");
        }
        lives
    }

    /// The spans that ada may read of a log of 99 transactions, as `begin..until`.
    fn check(facts: &str, expected: &str) {
        let lives = lives(facts);
        let ada = key("ada");
        let may_read = |owner: Option<&RecordKey>| owner == Some(&ada);
        let show = |place: Place| format!("{}.{}", place.tx, place.position);
        let spans: Vec<String> =
            lives.spans(Tx(99), &may_read).iter().map(|span| format!("{}..{}", show(span.begin), show(span.until))).collect();
        assert_eq!(spans.join(" "), expected, "{facts}");
    }

    #[test]
    fn a_caller_reads_the_past_of_what_is_his_now_and_was_his_then() {
        // Mutants: `may_read_newest` is always true; `spans` without its `continue`; `owners.last()` becomes `owners.first()`.
        check("", "");
        check("1.0+ 1.1=ada", "1.0..100.0");
        check("1.0+ 1.1=bob", "");
        check("1.0+ 1.1=", "");
        check("1.0+ 1.1=ada 5.0-", "1.0..5.1");
        check("1.0+ 1.1=ada 5.0- 7.0+ 7.1=ada", "7.0..100.0 1.0..5.1");
        check("1.0+ 1.1=bob 5.0- 7.0+ 7.1=ada", "7.0..100.0");
        check("1.0+ 1.1=ada 5.0- 7.0+ 7.1=bob", "");
        check("1.0+ 1.1=ada 5.0- 7.0+ 7.1=bob 8.0-", "");
        check("1.0+ 1.1=ada 5.0- 7.0+ 7.1=bob 8.0- 9.0+ 9.1=ada", "9.0..100.0 1.0..5.1");
    }

    #[test]
    fn an_expired_record_and_its_successor_share_a_transaction() {
        check("1.0+ 1.1=bob 5.0- 5.1+ 5.2=ada", "5.1..100.0");
        check("1.0+ 1.1=ada 5.0- 5.1+ 5.2=ada", "5.1..100.0 1.0..5.1");
        check("1.0+ 1.1=ada 5.0- 5.1+ 5.2=bob", "");
    }

    #[test]
    fn a_change_of_owner_hides_what_was_before_it_from_both() {
        check("1.0+ 1.1=bob 5.3=ada", "5.0..100.0");
        check("1.0+ 1.1=ada 5.3=bob", "");
        check("1.0+ 1.1=ada 5.3=bob 7.0=ada", "7.0..100.0 1.0..5.0");
        check("1.0+ 1.1=ada 5.3=bob 5.6=ada", "1.0..100.0");
        check("1.0+ 1.1=bob 5.3=ada 6.0-", "5.0..6.1");
        check("1.0+ 1.1=bob 1.5=ada", "1.0..100.0");
    }

    #[test]
    fn facts_are_shown_that_stand_in_a_part_of_the_callers() {
        let lives = lives("1.0+ 1.1=bob 5.3=ada 8.0- 9.0+ 9.1=bob 11.0- 11.1+ 11.2=ada");
        let ada = key("ada");
        let spans = lives.spans(Tx(99), &|owner| owner == Some(&ada));
        let shows = |tx, position, asserted| spans.iter().any(|span| span.shows(Place { tx: Tx(tx), position }, asserted));
        for (tx, position, asserted, expected) in [
            (1, 0, true, false),
            (4, 7, true, false),
            (5, 3, true, true),
            (5, 4, true, true),
            (5, 4, false, false),
            (6, 0, false, true),
            (8, 0, false, true),
            (8, 1, true, false),
            (9, 0, true, false),
            (11, 0, false, false),
            (11, 1, true, true),
            (99, 1, true, true),
        ] {
            assert_eq!(shows(tx, position, asserted), expected, "tx {tx}, position {position}");
        }
    }

    #[test]
    fn a_state_is_read_at_a_place() {
        let lives = lives("1.0+ 1.1=ada 5.0- 5.1+ 5.2=bob 8.3=ada");
        let place = |tx, position| Place { tx: Tx(tx), position };
        for (at, expected) in [
            (place(1, 0), None),
            (place(2, 0), Some("ada")),
            (place(5, 0), Some("ada")),
            (place(5, 1), None),
            (place(6, 0), Some("bob")),
            (place(9, 0), Some("ada")),
        ] {
            let owner = lives.before(at).map(|life| life.owner_before(at).cloned());
            assert_eq!(owner, expected.map(|name| Some(key(name))), "{at:?}");
            let may = lives.may_read_before(at, &|owner| owner == Some(&key("ada")));
            assert_eq!(may, expected == Some("ada"), "{at:?}");
        }
    }
}
