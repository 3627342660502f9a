//! Random trees, of every kind that the parser makes, and in the form that it gives them: what is known is a literal, and an AND holds no AND.
use std::ops::Bound;

use ddb_core::{Datetime, Decimal, Duration, Geometry, RecordId, RecordKey, TableName, Uuid, Value};
use ddb_darshjql::{
    BinaryOperator, ClosureParameter, DestructuredField, Expr, ExprKind, GeometryKind, KeyExpr, Kind, Part, PartKind, Path,
    RecordRange, Span, UnaryOperator,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

/// Every kind of expression and of step, for `Coverage::require`.
pub(crate) const ALL: [(&str, f64); 27] = [
    ("literal", 50.0),
    ("regex", 2.0),
    ("array", 5.0),
    ("set", 5.0),
    ("object", 5.0),
    ("record", 5.0),
    ("record range", 5.0),
    ("constant", 5.0),
    ("parameter", 10.0),
    ("path", 20.0),
    ("access", 5.0),
    ("unary", 5.0),
    ("cast", 5.0),
    ("and", 5.0),
    ("or", 5.0),
    ("binary", 10.0),
    ("range", 5.0),
    ("function", 5.0),
    ("closure", 2.0),
    ("[*]", 5.0),
    ("[$]", 5.0),
    ("[index]", 5.0),
    ("[where]", 5.0),
    ("destructuring", 5.0),
    (".?", 5.0),
    ("...", 5.0),
    ("method", 5.0),
];

/// What stands in a tree.
pub(crate) fn kinds(expr: &Expr) -> Vec<&'static str> {
    let own = match &expr.kind {
        ExprKind::Literal(_) => "literal",
        ExprKind::Regex(_) => "regex",
        ExprKind::Array(_) => "array",
        ExprKind::Set(_) => "set",
        ExprKind::Object(_) => "object",
        ExprKind::Record(..) => "record",
        ExprKind::RecordRange(_) => "record range",
        ExprKind::Constant(_) => "constant",
        ExprKind::Parameter(_) => "parameter",
        ExprKind::Path(_) => "path",
        ExprKind::Access(..) => "access",
        ExprKind::Unary(..) => "unary",
        ExprKind::Cast(..) => "cast",
        ExprKind::And(_) => "and",
        ExprKind::Or(_) => "or",
        ExprKind::Binary(..) => "binary",
        ExprKind::Range(..) => "range",
        ExprKind::Function(..) => "function",
        ExprKind::Closure(..) => "closure",
    };
    let mut all = vec![own];
    if let ExprKind::Path(path) | ExprKind::Access(_, path) = &expr.kind {
        all.extend(path.parts.iter().filter_map(|part| match part.kind {
            PartKind::Field(_) => None,
            PartKind::All => Some("[*]"),
            PartKind::Last => Some("[$]"),
            PartKind::Index(_) => Some("[index]"),
            PartKind::Where(_) => Some("[where]"),
            PartKind::Destructure(_) => Some("destructuring"),
            PartKind::Optional => Some(".?"),
            PartKind::Flatten => Some("..."),
            PartKind::Method(..) => Some("method"),
        }));
    }
    all.extend(expr.children().into_iter().flat_map(kinds));
    all.sort_unstable();
    all.dedup();
    all
}

pub(crate) fn expr() -> impl Strategy<Value = Expr> {
    leaf().prop_recursive(4, 24, 3, |inner| {
        let inner = inner.boxed();
        prop_oneof![
            3 => collection(inner.clone()),
            2 => record(inner.clone()),
            4 => paths(inner.clone()),
            4 => operators(inner.clone()),
            2 => calls(inner.clone()),
        ]
    })
}

fn of(kind: ExprKind) -> Expr {
    Expr::new(kind, Span::default())
}

fn leaf() -> impl Strategy<Value = Expr> {
    prop_oneof![
        4 => scalar().prop_map(|value| of(ExprKind::Literal(value))),
        3 => name().prop_map(|name| of(ExprKind::Path(Path { parts: vec![step(PartKind::Field(name))] }))),
        1 => name().prop_map(|name| of(ExprKind::Parameter(name))),
        1 => select(vec!["math::pi", "time::epoch", "a::b::c"]).prop_map(|name| of(ExprKind::Constant(name.to_owned()))),
    ]
}

