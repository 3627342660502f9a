//! Conditions of a filter as SQL.
//!
//! A comparison with an index column is exact: the column holds the sort key of the value, and the order of the bytes is that of
//! the language. Over the document only such conditions are made as are implied: exact ones for kinds whose document is unique for
//! each value, and for numbers one that leaves out what is surely no match.

use ddb_core::{Datetime, Object, RecordKey, Value, doc, sort_key};
use ddb_darshjql::{BinaryOperator, Expr, ExprKind, UnaryOperator};

use super::{Bind, Column, Constants, Places, Shape};

/// Ints beyond this are not all floats, and floats are written with the fewest digits: a comparison of the texts would not be one of the numbers.
const MAX_SAFE_INT: u64 = 1 << 53;

/// Binds of one statement; conditions beyond are left to the evaluator.
const MAX_BINDS: usize = 256;

/// A condition in SQL that is true for every row for which the expression is.
pub(super) struct Pushed {
    pub(super) sql: String,
    /// Whether it is true for no other row.
    pub(super) is_exact: bool,
    /// Whether it is never null, so that it can stand under a NOT.
    is_two_valued: bool,
    /// The column to which it gives one value.
    pub(super) equal_column: Option<Column>,
    /// The column of which it takes a range.
    pub(super) range_column: Option<Column>,
}

impl Pushed {
    fn exact(sql: String) -> Option<Self> {
        Some(Self { sql, is_exact: true, is_two_valued: true, equal_column: None, range_column: None })
    }

