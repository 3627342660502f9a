//! What texts read as, and the kinds of values as conditions.

use ddb_core::{Datetime, Duration, Object, RecordId, Uuid, Value};
use ddb_darshjql::{BinaryOperator, Expr, ExprKind, Path, Span, parse_record_id};

use super::binary;

/// A datetime, or a date alone, which is its midnight in UTC.
pub(super) fn datetime(text: &str) -> Option<Datetime> {
    // A datetime begins with a year or a sign, and most texts do not.
    if !text.starts_with(|first: char| first.is_ascii_digit() || first == '-' || first == '+') {
        return None;
    }
    let midnight = |date: &str| Datetime::parse(&format!("{date}T00:00:00Z")).ok();
    Datetime::parse(text).ok().or_else(|| if text.contains(['T', 't', ' ']) { None } else { midnight(text) })
}

/// A full record id.
pub(super) fn record(text: &str) -> Option<RecordId> {
    if text.contains(':') { parse_record_id(text).ok() } else { None }
}

/// How a value is known to be of a kind.
enum Test {
    /// By its place in the order of kinds.
    Order(BinaryOperator, Value),
    /// By the predicate of that name.
    Is(&'static str),
}

/// That what stands at a path is of the kind of a value, where a comparison by `operator` leaves that open: for `<`, that it is not of a kind before.
pub(super) fn within(path: &Path, operator: BinaryOperator, value: &Value, span: Span) -> Expr {
    let test = match operator {
        BinaryOperator::Greater | BinaryOperator::GreaterOrEqual => end(value),
        _ => begin(value),
    };
    match test {
        Test::Order(operator, bound) => binary(path, operator, bound, span),
        Test::Is(kind) => {
            let path = Expr::new(ExprKind::Path(path.clone()), span);
            Expr::new(ExprKind::Function(format!("type::is_{kind}"), vec![path]), span)
        }
    }
}

/// Where the kind of a value begins in the order of values: NONE < NULL < bool < number < string < duration < datetime < uuid < array < set < object <
/// geometry < bytes < table < record < range.
fn begin(value: &Value) -> Test {
    use BinaryOperator::{Greater, GreaterOrEqual};
    match value {
        Value::None => Test::Order(GreaterOrEqual, Value::None),
        Value::Null => Test::Order(GreaterOrEqual, Value::Null),
        Value::Bool(_) => Test::Order(GreaterOrEqual, Value::Bool(false)),
        Value::Int(_) | Value::Float(_) | Value::Decimal(_) => Test::Order(Greater, Value::Bool(true)),
        Value::String(_) => Test::Order(GreaterOrEqual, Value::String(String::new())),
        Value::Duration(_) => Test::Order(GreaterOrEqual, shortest()),
        Value::Datetime(_) => Test::Order(Greater, longest()),
        Value::Uuid(_) => Test::Order(GreaterOrEqual, Value::Uuid(Uuid::nil())),
        Value::Array(_) => Test::Order(GreaterOrEqual, Value::Array(Vec::new())),
        Value::Set(_) => Test::Order(GreaterOrEqual, Value::Set(Vec::new())),
        Value::Object(_) => Test::Order(GreaterOrEqual, Value::Object(Object::new())),
        Value::Geometry(_) => Test::Is("geometry"),
        Value::Bytes(_) => Test::Order(GreaterOrEqual, Value::Bytes(Vec::new())),
        Value::Table(_) => Test::Is("table"),
        Value::Record(_) => Test::Is("record"),
        Value::Range(_) => Test::Is("range"),
    }
}

/// Where it ends.
fn end(value: &Value) -> Test {
    use BinaryOperator::{Less, LessOrEqual};
    match value {
        Value::None => Test::Order(LessOrEqual, Value::None),
        Value::Null => Test::Order(LessOrEqual, Value::Null),
        Value::Bool(_) => Test::Order(LessOrEqual, Value::Bool(true)),
        Value::Int(_) | Value::Float(_) | Value::Decimal(_) => Test::Order(Less, Value::String(String::new())),
        Value::String(_) => Test::Order(Less, shortest()),
        Value::Duration(_) => Test::Order(LessOrEqual, longest()),
        Value::Datetime(_) => Test::Order(Less, Value::Uuid(Uuid::nil())),
        Value::Uuid(_) => Test::Order(LessOrEqual, Value::Uuid(Uuid::max())),
        Value::Array(_) => Test::Order(Less, Value::Set(Vec::new())),
        Value::Set(_) => Test::Order(Less, Value::Object(Object::new())),
        Value::Object(_) => Test::Is("object"),
        Value::Geometry(_) => Test::Is("geometry"),
        Value::Bytes(_) => Test::Is("bytes"),
        Value::Table(_) => Test::Is("table"),
        Value::Record(_) => Test::Is("record"),
        Value::Range(_) => Test::Is("range"),
    }
}

fn shortest() -> Value {
    Value::Duration(Duration { seconds: 0, nanoseconds: 0 })
}

fn longest() -> Value {
    Value::Duration(Duration { seconds: u64::MAX, nanoseconds: 999_999_999 })
}