/// Names, also those that are words of the language or need quotes.
fn name() -> impl Strategy<Value = String> {
    let words = [
        "a", "b", "name", "_x", "d", "u", "r", "in", "is", "not", "contains", "and", "OR", "none", "True", "NULL", "NaN", "inf",
        "where", "select", "if", "return", "a b", "`", "\\", "1a", "ä", "x-y", "⟩", "'", "$", "\n", "dec", "f",
    ];
    select(words.to_vec()).prop_map(str::to_owned)
}

fn text() -> impl Strategy<Value = String> {
    let pieces = ["a", "'", "\"", "\\", "\n", "\0", "ä", "😀", "/", "--", "{", "⟩", " ", "1"];
    vec(select(pieces.to_vec()), 0..4).prop_map(|pieces| pieces.concat())
}

fn scalar() -> impl Strategy<Value = Value> {
    let floats = vec![0.0, -0.0, 1.0, -1.5, 0.1, 1e300, 5e-324, f64::MAX, f64::NAN, 1e15];
    let decimals = ["0", "1.50", "-1.5", "79228162514264337593543950335", "0.0000000000000000000000000001"];
    prop_oneof![
        Just(Value::None),
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        select(vec![0, 1, -1, 42, i64::MAX, i64::MIN]).prop_map(Value::Int),
        select(floats).prop_map(Value::Float),
        select(decimals.to_vec()).prop_map(|digits| Value::Decimal(Decimal::from_str_exact(digits).expect("digits"))),
        text().prop_map(Value::String),
        (any::<u64>(), 0..1_000_000_000u32).prop_map(|(seconds, nanoseconds)| Value::Duration(Duration { seconds, nanoseconds })),
        (-1i64 << 40..1 << 40, select(vec![0, 1, 1_000, 999_000_000]))
            .prop_map(|(seconds, nanoseconds)| Value::Datetime(Datetime { seconds, nanoseconds })),
        any::<u128>().prop_map(|bits| Value::Uuid(Uuid::from_u128(bits))),
        vec(any::<u8>(), 0..3).prop_map(Value::Bytes),
        (table(), key()).prop_map(|(table, key)| RecordId::new(table, key).into()),
        (-180.0..180.0, -90.0..90.0).prop_map(|position| Value::Geometry(Geometry::Point(position))),
    ]
}

fn table() -> impl Strategy<Value = TableName> {
    select(vec!["t", "u", "select", "and", "none", "_"]).prop_map(|name| TableName::parse(name).expect("a name"))
}

fn key() -> impl Strategy<Value = RecordKey> {
    let strings = ["a", "1", "1a", "1h", "1e5", "1_000", "5km", "a b", "⟩", "\\", "'", "u", "and", "12345678901234567890", "ä"];
    prop_oneof![
        select(vec![0, 1, -5, i64::MAX, i64::MIN]).prop_map(RecordKey::Int),
        select(strings.to_vec()).prop_map(|key| RecordKey::String(key.to_owned())),
        any::<u128>().prop_map(|bits| RecordKey::Uuid(Uuid::from_u128(bits))),
        Just(RecordKey::Array(vec![
            Value::Int(1),
            Value::from("a"),
            Value::set(vec![RecordId::new(TableName::user(), RecordKey::Int(1)).into()])
        ])),
        Just(RecordKey::Object([("a b".to_owned(), Value::Null)].into())),
    ]
}

fn literals(items: &[Expr]) -> Option<Vec<Value>> {
    items.iter().map(|item| item.as_literal().cloned()).collect()
}

fn collection(inner: BoxedStrategy<Expr>) -> impl Strategy<Value = Expr> {
    let array = vec(inner.clone(), 0..4).prop_map(|items| match literals(&items) {
        Some(values) => ExprKind::Literal(Value::Array(values)),
        None => ExprKind::Array(items),
    });
    let set = vec(inner.clone(), 0..4).prop_map(|items| match literals(&items) {
        Some(values) => ExprKind::Literal(Value::set(values)),
        None => ExprKind::Set(items),
    });
    let object = entries(inner).prop_map(|entries| match entries.iter().all(|(_, value)| value.as_literal().is_some()) {
        true => ExprKind::Literal(Value::Object(
            entries.iter().filter_map(|(key, value)| Some((key.clone(), value.as_literal()?.clone()))).collect(),
        )),
        false => ExprKind::Object(entries),
    });
    prop_oneof![array, set, object].prop_map(of)
}

fn entries(inner: BoxedStrategy<Expr>) -> impl Strategy<Value = Vec<(String, Expr)>> {
    vec((prop_oneof![name(), text()], inner), 0..3)
}