    fn implied(sql: String) -> Option<Self> {
        Some(Self { sql, is_exact: false, is_two_valued: false, equal_column: None, range_column: None })
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// None where the expression implies no condition that could be made; nothing is bound then.
pub(super) fn of(expr: &Expr, shape: &Shape, constants: &impl Constants, places: &mut Places) -> Option<Pushed> {
    let bound = places.count();
    let pushed = pushed(expr, shape, constants, places).filter(|_| places.count() <= MAX_BINDS);
    if pushed.is_none() {
        places.truncate(bound);
    }
    pushed
}

fn pushed(expr: &Expr, shape: &Shape, constants: &impl Constants, places: &mut Places) -> Option<Pushed> {
    match &expr.kind {
        ExprKind::And(operands) => {
            let mut parts = Vec::with_capacity(operands.len());
            let (mut is_exact, mut is_two_valued) = (true, true);
            for operand in operands {
                match of(operand, shape, constants, places) {
                    Some(pushed) => {
                        is_exact &= pushed.is_exact;
                        is_two_valued &= pushed.is_two_valued;
                        parts.push(pushed.sql);
                    }
                    None => is_exact = false,
                }
            }
            if parts.is_empty() {
                return None;
            }
            let sql = format!("({})", parts.join(" and "));
            Some(Pushed { sql, is_exact, is_two_valued, equal_column: None, range_column: None })
        }
        ExprKind::Or(operands) => {
            let mut parts = Vec::with_capacity(operands.len());
            let (mut is_exact, mut is_two_valued) = (true, true);
            for operand in operands {
                let pushed = of(operand, shape, constants, places)?;
                is_exact &= pushed.is_exact;
                is_two_valued &= pushed.is_two_valued;
                parts.push(pushed.sql);
            }
            let sql = format!("({})", parts.join(" or "));
            Some(Pushed { sql, is_exact, is_two_valued, equal_column: None, range_column: None })
        }
        ExprKind::Unary(UnaryOperator::Not, operand) => {
            let pushed = of(operand, shape, constants, places)?;
            if !pushed.is_exact || !pushed.is_two_valued {
                return None;
            }
            Pushed::exact(format!("not ({})", pushed.sql))
        }
        ExprKind::Binary(left, operator, right) => binary(left, *operator, right, shape, constants, places),
        _ => None,
    }
}

fn binary(
    left: &Expr,
    operator: BinaryOperator,
    right: &Expr,
    shape: &Shape,
    constants: &impl Constants,
    places: &mut Places,
) -> Option<Pushed> {
    if operator == BinaryOperator::In {
        return match (names(left), constant(right, constants)) {
            (Some(path), Some(Value::Array(items) | Value::Set(items))) => among(&path, &items, shape, places),
            _ => None,
        };
    }
    let comparison = Comparison::of(operator)?;
    if let Some(path) = names(left) {
        return compare(&path, comparison, &constant(right, constants)?, shape, places);
    }
    if let Some(path) = names(right) {
        return compare(&path, comparison.flipped(), &constant(left, constants)?, shape, places);
    }
    None
}

impl Comparison {
    fn of(operator: BinaryOperator) -> Option<Self> {
        match operator {
            BinaryOperator::Equal => Some(Self::Equal),
            BinaryOperator::NotEqual => Some(Self::NotEqual),
            BinaryOperator::Less => Some(Self::Less),
            BinaryOperator::LessOrEqual => Some(Self::LessOrEqual),
            BinaryOperator::Greater => Some(Self::Greater),
            BinaryOperator::GreaterOrEqual => Some(Self::GreaterOrEqual),
            _ => None,
        }
    }

    /// With the sides changed.
    fn flipped(self) -> Self {
        match self {
            Self::Less => Self::Greater,
            Self::LessOrEqual => Self::GreaterOrEqual,
            Self::Greater => Self::Less,
            Self::GreaterOrEqual => Self::LessOrEqual,
            Self::Equal | Self::NotEqual => self,
        }
    }

    fn sql(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "<>",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }
}

/// The path of names that an expression is.
fn names(expr: &Expr) -> Option<Vec<&str>> {
    let ExprKind::Path(path) = &expr.kind else { return None };
    path.fields()
}

/// The value of an expression that is the same for every row. An error is left to the evaluator, which may never come to it.
fn constant(expr: &Expr, constants: &impl Constants) -> Option<Value> {
    if depends_on_row(expr) { None } else { constants.evaluate(expr).ok() }
}

fn depends_on_row(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Path(_) => true,
        ExprKind::Parameter(name) if matches!(name.as_str(), "this" | "parent") => true,
        // What is drawn is drawn for each row; what a closure's parameters are, only the function knows.
        ExprKind::Function(name, _) if name.starts_with("rand") => true,
        // They look into the row by a name that is computed.
        ExprKind::Function(name, _) if matches!(name.as_str(), "type::field" | "type::fields") => true,
        ExprKind::Closure(..) => true,
        _ => expr.children().into_iter().any(depends_on_row),
    }
}

fn compare(path: &[&str], comparison: Comparison, value: &Value, shape: &Shape, places: &mut Places) -> Option<Pushed> {
    let column = shape.column(path);
    let pushed = match column.clone() {
        Some(column @ Column::Field(_)) => by_sort_key(&column, comparison, value, places),
        Some(Column::Key) => {
            let key = sort_key::encode_record_key(&shape.record(value)?.key).ok()?;
            Pushed::exact(format!("p.key {} {}", comparison.sql(), places.bind(Bind::Bytes(key))))
        }
        Some(column @ (Column::Created | Column::Updated)) => by_time(&column, comparison, value, places),
        Some(Column::Tx) => match value {
            Value::Int(tx) => Pushed::exact(format!("p.tx {} {}", comparison.sql(), places.bind(Bind::Int(*tx)))),
            _ => None,
        },
        Some(Column::Owner) => by_owner(comparison, value, places),
        None => match path {
            [name] if shape.is_field(name) => by_document(name, comparison, value, places),
            [name] => by_time_of_others(name, &shape.time_of_others(name)?, comparison, value, places),
            _ => None,
        },
    };
    let (equal_column, range_column) = match comparison {
        Comparison::Equal => (column, None),
        Comparison::NotEqual => (None, None),
        Comparison::Less | Comparison::LessOrEqual | Comparison::Greater | Comparison::GreaterOrEqual => (None, column),
    };
    pushed.map(|pushed| Pushed { equal_column, range_column, ..pushed })
}

fn by_sort_key(column: &Column, comparison: Comparison, value: &Value, places: &mut Places) -> Option<Pushed> {
    let key = sort_key::encode(value);
    let is_equality = matches!(comparison, Comparison::Equal | Comparison::NotEqual);
    if sort_key::is_cut(&key) && !is_equality {
        return None;
    }
    Pushed::exact(format!("{} {} {}", column.sql(), comparison.sql(), places.bind(Bind::Bytes(key))))
}

/// Times are stored in microseconds; a datetime has nanoseconds.
fn by_time(column: &Column, comparison: Comparison, value: &Value, places: &mut Places) -> Option<Pushed> {
    let Value::Datetime(datetime) = value else { return None };
    let micros = Datetime::to_timestamp(*datetime)?.0;
    let column = column.sql();
    let is_whole = datetime.nanoseconds % 1_000 == 0;
    let (operator, micros) = match comparison {
        Comparison::Equal if !is_whole => return Pushed::exact("false".to_owned()),
        Comparison::NotEqual if !is_whole => return Pushed::exact("true".to_owned()),
        // floor(t) <= t < floor(t) + 1: what is less than t is at most its floor, unless t is whole.
        Comparison::Less if !is_whole => ("<=", micros),
        Comparison::GreaterOrEqual if !is_whole => (">", micros),
        other => (other.sql(), micros),
    };
    Pushed::exact(format!("{column} {operator} {}", places.bind(Bind::Int(micros))))
}

/// In a table whose records may have a field of that name of their own: those that have one are left to the evaluator.
fn by_time_of_others(name: &str, column: &Column, comparison: Comparison, value: &Value, places: &mut Places) -> Option<Pushed> {
    let of_others = by_time(column, comparison, value, places)?;
    let name = places.bind(Bind::Text(name.to_owned()));
    Pushed::implied(format!("(jsonb_exists(p.doc, {name}) or {})", of_others.sql))
}

/// The owner of the system's records is null in SQL, and NONE to the language.
fn by_owner(comparison: Comparison, value: &Value, places: &mut Places) -> Option<Pushed> {
    let Value::Record(id) = value else { return None };
    if comparison != Comparison::Equal || id.table.as_str() != "user" {
        return None;
    }
    let key = sort_key::encode_record_key(&id.key).ok()?;
    let sql = format!("p.owner = {}", places.bind(Bind::Bytes(key)));
    Some(Pushed { sql, is_exact: true, is_two_valued: false, equal_column: None, range_column: None })
}

fn by_document(name: &str, comparison: Comparison, value: &Value, places: &mut Places) -> Option<Pushed> {
    // PostgreSQL's text takes no NUL, and nothing that is stored has one.
    if name.contains('\0') || matches!(value, Value::String(text) if text.contains('\0')) {
        return None;
    }
    match value {
        Value::Int(_) | Value::Float(_) => by_number(name, comparison, value, places),
        Value::None => {
            let has = format!("jsonb_exists(p.doc, {})", places.bind(Bind::Text(name.to_owned())));
            match comparison {
                Comparison::Equal => Pushed::exact(format!("not {has}")),
                Comparison::NotEqual => Pushed::exact(has),
                _ => None,
            }
        }
        value if has_one_document(value) => {
            let (distinct, object) = match comparison {
                Comparison::Equal => ("is not distinct from", Object::from([("v".to_owned(), value.clone())])),
                Comparison::NotEqual => ("is distinct from", Object::from([("v".to_owned(), value.clone())])),
                _ => return None,
            };
            let (name, object) = (places.bind(Bind::Text(name.to_owned())), places.bind(Bind::Text(doc::encode(&object))));
            Pushed::exact(format!("p.doc->{name} {distinct} {object}::jsonb->'v'"))
        }
        _ => None,
    }
}

/// Whether every value equal to this one has the same document.
fn has_one_document(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(_) | Value::String(_) | Value::Uuid(_) | Value::Datetime(_) => true,
        Value::Record(id) => matches!(id.key, RecordKey::Int(_) | RecordKey::String(_) | RecordKey::Uuid(_)),
        _ => false,
    }
}

