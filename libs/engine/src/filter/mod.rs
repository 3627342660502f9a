//! Filters as lists and JSON queries ask them, as expressions of the language.
//!
//! A filter differs from a statement's condition in four points. A variable that is not given is refused. A constant text beside a comparison is read as
//! what it is compared with: a record id, a datetime. A record on which the filter fails does not match: the caller of the evaluator leaves it out. And the
//! operators `$gt $gte $lt $lte` compare within the kind of their operand. [`Filter::translate`] makes the second and the fourth, tree to tree, so that
//! the planner and the evaluator know nothing of them.

mod comparison;
mod constant;
mod kind;
mod names;

use std::collections::BTreeSet;

use ddb_core::{Error, Object, Result, TableName, Value, Warning, suggestion};
use ddb_darshjql::{BinaryOperator, Expr, ExprKind, Part, PartKind, Path, Span};

use crate::check::check;
use crate::plan::OwnTimes;
use crate::problem::Problem;

pub use names::names;

/// Variables that a filter may name without being given them: `$this` and `$parent` are the row's, the others the server's.
const OWN_VARIABLES: [&str; 5] = ["this", "parent", "auth", "token", "session"];

/// An expression that is asked of records.
#[derive(Debug, Clone)]
pub struct Filter {
    pub expr: Expr,
    pub form: Form,
}

/// How a filter was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// As an expression of the language (`where=`).
    Text,
    /// As JSON (`$where`): its `$gt $gte $lt $lte` are the comparisons of the tree, and compare within the kind of their operand.
    Json,
}

/// What a filter is translated for.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// What names with a `$` mean.
    pub parameters: &'a Object,
    /// Whether records of the table may have fields of these names.
    pub own: OwnTimes,
    /// Those of [`Filter::tables`] that exist.
    pub tables: &'a BTreeSet<TableName>,
}

/// A filter as an expression of the language.
#[derive(Debug, Clone)]
pub struct Translated {
    pub expr: Expr,
    pub warnings: Vec<Warning>,
}

impl Filter {
    /// Refuses what is wrong whatever the table is: variables that are not given, functions that there are not, a record id or a text in the place of a
    /// condition.
    pub fn check(&self, parameters: &Object) -> Result<()> {
        check(&self.expr)?;
        variables(&self.expr, parameters, &mut Vec::new())?;
        condition(&self.expr)
    }

    /// The tables of texts that read as record ids, where it matters whether these exist.
    pub fn tables(&self, parameters: &Object) -> BTreeSet<TableName> {
        let own = OwnTimes { created: true, updated: true };
        let facts = Facts { parameters, own, tables: &BTreeSet::new() };
        let mut translation = Translation::new(self.form, facts);
        // What is wrong is told by `translate`.
        let _ = translation.expr(&mut self.expr.clone(), Names::OfRow);
        translation.named
    }

    /// The filter in the language. 400 for a text that cannot be read as what it is compared with.
    pub fn translate(&self, facts: Facts<'_>) -> Result<Translated> {
        let mut translation = Translation::new(self.form, facts);
        let mut expr = self.expr.clone();
        translation.expr(&mut expr, Names::OfRow)?;
        Ok(Translated { expr, warnings: translation.warnings })
    }
}

/// What names without a `$` are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Names {
    OfRow,
    /// Inside of `[WHERE …]`.
    OfItem,
}

struct Translation<'a> {
    form: Form,
    facts: Facts<'a>,
    /// Parameters of the closures around.
    locals: Vec<String>,
    named: BTreeSet<TableName>,
    warnings: Vec<Warning>,
}

impl<'a> Translation<'a> {
    fn new(form: Form, facts: Facts<'a>) -> Self {
        Self { form, facts, locals: Vec::new(), named: BTreeSet::new(), warnings: Vec::new() }
    }