/// A key that is known, or has a part that is not.
fn key_expr(inner: BoxedStrategy<Expr>) -> impl Strategy<Value = KeyExpr> {
    let unknown = || of(ExprKind::Parameter("k".to_owned()));
    prop_oneof![
        key().prop_map(KeyExpr::Key),
        vec(inner.clone(), 0..2).prop_map(move |mut items| {
            items.push(unknown());
            KeyExpr::Array(items)
        }),
        entries(inner).prop_map(move |mut entries| {
            entries.push(("k".to_owned(), unknown()));
            KeyExpr::Object(entries)
        }),
    ]
}

fn bound<T: std::fmt::Debug + Clone + 'static>(
    strategy: impl Strategy<Value = T> + Clone + 'static,
) -> impl Strategy<Value = Bound<T>> {
    prop_oneof![Just(Bound::Unbounded), strategy.clone().prop_map(Bound::Included), strategy.prop_map(Bound::Excluded)]
}

fn record(inner: BoxedStrategy<Expr>) -> impl Strategy<Value = Expr> {
    let keys = key_expr(inner.clone()).boxed();
    let id = (table(), keys.clone()).prop_map(|(table, key)| match key {
        KeyExpr::Key(key) => ExprKind::Literal(RecordId::new(table, key).into()),
        key => ExprKind::Record(table, key),
    });
    let ids = (table(), bound(keys.clone()), bound(keys)).prop_map(|(table, begin, end)| {
        // An open begin is never excluded: there is nothing to leave out.
        ExprKind::RecordRange(Box::new(RecordRange { table, begin, end }))
    });
    let range = (bound(inner.clone()), bound(inner)).prop_map(|(begin, end)| {
        let scalar = |bound: &Bound<Expr>| {
            use ddb_core::Bound as Of;
            let value = |expr: &Expr| expr.as_literal().cloned();
            match bound {
                Bound::Unbounded => Some(Of::Unbounded),
                Bound::Included(expr) => value(expr).map(Of::Included),
                Bound::Excluded(expr) => value(expr).map(Of::Excluded),
            }
        };
        match (scalar(&begin), scalar(&end)) {
            (Some(begin), Some(end)) => ExprKind::Literal(ddb_core::Range { begin, end }.into()),
            _ => ExprKind::Range(begin.map(Box::new), end.map(Box::new)),
        }
    });
    prop_oneof![id, ids, range].prop_map(of)
}

fn step(kind: PartKind) -> Part {
    Part::new(kind, Span::default())
}

fn steps(inner: BoxedStrategy<Expr>) -> impl Strategy<Value = Vec<Part>> {
    let plain = prop_oneof![
        3 => name().prop_map(PartKind::Field),
        1 => Just(PartKind::All),
        1 => Just(PartKind::Last),
        1 => Just(PartKind::Optional),
        1 => Just(PartKind::Flatten),
    ]
    .boxed();
    let field =
        (name(), name(), vec(plain.clone(), 0..2), any::<bool>()).prop_map(|(name, other, rest, same)| DestructuredField {
            path: Path {
                parts: std::iter::once(PartKind::Field(if same { name.clone() } else { other })).chain(rest).map(step).collect(),
            },
            name,
        });
    let part = prop_oneof![
        4 => plain,
        1 => inner.clone().prop_map(PartKind::Index),
        1 => inner.clone().prop_map(PartKind::Where),
        1 => vec(field, 0..3).prop_map(PartKind::Destructure),
        1 => (select(vec!["len", "map", "is_none"]), vec(argument(inner), 0..3)).prop_map(|(name, arguments)| PartKind::Method(name.to_owned(), arguments)),
    ];
    vec(part.prop_map(step), 1..4)
}

fn paths(inner: BoxedStrategy<Expr>) -> impl Strategy<Value = Expr> {
    let from_row = (name(), steps(inner.clone())).prop_map(|(name, rest)| {
        let parts = std::iter::once(step(PartKind::Field(name))).chain(rest).collect();
        ExprKind::Path(Path { parts })
    });
    let from_value = (inner.clone(), steps(inner)).prop_map(|(base, parts)| ExprKind::Access(Box::new(base), Path { parts }));
    prop_oneof![from_row, from_value].prop_map(of)
}

