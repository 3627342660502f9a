use ddb_core::{Result, Value};
use ddb_darshjql::{ClosureParameter, Expr};

use crate::evaluate::eval;
use crate::kind::coerce;
use crate::scope::Scope;

/// A closure, and what names mean where it was written.
#[derive(Clone, Copy)]
pub(crate) struct Closure<'a> {
    pub(super) parameters: &'a [ClosureParameter],
    pub(super) body: &'a Expr,
    pub(super) scope: &'a Scope<'a>,
}

impl Closure<'_> {
    /// The body's value for these arguments; those that it has no parameter for are left out, and a parameter without one is NONE.
    pub(crate) fn call<const N: usize>(&self, arguments: [Value; N]) -> Result<Value> {
        let mut arguments = arguments.into_iter();
        let mut locals = Vec::with_capacity(self.parameters.len());
        for parameter in self.parameters {
            let mut value = arguments.next().unwrap_or_default();
            if let Some(kind) = &parameter.kind {
                value = coerce(value, kind).map_err(|problem| problem.at(self.body.span, self.body))?;
            }
            locals.push((parameter.name.as_str(), value));
        }
        let scope = self.scope.of_closure(&locals);
        Ok(eval(self.body, &scope)?.into_owned())
    }
}