    fn expr(&mut self, expr: &mut Expr, names: Names) -> Result<()> {
        match &mut expr.kind {
            ExprKind::Path(path) => return self.steps(path, names),
            ExprKind::Access(base, path) => {
                self.expr(base, names)?;
                return self.steps(path, names);
            }
            ExprKind::Closure(parameters, body) => {
                let outer = self.locals.len();
                self.locals.extend(parameters.iter().map(|parameter| parameter.name.clone()));
                self.expr(body, names)?;
                self.locals.truncate(outer);
                return Ok(());
            }
            _ => {}
        }
        for child in expr.children_mut() {
            self.expr(child, names)?;
        }
        match &mut expr.kind {
            ExprKind::And(operands) => flatten(operands, |kind| match kind {
                ExprKind::And(inner) => Ok(inner),
                other => Err(other),
            }),
            ExprKind::Or(operands) => flatten(operands, |kind| match kind {
                ExprKind::Or(inner) => Ok(inner),
                other => Err(other),
            }),
            ExprKind::Binary(left, operator, right) => {
                if let Some(kind) = self.comparison(left, *operator, right, names)? {
                    expr.kind = kind;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn steps(&mut self, path: &mut Path, names: Names) -> Result<()> {
        for part in &mut path.parts {
            match &mut part.kind {
                PartKind::Where(condition) => self.expr(condition, Names::OfItem)?,
                PartKind::Index(position) => self.expr(position, names)?,
                PartKind::Method(_, arguments) => arguments.iter_mut().try_for_each(|argument| self.expr(argument, names))?,
                PartKind::Destructure(fields) => {
                    fields.iter_mut().try_for_each(|field| self.steps(&mut field.path, Names::OfItem))?;
                }
                PartKind::Field(_) | PartKind::All | PartKind::Last | PartKind::Optional | PartKind::Flatten => {}
            }
        }
        Ok(())
    }

    /// An error at the place of an expression, which only a text has.
    fn refuse(&self, message: String, at: &Expr) -> Error {
        match self.form {
            Form::Text => Problem::invalid(message).at(at.span, at),
            Form::Json => Error::bad_request(format!("`$where`: {message}")),
        }
    }

    fn warn(&mut self, warning: Warning) {
        if !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }
}

/// AND and OR are associative, so a chain is one node, as the planner expects it.
fn flatten(operands: &mut Vec<Expr>, inner: impl Fn(ExprKind) -> std::result::Result<Vec<Expr>, ExprKind>) {
    let is_flat = operands.iter().all(|operand| !matches!(operand.kind, ExprKind::And(_) | ExprKind::Or(_)));
    if is_flat {
        return;
    }
    let mut flat = Vec::with_capacity(operands.len() + 1);
    for Expr { kind, span } in operands.drain(..) {
        match inner(kind) {
            Ok(inner) => flat.extend(inner),
            Err(kind) => flat.push(Expr::new(kind, span)),
        }
    }
    *operands = flat;
}

/// Refuses the first variable that is not given.
fn variables(expr: &Expr, parameters: &Object, locals: &mut Vec<String>) -> Result<()> {
    match &expr.kind {
        ExprKind::Parameter(name) => {
            let is_known = OWN_VARIABLES.contains(&name.as_str()) || parameters.contains_key(name) || locals.contains(name);
            if is_known {
                return Ok(());
            }
            let known = || parameters.keys().map(String::as_str).filter(|name| !OWN_VARIABLES.contains(name));
            let hint = match (suggestion(name, known()), known().next().is_none()) {
                (hint, _) if !hint.is_empty() => hint.replace('`', "").replace("mean ", "mean `$").replace('?', "`?"),
                (_, true) => format!("; give it as `vars={{\"{name}\": …}}`"),
                (_, false) => format!("; `vars` holds {}", listed(known())),
            };
            Err(Problem::invalid(format!("the variable `${name}` is not given{hint}")).at(expr.span, expr))
        }
        ExprKind::Closure(closure, body) => {
            let outer = locals.len();
            locals.extend(closure.iter().map(|parameter| parameter.name.clone()));
            variables(body, parameters, locals)?;
            locals.truncate(outer);
            Ok(())
        }
        _ => expr.children().into_iter().try_for_each(|child| variables(child, parameters, locals)),
    }
}

/// Names of variables as an error shows them, not too many.
fn listed<'n>(names: impl Iterator<Item = &'n str>) -> String {
    let mut names: Vec<String> = names.take(9).map(|name| format!("`${name}`")).collect();
    if names.len() == 9 {
        names[8] = "…".to_owned();
    }
    names.join(", ")
}

/// A record id or a text in the place of a condition is always true, so it is a mistake.
fn condition(expr: &Expr) -> Result<()> {
    match &expr.kind {
        ExprKind::And(operands) | ExprKind::Or(operands) => operands.iter().try_for_each(condition),
        ExprKind::Unary(ddb_darshjql::UnaryOperator::Not, operand) => condition(operand),
        ExprKind::Literal(Value::Record(id)) => {
            let message = format!("`{0}:…` is a record id, no condition; write `{0} = '…'`", id.table);
            Err(Problem::invalid(message).at(expr.span, expr))
        }
        ExprKind::Literal(Value::String(text)) if !text.is_empty() => {
            let message =
                "a text alone is no condition: it is true for every record; a list of alternatives is `a IN ['x', 'y']`";
            Err(Problem::invalid(message).at(expr.span, expr))
        }
        _ => Ok(()),
    }
}

fn binary(path: &Path, operator: BinaryOperator, value: Value, span: Span) -> Expr {
    let left = Expr::new(ExprKind::Path(path.clone()), span);
    let right = Expr::new(ExprKind::Literal(value), span);
    Expr::new(ExprKind::Binary(Box::new(left), operator, Box::new(right)), span)
}

/// The single name that a path is.
fn single(path: &Path) -> Option<&str> {
    match path.parts.as_slice() {
        [Part { kind: PartKind::Field(name), .. }] => Some(name),
        _ => None,
    }
}