fn operators(inner: BoxedStrategy<Expr>) -> impl Strategy<Value = Expr> {
    let side = prop_oneof![8 => inner.clone(), 1 => regex()].boxed();
    let chain = vec(inner.clone(), 2..4);
    let unary = (select(vec![UnaryOperator::Negate, UnaryOperator::Plus, UnaryOperator::Not]), inner.clone())
        .prop_map(|(operator, operand)| ExprKind::Unary(operator, Box::new(operand)));
    let binary = (side.clone(), select(ALL_OPERATORS.to_vec()), side)
        .prop_map(|(left, operator, right)| ExprKind::Binary(Box::new(left), operator, Box::new(right)));
    prop_oneof![
        1 => chain.clone().prop_map(|operands| ExprKind::And(flat(operands, |kind| match kind {
            ExprKind::And(inner) => Ok(inner),
            other => Err(other),
        }))),
        1 => chain.prop_map(|operands| ExprKind::Or(flat(operands, |kind| match kind {
            ExprKind::Or(inner) => Ok(inner),
            other => Err(other),
        }))),
        1 => unary,
        2 => binary,
        1 => (kind(), inner).prop_map(|(kind, operand)| ExprKind::Cast(kind, Box::new(operand))),
    ]
    .prop_map(of)
}

fn flat(operands: Vec<Expr>, open: fn(ExprKind) -> Result<Vec<Expr>, ExprKind>) -> Vec<Expr> {
    operands.into_iter().flat_map(|operand| open(operand.kind).unwrap_or_else(|kind| vec![of(kind)])).collect()
}

const ALL_OPERATORS: [BinaryOperator; 32] = [
    BinaryOperator::Coalesce,
    BinaryOperator::Elvis,
    BinaryOperator::Equal,
    BinaryOperator::NotEqual,
    BinaryOperator::AnyEqual,
    BinaryOperator::AllEqual,
    BinaryOperator::Like,
    BinaryOperator::NotLike,
    BinaryOperator::AnyLike,
    BinaryOperator::AllLike,
    BinaryOperator::Less,
    BinaryOperator::LessOrEqual,
    BinaryOperator::Greater,
    BinaryOperator::GreaterOrEqual,
    BinaryOperator::In,
    BinaryOperator::NotIn,
    BinaryOperator::AllInside,
    BinaryOperator::AnyInside,
    BinaryOperator::NoneInside,
    BinaryOperator::Contains,
    BinaryOperator::ContainsNot,
    BinaryOperator::ContainsAll,
    BinaryOperator::ContainsAny,
    BinaryOperator::ContainsNone,
    BinaryOperator::Outside,
    BinaryOperator::Intersects,
    BinaryOperator::Add,
    BinaryOperator::Subtract,
    BinaryOperator::Multiply,
    BinaryOperator::Divide,
    BinaryOperator::Remainder,
    BinaryOperator::Power,
];

fn kind() -> impl Strategy<Value = Kind> {
    let simple = select(vec![Kind::Any, Kind::Null, Kind::Int, Kind::String, Kind::Datetime, Kind::Range]);
    let single = prop_oneof![
        simple,
        vec(table(), 0..3).prop_map(Kind::Record),
        vec(select(vec![GeometryKind::Point, GeometryKind::MultiLine]), 0..3).prop_map(Kind::Geometry),
    ];
    single.prop_recursive(2, 6, 2, |inner| {
        prop_oneof![
            (inner.clone(), option::of(0..9u64)).prop_map(|(of, most)| Kind::Array(Box::new(of), most)),
            (inner.clone(), option::of(0..9u64)).prop_map(|(of, most)| Kind::Set(Box::new(of), most)),
            inner.prop_filter_map("one of several is no either", |kind| match kind {
                Kind::Either(_) => None,
                single => Some(Kind::Either(vec![Kind::None, single])),
            }),
        ]
    })
}

fn regex() -> impl Strategy<Value = Expr> {
    select(vec!["a", "a/b", "\\d+", "[^/]", "a\\\\/"]).prop_map(|pattern| of(ExprKind::Regex(pattern.to_owned())))
}

fn argument(inner: BoxedStrategy<Expr>) -> impl Strategy<Value = Expr> {
    let parameter = (name(), option::of(kind())).prop_map(|(name, kind)| ClosureParameter { name, kind });
    let closure =
        (vec(parameter, 0..3), inner.clone()).prop_map(|(parameters, body)| of(ExprKind::Closure(parameters, Box::new(body))));
    prop_oneof![6 => inner, 2 => closure, 1 => regex()]
}

fn calls(inner: BoxedStrategy<Expr>) -> impl Strategy<Value = Expr> {
    (select(vec!["count", "string::len", "a::b::c", "and", "none"]), vec(argument(inner), 0..3))
        .prop_map(|(name, arguments)| of(ExprKind::Function(name.to_owned(), arguments)))
}
