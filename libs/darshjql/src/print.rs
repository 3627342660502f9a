//! Trees to text. What is printed reads back as an equal tree.
use std::fmt::{self, Display, Formatter, Write};
use std::ops::Bound;

use ddb_core::{self as core, Value};

use crate::grammar::is_reserved;
use crate::kind::GeometryKind;
use crate::operator::Binding;
use crate::operator_word::is_operator;
use crate::{BinaryOperator, DestructuredField, Expr, ExprKind, KeyExpr, Kind, Part, PartKind, Path, RecordRange, UnaryOperator};

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)
    }
}

impl Display for ExprKind {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Literal(value) => write_value(f, value),
            Self::Regex(regex) => write!(f, "/{}/", regex.replace('/', "\\/")),
            Self::Array(items) => {
                f.write_char('[')?;
                write_list(f, items)?;
                f.write_char(']')
            }
            Self::Set(items) => {
                f.write_char('{')?;
                match items.split_first() {
                    Some((first, rest)) if begins_as_entry(first) => {
                        write!(f, "({first})")?;
                        rest.iter().try_for_each(|item| write!(f, ", {item}"))?;
                    }
                    _ => write_list(f, items)?,
                }
                f.write_str(if items.len() < 2 { ",}" } else { "}" })
            }
            Self::Object(entries) => write_object(f, entries),
            Self::Record(table, key) => write!(f, "{table}:{key}"),
            Self::RecordRange(range) => range.fmt(f),
            Self::Constant(name) => f.write_str(name),
            Self::Parameter(name) => {
                f.write_char('$')?;
                write_name(f, name)
            }
            Self::Path(path) => path.fmt(f),
            Self::Access(base, path) => {
                match base.kind {
                    Self::Path(_) | Self::Access(..) => write!(f, "({base})")?,
                    _ => write_within(f, base, Binding::Postfix)?,
                }
                write_steps(f, &path.parts)
            }
            Self::Unary(operator, operand) => write_unary(f, *operator, operand),
            Self::Cast(kind, operand) => {
                write!(f, "<{kind}> ")?;
                match operand.kind {
                    Self::Cast(..) => operand.fmt(f),
                    _ => write_within(f, operand, Binding::Range),
                }
            }
            Self::And(operands) => write_chain(f, operands, " AND ", Binding::And),
            Self::Or(operands) => write_chain(f, operands, " OR ", Binding::Or),
            Self::Binary(left, operator, right) => write_binary(f, left, *operator, right),
            Self::Range(begin, end) => write_range(f, begin, end),
            Self::Function(name, arguments) => {
                f.write_str(name)?;
                write_arguments(f, arguments)
            }
            Self::Closure(parameters, body) => {
                f.write_char('|')?;
                for (index, parameter) in parameters.iter().enumerate() {
                    f.write_str(if index == 0 { "$" } else { ", $" })?;
                    write_name(f, &parameter.name)?;
                    if let Some(kind) = &parameter.kind {
                        f.write_str(": ")?;
                        write_single_kind(f, kind)?;
                    }
                }
                write!(f, "| {body}")
            }
        }
    }
}

/// Whether an expression begins with a record id, so that behind `{` it would be read as the entry of an object.
fn begins_as_entry(expr: &Expr) -> bool {
    let text = expr.to_string();
    let behind_name = text.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '_');
    behind_name.len() < text.len() && behind_name.starts_with(':') && !behind_name.starts_with("::")
}

/// How tightly the outermost operator of an expression holds.
fn binding(expr: &Expr) -> Binding {
    match &expr.kind {
        ExprKind::Or(_) => Binding::Or,
        ExprKind::And(_) => Binding::And,
        ExprKind::Binary(_, operator, _) => operator.binding(),
        ExprKind::Cast(..) => Binding::Cast,
        ExprKind::Unary(..) => Binding::Unary,
        // What follows an open end, or the body of a closure, would be read as a part of it.
        ExprKind::Range(_, Bound::Unbounded) | ExprKind::Closure(..) => Binding::Nullish,
        ExprKind::Range(..) => Binding::Range,
        ExprKind::Literal(Value::Range(range)) if matches!(range.end, core::Bound::Unbounded) => Binding::Nullish,
        ExprKind::Literal(Value::Range(_)) => Binding::Range,
        ExprKind::RecordRange(range) if matches!(range.end, Bound::Unbounded) => Binding::Nullish,
        ExprKind::RecordRange(_) => Binding::Range,
        _ => Binding::Postfix,
    }
}

/// An expression as an operand of something that holds as tightly as `outer`: in brackets where it is looser.
fn write_within(f: &mut Formatter<'_>, expr: &Expr, outer: Binding) -> fmt::Result {
    let inner = binding(expr);
    if inner < outer || inner == Binding::Nullish { write!(f, "({expr})") } else { expr.fmt(f) }
}

