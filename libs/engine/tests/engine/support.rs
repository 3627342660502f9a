//! Evaluating texts.
use std::sync::Arc;

use ddb_core::{Datetime, Error, Object, Record, RecordId, RecordKey, Result, TableName, Timestamp, Tx, Value};
use ddb_darshjql::{parse_expression, parse_value};
use ddb_engine::{Budget, Context, Known, Records, Row, check as check_expression, evaluate};

/// 2026-11-22T10:00:00Z
pub(crate) const NOW: Datetime = Datetime { seconds: 1_795_341_600, nanoseconds: 0 };

pub(crate) fn value(text: &str) -> Value {
    parse_value(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

pub(crate) fn object(text: &str) -> Object {
    match value(text) {
        Value::Object(object) => object,
        other => panic!("{other} is no object"),
    }
}

/// A record of an account `user:ann`, changed by the transaction 7.
pub(crate) fn record(id: &str, fields: &str) -> Record {
    Record {
        id: RecordId::parse(id).expect("a record id"),
        fields: object(fields),
        owner: Some(RecordKey::String("ann".to_owned())),
        created: Timestamp(1_000_000),
        updated: Timestamp(2_000_000),
        tx: Tx(7),
        expires: None,
    }
}

/// What an expression is evaluated in.
pub(crate) struct World {
    pub(crate) row: Option<Record>,
    pub(crate) parameters: Object,
    pub(crate) records: Records,
    pub(crate) budget: Budget,
}

impl World {
    pub(crate) fn new() -> Self {
        Self { row: None, parameters: Object::new(), records: Records::new(), budget: Budget::default() }
    }

    pub(crate) fn of(id: &str, fields: &str) -> Self {
        Self { row: Some(record(id, fields)), ..Self::new() }
    }

    pub(crate) fn know(&mut self, record: Record) {
        self.records.insert(record.id.clone(), Known::Present(Arc::new(record)));
    }

    pub(crate) fn evaluate(&self, text: &str) -> Result<Value> {
        check_expression(&parse_expression(text).map_err(Error::from)?)?;
        self.evaluate_unchecked(text)
    }

    pub(crate) fn evaluate_unchecked(&self, text: &str) -> Result<Value> {
        let expr = parse_expression(text).map_err(Error::from)?;
        let context = Context {
            row: self.row.as_ref().map(Row::from),
            parameters: &self.parameters,
            now: NOW,
            records: &self.records,
            budget: &self.budget,
        };
        evaluate(&expr, &context)
    }

    pub(crate) fn check(&self, text: &str, expected: &str) {
        match self.evaluate(text) {
            Ok(value) => assert_eq!(value.to_string(), expected, "{text}"),
            Err(error) => panic!("{text}: {error}"),
        }
    }
}

/// For expressions that need neither row nor parameters.
pub(crate) fn check(text: &str, expected: &str) {
    World::new().check(text, expected);
}

/// Line, column and message of the error.
pub(crate) fn refuse(text: &str, expected: &str) {
    let error = World::new().evaluate(text).expect_err(text);
    let place = error.place().unwrap_or_else(|| panic!("{text}: {error} has no place"));
    assert_eq!(format!("{}:{} {}", place.line, place.column, error.message()), expected, "{text}");
}

pub(crate) fn table(name: &str) -> TableName {
    TableName::parse(name).expect("a name")
}
