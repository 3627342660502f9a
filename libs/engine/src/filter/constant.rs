//! Constants of a filter: literals, variables, and lists of them.

use ddb_core::{Object, Value};
use ddb_darshjql::{Expr, ExprKind, Path};

/// The value of a constant. `locals` are the parameters of closures, which no variable is.
pub(super) fn constant(expr: &Expr, parameters: &Object, locals: &[String]) -> Option<Value> {
    match &expr.kind {
        ExprKind::Literal(value) => Some(value.clone()),
        ExprKind::Parameter(name) if !locals.contains(name) => parameters.get(name).cloned(),
        ExprKind::Array(items) => {
            items.iter().map(|item| constant(item, parameters, locals)).collect::<Option<Vec<Value>>>().map(Value::Array)
        }
        ExprKind::Set(items) => {
            items.iter().map(|item| constant(item, parameters, locals)).collect::<Option<Vec<Value>>>().map(Value::set)
        }
        ExprKind::Access(base, path) => at(constant(base, parameters, locals)?, path),
        _ => None,
    }
}

/// What stands at a path of fields within a variable's value.
fn at(value: Value, path: &Path) -> Option<Value> {
    path.fields()?.into_iter().try_fold(value, |value, name| match value {
        Value::Object(mut object) => object.remove(name),
        _ => None,
    })
}