fn write_unary(f: &mut Formatter<'_>, operator: UnaryOperator, operand: &Expr) -> fmt::Result {
    f.write_str(operator.as_str())?;
    // `--` begins a comment, and a minus before a number is a part of it.
    let is_cast = matches!(operand.kind, ExprKind::Cast(..));
    let inner = binding(operand);
    let is_looser = inner < Binding::Unary || inner == Binding::Nullish;
    // Written once: twice at each level would be 2^n times at the n-th.
    let operand = operand.to_string();
    let joins_minus = operator == UnaryOperator::Negate && operand.starts_with(|c: char| c.is_ascii_digit() || c == '-');
    if is_cast || is_looser || joins_minus { write!(f, "({operand})") } else { f.write_str(&operand) }
}

fn write_binary(f: &mut Formatter<'_>, left: &Expr, operator: BinaryOperator, right: &Expr) -> fmt::Result {
    let binding = operator.binding();
    let (left_binding, right_binding) = match binding {
        Binding::Power => (binding.tighter(), binding),
        _ => (binding, binding.tighter()),
    };
    write_left(f, left, left_binding)?;
    write!(f, " {operator} ")?;
    write_within(f, right, right_binding)
}

/// The left operand of an operator; loosest of all is no reason for brackets there.
fn write_left(f: &mut Formatter<'_>, left: &Expr, outer: Binding) -> fmt::Result {
    let is_coalescing = matches!(&left.kind, ExprKind::Binary(_, operator, _) if operator.binding() == Binding::Nullish);
    if is_coalescing && outer == Binding::Nullish { left.fmt(f) } else { write_within(f, left, outer) }
}

fn write_chain(f: &mut Formatter<'_>, operands: &[Expr], between: &str, binding: Binding) -> fmt::Result {
    for (index, operand) in operands.iter().enumerate() {
        if index > 0 {
            f.write_str(between)?;
        }
        write_within(f, operand, binding.tighter())?;
    }
    Ok(())
}

fn write_range(f: &mut Formatter<'_>, begin: &Bound<Box<Expr>>, end: &Bound<Box<Expr>>) -> fmt::Result {
    match begin {
        Bound::Unbounded => f.write_str("..")?,
        Bound::Included(begin) => {
            write_begin(f, begin)?;
            f.write_str("..")?;
        }
        Bound::Excluded(begin) => {
            write_begin(f, begin)?;
            f.write_str(">..")?;
        }
    }
    match end {
        Bound::Unbounded => Ok(()),
        Bound::Included(end) => {
            f.write_char('=')?;
            write_within(f, end, Binding::Unary)
        }
        // A word that is an operator would join the range with what follows.
        Bound::Excluded(end) if is_operator(first_word(&end.to_string())) => write!(f, "({end})"),
        Bound::Excluded(end) => write_within(f, end, Binding::Unary),
    }
}

fn first_word(text: &str) -> &str {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap_or_default()
}

/// The begin of a range; one that ends with a record id stands in brackets, since `t:1..4` is a range of ids.
fn write_begin(f: &mut Formatter<'_>, begin: &Expr) -> fmt::Result {
    let mut last = begin;
    while let ExprKind::Unary(_, operand) = &last.kind {
        last = operand;
    }
    match &last.kind {
        ExprKind::Record(..) | ExprKind::Literal(Value::Record(_)) => write!(f, "({begin})"),
        _ => write_within(f, begin, Binding::Unary),
    }
}

impl Display for RecordRange {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.table)?;
        match &self.begin {
            Bound::Unbounded => f.write_str("..")?,
            Bound::Included(begin) => write!(f, "{begin}..")?,
            Bound::Excluded(begin) => write!(f, "{begin}>..")?,
        }
        match &self.end {
            Bound::Unbounded => Ok(()),
            Bound::Included(end) => write!(f, "={end}"),
            Bound::Excluded(end) => end.fmt(f),
        }
    }
}

impl Display for KeyExpr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(key) => key.literal().fmt(f),
            Self::Array(items) => {
                f.write_char('[')?;
                write_list(f, items)?;
                f.write_char(']')
            }
            Self::Object(entries) => write_object(f, entries),
        }
    }
}

impl Display for Path {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Some((first, rest)) = self.parts.split_first() else { return Ok(()) };
        match first.field() {
            Some(name) if is_reserved(name) => write_quoted_name(f, name)?,
            Some(name) => write_name(f, name)?,
            None => write_steps(f, std::slice::from_ref(first))?,
        }
        write_steps(f, rest)
    }
}

fn write_steps(f: &mut Formatter<'_>, parts: &[Part]) -> fmt::Result {
    parts.iter().try_for_each(|part| write_step(f, &part.kind))
}

