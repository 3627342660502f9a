//! Comparisons of what stands at a path with a constant.

use ddb_core::{Bound, Range, Result, Value, Warning, WarningCode};
use ddb_darshjql::{BinaryOperator, Expr, ExprKind, Path, Span};

use super::constant::constant;
use super::kind::{datetime, record, within};
use super::{Form, Names, Translation, binary, single};

/// What is known of the values at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Declared {
    /// A record id, or NONE.
    Id {
        may_be_none: bool,
    },
    /// A datetime, or NONE.
    Datetime {
        may_be_none: bool,
    },
    /// The number of a transaction.
    Tx,
    /// The system's time, or in some records a field of that name.
    TimeOrField,
    Nothing,
}

impl Translation<'_> {
    /// What a comparison becomes; None: it stays as it is.
    pub(super) fn comparison(
        &mut self,
        left: &Expr,
        operator: BinaryOperator,
        right: &Expr,
        names: Names,
    ) -> Result<Option<ExprKind>> {
        use BinaryOperator::{Equal, Greater, GreaterOrEqual, In, Less, LessOrEqual, NotEqual, NotIn};
        let value_of = |expr: &Expr| constant(expr, self.facts.parameters, &self.locals);
        let (path, side, value, operator) = match (&left.kind, &right.kind, operator) {
            (ExprKind::Path(path), _, Equal | NotEqual | Less | LessOrEqual | Greater | GreaterOrEqual | In | NotIn) => {
                let Some(value) = value_of(right) else { return Ok(None) };
                (path, right, value, operator)
            }
            (_, ExprKind::Path(path), Equal | NotEqual | Less | LessOrEqual | Greater | GreaterOrEqual) => {
                let Some(value) = value_of(left) else { return Ok(None) };
                (path, left, value, flipped(operator))
            }
            _ => return Ok(None),
        };
        let declared = self.declared(path, names);
        let compared = match operator {
            In | NotIn => self.among(path, declared, operator, value, side)?,
            Equal | NotEqual => self.equal(path, declared, operator, value, side)?,
            _ => self.ordered(path, declared, operator, value, side)?,
        };
        Ok(compared.map(|expr| expr.kind))
    }

    fn declared(&self, path: &Path, names: Names) -> Declared {
        if names == Names::OfItem {
            return Declared::Nothing;
        }
        let time = |is_field| if is_field { Declared::TimeOrField } else { Declared::Datetime { may_be_none: false } };
        match single(path) {
            Some("id") => Declared::Id { may_be_none: false },
            Some("_owner") => Declared::Id { may_be_none: true },
            Some("_tx") => Declared::Tx,
            Some("_expires") => Declared::Datetime { may_be_none: true },
            Some("created") => time(self.facts.own.created),
            Some("updated") => time(self.facts.own.updated),
            _ => Declared::Nothing,
        }
    }

    /// `path = value`
    fn equal(
        &mut self,
        path: &Path,
        declared: Declared,
        operator: BinaryOperator,
        value: Value,
        side: &Expr,
    ) -> Result<Option<Expr>> {
        let values = self.read(path, declared, value, operator, side)?;
        Ok(Some(match <[Value; 1]>::try_from(values) {
            Ok([value]) => binary(path, operator, value, side.span),
            Err(values) => {
                let among = if operator == BinaryOperator::Equal { BinaryOperator::In } else { BinaryOperator::NotIn };
                binary(path, among, Value::Array(values), side.span)
            }
        }))
    }

    /// `path IN list`
    fn among(
        &mut self,
        path: &Path,
        declared: Declared,
        operator: BinaryOperator,
        list: Value,
        side: &Expr,
    ) -> Result<Option<Expr>> {
        let items = match list {
            Value::Array(items) | Value::Set(items) => items,
            Value::Range(range) => return self.in_range(path, declared, operator, *range, side),
            Value::String(_) | Value::Object(_) | Value::Geometry(_) if declared == Declared::Nothing => return Ok(None),
            other => {
                let message = format!("`{operator}` looks into a list: write `[…]`, not {}", other.kind_name());
                return Err(self.refuse(message, side));
            }
        };
        let mut values = Vec::with_capacity(items.len());
        for item in items {
            values.extend(self.read(path, declared, item, operator, side)?);
        }
        Ok(Some(binary(path, operator, Value::Array(values), side.span)))
    }

    /// `path IN a..b`: a value is in a range only if it is of the kind of the bounds.
    fn in_range(
        &mut self,
        path: &Path,
        declared: Declared,
        operator: BinaryOperator,
        range: Range,
        side: &Expr,
    ) -> Result<Option<Expr>> {
        let mut bound = |bound: Bound| -> Result<Bound> {
            let mut read = |value: Value| -> Result<Value> {
                match declared {
                    Declared::Nothing | Declared::TimeOrField => Ok(value),
                    _ => Ok(self.read(path, declared, value, operator, side)?.into_iter().next().unwrap_or_default()),
                }
            };
            Ok(match bound {
                Bound::Unbounded => Bound::Unbounded,
                Bound::Included(value) => Bound::Included(read(value)?),
                Bound::Excluded(value) => Bound::Excluded(read(value)?),
            })
        };
        let range = Range { begin: bound(range.begin)?, end: bound(range.end)? };
        let text = [&range.begin, &range.end].into_iter().find_map(|bound| match bound {
            Bound::Included(Value::String(text)) | Bound::Excluded(Value::String(text)) => Some(text),
            _ => None,
        });
        if let (Declared::Nothing, Some(text)) = (declared, text) {
            self.warn_of_text(path, operator, text);
        }
        Ok(Some(binary(path, operator, range.into(), side.span)))
    }

    /// `path < value` and the like.
    fn ordered(
        &mut self,
        path: &Path,
        declared: Declared,
        operator: BinaryOperator,
        value: Value,
        side: &Expr,
    ) -> Result<Option<Expr>> {
        let span = side.span;
        if let (Declared::TimeOrField, Value::String(text)) = (declared, &value) {
            // Of each kind what is compared with it.
            let alternatives = [Some(value.clone()), datetime(text).map(Value::Datetime)].into_iter().flatten();
            let alternatives = alternatives.map(|value| {
                let kind = within(path, operator, &value, span);
                joined(ExprKind::And, vec![kind, binary(path, operator, value, span)], span)
            });
            return Ok(Some(joined(ExprKind::Or, alternatives.collect(), span)));
        }
        if let (Declared::Nothing, Value::String(text)) = (declared, &value) {
            self.warn_of_text(path, operator, text);
        }
        let value = match declared {
            Declared::Nothing | Declared::TimeOrField => value,
            _ => self.read(path, declared, value, operator, side)?.into_iter().next().unwrap_or_default(),
        };
        let is_of_kind = matches!(
            (declared, &value),
            (Declared::Id { may_be_none: false }, Value::Record(_))
                | (Declared::Datetime { may_be_none: false }, Value::Datetime(_))
                | (Declared::Tx, Value::Int(_) | Value::Float(_) | Value::Decimal(_))
        );
        let mut parts = Vec::with_capacity(2);
        if self.form == Form::Json && !is_of_kind {
            parts.push(within(path, operator, &value, span));
        }
        parts.push(binary(path, operator, value, span));
        Ok(Some(joined(ExprKind::And, parts, span)))
    }

    /// What a constant may mean beside a path: one value, or where the kind is not known, two.
    fn read(
        &mut self,
        path: &Path,
        declared: Declared,
        value: Value,
        operator: BinaryOperator,
        side: &Expr,
    ) -> Result<Vec<Value>> {
        let refused =
            |this: &Self, wanted: &str| this.refuse(format!("`{path}` is compared with {wanted}; this text is not one"), side);
        match (declared, value) {
            (Declared::Id { .. }, Value::String(text)) => match record(&text) {
                Some(id) => Ok(vec![id.into()]),
                None => Err(refused(self, "a full record id, `'table:key'`")),
            },
            // Answers show it so.
            (Declared::Id { may_be_none: true }, Value::Null) => Ok(vec![Value::None]),
            (Declared::Datetime { .. }, Value::String(text)) => match datetime(&text) {
                Some(datetime) => Ok(vec![Value::Datetime(datetime)]),
                None => Err(refused(self, "a datetime like `'2026-12-05T00:00:00Z'` or a date like `'2026-12-05'`")),
            },
            (Declared::TimeOrField, Value::String(text)) => {
                let datetime = datetime(&text).map(Value::Datetime);
                Ok([Some(Value::String(text)), datetime].into_iter().flatten().collect())
            }
            (Declared::Nothing, Value::String(text)) => {
                let other = self.other_kind(&text);
                Ok([Some(Value::String(text)), other].into_iter().flatten().collect())
            }
            (declared, value) => {
                self.warn_of_kind(path, declared, &value, operator);
                Ok(vec![value])
            }
        }
    }

    /// What a text reads as besides.
    fn other_kind(&mut self, text: &str) -> Option<Value> {
        if let Some(datetime) = datetime(text) {
            return Some(Value::Datetime(datetime));
        }
        let id = record(text)?;
        self.named.insert(id.table.clone());
        self.facts.tables.contains(&id.table).then(|| id.into())
    }

    /// A text beside `<` and the like is a text, whatever it reads as.
    fn warn_of_text(&mut self, path: &Path, operator: BinaryOperator, text: &str) {
        let Some(other) = self.other_kind(text) else { return };
        let kind = if matches!(other, Value::Record(_)) { "record id" } else { "datetime" };
        let written = match (self.form, &other) {
            (Form::Text, other) => other.to_string(),
            (Form::Json, Value::Datetime(datetime)) => format!("{{\"$datetime\":\"{datetime}\"}}"),
            (Form::Json, _) => format!("{{\"$record\":\"{text}\"}}"),
        };
        let operator = self.written(operator);
        let message = format!(
            "`{path}` is compared with a text by `{operator}`, which does not compare {kind}s; to compare {kind}s, write `{written}`"
        );
        self.warn(Warning::new(WarningCode::Kind, message).of_field(path.to_string()));
    }

    /// What the system gives is of one kind, so no other is equal to it.
    fn warn_of_kind(&mut self, path: &Path, declared: Declared, value: &Value, operator: BinaryOperator) {
        let (is_other, kind, example) = match declared {
            Declared::Id { .. } => (!matches!(value, Value::Record(_)), "a record id", "'table:key'"),
            Declared::Datetime { .. } => (!matches!(value, Value::Datetime(_)), "a datetime", "'2026-12-05T00:00:00Z'"),
            Declared::Tx => (!matches!(value, Value::Int(_) | Value::Float(_) | Value::Decimal(_)), "an int", "42"),
            Declared::TimeOrField | Declared::Nothing => return,
        };
        if !is_other || matches!(value, Value::None | Value::Null) {
            return;
        }
        let operator = self.written(operator);
        let found = value.kind_name();
        let example = if self.form == Form::Json { example.replace('\'', "\"") } else { example.to_owned() };
        let message = format!("`{path}` is {kind}, and `{operator}` compares it with {found}; write `{example}`");
        self.warn(Warning::new(WarningCode::Kind, message).of_field(path.to_string()));
    }

    /// An operator as the caller has written it.
    fn written(&self, operator: BinaryOperator) -> &'static str {
        match (self.form, operator) {
            (Form::Json, BinaryOperator::Less) => "$lt",
            (Form::Json, BinaryOperator::LessOrEqual) => "$lte",
            (Form::Json, BinaryOperator::Greater) => "$gt",
            (Form::Json, BinaryOperator::GreaterOrEqual) => "$gte",
            (Form::Json, BinaryOperator::Equal) => "$eq",
            (Form::Json, BinaryOperator::NotEqual) => "$ne",
            (Form::Json, BinaryOperator::In) => "$in",
            (Form::Json, BinaryOperator::NotIn) => "$nin",
            (_, operator) => operator.as_str(),
        }
    }
}

/// The operator with its sides changed.
fn flipped(operator: BinaryOperator) -> BinaryOperator {
    match operator {
        BinaryOperator::Less => BinaryOperator::Greater,
        BinaryOperator::LessOrEqual => BinaryOperator::GreaterOrEqual,
        BinaryOperator::Greater => BinaryOperator::Less,
        BinaryOperator::GreaterOrEqual => BinaryOperator::LessOrEqual,
        other => other,
    }
}

fn joined(join: fn(Vec<Expr>) -> ExprKind, mut parts: Vec<Expr>, span: Span) -> Expr {
    if parts.len() == 1 { parts.remove(0) } else { Expr::new(join(parts), span) }
}
