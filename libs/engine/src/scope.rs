use std::borrow::Cow;
use std::sync::Arc;

use ddb_core::{Record, RecordId, Value};

use crate::{Context, Row};

/// What names mean at some place of an expression.
#[derive(Clone, Copy)]
pub(crate) struct Scope<'a> {
    pub(crate) context: &'a Context<'a>,
    subject: Subject<'a>,
    /// The arguments of the closure whose body this is.
    locals: &'a [(&'a str, Value)],
    outer: Option<&'a Scope<'a>>,
}

/// What names without a `$` are looked up in.
#[derive(Clone, Copy)]
pub(crate) enum Subject<'a> {
    Nothing,
    Row(Row<'a>),
    Value(&'a Value),
}

impl<'a> Scope<'a> {
    pub(crate) fn new(context: &'a Context<'a>) -> Self {
        let subject = context.row.map_or(Subject::Nothing, Subject::Row);
        Self { context, subject, locals: &[], outer: None }
    }

    /// Inside of `[WHERE …]`: names mean fields of the item.
    pub(crate) fn of_item(&'a self, item: &'a Value) -> Self {
        Self { context: self.context, subject: Subject::Value(item), locals: &[], outer: Some(self) }
    }

    /// Inside of a closure.
    pub(crate) fn of_closure(&'a self, locals: &'a [(&'a str, Value)]) -> Self {
        Self { context: self.context, subject: self.subject, locals, outer: Some(self) }
    }

    pub(crate) fn subject(&self) -> Subject<'a> {
        self.subject
    }

    pub(crate) fn parameter(&self, name: &str) -> Cow<'a, Value> {
        if let Some(value) = self.local(name) {
            return value;
        }
        match name {
            "this" => self.subject.to_value(),
            "parent" => self.parent().map_or(Cow::Owned(Value::None), Subject::to_value),
            _ => self.context.parameters.get(name).map_or(Cow::Owned(Value::None), Cow::Borrowed),
        }
    }

    fn local(&self, name: &str) -> Option<Cow<'a, Value>> {
        let mut scope = *self;
        loop {
            if let Some((_, value)) = scope.locals.iter().find(|(local, _)| *local == name) {
                return Some(Cow::Borrowed(value));
            }
            scope = *scope.outer?;
        }
    }

    /// What names meant outside of the innermost `[WHERE …]`.
    fn parent(&self) -> Option<Subject<'a>> {
        let mut scope = *self;
        while !scope.locals.is_empty() {
            scope = *scope.outer?;
        }
        scope.outer.map(|outer| outer.subject)
    }

    /// A linked record; None where it is absent, hidden, or not known yet.
    pub(crate) fn record(&self, id: &RecordId) -> Option<Linked<'a>> {
        match self.context.row {
            Some(row) if row.id == id => Some(Linked::Row(row)),
            _ => self.context.records.get(id).map(Linked::Record),
        }
    }
}

/// A record that a link leads to.
pub(crate) enum Linked<'a> {
    /// The row itself.
    Row(Row<'a>),
    Record(&'a Arc<Record>),
}

impl<'a> Linked<'a> {
    pub(crate) fn row(&self) -> Row<'a> {
        match self {
            Self::Row(row) => *row,
            Self::Record(record) => Row::from(&***record),
        }
    }
}

impl<'a> Subject<'a> {
    fn to_value(self) -> Cow<'a, Value> {
        match self {
            Self::Nothing => Cow::Owned(Value::None),
            Self::Row(row) => Cow::Owned(Value::Object(row.to_object())),
            Self::Value(value) => Cow::Borrowed(value),
        }
    }
}