fn write_step(f: &mut Formatter<'_>, step: &PartKind) -> fmt::Result {
    match step {
        PartKind::Field(name) => {
            f.write_char('.')?;
            write_name(f, name)
        }
        PartKind::All => f.write_str("[*]"),
        PartKind::Last => f.write_str("[$]"),
        PartKind::Index(index) => write!(f, "[{index}]"),
        PartKind::Where(condition) => write!(f, "[WHERE {condition}]"),
        PartKind::Optional => f.write_str(".?"),
        PartKind::Flatten => f.write_str("..."),
        PartKind::Method(name, arguments) => {
            write!(f, ".{name}")?;
            write_arguments(f, arguments)
        }
        PartKind::Destructure(fields) => {
            f.write_str(".{ ")?;
            for (index, field) in fields.iter().enumerate() {
                f.write_str(if index == 0 { "" } else { ", " })?;
                field.fmt(f)?;
            }
            f.write_str(" }")
        }
    }
}

impl Display for DestructuredField {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (first, rest) = self.path.parts.split_first().map_or((None, [].as_slice()), |(first, rest)| (first.field(), rest));
        let follows_field = matches!(rest.first(), Some(Part { kind: PartKind::Field(_), .. }));
        write_name(f, &self.name)?;
        if first == Some(&self.name) && !follows_field {
            return write_steps(f, rest);
        }
        write!(f, ": {}", self.path)
    }
}

impl Display for Kind {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Either(kinds) => write_joined(f, kinds, "", ""),
            single => write_single_kind(f, single),
        }
    }
}

/// A kind where `|` would end it: several with none among them as `option<…>`.
fn write_single_kind(f: &mut Formatter<'_>, kind: &Kind) -> fmt::Result {
    match kind {
        Kind::Either(kinds) => match kinds.split_first() {
            Some((Kind::None, rest)) => write_joined(f, rest, "option<", ">"),
            _ => write_joined(f, kinds, "", ""),
        },
        Kind::Array(of, most) => write_list_kind(f, "array", of, *most),
        Kind::Set(of, most) => write_list_kind(f, "set", of, *most),
        Kind::Record(tables) if tables.is_empty() => f.write_str("record"),
        Kind::Record(tables) => write_joined(f, tables, "record<", ">"),
        Kind::Geometry(kinds) if kinds.is_empty() => f.write_str("geometry"),
        Kind::Geometry(kinds) => {
            let names: Vec<&str> = kinds.iter().map(|kind| geometry_name(*kind)).collect();
            write_joined(f, &names, "geometry<", ">")
        }
        simple => match Kind::SIMPLE.iter().find(|(_, known)| known == simple) {
            Some((name, _)) => f.write_str(name),
            None => Err(fmt::Error),
        },
    }
}

fn geometry_name(kind: GeometryKind) -> &'static str {
    GeometryKind::ALL.iter().find(|(_, known)| *known == kind).map_or("", |(name, _)| name)
}

fn write_list_kind(f: &mut Formatter<'_>, name: &str, of: &Kind, most: Option<u64>) -> fmt::Result {
    match most {
        None if *of == Kind::Any => f.write_str(name),
        None => write!(f, "{name}<{of}>"),
        Some(most) => write!(f, "{name}<{of}, {most}>"),
    }
}

fn write_joined<T: Display>(f: &mut Formatter<'_>, items: &[T], opening: &str, closing: &str) -> fmt::Result {
    f.write_str(opening)?;
    for (index, item) in items.iter().enumerate() {
        f.write_str(if index == 0 { "" } else { " | " })?;
        item.fmt(f)?;
    }
    f.write_str(closing)
}

fn write_arguments(f: &mut Formatter<'_>, arguments: &[Expr]) -> fmt::Result {
    f.write_char('(')?;
    write_list(f, arguments)?;
    f.write_char(')')
}

fn write_list(f: &mut Formatter<'_>, items: &[Expr]) -> fmt::Result {
    for (index, item) in items.iter().enumerate() {
        f.write_str(if index == 0 { "" } else { ", " })?;
        item.fmt(f)?;
    }
    Ok(())
}

fn write_object(f: &mut Formatter<'_>, entries: &[(String, Expr)]) -> fmt::Result {
    f.write_str("{ ")?;
    for (index, (key, value)) in entries.iter().enumerate() {
        f.write_str(if index == 0 { "" } else { ", " })?;
        match is_name(key) {
            true => f.write_str(key)?,
            false => Value::from(key.as_str()).fmt(f)?,
        }
        write!(f, ": {value}")?;
    }
    f.write_str(" }")
}

/// As a value's own literal form, but infinities are constants, since `inf` is the name of a field.
fn write_value(f: &mut Formatter<'_>, value: &Value) -> fmt::Result {
    match value {
        Value::Float(float) if *float == f64::INFINITY => f.write_str("math::inf"),
        Value::Float(float) if *float == f64::NEG_INFINITY => f.write_str("math::neg_inf"),
        other => other.fmt(f),
    }
}

fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn write_name(f: &mut Formatter<'_>, name: &str) -> fmt::Result {
    if is_name(name) { f.write_str(name) } else { write_quoted_name(f, name) }
}

fn write_quoted_name(f: &mut Formatter<'_>, name: &str) -> fmt::Result {
    write!(f, "`{}`", name.replace('\\', "\\\\").replace('`', "\\`"))
}