/// Leaves out numbers in JSON that are no match. Decimals are tagged, and other kinds have places of their own in the order: they all
/// go through.
fn by_number(name: &str, comparison: Comparison, value: &Value, places: &mut Places) -> Option<Pushed> {
    let is_safe = match value {
        Value::Int(int) => int.unsigned_abs() <= MAX_SAFE_INT,
        Value::Float(float) => float.abs() <= MAX_SAFE_INT as f64 && (float.is_sign_positive() || *float != 0.0),
        _ => false,
    };
    if !is_safe || comparison == Comparison::NotEqual {
        return None;
    }
    let object = Object::from([("n".to_owned(), value.clone())]);
    let field = places.bind(Bind::Text(name.to_owned()));
    let number = places.bind(Bind::Text(doc::encode(&object)));
    let operator = comparison.sql();
    Pushed::implied(format!(
        "(jsonb_typeof(p.doc->{field}) is distinct from 'number' or p.doc->{field} {operator} {number}::jsonb->'n')"
    ))
}

/// `path IN [...]`
fn among(path: &[&str], items: &[Value], shape: &Shape, places: &mut Places) -> Option<Pushed> {
    match shape.column(path) {
        Some(column @ Column::Field(_)) => {
            let keys = items.iter().map(sort_key::encode).collect();
            Pushed::exact(format!("{} = any({})", column.sql(), places.bind(Bind::ManyBytes(keys))))
        }
        Some(Column::Key) => {
            // Values that name no record of this table are equal to no id.
            let keys = items.iter().filter_map(|item| sort_key::encode_record_key(&shape.record(item)?.key).ok()).collect();
            Pushed::exact(format!("p.key = any({})", places.bind(Bind::ManyBytes(keys))))
        }
        _ if items.is_empty() => Pushed::exact("false".to_owned()),
        _ if items.len() > MAX_ALTERNATIVES => None,
        _ => {
            let alternatives = items
                .iter()
                .map(|item| compare(path, Comparison::Equal, item, shape, places))
                .collect::<Option<Vec<Pushed>>>()?;
            let is_exact = alternatives.iter().all(|pushed| pushed.is_exact);
            let is_two_valued = alternatives.iter().all(|pushed| pushed.is_two_valued);
            let sql: Vec<String> = alternatives.into_iter().map(|pushed| pushed.sql).collect();
            Some(Pushed {
                sql: format!("({})", sql.join(" or ")),
                is_exact,
                is_two_valued,
                equal_column: None,
                range_column: None,
            })
        }
    }
}

/// Alternatives that are written out; a longer list is left to the evaluator.
const MAX_ALTERNATIVES: usize = 100;
